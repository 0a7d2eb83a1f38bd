package sqlite_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/forum"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/sqlite/faultvfs"
)

// errTrap is a fault that is none of SQLite's: its binding, or what is under it, panics.
var errTrap = errors.New("trap")

// faults are what a disk and a machine do to a call.
var faults = []struct {
	name string
	ops  []faultvfs.Op
	err  error
}{
	{"full", []faultvfs.Op{faultvfs.Write, faultvfs.Extend}, sqlite3.FULL},
	{"write", []faultvfs.Op{faultvfs.Write}, sqlite3.IOERR_WRITE},
	{"short write", []faultvfs.Op{faultvfs.Write}, faultvfs.Short{Err: sqlite3.IOERR_WRITE}},
	{"read", []faultvfs.Op{faultvfs.Read}, sqlite3.IOERR_READ},
	{"truncate", []faultvfs.Op{faultvfs.Truncate}, sqlite3.IOERR_TRUNCATE},
	{"open", []faultvfs.Op{faultvfs.Open}, sqlite3.CANTOPEN},
	{"no memory", []faultvfs.Op{faultvfs.Open, faultvfs.Read, faultvfs.Write, faultvfs.Truncate, faultvfs.Extend}, sqlite3.NOMEM},
	{"trap", []faultvfs.Op{faultvfs.Read, faultvfs.Write, faultvfs.Extend}, errTrap},
	{"flush", []faultvfs.Op{faultvfs.Flush}, sqlite3.IOERR_FSYNC},
}

// nth fails the nth of the calls that ops names, once.
type nth struct {
	ops   []faultvfs.Op
	err   error
	left  atomic.Int64
	fired atomic.Bool
}

func (f *nth) fault(call faultvfs.Call) error {
	if !slices.Contains(f.ops, call.Op) || f.left.Add(-1) != 0 {
		return nil
	}
	f.fired.Store(true)
	if f.err == errTrap {
		panic(errTrap)
	}
	return f.err
}

// smallLog has everything that happens to a log happen within a few writes.
func smallLog(disk *faultvfs.VFS) sqlite.Options {
	return sqlite.Options{VFS: disk.Name(), Readers: 2}.Log(10, 40, 1000)
}

// Every call that writes and reads make of the disk fails once. What had an answer is done,
// what had none is done or not, wholly; when the fault is gone everything works again, without a
// restart. Only a failed flush stops the writing.
func TestEveryCallFailsOnce(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			disk := faultvfs.New()
			defer disk.Close()
			folder := seeded(t)
			c := open(t, folder, smallLog(disk))
			m := members(t, c, 1)[0]
			fired := 0
			for n := int64(1); ; n += stride() {
				f := &nth{ops: fault.ops, err: fault.err}
				f.left.Store(n)
				disk.Inject(f.fault)
				sweep(t, m)
				disk.Inject(nil)
				if !f.fired.Load() {
					break
				}
				fired++
				if fault.name == "flush" {
					checkStopped(t, m)
					_ = c.store.Close()
					c = open(t, folder, smallLog(disk))
					m.c = c
				}
				if m.unknown != nil && fault.ops[0] == faultvfs.Write {
					checkUnavailable(t, m.unknown.err)
				}
				m.check(t, c)
				m.retry(t, c)
				if fired%20 == 0 {
					c.sound(t)
				}
				if t.Failed() {
					t.Fatalf("the call was number %d", n)
				}
			}
			c.sound(t)
			c.close(t)
			t.Logf("%d calls failed", fired)
		})
	}
}

// stride passes some calls over where time is short.
func stride() int64 {
	if testing.Short() {
		return 7
	}
	return 1
}

// sweep does a few of each thing, until one has no answer.
func sweep(t *testing.T, m *member) {
	for range 12 {
		if !m.step(t.Context()) {
			return
		}
	}
}

// checkStopped checks that nothing is written any more, that everybody is told so at once, and
// that reading goes on.
func checkStopped(tb testing.TB, m *member) {
	tb.Helper()
	began := time.Now()
	_, err := m.c.CreatePost(tb.Context(), m.actor, forum.NewPost{Thread: 1, Body: "after the flush failed"})
	checkUnavailable(tb, err)
	if took := time.Since(began); took > 5*time.Second {
		tb.Errorf("the answer took %v", took)
	}
	if m.c.store.Health() == nil {
		tb.Error("the store says that it is well")
	}
	if bodies, _ := index(m.c.stored(tb)); bodies["after the flush failed"] != 0 {
		tb.Error("it is written all the same")
	}
	if _, err := m.c.ThreadPage(tb.Context(), m.actor, 1, forum.PageAt{Last: true}); err != nil {
		tb.Errorf("reading: %v", err)
	}
}

func checkUnavailable(tb testing.TB, err error) {
	tb.Helper()
	var e *forum.Error
	if !errors.As(err, &e) || e.Kind != forum.Unavailable || e.RetryAfter == 0 {
		tb.Errorf("got %v, want Unavailable and when to come back", err)
	}
}
