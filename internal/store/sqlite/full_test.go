package sqlite_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/sqlite/faultvfs"
)

// mountDisk mounts a disk of that size in memory, which takes root's rights.
func mountDisk(tb testing.TB, size string) string {
	tb.Helper()
	folder := tb.TempDir()
	switch err := syscall.Mount("folkmoot-test", folder, "tmpfs", 0, "size="+size); {
	case err != nil && os.Getenv("CI") != "true":
		tb.Skipf("a small disk cannot be mounted: %v", err)
	case err != nil:
		tb.Fatalf("a small disk cannot be mounted: %v", err)
	}
	tb.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			tb.Errorf("unmounting: %v", err)
			_ = syscall.Unmount(folder, syscall.MNT_DETACH)
		}
	})
	return folder
}

// A real disk of 8 MiB is full: who writes is told to come back, reading goes on, and when there
// is space again writing does too, without a restart.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	folder := mountDisk(t, "8m")
	write(seed())(t, folder)
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c := open(t, folder, sqlite.Options{}.Log(100, 300, 1000))
	all := members(t, c, rand.Uint64())
	actor := all[0].actor
	long := forum.NewPost{Thread: 1, Body: strings.Repeat("word ", 6000)}
	posted := 0
	for ; posted < 1000; posted++ {
		if _, err := c.CreatePost(t.Context(), actor, long); err != nil {
			checkUnavailable(t, err)
			break
		}
	}
	t.Logf("full after %d posts of 30 kB", posted)
	for range 20 {
		began := time.Now()
		_, err := c.CreatePost(t.Context(), actor, long)
		if err != nil {
			checkUnavailable(t, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the answer took %v", took)
		}
		if page, err := c.ThreadPage(t.Context(), forum.Actor{}, 1, forum.PageAt{Last: true}); err != nil || len(page.Posts) == 0 {
			t.Errorf("reading while the disk is full: %d posts, %v", len(page.Posts), err)
		}
	}
	work(t.Context(), all, 20)
	if err := c.store.Health(); err != nil {
		t.Errorf("writing has stopped for good: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreatePost(t.Context(), actor, long); err != nil {
		t.Errorf("there is space again, and: %v", err)
	}
	for _, m := range all {
		m.check(t, c)
		m.retry(t, c)
	}
	work(t.Context(), all, 20)
	c.sound(t)
	c.close(t)
	c = open(t, folder, sqlite.Options{})
	defer c.close(t)
	for _, m := range all {
		if m.unknown != nil {
			t.Errorf("no answer to %s", m.unknown.key)
		}
		m.check(t, c)
	}
	c.sound(t)
}

// There is no room for the index of the log: the commit that needs it fails after it was flushed,
// and is stored once all the same when it is tried again. Moving the log into the file makes room.
func TestNoRoomForTheIndexOfTheLog(t *testing.T) {
	t.Parallel()
	disk := faultvfs.New()
	defer disk.Close()
	disk.SharedFolder = mountDisk(t, "36k") // a part of the index is 32 KiB, for 4,062 pages of the log
	c := open(t, seeded(t), sqlite.Options{VFS: disk.Name()}.Log(100_000, 200_000, 300_000))
	all := members(t, c, rand.Uint64())
	for full := 0; full < 3; {
		work(t.Context(), all, 50)
		for _, m := range all {
			m.check(t, c)
		}
		if slices.ContainsFunc(all, func(m *member) bool { return m.unknown != nil }) {
			full++
		}
		eventually(t, "writing goes on", func() bool {
			_, err := c.CreatePost(t.Context(), all[0].actor, forum.NewPost{Thread: 1, Body: "later"})
			return err == nil
		})
		for _, m := range all {
			m.retry(t, c)
		}
	}
	c.sound(t)
	c.close(t)
}

// A disk that is mounted to be read only is named as such, and left as it is.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	folder := mountDisk(t, "8m")
	write(seed())(t, folder)
	if err := syscall.Mount("folkmoot-test", folder, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), filepath.Join(folder, databaseName))
	if got := nameOf(err); got != "not writable" {
		t.Errorf("got %s", got)
	}
}
