package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Site is a small community on a server, made for a run.
type Site struct {
	Program    Program
	Server     *Server
	People     []Person
	Categories [2]int64
	Threads    []Thread
	Locked     int // index of the thread that only moderators may reply to, behind all the others
	Seeded     int // posts that every thread began with
	Pages      int // starts that the first thread's pages have
	admin      *Conn
	adminToken string
}

// Person is somebody who may write.
type Person struct {
	Name  string
	Token string
}

// Thread is where a thread is, in the API and for people.
type Thread struct {
	ID    int64
	path  string // of the thread in the API
	posts string // of its posts
	page  string // for people
}

func newThread(id int64, slug string) Thread {
	path := "/api/v1/threads/" + strconv.FormatInt(id, 10)
	return Thread{ID: id, path: path, posts: path + "/posts", page: fmt.Sprintf("/t/%d/%s", id, slug)}
}

func (t Thread) post(number uint32) string {
	return t.posts + "/" + strconv.FormatUint(uint64(number), 10)
}

// open is how many threads everybody may reply to.
func (s *Site) open() int { return s.Locked }

// Plan says what community a run needs.
type Plan struct {
	Mix     Mix
	Clients int
	Threads int
	Posts   int // that each thread begins with, at least 1
	Body    int // bytes of those
	Seed    uint64
}

// NewSite makes people, categories and threads through the server's own surfaces. The mixes that
// read find their threads there already.
func NewSite(ctx context.Context, program Program, server *Server, plan Plan) (*Site, error) {
	site := &Site{Program: program, Server: server, Seeded: plan.Posts}
	if plan.Mix.Reads() {
		site.People = make([]Person, plan.Clients)
		site.admin = Dial(server.Address, "") // a visitor sees all there is
		return site, site.findThreads(plan)
	}
	run := runName()
	if err := site.makeAdmin(ctx, run); err != nil {
		return nil, err
	}
	if err := site.makeCategories(run); err != nil {
		return nil, err
	}
	if err := site.makePeople(ctx, run, plan); err != nil {
		return nil, err
	}
	return site, site.makeThreads(ctx, run, plan)
}

// Close ends the site's own connection.
func (s *Site) Close() { s.admin.Close() }

// Reopen goes on with another server on the same data folder.
func (s *Site) Reopen(server *Server) {
	s.Close()
	s.Server, s.admin = server, Dial(server.Address, s.adminToken)
}

const password = "correct horse battery staple"

// makeAdmin makes an administrator through the command line, beside the running server.
func (s *Site) makeAdmin(ctx context.Context, run string) error {
	name := "admin-" + run
	if _, err := s.Program.Run(ctx, password+"\n", "user", "create", name, "--admin"); err != nil {
		return err
	}
	token, err := s.Program.Run(ctx, "", "token", "create", "--user", name, "--scope", "moderate")
	if err != nil {
		return err
	}
	s.adminToken = strings.TrimSpace(string(token))
	s.admin = Dial(s.Server.Address, s.adminToken)
	return nil
}

func (s *Site) makeCategories(run string) error {
	for i := range s.Categories {
		var made struct {
			ID int64 `json:"id"`
		}
		name := fmt.Sprintf("Category %d of %s", i+1, run)
		in := map[string]any{"name": name}
		if err := s.admin.call(http.MethodPost, "/api/v1/categories", name, in, &made); err != nil {
			return err
		}
		s.Categories[i] = made.ID
	}
	return nil
}

// makeAtOnce is how many connections make people and threads: enough to keep the server busy.
const makeAtOnce = 16

func (s *Site) makePeople(ctx context.Context, run string, plan Plan) error {
	s.People = make([]Person, plan.Clients)
	return s.makeEach(ctx, plan.Clients, func(admin *Conn, i int) (err error) {
		s.People[i], err = s.makePerson(admin, personName(run, i), plan.Mix.Moderates(i))
		return err
	})
}

// makePerson signs somebody up and makes a token for them, as a program that acts for a person has one.
func (s *Site) makePerson(admin *Conn, name string, moderates bool) (Person, error) {
	type token struct {
		Token string `json:"token"`
	}
	var session, made token
	in := map[string]any{"name": name, "password": password}
	if err := admin.call(http.MethodPost, "/api/v1/sign-up", "", in, &session); err != nil {
		return Person{}, err
	}
	scope := "write"
	if moderates {
		scope = "moderate"
		in := map[string]any{"role": "moderator"}
		if err := admin.call(http.MethodPut, "/api/v1/people/"+name+"/role", "", in, nil); err != nil {
			return Person{}, err
		}
	}
	person := Dial(s.Server.Address, session.Token)
	defer person.Close()
	err := person.call(http.MethodPost, "/api/v1/tokens", "", map[string]any{"name": "load test", "scope": scope}, &made)
	return Person{Name: name, Token: made.Token}, err
}

// makeThreads makes those to write in, and a locked one behind them.
func (s *Site) makeThreads(ctx context.Context, run string, plan Plan) error {
	s.Locked = plan.Threads
	s.Threads = make([]Thread, plan.Threads+1)
	texts := newTexts(run, plan.Body, plan.Seed)
	err := s.makeEach(ctx, len(s.Threads), func(admin *Conn, i int) (err error) {
		s.Threads[i], err = s.makeThread(admin, texts, i, plan.Posts)
		return err
	})
	if err != nil {
		return err
	}
	return s.admin.call(http.MethodPut, s.Threads[s.Locked].path+"/marks/locked", "", nil, nil)
}

func (s *Site) makeThread(admin *Conn, texts *texts, i, posts int) (Thread, error) {
	var made struct {
		ID int64 `json:"thread_id"`
	}
	in := map[string]any{"category_id": s.Categories[0], "title": fmt.Sprintf("Thread %d of %s", i, texts.run), "body": texts.body(i, 0)}
	if err := admin.call(http.MethodPost, "/api/v1/threads", texts.key(i, 0), in, &made); err != nil {
		return Thread{}, err
	}
	thread := newThread(made.ID, "thread")
	for n := 1; n < posts; n++ {
		in := map[string]any{"body": texts.body(i, n)}
		if err := admin.call(http.MethodPost, thread.posts, texts.key(i, n), in, nil); err != nil {
			return Thread{}, err
		}
	}
	return thread, nil
}

// makeEach calls make for 0 to n-1, on several connections of the administrator at once.
func (s *Site) makeEach(ctx context.Context, n int, make func(admin *Conn, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for first := range makeAtOnce {
		group.Go(func() error {
			conn := Dial(s.Server.Address, s.adminToken)
			defer conn.Close()
			for i := first; i < n && ctx.Err() == nil; i += makeAtOnce {
				if err := make(conn, i); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

// findThreads finds the threads that Fill made.
func (s *Site) findThreads(plan Plan) error {
	for cursor := ""; len(s.Threads) < plan.Threads; {
		var list struct {
			Threads []ThreadRow `json:"threads"`
			Next    string      `json:"next_cursor"`
		}
		if err := s.admin.call(http.MethodGet, "/api/v1/threads?limit=100&cursor="+cursor, "", nil, &list); err != nil {
			return err
		}
		for _, thread := range list.Threads {
			s.Threads = append(s.Threads, newThread(thread.ID, thread.Slug))
			s.Pages = int(thread.PostCount)
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if s.Locked = len(s.Threads); s.Locked == 0 {
		return errors.New("the server shows no threads")
	}
	return nil
}

// Pending is how many posts wait for full text.
func (s *Site) Pending() (int64, error) {
	var about struct {
		Pending int64 `json:"search_pending"`
	}
	err := s.admin.call(http.MethodGet, "/api/v1/about", "", nil, &about)
	return about.Pending, err
}

// Audit reads every thread back as the administrator sees it, and judges.
func (s *Site) Audit(ctx context.Context, histories ...*History) (Audit, error) {
	a := newAuditor(histories...)
	for i, thread := range s.Threads {
		if err := ctx.Err(); err != nil {
			return Audit{}, err
		}
		if err := s.auditThread(a, i, thread); err != nil {
			return Audit{}, fmt.Errorf("reading thread %d back: %w", i, err)
		}
	}
	return a.finish(), nil
}

func (s *Site) auditThread(a *auditor, i int, thread Thread) error {
	a.begin(i)
	for next := int64(1); next != 0; {
		var page struct {
			Posts []PostRow `json:"posts"`
			Next  int64     `json:"next"`
		}
		path := fmt.Sprintf("%s?limit=100&from=%d", thread.posts, next)
		if err := s.admin.call(http.MethodGet, path, "", nil, &page); err != nil {
			return err
		}
		for _, post := range page.Posts {
			a.post(post)
		}
		next = page.Next
	}
	var row ThreadRow
	if err := s.admin.call(http.MethodGet, thread.path, "", nil, &row); err != nil {
		return err
	}
	category := -1
	for c, id := range s.Categories {
		if id == row.CategoryID {
			category = c
		}
	}
	a.end(row, category)
	return nil
}

// Settle asks again, with its key, everything that was left unanswered. Each must now be done, or
// refused where it was to be, and is then in the history as if it always had been.
func (h *History) Settle(site *Site) error {
	for id, ops := range h.Clients {
		c := newClient(id, site, h.texts, h.Mix, 0)
		for i, op := range ops {
			if op.Outcome != Unknown {
				continue
			}
			ops[i] = c.ask(op, i)
			if ops[i].Outcome == Unknown || ops[i].Outcome == Refused && int(op.Thread) != site.Locked {
				c.conn.Close()
				return fmt.Errorf("request %s asked again: status %d, want it done", h.texts.key(id, i), ops[i].Status)
			}
		}
		c.conn.Close()
	}
	return nil
}

// call makes a request with JSON both ways, and fails on any answer but a 2xx one.
func (c *Conn) call(method, path, key string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	answer, err := c.Do(Request{method, path, key, body})
	switch {
	case err != nil:
		return err
	case answer.Status/100 != 2:
		return fmt.Errorf("%s %s: status %d: %s", method, path, answer.Status, strings.TrimSpace(string(answer.Body)))
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}
