package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

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
