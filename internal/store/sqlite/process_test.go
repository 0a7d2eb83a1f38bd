package sqlite_test

import (
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store/sqlite"
)

// Another process writes for two seconds: who posts meanwhile waits, and then it is stored.
func TestAnotherProcessHoldsTheLock(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	c := open(t, folder, sqlite.Options{})
	defer c.close(t)
	actor := c.actor(t, "person0")
	h := startHelper(t, "hold the lock", folder)
	if line := h.line(t); line != "held" {
		t.Fatal(line)
	}
	const held = 2 * time.Second
	began := time.Now()
	time.AfterFunc(held, func() { _ = h.stdin.Close() })
	if _, err := c.ThreadPage(t.Context(), actor, 1, forum.PageAt{}); err != nil || time.Since(began) > held {
		t.Errorf("a reader waited %v and got %v", time.Since(began), err)
	}
	if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: "patience"}); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < held {
		t.Errorf("it took %v, while the other process held the lock for %v", took, held)
	}
	h.end(t)
	c.sound(t)
}

// Two processes post into one thread, eight people each: every number is exact.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	c := open(t, folder, sqlite.Options{})
	defer c.close(t)
	h := startHelper(t, "post", folder)
	if line := h.line(t); line != "open" {
		t.Fatal(line)
	}
	_ = h.stdin.Close()
	here := postMany(t, c, "here")
	there, err := strconv.Atoi(h.line(t))
	if err != nil {
		t.Fatal(err)
	}
	h.end(t)
	checkPosted(t, c, here+there)
}

// Two stores of one process are like two processes.
func TestTwoStores(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	first, second := open(t, folder, sqlite.Options{}), open(t, folder, sqlite.Options{})
	defer first.close(t)
	defer second.close(t)
	var here, there int
	var running sync.WaitGroup
	running.Go(func() { here = postMany(t, first, "here") })
	running.Go(func() { there = postMany(t, second, "there") })
	running.Wait()
	checkPosted(t, first, here+there)
}

func checkPosted(tb testing.TB, c *community, acked int) {
	tb.Helper()
	page, err := c.ThreadPage(tb.Context(), forum.Actor{}, 1, forum.PageAt{})
	if err != nil {
		tb.Fatal(err)
	}
	want := int64(1 + 2*people*postsEach)
	if got := page.Thread.PostCount(); got != want || int64(acked) != want-1 {
		tb.Errorf("%d acknowledged, %d counted, want %d", acked, got, want)
	}
	c.sound(tb)
}

// Many open a new file at the same moment: it is made once.
func TestMadeByManyAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), databaseName)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			engine, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := engine.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	c := open(t, filepath.Dir(path), sqlite.Options{})
	defer c.close(t)
	c.sound(t)
}
