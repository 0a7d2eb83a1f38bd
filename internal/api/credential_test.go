package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/httpkit"
)

func TestSignUpAndIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.must(http.StatusCreated, "", "POST", "/sign-up", values{"name": "Zoë", "password": goodPassword})
	s.secrets["zoe"] = first.at("token").(string)
	checkEqual(t, "who signed up", s.must(http.StatusOK, "zoe", "GET", "/me", nil).at("name"), "Zoë")
	again := s.must(http.StatusCreated, "", "POST", "/sign-up", values{"name": "zoë", "password": goodPassword})
	checkEqual(t, "the person of a repeated sign-up", again.at("user.id"), first.at("user.id"))
	w := &world{site: s}
	w.check(t, []try{
		{name: "a name that is taken", method: "POST", path: "/sign-up", body: values{"name": "ann", "password": "another password"}, status: 409},
		{name: "a name in disguise", method: "POST", path: "/sign-up", body: values{"name": "ＡＮＮ", "password": "another password"}, status: 409},
		{name: "a short password", method: "POST", path: "/sign-up", body: values{"name": "carl", "password": "short"}, status: 422, want: values{"errors.0.field": "password", "errors.0.limit": 10}},
		{name: "a long name", method: "POST", path: "/sign-up", body: values{"name": strings.Repeat("n", 41), "password": goodPassword}, status: 422, want: values{"errors.0.field": "name", "errors.0.limit": 40}},
		{name: "a name with markup", method: "POST", path: "/sign-up", body: values{"name": "<b>carl</b>", "password": goodPassword}, status: 422, want: values{"errors.0.field": "name"}},
		{name: "a name of two scripts", method: "POST", path: "/sign-up", body: values{"name": "аnn", "password": "another password"}, status: 422, want: values{"errors.0.field": "name"}},
		{name: "a name of two scripts, dressed up", method: "POST", path: "/sign-up", body: values{"name": "𝛂nn", "password": "another password"}, status: 422, want: values{"errors.0.field": "name"}},
		{name: "a reserved name", method: "POST", path: "/sign-up", body: values{"name": "Moderator", "password": "another password"}, status: 422, want: values{"errors.0.field": "name"}},
		{name: "a role", method: "POST", path: "/sign-up", body: values{"name": "carl", "password": goodPassword, "role": "admin"}, status: 422, want: values{"errors.0.field": "role"}},
		{name: "no password", method: "POST", path: "/sign-up", body: values{"name": "carl"}, status: 422, want: values{"errors.0.field": "password"}},
		{name: "sign in", method: "POST", path: "/sign-in", body: values{"name": "ANN", "password": goodPassword}, status: 200, want: values{"user.name": "ann"}},
		{name: "a wrong password", method: "POST", path: "/sign-in", body: values{"name": "ann", "password": "wrong password"}, status: 422},
		{name: "an unknown name", method: "POST", path: "/sign-in", body: values{"name": "nobody", "password": goodPassword}, status: 422},
		{name: "a list of passwords", method: "POST", path: "/sign-in", body: values{"name": "ann", "password": []string{goodPassword}}, status: 422, want: values{"errors.0.field": "password", "errors.0.message": "must be text"}},
		{name: "a password of null", method: "POST", path: "/sign-in", body: `{"name":"ann","password":null}`, status: 422},
		{name: "a password of true", method: "POST", path: "/sign-in", body: `{"name":"ann","password":true}`, status: 422},
	})
	wrong := s.do("", "POST", "/sign-in", values{"name": "ann", "password": "wrong password"})
	nobody := s.do("", "POST", "/sign-in", values{"name": "nobody", "password": "wrong password"})
	checkEqual(t, "a wrong password and an unknown name", withoutInstance(wrong), withoutInstance(nobody))
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.must(http.StatusNoContent, "ann", "POST", "/sign-out", nil)
	s.must(http.StatusUnauthorized, "ann", "GET", "/me", nil)
	s.must(http.StatusNoContent, "", "POST", "/sign-out", nil)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.must(http.StatusCreated, "ann", "POST", "/tokens", values{"name": "reader", "scope": "read"})
	w.secrets["reader"] = made.at("token").(string)
	w.secrets["writer"] = w.must(http.StatusCreated, "mod", "POST", "/tokens", values{"name": "writer", "scope": "write"}).at("token").(string)
	w.secrets["all"] = w.must(http.StatusCreated, "mod", "POST", "/tokens", values{"name": "all", "scope": "moderate"}).at("token").(string)
	if list := w.must(http.StatusOK, "ann", "GET", "/tokens", nil); strings.Contains(list.text, "fmt_") {
		t.Errorf("the list shows a secret: %s", list.text)
	}
	w.check(t, []try{
		{name: "list", person: "ann", method: "GET", path: "/tokens", status: 200, want: values{"tokens.0.name": "reader", "tokens.0.scope": "read", "tokens.1": nil}},
		{name: "list as visitor", method: "GET", path: "/tokens", status: 401},
		{name: "read", person: "reader", method: "GET", path: "/me", status: 200, want: values{"name": "ann", "scope": "read"}},
		{name: "write with a token that reads", person: "reader", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x"}, status: 403},
		{name: "make a token with one that reads", person: "reader", method: "POST", path: "/tokens", body: values{"name": "x", "scope": "read"}, status: 403},
		{name: "write", person: "writer", method: "POST", path: "/threads/{open}/posts", body: values{"body": "x"}, status: 201},
		{name: "moderate with a token that writes", person: "writer", method: "PUT", path: "/threads/{open}/marks/locked", status: 403},
		{name: "look into the secret with it", person: "writer", method: "GET", path: "/threads/{secret}", status: 404},
		{name: "make another with it", person: "writer", method: "POST", path: "/tokens", body: values{"name": "x", "scope": "write"}, status: 403, want: values{"detail": "a token may not make, list or end tokens: sign in for that"}},
		{name: "make another with one that moderates", person: "all", method: "POST", path: "/tokens", body: values{"name": "x", "scope": "read"}, status: 403},
		{name: "list with it", person: "writer", method: "GET", path: "/tokens", status: 403},
		{name: "end with it", person: "writer", method: "DELETE", path: "/tokens/2", status: 403},
		{name: "sign out with it", person: "writer", method: "POST", path: "/sign-out", status: 409},
		{name: "unknown scope", person: "ann", method: "POST", path: "/tokens", body: values{"name": "x", "scope": "all"}, status: 422, want: values{"errors.0.field": "scope"}},
		{name: "no name", person: "ann", method: "POST", path: "/tokens", body: values{"scope": "read"}, status: 422, want: values{"errors.0.field": "name"}},
		{name: "end another's", person: "ben", method: "DELETE", path: "/tokens/1", status: 404},
		{name: "end", person: "ann", method: "DELETE", path: "/tokens/1", status: 204},
		{name: "end again", person: "ann", method: "DELETE", path: "/tokens/1", status: 404},
		{name: "use what has ended", person: "reader", method: "GET", path: "/threads", status: 401},
	})
}

// stillClock stands: no ration fills while a slow machine spends it.
type stillClock struct{}

func (stillClock) Now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// The rations reach the API: what is left is said, and 429 says when to come back.
func TestRations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.kit.Rates = httpkit.NewRates(stillClock{}, 1)
	path := w.path("/threads/{open}/posts")
	first := w.must(http.StatusCreated, "ben", "POST", path, values{"body": "first"}, "Idempotency-Key", "k1")
	for range httpkit.Posting.Quota - 1 {
		w.must(http.StatusCreated, "ben", "POST", path, values{"body": "x"})
	}
	got := w.must(http.StatusTooManyRequests, "ben", "POST", path, values{"body": "x"})
	checkProblem(t, got)
	for name, want := range map[string]string{"RateLimit-Policy": `"posts";q=300;w=300`, "RateLimit": `"posts";r=0;t=`, "Retry-After": "1"} {
		if value := got.header.Get(name); !strings.HasPrefix(value, want) {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
	again := w.must(http.StatusCreated, "ben", "POST", path, values{"body": "first"}, "Idempotency-Key", "k1")
	if got, want := again.at("number"), first.at("number"); got != want {
		t.Errorf("a retry past the ration answers with post %v, want %v", got, want)
	}
	w.must(http.StatusUnprocessableEntity, "ben", "POST", path, values{"body": "other"}, "Idempotency-Key", "k1")
	w.must(http.StatusTooManyRequests, "ben", "POST", path, values{"body": "x"}, "Idempotency-Key", "k2")
	for range httpkit.Searching.Quota {
		w.must(http.StatusOK, "ben", "GET", "/search?q=x", nil)
	}
	w.must(http.StatusTooManyRequests, "ben", "GET", "/search?q=x", nil, "Idempotency-Key", "k1")
	w.must(http.StatusCreated, "ann", "POST", path, values{"body": "x"})
	w.must(http.StatusCreated, "mod", "POST", path, values{"body": "x"})
	for range 10 {
		w.do("", "POST", "/sign-in", values{"name": "ann", "password": "wrong password"})
	}
	w.must(http.StatusTooManyRequests, "", "POST", "/sign-in", values{"name": "ann", "password": goodPassword})
	w.must(http.StatusTooManyRequests, "", "POST", "/sign-up", values{"name": "ann", "password": goodPassword})
}

func TestPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.secrets["there"] = w.must(http.StatusOK, "", "POST", "/sign-in", values{"name": "ann", "password": goodPassword}).at("token").(string)
	w.secrets["token"] = w.must(http.StatusCreated, "ann", "POST", "/tokens", values{"name": "all", "scope": "moderate"}).at("token").(string)
	change := func(present, password string) values {
		return values{"present_password": present, "password": password}
	}
	w.check(t, []try{
		{name: "as visitor", method: "PUT", path: "/me/password", body: change(goodPassword, "another password"), status: 401},
		{name: "with a token", person: "token", method: "PUT", path: "/me/password", body: change(goodPassword, "another password"), status: 403},
		{name: "a wrong one", person: "ann", method: "PUT", path: "/me/password", body: change("wrong password", "another password"), status: 422, want: values{"errors.0.field": "present_password", "errors.1": nil}},
		{name: "a short one", person: "ann", method: "PUT", path: "/me/password", body: change(goodPassword, "short"), status: 422, want: values{"errors.0.field": "password", "errors.0.limit": 10}},
		{name: "change", person: "ann", method: "PUT", path: "/me/password", body: change(goodPassword, "another password"), status: 204},
		{name: "the session stays", person: "ann", method: "GET", path: "/me", status: 200},
		{name: "the token stays", person: "token", method: "GET", path: "/me", status: 200},
		{name: "another session ends", person: "there", method: "GET", path: "/me", status: 401},
		{name: "the old one", method: "POST", path: "/sign-in", body: values{"name": "ann", "password": goodPassword}, status: 422},
		{name: "the new one", method: "POST", path: "/sign-in", body: values{"name": "ann", "password": "another password"}, status: 200},
	})
}
