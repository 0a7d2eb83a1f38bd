package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var bankCases = []testCase{
	{"fifty clients move threads in opposite directions", bankOpposite},
}

// bankOpposite: threads of every state are moved around a ring of categories, by half of the clients
// one way and by the others the other, while they write and delete in them. At no moment is what is
// moved in two categories or in none: whoever adds the categories up finds every thread, and of posts
// those acknowledged before and none that nobody had asked for yet.
func bankOpposite(t *testing.T, c *community) {
	const clients, categories, threads = 50, 8, 32
	acts := 24
	if testing.Short() {
		acts = 6
	}
	b := &bank{community: c, seed: uint64(time.Now().UnixNano())}
	t.Logf("seed %d", b.seed)
	b.open(t, categories, threads)

	done := make(chan struct{})
	var working, looking sync.WaitGroup
	for range 2 {
		looking.Go(func() { b.look(t, done) })
	}
	for i := range clients {
		working.Go(func() { b.work(t, i, acts) })
	}
	working.Wait()
	close(done)
	looking.Wait()

	differ(t, "the categories in the end", b.settled(), b.sum(t))
	t.Logf("%d threads moved, %d posts written, %d deleted; %d looks", b.moved.Load(), b.written.Load(), b.deleted.Load(), b.looks.Load())
	if b.moved.Load() == 0 || b.written.Load() == 0 || b.deleted.Load() == 0 || b.looks.Load() == 0 {
		t.Error("nothing was moved, written, deleted or looked at: nothing is proven")
	}
}

// bank is a ring of categories, and the threads that are moved around it.
type bank struct {
	*community
	seed    uint64
	ring    []forum.CategoryID
	threads []forum.ThreadID
	opening forum.CategoryCounts // of all categories together
	in, out flow                 // posts of each state

	moved, written, deleted, looks atomic.Int64
}

// flow is how many posts came to be in each state, or ceased to be.
type flow struct {
	begun, acknowledged [forum.StateCount]atomic.Int64
}

// bankMarks are what gives threads their state.
var bankMarks = [forum.StateCount]forum.Mark{"", forum.MarkUnlisted, forum.MarkModHidden, forum.MarkModDeleted}

// stateOf is the state of a thread, by its index: every category begins with threads of each.
func (b *bank) stateOf(thread int) forum.State {
	return forum.State(thread / len(b.ring) % forum.StateCount)
}

// open makes the ring and puts threads of three posts in it.
func (b *bank) open(t *testing.T, categories, threads int) {
	t.Helper()
	for i := range categories {
		b.ring = append(b.ring, b.newCategory(t, 0, fmt.Sprint("Ring ", i), nil))
	}
	by := b.must(t, moderator)
	for i := range threads {
		first, err := b.CreateThread(t.Context(), by, forum.NewThread{CategoryID: b.ring[i%categories], Title: "To be moved", Body: "First."})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := b.CreatePost(t.Context(), by, forum.NewPost{Thread: first.Thread, Body: "Next."}); err != nil {
				t.Fatal(err)
			}
		}
		if mark := bankMarks[b.stateOf(i)]; mark != "" {
			if _, err := b.MarkThread(t.Context(), by, first.Thread, mark, true, ""); err != nil {
				t.Fatal(err)
			}
		}
		b.threads = append(b.threads, first.Thread)
	}
	b.opening = b.sum(t)
}

// sum adds all categories up as an administrator sees them, in one reading.
func (b *bank) sum(t testing.TB) (sum forum.CategoryCounts) {
	t.Helper()
	tree, err := b.Categories(t.Context(), b.must(t, admin))
	if err != nil {
		t.Error(err)
	}
	for _, branch := range tree {
		sum = sum.Plus(branch.Total)
	}
	return sum
}

// look adds the categories up again and again.
func (b *bank) look(t *testing.T, done chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		var low, high forum.CategoryCounts
		for state := range forum.StateCount {
			low.Posts[state] = b.in.acknowledged[state].Load()
			high.Posts[state] = -b.out.acknowledged[state].Load()
		}
		found := b.sum(t)
		for state := range forum.StateCount {
			low.Posts[state] -= b.out.begun[state].Load()
			high.Posts[state] += b.in.begun[state].Load()
		}
		low, high = b.opening.Plus(low), b.opening.Plus(high)
		for state := range forum.StateCount {
			if found.Threads[state] != b.opening.Threads[state] {
				t.Errorf("%d threads are %s, want %d", found.Threads[state], forum.State(state), b.opening.Threads[state])
			}
			if n := found.Posts[state]; n < low.Posts[state] || n > high.Posts[state] {
				t.Errorf("%d posts are %s, want %d to %d", n, forum.State(state), low.Posts[state], high.Posts[state])
			}
		}
		b.looks.Add(1)
		if t.Failed() {
			return
		}
	}
}

// settled is what the categories add up to when nobody is at work.
func (b *bank) settled() forum.CategoryCounts {
	sum := b.opening
	for state := range forum.StateCount {
		sum.Posts[state] += b.in.acknowledged[state].Load() - b.out.acknowledged[state].Load()
	}
	return sum
}

// work moves threads around the ring, two of three times, and else writes a post or deletes the last.
func (b *bank) work(t *testing.T, client, acts int) {
	by := b.must(t, []string{moderator, admin}[client/2%2])
	random := rand.New(rand.NewPCG(b.seed, uint64(client)))
	step := 1 - client%2*2
	place := random.IntN(len(b.ring))
	var last forum.Post
	lastState := forum.Visible
	for n := range acts {
		thread := random.IntN(len(b.threads))
		switch {
		case n%3 < 2:
			place = (place + step + len(b.ring)) % len(b.ring)
			b.move(t, by, b.threads[thread], b.ring[place])
		case last.Number == 0:
			if b.stateOf(thread) != forum.Deleted { // nobody writes there
				last, lastState = b.write(t, by, thread), b.stateOf(thread)
			}
		default:
			b.remove(t, by, last, lastState)
			last = forum.Post{}
		}
	}
}

func (b *bank) move(t *testing.T, by forum.Actor, thread forum.ThreadID, to forum.CategoryID) {
	_, err := b.EditThread(t.Context(), by, thread, forum.ThreadChange{CategoryID: &to})
	if b.done(t, err) {
		b.moved.Add(1)
	}
}

func (b *bank) write(t *testing.T, by forum.Actor, thread int) forum.Post {
	state := b.stateOf(thread)
	b.in.begun[state].Add(1)
	post, err := b.CreatePost(t.Context(), by, forum.NewPost{Thread: b.threads[thread], Body: "One more."})
	if !b.done(t, err) {
		return forum.Post{}
	}
	b.in.acknowledged[state].Add(1)
	b.written.Add(1)
	return post
}

func (b *bank) remove(t *testing.T, by forum.Actor, post forum.Post, state forum.State) {
	b.out.begun[state].Add(1)
	b.in.begun[forum.Deleted].Add(1)
	if _, err := b.DeletePost(t.Context(), by, post.Thread, post.Number, ""); b.done(t, err) {
		b.out.acknowledged[state].Add(1)
		b.in.acknowledged[forum.Deleted].Add(1)
		b.deleted.Add(1)
	}
}

// done tells whether something was done. Whoever is overtaken by other moves again and again is told so, and
// nothing is done; any other refusal is wrong here.
func (b *bank) done(t *testing.T, err error) bool {
	if err != nil && !(forum.KindOf(err) == forum.Conflict && strings.Contains(err.Error(), "at the same moment")) {
		t.Error(err)
	}
	return err == nil
}
