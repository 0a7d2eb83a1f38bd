package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3/driver"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/password"
	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// The same people ask the same things, refused ones among them, at the same times of a forum on
// SQLite and of one on PostgreSQL. Every answer is the same, byte by byte: pages, JSON, feeds, numbers,
// ids. Of search the set of hits is, since the engines rank differently.
func TestEnginesAnswerAlike(t *testing.T) {
	steps := 1500
	if testing.Short() {
		steps = 200
	}
	file, database := t.TempDir(), pgtest.Shared(t).NewDatabase(t)
	const epoch = `UPDATE settings SET value = 'the same' WHERE key = 'epoch'`
	sqlite := play(t, steps, dataFlag{Data: file}, func() {
		db, err := driver.Open("file:" + filepath.Join(file, databaseName))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	})
	postgres := play(t, steps, dataFlag{Data: t.TempDir(), Database: database}, func() { pgtest.Shared(t).Exec(t, database, epoch) })
	for i := range min(len(sqlite), len(postgres)) {
		if sqlite[i] != postgres[i] {
			t.Fatalf("answer %d of %d differs (-SQLite +PostgreSQL):\n%s", i+1, len(sqlite), cmp.Diff(strings.Split(sqlite[i], "\n"), strings.Split(postgres[i], "\n")))
		}
	}
	if len(sqlite) != len(postgres) {
		t.Errorf("%d answers on SQLite, %d on PostgreSQL", len(sqlite), len(postgres))
	}
	statuses := map[string]int{}
	for _, told := range sqlite {
		if _, status, found := strings.Cut(told, "\nstatus "); found {
			statuses[status[:3]]++
		}
	}
	t.Logf("%d answers alike, by status: %v", len(sqlite), statuses)
	for _, status := range []string{"200", "201", "303", "401", "403", "404", "409", "422"} {
		if statuses[status] == 0 {
			t.Errorf("nothing was answered with %s: of that nothing is proven", status)
		}
	}
}

// trace is a forum in use by people whose every choice comes from one seed, and what they were told.
type trace struct {
	t       testing.TB
	moot    *moot
	handler http.Handler
	random  *rand.Rand
	clock   *setClock
	told    []string

	secrets    map[string]string // of sessions and tokens, by who asks
	people     []string
	categories []int64
	slugs      []string
	threads    []int64
	posts      map[int64]int64 // the greatest number seen in a thread
	keys       []string        // used so far, with their requests
	requests   map[string]request
}

// setClock stands until it is set.
type setClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time that it is set to.
func (c *setClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *setClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// play runs the trace in a new forum, and returns what everybody was told.
func play(t *testing.T, steps int, place dataFlag, sameEpoch func()) []string {
	t.Helper()
	seed := [32]byte{1, 9, 8, 4}
	clock := &setClock{now: time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)}
	m, err := openServiceAt(t.Context(), place, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	sameEpoch()
	m.Random, m.Passwords = rand.NewChaCha8(seed), password.New(password.Cost{Memory: 8, Passes: 1, Threads: 1})
	tr := &trace{t: t, moot: m, clock: clock, random: rand.New(rand.NewChaCha8(seed)),
		handler: m.handler(t.Context(), &httpkit.Kit{Service: m.Service, Logger: slog.New(slog.DiscardHandler), Origin: &url.URL{Scheme: "https", Host: "forum.example"}}),
		secrets: map[string]string{"visitor": ""}, posts: map[int64]int64{}, requests: map[string]request{}}
	tr.begin()
	for step := range steps {
		clock.move(time.Duration(tr.random.IntN(1000)) * time.Second)
		tr.act(step)
		tr.look(tr.pick(tr.people))
		if step%250 == 249 {
			tr.lookAtAll()
		}
	}
	tr.lookAtAll()
	tr.search()
	tr.recount()
	return tr.told
}

// The people of a trace. Their names are sorted as neither engine would by itself.
var traceNames = []string{"Ada", "ärger", "Zoe", "zoé", "İlke", "Straße", "élan", "bob", "Bob-2", "_x", "Ω-man", "中文"}

// begin makes the first administrator, people and categories.
func (tr *trace) begin() {
	ctx := tr.t.Context()
	if _, err := tr.moot.CreateUser(ctx, forum.SignUp{Name: "Ada", Password: "password of Ada", Role: forum.Admin}); err != nil {
		tr.t.Fatal(err)
	}
	tr.people = append(tr.people, "visitor")
	for i, name := range traceNames {
		path := "/api/v1/sign-up"
		if i == 0 {
			path = "/api/v1/sign-in"
		}
		var session struct {
			Token string `json:"token"`
		}
		tr.ask("visitor", request{method: "POST", path: path, body: map[string]any{"name": name, "password": "password of " + name}}, &session)
		tr.secrets[name] = session.Token
		tr.people = append(tr.people, name)
	}
	for _, name := range traceNames[1:3] {
		tr.ask("Ada", request{method: "PUT", path: "/api/v1/people/" + url.PathEscape(name) + "/role", body: map[string]any{"role": "moderator"}}, nil)
	}
	for _, scope := range []string{"read", "write", "moderate"} { // an administrator with less
		var made struct {
			Token string `json:"token"`
		}
		tr.ask("Ada", request{method: "POST", path: "/api/v1/tokens", body: map[string]any{"name": scope, "scope": scope}}, &made)
		tr.secrets["Ada with "+scope] = made.Token
		tr.people = append(tr.people, "Ada with "+scope)
	}
	for _, name := range []string{"General", "Äpfel & Birnen", "general", "Ω"} {
		tr.createCategory("Ada", name, 0)
	}
	tr.createCategory("Ada", "Below", tr.categories[0])
	for range 4 {
		tr.createThread("Ada")
	}
}

// request is what somebody asks for: with a form, or else with a body in JSON.
type request struct {
	method, path string
	key, match   string
	body         any
	form         url.Values
}

var (
	uuids   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`) // keys of forms, made by chance
	secrets = regexp.MustCompile(`fm[a-z]_[A-Za-z0-9_-]+`)
)

// ask makes a request, notes what was answered, and reads it into out if it is of success.
func (tr *trace) ask(who string, in request, out any) int {
	tr.t.Helper()
	var body []byte
	kind := "application/json"
	switch {
	case in.form != nil:
		body, kind = []byte(in.form.Encode()), "application/x-www-form-urlencoded"
	case in.body != nil:
		var err error
		if body, err = json.Marshal(in.body); err != nil {
			tr.t.Fatal(err)
		}
	}
	r := httptest.NewRequestWithContext(tr.t.Context(), in.method, in.path, bytes.NewReader(body))
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range map[string]string{"Idempotency-Key": in.key, "If-Match": in.match} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if secret := tr.secrets[who]; secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	w := httptest.NewRecorder()
	tr.handler.ServeHTTP(w, r)
	id := w.Header().Get("X-Request-Id")
	w.Header().Del("X-Request-Id")
	var told strings.Builder
	fmt.Fprintf(&told, "%s: %s %s key %q\n%s\nstatus %d\n", who, in.method, in.path, in.key, secrets.ReplaceAllString(string(body), "SECRET"), w.Code)
	for _, name := range slices.Sorted(maps.Keys(w.Header())) {
		fmt.Fprintf(&told, "%s: %s\n", name, strings.Join(w.Header()[name], ", "))
	}
	text := w.Body.String()
	if id != "" {
		text = strings.ReplaceAll(text, id, "REQUEST")
	}
	tr.told = append(tr.told, uuids.ReplaceAllString(told.String()+text, "UUID"))
	if w.Code >= 500 {
		tr.t.Errorf("%s", told.String()+text)
	}
	if out != nil && w.Code < 300 {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			tr.t.Errorf("%s %s: %v", in.method, in.path, err)
		}
	}
	return w.Code
}

func (tr *trace) pick(all []string) string { return all[tr.random.IntN(len(all))] }

func (tr *trace) category() int64 { return tr.categories[tr.random.IntN(len(tr.categories))] }

// thread is the path of one in the API, at times of one that is not there.
func (tr *trace) thread() (id int64, path string) {
	id = tr.threads[tr.random.IntN(len(tr.threads))]
	if tr.random.IntN(40) == 0 {
		id += 1000
	}
	return id, fmt.Sprintf("/api/v1/threads/%d", id)
}

func (tr *trace) number(thread int64) int64 { return 1 + tr.random.Int64N(tr.posts[thread]+1) }

var traceWords = strings.Fields("wheel Wheel spoke rim hub *true* **the** `code` chain naïve Straße İstanbul ΣΑΣ ß 中文字 日本 emoji😀 @bob @Zoe https://example.org/a?b=c # > - 1. <b> & \" ' _under_ ~~gone~~ a b")

// words are up to n of them, at times with lines between.
func (tr *trace) words(n int) string {
	var text strings.Builder
	for range 1 + tr.random.IntN(n) {
		text.WriteString(tr.pick(traceWords))
		text.WriteString(tr.pick([]string{" ", " ", " ", "\n", "\n\n"}))
	}
	return text.String()
}

func (tr *trace) createCategory(who, name string, parent int64) {
	var made struct {
		ID   int64  `json:"id"`
		Slug string `json:"slug"`
	}
	body := map[string]any{"name": name, "description": tr.words(5)}
	if parent != 0 {
		body["parent_id"] = parent
	}
	if tr.ask(who, request{method: "POST", path: "/api/v1/categories", body: body}, &made) == http.StatusCreated {
		tr.categories, tr.slugs = append(tr.categories, made.ID), append(tr.slugs, made.Slug)
	}
}

func (tr *trace) createThread(who string) {
	var made struct {
		ID int64 `json:"thread_id"`
	}
	body := map[string]any{"category_id": tr.category(), "title": strings.Join(strings.Fields(tr.words(6)), " "), "body": tr.words(40), "tags": tr.tags()}
	if tr.ask(who, tr.keyed(request{method: "POST", path: "/api/v1/threads", body: body}), &made) == http.StatusCreated {
		if tr.posts[made.ID] == 0 {
			tr.threads = append(tr.threads, made.ID)
		}
		tr.posts[made.ID] = max(tr.posts[made.ID], 1)
	}
}

func (tr *trace) tags() []string {
	all := []string{"wheels", "Wheels", "Äpfel", "ßtraße", "zz", "中文"}
	return all[tr.random.IntN(len(all)):][:tr.random.IntN(2)]
}

// keyed gives the request a key, one time in four that of an earlier request, or that request itself.
func (tr *trace) keyed(in request) request {
	switch n := tr.random.IntN(12); {
	case n < 2 && len(tr.keys) > 0:
		in.key = tr.pick(tr.keys)
	case n == 2 && len(tr.keys) > 0:
		in = tr.requests[tr.pick(tr.keys)]
	case n < 8:
		in.key = fmt.Sprint("key ", len(tr.keys))
		tr.keys = append(tr.keys, in.key)
		tr.requests[in.key] = in
	}
	return in
}

func (tr *trace) createPost(who string) {
	id, path := tr.thread()
	body := map[string]any{"body": tr.words(30)}
	if tr.random.IntN(3) == 0 {
		body["reply_to"] = tr.number(id)
	}
	var made struct {
		Thread int64 `json:"thread_id"`
		Number int64 `json:"number"`
	}
	if tr.ask(who, tr.keyed(request{method: "POST", path: path + "/posts", body: body}), &made) == http.StatusCreated {
		tr.posts[made.Thread] = max(tr.posts[made.Thread], made.Number)
	}
}

var (
	traceMarks = []string{"deleted", "hidden", "author_deleted", "mod_deleted", "mod_hidden", "flag_hidden", "unlisted", "pinned", "locked"}
	traceKinds = []string{"up", "heart", "laugh", "no-such-kind"}
)

// setOrClear is a method for what is set and cleared.
func (tr *trace) setOrClear() string { return tr.pick([]string{http.MethodPut, http.MethodDelete}) }

// act does one thing, as somebody who may or may not.
func (tr *trace) act(step int) {
	who := tr.pick(tr.people)
	id, path := tr.thread()
	post := fmt.Sprintf("%s/posts/%d", path, tr.number(id))
	page := fmt.Sprintf("/t/%d/%d", id, tr.number(id))
	switch n := tr.random.IntN(40); {
	case n < 9:
		tr.createPost(who)
	case n < 11:
		tr.createThread(who)
	case n < 15:
		in := request{method: "PATCH", path: post, body: map[string]any{"body": tr.words(20)}}
		if tr.random.IntN(4) == 0 {
			in.match = `"1"`
		}
		tr.ask(who, tr.keyed(in), nil)
	case n < 17:
		tr.ask(who, request{method: "DELETE", path: post}, nil)
	case n < 20:
		tr.ask(who, request{method: tr.setOrClear(), path: post + "/marks/" + tr.pick(traceMarks[:7])}, nil)
	case n < 23:
		tr.ask(who, request{method: tr.setOrClear(), path: path + "/marks/" + tr.pick(traceMarks)}, nil)
	case n < 27:
		in := request{method: tr.setOrClear(), path: post + "/reaction"}
		if in.method == http.MethodPut {
			in.body = map[string]any{"kind": tr.pick(traceKinds)}
		}
		tr.ask(who, in, nil)
	case n < 29:
		tr.ask(who, tr.keyed(request{method: "PATCH", path: path, body: map[string]any{"category_id": tr.category()}}), nil)
	case n < 31:
		tr.ask(who, request{method: "PATCH", path: path, body: map[string]any{"title": tr.pick(traceWords) + " renamed", "tags": tr.tags()}}, nil)
	case n == 31:
		tr.ask(who, request{method: "POST", path: fmt.Sprintf("/t/%d/reply", id), form: url.Values{"body": {tr.words(9)}, "key": {fmt.Sprint("form ", step)}}}, nil)
		tr.posts[id]++ // or not: a number that is not there is asked for at times
	case n == 32:
		tr.ask(who, request{method: "POST", path: page + tr.pick([]string{"/delete", "/restore", "/hide", "/unhide"}), form: url.Values{}}, nil)
	case n == 33:
		tr.ask(who, request{method: "POST", path: page + "/react", form: url.Values{"kind": {tr.pick(traceKinds)}}}, nil)
	default:
		tr.administer(who, step)
	}
}

// administer does what mostly only administrators may: two times in three one of them does.
func (tr *trace) administer(who string, step int) {
	if tr.random.IntN(3) > 0 {
		who = "Ada"
	}
	person := url.PathEscape(tr.pick(traceNames))
	category := fmt.Sprintf("/api/v1/categories/%d", tr.category())
	page := fmt.Sprintf("/admin/categories/%d", tr.category())
	switch tr.random.IntN(12) {
	case 0:
		tr.createCategory(who, tr.pick(traceWords)+" place", 0)
	case 1:
		tr.createCategory(who, "Below "+tr.pick(traceWords), tr.category())
	case 2:
		tr.ask(who, request{method: "PATCH", path: category, body: map[string]any{"name": tr.pick(traceWords), "description": tr.words(4)}}, nil)
	case 3:
		tr.ask(who, request{method: tr.setOrClear(), path: category + "/marks/hidden"}, nil)
	case 4:
		access := func() map[string]bool {
			return map[string]bool{"see": tr.random.IntN(4) > 0, "reply": tr.random.IntN(3) > 0, "start": tr.random.IntN(3) > 0, "moderate": false}
		}
		tr.ask(who, request{method: "PUT", path: category + "/permissions", body: map[string]any{"permissions": map[string]any{"visitor": access(), "member": access()}}}, nil)
	case 5:
		tr.ask(who, request{method: "POST", path: page + "/move", form: url.Values{"parent_id": {fmt.Sprint(tr.category())}}}, nil)
	case 6:
		ids := slices.Clone(tr.categories[:4])
		tr.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		tr.ask(who, request{method: "PUT", path: "/api/v1/categories/order", body: map[string]any{"ids": ids}}, nil)
	case 7:
		in := request{method: tr.setOrClear(), path: "/api/v1/people/" + person + "/suspension"}
		if in.method == http.MethodPut {
			in.body = map[string]any{"reason": tr.words(4)}
		}
		tr.ask(who, in, nil)
	case 8:
		tr.ask(who, request{method: "PUT", path: "/api/v1/people/" + person + "/role", body: map[string]any{"role": tr.pick([]string{"member", "member", "moderator", "admin"})}}, nil)
	case 9:
		tr.ask(who, request{method: "PUT", path: "/api/v1/site", body: map[string]any{"name": tr.pick(traceWords) + " forum", "description": tr.words(3)}}, nil)
	case 10:
		tr.ask(tr.pick(tr.people), request{method: "PATCH", path: "/api/v1/me", body: map[string]any{"about": tr.words(12)}}, nil)
	case 11:
		tr.settings(who, step)
	}
}

// settings changes what has no place in the API: rules, colour, invitations. What came of it pages show.
func (tr *trace) settings(who string, step int) {
	ctx := tr.t.Context()
	actor := forum.Actor{}
	if secret := tr.secrets[who]; secret != "" {
		var err error
		if actor, err = tr.moot.ActorOf(ctx, forum.Secret(secret)); err != nil {
			tr.t.Fatal(err)
		}
	}
	var err error
	switch tr.random.IntN(4) {
	case 0:
		rules := forum.StandardRules()
		rules.EditHours = int64(tr.random.IntN(72))
		rules.SignUp = []forum.SignUpPolicy{forum.SignUpOpen, forum.SignUpInvited}[tr.random.IntN(2)]
		err = tr.moot.SetRules(ctx, actor, rules, 0, "")
	case 1:
		_, _, err = tr.moot.CreateInvitation(ctx, actor, forum.NewInvitation{Note: tr.words(3), Uses: 1 + tr.random.Int64N(5), Days: 7, Key: fmt.Sprint("invitation ", step)})
	case 2:
		err = tr.moot.EndInvitation(ctx, actor, 1+tr.random.Int64N(6), "")
	case 3:
		err = tr.moot.WriteViews(ctx)
	}
	tr.told = append(tr.told, fmt.Sprintf("%s changes settings: %v", who, err))
}

// pages are what can be read, at this moment and by anybody.
func (tr *trace) pages() []string {
	id, thread := tr.thread()
	number := tr.number(id)
	from := 1 + tr.random.Int64N(tr.posts[id]+3)
	slug, person := url.PathEscape(tr.pick(tr.slugs)), url.PathEscape(tr.pick(traceNames))
	category := tr.category()
	return []string{
		"/", "/categories", "/c/" + slug, "/c/" + slug + "/feed.atom", "/c/" + slug + "/new", "/tag/wheels", "/tag/" + url.PathEscape("Äpfel"), "/u/" + person,
		"/about", "/feed.atom", "/sitemap.xml", "/sitemap/1", "/robots.txt", "/new", "/sign-in", "/sign-up", "/settings", "/no-such-page",
		fmt.Sprintf("/t/%d", id), fmt.Sprintf("/t/%d/x", id), fmt.Sprintf("/t/%d/x?from=%d", id, from), fmt.Sprintf("/t/%d/%d", id, number), fmt.Sprintf("/t/%d/feed.atom", id),
		fmt.Sprintf("/t/%d/thread/edit", id), fmt.Sprintf("/t/%d/%d/edit", id, number), fmt.Sprintf("/t/%d/%d/history", id, number), fmt.Sprintf("/t/%d/%d/react", id, number),
		fmt.Sprintf("/t/%d/%d/delete", id, number),
		"/admin", "/admin/settings", "/admin/changes", "/admin/invitations", "/admin/people", "/admin/categories", "/admin/categories/new", fmt.Sprintf("/admin/categories/%d", category),
		"/api/v1/categories", fmt.Sprintf("/api/v1/categories/%d", category), fmt.Sprintf("/api/v1/categories/%d/permissions", category),
		"/api/v1/threads?limit=3", "/api/v1/threads?tag=wheels", fmt.Sprintf("/api/v1/threads?category_id=%d", category), "/api/v1/threads?author=" + person,
		"/api/v1/threads?state=" + tr.pick([]string{"unlisted", "hidden", "deleted"}),
		thread, thread + "/posts?limit=100", fmt.Sprintf("%s/posts?from=%d&limit=3", thread, from), fmt.Sprintf("%s/posts/%d", thread, number), fmt.Sprintf("%s/posts/%d/revisions", thread, number),
		"/api/v1/people?limit=5", "/api/v1/people", "/api/v1/people/" + person, "/api/v1/people/" + person + "/posts?limit=5", "/api/v1/me", "/api/v1/tokens", "/api/v1/about", "/api/v1/site",
		"/api/v1/openapi.json", "/healthz", "/readyz",
		"/admin/people?after=%00", "/admin/people?name=a%00b%ff", "/search?q=%00", "/search?q=user:%ff", "/?before=%00", "/no-such-page?\xff", "/no-such-page?%00",
		"/api/v1/people?cursor=AA", "/api/v1/people?cursor=_w", "/api/v1/threads?tag=%00",
	}
}

// look reads one page as somebody, and where it is a list that goes on, the rest of it.
func (tr *trace) look(who string) { tr.read(who, tr.pick(tr.pages())) }

// lookAtAll reads every page as everybody.
func (tr *trace) lookAtAll() {
	for _, path := range tr.pages() {
		for _, who := range tr.people {
			tr.read(who, path)
		}
	}
}

func (tr *trace) read(who, path string) {
	if !strings.HasPrefix(path, "/api/") {
		tr.ask(who, request{method: "GET", path: path}, nil)
		return
	}
	for cursor, parts := "", 0; parts < 50; parts++ {
		var list struct {
			Next string `json:"next_cursor"`
		}
		next := path
		if cursor != "" {
			next += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "cursor=" + url.QueryEscape(cursor)
		}
		tr.ask(who, request{method: "GET", path: next}, &list)
		if cursor = list.Next; cursor == "" {
			return
		}
	}
}

// search has everything indexed, and notes what each word finds for each, in the order of posts.
func (tr *trace) search() {
	ctx, stop := context.WithCancel(tr.t.Context())
	var indexing sync.WaitGroup
	indexing.Go(func() { tr.moot.store.Run(ctx) })
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		about, err := tr.moot.About(ctx, forum.Actor{})
		if err != nil {
			tr.t.Fatal(err)
		}
		if about.Pending == 0 {
			break
		}
		if time.Since(began) > time.Minute {
			tr.t.Fatalf("%d posts are not indexed after a minute", about.Pending)
		}
	}
	stop()
	indexing.Wait()
	hits := 0
	for _, who := range tr.people {
		for _, words := range append(slices.Clone(traceWords), "wheel rim", `"the code"`, "user:bob wheel", "renamed") {
			found := tr.hits(who, words)
			hits += len(found)
			tr.told = append(tr.told, fmt.Sprintf("%s finds %q:\n%s", who, words, strings.Join(found, "\n")))
		}
	}
	if hits == 0 {
		tr.t.Error("nothing was found by any word")
	}
}

func (tr *trace) hits(who, words string) []string {
	var found []string
	for cursor, parts := "", 0; parts < 100; parts++ {
		var list struct {
			Hits []struct {
				Post struct {
					Thread int64 `json:"thread_id"`
					Number int64 `json:"number"`
				} `json:"post"`
			} `json:"hits"`
			Next string `json:"next_cursor"`
		}
		r := httptest.NewRequestWithContext(tr.t.Context(), "GET", "/api/v1/search?q="+url.QueryEscape(words)+"&cursor="+url.QueryEscape(cursor), nil)
		if secret := tr.secrets[who]; secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		w := httptest.NewRecorder()
		tr.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return append(found, fmt.Sprint("status ", w.Code))
		}
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			tr.t.Fatal(err)
		}
		for _, hit := range list.Hits {
			found = append(found, fmt.Sprintf("%d/%d", hit.Post.Thread, hit.Post.Number))
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	slices.Sort(found)
	return found
}

// recount sees that every number is right, and how many rows it is counted from.
func (tr *trace) recount() {
	report, err := tr.moot.store.Verify(tr.t.Context(), func(store.Progress) {})
	if err != nil || report.Wrong > 0 {
		tr.t.Errorf("recounting: %v, %+v", err, report.Differences)
	}
	tr.told = append(tr.told, fmt.Sprintf("%d kinds of numbers recounted from %d rows", report.Checks, report.Rows))
}
