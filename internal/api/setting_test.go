package api_test

import "testing"

func TestSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(t, []try{
		{name: "about", method: "GET", path: "/about", status: 200, want: values{"counts.threads": 2, "counts.posts": 4, "people.active": 4, "verification": nil}},
		{name: "get", method: "GET", path: "/site", status: 200},
		{name: "set as moderator", person: "mod", method: "PUT", path: "/site", body: values{"name": "Mine", "description": ""}, status: 403},
		{name: "set as visitor", method: "PUT", path: "/site", body: values{"name": "Mine", "description": ""}, status: 401},
		{name: "set nothing", person: "admin", method: "PUT", path: "/site", body: values{"name": "", "description": ""}, status: 422, want: values{"errors.0.field": "name"}},
		{name: "set", person: "admin", method: "PUT", path: "/site", body: values{"name": "Riders", "description": "All about bicycles"}, status: 200, want: values{"name": "Riders"}},
		{name: "about then", method: "GET", path: "/about", status: 200, want: values{"site.name": "Riders", "site.description": "All about bicycles"}},
	})
}
