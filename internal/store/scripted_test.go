package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

// scripted is an engine that keeps names instead of rows, and whose commits end as ends says.
type scripted struct {
	ends func(run int, names []string) (happened bool, err error)

	runs      int
	committed []string // names stored, in order
	keys      []string // kept under them
}

// faulty is an error that says its own kind.
type faulty struct{ kind store.Fault }

func (faulty) Error() string { return "scripted" }

func (s *scripted) Fault(err error) store.Fault {
	var f faulty
	errors.As(err, &f)
	return f.kind
}

func (s *scripted) Write(_ context.Context, run func(store.Conn) error) error {
	s.runs++
	tx := &scriptedTx{keys: s.keys}
	if err := run(tx); err != nil {
		return err
	}
	happened, err := s.ends(s.runs, tx.names)
	if happened {
		s.committed, s.keys = append(s.committed, tx.names...), tx.keys
	}
	return err
}

// Read answers what the store asks of a new file: it has its epoch already.
func (s *scripted) Read(_ context.Context, queries ...store.Query) error {
	return queries[0].Each(texts{"epoch", "scripted"})
}

func (s *scripted) Dialect() store.Dialect                                 { return store.SQLite }
func (s *scripted) Lanes() int                                             { return 1 }
func (s *scripted) Reconnected() int64                                     { return 0 }
func (s *scripted) ReadsAhead() bool                                       { return false }
func (s *scripted) ReadLong(context.Context, func(store.Conn) error) error { return nil }
func (s *scripted) Close() error                                           { return nil }

// scriptedTx is a transaction of it.
type scriptedTx struct{ names, keys []string }

func (t *scriptedTx) Exec(text string, args ...any) (int64, error) {
	if strings.Contains(text, "INTO idempotency") {
		t.keys = append(slices.Clone(t.keys), args[1].(string))
	} else {
		t.names = append(t.names, args[0].(string))
	}
	return 1, nil
}

func (t *scriptedTx) Later(text string, args ...any) error {
	_, err := t.Exec(text, args...)
	return err
}

func (t *scriptedTx) Expect(...store.Many) {}

func (t *scriptedTx) QueryMany(many ...store.Many) error {
	for _, m := range many {
		for i, args := range m.Sets {
			if err := t.Query(m.Text, args, func(row store.Row) error { return m.Each(i, row) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// Query finds keys and nothing else.
func (t *scriptedTx) Query(text string, args []any, each func(store.Row) error) error {
	if key := args[1].(string); slices.Contains(t.keys, key) {
		return each(texts{key})
	}
	return nil
}

// texts is a row of texts.
type texts []string

func (texts) Int64(int) int64 { return 1 }

func (r texts) Text(column int) string {
	if column < len(r) {
		return r[column]
	}
	return ""
}

// always ends every commit in the same way.
func always(happened bool, kind store.Fault) func(int, []string) (bool, error) {
	return func(int, []string) (bool, error) { return happened, faulty{kind} }
}

// first ends the first commit in that way, and lets the others through.
func first(happened bool, kind store.Fault) func(int, []string) (bool, error) {
	return func(run int, _ []string) (bool, error) {
		if run == 1 {
			return happened, faulty{kind}
		}
		return true, nil
	}
}

// What becomes of two members, one with a key and one without, by how their commit ends.
func TestCommitEnds(t *testing.T) {
	t.Parallel()
	const again = -1
	tests := []struct {
		name      string
		ends      func(int, []string) (bool, error)
		acked     string // k with, n without a key
		runs      int    // again: as often as there is time for
		committed []string
		broken    bool
	}{
		{"well", func(int, []string) (bool, error) { return true, nil }, "kn", 1, []string{"k", "n"}, false},
		{"busy once", first(false, store.FaultBusy), "kn", 2, []string{"k", "n"}, false},
		{"busy for ever", always(false, store.FaultBusy), "", store.MaxBusyRuns + 1, nil, false},
		{"full", always(false, store.FaultResource), "", 1, nil, false},
		{"not flushed", always(false, store.FaultFlush), "", 1, nil, true},
		{"unknown, and it had happened", first(true, store.FaultUnknown), "k", 2, []string{"k", "n"}, false},
		{"unknown, and it had not", first(false, store.FaultUnknown), "k", 2, []string{"k"}, false},
		{"unknown for ever", always(false, store.FaultUnknown), "", again, nil, false},
		{"a constraint over all of n", func(_ int, names []string) (bool, error) {
			if slices.Contains(names, "n") {
				return false, faulty{store.FaultMember}
			}
			return true, nil
		}, "k", 3, []string{"k"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			engine := &scripted{ends: func(int, []string) (bool, error) { return true, nil }}
			s := newStore(t, engine)
			defer s.Close()
			release := hold(t, s)
			withKey, without := handIn(t, s, "k", "key"), handIn(t, s, "n", "")
			engine.runs, engine.ends = 0, func(run int, names []string) (bool, error) {
				if run == 0 { // of the one that held the writer up
					return true, nil
				}
				return test.ends(run, names)
			}
			release()
			acked := ackedName(t, "k", <-withKey) + ackedName(t, "n", <-without)
			broken := s.Health() != nil
			asWanted := engine.runs == test.runs || test.runs == again && engine.runs > 2
			if acked != test.acked || !asWanted || broken != test.broken {
				t.Errorf("acknowledged %q, %d runs, broken %v, want %q, %d, %v", acked, engine.runs, broken, test.acked, test.runs, test.broken)
			}
			if diff := cmp.Diff(test.committed, engine.committed); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			if test.broken {
				_, err := s.Write(t.Context(), "", keep("later"))
				if checkUnavailable(t, err); engine.runs != test.runs {
					t.Error("it went on writing")
				}
			}
		})
	}
}

// Who was refused in a batch of which nobody knows whether it was stored, is: nothing of it can be.
func TestRefusalIsNoUnknownCommit(t *testing.T) {
	t.Parallel()
	engine := &scripted{ends: func(int, []string) (bool, error) { return true, nil }}
	s := newStore(t, engine)
	defer s.Close()
	release := hold(t, s)
	stored := handIn(t, s, "k", "key")
	refused := make(chan error, 1)
	go func() {
		_, err := s.Write(context.Background(), "", func(store.Tx) error { return forum.ErrNotFound })
		refused <- err
	}()
	waitFor(t, "both wait", func() bool { return s.Waiting() == 2 })
	engine.runs, engine.ends = 0, func(run int, _ []string) (bool, error) { // 0 is the one that held the writer up
		if run == 1 {
			return true, faulty{store.FaultUnknown}
		}
		return true, nil
	}
	release()
	if err := <-refused; !errors.Is(err, forum.ErrNotFound) {
		t.Errorf("refused, and told: %v", err)
	}
	if err := <-stored; err != nil || engine.runs != 2 {
		t.Errorf("told %v after %d runs", err, engine.runs)
	}
}

// wide is a scripted engine of several lanes.
type wide struct{ *scripted }

func (wide) Lanes() int { return 3 }

// A write in a lane of its own is one that is being written.
func TestWritingInAnyLane(t *testing.T) {
	t.Parallel()
	s := newStore(t, wide{&scripted{ends: func(int, []string) (bool, error) { return true, nil }}})
	defer s.Close()
	release := hold(t, s)
	if s.Writing() == 0 {
		t.Error("nothing is said to be written")
	}
	release()
	waitFor(t, "it is written", func() bool { return s.Writing() == 0 })
}

// handIn hands in a member that stores name, while the writer is held up.
func handIn(tb testing.TB, s *store.Store, name, key string) <-chan error {
	tb.Helper()
	before, answer := s.Waiting(), make(chan error, 1)
	go func() {
		_, err := s.Write(context.Background(), key, keep(name))
		answer <- err
	}()
	waitFor(tb, "the member waits", func() bool { return s.Waiting() > before })
	return answer
}

// ackedName is name where it was acknowledged; otherwise the answer must be one to come back after.
func ackedName(tb testing.TB, name string, err error) string {
	tb.Helper()
	if err == nil {
		return name
	}
	if errors.As(err, new(faulty)) && forum.KindOf(err) == forum.Internal {
		return "" // its own fault
	}
	checkUnavailable(tb, err)
	return ""
}
