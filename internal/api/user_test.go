package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(t, []try{
		{name: "get", method: "GET", path: "/people/ann", status: 200, want: values{"name": "ann", "role": "member", "state": "active", "threads": 2, "posts": 2}},
		{name: "get in other letters", method: "GET", path: "/people/ANN", status: 200, want: values{"name": "ann"}},
		{name: "get nobody", method: "GET", path: "/people/nobody", status: 404},
		{name: "get a moderator, whose threads are secret", method: "GET", path: "/people/mod", status: 200, want: values{"threads": 0, "posts": 0}},
		{name: "what a person gave, for a visitor", method: "GET", path: "/people/ann", status: 200, want: values{"reactions_given": nil}},
		{name: "for a moderator", person: "mod", method: "GET", path: "/people/ann", status: 200, want: values{"reactions_given": nil}},
		{name: "for an administrator", person: "admin", method: "GET", path: "/people/ann", status: 200, want: values{"reactions_given": 0}},
		{name: "for the person", person: "ann", method: "GET", path: "/me", status: 200, want: values{"reactions_given": 0}},
		{name: "posts", method: "GET", path: "/people/ben/posts", status: 200, want: values{"posts.0.number": 3, "posts.0.thread_title": "An open thread", "posts.1.number": 2, "posts.2": nil}},
		{name: "posts of nobody", method: "GET", path: "/people/nobody/posts", status: 404},
		{name: "list as visitor", method: "GET", path: "/people", status: 401},
		{name: "list as member", person: "ann", method: "GET", path: "/people", status: 403},
		{name: "list", person: "mod", method: "GET", path: "/people", status: 200, want: values{"people.0.name": "admin", "people.3.name": "mod", "next_cursor": nil}},

		{name: "suspend as member", person: "ann", method: "PUT", path: "/people/ben/suspension", body: values{"reason": "no"}, status: 403},
		{name: "suspend oneself", person: "mod", method: "PUT", path: "/people/mod/suspension", body: values{"reason": "no"}, status: 409},
		{name: "suspend an administrator", person: "mod", method: "PUT", path: "/people/admin/suspension", body: values{"reason": "no"}, status: 403},
		{name: "suspend nobody", person: "mod", method: "PUT", path: "/people/nobody/suspension", body: values{"reason": "no"}, status: 404},
		{name: "suspend at length", person: "mod", method: "PUT", path: "/people/ben/suspension", body: values{"reason": strings.Repeat("x", 501)}, status: 422, want: values{"errors.0.field": "reason", "errors.0.limit": 500}},
		{name: "suspend", person: "mod", method: "PUT", path: "/people/ben/suspension", body: values{"reason": "a private reason"}, status: 204},
		{name: "the reason, for the person", person: "ben", method: "GET", path: "/me", status: 200, want: values{"state": "suspended", "suspension_reason": "a private reason"}},
		{name: "the reason, for others", person: "ann", method: "GET", path: "/people/ben", status: 200, want: values{"state": "suspended", "suspension_reason": nil}},
		{name: "write while suspended", person: "ben", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x"}, status: 403},
		{name: "lift", person: "mod", method: "DELETE", path: "/people/ben/suspension", status: 204},
		{name: "write again", person: "ben", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x"}, status: 201},

		{name: "role as moderator", person: "mod", method: "PUT", path: "/people/ben/role", body: values{"role": "moderator"}, status: 403},
		{name: "unknown role", person: "admin", method: "PUT", path: "/people/ben/role", body: values{"role": "king"}, status: 422, want: values{"errors.0.field": "role"}},
		{name: "role of visitor", person: "admin", method: "PUT", path: "/people/ben/role", body: values{"role": "visitor"}, status: 422},
		{name: "role", person: "admin", method: "PUT", path: "/people/ben/role", body: values{"role": "moderator"}, status: 204},
		{name: "what the role allows", person: "ben", method: "GET", path: "/threads/{secret}", status: 200},
		{name: "the last administrator steps down", person: "admin", method: "PUT", path: "/people/admin/role", body: values{"role": "member"}, status: 409},

		{name: "me", person: "ann", method: "GET", path: "/me", status: 200, want: values{"name": "ann", "scope": nil}},
		{name: "me as visitor", method: "GET", path: "/me", status: 401},
		{name: "about me", person: "ann", method: "PATCH", path: "/me", body: values{"about": "I *ride*"}, status: 200, want: values{"about_html": "<p>I <em>ride</em></p>\n"}},
		{name: "too much about me", person: "ann", method: "PATCH", path: "/me", body: values{"about": strings.Repeat("x", 4001)}, status: 422, want: values{"errors.0.field": "about"}},
		{name: "a role for me", person: "ann", method: "PATCH", path: "/me", body: values{"about": "", "role": "admin"}, status: 422, want: values{"errors.0.field": "role"}},
	})
}

func TestPeopleCursor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var got []any
	path := "/people?limit=3"
	for range 3 {
		part := s.must(http.StatusOK, "mod", "GET", path, nil)
		for _, person := range part.body["people"].([]any) {
			got = append(got, person.(map[string]any)["name"])
		}
		next, _ := part.at("next_cursor").(string)
		if next == "" {
			break
		}
		path = "/people?limit=3&cursor=" + next
	}
	checkEqual(t, "people in parts of three", got, []any{"admin", "ann", "ben", "mod"})
}
