package proof

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/proof/linear"
)

// What ten people are answered over HTTP who all use the same threads at once, visitors' cached pages
// among it, could have come of one request after the other. Now and then one of them hangs up.
func TestHistoryIsLinearizable(t *testing.T) { onBoth(t, proveHistoryIsLinearizable) }

func proveHistoryIsLinearizable(t *testing.T, on engine) {
	plan := linear.Plan{Threads: 3, Each: 300, Seed: seed(t)}
	if testing.Short() {
		plan.Each = 60
	}
	site := newSite(t, on, Plan{Mix: MixAll, Clients: 10, Threads: 1, Posts: 1, Body: 100, Seed: plan.Seed})
	users := &users{site: site, run: runName(), threads: make([]Thread, plan.Threads)}
	for i, person := range site.People {
		role := forum.Member
		if MixAll.Moderates(i) {
			role = forum.Moderator
		}
		plan.Roles = append(plan.Roles, role)
		users.people = append(users.people, newUser(t, site, person.Token))
	}
	history := linear.Run(t, plan, users.ask)
	history.Judge(t)
	for _, act := range linear.Acts {
		if history.Count(act, linear.Done) == 0 {
			t.Errorf("%s was never done: nothing is proven of it", act)
		}
	}
	pages := 0
	for _, user := range users.people {
		pages += user.pages
	}
	if pages == 0 {
		t.Error("no visitor was shown a page")
	}
	mustAudit(t, site)
}

// users ask a server for the operations of a history.
type users struct {
	site    *Site
	run     string
	people  []*user
	threads []Thread // by the history's index, once they are started
}

// user is one client's connections: as their person, and as a visitor.
type user struct {
	*Conn
	visitor *Conn
	asked   int
	pages   int // shown to the visitor
}

func newUser(t *testing.T, site *Site, token string) *user {
	t.Helper()
	u := &user{Conn: Dial(site.Server.Address, token), visitor: Dial(site.Server.Address, "")}
	t.Cleanup(u.Close)
	t.Cleanup(u.visitor.Close)
	return u
}

// ask asks as the client's person. Of those who hang up, members ask again under the same key, and
// so know what came of it.
func (u *users) ask(client int, op linear.Operation, giveUp bool) linear.Answer {
	user := u.people[client]
	user.asked++
	request := u.request(op, fmt.Sprintf("%s-%d-%d", u.run, client, user.asked))
	switch {
	case op.By == forum.Visitor && op.Act == linear.Paging:
		return user.look(request)
	case op.By == forum.Visitor:
		return u.answer(user.visitor, op, request)
	case !giveUp:
		return u.answer(user.Conn, op, request)
	}
	if err := user.open(); err == nil {
		_ = user.send(request)
	}
	user.Close()
	if op.By == forum.Member {
		if again := u.answer(user.Conn, op, request); again.Outcome == linear.Done {
			return again
		}
	}
	return linear.Answer{}
}

func (u *users) request(op linear.Operation, key string) Request {
	thread := u.threads[op.Thread]
	request := Request{Method: http.MethodPost, Path: thread.path, Key: key}
	switch op.Act {
	case linear.Starting:
		request.Path = "/api/v1/threads"
		request.Body = fmt.Appendf(nil, `{"category_id":%d,"title":"Used by all","body":"First."}`, u.site.Categories[0])
	case linear.Replying:
		request.Path, request.Body = thread.posts, []byte(`{"body":"A reply."}`)
	case linear.Marking:
		request.Method = http.MethodDelete
		if op.Set {
			request.Method = http.MethodPut
		}
		request.Path = fmt.Sprintf("%s/marks/%s", thread.post(uint32(op.Number)), op.Mark)
		if op.Number == 1 {
			request.Path = fmt.Sprintf("%s/marks/%s", thread.path, op.Mark)
		}
	case linear.Moving:
		request.Method, request.Body = http.MethodPatch, fmt.Appendf(nil, `{"category_id":%d}`, u.site.Categories[op.Category])
	case linear.Reading:
		request.Method, request.Key = http.MethodGet, ""
	case linear.Paging:
		request.Method, request.Key = http.MethodGet, ""
		request.Path = fmt.Sprintf("%s?from=%d", thread.posts, op.Number)
		if op.By == forum.Visitor {
			request.Path = fmt.Sprintf("%s?from=%d", thread.page, op.Number)
		}
	}
	return request
}

// answer makes a request and reads the answer of the API, in the words of a history.
func (u *users) answer(conn *Conn, op linear.Operation, request Request) linear.Answer {
	answer, err := conn.Do(request)
	if err != nil || answer.Status >= http.StatusInternalServerError {
		return linear.Answer{}
	}
	var body threadAnswer
	if err := json.Unmarshal(answer.Body, &body); err != nil {
		return linear.Answer{}
	}
	switch answer.Status {
	case http.StatusNotFound:
		return linear.RefusedWith(forum.NotFound, body.Detail)
	case http.StatusConflict:
		return linear.RefusedWith(forum.Conflict, body.Detail)
	case http.StatusOK, http.StatusCreated:
		if op.Act == linear.Starting {
			u.threads[op.Thread] = newThread(body.ThreadID, "used-by-all")
		}
		return u.read(op, &body)
	}
	return linear.RefusedWith(forum.Internal, body.Detail) // which nothing justifies
}

// threadAnswer is an answer of the API, as far as it tells of a thread.
type threadAnswer struct {
	threadNumbers                // of a thread
	Thread        *threadNumbers `json:"thread"` // of a post, a change, a page
	ThreadID      int64          `json:"thread_id"`
	Number        int64          `json:"number"`
	CreatedAt     time.Time      `json:"created_at"`
	Posts         []PostRow      `json:"posts"`
	Next          int64          `json:"next"`
	Detail        string         `json:"detail"`
}

type threadNumbers struct {
	ThreadRow
	State        string           `json:"state"`
	PostsByState map[string]int64 `json:"posts_by_state"`
}

func (u *users) read(op linear.Operation, body *threadAnswer) linear.Answer {
	numbers := &body.threadNumbers
	if body.Thread != nil {
		numbers = body.Thread
	}
	answer := linear.Answer{Outcome: linear.Done, PostCount: numbers.PostCount, Activity: numbers.LastActivityAt, Version: numbers.Version, More: body.Next != 0}
	for _, post := range body.Posts {
		answer.Posts = append(answer.Posts, post.Number)
	}
	switch {
	case op.Act == linear.Starting, op.Act == linear.Replying:
		answer.Number, answer.At = body.Number, body.CreatedAt
	case op.Act != linear.Marking && op.Act != linear.Moving && numbers.PostsByState != nil:
		state, _ := forum.ParseState(numbers.State)
		answer.Told = &linear.Told{Hidden: numbers.PostsByState["hidden"], Deleted: numbers.PostsByState["deleted"], State: state}
		if numbers.CategoryID == u.site.Categories[1] {
			answer.Told.Category = 1
		}
	}
	return answer
}

// What a visitor's page says of a thread.
var (
	postOnPage  = regexp.MustCompile(`id="p-(\d+)"`)
	countOnPage = regexp.MustCompile(`<span>([\d,]+) posts?</span>`)
)

// look shows the visitor a page of the thread, out of the cache or made anew.
func (u *user) look(request Request) linear.Answer {
	answer, err := u.visitor.Do(request)
	switch {
	case err != nil:
		return linear.Answer{}
	case answer.Status == http.StatusNotFound:
		return linear.RefusedWith(forum.NotFound, "")
	case answer.Status != http.StatusOK: // past the end, it leads on to the last page
		return linear.Answer{}
	}
	u.pages++
	page := linear.Answer{Outcome: linear.Done, More: strings.Contains(string(answer.Body), `rel="next"`)}
	for _, found := range postOnPage.FindAllSubmatch(answer.Body, -1) {
		number, _ := strconv.ParseInt(string(found[1]), 10, 64)
		page.Posts = append(page.Posts, number)
	}
	if found := countOnPage.FindSubmatch(answer.Body); found != nil {
		page.PostCount, _ = strconv.ParseInt(strings.ReplaceAll(string(found[1]), ",", ""), 10, 64)
	}
	return page
}
