package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/proof/linear"
)

var historyCases = []testCase{
	{"ten clients", historyTenClients},
}

// historyTenClients: what ten people are answered who all use the same threads at once could have
// come of one request after the other. Now and then one of them leaves before the answer.
func historyTenClients(t *testing.T, c *community) {
	plan := linear.Plan{Threads: 3, Each: 300, Seed: uint64(time.Now().UnixNano())}
	if testing.Short() {
		plan.Each = 60
	}
	t.Logf("seed %d", plan.Seed)
	users := &users{community: c, ctx: t.Context(), threads: make([]forum.ThreadID, plan.Threads)}
	for i := range 10 {
		role := forum.Member
		if i < 4 {
			role = forum.Moderator
		}
		name := fmt.Sprint("client ", i)
		c.join(t, name, role)
		plan.Roles = append(plan.Roles, role)
		users.actors = append(users.actors, c.must(t, name))
	}
	c.clock.ticking(time.Millisecond)
	history := linear.Run(t, plan, users.ask)
	history.Judge(t)
	unknown := 0
	for _, act := range linear.Acts {
		if history.Count(act, linear.Done) == 0 {
			t.Errorf("%s was never done: nothing is proven of it", act)
		}
		unknown += history.Count(act, linear.Unknown)
	}
	if !testing.Short() && (history.Count(linear.Replying, linear.Refused) == 0 || unknown == 0) {
		t.Error("nothing was refused, or nothing left without an answer")
	}
}

// users ask the service for the operations of a history.
type users struct {
	*community
	ctx     context.Context
	actors  []forum.Actor
	threads []forum.ThreadID // by the history's index, once they are started
	keys    atomic.Int64
}

// ask asks as the client's person. Of those who leave before the answer, members ask again under
// the same key, and so know what came of it.
func (u *users) ask(client int, op linear.Operation, giveUp bool) linear.Answer {
	actor := u.actors[client]
	if op.By == forum.Visitor {
		actor = forum.Actor{}
	}
	key := fmt.Sprint("history ", u.keys.Add(1))
	if !giveUp {
		return u.answer(u.Service, actor, op, key, u.ctx)
	}
	ctx, leave := context.WithCancel(u.ctx)
	defer leave()
	answer := u.answer(u.interpose(leave).Service, actor, op, key, ctx)
	if answer.Outcome == linear.Unknown && op.By == forum.Member {
		if again := u.answer(u.Service, actor, op, key, u.ctx); again.Outcome == linear.Done {
			return again
		}
	}
	return answer
}

// answer is what the service answers, in the words of a history.
func (u *users) answer(service *forum.Service, actor forum.Actor, op linear.Operation, key string, ctx context.Context) linear.Answer {
	answer, err := u.operate(ctx, service, actor, op, key)
	switch kind := forum.KindOf(err); {
	case err == nil:
		answer.Outcome = linear.Done
		return answer
	case ctx.Err() != nil, kind == forum.Unavailable:
		return linear.Answer{Outcome: linear.Unknown}
	default:
		return linear.RefusedWith(kind, err.Error())
	}
}

func (u *users) operate(ctx context.Context, service *forum.Service, actor forum.Actor, op linear.Operation, key string) (linear.Answer, error) {
	thread := u.threads[op.Thread]
	switch op.Act {
	case linear.Starting:
		post, err := service.CreateThread(ctx, actor, forum.NewThread{CategoryID: u.general, Title: "Used by all", Body: "First.", Key: key})
		u.threads[op.Thread] = post.Thread
		return madePost(post), err
	case linear.Replying:
		post, err := service.CreatePost(ctx, actor, forum.NewPost{Thread: thread, Body: "A reply.", Key: key})
		return madePost(post), err
	case linear.Marking:
		receipt, err := service.MarkPost(ctx, actor, thread, op.Number, op.Mark, op.Set, key)
		return linear.Answer{PostCount: receipt.PostCount, Activity: receipt.LastActivityAt, Version: receipt.Version}, err
	case linear.Moving:
		to := [linear.Categories]forum.CategoryID{u.general, u.workshop}[op.Category]
		moved, err := service.EditThread(ctx, actor, thread, forum.ThreadChange{CategoryID: &to, Key: key})
		return linear.Answer{PostCount: moved.PostCount(), Activity: moved.LastActivityAt, Version: moved.Version}, err
	case linear.Paging:
		page, err := service.ThreadPage(ctx, actor, thread, forum.PageAt{Number: op.Number})
		answer := u.read(&page.Thread)
		for i := range page.Posts {
			answer.Posts = append(answer.Posts, page.Posts[i].Number)
		}
		answer.More = page.Next != 0
		return answer, err
	}
	read, err := service.Thread(ctx, actor, thread)
	return u.read(&read), err
}

func madePost(post forum.Post) linear.Answer {
	n := post.ThreadNumbers
	return linear.Answer{Number: post.Number, At: post.CreatedAt, PostCount: n.PostCount, Activity: n.LastActivityAt, Version: n.Version}
}

// read is a thread as its reader was shown it.
func (u *users) read(thread *forum.Thread) linear.Answer {
	answer := linear.Answer{PostCount: thread.PostCount(), Activity: thread.LastActivityAt, Version: thread.Version}
	if thread.Category.Access.Moderate {
		answer.Told = &linear.Told{Hidden: thread.Posts[forum.Hidden], Deleted: thread.Posts[forum.Deleted], State: thread.State}
		if thread.CategoryID == u.workshop {
			answer.Told.Category = 1
		}
	}
	return answer
}
