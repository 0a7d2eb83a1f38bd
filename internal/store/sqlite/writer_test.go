package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/sqlite/faultvfs"
)

// The disk is full for a while, in the middle of batches: whoever has no answer comes back later
// and is served; reading goes on.
func TestDiskFullForAWhile(t *testing.T) {
	t.Parallel()
	disk := faultvfs.New()
	defer disk.Close()
	c := open(t, seeded(t), smallLog(disk))
	defer c.close(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	all := members(t, c, seed)
	unanswered := 0
	for round := range 30 {
		var left atomic.Int64
		left.Store(rand.Int64N(100))
		disk.Inject(func(call faultvfs.Call) error {
			if (call.Op == faultvfs.Write || call.Op == faultvfs.Extend) && left.Add(-1) < 0 {
				return sqlite3.FULL
			}
			return nil
		})
		work(t.Context(), all, 20)
		if page, err := c.ThreadPage(t.Context(), forum.Actor{}, 1, forum.PageAt{}); err != nil || len(page.Posts) == 0 {
			t.Errorf("reading while the disk is full: %v", err)
		}
		disk.Inject(nil)
		for _, m := range all {
			m.check(t, c)
			if m.unknown != nil {
				checkUnavailable(t, m.unknown.err)
				unanswered++
			}
			m.retry(t, c)
		}
		if c.store.Health() != nil || t.Failed() {
			t.Fatalf("round %d: %v", round, c.store.Health())
		}
	}
	c.sound(t)
	if t.Logf("%d had no answer", unanswered); unanswered == 0 {
		t.Error("the disk was never full")
	}
}

// A flush fails while many write: all of them are told, nothing is written any more, and what
// was acknowledged is there after the next start, also where the power goes before.
func TestFailedFlush(t *testing.T) {
	t.Parallel()
	for _, file := range []faultvfs.Kind{faultvfs.Log, faultvfs.Database} {
		t.Run(file.String(), func(t *testing.T) {
			t.Parallel()
			for range 10 {
				failedFlush(t, file)
			}
		})
	}
}

func failedFlush(t *testing.T, file faultvfs.Kind) {
	disk := faultvfs.New()
	defer disk.Close()
	c := open(t, seeded(t), smallLog(disk))
	all := members(t, c, rand.Uint64())
	var left atomic.Int64
	left.Store(1 + rand.Int64N(5))
	disk.Inject(func(call faultvfs.Call) error {
		if call.Op == faultvfs.Flush && call.File == file && left.Add(-1) == 0 {
			return sqlite3.IOERR_FSYNC
		}
		return nil
	})
	work(t.Context(), all, 200)
	for _, m := range all {
		if m.unknown == nil {
			t.Error("somebody writes on")
		}
	}
	checkStopped(t, all[0])
	survivors := disk.Cut(rand.New(rand.NewPCG(rand.Uint64(), 0)), faultvfs.LoseAll)
	_ = c.store.Close()
	folder := t.TempDir()
	if err := survivors.Restore(folder); err != nil {
		t.Fatal(err)
	}
	c = open(t, folder, sqlite.Options{})
	defer c.close(t)
	for _, m := range all {
		m.check(t, c)
		m.retry(t, c)
	}
	c.sound(t)
}

// SQLite's binding panics in the middle of a commit: nobody knows whether it happened. Who has a
// key is served all the same, and once; who has none is told so.
func TestPanicInCommit(t *testing.T) {
	t.Parallel()
	for _, op := range []faultvfs.Op{faultvfs.Write, faultvfs.Flush} {
		for _, key := range []string{"", "key"} {
			panicInCommit(t, op, key)
		}
	}
}

func panicInCommit(t *testing.T, op faultvfs.Op, key string) {
	disk := faultvfs.New()
	defer disk.Close()
	c := open(t, seeded(t), sqlite.Options{VFS: disk.Name()})
	defer c.close(t)
	actor := c.actor(t, "person0")
	var panicked atomic.Bool
	disk.Inject(func(call faultvfs.Call) error {
		if call.Op == op && call.File == faultvfs.Log && panicked.CompareAndSwap(false, true) {
			panic(errTrap)
		}
		return nil
	})
	_, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: "body", Key: key})
	if key == "" {
		checkUnavailable(t, err)
	} else if err != nil {
		t.Errorf("with a key: %v", err)
	}
	if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: "later"}); err != nil {
		t.Errorf("later: %v", err)
	}
	if bodies, _ := index(c.stored(t)); bodies["body"] > 1 || key != "" && bodies["body"] != 1 {
		t.Errorf("stored %d times", bodies["body"])
	}
	c.sound(t)
}

// fleeting is a context that ends, and is as new after it has said so.
type fleeting struct {
	context.Context
	asked, ends int
}

func (f *fleeting) Err() error {
	if f.asked++; f.asked == f.ends {
		return context.Canceled
	}
	return nil
}

// One statement among those of fifty people is interrupted: all get through.
func TestInterruptedStatement(t *testing.T) {
	t.Parallel()
	c := open(t, seeded(t), sqlite.Options{})
	defer c.close(t)
	actor := c.actor(t, "person0")
	thread, err := c.Thread(t.Context(), actor, 1)
	if err != nil {
		t.Fatal(err)
	}
	var interrupted atomic.Int64
	var running sync.WaitGroup
	for i := range 50 {
		running.Go(func() {
			change := forum.Change{Actor: forum.UserID(2 + i%people), Role: forum.Member, Category: thread.CategoryID, Thread: 1, ThreadRev: thread.Rev}
			kind := forum.ReactionKinds[i%len(forum.ReactionKinds)].Kind
			_, err := c.store.React(t.Context(), change, 1, kind, func(*forum.Thread, *forum.Post) error {
				if i == 20 && interrupted.Add(1) == 1 {
					c.engine.InterruptWriter(&fleeting{Context: context.Background(), ends: 2})
				}
				return nil
			})
			if err != nil {
				t.Errorf("person %d: %v", i, err)
			}
		})
	}
	running.Wait()
	if interrupted.Load() < 2 {
		t.Error("nothing was interrupted and run again")
	}
	c.sound(t)
}

// SQLite ends a transaction by itself where a long statement is interrupted, or the disk is full.
// What the transaction does afterwards must not be committed alone.
func TestTransactionEndedBySQLite(t *testing.T) {
	t.Parallel()
	const fill = `INSERT INTO settings (key, value) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT 'row ' || i, printf('%0500d', i) FROM n`
	disk := faultvfs.New()
	defer disk.Close()
	c := open(t, seeded(t), smallLog(disk))
	defer c.close(t)
	var full atomic.Bool
	disk.Inject(func(call faultvfs.Call) error {
		if full.Load() && call.Op == faultvfs.Write {
			return sqlite3.FULL
		}
		return nil
	})
	tests := []struct {
		name string
		ends func()
		want error
	}{
		{"interrupted", func() { c.engine.InterruptWriter(&fleeting{Context: context.Background(), ends: 50}) }, sqlite3.INTERRUPT},
		{"full", func() { full.Store(true) }, sqlite3.FULL}, // the statement outgrows the cache
	}
	for _, test := range tests {
		err := c.engine.Write(t.Context(), func(tx store.Conn) error {
			if _, err := tx.Exec(`INSERT INTO settings (key, value) VALUES ('before', '')`); err != nil {
				return err
			}
			test.ends()
			if _, err := tx.Exec(fill); err == nil {
				t.Errorf("%s: the statement goes through", test.name)
			}
			full.Store(false)
			_, _ = tx.Exec(`INSERT INTO settings (key, value) VALUES ('after', '')`)
			return nil // and the error is forgotten
		})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if n := c.count(t, `settings WHERE key IN ('before', 'after') OR key LIKE 'row %'`); n != 0 {
			t.Errorf("%s: %d rows of it are stored", test.name, n)
		}
	}
	if err := c.engine.Write(t.Context(), func(tx store.Conn) error {
		_, err := tx.Exec(`INSERT INTO settings (key, value) VALUES ('later', '')`)
		return err
	}); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
	c.sound(t)
}

// What a transaction has brought to the log, and was rolled back, must not come up again when
// somebody else has committed at the same place.
func TestRolledBackBesideAnotherProcess(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	c, other := open(t, folder, sqlite.Options{}), open(t, folder, sqlite.Options{})
	defer other.close(t)
	actor := c.actor(t, "person0")
	errEnough := errors.New("enough")
	const rounds = 30
	for i := range rounds {
		err := c.engine.Write(t.Context(), func(tx store.Conn) error {
			_, smallErr := tx.Exec(`PRAGMA cache_size = 10`) // pages go to the log before there are many
			_, fillErr := tx.Exec(`INSERT INTO settings (key, value)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT 'row ' || i, printf('%03900d', i) FROM n`, 10*i)
			return errors.Join(smallErr, fillErr, errEnough)
		})
		if !errors.Is(err, errEnough) {
			t.Fatal(err)
		}
		for _, who := range []*community{other, c, other} {
			if _, err := who.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: fmt.Sprint("post ", i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.close(t)
	if n := other.count(t, `posts WHERE body LIKE 'post %'`); n != 3*rounds {
		t.Errorf("%d posts, want %d", n, 3*rounds)
	}
	other.sound(t)
}

// count counts rows.
func (c *community) count(tb testing.TB, rows string) int64 {
	tb.Helper()
	var n int64
	err := c.engine.Read(tb.Context(), store.Query{Text: `SELECT count(*) FROM ` + rows, Each: func(row store.Row) error {
		n = row.Int64(0)
		return nil
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// A reader who gives up in the middle of a page leaves no snapshot open: the next one on the same
// connection sees the present, and the log can be emptied.
func TestReaderGivesUp(t *testing.T) {
	t.Parallel()
	c := open(t, seeded(t), sqlite.Options{Readers: 1})
	defer c.close(t)
	actor := c.actor(t, "person0")
	for i := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		giveUp := store.Query{Text: `SELECT 1`, Each: func(store.Row) error {
			cancel()
			return nil
		}}
		err := c.engine.Read(ctx, store.Query{Text: `SELECT count(*) FROM posts`, Each: func(store.Row) error { return nil }}, giveUp, giveUp)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the reader got %v", err)
		}
		if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: fmt.Sprint("later ", i)}); err != nil {
			t.Fatal(err)
		}
		page, err := c.ThreadPage(t.Context(), actor, 1, forum.PageAt{})
		if err != nil || len(page.Posts) != i+2 {
			t.Errorf("the next reader sees %d posts, %v, want %d", len(page.Posts), err, i+2)
		}
	}
}

// After Close nobody waits for an answer.
func TestAfterClose(t *testing.T) {
	t.Parallel()
	c := open(t, seeded(t), sqlite.Options{})
	actor := c.actor(t, "person0")
	c.close(t)
	answered := make(chan error)
	go func() {
		_, readErr := c.store.Thread(context.Background(), actor.Visibility(), 1)
		_, verifyErr := c.store.Verify(context.Background(), func(store.Progress) {})
		_, writeErr := c.store.CreatePost(context.Background(), forum.Change{Thread: 1}, forum.Post{})
		if readErr == nil || verifyErr == nil || writeErr == nil {
			answered <- fmt.Errorf("got %v, %v, %v", readErr, verifyErr, writeErr)
		}
		close(answered)
	}()
	select {
	case err := <-answered:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("no answer")
	}
}
