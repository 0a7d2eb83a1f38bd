package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

func newStore(tb testing.TB, engine store.Engine) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), engine, forum.SystemClock{})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// newSQLite returns a store on a file of its own, closed with the test.
func newSQLite(tb testing.TB) (*store.Store, *sqlite.Engine) {
	tb.Helper()
	s, engine := openIn(tb, tb.TempDir())
	tb.Cleanup(func() { _ = s.Close() })
	return s, engine
}

// keep is a member that stores a row under its name.
func keep(name string) func(store.Tx) error {
	return func(t store.Tx) error { return t.Exec(`INSERT INTO settings (key, value) VALUES ($1, 'kept')`, name) }
}

// kept returns the names of the rows that members stored.
func kept(tb testing.TB, engine store.Engine) []string {
	tb.Helper()
	var names []string
	err := engine.Read(tb.Context(), store.Query{Text: `SELECT key FROM settings WHERE value = 'kept' ORDER BY key`, Each: func(row store.Row) error {
		names = append(names, row.Text(0))
		return nil
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return names
}

// together hands all members in while the writer is held up, so that they share a batch, and
// returns their errors in order.
func together(tb testing.TB, s *store.Store, members ...func(store.Tx) error) []error {
	tb.Helper()
	release := hold(tb, s)
	errs := make([]error, len(members))
	var running sync.WaitGroup
	for i, run := range members {
		running.Go(func() { _, errs[i] = s.Write(context.Background(), "", run) })
		waitFor(tb, "the member waits", func() bool { return s.Waiting() == i+1 })
	}
	release()
	running.Wait()
	return errs
}

// hold keeps the writer busy until release.
func hold(tb testing.TB, s *store.Store) (release func()) {
	tb.Helper()
	began, end := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = s.Write(context.Background(), "", func(store.Tx) error {
			close(began)
			<-end
			return nil
		})
	}()
	<-began
	return func() { close(end) }
}

func waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("it did not happen in time: %s", what)
		}
	}
}

// One member among fifty goes wrong after it has changed something: it alone gets its error, and
// nothing of it is stored.
func TestPoisonedMember(t *testing.T) {
	t.Parallel()
	half := keep("half")
	tests := []struct {
		name   string
		poison func(store.Tx) error
		want   string // in its error
	}{
		{"a constraint", func(t store.Tx) error { return errors.Join(half(t), half(t)) }, "UNIQUE"},
		{"a statement that is none", func(t store.Tx) error { return errors.Join(half(t), t.Exec(`INSERT INTO nowhere VALUES (1)`)) }, "nowhere"},
		{"a refusal that comes too late", func(t store.Tx) error { return errors.Join(half(t), forum.ErrNotFound) }, "nothing here"},
		{"an error that is swallowed", func(t store.Tx) error {
			_ = half(t)
			_ = half(t)
			return forum.ErrNotFound
		}, "nothing here"},
		{"a number below zero", func(t store.Tx) error {
			t.Count(forum.Counter{Of: forum.OfPeople, Kind: "active", Column: forum.Number}, -1)
			return errors.Join(half(t), t.Exec(`INSERT INTO people_counts (state, n) VALUES ('active', 0)`))
		}, "n >= 0"},
		{"less of what there is none of", func(t store.Tx) error {
			t.Count(forum.Counter{Of: forum.OfPeople, Kind: "active", Column: forum.Number}, -1)
			return half(t)
		}, "0 rows changed, not one"},
		{"a panic", func(t store.Tx) error {
			_ = half(t)
			var nobody *forum.Post
			nobody.Number++
			return nil
		}, "panic"},
		{"a value that cannot be bound", func(t store.Tx) error { return errors.Join(half(t), t.Exec(`UPDATE settings SET value = $1`, 1.5)) }, "float64"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, engine := newSQLite(t)
			var members []func(store.Tx) error
			var want []string
			for i := range 50 {
				name := fmt.Sprintf("member %02d", i)
				members, want = append(members, keep(name)), append(want, name)
			}
			members[20] = test.poison
			want = slices.Delete(want, 20, 21)
			errs := together(t, s, members...)
			if got := fmt.Sprint(errs[20]); !strings.Contains(got, test.want) {
				t.Errorf("its error: got %s, want one about %q", got, test.want)
			}
			errs[20] = nil
			if err := errors.Join(errs...); err != nil {
				t.Errorf("others got: %v", err)
			}
			if diff := cmp.Diff(want, kept(t, engine)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// What one member counted wrong is not laid at the door of another that had it written.
func TestInnocentMemberIsNotBlamed(t *testing.T) {
	t.Parallel()
	s, engine := newSQLite(t)
	if _, err := s.Write(t.Context(), "", func(t store.Tx) error { return makeThread(t) }); err != nil {
		t.Fatal(err)
	}
	replies := forum.Counter{Of: forum.OfPost, A: 1, B: 1, Column: forum.Replies}
	errs := together(t, s,
		keep("before"),
		func(t store.Tx) error {
			t.Count(replies, -1)
			return keep("poisoned")(t)
		},
		func(t store.Tx) error { return errors.Join(keep("innocent")(t), t.FlushPost(1, 1)) },
		keep("after"))
	if errs[1] == nil {
		t.Error("the number below zero was accepted")
	}
	if errs[1] = nil; errors.Join(errs...) != nil {
		t.Errorf("others got: %v", errors.Join(errs...))
	}
	if diff := cmp.Diff([]string{"after", "before", "innocent"}, kept(t, engine)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// makeThread makes a thread of one post, with the least there must be.
func makeThread(t store.Tx) error {
	return errors.Join(
		t.Exec(`INSERT INTO categories (id, name, slug, position, created_at) VALUES (1, 'General', 'general', 1, 1)`),
		t.Exec(`INSERT INTO threads (id, category_id, title, slug, created_at, last_activity_at, last_stamped_at) VALUES (1, 1, 'Title', 'title', 1, 1, 1)`),
		t.Exec(`INSERT INTO posts (thread_id, number, created_at, version, text_version, html_version, body, html) VALUES (1, 1, 1, 1, 1, 1, 'body', 'body')`))
}

// A caller that gives up leaves what it asked for done or not done, never half, and the writer at work.
func TestCancelledCallers(t *testing.T) {
	t.Parallel()
	s, engine := newSQLite(t)
	var running sync.WaitGroup
	var acked, gaveUp atomic.Int64
	for i := range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%20)*time.Millisecond)
		running.Go(func() {
			defer cancel()
			_, err := s.Write(ctx, "", func(t store.Tx) error {
				return errors.Join(keep(fmt.Sprintf("%03d a", i))(t), keep(fmt.Sprintf("%03d b", i))(t))
			})
			switch {
			case err == nil:
				acked.Add(1)
			case errors.Is(err, context.DeadlineExceeded) && forum.KindOf(err) == forum.Unavailable:
				gaveUp.Add(1)
			default:
				t.Errorf("a caller got %v", err)
			}
		})
	}
	running.Wait()
	if _, err := s.Write(t.Context(), "", keep("after")); err != nil {
		t.Fatalf("the writer does not go on: %v", err)
	}
	names := kept(t, engine)
	t.Logf("%d acknowledged, %d gave up, %d stored", acked.Load(), gaveUp.Load(), len(names)/2)
	if int64(len(names)/2) < acked.Load() || len(names)%2 != 1 {
		t.Errorf("%d rows of pairs and one for %d acknowledged pairs", len(names), acked.Load())
	}
	for i := 0; i+1 < len(names); i += 2 {
		if names[i][:3] != names[i+1][:3] {
			t.Fatalf("half a member: %s", names[i])
		}
	}
}

// A caller that gives up while it is being written ends its own waiting and nothing else: the
// batch goes on, at the first go, with what that caller asked for in it.
func TestCallerGivesUpMeanwhile(t *testing.T) {
	t.Parallel()
	s, engine := newSQLite(t)
	release := hold(t, s)
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	var running sync.WaitGroup
	var runs atomic.Int64
	for i := range 10 {
		running.Go(func() {
			caller := t.Context()
			if i == 0 {
				caller = ctx
			}
			_, err := s.Write(caller, "", func(t store.Tx) error {
				runs.Add(1)
				if i == 0 {
					giveUp()
				}
				return keep(fmt.Sprintf("member %d", i))(t)
			})
			if err != nil && (i > 0 || !errors.Is(err, context.Canceled)) {
				t.Errorf("member %d: %v", i, err)
			}
		})
		waitFor(t, "the member waits", func() bool { return s.Waiting() == i+1 })
	}
	release()
	running.Wait()
	if _, err := s.Write(t.Context(), "", keep("member of the next batch")); err != nil {
		t.Errorf("the next batch: %v", err)
	}
	if names := kept(t, engine); len(names) != 11 || runs.Load() != 10 {
		t.Errorf("stored %q in %d runs, want each of ten stored by one run", names, runs.Load())
	}
}

// Who comes when too many wait is turned away at once.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	s, engine := newSQLite(t)
	release := hold(t, s)
	var running sync.WaitGroup
	var acked atomic.Int64
	for i := range store.MaxWaiting {
		running.Go(func() {
			if _, err := s.Write(context.Background(), "", keep(fmt.Sprintf("%05d", i))); err == nil {
				acked.Add(1)
			}
		})
	}
	waitFor(t, "the queue is full", func() bool { return s.Waiting() == store.MaxWaiting })
	_, err := s.Write(t.Context(), "", keep("too many"))
	checkUnavailable(t, err)
	release()
	running.Wait()
	if n := len(kept(t, engine)); n != store.MaxWaiting || acked.Load() != store.MaxWaiting {
		t.Errorf("stored %d and acknowledged %d of %d", n, acked.Load(), store.MaxWaiting)
	}
}

// What waits to be written is bounded by its bytes, also when nobody waits for it any more.
func TestFullOfBytes(t *testing.T) {
	t.Parallel()
	s, engine := newSQLite(t)
	release := hold(t, s)
	ctx, giveUp := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for i := range 4 {
		running.Go(func() {
			_, err := s.WriteBytes(ctx, "", store.MaxWaitingBytes/4, keep(fmt.Sprint(i)))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("gave up, and was told %v", err)
			}
		})
	}
	waitFor(t, "four wait", func() bool { return s.Waiting() == 4 })
	giveUp()
	running.Wait()
	_, err := s.WriteBytes(ctx, "", 1, keep("too many"))
	if checkUnavailable(t, err); errors.Is(err, context.Canceled) {
		t.Error("let in, though as much waits as may")
	}
	release()
	waitFor(t, "they are written", func() bool { return len(kept(t, engine)) >= 4 })
	release = hold(t, s)
	for i := range 4 {
		running.Go(func() {
			if _, err := s.WriteBytes(t.Context(), "", store.MaxWaitingBytes/4, keep(fmt.Sprint("next ", i))); err != nil {
				t.Errorf("there is room again: %v", err)
			}
		})
	}
	waitFor(t, "four wait", func() bool { return s.Waiting() == 4 })
	release()
	running.Wait()
}

func checkUnavailable(tb testing.TB, err error) {
	tb.Helper()
	var e *forum.Error
	if !errors.As(err, &e) || e.Kind != forum.Unavailable || e.RetryAfter == 0 {
		tb.Errorf("got %v, want Unavailable and when to come back", err)
	}
}

// Close answers everybody, also those who keep coming, and leaves nothing running.
func TestCloseWhilePeopleWrite(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	for range 5 {
		closeWhilePeopleWrite(t)
	}
	goleak.VerifyNone(t, leaks)
}

func closeWhilePeopleWrite(t *testing.T) {
	folder := t.TempDir()
	s, _ := openIn(t, folder)
	const clients = 300
	var running sync.WaitGroup
	var acked atomic.Int64
	closed := make(chan struct{})
	for i := range clients {
		running.Go(func() {
			for n := 0; ; n++ {
				_, err := s.Write(context.Background(), "", keep(fmt.Sprintf("%d %d", i, n)))
				if err == nil {
					acked.Add(1)
					continue
				}
				checkUnavailable(t, err)
				select {
				case <-closed:
					return
				default: // they do not give up before it is closed
				}
			}
		})
	}
	waitFor(t, "people write", func() bool { return acked.Load() > clients })
	before := acked.Load()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	close(closed)
	if late := acked.Load() - before; late > 2*clients {
		t.Errorf("%d were let in after Close began, and only %d can have waited", late, clients)
	}
	running.Wait()
	s, engine := openIn(t, folder)
	defer s.Close()
	if n := int64(len(kept(t, engine))); n != acked.Load() {
		t.Errorf("acknowledged %d, stored %d", acked.Load(), n)
	}
}

func openIn(tb testing.TB, folder string) (*store.Store, *sqlite.Engine) {
	tb.Helper()
	engine, err := sqlite.Open(tb.Context(), filepath.Join(folder, "folkmoot.db"))
	if err != nil {
		tb.Fatal(err)
	}
	return newStore(tb, engine), engine
}
