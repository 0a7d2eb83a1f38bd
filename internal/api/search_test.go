package api_test

import (
	"net/http"
	"testing"
	"time"
)

// indexed waits until search knows every post.
func (s *site) indexed() {
	s.Helper()
	for range 200 {
		if s.must(http.StatusOK, "", "GET", "/about", nil).at("search_pending") == float64(0) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Fatal("search does not catch up")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.indexed()
	w.check(t, []try{
		{name: "a word", method: "GET", path: "/search?q=third", status: 200, want: values{"hits.0.post.number": 3, "hits.0.post.thread_title": "An open thread", "hits.0.excerpt": "The third post", "hits.1": nil, "pending": 0}},
		{name: "nothing found", method: "GET", path: "/search?q=unheard", status: 200, want: values{"hits": "[]"}},
		{name: "what is secret", method: "GET", path: "/search?q=" + canary, status: 200, want: values{"hits": "[]"}},
		{name: "what is secret, as moderator", person: "mod", method: "GET", path: "/search?q=" + canary + "&category_id={staff}", status: 200, want: values{"hits.0.post.thread_id": 7}},
		{name: "in a category unseen", method: "GET", path: "/search?q=third&category_id={staff}", status: 404},
		{name: "in a category that is none", method: "GET", path: "/search?q=third&category_id=x", status: 404},
		{name: "nothing asked", method: "GET", path: "/search", status: 422, want: values{"errors.0.field": "q"}},
		{name: "nothing to search for", method: "GET", path: "/search?q=%22%22", status: 422, want: values{"errors.0.field": "q"}},
		{name: "a syntax error of full text", method: "GET", path: "/search?q=%22AND%20OR(%20NEAR%20*:^", status: 200},
		{name: "from no place", method: "GET", path: "/search?q=third&cursor=MQ!", status: 422, want: values{"errors.0.field": "cursor"}},
		{name: "from a negative place", method: "GET", path: "/search?q=third&cursor=LTE", status: 422, want: values{"errors.0.field": "cursor"}},
	})
}
