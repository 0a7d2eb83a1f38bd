package main

import (
	"context"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/demo"
	"folkmoot/internal/forum"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	began := time.Now()
	first, err := prepareDemo(t.Context(), dataFlag{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("made in %v", time.Since(began).Round(time.Millisecond))
	s := startServer(t, "--data", data, "--demo")
	defer s.stop()
	for _, path := range []string{"/", "/categories", "/sign-in", "/about", "/t/1", "/nothing"} {
		if _, page := get(t, s.url+path, ""); !strings.Contains(page, "This is a demo") {
			t.Errorf("%s does not say that it is a demo", path)
		}
	}
	if s.first != "" {
		t.Errorf("a first run is offered: %s", s.first)
	}
	second, err := prepareDemo(t.Context(), dataFlag{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`^This is a demo. Sign in as (\S+) with the password (\S+)\n$`)
	for at, credentials := range map[int]string{http.StatusUnprocessableEntity: first, http.StatusOK: second} {
		words := said.FindStringSubmatch(credentials)
		if words == nil {
			t.Fatalf("the credentials are %q", credentials)
		}
		answer, err := http.Post(s.url+"/api/v1/sign-in", "application/json", strings.NewReader(`{"name":"`+words[1]+`","password":"`+words[2]+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != at {
			t.Errorf("signing in with %q: got %d, want %d", words[2], answer.StatusCode, at)
		}
	}
	if got := folkmoot(t, "", "verify", "--data", data); got.code != 0 || !strings.Contains(got.out, " 0 differences") {
		t.Errorf("verify: %+v", got)
	}

	m, err := openService(t.Context(), dataFlag{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	checkDemo(t, m)
}

// checkDemo looks for what a demo shall show.
func checkDemo(t *testing.T, m *moot) {
	t.Helper()
	ctx := t.Context()
	ada, err := m.User(ctx, demo.Admin)
	if err != nil {
		t.Fatal(err)
	}
	about, err := m.About(ctx, ada.Actor())
	if err != nil {
		t.Fatal(err)
	}
	posts, threads := about.Counts.Posts, about.Counts.Threads
	if threads[forum.Visible] < 20 || posts[forum.Visible] < 200 || posts[forum.Hidden] == 0 || posts[forum.Deleted] == 0 ||
		about.People[forum.Active] < 20 || about.People[forum.Suspended] == 0 {
		t.Errorf("the demo holds %+v and %v", about.Counts, about.People)
	}
	if seen, err := m.About(ctx, forum.Actor{}); err != nil || seen.Counts.Threads[forum.Visible] >= threads[forum.Visible] {
		t.Errorf("a visitor sees %+v, %v: nothing is for moderators alone", seen.Counts, err)
	}
	list, err := m.Threads(ctx, ada.Actor(), forum.ThreadFilter{Limit: forum.MaxListSize})
	if err != nil {
		t.Fatal(err)
	}
	locked, long, oldest, newest := 0, int64(0), time.Now(), time.Time{}
	for _, thread := range list.Threads {
		if thread.Locked() {
			locked++
		}
		long = max(long, thread.PostCount())
		if thread.CreatedAt.Before(oldest) {
			oldest = thread.CreatedAt
		}
		if thread.LastActivityAt.After(newest) {
			newest = thread.LastActivityAt
		}
	}
	if locked == 0 || long < 100 || time.Since(oldest) < 150*24*time.Hour || newest.After(time.Now()) || time.Since(newest) > 48*time.Hour {
		t.Errorf("%d threads are locked, the longest has %d posts, the times are from %v to %v", locked, long, oldest, newest)
	}
}

func TestDemoRefusals(t *testing.T) {
	t.Parallel()
	taken := t.TempDir()
	if got := folkmoot(t, "", "user", "create", "ann", "--data", taken); got.code != 0 {
		t.Fatal(got)
	}
	half := t.TempDir()
	m, err := openService(t.Context(), dataFlag{Data: half})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.BeginDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{taken: "holds a community already", half: "was not finished"} {
		got := folkmoot(t, "", "serve", "--demo", "--data", data, "--listen", "127.0.0.1:0")
		if got.code != exitFailure || !strings.Contains(got.err, want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("got %+v, want one line with %q", got, want)
		}
	}
	if got := folkmoot(t, "", "user", "list", "--data", taken); strings.Count(got.out, "\n") != 1 {
		t.Errorf("the community that was there has people now: %q", got.out)
	}
}

// The same demo is made each time, passwords apart.
func TestDemoIsTheSame(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	var texts []string
	for range 2 {
		clock := &demo.Clock{}
		m, err := openServiceAt(t.Context(), dataFlag{Data: filepath.Join(t.TempDir(), "data")}, clock)
		if err != nil {
			t.Fatal(err)
		}
		if err := demo.Fill(t.Context(), m.Service, clock, now, func() string { return "correct horse battery" }); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, everyPost(t, m))
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if texts[0] != texts[1] || texts[0] == "" {
		t.Error("two demos differ")
	}
}

// everyPost is what a visitor reads in the whole community.
func everyPost(t *testing.T, m *moot) string {
	t.Helper()
	var text strings.Builder
	list, err := m.Threads(context.Background(), forum.Actor{}, forum.ThreadFilter{Limit: forum.MaxListSize})
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range list.Threads {
		page, err := m.ThreadPage(context.Background(), forum.Actor{}, thread.ID, forum.PageAt{Limit: forum.MaxListSize})
		if err != nil {
			t.Fatal(err)
		}
		for _, post := range page.Posts {
			text.WriteString(post.CreatedAt.String() + post.Author.Name + post.Body)
			for _, given := range post.Reactions {
				text.WriteString(given.Kind)
			}
		}
	}
	return text.String()
}
