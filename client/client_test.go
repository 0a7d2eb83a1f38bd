package client_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"folkmoot/client"
	"folkmoot/internal/api"
	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/markup"
	"folkmoot/internal/password"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

// server is a forum on SQLite, with a category and a token for ann, ben and the moderator mod.
type server struct {
	url    string
	tokens map[string]string
	close  func()
}

type textOf struct{ *markup.Markup }

func (textOf) Version() int64 { return markup.HTMLVersion }

// start starts one in a folder.
func start(folder string) (*server, error) {
	ctx, stop := context.WithCancel(context.Background())
	engine, err := sqlite.Open(ctx, filepath.Join(folder, "folkmoot.db"))
	if err != nil {
		stop()
		return nil, err
	}
	kept, err := store.Open(ctx, engine, forum.SystemClock{})
	if err != nil {
		stop()
		return nil, err
	}
	text := markup.New()
	kept.Plain = text.Text
	done := make(chan struct{})
	go func() { kept.Run(ctx); close(done) }()
	service := &forum.Service{Store: kept, Clock: forum.SystemClock{}, Random: rand.Reader, Text: textOf{text},
		Passwords: password.New(password.Cost{Memory: 64, Passes: 1, Threads: 1}), Views: new(forum.Views)}
	kit := &httpkit.Kit{Service: service, Logger: slog.New(slog.DiscardHandler), Proxies: httpkit.ThisMachine}
	listening := httptest.NewServer(kit.Wrap(api.New(kit)))
	s := &server{url: listening.URL, tokens: map[string]string{}, close: func() {
		listening.Close()
		stop()
		<-done
		_ = kept.Close()
	}}
	for name, role := range map[string]forum.Role{"admin": forum.Admin, "mod": forum.Moderator, "ann": forum.Member, "ben": forum.Member} {
		user, err := service.CreateUser(ctx, forum.SignUp{Name: name, Password: "correct horse battery", Role: role})
		if err != nil {
			return s, err
		}
		_, secret, err := service.CreateToken(ctx, user.Actor(), "test", forum.ScopeModerate, "")
		if err != nil {
			return s, err
		}
		s.tokens[name] = string(secret)
		if role == forum.Admin {
			if _, err := service.CreateCategory(ctx, user.Actor(), forum.NewCategory{Name: "General"}); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

func newServer(t *testing.T) *server {
	t.Helper()
	s, err := start(t.TempDir())
	if s != nil {
		t.Cleanup(s.close)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) as(t *testing.T, name string) *client.Client {
	t.Helper()
	c, err := client.New(s.url, s.tokens[name])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// happening is what becomes of a request.
type happening func(http.RoundTripper, *http.Request) (*http.Response, error)

// flaky is a connection on which things happen, in this order, before all goes well.
type flaky struct {
	happen []happening
	keys   []string
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.keys = append(f.keys, r.Header.Get("Idempotency-Key"))
	if len(f.happen) == 0 {
		return http.DefaultTransport.RoundTrip(r)
	}
	next := f.happen[0]
	f.happen = f.happen[1:]
	return next(http.DefaultTransport, r)
}

var errBroken = errors.New("the line is down")

func refused(http.RoundTripper, *http.Request) (*http.Response, error) { return nil, errBroken }

// answerLost: the server gets the request and does it, and nobody hears of it.
func answerLost(to http.RoundTripper, r *http.Request) (*http.Response, error) {
	answer, err := to.RoundTrip(r)
	if err == nil {
		_ = answer.Body.Close()
	}
	return nil, errBroken
}

// answerHalf: the answer breaks off.
func answerHalf(to http.RoundTripper, r *http.Request) (*http.Response, error) {
	answer, err := to.RoundTrip(r)
	if err == nil {
		answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, 20), brokenReader{}))
	}
	return answer, err
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func busy(wait string) happening {
	return func(http.RoundTripper, *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		if wait != "" {
			w.Header().Set("Retry-After", wait)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return w.Result(), nil
	}
}

// Whatever happens on the way, a post is there once.
func TestRetriesPostOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ann := s.as(t, "ann")
	first, err := ann.CreateThread(t.Context(), client.NewThread{CategoryID: 1, Title: "Retried", Body: "First."})
	if err != nil {
		t.Fatal(err)
	}
	for _, happens := range [][]happening{{refused}, {answerLost}, {answerHalf, busy("0")}, {busy(""), answerLost, refused, answerHalf}} {
		line := &flaky{happen: happens}
		ben := s.as(t, "ben")
		ben.HTTP = &http.Client{Transport: line}
		before, err := ann.Thread(t.Context(), first.ThreadID)
		if err != nil {
			t.Fatal(err)
		}
		post, err := ben.CreatePost(t.Context(), first.ThreadID, client.NewPost{Body: "Once."})
		if err != nil {
			t.Fatal(err)
		}
		after, err := ann.Thread(t.Context(), first.ThreadID)
		if err != nil || after.PostCount != before.PostCount+1 || post.Number != after.LastNumber || post.Thread.PostCount != after.PostCount {
			t.Errorf("%d posts before, %d after; post %+v, %v", before.PostCount, after.PostCount, post, err)
		}
		if keys := slices.Compact(slices.Clone(line.keys)); len(keys) != 1 || keys[0] == "" || len(line.keys) != len(happens)+1 {
			t.Errorf("keys were %q, want one, %d times", line.keys, len(happens)+1)
		}
	}
	key := client.WithKey(t.Context(), "mine")
	one, err := ann.CreatePost(key, first.ThreadID, client.NewPost{Body: "By a key."})
	if err != nil {
		t.Fatal(err)
	}
	again, err := ann.CreatePost(key, first.ThreadID, client.NewPost{Body: "By a key."})
	if err != nil || again.Number != one.Number {
		t.Errorf("the same key gave posts %d and %d, %v", one.Number, again.Number, err)
	}
	if _, err := ann.CreatePost(key, first.ThreadID, client.NewPost{Body: "Another text."}); !errors.Is(err, client.ErrKeyReused) {
		t.Errorf("the key with another text: %v", err)
	}
}

// Waiting is tested on a clock that runs by itself.
func TestWaits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		happen   []happening
		attempts int
		tries    int
		min, max time.Duration
	}{
		{"as long as the server says", []happening{busy("7"), busy("30")}, 3, 3, 37 * time.Second, 38 * time.Second},
		{"a moment where it does not say", []happening{refused, refused}, 3, 3, 0, time.Second},
		{"not for ever", []happening{busy("3600")}, 3, 1, 0, 0},
		{"no more often than it may", []happening{refused, refused}, 2, 2, 0, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				line := &flaky{happen: append(slices.Clone(tt.happen), func(http.RoundTripper, *http.Request) (*http.Response, error) {
					w := httptest.NewRecorder()
					_, _ = w.WriteString(`{"id": 1}`)
					return w.Result(), nil
				})}
				c, err := client.New("https://forum.example/", "")
				if err != nil {
					t.Fatal(err)
				}
				c.HTTP, c.Attempts = &http.Client{Transport: line}, tt.attempts
				began := time.Now()
				thread, err := c.Thread(t.Context(), 1)
				if took := time.Since(began); took < tt.min || took > tt.max || len(line.keys) != tt.tries {
					t.Errorf("%d tries in %v, want %d in %v to %v", len(line.keys), took, tt.tries, tt.min, tt.max)
				}
				if ended := tt.tries == len(tt.happen)+1; ended != (err == nil) || ended && thread.ID != 1 {
					t.Errorf("the answer is %+v, %v", thread, err)
				}
			})
		})
	}
	t.Run("until the caller gives up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			c, _ := client.New("https://forum.example", "")
			c.HTTP = &http.Client{Transport: &flaky{happen: []happening{busy("50")}}}
			began := time.Now()
			_, err := c.Thread(ctx, 1)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		})
	})
}

func TestProblems(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx, ann, visitor := t.Context(), s.as(t, "ann"), s.as(t, "")
	first, err := ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Title: "Problems", Body: "First."})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.as(t, "mod").MarkThread(ctx, first.ThreadID, "locked", true); err != nil {
		t.Fatal(err)
	}
	_, absent := ann.Thread(ctx, 99)
	_, unsigned := visitor.Me(ctx)
	_, locked := ann.CreatePost(ctx, first.ThreadID, client.NewPost{Body: "x"})
	_, forbidden := ann.MarkThread(ctx, first.ThreadID, "pinned", true)
	_, empty := ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Body: "x"})
	post, err := ann.Post(ctx, first.ThreadID, 1)
	if err != nil || post.ETag == "" {
		t.Fatal(post, err)
	}
	_, stale := s.as(t, "mod").EditPost(ctx, first.ThreadID, 1, client.PostChange{Body: "x", ETag: `"1.0.0.other"`})
	for name, tt := range map[string]struct{ got, want error }{
		"absent": {absent, client.ErrNotFound}, "visitor": {unsigned, client.ErrUnauthenticated}, "locked": {locked, client.ErrConflict},
		"forbidden": {forbidden, client.ErrForbidden}, "empty": {empty, client.ErrInvalid}, "stale": {stale, client.ErrPreconditionFailed},
	} {
		if !errors.Is(tt.got, tt.want) || tt.got.Error() == "" {
			t.Errorf("%s: got %v, want %+v", name, tt.got, tt.want)
		}
	}
	var problem *client.Problem
	if !errors.As(empty, &problem) || len(problem.Errors) != 1 || problem.Errors[0].Field != "title" || !strings.Contains(empty.Error(), "title must not be empty") {
		t.Errorf("an empty title: %+v", empty)
	}
	if edited, err := s.as(t, "mod").EditPost(ctx, first.ThreadID, 1, client.PostChange{Body: "Better.", ETag: post.ETag}); err != nil || edited.Body != "Better." || edited.ETag == post.ETag {
		t.Errorf("an edit of the present version: %+v, %v", edited, err)
	}
	for _, address := range []string{"", "forum.example", "ftp://forum.example", "https://"} {
		if _, err := client.New(address, ""); err == nil {
			t.Errorf("%q is taken for an address", address)
		}
	}
}

// Lists are gone through whole, in parts, and can be left.
func TestLists(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx, ann := t.Context(), s.as(t, "ann")
	for i := range 7 {
		if _, err := ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Title: fmt.Sprint("Thread ", i), Body: "First."}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.as(t, "mod").MarkThread(ctx, 1, "pinned", true); err != nil {
		t.Fatal(err)
	}
	for range 44 {
		if _, err := ann.CreatePost(ctx, 1, client.NewPost{Body: "Again."}); err != nil {
			t.Fatal(err)
		}
	}
	var ids []int64
	for thread, err := range ann.Threads(ctx, client.ThreadFilter{CategoryID: 1, Limit: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, thread.ID)
	}
	if diff := cmp.Diff([]int64{1, 7, 6, 5, 4, 3, 2}, ids); diff != "" {
		t.Errorf("threads (-want +got):\n%s", diff)
	}
	next := int64(5)
	for post, err := range ann.Posts(ctx, 1, 5) {
		if err != nil || post.Number != next {
			t.Fatalf("post %d, want %d, %v", post.Number, next, err)
		}
		if next++; next == 30 {
			break
		}
	}
	posts := 0
	for range ann.PersonPosts(ctx, "ann") {
		posts++
	}
	if me, err := ann.Me(ctx); err != nil || int64(posts) != me.Posts || posts != 51 || me.Scope != "moderate" {
		t.Errorf("%d posts, %+v, %v", posts, me, err)
	}
	var names []string
	for person, err := range s.as(t, "mod").People(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, person.Name)
	}
	if diff := cmp.Diff([]string{"admin", "ann", "ben", "mod"}, names); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	failed := 0
	for _, err := range ann.People(ctx) {
		if failed++; !errors.Is(err, client.ErrForbidden) {
			t.Errorf("people for a member: %v", err)
		}
	}
	if failed != 1 {
		t.Errorf("a list that is refused went on %d times", failed)
	}
}

// The types say what the OpenAPI document says: no field more, none less, of the same kinds.
func TestTypesAgreeWithTheDocument(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	answer, err := http.Get(s.url + "/api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var document struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]property }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	for name, typ := range map[string]any{
		"Access": client.Access{}, "Counts": client.Counts{}, "Category": client.Category{}, "CategoryList": client.CategoryList{},
		"Author": client.Author{}, "Thread": client.Thread{}, "ThreadNumbers": client.ThreadNumbers{}, "Changed": client.Changed{},
		"ThreadList": client.ThreadList{}, "Post": client.Post{}, "ListedPost": client.ListedPost{}, "PostPage": client.PostPage{},
		"Revision": client.Revision{}, "RevisionList": client.RevisionList{}, "SearchHit": client.SearchHit{}, "SearchResult": client.SearchResult{},
		"Person": client.Person{}, "Profile": client.Profile{}, "Me": client.Me{}, "PersonList": client.PersonList{}, "PostList": client.PostList{},
		"Session": client.Session{}, "Site": client.Site{}, "Verification": client.Verification{}, "About": client.About{},
		"Problem": client.Problem{}, "FieldProblem": client.FieldProblem{},
		"NewThreadBody": client.NewThread{}, "ThreadChangeBody": client.ThreadChange{}, "NewPostBody": client.NewPost{}, "PostChangeBody": client.PostChange{},
	} {
		schema, known := document.Components.Schemas[name]
		if !known {
			t.Errorf("the document has no %s, only %v", name, slices.Sorted(maps.Keys(document.Components.Schemas)))
			continue
		}
		want := map[string]string{}
		for field, property := range schema.Properties {
			if field != "$schema" {
				want[field] = property.kind()
			}
		}
		if diff := cmp.Diff(want, fieldsOf(reflect.TypeOf(typ))); diff != "" {
			t.Errorf("%s (-document +client):\n%s", name, diff)
		}
	}
}

// property is a field of a schema.
type property struct {
	Type   any    `json:"type"` // a name, or several
	Format string `json:"format"`
	Ref    string `json:"$ref"`
	Items  *property
}

func (p property) kind() string {
	kind := strings.TrimPrefix(p.Ref, "#/components/schemas/")
	switch names := p.Type.(type) {
	case string:
		kind = names
	case []any:
		for _, name := range names {
			if name != "null" {
				kind = fmt.Sprint(name)
			}
		}
	}
	switch {
	case p.Format == "date-time":
		return "time"
	case kind == "array" && p.Items != nil:
		return "array of " + p.Items.kind()
	}
	return kind
}

// fieldsOf names the fields of a struct as JSON has them, each with its kind.
func fieldsOf(of reflect.Type) map[string]string {
	fields := map[string]string{}
	for _, field := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = kindOf(field.Type)
		}
	}
	return fields
}

func kindOf(of reflect.Type) string {
	switch {
	case of == reflect.TypeFor[time.Time]():
		return "time"
	case of.Kind() == reflect.Pointer:
		return kindOf(of.Elem())
	case of.Kind() == reflect.Slice:
		return "array of " + kindOf(of.Elem())
	case of.Kind() == reflect.Struct:
		return of.Name()
	case of.Kind() == reflect.Map:
		return "object"
	}
	return map[reflect.Kind]string{reflect.String: "string", reflect.Int: "integer", reflect.Int64: "integer", reflect.Bool: "boolean", reflect.Float64: "number"}[of.Kind()]
}

// forumForExamples is the server that the examples ask.
var forumForExamples *server

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "folkmoot-client-")
	if err != nil {
		panic(err)
	}
	if forumForExamples, err = start(folder); err != nil {
		panic(err)
	}
	code := m.Run()
	forumForExamples.close()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}
