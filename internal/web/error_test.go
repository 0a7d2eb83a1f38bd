package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// community is a site with a category and a thread of two posts by mia, who is signed in.
func community(t *testing.T) (s *site, admin, mia forum.Actor, b *browser) {
	t.Helper()
	s = newSite(t)
	admin, mia = s.user("ada", forum.Admin), s.user("mia", forum.Member)
	news := s.category(admin, "News")
	s.thread(mia, news.ID, "A thread", "The first post.", "The second post.")
	return s, admin, mia, s.signedIn("mia")
}

func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	tests := []struct {
		name     string
		page     string
		action   string
		typed    fill
		field    string
		wrong    string // what is said of it
		kept     string // value of another field
		keptName string
	}{
		{"empty title", "/new", "/new", fill{"title": " ", "body": "kept text", "category_id": "1"}, "title", "Title must not be empty.", "kept text", "body"},
		{"long title", "/new", "/new", fill{"title": long, "body": "kept"}, "title", "Title is too long: 300 characters, at most 200.", long, "title"},
		{"control character", "/new", "/new", fill{"title": "a\x00b", "body": "kept"}, "title", "U+0000", "kept", "body"},
		{"invalid UTF-8", "/new", "/new", fill{"title": "\xff", "body": "kept"}, "title", "is not valid UTF-8 text", "kept", "body"},
		{"too many tags", "/new", "/new", fill{"title": "kept", "body": "b", "tags": "a,b,c,d,e,f"}, "tags", "Tags are too many", "a,b,c,d,e,f", "tags"},
		{"tag without an address", "/new", "/new", fill{"title": "kept", "body": "b", "tags": "tcp/ip"}, "tags", "Tags must not hold a comma or a slash", "tcp/ip", "tags"},
		{"tag that is a folder", "/t/1/thread/edit", "/t/1/thread/edit", fill{"title": "kept", "tags": "a, .."}, "tags", "Tags must not be dots alone", "kept", "title"},
		{"tag with a wide comma", "/new", "/new", fill{"title": "kept", "body": "b", "tags": "a，b"}, "tags", "must not hold a comma", "a，b", "tags"},
		{"unseen category", "/new", "/new", fill{"title": "kept", "body": "b", "category_id": "99"}, "category_id", "must be a category that you can see", "kept", "title"},
		{"empty reply", "/t/1/a-thread", "/t/1/reply", fill{"body": "\n "}, "body", "must not be empty", "", ""},
		{"reply to no post", "/t/1/a-thread?reply=2", "/t/1/reply", fill{"body": "kept", "reply_to": "2x"}, "body", "", "kept", "body"},
		{"reply of nothing that can be seen", "/t/1/a-thread", "/t/1/reply", fill{"body": "\u200b\u2060"}, "body", "must not be empty", "\u200b\u2060", "body"},
		{"long reply", "/t/1/a-thread", "/t/1/reply", fill{"body": strings.Repeat("y", 33_000)}, "body", "at most 32000", strings.Repeat("y", 33_000), "body"},
		{"empty edit", "/t/1/1/edit", "/t/1/1/edit", fill{"body": ""}, "body", "must not be empty", "", ""},
		{"empty rename", "/t/1/thread/edit", "/t/1/thread/edit", fill{"title": "", "tags": "kept"}, "title", "must not be empty", "kept", "tags"},
		{"long about", "/settings", "/settings/about", fill{"about": strings.Repeat("z", 4001)}, "about", "at most 4000", strings.Repeat("z", 4001), "about"},
		{"token without name", "/settings", "/settings/tokens", fill{"name": ""}, "name", "must not be empty", "", ""},
	}
	_, _, _, b := community(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{site: &site{TB: t, url: b.url}, client: b.client}
			b.get(tt.page)
			b.submit(tt.action, tt.typed)
			b.wantStatus(http.StatusUnprocessableEntity)
			if _, wrong := b.page.field(tt.field); !strings.Contains(wrong, tt.wrong) {
				t.Errorf("beside %s stands %q, want %q", tt.field, wrong, tt.wrong)
			}
			if got, _ := b.page.field(tt.keptName); got != tt.kept {
				t.Errorf("%s holds %.60q, want %.60q", tt.keptName, got, tt.kept)
			}
		})
	}
}

// Whatever keeps a text from being accepted, it is given back, and can be sent again.
func TestTextIsKept(t *testing.T) {
	t.Parallel()
	const text = "a text\nthat took <long> to write"
	write := func(b *browser) {
		b.Helper()
		b.submit("/t/1/reply", fill{"body": text})
		if got, _ := b.page.field("body"); got != text {
			b.Errorf("status %d keeps %q, want %q", b.page.status, got, text)
		}
	}
	t.Run("locked meanwhile", func(t *testing.T) {
		t.Parallel()
		s, admin, _, b := community(t)
		b.get("/t/1/a-thread")
		lock(s, admin, true)
		write(b)
		b.wantStatus(http.StatusConflict)
		b.wantText("This thread is locked: nobody but moderators can reply.")
		lock(s, admin, false)
		b.submit("/t/1/reply", fill{})
		b.wantText("3 posts", "that took <long> to write")
	})
	t.Run("suspended meanwhile", func(t *testing.T) {
		t.Parallel()
		s, admin, _, b := community(t)
		b.get("/t/1/a-thread")
		if err := s.service.SuspendUser(t.Context(), admin, "mia", "", ""); err != nil {
			t.Fatal(err)
		}
		write(b)
		b.wantStatus(http.StatusForbidden)
	})
	t.Run("thread gone meanwhile", func(t *testing.T) {
		t.Parallel()
		s, admin, _, b := community(t)
		b.get("/t/1/a-thread")
		if _, err := s.service.MarkThread(t.Context(), admin, 1, forum.MarkModDeleted, true, ""); err != nil {
			t.Fatal(err)
		}
		write(b)
		b.wantStatus(http.StatusNotFound)
	})
	t.Run("session over", func(t *testing.T) {
		t.Parallel()
		_, _, _, b := community(t)
		b.get("/t/1/a-thread?reply=2")
		form := b.page
		b.submit("/sign-out", fill{})
		b.page = form
		b.submit("/t/1/reply", fill{"body": text})
		b.wantStatus(http.StatusUnauthorized)
		b.wantText("Nothing you typed is lost")
		b.submit("/sign-in", fill{"name": "mia", "password": "wrong password"})
		b.wantStatus(http.StatusUnprocessableEntity)
		b.submit("/sign-in", fill{"name": "mia", "password": goodPassword})
		b.wantStatus(http.StatusOK)
		b.wantText("Welcome back")
		if got, _ := b.page.field("body"); got != text {
			t.Errorf("after signing in the text is %q, want %q", got, text)
		}
		b.submit("/t/1/reply", fill{})
		b.wantText("3 posts", "in reply to #2 mia", "that took <long> to write")
	})
	t.Run("store away", func(t *testing.T) {
		t.Parallel()
		s, _, _, b := community(t)
		b.get("/t/1/a-thread")
		away := s.service.Store
		s.service.Store = &failing{Store: away, err: diskFull}
		write(b)
		b.wantStatus(http.StatusServiceUnavailable)
		b.wantText("The disk is full.", "Try again in 30 seconds.")
		if got := b.page.header.Get("Retry-After"); got != "30" {
			t.Errorf("Retry-After is %q, want 30", got)
		}
		s.service.Store = away
		b.submit("/t/1/reply", fill{})
		b.wantText("3 posts")
	})
	t.Run("store away for reading too", func(t *testing.T) {
		t.Parallel()
		s, _, _, b := community(t)
		b.get("/t/1/a-thread")
		away := s.service.Store
		s.service.Store = &failing{Store: away, err: diskFull, reading: true}
		write(b)
		b.wantStatus(http.StatusServiceUnavailable)
		s.service.Store = away
		b.submit("/t/1/reply", fill{})
		b.wantText("3 posts")
	})
	t.Run("too often", func(t *testing.T) {
		t.Parallel()
		s, _, _, b := community(t)
		s.kit.Rates = httpkit.NewRates(stopped{}, 0.001)
		form := b.get("/t/1/a-thread")
		b.submit("/t/1/reply", fill{"body": "the first"})
		b.wantText("3 posts")
		b.page = form // whose answer did not arrive, say
		b.submit("/t/1/reply", fill{"body": "the first"})
		b.wantText("3 posts")
		write(b)
		b.wantStatus(http.StatusTooManyRequests)
		if b.page.header.Get("Retry-After") == "" {
			t.Error("nobody says when to come back")
		}
	})
	t.Run("too large", func(t *testing.T) {
		t.Parallel()
		_, _, _, b := community(t)
		b.get("/t/1/a-thread")
		large := strings.Repeat("ж", forum.MaxRequestBytes/4)
		b.submit("/t/1/reply", fill{"body": large})
		b.wantStatus(http.StatusRequestEntityTooLarge)
		b.wantText("Only the beginning of your text arrived")
		if got, _ := b.page.field("body"); len(got) < 60_000 || !strings.HasPrefix(large, got) {
			t.Errorf("%d bytes are kept, beginning %.20q", len(got), got)
		}
	})
	t.Run("key used for another text", func(t *testing.T) {
		t.Parallel()
		_, _, _, b := community(t)
		form := b.get("/t/1/a-thread")
		b.submit("/t/1/reply", fill{"body": "sent before"})
		b.page = form // the Back button
		write(b)
		b.wantStatus(http.StatusUnprocessableEntity)
		b.wantText("This form was sent before, with something else in it.")
		b.submit("/t/1/reply", fill{})
		b.wantText("4 posts")
	})
}

// What another site makes a browser send is refused, and its words are not put into a form to send.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	s, _, _, b := community(t)
	for _, body := range []string{"not by mia", strings.Repeat("not by mia ", forum.MaxRequestBytes/10)} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/t/1/reply", strings.NewReader(url.Values{"body": {body}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		answer, err := b.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		source, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode < 400 || strings.Contains(string(source), "not by mia") {
			t.Errorf("status %d (%v), keeps the text: %v", answer.StatusCode, err, strings.Contains(string(source), "not by mia"))
		}
	}
	b.get("/t/1")
	b.wantText("2 posts")
}

// A method that an address does not have is refused by name, and whatever can be read has HEAD.
func TestMethods(t *testing.T) {
	t.Parallel()
	s, _, _, _ := community(t)
	tests := []struct {
		method, path string
		status       int
		allow        string
	}{
		{"POST", "/", 405, "GET, HEAD"},
		{"DELETE", "/t/1/a-thread", 405, "GET, HEAD"},
		{"PUT", "/new", 405, "GET, HEAD, POST"},
		{"GET", "/sign-out", 405, "POST"},
		{"HEAD", "/sign-out", 405, "POST"},
		{"BREW", "/about", 405, "GET, HEAD"},
		{"TRACE", "/about", 405, "GET, HEAD"},
		{"OPTIONS", "/about", 204, "GET, HEAD"},
		{"OPTIONS", "/t/1/1/edit", 204, "GET, HEAD, POST"},
		{"OPTIONS", "/nothing", 404, ""},
		{"POST", "/nothing", 404, ""},
		{"GET", "/nothing/at/all", 404, ""},
		{"HEAD", "/", 200, ""},
		{"HEAD", "/t/1/a-thread", 200, ""},
		{"HEAD", "/t/1", 301, ""},
		{"HEAD", "/t/9", 404, ""},
		{"HEAD", "/new", 401, ""},
		{"HEAD", "/search?q=x", 200, ""},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if w.Code != tt.status || w.Header().Get("Allow") != tt.allow {
			t.Errorf("%s %s: got %d, Allow %q, want %d, %q", tt.method, tt.path, w.Code, w.Header().Get("Allow"), tt.status, tt.allow)
		}
		if caching := w.Header().Get("Cache-Control"); w.Code >= 400 && caching != "no-store" {
			t.Errorf("%s %s: Cache-Control is %q: a refusal may be kept", tt.method, tt.path, caching)
		}
	}
}

func lock(s *site, admin forum.Actor, set bool) {
	s.Helper()
	if _, err := s.service.MarkThread(s.Context(), admin, 1, forum.MarkLocked, set, ""); err != nil {
		s.Fatal(err)
	}
}

// stopped is a clock that stands still.
type stopped struct{}

func (stopped) Now() time.Time { return time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC) }

var diskFull = &forum.Error{Kind: forum.Unavailable, Message: "the disk is full", RetryAfter: 30 * time.Second}

// failing is a store that cannot write, or not even read.
type failing struct {
	forum.Store
	err     error
	reading bool
}

func (f *failing) SessionUser(ctx context.Context, hash string, now time.Time) (forum.User, time.Time, error) {
	if f.reading {
		return forum.User{}, time.Time{}, f.err
	}
	return f.Store.SessionUser(ctx, hash, now)
}

func (f *failing) Site(ctx context.Context) (forum.Site, error) {
	if f.reading {
		return forum.Site{}, f.err
	}
	return f.Store.Site(ctx)
}

func (f *failing) CreatePost(context.Context, forum.Change, forum.Post) (forum.Receipt, error) {
	return forum.Receipt{}, f.err
}

func TestTakenName(t *testing.T) {
	t.Parallel()
	s, _, _, _ := community(t)
	b := s.browser()
	b.get("/sign-up?next=%2Ft%2F1")
	b.submit("/sign-up", fill{"name": "MIA", "password": "another password"})
	b.wantStatus(http.StatusConflict)
	if got, wrong := b.page.field("name"); got != "MIA" || !strings.Contains(wrong, "is taken") {
		t.Errorf("the name's field holds %q, and beside it stands %q", got, wrong)
	}
	b.submit("/sign-up", fill{"name": "mia.2", "password": goodPassword})
	b.wantStatus(http.StatusOK)
	b.wantText("A thread", "The first post.")
}

func TestSendingTwiceIsOnce(t *testing.T) {
	t.Parallel()
	_, _, _, b := community(t)
	form := b.get("/t/1/a-thread")
	b.submit("/t/1/reply", fill{"body": "once"})
	b.page = form
	b.submit("/t/1/reply", fill{"body": "once"})
	b.wantStatus(http.StatusOK)
	b.wantText("3 posts")
}

// Two people edit one post: the second is told, sees both texts, and decides.
func TestEditOfAChangedPost(t *testing.T) {
	t.Parallel()
	s, admin, _, b := community(t)
	b.get("/t/1/2/edit")
	if _, err := s.service.EditPost(t.Context(), admin, 1, 2, forum.PostEdit{Body: "changed by ada"}); err != nil {
		t.Fatal(err)
	}
	b.submit("/t/1/2/edit", fill{"body": "changed by mia"})
	b.wantStatus(http.StatusPreconditionFailed)
	b.wantText("This is how the post reads now", "changed by ada")
	if got, _ := b.page.field("body"); got != "changed by mia" {
		t.Errorf("text is %q", got)
	}
	b.submit("/t/1/2/edit", fill{})
	b.wantText("changed by mia")
	b.wantNoText("changed by ada")
}

// What is absent, not to be seen and malformed answers alike, to the byte.
func TestNothingHere(t *testing.T) {
	t.Parallel()
	s, admin, _, member := community(t)
	secret, err := s.service.CreateCategory(t.Context(), admin, forum.NewCategory{Name: "Secret",
		Permissions: forum.Permissions{forum.Visitor: {}, forum.Member: {}}})
	if err != nil {
		t.Fatal(err)
	}
	s.thread(admin, secret.ID, "Hidden plans", "nobody knows")
	s.user("max", forum.Moderator)
	moderator := s.signedIn("max")
	for _, path := range []string{"/c/secret", "/t/2/hidden-plans", "/t/2"} {
		moderator.get(path)
		moderator.wantStatus(http.StatusOK)
	}
	paths := []string{"/c/secret", "/c/absent", "/c/secret/new", "/t/2", "/t/2/hidden-plans", "/t/2/wrong-slug", "/t/2/1", "/t/2/1/edit", "/t/2/1/history",
		"/t/2/1/delete", "/t/2/thread/edit", "/t/2?date=2026-11-24", "/t/99", "/t/99/x", "/t/abc", "/t/-1", "/t/01", "/t/9223372036854775808", "/t/1/99",
		"/t/1/0", "/t/1/a-thread?from=x", "/t/1/a-thread?from=-1", "/u/nobody", "/tag/none", "/nothing", "/?before=x", "/t/1/00002", "/first-run", "/assets/x.css"}
	for _, b := range []*browser{s.browser(), member} {
		b.get("/t/98")
		want := b.page.source
		for _, path := range paths {
			b.get(path)
			if path == "/c/secret/new" && b != member {
				b.wantStatus(http.StatusUnauthorized)
				continue
			}
			if needsSignIn := strings.Contains(path, "/1/") || strings.Contains(path, "/thread/"); needsSignIn && b.page.status == http.StatusUnauthorized {
				b.Errorf("%s answers 401 of what the reader cannot see", path)
			}
			b.wantStatus(http.StatusNotFound)
			if got := strings.ReplaceAll(b.page.source, url.QueryEscape(path), url.QueryEscape("/t/98")); got != want {
				b.Errorf("%s differs from an absent thread:\n%s\n%s", path, got, want)
			}
			if got := b.page.header.Get("Cache-Control"); got != "no-store" {
				b.Errorf("%s: Cache-Control is %q", path, got)
			}
		}
	}
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	_, _, _, b := community(t)
	for _, tt := range []struct {
		path string
		want int
	}{
		{"/admin", http.StatusForbidden},
		{"/admin/people", http.StatusForbidden},
		{"/admin/settings", http.StatusForbidden},
		{"/admin/changes", http.StatusForbidden},
		{"/admin/invitations", http.StatusForbidden},
		{"/admin/categories", http.StatusForbidden},
		{"/admin/categories/new", http.StatusForbidden},
		{"/admin/categories/1", http.StatusForbidden},
	} {
		b.get(tt.path)
		b.wantStatus(tt.want)
	}
	for _, path := range []string{"/t/1/thread/mark", "/t/1/2/hide", "/u/ada/suspend", "/u/ada/role", "/admin/site", "/admin/categories/new",
		"/admin/rules", "/admin/invitations", "/admin/invitations/1/end",
		"/admin/categories/1", "/admin/categories/1/move", "/admin/categories/1/permissions", "/admin/categories/1/hide", "/admin/categories/1/order"} {
		b.post(path, url.Values{"set": {"mod_hidden"}, "name": {"x"}, "role": {"admin"}})
		b.wantStatus(http.StatusForbidden)
	}
}

// A visitor who wants to write is asked to sign in, and comes back to where they were.
func TestSignInLeadsBack(t *testing.T) {
	t.Parallel()
	s, _, _, _ := community(t)
	for next, want := range map[string]string{
		"/t/1/a-thread#reply":     "/t/1/a-thread",
		"/new?x=1":                "/new?x=1",
		"https://evil.example/":   "/",
		"//evil.example/":         "/",
		`/\evil.example/`:         "/",
		"/\t/evil.example/":       "/",
		"javascript:alert(1)":     "/",
		"evil":                    "/",
		"":                        "/",
		"http:/evil.example":      "/",
		"/%09/evil.example":       "/%09/evil.example",
		"/@evil.example":          "/@evil.example",
		"https:evil.example":      "/",
		"/t/1/a-thread\r\nX-Y: z": "/",
	} {
		b := s.browser()
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		b.get("/sign-in?next=" + url.QueryEscape(next))
		b.submit("/sign-in", fill{"name": "mia", "password": goodPassword})
		if got := strings.TrimSuffix(b.page.header.Get("Location"), "#reply"); got != want {
			t.Errorf("next=%q leads to %q, want %q", next, got, want)
		}
	}
}

// What no form of ours sends is refused beside its field, and not taken for something else.
func TestFormsAreNotGuessedAt(t *testing.T) {
	t.Parallel()
	s, _, mia, b := community(t)
	ada := s.signedIn("ada")
	category := fill{"name": "Kept name", "description": "Kept description"}
	tests := []struct {
		name         string
		page, action string
		typed        fill
		field, wrong string
	}{
		{"a category inside of nothing there is", "/admin/categories/new", "/admin/categories/new", fill{"parent_id": "top"}, "parent_id", "must be a category that you can see"},
		{"a category inside of nought", "/admin/categories/new", "/admin/categories/new", fill{"parent_id": "0"}, "parent_id", "must be a category that you can see"},
		{"a category for nobody known", "/admin/categories/new", "/admin/categories/new", fill{"audience": "friends"}, "audience", "is none of those there are"},
		{"a category for nobody", "/admin/categories/new", "/admin/categories/new", fill{"audience": ""}, "audience", "is none of those there are"},
		{"moved to nothing there is", "/admin/categories/1", "/admin/categories/1/move", fill{"parent_id": "1 "}, "parent_id", "must be a category that you can see"},
	}
	for _, tt := range tests {
		ada.get(tt.page)
		for name, value := range category {
			if tt.page == tt.action {
				tt.typed[name] = value
			}
		}
		ada.submit(tt.action, tt.typed)
		if _, wrong := ada.page.field(tt.field); ada.page.status != http.StatusUnprocessableEntity || !strings.Contains(wrong, tt.wrong) {
			t.Errorf("%s: got %d, and beside %s stands %q, want %q", tt.name, ada.page.status, tt.field, wrong, tt.wrong)
		}
		for name, want := range category {
			if got, _ := ada.page.field(name); tt.page == tt.action && got != want {
				t.Errorf("%s: %s holds %q, want %q", tt.name, name, got, want)
			}
		}
	}
	for path, in := range map[string]url.Values{
		"/admin/categories/1/hide":        {"hidden": {"maybe"}},
		"/admin/categories/1/permissions": {"member.see": {"off"}},
		"/admin/categories/1/order":       {"order": {"1 x"}},
		"/t/1/2/react":                    {},
	} {
		if ada.post(path, in); ada.page.status != http.StatusUnprocessableEntity {
			t.Errorf("%s with %v: got %d, want 422", path, in, ada.page.status)
		}
	}
	if ada.post("/admin/categories/1/permissions", url.Values{"member.fly": {"yes"}}); ada.page.status != http.StatusUnprocessableEntity {
		t.Errorf("a right that there is not: got %d, want 422", ada.page.status)
	}
	b.get("/t/1/2/edit")
	b.submit("/t/1/2/edit", fill{"body": "Over another's.", "version": "the last"})
	b.wantStatus(http.StatusPreconditionFailed)
	b.get("/search?q=post&category=news")
	b.wantStatus(http.StatusUnprocessableEntity)
	if _, post, err := s.service.Post(t.Context(), mia, 1, 2); err != nil || post.Body != "The second post." {
		t.Errorf("the post is %q, %v", post.Body, err)
	}
}
