package api_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func checkEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(t, []try{
		{name: "page", method: "GET", path: "/threads/{open}/posts", status: 200, want: values{"thread.id": 1, "posts.0.number": 1, "posts.2.number": 3, "posts.3": nil, "first": 1, "last": 1, "next": nil}},
		{name: "page as moderator", person: "mod", method: "GET", path: "/threads/{open}/posts", status: 200, want: values{"posts.3.marks": "[author_deleted]", "posts.4.marks": "[mod_hidden]"}},
		{name: "page from", method: "GET", path: "/threads/{open}/posts?from=2&limit=1", status: 200, want: values{"posts.0.number": 2, "posts.1": nil, "previous": 1, "next": 3, "last": 3}},
		{name: "page from nowhere", method: "GET", path: "/threads/{open}/posts?from=-1", status: 422, want: values{"errors.0.field": "from"}},
		{name: "page from no number", method: "GET", path: "/threads/{open}/posts?from=one", status: 422, want: values{"errors.0.field": "from"}},
		{name: "page of what is absent", method: "GET", path: "/threads/{absent}/posts", status: 404},

		{name: "get", method: "GET", path: "/threads/{open}/posts/3", status: 200, want: values{"number": 3, "author.name": "ben", "reply_to": 1, "body": "The third post", "html": "<p>The third post</p>\n", "revisions": 1, "thread": nil}},
		{name: "get one that is answered", method: "GET", path: "/threads/{open}/posts/1", status: 200, want: values{"replies": 1, "reply_to": nil, "edited_at": nil}},
		{name: "get one's own deleted", person: "ann", method: "GET", path: "/threads/{open}/posts/4", status: 200, want: values{"state": "deleted"}},
		{name: "get another's deleted", person: "ben", method: "GET", path: "/threads/{open}/posts/4", status: 404},

		{name: "reply", person: "ben", method: "POST", path: "/threads/{open}/posts", body: values{"body": "*six*", "reply_to": 3}, status: 201,
			want: values{"thread_id": 1, "number": 6, "author.name": "ben", "html": "<p><em>six</em></p>\n", "reply_to": 3, "reactions": "map[]", "thread.id": 1, "thread.post_count": 4}},
		{name: "reply as visitor", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x"}, status: 401},
		{name: "reply to what is locked", person: "ann", method: "POST", path: "/threads/{locked}/posts", body: values{"body": "x"}, status: 409},
		{name: "reply to what is locked, as moderator", person: "mod", method: "POST", path: "/threads/{locked}/posts", body: values{"body": "x"}, status: 201},
		{name: "reply with nothing", person: "ben", method: "POST", path: "/threads/{open}/posts", body: values{"body": " \n "}, status: 422, want: values{"errors.0.field": "body"}},
		{name: "reply to no post", person: "ben", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x", "reply_to": 99}, status: 422, want: values{"errors.0.field": "reply_to"}},
		{name: "reply to a post unseen", person: "ben", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x", "reply_to": 4}, status: 422, want: values{"errors.0.field": "reply_to"}},
		{name: "reply with too much", person: "ben", method: "POST", path: "/threads/{open}/posts", body: values{"body": strings.Repeat("x", 32_001)}, status: 422, want: values{"errors.0.field": "body", "errors.0.limit": 32000}},

		{name: "edit", person: "ben", method: "PATCH", path: "/threads/{open}/posts/6", body: values{"body": "**six**"}, status: 200, want: values{"html": "<p><strong>six</strong></p>\n", "revisions": 1}},
		{name: "edit what is another's", person: "ann", method: "PATCH", path: "/threads/{open}/posts/6", body: values{"body": "x"}, status: 403},
		{name: "edit as moderator", person: "mod", method: "PATCH", path: "/threads/{open}/posts/6", body: values{"body": "six"}, status: 200, want: values{"revisions": 2}},
		{name: "edit one's deleted", person: "ann", method: "PATCH", path: "/threads/{open}/posts/4", body: values{"body": "x"}, status: 409},
		{name: "edit to nothing", person: "ben", method: "PATCH", path: "/threads/{open}/posts/6", body: values{"body": ""}, status: 422, want: values{"errors.0.field": "body"}},
		{name: "edit as visitor", method: "PATCH", path: "/threads/{open}/posts/6", body: values{"body": "x"}, status: 401},
		{name: "revisions", person: "ben", method: "GET", path: "/threads/{open}/posts/6/revisions", status: 200, want: values{"revisions.0.body": "*six*", "revisions.0.editor.name": "ben", "revisions.1.body": "**six**"}},

		{name: "delete what is another's", person: "ann", method: "DELETE", path: "/threads/{open}/posts/6", status: 403},
		{name: "delete", person: "ben", method: "DELETE", path: "/threads/{open}/posts/6", status: 200, want: values{"thread.post_count": 3}},
		{name: "delete again", person: "ben", method: "DELETE", path: "/threads/{open}/posts/6", status: 200, want: values{"thread.post_count": 3}},
		{name: "restore", person: "ben", method: "DELETE", path: "/threads/{open}/posts/6/marks/deleted", status: 200, want: values{"thread.post_count": 4}},
		{name: "delete as moderator", person: "mod", method: "PUT", path: "/threads/{open}/posts/6/marks/deleted", status: 200, want: values{"thread.post_count": 3}},
		{name: "restore what a moderator deleted", person: "ben", method: "DELETE", path: "/threads/{open}/posts/6/marks/deleted", status: 404},
		{name: "restore as moderator", person: "mod", method: "DELETE", path: "/threads/{open}/posts/6/marks/mod_deleted", status: 200, want: values{"thread.post_count": 4}},
		{name: "show", person: "mod", method: "DELETE", path: "/threads/{open}/posts/5/marks/hidden", status: 200, want: values{"thread.post_count": 5}},
		{name: "hide as member", person: "ben", method: "PUT", path: "/threads/{open}/posts/5/marks/hidden", status: 403},
		{name: "a mark that posts have not", person: "mod", method: "PUT", path: "/threads/{open}/posts/5/marks/pinned", status: 404},
		{name: "delete the first, and the thread with it", person: "mod", method: "DELETE", path: "/threads/{open}/posts/1", status: 200},
		{name: "the thread", method: "GET", path: "/threads/{open}", status: 404},
	})
}

func TestReplyHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.must(http.StatusCreated, "ben", "POST", w.path("/threads/{open}/posts"), values{"body": "x"})
	if want := w.path("/api/v1/threads/{open}/posts/6"); got.header.Get("Location") != want {
		t.Errorf("Location is %q, want %q", got.header.Get("Location"), want)
	}
	w.must(http.StatusOK, "", "GET", strings.TrimPrefix(got.header.Get("Location"), "/api/v1"), nil)
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`).MatchString(fmt.Sprint(got.at("created_at"))) {
		t.Errorf("created_at is %v, want RFC 3339 with microseconds in UTC", got.at("created_at"))
	}
	checkEqual(t, "last activity of the thread and time of the post", got.at("thread.last_activity_at"), got.at("created_at"))
}

func TestPostVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path("/threads/{open}/posts/2")
	first := w.must(http.StatusOK, "ben", "GET", path, nil).header.Get("ETag")
	w.must(http.StatusNotModified, "ben", "GET", path, nil, "If-None-Match", first)
	w.addReply("ann", w.ids["open"], "The thread changes, the post does not")
	second := w.must(http.StatusOK, "ben", "PATCH", path, values{"body": "Edited"}, "If-Match", first).header.Get("ETag")
	w.must(http.StatusPreconditionFailed, "ben", "PATCH", path, values{"body": "Edited by a second window"}, "If-Match", first)
	w.must(http.StatusCreated, "ann", "POST", w.path("/threads/{open}/posts"), values{"body": "An answer to it", "reply_to": 2})
	if got := w.must(http.StatusOK, "ben", "GET", path, nil, "If-None-Match", second); got.at("replies") != float64(1) {
		t.Errorf("an answer to the post is not news: %s", got.text)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path("/threads/{open}/posts")
	body := values{"body": "Sent once"}
	first := w.must(http.StatusCreated, "ben", "POST", path, body, "Idempotency-Key", "k1")
	w.addReply("ann", w.ids["open"], "Somebody else writes")
	w.must(http.StatusOK, "mod", "PUT", w.path("/threads/{open}/marks/locked"), nil)

	again := w.must(http.StatusCreated, "ben", "POST", path, body, "Idempotency-Key", "k1")
	for _, way := range []string{"number", "body", "created_at", "thread.post_count", "thread.last_activity_at", "thread.version"} {
		checkEqual(t, way+" of the retry", again.at(way), first.at(way))
	}
	w.check(t, []try{
		{name: "without a key", person: "ben", method: "POST", path: path, body: body, status: 409},
		{name: "with another key", person: "ben", method: "POST", path: path, body: body, header: []string{"Idempotency-Key", "k2"}, status: 409},
		{name: "the same key with another text", person: "ben", method: "POST", path: path, body: values{"body": "Other"}, header: []string{"Idempotency-Key", "k1"}, status: 422, want: values{"type": "urn:folkmoot:problem:key-reused"}},
		{name: "the same key for another thread", person: "ben", method: "POST", path: "/threads/{unlisted}/posts", body: body, header: []string{"Idempotency-Key", "k1"}, status: 422},
		{name: "the same key of another person", person: "ann", method: "POST", path: "/threads/{unlisted}/posts", body: body, header: []string{"Idempotency-Key", "k1"}, status: 201},
		{name: "a key too long", person: "ann", method: "POST", path: "/threads/{unlisted}/posts", body: body, header: []string{"Idempotency-Key", strings.Repeat("k", 129)}, status: 422, want: values{"errors.0.field": "Idempotency-Key"}},
	})
	thread := values{"category_id": w.ids["general"], "title": "Once", "body": "x"}
	one := w.must(http.StatusCreated, "ann", "POST", "/threads", thread, "Idempotency-Key", "t1")
	two := w.must(http.StatusCreated, "ann", "POST", "/threads", thread, "Idempotency-Key", "t1")
	checkEqual(t, "the thread of a repeated creation", two.at("thread_id"), one.at("thread_id"))
	w.must(http.StatusCreated, "ann", "POST", "/tokens", values{"name": "x", "scope": "read"}, "Idempotency-Key", "s1")
	if got := w.must(http.StatusConflict, "ann", "POST", "/tokens", values{"name": "x", "scope": "read"}, "Idempotency-Key", "s1"); strings.Contains(got.text, "fmt_") {
		t.Errorf("a secret is shown twice: %s", got.text)
	}
	edit := w.path("/threads/{unlisted}/posts/1")
	w.must(http.StatusOK, "ann", "PATCH", edit, values{"body": "Edited once"}, "Idempotency-Key", "e1")
	got := w.must(http.StatusOK, "ann", "PATCH", edit, values{"body": "Edited once"}, "Idempotency-Key", "e1")
	checkEqual(t, "revisions after a repeated edit", got.at("revisions"), float64(1))
}

func TestReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(t, []try{
		{name: "react", person: "ann", method: "PUT", path: "/threads/{open}/posts/2/reaction", body: values{"kind": "heart"}, status: 200, want: values{"reactions.heart": 1, "my_reaction": "heart"}},
		{name: "react again", person: "ann", method: "PUT", path: "/threads/{open}/posts/2/reaction", body: values{"kind": "heart"}, status: 200, want: values{"reactions.heart": 1}},
		{name: "another reacts", person: "mod", method: "PUT", path: "/threads/{open}/posts/2/reaction", body: values{"kind": "heart"}, status: 200, want: values{"reactions.heart": 2}},
		{name: "change", person: "ann", method: "PUT", path: "/threads/{open}/posts/2/reaction", body: values{"kind": "up"}, status: 200, want: values{"reactions.heart": 1, "reactions.up": 1, "my_reaction": "up"}},
		{name: "withdraw", person: "ann", method: "DELETE", path: "/threads/{open}/posts/2/reaction", status: 200, want: values{"reactions.up": nil, "my_reaction": nil}},
		{name: "withdraw again", person: "ann", method: "DELETE", path: "/threads/{open}/posts/2/reaction", status: 200},
		{name: "an unknown kind", person: "ann", method: "PUT", path: "/threads/{open}/posts/2/reaction", body: values{"kind": "like"}, status: 422, want: values{"errors.0.field": "kind"}},
		{name: "no kind", person: "ann", method: "PUT", path: "/threads/{open}/posts/2/reaction", body: values{}, status: 422, want: values{"errors.0.field": "kind"}},
		{name: "as visitor", method: "PUT", path: "/threads/{open}/posts/2/reaction", body: values{"kind": "heart"}, status: 401},
		{name: "to a post unseen", person: "ben", method: "PUT", path: "/threads/{open}/posts/5/reaction", body: values{"kind": "heart"}, status: 404},
		{name: "to a hidden one, as moderator", person: "mod", method: "PUT", path: "/threads/{open}/posts/5/reaction", body: values{"kind": "heart"}, status: 409},
	})
}
