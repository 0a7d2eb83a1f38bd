package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var instance = regexp.MustCompile(`"instance":"[0-9a-f]{16}"`)

// withoutInstance is all of an answer but the id of its request.
func withoutInstance(r reply) string {
	header := maps.Clone(r.header)
	delete(header, "X-Request-Id")
	return fmt.Sprint(r.status, header, instance.ReplaceAllString(r.text, ""))
}

// Every GET of the document, at every address of something secret, by everybody who may not see it.
func TestNothingSecretIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.indexed()
	doc, _ := w.document()
	fill := map[string][]string{
		"thread_id":   {"open", "locked", "unlisted", "hidden", "deleted", "ended", "secret", "absent"},
		"number":      {"1", "2", "3", "4", "5", "6"},
		"category_id": {"general", "staff", "absent"},
		"name":        {"admin", "mod", "ann", "ben", "nobody"},
	}
	probes, shown := 0, 0
	for path, operations := range doc.Paths {
		if _, reads := operations["get"]; !reads {
			continue
		}
		for _, concrete := range concretePaths(path, fill) {
			for _, query := range queriesOf(path) {
				for _, person := range []string{"", "ben"} {
					probes++
					got := w.do(person, "GET", w.path(concrete)+query, nil)
					if strings.Contains(got.text, canary) || strings.Contains(fmt.Sprint(got.header), canary) {
						t.Errorf("GET %s%s as %q shows what is secret: %s", concrete, query, person, got.text)
					}
				}
				if strings.Contains(w.do("mod", "GET", w.path(concrete)+query, nil).text, canary) {
					shown++
				}
			}
		}
	}
	if t.Logf("%d probes; moderators see the canary in %d", probes, shown); shown < 20 {
		t.Errorf("moderators see the canary in %d answers only: the world holds too little that is secret", shown)
	}
}

// concretePaths puts every value in the place of each parameter.
func concretePaths(path string, fill map[string][]string) []string {
	match := inBraces.FindStringSubmatch(path)
	if match == nil {
		return []string{path}
	}
	var paths []string
	for _, value := range fill[match[1]] {
		if match[1] == "thread_id" || match[1] == "category_id" {
			value = "{" + strings.ToUpper(value) + "}" // no parameter any more
		}
		paths = append(paths, concretePaths(strings.Replace(path, match[0], value, 1), fill)...)
	}
	if match[1] == "thread_id" || match[1] == "category_id" {
		for i := range paths {
			paths[i] = upperName.ReplaceAllStringFunc(paths[i], strings.ToLower)
		}
	}
	return paths
}

var upperName = regexp.MustCompile(`\{[A-Z]+\}`)

func queriesOf(path string) []string {
	switch path {
	case "/threads":
		return []string{"", "?state=hidden", "?state=deleted", "?state=unlisted", "?tag=" + canary, "?author=mod", "?author=ann", "?category_id=1", "?category_id=2"}
	case "/search":
		return []string{"?q=" + canary, "?q=first", "?q=second", "?q=user:mod", "?q=user:ann", "?q=deleted", "?q=hidden&category_id=2"}
	}
	return []string{""}
}

// What may not be seen answers byte for byte like what does not exist, to every method.
func TestUnseenAndAbsentAnswerAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := values{"body": "x"}
	tests := []struct {
		method, path string
		body         any
		unseen       []string // in the place of #
		absent       string
	}{
		{"GET", "/threads/#", nil, []string{"{secret}", "{hidden}", "{deleted}", "{ended}"}, "{absent}"},
		{"GET", "/threads/#/posts", nil, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"GET", "/threads/#/posts/1", nil, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"GET", "/threads/#/posts/1/revisions", nil, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"GET", "/threads/{open}/posts/#", nil, []string{"4", "5"}, "99"},
		{"GET", "/threads/{open}/posts/#/revisions", nil, []string{"4", "5"}, "99"},
		{"GET", "/categories/#", nil, []string{"{staff}"}, "{absent}"},
		{"GET", "/categories/#/permissions", nil, []string{"{staff}", "{general}"}, "{absent}"},
		{"GET", "/threads?category_id=#", nil, []string{"{staff}"}, "{absent}"},
		{"GET", "/search?q=x&category_id=#", nil, []string{"{staff}"}, "{absent}"},
		{"POST", "/threads/#/posts", post, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"POST", "/threads/#/posts", values{"body": ""}, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"PATCH", "/threads/#", values{"title": "x"}, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"DELETE", "/threads/#", nil, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"PUT", "/threads/#/marks/locked", nil, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"DELETE", "/threads/#/marks/deleted", nil, []string{"{secret}", "{hidden}", "{deleted}"}, "{absent}"},
		{"PATCH", "/threads/{open}/posts/#", post, []string{"4", "5"}, "99"},
		{"DELETE", "/threads/{open}/posts/#", nil, []string{"4", "5"}, "99"},
		{"PUT", "/threads/{open}/posts/#/marks/hidden", nil, []string{"4", "5"}, "99"},
		{"PUT", "/threads/{open}/posts/#/reaction", values{"kind": "up"}, []string{"4", "5"}, "99"},
		{"PATCH", "/categories/#", values{"name": "x"}, []string{"{staff}"}, "{absent}"},
		{"PUT", "/categories/#/marks/hidden", nil, []string{"{staff}"}, "{absent}"},
		{"POST", "/threads", values{"category_id": "#", "title": "x", "body": "y"}, []string{"{staff}"}, "{absent}"},
	}
	for _, tt := range tests {
		for _, person := range []string{"", "ben"} {
			ask := func(name string) string {
				body := tt.body
				if in, is := body.(values); is && in["category_id"] == "#" {
					body = values{"category_id": w.ids[strings.Trim(name, "{}")], "title": "x", "body": "y"}
				}
				return withoutInstance(w.do(person, tt.method, w.path(strings.ReplaceAll(tt.path, "#", name)), body))
			}
			want := ask(tt.absent)
			for _, name := range tt.unseen {
				if got := ask(name); got != want {
					t.Errorf("%s %s as %q with %s:\ngot  %s\nwant %s", tt.method, tt.path, person, name, got, want)
				}
			}
		}
	}
}

// Nothing may be kept by a cache that somebody else could be shown.
func TestCaching(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/threads", "/threads/1", "/threads/1/posts", "/categories", "/people/ann", "/about"} {
		visitors := w.must(http.StatusOK, "", "GET", path, nil).header
		if visitors.Get("Cache-Control") != "no-cache" || !slices.Contains(visitors.Values("Vary"), "Authorization, Cookie") {
			t.Errorf("%s as visitor: Cache-Control %q, Vary %q", path, visitors.Get("Cache-Control"), visitors.Values("Vary"))
		}
		if got := w.must(http.StatusOK, "ann", "GET", path, nil).header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s as ann: Cache-Control %q", path, got)
		}
		if visitors.Get("Set-Cookie") != "" || visitors.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s sets a cookie or lets other sites read it: %v", path, visitors)
		}
	}
}
