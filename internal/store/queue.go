package store

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"folkmoot/internal/forum"
)

// queue holds those who wait for a batch, in the order they came.
type queue struct {
	clock  forum.Clock
	came   chan struct{} // somebody has come since the last take, or may have
	inside atomic.Int64  // members that were handed in and are not answered yet, wherever they wait

	mu      sync.Mutex
	guesses *guesses // nil where every batch asks
	waiting []*member
	ahead   *lookahead // of the first who wait; nil where nothing is decided of them yet
	ended   bool
}

// lookahead is the next batch, decided while the one before it is on its way, on what that one leaves if it
// is committed: by each member on the goroutine that brought it, so that all that is left to do between
// two batches is to send it. It is a guess like others (guesses), and one more reason to be wrong is that
// the batch before it failed: then it is dropped, and its members are decided anew. So it is where one of
// them needs to read the database.
type lookahead struct {
	guesses     *guesses
	reconnected int64
	tx          *tx
	conn        *recorder
	members     int // decided, the first of those who wait
	bytes       int
}

func newQueue(clock forum.Clock, guessing bool) *queue {
	q := &queue{clock: clock, came: make(chan struct{}, 1)}
	if guessing {
		q.guesses = newGuesses()
	}
	return q
}

// add has a member wait; not where too many do.
func (q *queue) add(m *member) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended || len(q.waiting) >= maxWaiting {
		return false
	}
	q.waiting = append(q.waiting, m)
	q.decide()
	select {
	case q.came <- struct{}{}:
	default:
	}
	return true
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// take takes those who wait up to the bounds of a batch, behind those that come again: where none do, those
// who are decided ahead, with what is decided of them.
func (q *queue) take(again []*member) ([]*member, *lookahead) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return again, nil
	}
	ahead := q.takeDecided()
	if ahead != nil && ahead.members > 0 && len(again) == 0 {
		return q.takeFirst(ahead.members), ahead
	}
	n, bytes, most := 0, 0, q.most()
	for n < min(len(q.waiting), most) && len(again)+n < maxBatchMembers {
		if bytes += q.waiting[n].bytes; bytes > maxBatchBytes && n > 0 {
			break
		}
		n++
	}
	return append(again, q.takeFirst(n)...), nil
}

// fewest is how many may always go into a batch, however few are inside: what a transaction costs beside
// its rows is not worth paying twice for less.
const fewest = 16

// most is how many of those who wait may go into a batch. Where the next one is sent while one is on
// its way it is half of those inside: were it all, the server would have nothing to do until they are
// written, and the database nothing until they are answered and have come again.
func (q *queue) most() int {
	if q.guesses == nil || q.guesses.resting > 0 { // none is sent behind it
		return maxBatchMembers
	}
	return min(max(fewest, int(q.inside.Load()+1)/2), maxBatchMembers)
}

func (q *queue) takeFirst(n int) []*member {
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return batch
}

func (q *queue) takeDecided() *lookahead {
	ahead := q.ahead
	q.ahead = nil
	return ahead
}

// end lets nobody in any more, unless somebody waits still.
func (q *queue) end() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = len(q.waiting) == 0
	return q.ended
}

// takeAhead is take where all who would be taken are decided ahead; it takes nobody otherwise.
func (q *queue) takeAhead() ([]*member, *lookahead) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ahead == nil || q.ahead.members == 0 {
		return nil, nil
	}
	return q.takeFirst(q.ahead.members), q.takeDecided()
}

// remember keeps a thread as it was read by a connection of that time, for the first who writes there.
func (q *queue) remember(read *forum.Thread, reconnected int64) {
	if q.guesses == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if known := q.guesses.threads[read.ID]; q.guesses.since == reconnected && (known == nil || known.Version < read.Version) {
		q.guesses.put(asLocked(read))
	}
}

// guess has a batch rest on what is remembered (guesses.load), instead of on what is decided ahead.
func (q *queue) guess(t *tx, batch []*member, at time.Time, reconnected int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ahead = nil // it rests on the guesses, which may be forgotten now
	return q.guesses.load(t, batch, at, reconnected)
}

// leave has the threads of a batch that is about to be committed remembered as it leaves them, and begins
// to decide the next one on that.
func (q *queue) leave(tx *tx, reconnected int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.guesses.keep(tx)
	if q.guesses.resting > 0 {
		return
	}
	conn := &recorder{}
	q.ahead = &lookahead{guesses: q.guesses, reconnected: reconnected, tx: newTx(conn, tx.texts), conn: conn}
	q.decide()
}

// forget forgets what a batch that failed rested on and left, and what was decided on that.
func (q *queue) forget(tx *tx, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ahead = nil
	q.guesses.forget(tx, err)
}

// decide decides those who wait and still go into the next batch. Where that cannot be done ahead, nothing of it is.
func (q *queue) decide() {
	for most := q.most(); q.ahead != nil && q.ahead.members < min(len(q.waiting), most); {
		m := q.waiting[q.ahead.members]
		if q.ahead.members > 0 && q.ahead.bytes+m.bytes > maxBatchBytes {
			return
		}
		if !q.ahead.decide(m, q.clock.Now()) {
			q.ahead = nil
		}
	}
}

func (d *lookahead) decide(m *member, now time.Time) bool {
	d.members++
	d.bytes += m.bytes
	d.tx.now = now
	return d.rests(m) && d.admit(m) == nil
}

func (d *lookahead) admit(m *member) (err error) {
	defer caught(&err)
	return d.tx.admit(m)
}

// rests has the batch rest on what a member's decision saw, and on its thread as it is remembered.
// false: it cannot.
func (d *lookahead) rests(m *member) bool {
	if m.asks || !d.tx.believe(&m.change) {
		return false
	}
	id := m.change.Thread
	if id == 0 || d.tx.threads[id] != nil {
		return true
	}
	remembered, known := d.guesses.threads[id]
	if known {
		d.tx.threads[id] = remembered.guessed()
	}
	return known
}

// on has the transaction go on with a connection: what it rests on is expected there, and what was put
// off follows.
func (d *lookahead) on(conn Conn, batch []*member) error {
	d.tx.conn = conn
	d.tx.expect(d.tx.wants(batch), d.tx.now)
	for _, put := range d.conn.later {
		if err := conn.Later(put.text, put.args...); err != nil {
			return err
		}
	}
	return nil
}

// recorder is a Conn that keeps what can be put off, and refuses the rest.
type recorder struct{ later []statement }

type statement struct {
	text string
	args []any
}

var errAhead = errors.New("this cannot be decided ahead of its batch")

var _ Conn = (*recorder)(nil)

// Query is refused.
func (r *recorder) Query(string, []any, func(Row) error) error { return errAhead }

// QueryMany is refused.
func (r *recorder) QueryMany(...Many) error { return errAhead }

// Expect is nothing that a member does.
func (r *recorder) Expect(...Many) {}

// Exec is refused.
func (r *recorder) Exec(string, ...any) (int64, error) { return 0, errAhead }

// Later is kept.
func (r *recorder) Later(text string, args ...any) error {
	r.later = append(r.later, statement{text, args})
	return nil
}
