package proof

import (
	"cmp"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store/postgres/pgtest"
)

// A post that is gone for good takes its number with it: links to it must never lead to another.
func TestNumbersAreNeverReused(t *testing.T) { onBoth(t, proveNumbersAreNeverReused) }

func proveNumbersAreNeverReused(t *testing.T, on engine) {
	site := newSite(t, on, Plan{Mix: MixPost, Clients: 1, Threads: 1, Posts: 3, Body: 100, Seed: seed(t)})
	thread := site.Threads[0]
	change(t, site, fmt.Sprintf(`
		DELETE FROM posts WHERE thread_id = %[1]d AND number = 3;
		UPDATE threads SET posts_visible = 2, last_post_number = 2 WHERE id = %[1]d`, thread.ID))
	var made PostRow
	in := map[string]string{"body": "The next one."}
	if err := site.admin.call(http.MethodPost, thread.posts, "next", in, &made); err != nil {
		t.Fatal(err)
	}
	if made.Number != 4 {
		t.Errorf("after posts 1 to 3 the next is number %d, want 4 though 3 is gone", made.Number)
	}
}

// So with threads: the newest one is gone for good, and its id is not given to the next.
func TestIDsAreNeverReused(t *testing.T) { onBoth(t, proveIDsAreNeverReused) }

func proveIDsAreNeverReused(t *testing.T, on engine) {
	site := newSite(t, on, Plan{Mix: MixPost, Clients: 1, Threads: 2, Posts: 1, Body: 100, Seed: seed(t)})
	newest := slices.MaxFunc(site.Threads, func(a, b Thread) int { return cmp.Compare(a.ID, b.ID) }).ID
	change(t, site, fmt.Sprintf(`
		DELETE FROM participants WHERE thread_id = %[1]d;
		DELETE FROM posts WHERE thread_id = %[1]d;
		DELETE FROM threads WHERE id = %[1]d`, newest))
	var made struct {
		ID int64 `json:"thread_id"`
	}
	in := map[string]any{"category_id": site.Categories[0], "title": "The next one", "body": "It has an address of its own."}
	if err := site.admin.call(http.MethodPost, "/api/v1/threads", "next thread", in, &made); err != nil {
		t.Fatal(err)
	}
	if made.ID <= newest {
		t.Errorf("the next thread is %d, want more than %d though that is gone", made.ID, newest)
	}
}

// A number that is too small already is a defect that somebody must see: an act that would take it
// below zero fails, and changes nothing. Others are not held up.
func TestNothingFallsBelowZero(t *testing.T) { onBoth(t, proveNothingFallsBelowZero) }

func proveNothingFallsBelowZero(t *testing.T, on engine) {
	site := newSite(t, on, Plan{Mix: MixPost, Clients: 1, Threads: 2, Posts: 2, Body: 100, Seed: seed(t)})
	thread := site.Threads[0]
	change(t, site, fmt.Sprintf(`UPDATE threads SET posts_visible = 0 WHERE id = %d`, thread.ID))
	answer, err := site.admin.Do(Request{Method: http.MethodDelete, Path: thread.post(2), Key: "delete"})
	if err != nil || answer.Status != http.StatusInternalServerError {
		t.Errorf("deleting a post that is not counted: %d %s (%v), want 500", answer.Status, answer.Body, err)
	}
	var post PostRow
	if err := site.admin.call(http.MethodGet, thread.post(2), "", nil, &post); err != nil || post.State != "visible" {
		t.Errorf("the post is %q (%v) afterwards, want it as it was", post.State, err)
	}
	in := map[string]string{"body": "Life goes on."}
	if err := site.admin.call(http.MethodPost, site.Threads[1].posts, "elsewhere", in, nil); err != nil {
		t.Errorf("elsewhere: %v", err)
	}
}

// change does to the database, beside the running server, what no server would.
func change(t *testing.T, site *Site, statements string) {
	t.Helper()
	if url := site.Program.Database; url != "" {
		pgtest.Shared(t).Exec(t, url, "SET session_replication_role = replica; "+statements) // what refers to them stays, as in SQLite
		return
	}
	db, err := sqlite3.Open(filepath.Join(site.Program.Data, "folkmoot.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.BusyTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
}
