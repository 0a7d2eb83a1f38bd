package storetest

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"folkmoot/internal/forum"
)

// A step of a random program is a transition in which everything is chosen by numbers, taken
// modulo what there is when it runs: so a program can be cut, shrunk and split among many.
type step struct {
	Do   string
	By   string
	A, B int
	Set  bool
	Mark forum.Mark
}

var (
	stepKinds = []string{ // as often as they stand here
		"reply", "reply", "reply", "start", "edit", "edit", "react", "react", "react", "delete", "delete", "restore", "restore",
		"mark post", "mark post", "mark thread", "mark thread", "mark thread", "move", "move", "rename", "tag", "clock", "view",
		"new category", "hide category", "hide category", "permit", "order", "move category", "suspend", "suspend", "role", "import",
	}
	stepAskers = append([]string{author, author, other, other, moderator, moderator, admin, admin}, everybody...)
	stepMarks  = []forum.Mark{forum.MarkAuthorDeleted, forum.MarkModDeleted, forum.MarkModHidden, forum.MarkFlagHidden,
		forum.MarkUnlisted, forum.MarkPinned, forum.MarkLocked}
	steps = rapid.Custom(func(t *rapid.T) step {
		return step{Do: rapid.SampledFrom(stepKinds).Draw(t, "do"), By: rapid.SampledFrom(stepAskers).Draw(t, "by"),
			A: rapid.IntRange(0, 11).Draw(t, "a"), B: rapid.IntRange(0, 11).Draw(t, "b"), Set: rapid.Bool().Draw(t, "set"),
			Mark: rapid.SampledFrom(stepMarks).Draw(t, "mark")}
	})
	stepTags   = [][]string{{}, {"Wheels"}, {"Wheels", "Rims"}, {"spokes"}}
	stepAccess = []forum.Permissions{nil, {forum.Visitor: {}}, {forum.Visitor: {}, forum.Member: {}}, {forum.Member: {See: true}},
		{forum.Member: {See: true, Reply: true}}, {forum.Moderator: {See: true, Reply: true, Start: true}}}
	stepPeople = []string{author, other, suspended, moderator, suspendedModerator, admin}
	stepRoles  = []forum.Role{forum.Member, forum.Moderator, forum.Admin}
)

// ground is what there is for a program to work on.
type ground struct {
	mu         sync.Mutex
	categories []forum.CategoryID
	threads    []forum.ThreadID
	numbers    map[forum.ThreadID]int64 // the greatest
	keys       int                      // used
}

func pick[T any](all []T, n int) T { return all[n%len(all)] }

// transition is the step on this ground.
func (s step) transition(g *ground) transition {
	g.mu.Lock()
	defer g.mu.Unlock()
	by := as(s.By)
	id, category := pick(g.threads, s.A), pick(g.categories, s.B)
	number := int64(s.B)%g.numbers[id] + 1
	switch s.Do {
	case "start":
		return createThread{by: by, category: category, title: "Started", tags: pick(stepTags, s.A)}
	case "reply":
		return createPost{by: by, thread: id, to: int64(s.B) % (g.numbers[id] + 1)}
	case "edit":
		return editPost{by: by, thread: id, number: number, body: fmt.Sprint("Words ", s.A%3)}
	case "react":
		return react{by: by, thread: id, number: number, kind: pick([]string{"up", "heart", ""}, s.A+s.B)}
	case "delete":
		return deletePost{by: by, thread: id, number: number}
	case "restore":
		return restorePost{by: by, thread: id, number: number}
	case "mark post":
		return mark{by: by, thread: id, number: number, mark: s.Mark, set: s.Set}
	case "mark thread":
		return mark{by: by, thread: id, mark: s.Mark, set: s.Set}
	case "move":
		return editThread{by: by, thread: id, category: category}
	case "rename":
		return editThread{by: by, thread: id, title: pick([]string{"Renamed", "Started"}, s.B)}
	case "tag":
		return editThread{by: by, thread: id, tags: pick(stepTags, s.B)}
	case "view":
		return view{id, int64(s.B)}
	case "import":
		in := aThread(category)
		in.key = fmt.Sprint(s.A % 3) // now and then what was brought before
		return in
	}
	return s.administration(g, category)
}

// administration is the step where it is about categories and people.
func (s step) administration(g *ground, category forum.CategoryID) transition {
	by := as(s.By)
	switch s.Do {
	case "new category":
		return createCategory{by: by, parent: category, name: "New", own: pick(stepAccess, s.A)}
	case "hide category":
		return hideCategory{by: by, id: category, hide: s.Set}
	case "move category":
		return moveCategory{by: by, id: category, parent: pick(g.categories, s.A)}
	case "permit":
		return permit{by: by, id: category, own: pick(stepAccess, s.A)}
	case "order":
		ids := []forum.CategoryID{1, 3, 4} // those at the top
		slices.Reverse(ids[s.A%3:])
		return orderCategories{by: by, ids: ids}
	case "suspend":
		return suspend{by: by, person: pick(stepPeople, s.B), set: s.Set}
	case "role":
		return setRole{by: by, person: pick(stepPeople, s.A), role: pick(stepRoles, s.B)}
	}
	panic("no such step: " + s.Do)
}

// groundOf is what the model knows.
func groundOf(m *model) *ground {
	g := &ground{numbers: map[forum.ThreadID]int64{}}
	for _, c := range m.categories {
		g.categories = append(g.categories, c.id)
	}
	for _, th := range m.threads {
		g.threads = append(g.threads, th.id)
		g.numbers[th.id] = int64(len(th.posts))
	}
	return g
}

// clockMoves are how the clock is set: by a reply's time, back, and far back and forward.
var clockMoves = []time.Duration{time.Second, time.Minute, -time.Minute, -10 * time.Minute, time.Hour, -time.Hour}

// checkT lets a community live as long as one check of a property, and fail it.
type checkT struct {
	testing.TB
	rapid *rapid.T
}

func (t checkT) Helper()                       { t.rapid.Helper() }
func (t checkT) Context() context.Context      { return t.rapid.Context() }
func (t checkT) Cleanup(f func())              { t.rapid.Cleanup(f) }
func (t checkT) Failed() bool                  { return t.rapid.Failed() }
func (t checkT) Fail()                         { t.rapid.Fail() }
func (t checkT) FailNow()                      { t.rapid.FailNow() }
func (t checkT) Error(args ...any)             { t.rapid.Error(args...) }
func (t checkT) Errorf(text string, a ...any)  { t.rapid.Errorf(text, a...) }
func (t checkT) Fatal(args ...any)             { t.rapid.Fatal(args...) }
func (t checkT) Fatalf(text string, a ...any)  { t.rapid.Fatalf(text, a...) }
func (t checkT) Log(args ...any)               { t.rapid.Log(args...) }
func (t checkT) Logf(text string, args ...any) { t.rapid.Logf(text, args...) }

// newProgram makes a community for one program, with two threads to begin with.
func newProgram(t *testing.T, rt *rapid.T, open Open) (testing.TB, *community) {
	ct := checkT{t, rt}
	c := newCommunity(ct, open)
	c.do(ct, importUser{"oldtimer"}, importUser{"veteran"})
	c.place(ct)
	c.placeIn(ct, c.workshop)
	return ct, c
}

// The number of random programs, unless the command line says so; a fifth of it with -short.
func init() { _ = flag.Set("rapid.checks", checks) }

// testPrograms runs random programs: step by step against the model, and split among many at once.
func testPrograms(t *testing.T, open Open) {
	t.Run("step by step", func(t *testing.T) {
		t.Parallel()
		if raceDetector && testing.Short() {
			return // nothing is concurrent in it
		}
		rapid.Check(t, func(rt *rapid.T) { runSteps(t, rt, open) })
	})
	t.Run("among eight", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) { runSplit(t, rt, open) })
	})
}

// runSteps tries each step of a program. After each the recount must find nothing, and one of the
// viewers see what the model says; in the end everybody must.
func runSteps(t *testing.T, rt *rapid.T, open Open) {
	ct, c := newProgram(t, rt, open)
	program := rapid.SliceOfN(steps, 1, 40).Draw(rt, "program")
	for i, s := range program {
		if s.Do == "clock" {
			c.clock.move(pick(clockMoves, s.A))
			continue
		}
		tr := s.transition(groundOf(c.model))
		if c.try(ct, tr) != nil {
			continue // refused, as the model said, and nothing changed
		}
		c.compare(ct, describe(tr), as(pick(everybody, i)))
		c.recount(ct, describe(tr))
		if ct.Failed() {
			ct.FailNow()
		}
	}
	differ(ct, "participants", c.model.participants(), c.participants(ct))
	for _, who := range everybody {
		c.compare(ct, "the whole program", as(who))
	}
}

// runSplit runs a program split among eight at once. At rest the recount must find nothing, what
// is shown agree with itself, and what was acknowledged be there, once, under its number.
func runSplit(t *testing.T, rt *rapid.T, open Open) {
	ct, c := newProgram(t, rt, open)
	const many = 8
	program := rapid.SliceOfN(steps, many, 12*many).Draw(rt, "program")
	g := groundOf(c.model)
	answers := &answers{posts: map[place]map[int64]forum.Receipt{}}
	ctx, stop := context.WithCancel(ct.Context())
	var running, background sync.WaitGroup
	background.Go(func() { c.store.Run(ctx) })
	for w := range many {
		running.Go(func() {
			for i := w; i < len(program); i += many {
				c.runConcurrently(ct, program[i], g, answers)
			}
		})
	}
	running.Wait()
	stop()
	background.Wait()
	c.recount(ct, "a program among eight")
	answers.check(ct, c)
	for _, th := range g.threads {
		if c.model.thread(th) == nil {
			c.model.threads = append(c.model.threads, &thread{id: th, category: c.general}) // to be looked at
		}
	}
	for _, id := range g.categories {
		if c.model.category(id) == nil {
			c.model.categories = append(c.model.categories, &category{id: id})
		}
	}
	for _, who := range viewers {
		c.consistent(ct, as(who))
	}
}

// answers are the receipts of posts made, by thread and number.
type answers struct {
	mu    sync.Mutex
	posts map[place]map[int64]forum.Receipt
}

func (a *answers) add(t testing.TB, receipt forum.Receipt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := place{receipt.Thread}
	if a.posts[at] == nil {
		a.posts[at] = map[int64]forum.Receipt{}
	}
	if before, twice := a.posts[at][receipt.Number]; twice {
		t.Errorf("the number %d of thread %d was given twice: %+v, %+v", receipt.Number, receipt.Thread, before, receipt)
	}
	a.posts[at][receipt.Number] = receipt
}

// check compares what was acknowledged with what is stored: each number of each thread, without a gap.
func (a *answers) check(t testing.TB, c *community) {
	t.Helper()
	for at, made := range a.posts {
		next := c.number(t, `SELECT next_number FROM threads WHERE id = $1`, int64(at.thread))
		stored := c.number(t, `SELECT count(*) FROM posts WHERE thread_id = $1 AND number > 0 AND number < $2`, int64(at.thread), next)
		if stored != next-1 {
			t.Errorf("thread %d: %d posts, next number %d", at.thread, stored, next)
		}
		versions := map[int64]bool{}
		for number, receipt := range made {
			created := c.number(t, `SELECT created_at FROM posts WHERE thread_id = $1 AND number = $2`, int64(at.thread), number)
			if created != receipt.At.UnixMicro() || versions[receipt.Version] {
				t.Errorf("post %d/%d is not as acknowledged: %+v", at.thread, number, receipt)
			}
			versions[receipt.Version] = true
		}
	}
}

// runConcurrently asks for one step; what it makes is ground for others. Every third reply is
// sent twice at once, with a key.
func (c *community) runConcurrently(t testing.TB, s step, g *ground, a *answers) {
	if s.Do == "clock" {
		return
	}
	tr := s.transition(g)
	reply, replies := tr.(createPost)
	if replies && s.A%3 == 0 {
		c.replyTwice(t, reply, g, a)
		return
	}
	receipt, err := c.ask(t.Context(), tr)
	if err != nil {
		if forum.KindOf(err) == forum.Internal {
			t.Errorf("%s: %v", describe(tr), err)
		}
		return
	}
	_, starts := tr.(createThread)
	if replies || starts {
		a.add(t, receipt)
		g.grow(receipt)
	}
	if made, ok := tr.(createCategory); ok && made.name != "" {
		g.mu.Lock()
		g.categories = append(g.categories, forum.CategoryID(receipt.ID))
		g.mu.Unlock()
	}
}

func (g *ground) grow(receipt forum.Receipt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.numbers[receipt.Thread] == 0 {
		g.threads = append(g.threads, receipt.Thread)
	}
	g.numbers[receipt.Thread] = max(g.numbers[receipt.Thread], receipt.Number)
}

// replyTwice sends a request and its retry at once. Only one makes a post; an answer to both is the same.
func (c *community) replyTwice(t testing.TB, tr createPost, g *ground, a *answers) {
	g.mu.Lock()
	g.keys++
	tr.key = fmt.Sprint("twice ", g.keys)
	g.mu.Unlock()
	var receipts [2]forum.Receipt
	var errs [2]error
	var both sync.WaitGroup
	for i := range receipts {
		both.Go(func() { receipts[i], errs[i] = c.ask(t.Context(), tr) })
	}
	both.Wait()
	var first *forum.Receipt
	for i := range receipts {
		switch {
		case errs[i] != nil && forum.KindOf(errs[i]) == forum.Internal:
			t.Errorf("%s: %v", describe(tr), errs[i])
		case errs[i] != nil:
		case first == nil:
			first = &receipts[i]
		case receipts[0].Replayed == receipts[1].Replayed || receipts[0].Number != receipts[1].Number || receipts[0].Version != receipts[1].Version:
			t.Errorf("two answers to one request: %+v, %+v", receipts[0], receipts[1])
		}
	}
	if first != nil {
		a.add(t, *first)
		g.grow(*first)
	}
}
