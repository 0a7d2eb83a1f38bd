package api_test

import (
	"net/http"
	"testing"
)

func TestThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(t, []try{
		{name: "list", method: "GET", path: "/threads", status: 200, want: values{"total": 2, "threads.1.title": "An open thread", "threads.1.post_count": 3, "threads.1.state": "visible"}},
		{name: "list of a category", method: "GET", path: "/threads?category_id={general}", status: 200, want: values{"total": 2}},
		{name: "list of an author", method: "GET", path: "/threads?author=ANN", status: 200, want: values{"total": 2}},
		{name: "list of an author without threads", method: "GET", path: "/threads?author=ben", status: 200, want: values{"total": 0, "threads": "[]"}},
		{name: "list of a tag nobody uses", method: "GET", path: "/threads?tag=none", status: 200, want: values{"total": 0}},
		{name: "list of a secret tag", method: "GET", path: "/threads?tag=" + canary, status: 200, want: values{"total": 0}},
		{name: "list of a secret tag, as moderator", person: "mod", method: "GET", path: "/threads?tag=" + canary, status: 200, want: values{"total": 1}},
		{name: "list of deleted ones, as visitor", method: "GET", path: "/threads?state=deleted", status: 200, want: values{"total": 0}},
		{name: "list of deleted ones, as moderator", person: "mod", method: "GET", path: "/threads?state=deleted", status: 200, want: values{"total": 2}},
		{name: "list of a category unseen", person: "ann", method: "GET", path: "/threads?category_id={staff}", status: 404},
		{name: "list of a category that is none", method: "GET", path: "/threads?category_id=abc", status: 404},
		{name: "list of an unknown author", method: "GET", path: "/threads?author=nobody", status: 404},
		{name: "list of an unknown state", method: "GET", path: "/threads?state=gone", status: 422, want: values{"errors.0.field": "state"}},
		{name: "list from no place", method: "GET", path: "/threads?cursor=!", status: 422, want: values{"errors.0.field": "cursor"}},
		{name: "list too long", method: "GET", path: "/threads?limit=101", status: 422, want: values{"errors.0.field": "limit", "errors.0.limit": 100}},
		{name: "list too short", method: "GET", path: "/threads?limit=0", status: 422, want: values{"errors.0.field": "limit", "errors.0.limit": 1}},
		{name: "list of two categories", method: "GET", path: "/threads?category_id={general}&category_id={staff}", status: 422, want: values{"errors.0.field": "category_id"}},

		{name: "get", method: "GET", path: "/threads/{open}", status: 200, want: values{"id": 1, "author.name": "ann", "post_count": 3, "last_number": 3, "posts_by_state": nil}},
		{name: "get as moderator", person: "mod", method: "GET", path: "/threads/{open}", status: 200, want: values{"posts_by_state.deleted": 1, "posts_by_state.hidden": 1}},
		{name: "get an unlisted one", method: "GET", path: "/threads/{unlisted}", status: 200, want: values{"state": "unlisted"}},
		{name: "get one's own deleted", person: "ann", method: "GET", path: "/threads/{ended}", status: 200, want: values{"state": "deleted", "marks.0": "author_deleted"}},
		{name: "get one that a moderator deleted, as its author", person: "ann", method: "GET", path: "/threads/{deleted}", status: 404},

		{name: "create as visitor", method: "POST", path: "/threads", body: values{"category_id": 1, "title": "x", "body": "y"}, status: 401},
		{name: "create in a category unseen", person: "ann", method: "POST", path: "/threads", body: values{"category_id": 2, "title": "x", "body": "y"}, status: 422, want: values{"errors.0.field": "category_id"}},
		{name: "create without anything", person: "ann", method: "POST", path: "/threads", body: values{}, status: 422, want: values{"errors.0.field": "title", "errors.1.field": "body", "errors.2.field": "category_id"}},
		{name: "create with too many tags", person: "ann", method: "POST", path: "/threads", body: values{"category_id": 1, "title": "x", "body": "y", "tags": []string{"a", "b", "c", "d", "e", "f"}}, status: 422, want: values{"errors.0.field": "tags", "errors.0.limit": 5}},
		{name: "create with a comma in a tag", person: "ann", method: "POST", path: "/threads", body: values{"category_id": 1, "title": "x", "body": "y", "tags": []string{"salt, pepper"}}, status: 422, want: values{"errors.0.field": "tags"}},
		{name: "rename with a tag that is a folder", person: "ann", method: "PATCH", path: "/threads/{open}", body: values{"tags": []string{".."}}, status: 422, want: values{"errors.0.field": "tags"}},
		{name: "create", person: "ann", method: "POST", path: "/threads", body: values{"category_id": 1, "title": " Tagged ", "body": "y", "tags": []string{"b", "a", "A"}}, status: 201, want: values{"number": 1, "thread.post_count": 1}},
		{name: "what was created", method: "GET", path: "/threads?tag=a", status: 200, want: values{"total": 1, "threads.0.title": "Tagged", "threads.0.tags": "[a b]"}},

		{name: "rename", person: "ann", method: "PATCH", path: "/threads/{open}", body: values{"title": "Renamed"}, status: 200, want: values{"title": "Renamed", "slug": "renamed"}},
		{name: "rename nothing", person: "ann", method: "PATCH", path: "/threads/{open}", body: values{"title": "  "}, status: 422, want: values{"errors.0.field": "title"}},
		{name: "rename what is another's", person: "ben", method: "PATCH", path: "/threads/{open}", body: values{"title": "Mine"}, status: 403},
		{name: "rename what is locked", person: "ann", method: "PATCH", path: "/threads/{locked}", body: values{"title": "Mine"}, status: 409},
		{name: "rename as visitor", method: "PATCH", path: "/threads/{open}", body: values{"title": "Mine"}, status: 401},
		{name: "rename what is absent", person: "ann", method: "PATCH", path: "/threads/{absent}", body: values{"title": "Mine"}, status: 404},
		{name: "move as author", person: "ann", method: "PATCH", path: "/threads/{open}", body: values{"category_id": 1}, status: 403},
		{name: "move to nowhere", person: "mod", method: "PATCH", path: "/threads/{open}", body: values{"category_id": 77}, status: 422, want: values{"errors.0.field": "category_id"}},
		{name: "move", person: "mod", method: "PATCH", path: "/threads/{unlisted}", body: values{"category_id": 2}, status: 200, want: values{"category_id": 2}},
		{name: "what was moved out of sight", method: "GET", path: "/threads/{unlisted}", status: 404},

		{name: "pin as member", person: "ann", method: "PUT", path: "/threads/{open}/marks/pinned", status: 403},
		{name: "pin", person: "mod", method: "PUT", path: "/threads/{open}/marks/pinned", status: 200, want: values{"thread.id": 1}},
		{name: "what was pinned", method: "GET", path: "/threads?category_id={general}", status: 200, want: values{"pinned.0.id": 1}},
		{name: "unpin", person: "mod", method: "DELETE", path: "/threads/{open}/marks/pinned", status: 200},
		{name: "unpin again", person: "mod", method: "DELETE", path: "/threads/{open}/marks/pinned", status: 200},
		{name: "an unknown mark", person: "mod", method: "PUT", path: "/threads/{open}/marks/blessed", status: 404},
		{name: "hide by flags", person: "mod", method: "PUT", path: "/threads/{open}/marks/flag_hidden", status: 403},
		{name: "delete what is another's", person: "ben", method: "DELETE", path: "/threads/{open}", status: 403},
		{name: "delete", person: "ann", method: "PUT", path: "/threads/{open}/marks/deleted", status: 200},
		{name: "reply to the deleted", person: "ann", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x"}, status: 409},
		{name: "restore", person: "ann", method: "DELETE", path: "/threads/{open}/marks/deleted", status: 200, want: values{"thread.post_count": 3}},
		{name: "restore what is there", person: "ann", method: "DELETE", path: "/threads/{open}/marks/deleted", status: 409},
		{name: "restore what a moderator deleted, as its author", person: "ann", method: "DELETE", path: "/threads/{deleted}/marks/deleted", status: 404},
		{name: "restore what a moderator deleted", person: "mod", method: "DELETE", path: "/threads/{deleted}/marks/deleted", status: 200},
	})
}

func TestThreadCursor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	category := s.addCategory("General", nil)
	for _, title := range []string{"one", "two", "three", "four", "five"} {
		s.addThread("ann", category, title, "x")
	}
	var got []any
	path := "/threads?limit=2"
	for range 5 {
		part := s.must(http.StatusOK, "", "GET", path, nil)
		if part.at("total") != float64(5) {
			t.Errorf("total is %v in one part, want 5", part.at("total"))
		}
		for _, thread := range part.body["threads"].([]any) {
			got = append(got, thread.(map[string]any)["title"])
		}
		next, _ := part.at("next_cursor").(string)
		if next == "" {
			break
		}
		path = "/threads?limit=2&cursor=" + next
	}
	checkEqual(t, "threads in parts of two", got, []any{"five", "four", "three", "two", "one"})
}

func TestThreadVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.path("/threads/{open}")
	first := w.must(http.StatusOK, "ann", "GET", path, nil).header.Get("ETag")
	w.must(http.StatusNotModified, "ann", "GET", path, nil, "If-None-Match", first)
	w.must(http.StatusOK, "ben", "GET", path, nil, "If-None-Match", first) // what ben sees is not what ann sees
	w.must(http.StatusOK, "", "GET", path, nil, "If-None-Match", first)
	second := w.must(http.StatusOK, "ann", "PATCH", path, values{"title": "Second"}, "If-Match", first).header.Get("ETag")
	for name, tag := range map[string]string{"the version before": first, "a tag of another database": `"2.1.elsewhere"`, "no tag": "x", "a weak tag": "W/" + second} {
		if got := w.do("ann", "PATCH", path, values{"title": "Third"}, "If-Match", tag); got.status != http.StatusPreconditionFailed {
			t.Errorf("%s (%s): got %d, want 412\n%s", name, tag, got.status, got.text)
		}
	}
	w.must(http.StatusOK, "ann", "GET", path, nil, "If-None-Match", first)
	w.must(http.StatusNotModified, "ann", "GET", path, nil, "If-None-Match", `"other", `+second)
	w.must(http.StatusOK, "ann", "PATCH", path, values{"title": "Third"}, "If-Match", "*")
}

// What a reader sees depends on what they may by now, and with what they ask.
func TestVersionsForReaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.secrets["writing"] = w.must(http.StatusCreated, "mod", "POST", "/tokens", values{"name": "writing", "scope": "write"}).at("token").(string)
	for _, pattern := range []string{"/threads/{open}", "/threads/{open}/posts", "/threads/{open}/posts/1"} {
		path := w.path(pattern)
		tag := func(person string) string { return w.must(http.StatusOK, person, "GET", path, nil).header.Get("ETag") }
		moderator, member := tag("mod"), tag("ann")
		w.must(http.StatusNotModified, "mod", "GET", path, nil, "If-None-Match", moderator)
		w.must(http.StatusOK, "writing", "GET", path, nil, "If-None-Match", moderator)
		w.must(http.StatusNoContent, "admin", "PUT", "/people/ann/role", values{"role": "moderator"})
		w.must(http.StatusOK, "ann", "GET", path, nil, "If-None-Match", member)
		promoted := tag("ann")
		w.must(http.StatusNoContent, "admin", "PUT", "/people/ann/suspension", values{"reason": "x"})
		w.must(http.StatusOK, "ann", "GET", path, nil, "If-None-Match", promoted)
		w.must(http.StatusNoContent, "admin", "DELETE", "/people/ann/suspension", nil)
		w.must(http.StatusNoContent, "admin", "PUT", "/people/ann/role", values{"role": "member"})
		w.must(http.StatusNotModified, "ann", "GET", path, nil, "If-None-Match", member)
	}
	permissions := w.path("/categories/{general}/permissions")
	for _, pattern := range []string{"/threads/{open}", "/threads/{open}/posts"} {
		path := w.path(pattern)
		before := w.must(http.StatusOK, "mod", "GET", path, nil)
		w.must(http.StatusNoContent, "admin", "PUT", permissions, values{"permissions": values{"moderator": values{"see": true}}})
		after := w.must(http.StatusOK, "mod", "GET", path, nil, "If-None-Match", before.header.Get("ETag"))
		if before.text == after.text {
			t.Errorf("%s: who does not moderate there any more sees as much as before: the test is void", path)
		}
		w.must(http.StatusNoContent, "admin", "PUT", permissions, values{"permissions": values{}})
	}
}
