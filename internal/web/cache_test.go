package web_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

const visitorsPage = "/t/1/a-thread"

// Whatever changes on a page, the next visitor sees it.
func TestVisitorsPageIsNeverStale(t *testing.T) {
	t.Parallel()
	s, admin, mia, member := community(t)
	visitor := s.browser()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	steps := []struct {
		name  string
		act   func()
		shows string
		not   string
	}{
		{"reply", func() { s.reply(mia, 1, "The third post.") }, "The third post.", "2 posts"},
		{"edit", func() {
			_, err := s.service.EditPost(ctx, mia, 1, 3, forum.PostEdit{Body: "Reworded."})
			do(err)
		}, "Reworded.", "The third post."},
		{"react", func() {
			_, err := s.service.React(ctx, admin, 1, 3, "heart", "")
			do(err)
		}, "❤️ 1", ""},
		{"withdraw", func() {
			_, err := s.service.React(ctx, admin, 1, 3, "", "")
			do(err)
		}, "", "❤️ 1"},
		{"hide", func() {
			_, err := s.service.MarkPost(ctx, admin, 1, 3, forum.MarkModHidden, true, "")
			do(err)
		}, "2 posts", "Reworded."},
		{"unhide", func() {
			_, err := s.service.MarkPost(ctx, admin, 1, 3, forum.MarkModHidden, false, "")
			do(err)
		}, "Reworded.", "2 posts"},
		{"tag", func() {
			_, err := s.service.EditThread(ctx, mia, 1, forum.ThreadChange{Tags: &[]string{"fresh"}})
			do(err)
		}, "fresh", ""},
		{"lock", func() { lock(s, admin, true) }, "This thread is locked", "to reply"},
		{"unlock", func() { lock(s, admin, false) }, "to reply", "locked"},
		{"rename category", func() {
			_, err := s.service.EditCategory(ctx, admin, 1, forum.NewCategory{Name: "Tidings"})
			do(err)
		}, "Tidings", "News"},
		{"make a moderator", func() { do(s.service.SetRole(ctx, admin, "mia", forum.Moderator, "")) }, "moderator", ""},
		{"suspend the moderator", func() { do(s.service.SuspendUser(ctx, admin, "mia", "", "")) }, "", "moderator"},
		{"lift the suspension", func() { do(s.service.LiftSuspension(ctx, admin, "mia", "")) }, "moderator", ""},
		{"take the role", func() { do(s.service.SetRole(ctx, admin, "mia", forum.Member, "")) }, "", "moderator"},
	}
	visitor.get(visitorsPage)
	for _, step := range steps {
		step.act()
		visitor.get(visitorsPage)
		visitor.wantStatus(http.StatusOK)
		if step.shows != "" {
			visitor.wantText(step.shows)
		}
		if step.not != "" {
			visitor.wantNoText(step.not)
		}
		member.get(visitorsPage)
		if step.shows != "" && !strings.Contains(step.shows, "reply") && step.name != "lock" {
			member.wantText(step.shows)
		}
	}
	do(s.service.SetSite(ctx, admin, "Another name", "", 0, ""))
	if visitor.get(visitorsPage); !strings.Contains(visitor.page.source, "Another name") {
		t.Error("the page keeps the former name of the community")
	}
	do(s.service.HideCategory(ctx, admin, 1, true, ""))
	visitor.get(visitorsPage)
	visitor.wantStatus(http.StatusNotFound)
	do(s.service.HideCategory(ctx, admin, 1, false, ""))
	visitor.get(visitorsPage)
	visitor.wantStatus(http.StatusOK)
	_, err := s.service.MarkThread(ctx, admin, 1, forum.MarkModDeleted, true, "")
	do(err)
	visitor.get(visitorsPage)
	visitor.wantStatus(http.StatusNotFound)
}

// What one visitor is served holds nothing of anybody.
func TestVisitorsPageIsNobodys(t *testing.T) {
	t.Parallel()
	s, _, _, member := community(t)
	member.get(visitorsPage)
	if !strings.Contains(member.page.source, `name="key"`) || member.page.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("a member's page has no form key, or may be kept: %s", member.page.header.Get("Cache-Control"))
	}
	for _, trace := range []string{"", "?utm_source=x", "?reply=2", "?from=1"} {
		visitor := s.browser()
		visitor.get(visitorsPage + trace)
		visitor.wantStatus(http.StatusOK)
		for _, personal := range []string{`name="key"`, "Sign out", "utm_source", "Settings"} {
			if strings.Contains(visitor.page.source, personal) {
				t.Errorf("a visitor's page holds %q", personal)
			}
		}
		if visitor.page.header.Get("Set-Cookie") != "" {
			t.Error("a visitor's page sets a cookie")
		}
		if got, want := visitor.page.header.Get("Cache-Control"), "no-cache"; got != want {
			t.Errorf("Cache-Control is %q, want %q", got, want)
		}
	}
}

func TestEntityTag(t *testing.T) {
	t.Parallel()
	s, _, mia, _ := community(t)
	ask := func(headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, visitorsPage, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w
	}
	plain := ask()
	zipped := ask("Accept-Encoding", "gzip")
	etag, zippedTag := plain.Header().Get("ETag"), zipped.Header().Get("ETag")
	if etag == "" || strings.HasPrefix(etag, "W/") || etag == zippedTag {
		t.Errorf("tags are %s plain and %s compressed, want two strong ones", etag, zippedTag)
	}
	unzip, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzip)
	if err != nil || string(text) != plain.Body.String() {
		t.Errorf("compressed page differs (%v)", err)
	}
	if w := ask("If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("known page: status %d with %d bytes, want 304 with none", w.Code, w.Body.Len())
	}
	if w := ask("If-None-Match", zippedTag, "Accept-Encoding", "gzip"); w.Code != http.StatusNotModified {
		t.Errorf("known compressed page: status %d, want 304", w.Code)
	}
	s.reply(mia, 1, "news")
	if w := ask("If-None-Match", etag); w.Code != http.StatusOK || w.Header().Get("ETag") == etag {
		t.Errorf("changed page: status %d, tag %s", w.Code, w.Header().Get("ETag"))
	}
}

// While a thread grows, every visitor sees at least the posts that were acknowledged before they asked.
func TestCacheUnderWrites(t *testing.T) {
	t.Parallel()
	s, _, mia, _ := community(t)
	var readers sync.WaitGroup
	var mu sync.Mutex
	written := 2
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				mu.Lock()
				least := written
				mu.Unlock()
				w := httptest.NewRecorder()
				s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, visitorsPage, nil))
				if got := strings.Count(w.Body.String(), "<article"); got < min(least, forum.PageSize) {
					t.Errorf("page shows %d posts, %d were acknowledged", got, least)
					return
				}
			}
		})
	}
	for range 15 {
		s.reply(mia, 1, "more")
		mu.Lock()
		written++
		mu.Unlock()
	}
	close(done)
	readers.Wait()
}

// slow is a store whose first thread page waits until it may go on.
type slow struct {
	forum.Store
	asked    atomic.Int64 // for versions
	pages    atomic.Int64
	entered  chan struct{} // closed when the first page is asked for
	released chan struct{}
}

func (s *slow) PageVersion(ctx context.Context, id forum.ThreadID) (forum.PageVersion, error) {
	defer s.asked.Add(1)
	return s.Store.PageVersion(ctx, id)
}

func (s *slow) ThreadPage(ctx context.Context, reader forum.Visibility, id forum.ThreadID, at forum.PageAt) (forum.ThreadPage, error) {
	first := s.pages.Add(1) == 1
	found, err := s.Store.ThreadPage(ctx, reader, id, at)
	if first {
		close(s.entered)
		<-s.released
		if ctx.Err() != nil {
			err = ctx.Err()
		}
	}
	return found, err
}

// However many miss a page at once, it is made once; who comes after a change waits for nobody's
// page but their own; and who gives up takes the page from nobody.
func TestVisitorsPageIsMadeOnce(t *testing.T) {
	t.Parallel()
	s, _, mia, _ := community(t)
	store := &slow{Store: s.service.Store, entered: make(chan struct{}), released: make(chan struct{})}
	s.service.Store = store
	ask := func(ctx context.Context) string {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", visitorsPage, nil))
		return w.Body.String()
	}
	var visitors sync.WaitGroup
	hurried, giveUp := context.WithCancel(t.Context())
	visitors.Go(func() { ask(hurried) })
	<-store.entered
	giveUp()
	const many = 50
	for range many {
		visitors.Go(func() {
			if page := ask(t.Context()); !strings.Contains(page, "The second post.") {
				t.Errorf("a visitor gets\n%.500s", page)
			}
		})
	}
	for store.asked.Load() <= many {
		time.Sleep(time.Millisecond)
	}
	s.reply(mia, 1, "The third post.")
	if page := ask(t.Context()); !strings.Contains(page, "The third post.") {
		t.Error("who comes after a change gets the page before it")
	}
	close(store.released)
	visitors.Wait()
	if made := store.pages.Load(); made != 2 {
		t.Errorf("the page was made %d times at two versions, want 2", made)
	}
	if page := ask(t.Context()); !strings.Contains(page, "The third post.") {
		t.Error("the page before a change was kept in the place of the one after it")
	}
}

// BenchmarkThreadPage is a page of twenty posts of some three hundred bytes in a long thread:
// from the cache, made afresh for visitors, and made for a member.
func BenchmarkThreadPage(b *testing.B) {
	const post = "A post of some three hundred bytes, as people write them. It has a few sentences, and no more than one **bold** word.\n\n" +
		"And a second paragraph, since most have one: it says a little more about the same, as one does, and then it comes to an end."
	const posts = 2000
	s := newSite(b)
	admin := s.user("ada", forum.Admin)
	imported := forum.ImportedThread{Key: "1", Title: "A thread"}
	for i := range posts {
		imported.Posts = append(imported.Posts, forum.ImportedPost{Key: "post " + strconv.Itoa(i), AuthorName: "somebody", Body: post, CreatedAt: s.clock.Now()})
	}
	if _, err := s.service.ImportThreads(b.Context(), "bench", s.category(admin, "News").ID, []forum.ImportedThread{imported}); err != nil {
		b.Fatal(err)
	}
	serve := func(b *testing.B, path func(i int) string, header ...string) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r := httptest.NewRequest(http.MethodGet, path(i), nil)
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatal(w.Code)
			}
		}
	}
	first := func(int) string { return visitorsPage }
	b.Run("cached", func(b *testing.B) { serve(b, first) })
	b.Run("cached-gzip", func(b *testing.B) { serve(b, first, "Accept-Encoding", "gzip") })
	b.Run("afresh", func(b *testing.B) {
		serve(b, func(i int) string { return visitorsPage + "?from=" + strconv.Itoa(1+i*7919%(posts-forum.PageSize)) })
	})
	b.Run("member", func(b *testing.B) {
		session := s.signedIn("ada")
		cookie := session.client.Jar.Cookies(httptest.NewRequest(http.MethodGet, s.url, nil).URL)
		serve(b, first, "Cookie", cookie[0].String())
	})
}

// A browser's cookie is renewed with its session, in pages: what anybody may keep has none.
func TestCookieIsRenewed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.user("mia", forum.Member)
	b := s.signedIn("mia")
	renewed := func(path string) bool { return b.get(path).header.Get("Set-Cookie") != "" }
	if renewed("/about") {
		t.Error("renewed on the first day")
	}
	s.clock.set(s.clock.Now().Add(48 * time.Hour))
	for path, want := range map[string]bool{"/robots.txt": false, "/feed.atom": false, "/about": true} {
		if renewed(path) != want {
			t.Errorf("%s renews the cookie: %v, want %v", path, !want, want)
		}
	}
	if err := s.service.ExtendSessions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if renewed("/about") {
		t.Error("renewed twice on a day")
	}
}
