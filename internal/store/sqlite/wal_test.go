package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/sqlite/faultvfs"
)

const (
	framePage = 4096 + 24 // bytes of a page in the log
	batchMost = 300       // pages that one batch of these tests may touch
)

// logSize is the size of the log's file.
func logSize(tb testing.TB, folder string) int64 {
	tb.Helper()
	info, err := os.Stat(filepath.Join(folder, databaseName+"-wal"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		tb.Fatal(err)
	}
	return info.Size()
}

// The log stays within its bound while many write and read, and is empty after Close.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	const full = 300
	disk := faultvfs.New()
	defer disk.Close()
	var logged, begun, greatest atomic.Int64
	disk.Inject(func(call faultvfs.Call) error {
		if call.Op == faultvfs.Write && call.File == faultvfs.Log {
			logged.Add(int64(len(call.Data)))
			greatest.Store(max(greatest.Load(), call.Offset))
			if call.Offset == 0 {
				begun.Add(1)
			}
		}
		return nil
	})
	folder := seeded(t)
	c := open(t, folder, sqlite.Options{VFS: disk.Name()}.Log(50, full, 100_000))
	ctx, stop := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			for ctx.Err() == nil {
				_, _ = c.ThreadPage(ctx, forum.Actor{}, 1, forum.PageAt{Last: true})
			}
		})
	}
	work(t.Context(), members(t, c, rand.Uint64()), 200)
	stop()
	reading.Wait()
	t.Logf("%d KiB logged, the log began %d times and was %d KiB at most", logged.Load()>>10, begun.Load(), greatest.Load()>>10)
	// Readers are waited for, but not for long: a slow machine takes more than one attempt.
	if most := int64((4*full + batchMost) * framePage); greatest.Load() > most {
		t.Errorf("the log had %d bytes, want %d at most", greatest.Load(), most)
	}
	if logged.Load() < 5*full*framePage || begun.Load() < 3 {
		t.Errorf("%d bytes are too few to show that it is bounded", logged.Load())
	}
	c.sound(t)
	c.close(t)
	if size := logSize(t, folder); size != 0 {
		t.Errorf("after Close the log has %d bytes", size)
	}
}

// readForEver reads one moment of the file until it is aborted.
func readForEver(engine *sqlite.Engine, began chan<- struct{}) error {
	nothing := func(store.Row) error { return nil }
	return engine.ReadLong(context.Background(), func(conn store.Conn) error {
		err := conn.Query(`SELECT count(*) FROM posts`, nil, nothing)
		close(began)
		return errors.Join(err, conn.Query(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n`, nil, nothing))
	})
}

// A read that takes for ever is aborted when the log has grown to its last bound, and not before;
// who writes never fails. Then the log is short again.
func TestLongReadIsAborted(t *testing.T) {
	t.Parallel()
	const full, hard = 100, 2000
	folder := seeded(t)
	c := open(t, folder, sqlite.Options{}.Log(50, full, hard))
	defer c.close(t)
	began, aborted := make(chan struct{}), make(chan error, 1)
	go func() { aborted <- readForEver(c.engine, began) }()
	<-began
	actor := c.actor(t, "person0")
	commits, grown := 0, int64(0)
	for ; len(aborted) == 0 && commits < 5000; commits++ {
		if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: fmt.Sprint("post ", commits)}); err != nil {
			t.Fatalf("post %d: %v", commits, err)
		}
		grown = max(grown, logSize(t, folder))
	}
	if err := <-aborted; !errors.Is(err, sqlite.ErrAborted) {
		t.Fatalf("the long read got %v after %d commits", err, commits)
	}
	t.Logf("aborted after %d commits, the log at %d KiB", commits, grown>>10)
	if least := int64(hard * framePage); grown < least || grown > 2*least {
		t.Errorf("aborted when the log had %d bytes, want %d", grown, least)
	}
	eventually(t, "the log is short again", func() bool {
		if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: "later"}); err != nil {
			t.Fatal(err)
		}
		return logSize(t, folder) < (full+batchMost)*framePage
	})
	c.sound(t)
}

// A long read sees one moment, however much is written meanwhile.
func TestLongReadSeesOneMoment(t *testing.T) {
	t.Parallel()
	c := open(t, seeded(t), sqlite.Options{}.Log(50, 100, 100_000))
	defer c.close(t)
	count := func(conn store.Conn) (n int64) {
		err := conn.Query(`SELECT count(*) FROM posts`, nil, func(row store.Row) error {
			n = row.Int64(0)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return n
	}
	err := c.engine.ReadLong(t.Context(), func(conn store.Conn) error {
		before := count(conn)
		work(t.Context(), members(t, c, rand.Uint64()), 50)
		if after := count(conn); after != before {
			t.Errorf("first %d posts, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	c.sound(t)
}

// Of two long reads the older is aborted first.
func TestOldestLongReadIsAborted(t *testing.T) {
	t.Parallel()
	c := open(t, seeded(t), sqlite.Options{}.Log(50, 100, 300))
	type ended struct {
		which int
		err   error
	}
	ends := make(chan ended, 2)
	for which := range 2 {
		began := make(chan struct{})
		go func() { ends <- ended{which, readForEver(c.engine, began)} }()
		<-began
		time.Sleep(time.Millisecond)
	}
	actor := c.actor(t, "person0")
	for i := range 5000 {
		if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: fmt.Sprint("post ", i)}); err != nil {
			t.Fatal(err)
		}
		if len(ends) > 0 {
			break
		}
	}
	if first := <-ends; first.which != 0 || !errors.Is(first.err, sqlite.ErrAborted) {
		t.Errorf("read %d ended first, with %v", first.which, first.err)
	}
	c.close(t)
	if second := <-ends; second.err == nil {
		t.Error("an endless read came to its end")
	}
}

// Close does not wait for a long read to come to its end.
func TestCloseEndsLongReads(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	c := open(t, folder, sqlite.Options{})
	began, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- readForEver(c.engine, began) }()
	<-began
	c.close(t)
	if err := <-ended; err == nil || errors.Is(err, sqlite.ErrAborted) {
		t.Errorf("the long read ended with %v", err)
	}
	if size := logSize(t, folder); size != 0 {
		t.Errorf("after Close the log has %d bytes", size)
	}
}

// A long read in another process, which the writer cannot abort, sees for itself that it must go.
func TestLongReadBesideTheServer(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	options := sqlite.Options{}.Log(50, 100, 500)
	c, other := open(t, folder, options), open(t, folder, options)
	defer c.close(t)
	defer other.close(t)
	began, aborted := make(chan struct{}), make(chan error, 1)
	go func() { aborted <- readForEver(other.engine, began) }()
	<-began
	actor := c.actor(t, "person0")
	eventually(t, "the long read is aborted", func() bool {
		if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: "beside"}); err != nil {
			t.Fatal(err)
		}
		return len(aborted) > 0
	})
	if err := <-aborted; !errors.Is(err, sqlite.ErrAborted) {
		t.Error(err)
	}
	c.sound(t)
}

// While one process works on the file, others come and go: the log is not taken from under it.
func TestOthersComeAndGo(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	c := open(t, folder, sqlite.Options{}.Log(20, 60, 1000))
	defer c.close(t)
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	others.Go(func() {
		for ctx.Err() == nil {
			other := open(t, folder, sqlite.Options{Readers: 1})
			if _, err := other.store.Verify(t.Context(), func(store.Progress) {}); err != nil {
				t.Errorf("verify beside the server: %v", err)
			}
			other.close(t)
		}
	})
	all := members(t, c, rand.Uint64())
	work(t.Context(), all, 60)
	stop()
	others.Wait()
	for _, m := range all {
		if m.unknown != nil {
			t.Errorf("no answer to %s", m.unknown.key)
		}
		m.check(t, c)
	}
	c.sound(t)
}
