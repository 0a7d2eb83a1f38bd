package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"folkmoot/internal/api"
	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/markup"
	"folkmoot/internal/password"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

// site is a server of the API on a database of its own, with a person of each role.
type site struct {
	testing.TB
	service *forum.Service
	kit     *httpkit.Kit
	handler http.Handler
	log     *bytes.Buffer
	secrets map[string]string // by name: admin, mod, ann, ben
}

// quickly keeps hashing cheap: what is tested here does not depend on its cost.
var quickly = password.Cost{Memory: 64, Passes: 1, Threads: 1}

func newSite(t testing.TB) *site {
	t.Helper()
	s := newSiteAt(t, forum.SystemClock{}, rand.Reader)
	for name, role := range map[string]forum.Role{"admin": forum.Admin, "mod": forum.Moderator, "ann": forum.Member, "ben": forum.Member} {
		s.addPerson(name, role)
	}
	return s
}

// newSiteAt is a site without people.
func newSiteAt(t testing.TB, clock forum.Clock, random io.Reader) *site {
	t.Helper()
	ctx := context.Background()
	engine, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "folkmoot.db"))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := store.Open(ctx, engine, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	text := markup.New()
	kept.Plain = text.Text
	background, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { kept.Run(background); close(done) }()
	t.Cleanup(func() { stop(); <-done })

	s := &site{TB: t, log: new(bytes.Buffer), secrets: map[string]string{}}
	s.service = &forum.Service{Store: kept, Clock: clock, Random: random, Text: textOf{text},
		Passwords: password.New(quickly), Views: new(forum.Views)}
	s.kit = &httpkit.Kit{Service: s.service, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Proxies: httpkit.ThisMachine}
	s.handler = s.kit.Wrap(api.New(s.kit))
	return s
}

// textOf is what cmd makes of markup.
type textOf struct{ *markup.Markup }

func (textOf) Version() int64 { return markup.HTMLVersion }

const goodPassword = "correct horse battery"

func (s *site) addPerson(name string, role forum.Role) {
	s.Helper()
	user, err := s.service.CreateUser(s.Context(), forum.SignUp{Name: name, Password: goodPassword, Role: role})
	if err != nil {
		s.Fatal(err)
	}
	secret, err := s.service.OpenSession(s.Context(), user.ID)
	if err != nil {
		s.Fatal(err)
	}
	s.secrets[name] = string(secret)
}

// reply is an answer taken apart.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// do asks as a person ("" is a visitor) with a JSON body (nil is none) and headers in pairs.
func (s *site) do(person, method, path string, body any, headers ...string) reply {
	s.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			s.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	r := httptest.NewRequest(method, api.Prefix+path, reader)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if person != "" {
		r.Header.Set("Authorization", "Bearer "+s.secrets[person])
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.send(r)
}

func (s *site) send(r *http.Request) reply {
	s.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &got.body); err != nil {
			s.Fatalf("%s %s: the answer is not JSON: %v\n%s", r.Method, r.URL, err, w.Body)
		}
	}
	return got
}

// must is do, and fails where the status is not the one wanted.
func (s *site) must(status int, person, method, path string, body any, headers ...string) reply {
	s.Helper()
	got := s.do(person, method, path, body, headers...)
	if got.status != status {
		s.Fatalf("%s %s as %q: got %d, want %d\n%s", method, path, person, got.status, status, got.text)
	}
	return got
}

// at returns the value at a way into the answer: "thread.post_count".
func (r reply) at(way string) any {
	var value any = r.body
	for _, name := range strings.Split(way, ".") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(inner) {
				return nil
			}
			value = inner[i]
		default:
			return nil
		}
	}
	return value
}

func (s *site) addCategory(name string, body map[string]any) int64 {
	s.Helper()
	in := map[string]any{"name": name}
	for key, value := range body {
		in[key] = value
	}
	return int64(s.must(http.StatusCreated, "admin", "POST", "/categories", in).at("id").(float64))
}

func (s *site) addThread(person string, category int64, title, body string) int64 {
	s.Helper()
	got := s.must(http.StatusCreated, person, "POST", "/threads", map[string]any{"category_id": category, "title": title, "body": body})
	return int64(got.at("thread_id").(float64))
}

func (s *site) addReply(person string, thread int64, body string) int64 {
	s.Helper()
	got := s.must(http.StatusCreated, person, "POST", fmt.Sprintf("/threads/%d/posts", thread), map[string]any{"body": body})
	return int64(got.at("number").(float64))
}
