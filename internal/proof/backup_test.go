package proof

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"
)

var backupsFlag = flag.Int("proof.backups", 4, "how often the server is backed up under load")

// taken is a backup, and between which numbers of the threads it was made.
type taken struct {
	file          string
	before, after []uint32
	took          time.Duration
}

// While everybody posts as fast as they can the forum is backed up again and again. Restored, each
// backup is the forum of one moment: every number is exact, all that was acknowledged before it
// began is there, nothing that was begun after it ended, and no row differs from the forum's own.
func TestBackedUpUnderLoad(t *testing.T) {
	backups := *backupsFlag
	if testing.Short() {
		backups = min(backups, 2)
	}
	plan := Plan{Mix: MixPost, Clients: 16, Threads: 4, Posts: 2, Body: 300, Seed: seed(t)}
	site := newSite(t, onSQLite, plan)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	var history *History
	working.Go(func() {
		history = Load{Site: site, Mix: plan.Mix, Duration: time.Hour, Body: plan.Body, Seed: plan.Seed}.Run(ctx)
	})
	folder := t.TempDir()
	var all []taken
	for i := range backups {
		time.Sleep(200 * time.Millisecond)
		backup := taken{file: filepath.Join(folder, fmt.Sprint("backup ", i)), before: postCounts(t, site)}
		began := time.Now()
		if _, err := site.Program.Run(t.Context(), "", "backup", backup.file); err != nil {
			t.Fatal(err)
		}
		backup.took, backup.after = time.Since(began), postCounts(t, site)
		all = append(all, backup)
	}
	stop()
	working.Wait()
	mustAudit(t, site, history)
	for i, backup := range all {
		restored := Program{Binary: binary, Data: filepath.Join(folder, fmt.Sprint("restored ", i))}
		if _, err := restored.Run(t.Context(), "", "restore", backup.file); err != nil {
			t.Fatal(err)
		}
		recount, err := restored.Verify(t.Context())
		if err != nil || len(recount.Differences) > 0 {
			t.Errorf("backup %d: %v, %s", i, err, recount.Differences)
		}
		compareRestored(t, site, restored, backup)
	}
	last := all[len(all)-1]
	t.Logf("%d posts written meanwhile; %d backups, the last of %d posts in %v", history.Answered(Posting), backups, sumOf(last.before), last.took)
}

func sumOf(counts []uint32) (sum uint32) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// postCounts are those of the threads that people write in, as they stand.
func postCounts(t *testing.T, site *Site) []uint32 {
	t.Helper()
	counts := make([]uint32, site.open())
	for i := range counts {
		numbers, err := readNumbers(site.admin, site.Threads[i].path)
		if err != nil {
			t.Fatal(err)
		}
		counts[i] = numbers.PostCount
	}
	return counts
}

func compareRestored(t *testing.T, site *Site, restored Program, backup taken) {
	t.Helper()
	for i, before := range backup.before {
		thread := site.Threads[i].ID
		found := rowsOf(t, restored.Data, fmt.Sprintf(postRows, thread, 1<<40))
		if n := uint32(len(found)); n < before || n > backup.after[i] {
			t.Errorf("thread %d has %d posts in the backup, and had %d before it and %d after", thread, n, before, backup.after[i])
		}
		if diff := cmp.Diff(rowsOf(t, site.Program.Data, fmt.Sprintf(postRows, thread, len(found))), found); diff != "" {
			t.Errorf("thread %d is another in the backup (-want +got):\n%s", thread, diff)
		}
	}
	if diff := cmp.Diff(rowsOf(t, site.Program.Data, peopleRows), rowsOf(t, restored.Data, peopleRows)); diff != "" {
		t.Errorf("the people are others in the backup (-want +got):\n%s", diff)
	}
}

// What no later post changes.
const (
	postRows   = `SELECT number, author_id, state, body, html, created_at FROM posts WHERE thread_id = %d AND number <= %d ORDER BY number`
	peopleRows = `SELECT id, name, role, created_at FROM users ORDER BY id`
)

// rowsOf reads rows past the program, a line each.
func rowsOf(t *testing.T, data, query string) (rows []string) {
	t.Helper()
	db, err := sqlite3.Open(filepath.Join(data, "folkmoot.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	statement, _, err := db.Prepare(query)
	if err != nil {
		t.Fatal(err)
	}
	defer statement.Close()
	for statement.Step() {
		var row strings.Builder
		for column := range statement.ColumnCount() {
			fmt.Fprintf(&row, "%s|", statement.ColumnText(column))
		}
		rows = append(rows, row.String())
	}
	if err := statement.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}
