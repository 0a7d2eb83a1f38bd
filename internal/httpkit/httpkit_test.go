package httpkit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"folkmoot/internal/forum"
)

// sessions is the part of a store that signing in needs.
type sessions struct {
	forum.Store
	rules forum.Rules           // zero: the standard ones
	users map[string]forum.User // by hash of the secret
	fault error
	ended []string

	unused time.Duration // how long ago each session was extended
}

func (s *sessions) SessionUser(_ context.Context, hash string, now time.Time) (forum.User, time.Time, error) {
	user, err := s.user(hash)
	return user, now.Add(forum.SessionLifetime - s.unused), err
}

func (s *sessions) TokenUser(_ context.Context, hash string) (forum.APIToken, forum.User, error) {
	user, err := s.user(hash)
	return forum.APIToken{Scope: forum.ScopeRead}, user, err
}

func (s *sessions) user(hash string) (forum.User, error) {
	user, known := s.users[hash]
	switch {
	case s.fault != nil:
		return forum.User{}, s.fault
	case !known:
		return forum.User{}, forum.ErrNotFound
	}
	return user, nil
}

func (s *sessions) DeleteSession(_ context.Context, hash string) error {
	s.ended = append(s.ended, hash)
	return nil
}

// folding is a Text that folds as much as these tests need.
type folding struct{ forum.Text }

func (folding) Fold(name string) string { return strings.ToLower(name) }

// stillClock stands until it is set.
type stillClock struct{ now time.Time }

func (c *stillClock) Now() time.Time { return c.now }

const (
	annSession = "fms_ann"
	annToken   = "fmt_ann"
)

func newKit(t testing.TB) (*Kit, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer)
	ann := forum.User{ID: 7, Name: "ann", Role: forum.Member}
	store := &sessions{users: map[string]forum.User{forum.Secret(annSession).Hash(): ann, forum.Secret(annToken).Hash(): ann}}
	return &Kit{
		Service: &forum.Service{Store: store, Clock: forum.SystemClock{}, Text: folding{}},
		Logger:  slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Proxies: ThisMachine,
	}, log
}

// failPlainly answers an error in one line.
func failPlainly(w http.ResponseWriter, _ *http.Request, err *forum.Error) {
	http.Error(w, err.Message, Status(err.Kind))
	if err.Cause != nil {
		panic("a cause reached the surface")
	}
}

func serve(k *Kit, r *http.Request, h HandlerFunc) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	k.Wrap(k.Handle(h, failPlainly)).ServeHTTP(w, r)
	return w
}

func whoAsks(w http.ResponseWriter, r *http.Request) error {
	actor := ActorOf(r.Context())
	_, err := io.WriteString(w, actor.Name+" "+string(actor.Scope))
	return err
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		url           string
		cookie        string
		authorization []string
		fault         error
		status        int
		body          string
	}{
		{name: "nobody", status: 200, body: " "},
		{name: "a session's cookie", cookie: "folkmoot=" + annSession, status: 200, body: "ann "},
		{name: "the cookie of https", url: "https://example.com/", cookie: "__Host-folkmoot=" + annSession, status: 200, body: "ann "},
		{name: "the cookie of http over https", url: "https://example.com/", cookie: "folkmoot=" + annSession, status: 200, body: " "},
		{name: "a session that ended", cookie: "folkmoot=fms_old", status: 200, body: " "},
		{name: "a token in the cookie", cookie: "folkmoot=" + annToken, status: 200, body: " "},
		{name: "a token", authorization: []string{"Bearer " + annToken}, status: 200, body: "ann read"},
		{name: "a session as token", authorization: []string{"bearer " + annSession}, status: 200, body: "ann "},
		{name: "a token wins over a cookie", cookie: "folkmoot=" + annSession, authorization: []string{"Bearer " + annToken}, status: 200, body: "ann read"},
		{name: "an unknown token", authorization: []string{"Bearer fmt_none"}, status: 401},
		{name: "a bad token beside a good cookie", cookie: "folkmoot=" + annSession, authorization: []string{"Bearer fmt_none"}, status: 401},
		{name: "a token of something else", authorization: []string{"Bearer ghp_none"}, status: 401},
		{name: "a proxy's password", authorization: []string{"Basic YTpi"}, status: 200, body: " "},
		{name: "a proxy's password, with a cookie", cookie: "folkmoot=" + annSession, authorization: []string{"Basic YTpi"}, status: 200, body: "ann "},
		{name: "a proxy's password, with a token", authorization: []string{"Basic YTpi", "Bearer " + annToken}, status: 200, body: "ann read"},
		{name: "two tokens", authorization: []string{"Bearer " + annToken, "Bearer " + annToken}, status: 401},
		{name: "an empty header", authorization: []string{""}, status: 200, body: " "},
		{name: "an empty token", authorization: []string{"Bearer"}, status: 401},
		{name: "a store at fault, with a cookie", cookie: "folkmoot=" + annSession, fault: errors.New("disk"), status: 500},
		{name: "a store at fault, with a token", authorization: []string{"Bearer " + annToken}, fault: &forum.Error{Kind: forum.Unavailable}, status: 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newKit(t)
			k.Service.Store.(*sessions).fault = tt.fault
			r := httptest.NewRequest("GET", cmpOr(tt.url, "http://example.com/"), nil)
			if tt.cookie != "" {
				r.Header.Set("Cookie", tt.cookie)
			}
			for _, value := range tt.authorization {
				r.Header.Add("Authorization", value)
			}
			w := serve(k, r, whoAsks)
			if w.Code != tt.status || tt.body != "" && w.Body.String() != tt.body {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, tt.status, tt.body)
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("a 401 names no scheme")
			}
		})
	}
}

func cmpOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func TestHandleAnswersErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		header map[string]string
		logged bool
	}{
		{"invalid", &forum.Error{Kind: forum.Invalid}, 422, nil, false},
		{"unauthenticated", &forum.Error{Kind: forum.Unauthenticated}, 401, nil, false},
		{"forbidden", &forum.Error{Kind: forum.Forbidden}, 403, nil, false},
		{"not found", forum.ErrNotFound, 404, nil, false},
		{"conflict", &forum.Error{Kind: forum.Conflict}, 409, nil, false},
		{"precondition failed", &forum.Error{Kind: forum.PreconditionFailed}, 412, nil, false},
		{"key reused", forum.ErrKeyReused, 422, nil, false},
		{"too large", &forum.Error{Kind: forum.TooLarge}, 413, map[string]string{"Connection": "close"}, false},
		{"too many", &forum.Error{Kind: forum.TooMany, RetryAfter: 1500 * time.Millisecond}, 429, map[string]string{"Retry-After": "2"}, false},
		{"unavailable", &forum.Error{Kind: forum.Unavailable, Cause: errors.New("disk full")}, 503, map[string]string{"Retry-After": "5"}, true},
		{"internal", &forum.Error{Kind: forum.Internal, Message: "secret", Cause: errors.New("secret")}, 500, nil, true},
		{"any other", errors.New("secret"), 500, nil, true},
		{"a known one, wrapped", errors.Join(errors.New("context"), forum.ErrNotFound), 404, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, log := newKit(t)
			w := serve(k, httptest.NewRequest("GET", "/", nil), func(http.ResponseWriter, *http.Request) error { return tt.err })
			if w.Code != tt.status {
				t.Errorf("got %d, want %d", w.Code, tt.status)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the answer holds what is for the operator only: %s", w.Body)
			}
			for name, want := range tt.header {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Request-Id") == "" {
				t.Errorf("an error may be kept, or has no request id: %v", w.Header())
			}
			if logged := strings.Contains(log.String(), "level=ERROR") || strings.Contains(log.String(), "level=WARN"); logged != tt.logged {
				t.Errorf("logged is %v, want %v: %s", logged, tt.logged, log)
			}
			if tt.logged && !strings.Contains(log.String(), w.Header().Get("X-Request-Id")) {
				t.Errorf("the log does not name the request %s: %s", w.Header().Get("X-Request-Id"), log)
			}
		})
	}
}

// Who waits for something that does not come is told so, in bounded time.
func TestHandleAnswersInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k, log := newKit(t)
		w := serve(k, httptest.NewRequest("GET", "/", nil), func(_ http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return r.Context().Err()
		})
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(log.String(), "level=WARN") {
			t.Errorf("got %d %v, logged %s; want 503 with Retry-After, and a warning", w.Code, w.Header(), log)
		}
	})
}

func TestHandleAnswersPanics(t *testing.T) {
	t.Parallel()
	k, log := newKit(t)
	w := serve(k, httptest.NewRequest("GET", "/", nil), func(http.ResponseWriter, *http.Request) error { panic("secret") })
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "httpkit_test.go") {
		t.Errorf("the log has no stack: %s", log)
	}
}

func TestHandleBreaksOffWhatHasBegun(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]HandlerFunc{
		"error": func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.WriteString(w, "half")
			return errors.New("and no more")
		},
		"panic": func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.WriteString(w, "half")
			panic("and no more")
		},
	} {
		t.Run(name, func(t *testing.T) {
			k, _ := newKit(t)
			defer func() {
				if got := recover(); got != http.ErrAbortHandler {
					t.Errorf("got %v, want %v", got, http.ErrAbortHandler)
				}
			}()
			serve(k, httptest.NewRequest("GET", "/", nil), h)
		})
	}
}

// endless is a body that counts what was read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		length int64
		read   int64 // at most
	}{
		{"said beforehand", 10 << 30, 0},
		{"not said", -1, forum.MaxRequestBytes + 1<<20},
		{"said falsely", 5, forum.MaxRequestBytes + 1<<20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newKit(t)
			body := new(endless)
			r := httptest.NewRequest("POST", "/", body)
			r.ContentLength = tt.length
			w := serve(k, r, func(_ http.ResponseWriter, r *http.Request) error {
				_, err := io.ReadAll(r.Body)
				return err
			})
			if w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("got %d, want 413", w.Code)
			}
			if body.read > tt.read {
				t.Errorf("%d bytes were read before the refusal, want at most %d", body.read, tt.read)
			}
		})
	}
}

// Nothing has a name that no database can hold.
func TestPathsThatNothingHas(t *testing.T) {
	kit := &Kit{Service: &forum.Service{}, Logger: slog.New(slog.DiscardHandler)}
	for path, want := range map[string]int{"/u/ada": 200, "/u/%C3%A9": 200, "/u/%00": 404, "/u/a%00b": 404, "/c/%ff": 404, "/?x=%ff": 200, "/?x=\xff": 404} {
		handler := kit.Handle(func(w http.ResponseWriter, _ *http.Request) error { _, err := io.WriteString(w, "here"); return err },
			func(w http.ResponseWriter, _ *http.Request, err *forum.Error) { w.WriteHeader(Status(err.Kind)) })
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != want {
			t.Errorf("%s: got %d, want %d", path, answer.Code, want)
		}
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	origin, _ := url.Parse("https://forum.example")
	tests := []struct {
		name, method string
		header       map[string]string
		want         int
	}{
		{"a form of our own", "POST", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"a form of another site", "POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"a form of a neighbour", "POST", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"a form of another site, in an old browser", "POST", map[string]string{"Origin": "https://evil.example"}, 403},
		{"a form of our own, in an old browser, through a proxy", "POST", map[string]string{"Origin": "https://forum.example"}, 200},
		{"a form of the same host over http", "POST", map[string]string{"Origin": "http://forum.example"}, 403},
		{"a form of another site, under its name", "POST", map[string]string{"Origin": "http://backend.internal"}, 403},
		{"a page at another name of this server", "POST", map[string]string{"Origin": "http://backend.internal", "Sec-Fetch-Site": "same-origin"}, 403},
		{"a form of our own, through a proxy", "POST", map[string]string{"Origin": "https://forum.example", "Sec-Fetch-Site": "same-origin"}, 200},
		{"a page of our own with a secret", "POST", map[string]string{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200},
		{"reading from elsewhere", "GET", map[string]string{"Origin": "https://evil.example"}, 200},
		{"a sandboxed form", "POST", map[string]string{"Origin": "null"}, 403},
		{"a program", "POST", nil, 200},
		{"a program in a page of another site, with a token", "POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer " + annToken}, 200},
		{"a form of another site, with a proxy's password", "POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Basic YTpi"}, 403},
		{"a link on another site", "GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},
		{"deletion by another site", "DELETE", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newKit(t)
			k.Origin = origin
			r := httptest.NewRequest(tt.method, "http://backend.internal/", nil)
			for name, value := range tt.header {
				r.Header.Set(name, value)
			}
			if got := serve(k, r, whoAsks).Code; got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	origin, _ := url.Parse("https://forum.example")
	tests := []struct {
		name   string
		origin *url.URL
		header string // X-Forwarded-Proto
		want   string
	}{
		{"plain http", nil, "", "folkmoot=fms_x; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax"},
		{"https by the origin", origin, "", "__Host-folkmoot=fms_x; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax"},
		{"https by a proxy", nil, "https", "__Host-folkmoot=fms_x; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newKit(t)
			k.Origin = tt.origin
			r := httptest.NewRequest("POST", "/", nil)
			r.RemoteAddr = "127.0.0.1:5555"
			if tt.header != "" {
				r.Header.Set("X-Forwarded-Proto", tt.header)
			}
			w := serve(k, r, func(w http.ResponseWriter, r *http.Request) error {
				k.OpenSession(w, r, "fms_x")
				return nil
			})
			if got := w.Header().Get("Set-Cookie"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The cookie of a session lives as long as the session does: it is given again when that is extended.
func TestKeepSession(t *testing.T) {
	t.Parallel()
	cookie, bearer := [2]string{"Cookie", "folkmoot=" + annSession}, [2]string{"Authorization", "Bearer " + annSession}
	for _, tt := range []struct {
		name    string
		header  [2]string
		unused  time.Duration
		renewed bool
	}{
		{"a visitor", [2]string{"Cookie", ""}, 48 * time.Hour, false},
		{"used an hour ago", cookie, time.Hour, false},
		{"used two days ago", cookie, 48 * time.Hour, true},
		{"used two days ago, by a program", bearer, 48 * time.Hour, false},
	} {
		k, _ := newKit(t)
		k.Service.Store.(*sessions).unused = tt.unused
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(tt.header[0], tt.header[1])
		w := serve(k, r, func(w http.ResponseWriter, r *http.Request) error { k.KeepSession(w, r); return nil })
		want := ""
		if tt.renewed {
			want = "folkmoot=fms_ann; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax"
		}
		if got := w.Header().Get("Set-Cookie"); got != want {
			t.Errorf("%s: got %q, want %q", tt.name, got, want)
		}
	}
}

func TestCloseSession(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, cookie, token string
		status, ended       int
	}{
		{"a session", "folkmoot=" + annSession, "", 200, 1},
		{"a session as token", "", annSession, 200, 1},
		{"a visitor", "", "", 200, 0},
		{"an API token", "", annToken, 409, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newKit(t)
			r := httptest.NewRequest("POST", "/", nil)
			r.Header.Set("Cookie", tt.cookie)
			if tt.token != "" {
				r.Header.Set("Authorization", "Bearer "+tt.token)
			}
			w := serve(k, r, k.CloseSession)
			if w.Code != tt.status || len(k.Service.Store.(*sessions).ended) != tt.ended {
				t.Errorf("got %d and %d sessions ended, want %d and %d", w.Code, len(k.Service.Store.(*sessions).ended), tt.status, tt.ended)
			}
			if w.Code == 200 && !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
				t.Errorf("the cookie stays: %q", w.Header().Get("Set-Cookie"))
			}
		})
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	const x, f = "X-Forwarded-For", "Forwarded"
	tests := []struct {
		name, remote string
		header       http.Header
		want         string
	}{
		{"no proxy", "203.0.113.9:1", nil, "203.0.113.9"},
		{"a stranger who says to be another", "203.0.113.9:1", http.Header{x: {"198.51.100.1"}, f: {"for=198.51.100.1"}}, "203.0.113.9"},
		{"a proxy", "127.0.0.1:1", http.Header{x: {"198.51.100.1"}}, "198.51.100.1"},
		{"a proxy that says the port", "127.0.0.1:1", http.Header{x: {"198.51.100.1:4711"}}, "198.51.100.1"},
		{"a proxy behind what a client made up", "127.0.0.1:1", http.Header{x: {"10.0.0.1, 192.0.2.7, 198.51.100.1"}}, "198.51.100.1"},
		{"two proxies, in two lines", "127.0.0.1:1", http.Header{x: {"192.0.2.7, 198.51.100.1", "10.1.2.3"}}, "198.51.100.1"},
		{"nonsense", "127.0.0.1:1", http.Header{x: {"unknown"}}, "127.0.0.1"},
		{"nonsense before an address", "127.0.0.1:1", http.Header{x: {"<script>, 198.51.100.1"}}, "198.51.100.1"},
		{"IPv4 as IPv6", "[::ffff:203.0.113.9]:1", nil, "203.0.113.9"},
		{"IPv6", "[2001:db8::1]:1", nil, "2001:db8::1"},
		{"a proxy's IPv6", "127.0.0.1:1", http.Header{x: {"2001:db8::1"}}, "2001:db8::1"},
		{"a zone", "127.0.0.1:1", http.Header{x: {"fe80::1%eth0"}}, "fe80::1"},
		{"a proxy at a socket of the file system", "@", http.Header{x: {"198.51.100.1"}}, "198.51.100.1"},
		{"Forwarded", "127.0.0.1:1", http.Header{f: {`proto=https; For="198.51.100.1:4711";by=10.0.0.1`}}, "198.51.100.1"},
		{"Forwarded, of IPv6", "127.0.0.1:1", http.Header{f: {`for="[2001:db8::1]"`}}, "2001:db8::1"},
		{"Forwarded, of IPv6 with a port", "127.0.0.1:1", http.Header{f: {`for="[2001:db8::1]:4711"`}}, "2001:db8::1"},
		{"Forwarded by two", "127.0.0.1:1", http.Header{f: {"for=192.0.2.7, for=198.51.100.1", "for=10.1.2.3"}}, "198.51.100.1"},
		{"Forwarded behind what a client made up", "127.0.0.1:1", http.Header{f: {`for="192.0.2.7, for=198.51.100.1`}}, "198.51.100.1"},
		{"Forwarded by somebody who hides", "127.0.0.1:1", http.Header{f: {"for=198.51.100.1, for=_hidden"}}, "127.0.0.1"},
		{"Forwarded without an address", "127.0.0.1:1", http.Header{f: {"for=198.51.100.1, proto=https"}}, "127.0.0.1"},
		{"Forwarded made up, through a proxy that hands it on", "127.0.0.1:1", http.Header{x: {"198.51.100.1"}, f: {"for=192.0.2.7"}}, "198.51.100.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := &Kit{Proxies: append([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, ThisMachine...)}
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Header = tt.remote, tt.header
			if got := k.Address(r).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAccessLogHoldsNothingPrivate(t *testing.T) {
	t.Parallel()
	k, log := newKit(t)
	r := httptest.NewRequest("GET", "/first-run?token=hidden", nil)
	r.RemoteAddr = "203.0.113.9:1"
	r.Header.Set("Cookie", "folkmoot="+annSession)
	serve(k, r, whoAsks)
	if !strings.Contains(log.String(), "path=/first-run route=\"\" status=200") {
		t.Errorf("the request is not logged: %s", log)
	}
	for _, private := range []string{"hidden", annSession, "203.0.113.9", "ann"} {
		if strings.Contains(log.String(), private) {
			t.Errorf("the log holds %q: %s", private, log)
		}
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	tests := []struct {
		have string
		want int
	}{
		{"", 200},
		{`"a"`, 304},
		{`W/"a"`, 304},
		{`"b", "a"`, 304},
		{`*`, 304},
		{`"b"`, 200},
		{`a`, 200},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("If-None-Match", tt.have)
		if !NotModified(w, r, `"a"`) {
			w.WriteHeader(200)
		}
		if w.Code != tt.want || w.Header().Get("ETag") != `"a"` {
			t.Errorf("If-None-Match %s: got %d, want %d", tt.have, w.Code, tt.want)
		}
	}
}

func TestAbsolute(t *testing.T) {
	t.Parallel()
	origin, _ := url.Parse("https://forum.example")
	if got, want := (&Kit{Origin: origin}).Absolute("/t/1"), "https://forum.example/t/1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := new(Kit).Absolute("/t/1"), "/t/1"; got != want {
		t.Errorf("without an origin: got %s, want %s", got, want)
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/admin", nil)
	if got, want := new(Kit).AbsoluteFor(r, "/t/1"), "http://127.0.0.1:8080/t/1"; got != want {
		t.Errorf("for who asks: got %s, want %s", got, want)
	}
	r = httptest.NewRequest(http.MethodGet, "https://elsewhere.example/admin", nil)
	if got, want := new(Kit).AbsoluteFor(r, "/t/1"), "https://elsewhere.example/t/1"; got != want {
		t.Errorf("for who asks by https: got %s, want %s", got, want)
	}
	if got, want := (&Kit{Origin: origin}).AbsoluteFor(r, "/t/1"), "https://forum.example/t/1"; got != want {
		t.Errorf("for who asks, with an origin: got %s, want %s", got, want)
	}
}

func TestServerRefusesEndlessHeaders(t *testing.T) {
	t.Parallel()
	k, _ := newKit(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = &NewServer(k.Wrap(k.Handle(whoAsks, failPlainly)), k.Logger).http
	server.Start()
	t.Cleanup(server.Close)
	for size, want := range map[int]int{1 << 10: http.StatusOK, 64 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Long", strings.Repeat("x", size))
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%d bytes of header: got %d, want %d", size, answer.StatusCode, want)
		}
	}
}

func (s *sessions) Rules(context.Context) (forum.Rules, error) {
	if s.rules.SignUp == "" {
		return forum.StandardRules(), s.fault
	}
	return s.rules, s.fault
}
