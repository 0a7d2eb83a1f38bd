package api_test

import "testing"

func TestCategories(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(t, []try{
		{name: "list", method: "GET", path: "/categories", status: 200, want: values{"categories.0.name": "General", "categories.1": nil, "categories.0.total.threads": 2, "categories.0.total.posts": 4, "categories.0.access.reply": false}},
		{name: "list as member", person: "ann", method: "GET", path: "/categories", status: 200, want: values{"categories.1": nil, "categories.0.access.reply": true}},
		{name: "list as moderator", person: "mod", method: "GET", path: "/categories", status: 200, want: values{"categories.1.name": "Staff " + canary, "categories.1.counts.threads": 1, "categories.0.threads_by_state.deleted": 2}},
		{name: "get", method: "GET", path: "/categories/{general}", status: 200, want: values{"slug": "general"}},
		{name: "get unseen", person: "ann", method: "GET", path: "/categories/{staff}", status: 404},
		{name: "create as moderator", person: "mod", method: "POST", path: "/categories", body: values{"name": "Mine"}, status: 403},
		{name: "create as visitor", method: "POST", path: "/categories", body: values{"name": "Mine"}, status: 401},
		{name: "create without a name", person: "admin", method: "POST", path: "/categories", body: values{}, status: 422, want: values{"errors.0.field": "name"}},
		{name: "create below nothing", person: "admin", method: "POST", path: "/categories", body: values{"name": "x", "parent_id": 77}, status: 422, want: values{"errors.0.field": "parent_id"}},
		{name: "create for an unknown role", person: "admin", method: "POST", path: "/categories", body: values{"name": "x", "permissions": values{"king": values{}}}, status: 422, want: values{"errors.0.field": "permissions"}},
		{name: "create with an unknown right", person: "admin", method: "POST", path: "/categories", body: values{"name": "x", "permissions": values{"member": values{"rule": true}}}, status: 422, want: values{"errors.0.field": "permissions.member.rule"}},
		{name: "create below", person: "admin", method: "POST", path: "/categories", body: values{"name": "Below", "parent_id": 1, "description": "d"}, status: 201, want: values{"id": 3, "parent_id": 1, "description": "d", "children": "[]"}},
		{name: "the tree", method: "GET", path: "/categories", status: 200, want: values{"categories.0.children.0.id": 3}},
		{name: "rename", person: "admin", method: "PATCH", path: "/categories/3", body: values{"name": "Renamed"}, status: 200, want: values{"name": "Renamed", "description": "d"}},
		{name: "rename as member", person: "ann", method: "PATCH", path: "/categories/3", body: values{"name": "Mine"}, status: 403},
		{name: "rename what is absent", person: "admin", method: "PATCH", path: "/categories/77", body: values{"name": "Mine"}, status: 404},
		{name: "hide", person: "admin", method: "PUT", path: "/categories/3/marks/hidden", status: 204},
		{name: "what is hidden", method: "GET", path: "/categories/3", status: 404},
		{name: "show", person: "admin", method: "DELETE", path: "/categories/3/marks/hidden", status: 204},
		{name: "what is shown", method: "GET", path: "/categories/3", status: 200, want: values{"hidden_at": nil}},
		{name: "order", person: "admin", method: "PUT", path: "/categories/order", body: values{"ids": []int64{2, 1}}, status: 204},
		{name: "the order", person: "admin", method: "GET", path: "/categories", status: 200, want: values{"categories.0.id": 2, "categories.1.id": 1}},
		{name: "order by half", person: "admin", method: "PUT", path: "/categories/order", body: values{"ids": []int64{2}}, status: 422, want: values{"errors.0.field": "ids"}},
		{name: "order as moderator", person: "mod", method: "PUT", path: "/categories/order", body: values{"ids": []int64{2, 1}}, status: 403},
		{name: "permissions", person: "admin", method: "GET", path: "/categories/{staff}/permissions", status: 200, want: values{"permissions.member.see": false, "permissions.moderator.see": true}},
		{name: "permissions as moderator", person: "mod", method: "GET", path: "/categories/{staff}/permissions", status: 403},
		{name: "open to members", person: "admin", method: "PUT", path: "/categories/{staff}/permissions", body: values{"permissions": values{"visitor": values{}, "member": values{"see": true}}}, status: 204},
		{name: "members see it", person: "ann", method: "GET", path: "/threads/{secret}", status: 200},
		{name: "members only read it", person: "ann", method: "POST", path: "/threads/{secret}/posts", body: values{"body": "x"}, status: 403},
		{name: "visitors do not see it", method: "GET", path: "/threads/{secret}", status: 404},
	})
}
