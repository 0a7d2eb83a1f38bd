package sqlite_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/sqlite/faultvfs"
)

// openFiles is how many files this process has open.
func openFiles(tb testing.TB) int {
	tb.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		tb.Fatal(err)
	}
	return len(entries)
}

// Every call that opening makes of the disk fails once: opening fails or succeeds, and leaves
// nothing behind; then it succeeds.
func TestEveryCallOfOpeningFailsOnce(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	before := openFiles(t)
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			folder := seeded(t)
			failed := 0
			for n := int64(1); ; n++ {
				disk := faultvfs.New()
				f := &nth{ops: fault.ops, err: fault.err}
				f.left.Store(n)
				disk.Inject(f.fault)
				c, err := tryOpen(t.Context(), folder, sqlite.Options{VFS: disk.Name(), Readers: 1})
				if err == nil {
					_ = c.store.Close()
				} else {
					failed++
				}
				disk.Close()
				if !f.fired.Load() {
					break
				}
			}
			c := open(t, folder, sqlite.Options{})
			c.sound(t)
			c.close(t)
			t.Logf("opening failed %d times", failed)
		})
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, there were %d", after, before)
	}
	goleak.VerifyNone(t, leaks)
}

// Whatever fails while many write, Close leaves nothing running and nothing open.
func TestCloseAfterFaults(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	before := openFiles(t)
	for _, fault := range faults {
		disk := faultvfs.New()
		c := open(t, seeded(t), smallLog(disk))
		all := members(t, c, 1)
		for n := range int64(10) {
			f := &nth{ops: fault.ops, err: fault.err}
			f.left.Store(10 + 20*n)
			disk.Inject(f.fault)
			work(t.Context(), all, 10)
		}
		_ = c.store.Close()
		disk.Close()
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, there were %d", after, before)
	}
	goleak.VerifyNone(t, leaks)
}
