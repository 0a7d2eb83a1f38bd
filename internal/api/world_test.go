package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// canary stands in everything that a visitor and ben may not see, and nowhere else.
const canary = "canary7391"

// world is a site with something of every kind in it.
type world struct {
	*site
	ids map[string]int64 // by the name that paths in tests use: {open}, {secret} ...
}

// newWorld makes, by ann where nothing else is said:
//
//	{general}  a category for all, holding the threads
//	  {open}     posts 1 by ann, 2 by ben, 3 by ben answering 1 and edited, 4 by ann and deleted by her, 5 by ben and hidden
//	  {locked} {unlisted} {hidden} {deleted} {ended}   the last two deleted by a moderator and by ann
//	{staff}    a category that only moderators see, holding {secret} by mod
//	{absent}   an id that nothing has
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{site: newSite(t), ids: map[string]int64{"absent": 999_999}}
	w.ids["general"] = w.addCategory("General", nil)
	w.ids["staff"] = w.addCategory("Staff "+canary, map[string]any{"description": canary,
		"permissions": map[string]any{"visitor": map[string]bool{}, "member": map[string]bool{}}})
	w.addOpen()
	for _, name := range []string{"locked", "unlisted"} {
		w.ids[name] = w.addThread("ann", w.ids["general"], "A thread to be "+name, "Everybody reads it")
	}
	for _, name := range []string{"hidden", "deleted", "ended"} {
		w.ids[name] = w.addThread("ann", w.ids["general"], canary+" "+name, canary+" first")
		w.addReply("ann", w.ids[name], canary+" second")
	}
	w.ids["secret"] = int64(w.must(http.StatusCreated, "mod", "POST", "/threads", map[string]any{
		"category_id": w.ids["staff"], "title": canary + " secret", "body": canary, "tags": []string{canary}}).at("thread_id").(float64))
	for name, person := range map[string]string{"locked": "mod", "unlisted": "mod", "hidden": "mod", "deleted": "mod"} {
		w.must(http.StatusOK, person, "PUT", w.path("/threads/{"+name+"}/marks/"+name), nil)
	}
	w.must(http.StatusOK, "ann", "DELETE", w.path("/threads/{ended}"), nil)
	return w
}

func (w *world) addOpen() {
	w.Helper()
	open := w.addThread("ann", w.ids["general"], "An open thread", "The first post")
	w.ids["open"] = open
	w.addReply("ben", open, "The second post")
	w.must(http.StatusCreated, "ben", "POST", w.path("/threads/{open}/posts"), map[string]any{"body": "Before the edit", "reply_to": 1})
	w.must(http.StatusOK, "ben", "PATCH", w.path("/threads/{open}/posts/3"), map[string]any{"body": "The third post"})
	w.addReply("ann", open, canary+" deleted by its author")
	w.must(http.StatusOK, "ann", "DELETE", w.path("/threads/{open}/posts/4"), nil)
	w.addReply("ann", open, canary+" hidden")
	w.must(http.StatusOK, "mod", "PUT", w.path("/threads/{open}/posts/5/marks/hidden"), nil)
}

// path puts ids in the place of their names.
func (w *world) path(pattern string) string {
	for name, id := range w.ids {
		pattern = strings.ReplaceAll(pattern, "{"+name+"}", strconv.FormatInt(id, 10))
	}
	return pattern
}

// try is a request and what is wanted of its answer.
type try struct {
	name   string
	person string
	method string
	path   string
	body   any
	header []string
	status int
	want   map[string]any // values at ways into the answer
}

// check runs tries one after another in one world.
func (w *world) check(t *testing.T, tries []try) {
	t.Helper()
	for _, tt := range tries {
		t.Run(tt.name, func(t *testing.T) {
			got := w.do(tt.person, tt.method, w.path(tt.path), tt.body, tt.header...)
			if got.status != tt.status {
				t.Fatalf("%s %s as %q: got %d, want %d\n%s", tt.method, tt.path, tt.person, got.status, tt.status, got.text)
			}
			for way, want := range tt.want {
				if value := got.at(way); fmt.Sprint(value) != fmt.Sprint(want) {
					t.Errorf("%s is %v, want %v\n%s", way, value, want, got.text)
				}
			}
			if got.status >= 400 {
				checkProblem(t, got)
			}
		})
	}
}

// checkProblem checks what every problem has.
func checkProblem(t *testing.T, got reply) {
	t.Helper()
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("Content-Type is %q", kind)
	}
	if caching := got.header.Get("Cache-Control"); caching != "no-store" {
		t.Errorf("Cache-Control is %q: a problem may be kept", caching)
	}
	if got.at("status") != float64(got.status) || !strings.HasPrefix(fmt.Sprint(got.at("type")), "urn:folkmoot:problem:") {
		t.Errorf("status or type is missing: %s", got.text)
	}
	for _, way := range []string{"title", "detail", "instance"} {
		if text, _ := got.at(way).(string); text == "" {
			t.Errorf("%s is missing: %s", way, got.text)
		}
	}
}

type values = map[string]any
