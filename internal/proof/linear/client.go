package linear

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"folkmoot/internal/forum"
)

// Plan says who uses what.
type Plan struct {
	Roles   []forum.Role // of the clients: members and moderators
	Threads int          // shared by all
	Each    int          // operations of a client
	Seed    uint64
}

// Categories is how many categories threads are moved among.
const Categories = 2

// Forum asks a forum for what a client wants, as the client's person or as a visitor. giveUp asks
// to leave before the answer comes, so that the outcome is Unknown. It is called by many at once.
type Forum func(client int, op Operation, giveUp bool) Answer

// Run starts the threads and lets the clients use them all at once.
func Run(t testing.TB, plan Plan, forum Forum) *History {
	t.Helper()
	history := newHistory()
	tops := make([]atomic.Int64, plan.Threads)
	for i := range tops {
		op := Operation{Act: Starting, Thread: i, By: plan.Roles[0]}
		if answer := history.ask(0, op, func(op Operation) Answer { return forum(0, op, false) }); answer.Outcome != Done {
			t.Fatalf("starting thread %d: %v", i, answer)
		}
		tops[i].Store(1)
	}
	var working sync.WaitGroup
	for i, role := range plan.Roles {
		c := &client{id: i, role: role, tops: tops, own: make([][]int64, plan.Threads),
			random: rand.New(rand.NewPCG(plan.Seed, uint64(i))), changes: i * givesUp / len(plan.Roles)} // not all give up at once
		working.Go(func() {
			for range plan.Each {
				c.next(history, forum)
			}
		})
	}
	working.Wait()
	return history
}

// client is one person at work, who asks, waits for the answer, and asks again.
type client struct {
	id      int
	role    forum.Role
	random  *rand.Rand
	changes int            // asked for
	own     [][]int64      // by thread: the numbers of the posts it knows it made
	tops    []atomic.Int64 // by thread: the greatest number that is known to be there
}

// givesUp is after how many changes somebody does not wait for the answer to one: seldom, since
// what may have happened at any time makes a history hard to judge.
const givesUp = 30

func (c *client) next(history *History, forum Forum) {
	op := c.choose(c.random.IntN(len(c.tops)))
	giveUp := false
	if op.Act != Reading && op.Act != Paging {
		c.changes++
		giveUp = c.changes%givesUp == 0
	}
	answer := history.ask(c.id, op, func(op Operation) Answer { return forum(c.id, op, giveUp) })
	if op.Act == Replying && answer.Outcome == Done {
		c.made(op.Thread, answer.Number)
	}
}

func (c *client) made(thread int, number int64) {
	c.own[thread] = append(c.own[thread], number)
	for top := c.tops[thread].Load(); number > top && !c.tops[thread].CompareAndSwap(top, number); {
		top = c.tops[thread].Load()
	}
}

// choose is what to do next in a thread.
func (c *client) choose(thread int) Operation {
	op := Operation{Thread: thread, By: c.role}
	switch choice := c.random.IntN(10); {
	case choice < 3:
		op.Act = Reading
		op.By = c.reader()
	case choice < 5:
		op.Act, op.Number = Paging, 1+c.random.Int64N(c.tops[thread].Load())
		op.By = c.reader()
	case choice < 7 || c.role == forum.Moderator && choice == 7:
		return c.mark(op)
	case c.role == forum.Moderator && choice == 8:
		op.Act, op.Category = Moving, c.random.IntN(Categories)
	default:
		op.Act = Replying
	}
	return op
}

// reader is who reads: what a member sees of their own is not modelled.
func (c *client) reader() forum.Role {
	if c.role == forum.Moderator && c.random.IntN(2) == 0 {
		return forum.Moderator
	}
	return forum.Visitor
}

var (
	postMarks   = []forum.Mark{forum.MarkModDeleted, forum.MarkModHidden}
	threadMarks = []forum.Mark{forum.MarkModDeleted, forum.MarkModHidden, forum.MarkUnlisted, forum.MarkLocked}
)

// mark sets or clears a mark: a member that of a post of their own, a moderator any.
func (c *client) mark(op Operation) Operation {
	op.Act, op.Set = Marking, c.random.IntN(2) == 0
	top, own := c.tops[op.Thread].Load(), c.own[op.Thread]
	switch {
	case c.role != forum.Moderator && len(own) == 0:
		op.Act = Replying
	case c.role != forum.Moderator:
		op.Number, op.Mark = own[c.random.IntN(len(own))], forum.MarkAuthorDeleted
	case top == 1 || c.random.IntN(4) == 0: // the thread, so that it is open most of the time
		op.Number, op.Mark, op.Set = 1, threadMarks[c.random.IntN(len(threadMarks))], c.random.IntN(8) == 0
	default: // one of the newest posts, about which others care as well
		op.Number, op.Mark = max(2, top-c.random.Int64N(10)), postMarks[c.random.IntN(len(postMarks))]
	}
	return op
}
