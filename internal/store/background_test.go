package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

// watched is an engine whose transactions are seen.
type watched struct {
	store.Engine
	before func()         // each transaction
	after  func(sets int) // each transaction, with how many rows it looked for
}

func (w *watched) Write(ctx context.Context, run func(store.Conn) error) error {
	w.before()
	counted := &countedConn{}
	err := w.Engine.Write(ctx, func(conn store.Conn) error {
		counted.Conn = conn
		return run(counted)
	})
	w.after(counted.sets)
	return err
}

// countedConn counts the sets of arguments of its statements.
type countedConn struct {
	store.Conn
	sets int
}

func (c *countedConn) QueryMany(many ...store.Many) error {
	for _, m := range many {
		c.sets += len(m.Sets)
	}
	return c.Conn.QueryMany(many...)
}

// openWatched opens a store on a file of its own, closed with the test.
func openWatched(tb testing.TB) (*store.Store, *watched) {
	tb.Helper()
	engine, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "folkmoot.db"))
	if err != nil {
		tb.Fatal(err)
	}
	w := &watched{Engine: engine, before: func() {}, after: func(int) {}}
	s := newStore(tb, w)
	tb.Cleanup(func() { _ = s.Close() })
	return s, w
}

// Whoever writes beside a great many views does not wait for all of them.
func TestViewsAreWrittenInPieces(t *testing.T) {
	t.Parallel()
	s, engine := openWatched(t)
	var most, all int
	engine.after = func(sets int) { most, all = max(most, sets), all+sets }
	views := map[forum.ThreadID]int64{}
	for id := range forum.ThreadID(1_050) {
		views[id+1] = 2
	}
	if err := s.AddViews(t.Context(), views); err != nil {
		t.Fatal(err)
	}
	if most > 200 || all != len(views) {
		t.Errorf("%d threads looked for, up to %d in one transaction, want %d and at most 200", all, most, len(views))
	}
}

// Being stopped is no failure, and nothing to wake anybody for. (Not parallel: it reads the log.)
func TestIndexingIsStopped(t *testing.T) {
	var log bytes.Buffer
	standard := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(standard)
	s, engine := openWatched(t)
	if _, err := s.Write(t.Context(), "", func(t store.Tx) error {
		return t.Exec(`INSERT INTO search_queue (thread_id, number) VALUES (1, 1)`)
	}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	engine.before = func() { stop(); <-stopped }
	s.Run(ctx)
	close(stopped)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Errorf("it was written to the log:\n%s", &log)
	}
}

// Rates that are whole long since are forgotten, those that are not stay.
func TestRatesAreForgotten(t *testing.T) {
	t.Parallel()
	s, engine := openWatched(t)
	take := func(window time.Duration) {
		t.Helper()
		_, err := s.TakeRate(t.Context(), forum.Taking{Rate: forum.Rate{Quota: 1, Window: window}, Act: window.String(), Subject: "ann", Want: 1})
		if err != nil {
			t.Fatal(err)
		}
	}
	take(time.Minute)
	take(time.Hour)
	past := time.Now().Add(-2 * time.Hour)
	if _, err := s.Write(t.Context(), "", func(t store.Tx) error {
		return t.Exec(`INSERT INTO rates (subject, whole_at) VALUES ($1, $2)`, []byte("long whole"), past)
	}); err != nil {
		t.Fatal(err)
	}
	s.Forget(t.Context())
	var kept int64
	err := engine.Read(t.Context(), store.Query{Text: `SELECT count(*) FROM rates`, Each: func(row store.Row) error {
		kept = row.Int64(0)
		return nil
	}})
	if err != nil || kept != 2 {
		t.Errorf("%d rates are kept (%v), want the two that are not whole", kept, err)
	}
}

// distant is an engine that batches guess of.
type distant struct{ store.Engine }

func (distant) Lanes() int { return 2 }

// What somebody read of a thread is remembered as one who locks it would have read it, whatever they may not see.
func TestReadIsRemembered(t *testing.T) {
	t.Parallel()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "folkmoot.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t, distant{engine})
	defer s.Close()
	if _, err := s.Write(t.Context(), "", func(t store.Tx) error {
		for _, text := range []string{
			`INSERT INTO users (id, name, folded, role, state, created_at) VALUES (11, 'Ann', 'ann', 'member', 'active', 1), (12, 'Bob', 'bob', 'member', 'active', 1)`,
			`INSERT INTO categories (id, name, slug, position, created_at) VALUES (13, 'General', 'general-13', 9, 1)`,
			`INSERT INTO category_access (category_id, role, see, reply, start, moderate) VALUES (13, 'member', 1, 1, 1, 0)`,
			`INSERT INTO threads (id, category_id, author_id, title, slug, state, unlisted_at, unlisted_by, pinned_at, locked_at,
				posts_visible, posts_hidden, posts_deleted, reactions, next_number, first_post_number, last_post_number, last_author_id,
				last_activity_at, last_stamped_at, solution_number, created_at, version, changed_version, rev)
				VALUES (14, 13, 11, 'Which saddle?', 'which-saddle', 'unlisted', 2, 12, 3, 4, 5, 6, 7, 8, 19, 1, 18, 12, 9, 10, 2, 1, 30, 29, 28)`,
			`INSERT INTO tags (id, name) VALUES (15, 'saddles')`,
			`INSERT INTO thread_tags (thread_id, tag_id) VALUES (14, 15)`,
			`INSERT INTO thread_views (thread_id, n) VALUES (14, 16)`,
		} {
			if err := t.Exec(text); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	read, err := s.Thread(t.Context(), forum.Visibility{Role: forum.Member, User: 12}, 14)
	if err != nil {
		t.Fatal(err)
	}
	if read.Posts[forum.Hidden] != 0 || read.LastAuthor.Name != "Bob" || len(read.Tags) != 1 {
		t.Errorf("read as %+v", read)
	}
	want, err := s.Locked(t.Context(), 14)
	if err != nil {
		t.Fatal(err)
	}
	got, known := s.Remembered(14)
	if diff := cmp.Diff(want, got); diff != "" || !known {
		t.Errorf("remembered: %v (-as locked +as remembered):\n%s", known, diff)
	}
}
