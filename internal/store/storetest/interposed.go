package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// interposed is a store before whose writes something else happens: between decision and commit.
type interposed struct {
	forum.Store
	before func()
}

func (s *interposed) CreateThread(ctx context.Context, change forum.Change, thread forum.Thread, tags []string, first forum.Post) (forum.Receipt, error) {
	s.before()
	return s.Store.CreateThread(ctx, change, thread, tags, first)
}

func (s *interposed) MarkThread(ctx context.Context, change forum.Change, mark forum.Mark, at time.Time) (forum.Receipt, error) {
	s.before()
	return s.Store.MarkThread(ctx, change, mark, at)
}

func (s *interposed) EditThread(ctx context.Context, change forum.Change, edit forum.ThreadEdit) (forum.Receipt, error) {
	s.before()
	return s.Store.EditThread(ctx, change, edit)
}

func (s *interposed) CreatePost(ctx context.Context, change forum.Change, post forum.Post) (forum.Receipt, error) {
	s.before()
	return s.Store.CreatePost(ctx, change, post)
}

func (s *interposed) EditPost(ctx context.Context, change forum.Change, post forum.Post, ifVersion int64, still forum.Still) (forum.Receipt, error) {
	s.before()
	return s.Store.EditPost(ctx, change, post, ifVersion, still)
}

func (s *interposed) MarkPost(ctx context.Context, change forum.Change, number int64, at time.Time, choose forum.Choice) (forum.Receipt, error) {
	s.before()
	return s.Store.MarkPost(ctx, change, number, at, choose)
}

func (s *interposed) React(ctx context.Context, change forum.Change, number int64, kind string, still forum.Still) (forum.Receipt, error) {
	s.before()
	return s.Store.React(ctx, change, number, kind, still)
}

func (s *interposed) CreateCategory(ctx context.Context, change forum.Change, category forum.Category, own forum.Permissions) (forum.Receipt, error) {
	s.before()
	return s.Store.CreateCategory(ctx, change, category, own)
}

func (s *interposed) HideCategory(ctx context.Context, change forum.Change, id forum.CategoryID, at time.Time) (forum.Receipt, error) {
	s.before()
	return s.Store.HideCategory(ctx, change, id, at)
}

func (s *interposed) SuspendUser(ctx context.Context, change forum.Change, id forum.UserID, at time.Time, reason string, still func(*forum.User) error) (forum.Receipt, error) {
	s.before()
	return s.Store.SuspendUser(ctx, change, id, at, reason, still)
}

// interpose returns the community's service with something that happens before each of its writes.
func (c *community) interpose(before func()) *community {
	between := *c
	between.Service = c.service(&interposed{c.store, before})
	return &between
}

// hold keeps the writer busy, in a transaction that is refused in the end, until release is called.
func (c *community) hold(t testing.TB, at place) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	wait := func(*forum.Thread, *forum.Post) (forum.Mark, error) {
		once.Do(func() { close(held) })
		<-free
		return "", forum.ErrNotFound
	}
	change := forum.Change{Thread: at.thread, ThreadRev: c.number(t, `SELECT rev FROM threads WHERE id = $1`, int64(at.thread))}
	var holding sync.WaitGroup
	holding.Go(func() {
		_, _ = c.store.MarkPost(context.WithoutCancel(t.Context()), change, 2, c.clock.Now(), wait)
	})
	<-held
	return func() {
		close(free)
		holding.Wait()
	}
}

// together lets n writers decide while the writer is held, so that they wait for the same batch.
// write is one of them: it asks the community that it is given.
func (c *community) together(t testing.TB, at place, n int, write func(c *community, i int)) {
	t.Helper()
	release := c.hold(t, at)
	var decided, finished sync.WaitGroup
	decided.Add(n)
	for i := range n {
		var once sync.Once
		between := c.interpose(func() { once.Do(decided.Done) })
		finished.Go(func() {
			write(between, i)
			once.Do(decided.Done)
		})
	}
	decided.Wait()
	time.Sleep(20 * time.Millisecond) // from the last decision into the queue
	release()
	finished.Wait()
}
