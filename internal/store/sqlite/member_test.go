package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"folkmoot/internal/forum"
)

// member writes as one person and remembers what was acknowledged.
type member struct {
	c      *community
	actor  forum.Actor
	random *rand.Rand
	acked  func(key string) // told of every acknowledgement; nil tells nobody

	made      int
	posts     []*ownPost
	reactions map[forum.ThreadID]string // to the first post of each thread
	refused   []string                  // bodies that must not be found
	unknown   *attempt                  // what had no answer
}

// ownPost is a post as it was last acknowledged.
type ownPost struct {
	thread  forum.ThreadID
	number  int64
	body    string
	deleted bool
}

// attempt is one act with its key: doing it again must not do it twice.
type attempt struct {
	key      string
	act      func(c *community) error
	remember func()         // that it was acknowledged
	body     string         // that may have come into being
	post     *ownPost       // that may have been changed
	at       forum.ThreadID // whose first post may have got another reaction
	refusal  bool           // the transaction must refuse it
	err      error          // instead of an answer
}

// members returns one for each person of the seeded community.
func members(tb testing.TB, c *community, seed uint64) []*member {
	var all []*member
	for i := range people {
		all = append(all, &member{c: c, actor: c.actor(tb, fmt.Sprint("person", i)), random: rand.New(rand.NewPCG(seed, uint64(i))),
			reactions: map[forum.ThreadID]string{}})
	}
	return all
}

// work lets all members act at once, each until it has no answer or has done so many things.
func work(ctx context.Context, all []*member, each int) {
	var running sync.WaitGroup
	for _, m := range all {
		running.Go(func() {
			for range each {
				if !m.step(ctx) {
					return
				}
			}
		})
	}
	running.Wait()
}

// step does one thing and remembers its outcome. It is false where there was no answer.
func (m *member) step(ctx context.Context) bool {
	m.made++
	a := m.next(ctx)
	err := a.act(m.c)
	switch {
	case err == nil && !a.refusal:
		if m.acked != nil {
			m.acked(a.key)
		}
		a.remember()
		return true
	case a.refusal && forum.KindOf(err) == forum.PreconditionFailed:
		m.refused = append(m.refused, a.body)
		return true
	}
	a.err, m.unknown = err, a
	return false
}

// next decides what to do.
func (m *member) next(ctx context.Context) *attempt {
	a := &attempt{key: fmt.Sprintf("key-%s-%d.", m.actor.Name, m.made)}
	var post *ownPost
	if len(m.posts) > 0 {
		post = m.posts[m.random.IntN(len(m.posts))]
	}
	switch n := m.random.IntN(10); {
	case n < 3 || post == nil:
		m.reply(ctx, a)
	case n < 5:
		m.react(ctx, a)
	case n < 7 || post.deleted:
		m.deleteOrRestore(ctx, a, post)
	case n < 9:
		m.edit(ctx, a, post, 0)
	default:
		a.refusal = true
		m.edit(ctx, a, post, 1) // the text has changed since
	}
	return a
}

func (m *member) newBody() string { return fmt.Sprintf("body-%s-%d.", m.actor.Name, m.made) }

func (m *member) reply(ctx context.Context, a *attempt) {
	made := &ownPost{thread: m.anyThread(), body: m.newBody()}
	a.body = made.body
	a.act = func(c *community) error {
		post, err := c.CreatePost(ctx, m.actor, forum.NewPost{Thread: made.thread, Body: made.body, Key: a.key})
		made.number = post.Number
		return err
	}
	a.remember = func() { m.posts = append(m.posts, made) }
}

func (m *member) anyThread() forum.ThreadID { return forum.ThreadID(1 + m.random.IntN(threads)) }

func (m *member) deleteOrRestore(ctx context.Context, a *attempt, post *ownPost) {
	a.post = post
	deleted := !post.deleted
	a.act = func(c *community) error {
		_, err := c.MarkPost(ctx, m.actor, post.thread, post.number, forum.MarkAuthorDeleted, deleted, a.key)
		return err
	}
	a.remember = func() { post.deleted = deleted }
}

func (m *member) edit(ctx context.Context, a *attempt, post *ownPost, ifVersion int64) {
	a.post, a.body = post, m.newBody()
	a.act = func(c *community) error {
		_, err := c.EditPost(ctx, m.actor, post.thread, post.number, forum.PostEdit{Body: a.body, IfVersion: ifVersion, Key: a.key})
		return err
	}
	a.remember = func() { post.body = a.body }
}

func (m *member) react(ctx context.Context, a *attempt) {
	a.at = m.anyThread()
	offered := forum.StandardRules().Reactions
	kind := offered[m.random.IntN(len(offered))]
	if m.reactions[a.at] == kind {
		kind = ""
	}
	a.act = func(c *community) error {
		_, err := c.React(ctx, m.actor, a.at, 1, kind, a.key)
		return err
	}
	a.remember = func() { m.reactions[a.at] = kind }
}

// check looks in c for everything that was acknowledged, nothing that was refused, and the act
// without an answer at most once.
func (m *member) check(tb testing.TB, c *community) {
	tb.Helper()
	bodies, posts := index(c.stored(tb))
	for _, want := range m.posts {
		m.checkPost(tb, want, posts[address{want.thread, want.number}])
	}
	for _, body := range m.refused {
		if bodies[body] != 0 {
			tb.Errorf("refused, but stored: %s", body)
		}
	}
	for thread, kind := range m.reactions {
		_, post, err := c.Post(tb.Context(), m.actor, thread, 1)
		if err != nil || post.MyReaction != kind && (m.unknown == nil || m.unknown.at != thread) {
			tb.Errorf("reaction of %s to thread %d: got %q, %v, want %q", m.actor.Name, thread, post.MyReaction, err, kind)
		}
	}
	if m.unknown != nil && m.unknown.body != "" && bodies[m.unknown.body] > 1 {
		tb.Errorf("without an answer, and stored %d times: %s", bodies[m.unknown.body], m.unknown.body)
	}
}

// retry does again in c, under its key, what had no answer: now it is done, and once.
func (m *member) retry(tb testing.TB, c *community) {
	tb.Helper()
	a := m.unknown
	if a == nil {
		return
	}
	m.unknown = nil
	err := a.act(c)
	switch bodies, _ := index(c.stored(tb)); {
	case a.refusal && forum.KindOf(err) == forum.PreconditionFailed && bodies[a.body] == 0:
	case a.refusal || err != nil:
		tb.Errorf("%s, tried again: %v", a.key, err)
	case a.body != "" && bodies[a.body] != 1:
		tb.Errorf("tried again under its key, and stored %d times: %s", bodies[a.body], a.body)
	default:
		a.remember()
	}
}

type address struct {
	thread forum.ThreadID
	number int64
}

// index returns how often each body is stored, and the posts by address.
func index(stored []storedPost) (map[string]int, map[address]storedPost) {
	bodies, posts := map[string]int{}, map[address]storedPost{}
	for _, post := range stored {
		bodies[post.body]++
		posts[address{post.thread, post.number}] = post
	}
	return bodies, posts
}

// checkPost compares a post with what was acknowledged of it.
func (m *member) checkPost(tb testing.TB, want *ownPost, got storedPost) {
	tb.Helper()
	state := "visible"
	if want.deleted {
		state = "deleted"
	}
	changing := m.unknown != nil && m.unknown.post == want
	if got.body == "" || !changing && (got.body != want.body || got.state != state) {
		tb.Errorf("post %d of thread %d: got %q, %s, want %q, %s", want.number, want.thread, got.body, got.state, want.body, state)
	}
}
