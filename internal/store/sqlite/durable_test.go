package sqlite_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"testing"

	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/sqlite/faultvfs"
)

// Between the last write of a commit to the log and its acknowledgement the log is flushed.
func TestFlushedBeforeAcknowledged(t *testing.T) {
	t.Parallel()
	if late := acknowledgedTooEarly(t, ""); len(late) > 0 {
		t.Errorf("%d acknowledged before they were flushed, the first %v", len(late), late[0])
	}
}

// The same test fails where commits are flushed less.
func TestFlushedBeforeAcknowledgedFails(t *testing.T) {
	t.Parallel()
	for _, synchronous := range []string{"normal", "off"} {
		if late := acknowledgedTooEarly(t, synchronous); len(late) == 0 {
			t.Errorf("synchronous=%s: the test does not see that commits are not flushed", synchronous)
		}
	}
}

// acknowledgement is when, in the journal of the disk, a write was answered.
type acknowledgement struct {
	key string // is stored with the write, and so in a page of its commit
	at  int
}

// acknowledgedTooEarly lets people write, one alone and then all at once, and returns the
// acknowledgements that came before the flush.
func acknowledgedTooEarly(t *testing.T, synchronous string) []acknowledgement {
	disk := faultvfs.New()
	defer disk.Close()
	c := open(t, seeded(t), sqlite.Options{VFS: disk.Name()}.Synchronous(synchronous).Log(50, 200, 1000))
	defer c.close(t)
	disk.Record()
	var mu sync.Mutex
	var acked []acknowledgement
	all := members(t, c, rand.Uint64())
	for _, m := range all {
		m.acked = func(key string) {
			at := disk.Now()
			mu.Lock()
			defer mu.Unlock()
			acked = append(acked, acknowledgement{key, at})
		}
	}
	work(t.Context(), all[:1], 60)
	work(t.Context(), all, 40)
	if len(acked) < 200 {
		t.Fatalf("only %d acknowledgements", len(acked))
	}
	commits, flushes := history(disk.Events())
	var early []acknowledgement
	for _, a := range acked {
		last, committed := commits[a.key]
		flushed := slices.ContainsFunc(flushes, func(f flush) bool { return f.began > last && f.ended < a.at })
		if !committed || !flushed {
			early = append(early, a)
		}
	}
	return early
}

// flush is a flush of the log, as places in the journal.
type flush struct{ began, ended int }

var keys = regexp.MustCompile(`key-person\d-\d+\.`)

// history finds for each key the last write of the commit that brought it, and every flush of the log.
func history(events []faultvfs.Event) (commits map[string]int, flushes []flush) {
	commits = map[string]int{}
	var brought []string // keys of the transaction being written
	for _, frame := range faultvfs.Frames(events) {
		for _, key := range keys.FindAll(frame.Page, -1) {
			brought = append(brought, string(key))
		}
		if !frame.Commits {
			continue
		}
		for _, key := range brought {
			if _, before := commits[key]; !before {
				commits[key] = frame.Event
			}
		}
		brought = nil
	}
	for i, event := range events {
		if event.File == faultvfs.Log && event.Op == faultvfs.Flush {
			flushes = append(flushes, flush{event.Began, i})
		}
	}
	return commits, flushes
}
