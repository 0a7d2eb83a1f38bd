package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
)

// chaining is an engine that keeps names instead of rows, and asks for the next transaction when it is told to.
type chaining struct {
	Engine
	nearly chan struct{}
	ends   []error  // of transactions in turn, then nil
	stored []string // names, in order
	behind int      // transactions that were not the first of their chain
	asked  int      // transactions that asked for what they rest on
	early  bool     // the first one ends before it asks for the next
}

var errEnd, errRaced = errors.New("ends so"), errors.New("another process made the same row")

func (*chaining) Lanes() int                                            { return 2 }
func (*chaining) Reconnected() int64                                    { return 0 }
func (e *chaining) Write(_ context.Context, run func(Conn) error) error { return e.end(e.run(run)) }

func (*chaining) Fault(err error) Fault {
	if errors.Is(err, errRaced) {
		return FaultRaced
	}
	return FaultMember
}

func (e *chaining) WriteChain(first *Link, next func() *Link) {
	for at := first; at != nil; {
		names, err := e.run(at.Run)
		<-e.nearly
		var behind *Link
		if !e.early {
			behind = next()
		}
		e.early = false
		err = e.end(names, err)
		at.Done(err)
		if at = behind; at != nil {
			e.behind++
		}
		if at != nil && err != nil {
			_, _ = e.run(at.Run)
			at.Done(ErrBehind)
			return
		}
	}
}

func (e *chaining) run(run func(Conn) error) ([]string, error) {
	conn := &naming{}
	err := run(conn)
	if conn.asked {
		e.asked++
	}
	return conn.names, err
}

func (e *chaining) end(names []string, err error) error {
	if len(e.ends) > 0 {
		err = errors.Join(err, e.ends[0])
		e.ends = e.ends[1:]
	}
	if err == nil {
		e.stored = append(e.stored, names...)
	}
	return err
}

// naming is a transaction of it.
type naming struct {
	Conn
	names []string
	asked bool
}

func (*naming) Expect(...Many) {}

func (n *naming) QueryMany(...Many) error {
	n.asked = true
	return nil
}

func (n *naming) Query(string, []any, func(Row) error) error { return nil }

func (n *naming) Later(_ string, args ...any) error {
	n.names = append(n.names, args[0].(string))
	return nil
}

// Who comes while a batch is on its way is decided meanwhile, and sent behind it; where that one fails,
// or something must be read first, they are decided anew. Each is stored once, or told why not.
func TestBehind(t *testing.T) {
	t.Parallel()
	late := &forum.Error{Kind: forum.NotFound, Message: "not there"}
	reading := func(t *tx) (forum.Receipt, error) {
		if err := t.conn.Query("", nil, nil); err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{}, t.later("", "c")
	}
	panicking := func(t *tx) (forum.Receipt, error) {
		if _, ahead := t.conn.(*recorder); ahead {
			panic("only ahead")
		}
		return forum.Receipt{}, t.later("", "c")
	}
	refused := func(*tx) (forum.Receipt, error) { return forum.Receipt{}, late }
	for _, tt := range []struct {
		name   string
		third  func(*tx) (forum.Receipt, error)
		ends   []error
		errs   [3]error
		stored []string
		behind int
		runs   int // of the second
	}{
		{"well", nil, nil, [3]error{}, []string{"a", "b", "c"}, 1, 1},
		{"the first fails", nil, []error{errEnd}, [3]error{errEnd}, []string{"b", "c"}, 1, 2},
		{"the first fails, and early", nil, []error{errEnd}, [3]error{errEnd}, []string{"b", "c"}, 0, 2},
		{"the second fails, and again one by one", nil, []error{nil, errEnd, errEnd, errEnd}, [3]error{nil, errEnd, errEnd}, []string{"a"}, 1, 2},
		{"one is refused", refused, nil, [3]error{nil, nil, late}, []string{"a", "b"}, 1, 1},
		{"one must read", reading, nil, [3]error{}, []string{"a", "b", "c"}, 0, 2},
		{"one panics", panicking, nil, [3]error{}, []string{"a", "b", "c"}, 0, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			engine := &chaining{nearly: make(chan struct{}), ends: tt.ends, early: tt.name == "the first fails, and early"}
			closing, stop := context.WithCancel(t.Context())
			c := newCombiner(closing, engine, forum.SystemClock{})
			go c.loop()
			answers := [3]chan error{}
			hand := func(i int, run func(*tx) (forum.Receipt, error)) {
				if run == nil {
					run = func(t *tx) (forum.Receipt, error) { return forum.Receipt{}, t.later("", string(rune('a'+i))) }
				}
				answers[i] = make(chan error, 1)
				handed := c.handedIn.Load()
				go func() {
					_, err := c.write(t.Context(), &member{run: run})
					answers[i] <- err
				}()
				for c.handedIn.Load() == handed {
					time.Sleep(100 * time.Microsecond)
				}
			}
			waiting := func(n int) {
				for c.queue.len() != n {
					time.Sleep(100 * time.Microsecond)
				}
			}
			hand(0, nil)
			waiting(0)
			runs := 0
			hand(1, func(t *tx) (forum.Receipt, error) { runs++; return forum.Receipt{}, t.later("", "b") })
			waiting(1)
			hand(2, tt.third)
			waiting(2)
			close(engine.nearly)
			for i, answer := range answers {
				if err := <-answer; !errors.Is(err, tt.errs[i]) || err != nil && tt.errs[i] == nil {
					t.Errorf("member %d got %v, want %v", i, err, tt.errs[i])
				}
			}
			stop()
			<-c.stopped
			if runs != tt.runs {
				t.Errorf("the second was run %d times, want %d", runs, tt.runs)
			}
			if diff := cmp.Diff(tt.stored, engine.stored); diff != "" || engine.behind != tt.behind {
				t.Errorf("%d behind, want %d; stored (-want +got):\n%s", engine.behind, tt.behind, diff)
			}
		})
	}
}

// What is decided ahead rests on a thread as it is remembered, not as it is left.
func TestAheadExpectsWhatIsRemembered(t *testing.T) {
	q := newQueue(forum.SystemClock{}, true)
	q.remember(&forum.Thread{ID: 7, Version: 3, Rev: 1}, 0)
	q.leave(newTx(nil, nil), 0)
	touching := &member{change: forum.Change{Thread: 7, ThreadRev: 1}, run: func(t *tx) (forum.Receipt, error) {
		t.touch(t.threads[7])
		return forum.Receipt{}, nil
	}}
	q.add(touching)
	q.add(touching)
	batch, ahead := q.take(nil)
	conn := &expecting{}
	if ahead == nil || ahead.on(conn, batch) != nil {
		t.Fatal("they are not decided ahead")
	}
	if diff := cmp.Diff([]any{forum.ThreadID(7), int64(3), int64(1)}, conn.last); diff != "" || ahead.tx.threads[7].Version != 5 {
		t.Errorf("left at version %d, want 5; expected (-want +got):\n%s", ahead.tx.threads[7].Version, diff)
	}
}

// Where a batch is sent behind another one it is half of those inside, so that the others are worked on
// meanwhile; sixteen may always go, and all where each batch is waited for.
func TestHalfGoAhead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		behind                bool
		inside, waiting, want int
	}{
		{true, 3, 2, 2},
		{true, 18, 18, fewest},
		{true, 50, 49, 25},
		{true, 51, 20, 20},
		{true, 2000, 1900, maxBatchMembers},
		{false, 50, 49, 49},
	} {
		q := newQueue(forum.SystemClock{}, tt.behind)
		if tt.behind {
			q.leave(newTx(nil, nil), 0)
		}
		q.inside.Store(int64(tt.inside))
		for range tt.waiting {
			q.add(&member{run: func(*tx) (forum.Receipt, error) { return forum.Receipt{}, nil }})
		}
		batch, ahead := q.take(nil)
		if len(batch) != tt.want || q.len() != tt.waiting-tt.want || tt.behind != (ahead != nil && ahead.members == tt.want) {
			t.Errorf("of %d inside and %d who wait %d go and %d are left, want %d to go (decided ahead: %v)",
				tt.inside, tt.waiting, len(batch), q.len(), tt.want, ahead != nil)
		}
	}
}

// What fails on a guess is asked for before anybody is told: that nobody made a row yet, such as that of a
// key, is guessed as well.
func TestFailedGuessAsks(t *testing.T) {
	t.Parallel()
	guessing := func(conn Conn) bool { return !conn.(*naming).asked }
	for _, tt := range []struct {
		name string
		ends []error
		run  func(Conn) error
	}{
		{"a row is there", []error{errRaced}, func(Conn) error { return nil }},
		{"a member's statement fails", nil, func(conn Conn) error {
			if guessing(conn) {
				return errEnd
			}
			return nil
		}},
	} {
		engine := &chaining{nearly: make(chan struct{}), ends: tt.ends}
		close(engine.nearly)
		closing, stop := context.WithCancel(t.Context())
		c := newCombiner(closing, engine, forum.SystemClock{})
		go c.loop()
		_, err := c.write(t.Context(), &member{run: func(t *tx) (forum.Receipt, error) {
			if err := tt.run(t.conn); err != nil {
				return forum.Receipt{}, err
			}
			return forum.Receipt{}, t.conn.Later("", "a")
		}})
		stop()
		<-c.stopped
		if diff := cmp.Diff([]string{"a"}, engine.stored); err != nil || diff != "" || engine.asked != 1 {
			t.Errorf("%s: %v, asked %d times, want once; stored (-want +got):\n%s", tt.name, err, engine.asked, diff)
		}
	}
}

// A thread that was read is remembered, unless it is known as it is now, or the read may be of another database.
func TestRemember(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		known, version int64
		reconnected    int64
		want           int64
	}{
		{"not known yet", 0, 3, 5, 3},
		{"changed since", 3, 4, 5, 4},
		{"read before the last change", 3, 2, 5, 3},
		{"read before the connection", 0, 3, 4, 0},
	} {
		q := newQueue(forum.SystemClock{}, true)
		q.guesses.since = 5
		if tt.known != 0 {
			q.guesses.put(&thread{Thread: forum.Thread{ID: 7, Version: tt.known}})
		}
		q.remember(&forum.Thread{ID: 7, Version: tt.version}, tt.reconnected)
		var got int64
		if known := q.guesses.threads[7]; known != nil {
			got = known.Version
		}
		if got != tt.want {
			t.Errorf("%s: remembered version %d, want %d", tt.name, got, tt.want)
		}
	}
	newQueue(forum.SystemClock{}, false).remember(&forum.Thread{ID: 7}, 0) // where every batch asks
}
