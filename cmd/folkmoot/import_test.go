package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/importer"
	"folkmoot/internal/importer/stackexchange"
	"folkmoot/internal/markup"
	"folkmoot/internal/store"
)

// sharedDump is a dump of a site that lies beside the project.
func sharedDump(t *testing.T, name string) string {
	t.Helper()
	return sharedFile(t, "stackexchange", name)
}

func sharedFile(t *testing.T, folder, name string) string {
	t.Helper()
	dump := filepath.Join(cmp.Or(os.Getenv("FOLKMOOT_SHARED"), "../../../shared"), "data", folder, name)
	if _, err := os.Stat(dump); err != nil {
		t.Fatalf("this test needs %s; it lies in ../shared from the project's root, or where FOLKMOOT_SHARED says: %v", name, err)
	}
	return dump
}

// open opens the forum in data, and closes it with the test.
func open(t *testing.T, data string) *moot {
	t.Helper()
	m, err := openService(t.Context(), dataFlag{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// held is what a forum holds, counted apart from what an import says.
type held struct {
	Threads, Posts, Revisions, Users int64
}

// heldIn counts, after verify found every number right.
func heldIn(t *testing.T, m *moot) (all held) {
	t.Helper()
	ctx := t.Context()
	report, err := m.store.Verify(ctx, func(store.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if report.Wrong > 0 {
		t.Errorf("verify finds %d differences: %v", report.Wrong, report.Differences)
	}
	top, err := m.Categories(ctx, operator)
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range top {
		all.Threads += node.Total.Threads[forum.Visible]
		all.Posts += node.Total.Posts[forum.Visible]
	}
	eachPost(t, m, func(_ forum.Thread, post forum.Post) { all.Revisions += post.Revisions })
	for after := ""; ; {
		users, err := m.Users(ctx, operator, forum.UserFilter{After: after})
		if err != nil {
			t.Fatal(err)
		}
		if len(users) == 0 {
			return all
		}
		all.Users += int64(len(users))
		after = users[len(users)-1].Name
	}
}

// eachPost shows every post that the operator sees, thread by thread.
func eachPost(t *testing.T, m *moot, show func(forum.Thread, forum.Post)) {
	t.Helper()
	for filter := (forum.ThreadFilter{Limit: forum.MaxListSize}); ; {
		list, err := m.Threads(t.Context(), operator, filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range list.Threads {
			for at := (forum.PageAt{Limit: forum.MaxListSize}); ; {
				page, err := m.ThreadPage(t.Context(), operator, thread.ID, at)
				if err != nil {
					t.Fatal(err)
				}
				for _, post := range page.Posts {
					show(page.Thread, post)
				}
				if at.Number = page.Next; at.Number == 0 {
					break
				}
			}
		}
		if filter.Before = list.Next; list.Next == (forum.Cursor{}) {
			return
		}
	}
}

func TestImportStackExchange(t *testing.T) {
	t.Parallel()
	data, report := t.TempDir(), filepath.Join(t.TempDir(), "report.jsonl")
	runImport := func() (result importer.Result) {
		var out, errs bytes.Buffer
		args := []string{"import", "stackexchange", sharedDump(t, "conlang-meta.tar.xz"), "--data", data, "--report", report, "--json"}
		if code := run(t.Context(), args, &console{out: &out, err: &errs}); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		if err := json.Unmarshal(out.Bytes(), &result); err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
		return result
	}
	want := held{Threads: 54, Posts: 399, Revisions: 94, Users: 272}

	first := runImport()
	if diff := gocmp.Diff(importer.New{Posts: 399, Users: 272}, first.New); diff != "" {
		t.Errorf("new (-want +got):\n%s", diff)
	}
	checkReport(t, report, first)
	if diff := gocmp.Diff(want, heldIn(t, open(t, data))); diff != "" {
		t.Errorf("the forum holds (-want +got):\n%s", diff)
	}

	again := runImport()
	if again.New != (importer.New{}) {
		t.Errorf("a repeated import brought %+v", again.New)
	}
	m := open(t, data)
	if diff := gocmp.Diff(want, heldIn(t, m)); diff != "" {
		t.Errorf("after a repeated import the forum holds (-want +got):\n%s", diff)
	}
	checkOldAddresses(t, m)
	checkOldPages(t, m)
	checkHistory(t, m)
}

// checkReport sees that every record reported has its line.
func checkReport(t *testing.T, name string, result importer.Result) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var want int64
	for _, file := range result.Balance {
		want += file.Reported
	}
	if got := int64(bytes.Count(text, []byte(`"action":"reported"`))); got != want || want == 0 {
		t.Errorf("%d lines in the report, want %d", got, want)
	}
}

// checkOldAddresses follows some of each kind. Answer 2 is the accepted one of question 1,
// and 3 its other answer; comment 3 stands below answer 2.
func checkOldAddresses(t *testing.T, m *moot) {
	t.Helper()
	ctx := t.Context()
	question, err := m.Redirect(ctx, forum.Actor{}, "/questions/1")
	if err != nil {
		t.Fatal(err)
	}
	thread, err := m.Thread(ctx, forum.Actor{}, question.Thread)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := m.Redirect(ctx, forum.Actor{}, "/a/2")
	if err != nil {
		t.Fatal(err)
	}
	if answer.Thread != thread.ID || answer.Number != thread.SolutionNumber || answer.Number < 2 {
		t.Errorf("/a/2 leads to %+v, the solution of its thread is number %d", answer, thread.SolutionNumber)
	}
	for path, want := range map[string]forum.Address{
		"/q/1": question, "/users/-1": {User: "Community"}, "/questions/tagged/discussion": {Tag: "discussion"}, "/tags/discussion": {Tag: "discussion"},
	} {
		if got, err := m.Redirect(ctx, forum.Actor{}, path); err != nil || got != want {
			t.Errorf("%s leads to %+v, %v, want %+v", path, got, err, want)
		}
	}
	comment, err := m.Redirect(ctx, forum.Actor{}, "/posts/comments/3")
	if err != nil {
		t.Fatal(err)
	}
	if _, post, err := m.Post(ctx, forum.Actor{}, comment.Thread, comment.Number); err != nil || post.ReplyNumber != answer.Number {
		t.Errorf("comment 3 answers number %d (%v), want %d, which is answer 2", post.ReplyNumber, err, answer.Number)
	}
}

// checkOldPages asks a server for addresses as people have them in their bookmarks.
func checkOldPages(t *testing.T, m *moot) {
	t.Helper()
	handler := m.handler(t.Context(), &httpkit.Kit{Service: m.Service, Logger: slog.New(slog.DiscardHandler)})
	get := func(path string) (int, string) {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return answer.Code, answer.Header().Get("Location")
	}
	_, question := get("/questions/1")
	_, answer := get("/a/2")
	if question == "" || !strings.HasPrefix(answer, question+"#") {
		t.Fatalf("/questions/1 leads to %q, its answer /a/2 to %q", question, answer)
	}
	for path, want := range map[string]string{
		"/questions/1/any-slug": question, "/questions/1/any-slug/?noredirect=1": question, "/q/1/5": question,
		"/questions/1/any-slug/2": answer, "/questions/1/any-slug/2?r=1": answer, "/a/2/5": answer,
		"/questions/1/any-slug/999999": question,
		"/users/-1/any-name":           "/u/Community", "/questions/tagged/discussion": "/tag/discussion",
	} {
		if code, to := get(path); code != http.StatusMovedPermanently || to != want {
			t.Errorf("%s: %d, leads to %q, want %q", path, code, to, want)
		}
	}
	for _, path := range []string{"/questions/999999", "/questions/999999/any-slug", "/questions/999999/any-slug/999999", "/q/999999", "/a/999999/5", "/users/999999/x", "/questions/tagged/no-such-tag"} {
		if code, to := get(path); code != http.StatusNotFound || to != "" {
			t.Errorf("%s: %d, leads to %q, want 404", path, code, to)
		}
	}
}

// checkHistory reads who wrote what of question 5 when, and that an edit here goes on from there.
func checkHistory(t *testing.T, m *moot) {
	t.Helper()
	ctx := t.Context()
	at, err := m.Redirect(ctx, operator, "/questions/5")
	if err != nil {
		t.Fatal(err)
	}
	admin, err := m.CreateUser(ctx, forum.SignUp{Name: "ada", Password: "correct horse battery", Role: forum.Admin})
	if err != nil {
		t.Fatal(err)
	}
	edited, err := m.EditPost(ctx, admin.Actor(), at.Thread, 1, forum.PostEdit{Body: "Edited here."})
	if err != nil {
		t.Fatal(err)
	}
	revisions, err := m.Revisions(ctx, operator, at.Thread, 1)
	if err != nil {
		t.Fatal(err)
	}
	type written struct{ By, At string }
	var got []written
	for _, revision := range revisions {
		got = append(got, written{revision.Editor.Name, revision.CreatedAt.Format(time.RFC3339Nano)})
	}
	want := []written{{"RedClover", "2018-02-06T20:30:43.967Z"}, {"Robert_Cartaino", "2018-02-06T20:36:20.753Z"}, {"RedClover", "2018-02-06T20:55:46.59Z"}}
	if diff := gocmp.Diff(want, got); diff != "" || edited.Revisions != 3 {
		t.Errorf("%d texts before the present one, written (-want +got):\n%s", edited.Revisions, diff)
	}
	heldIn(t, m)
}

// interrupted is a forum that is interrupted after some batches of threads.
type interrupted struct {
	*moot
	batches int
	stop    context.CancelFunc
}

func (t *interrupted) ImportThreads(ctx context.Context, source string, category forum.CategoryID, threads []forum.ImportedThread) (forum.ImportResult, error) {
	got, err := t.moot.ImportThreads(ctx, source, category, threads)
	if t.batches--; t.batches == 0 {
		t.stop() // afterwards: a batch given up half way may still be committed behind the back of this test
	}
	return got, err
}

func TestImportGoesOnAfterAnInterruption(t *testing.T) {
	t.Parallel()
	m := open(t, t.TempDir())
	runImport := func(ctx context.Context, target importer.Target) (*importer.Result, error) {
		im := stackexchange.Import{Path: sharedDump(t, "bicycles-meta.tar.xz"), Scratch: t.TempDir(), Target: target, Markup: markup.New(),
			Report: importer.NewReport(io.Discard), Progress: newImportProgress(io.Discard), Clock: forum.SystemClock{}}
		return im.Run(ctx)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if _, err := runImport(ctx, &interrupted{m, 4, stop}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want that of the interruption", err)
	}
	half := heldIn(t, m)
	if half.Threads == 0 || half.Threads >= 453 {
		t.Fatalf("%d threads at the interruption", half.Threads)
	}
	result, err := runImport(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(importer.New{Posts: 3872 - half.Posts}, result.New); diff != "" {
		t.Errorf("the second import brought (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(held{Threads: 453, Posts: 3872, Revisions: 1087, Users: 2551}, heldIn(t, m)); diff != "" {
		t.Errorf("the forum holds (-want +got):\n%s", diff)
	}
}

func TestImportRefusesWhatIsNoDump(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	tests := []struct{ name, dump, want string }{
		{"nothing", filepath.Join(folder, "nowhere.tar.xz"), "cannot be read"},
		{"an empty folder", folder, "no whole dump"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := run(t.Context(), []string{"import", "stackexchange", tt.dump, "--dry-run", "--data", t.TempDir()}, &console{out: &out, err: &errs})
			if code != exitFailure || !strings.Contains(errs.String(), tt.want) {
				t.Errorf("exit code %d, %q, want 1 and %q", code, errs.String(), tt.want)
			}
		})
	}
}
