package proof

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"time"
)

// client is one person at work: it asks, waits, notes the answer, and asks again.
type client struct {
	id        int
	moderates bool
	site      *Site
	texts     *texts
	conn      *Conn
	random    *rand.Rand
	ops       []Op
	posts     []place // own ones that are visible
	deleted   []place // own ones that are not
	page      int     // of the last fresh page read
	body      []byte  // of the request in hand
}

func newClient(id int, site *Site, texts *texts, mix Mix, seed uint64) *client {
	c := &client{id: id, site: site, texts: texts, moderates: mix.Moderates(id), page: id,
		random: rand.New(rand.NewPCG(seed, uint64(id)))}
	token := site.People[id].Token
	if mix.Reads() {
		token = ""
	}
	c.conn = Dial(site.Server.Address, token)
	return c
}

// do makes a request and notes what it was answered. Who persists asks again while it cannot be served.
func (c *client) do(op Op, persist bool) Op {
	op = c.ask(op, len(c.ops))
	for began := time.Now(); persist && op.Status == http.StatusServiceUnavailable && time.Since(began) < answerWithin; {
		time.Sleep(askAgainEvery)
		op = c.ask(op, len(c.ops))
	}
	c.ops = append(c.ops, op)
	if op.Outcome == Acknowledged {
		c.remember(op)
	}
	return op
}

// askAgainEvery is how long is waited between a request and the same again.
const askAgainEvery = 100 * time.Millisecond

// ask makes request i. Asked again, it is the same request with the same key.
func (c *client) ask(op Op, i int) Op {
	request := c.request(op, i)
	begin := time.Now()
	answer, err := c.conn.Do(request)
	op.Took = uint32(min(time.Since(begin).Microseconds(), 1<<32-1))
	op.Status, op.Outcome = 0, Unknown
	if err != nil {
		return op
	}
	op.Status, op.Outcome, op.Bytes = uint16(answer.Status), outcomeOf(answer.Status), uint32(len(answer.Body))
	if op.Outcome == Acknowledged && op.Act != Reading {
		op.read(answer.Body)
		if (op.Act == Moving || op.Act == Renaming) && !bytes.Contains(answer.Body, request.Body[1:len(request.Body)-1]) {
			// A thread is shown as it stands by then. This one was moved or renamed again meanwhile:
			// its version says nothing of this request.
			op.Version = 0
		}
	}
	return op
}

// remember keeps what the next choices need.
func (c *client) remember(op Op) {
	switch {
	case op.Act == Posting && len(c.posts) < 1000, op.Act == Restoring:
		c.posts = append(c.posts, op.place())
	case op.Act == Deleting:
		c.deleted = append(c.deleted, op.place())
	}
}
