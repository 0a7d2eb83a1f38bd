package store

import (
	"context"
	"sync"
	"time"

	"folkmoot/internal/forum"
)

// Store is a forum.Store on an Engine.
type Store struct {
	Plain    Plain    // makes the text to be indexed; nil indexes bodies as they are. Set before Run.
	Renderer Renderer // renders posts anew that an earlier version rendered; nil leaves them. Set before Run.

	engine   Engine
	clock    forum.Clock
	combiner *combiner
	rates    rates
	running  sync.WaitGroup
	close    func() error
}

var _ forum.Store = (*Store)(nil)

// Open makes a store of an engine that is migrated. It writes from now on until Close.
func Open(ctx context.Context, engine Engine, clock forum.Clock) (*Store, error) {
	closing, stop := context.WithCancel(context.Background())
	s := &Store{engine: engine, clock: clock, combiner: newCombiner(closing, engine, clock)}
	s.running.Go(s.combiner.loop)
	s.close = sync.OnceValue(func() error {
		stop()
		s.running.Wait()
		return engine.Close()
	})
	if err := s.ensureSettings(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Run does the background work until ctx ends: it brings the search index up to date, renders
// anew what an earlier version rendered, and forgets what is no longer needed.
func (s *Store) Run(ctx context.Context) {
	var rendering sync.WaitGroup
	defer rendering.Wait()
	rendering.Go(func() { s.keepRendered(ctx) })
	index := time.NewTimer(indexEvery)
	forget := time.NewTicker(time.Hour)
	defer index.Stop()
	defer forget.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-index.C:
			index.Reset(s.indexPending(ctx))
		case <-forget.C:
			s.forget(ctx)
		}
	}
}

// Health returns why writing has stopped until restart, nil while it goes on.
func (s *Store) Health() error { return s.combiner.health() }

// Writing is how long the batch has taken that has taken longest of those being written, in whatever
// lane; 0 where none is.
func (s *Store) Writing() time.Duration { return s.combiner.writing() }

// Close ends writing, after those who wait, and closes the engine. Once is enough; again is no harm.
func (s *Store) Close() error { return s.close() }

// combine is a write of about bytes of text that many people do at once, and that changes few rows:
// it shares a transaction with others.
func (s *Store) combine(ctx context.Context, change forum.Change, bytes int, run func(*tx) (forum.Receipt, error)) (forum.Receipt, error) {
	return s.combiner.write(ctx, &member{change: change, bytes: bytes, run: run})
}

// write is any other write. It has a transaction of its own where the engine has several lanes.
func (s *Store) write(ctx context.Context, change forum.Change, bytes int, run func(*tx) (forum.Receipt, error)) (forum.Receipt, error) {
	return s.combiner.write(ctx, &member{change: change, bytes: bytes, run: run, apart: true})
}

// writePerson is write of what changes a person's row, and may rest on all administrators. Those rows and
// that of who asks are held from the start, in the order of ids: two who shared one first, and then
// wanted it each for themselves, would wait for each other.
func (s *Store) writePerson(ctx context.Context, change forum.Change, id forum.UserID, admins bool, run func(*tx) (forum.Receipt, error)) (forum.Receipt, error) {
	lock := &Query{Text: `SELECT id FROM users WHERE id = $1 OR id = $2 OR role = 'admin' AND $3 ORDER BY id FOR NO KEY UPDATE`, Args: []any{id, change.Actor, admins}}
	return s.combiner.write(ctx, &member{change: change, first: lock, run: run, apart: true})
}

// read runs queries in one snapshot.
func (s *Store) read(ctx context.Context, queries ...Query) error {
	err := s.engine.Read(ctx, queries...)
	if err == nil || ctx.Err() != nil {
		return err
	}
	switch s.engine.Fault(err) {
	case FaultBusy, FaultLost, FaultResource:
		return &forum.Error{Kind: forum.Unavailable, Cause: err, RetryAfter: 2 * time.Second,
			Message: "the forum's database does not answer at this moment; please try again shortly"}
	}
	return err
}

// Receipt returns what was stored under the change's key, once it is durable.
func (s *Store) Receipt(ctx context.Context, change forum.Change) (forum.Receipt, bool, error) {
	var kept keyed
	err := s.read(ctx, Query{keptUnder, userKey{change.Actor, change.Key}.args(), func(row Row) (err error) {
		kept, err = scanKept(row)
		return err
	}})
	if err != nil {
		return forum.Receipt{}, false, err
	}
	receipt, known, err := kept.answer(change)
	if known && s.engine.ReadsAhead() {
		receipt, err = s.confirm(ctx, change)
	}
	return receipt, known && err == nil, err
}

// confirm reads what is stored under the change's key in a transaction that locks it: its commit
// waits for whatever the one that stored it is to wait for.
func (s *Store) confirm(ctx context.Context, change forum.Change) (forum.Receipt, error) {
	key := forum.Change{Actor: change.Actor, Key: change.Key, Hash: change.Hash}
	return s.combiner.write(ctx, &member{change: key, asks: true, run: func(*tx) (forum.Receipt, error) { return forum.Receipt{}, errForgotten }})
}

// errForgotten is a key that was there a moment ago.
var errForgotten = &forum.Error{Kind: forum.Unavailable, Message: "the key has just become too old to tell what was done under it"}

// keyLife is how long an idempotency key is kept.
const keyLife = 48 * time.Hour

// rateLife is how long a rate is kept that is whole: no two servers' clocks are as far apart.
const rateLife = time.Hour

// forget removes keys and sessions past their time, and rates that are whole by every server's
// clock, in small pieces that hold nobody up.
func (s *Store) forget(ctx context.Context) {
	now := s.clock.Now()
	for _, old := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM idempotency WHERE (user_id, key) IN (SELECT user_id, key FROM idempotency WHERE created_at < $1 LIMIT 500)`, []any{now.Add(-keyLife)}},
		{`DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE expires_at < $1 LIMIT 500)`, []any{now}},
		{`DELETE FROM rates WHERE subject IN (SELECT subject FROM rates WHERE whole_at < $1 LIMIT 500) AND whole_at < $1`, []any{now.Add(-rateLife)}},
	} {
		for removed := int64(1); removed > 0 && ctx.Err() == nil; {
			_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
				var err error
				removed, err = t.exec(old.text, old.args...)
				return forum.Receipt{}, err
			})
			if err != nil {
				return
			}
		}
	}
}
