package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"folkmoot/internal/api"
	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

func TestHostileBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		name, body, field, message string
	}{
		{"nothing", ``, "", ""},
		{"white space", "  \n", "", ""},
		{"not JSON", `body=x`, "", ""},
		{"half", `{"body": "x`, "", ""},
		{"two", `{"body": "x"}{"body": "y"}`, "", ""},
		{"null", `null`, "body", "must not be empty"},
		{"a list", `["x"]`, "", ""},
		{"text", `"x"`, "", ""},
		{"a number", `1`, "", ""},
		{"nothing that can be seen", `{"body": "\u200b\u2060"}`, "body", "must not be empty"},
		{"NUL", `{"body": "a\u0000b"}`, "body", "control character"},
		{"a raw NUL", "{\"body\": \"a\x00b\"}", "body", "not valid JSON"},
		{"another control character", `{"body": "a\u001bb"}`, "body", "control character"},
		{"invalid UTF-8", "{\"body\": \"a\xffb\"}", "body", "UTF-8"},
		{"invalid UTF-8 at the end", "{\"body\": \"a\xf0\x9f\"}", "body", "UTF-8"},
		{"half a surrogate", `{"body": "\ud800"}`, "body", "surrogate"},
		{"a number for text", `{"body": 1}`, "body", "must be text"},
		{"an object for text", `{"body": {"$ne": ""}}`, "body", "must be text"},
		{"a list for text", `{"body": ["x"]}`, "body", "must be text"},
		{"null for text", `{"body": null}`, "body", "must not be empty"},
		{"text for a number", `{"body": "x", "reply_to": "1"}`, "reply_to", "must be a whole number"},
		{"a list for a number", `{"body": "x", "reply_to": [1]}`, "reply_to", "must be a whole number"},
		{"a fraction", `{"body": "x", "reply_to": 1.5}`, "reply_to", "must be a whole number"},
		{"a number too large", `{"body": "x", "reply_to": 99999999999999999999}`, "reply_to", "must be a whole number"},
		{"a negative number", `{"body": "x", "reply_to": -1}`, "reply_to", "no post"},
		{"twice", `{"body": "x", "body": "y"}`, "body", "more than once"},
		{"twice in disguise", `{"body": "x", "\u0062ody": "y"}`, "body", "more than once"},
		{"in capitals", `{"Body": "x"}`, "Body", "not known"},
		{"what is not asked for", `{"body": "x", "number": 1}`, "number", "not known"},
		{"an author", `{"body": "x", "author": {"id": 1}}`, "author", "not known"},
		{"too long", `{"body": "` + strings.Repeat("x", forum.LimitBody.Max+1) + `"}`, "body", "too long"},
		{"too many bytes", `{"body": "` + strings.Repeat("𝄞", forum.LimitBody.Bytes/4+1) + `"}`, "body", "too long"},
		{"deep, in what is not known", `{"body": "x", "z": ` + strings.Repeat(`[`, 50_000) + strings.Repeat(`]`, 50_000) + `}`, "z", "not known"},
		{"deep, at the top", strings.Repeat(`[`, 100_000), "", ""},
		{"deep, for text", `{"body": ` + strings.Repeat(`{"a":`, 5_000) + `1` + strings.Repeat(`}`, 5_000) + `}`, "body", "must be text"},
		{"deeper than any parser goes", `{"body": ` + strings.Repeat(`[`, 20_000) + `}`, "body" + strings.Repeat(".0", 38) + "…", "max depth"},
		{"a long name", `{"` + strings.Repeat("né", 10_000) + `": 1}`, strings.Repeat("né", 26) + "n" + "…", "not known"},
	}
	path := w.path("/threads/{open}/posts")
	before := w.must(http.StatusOK, "", "GET", path, nil).text
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.do("ben", "POST", path, tt.body)
			if got.status != http.StatusUnprocessableEntity {
				t.Fatalf("got %d, want 422\n%s", got.status, got.text)
			}
			checkProblem(t, got)
			field, _ := got.at("errors.0.field").(string)
			message, _ := got.at("errors.0.message").(string)
			if field != tt.field || !strings.Contains(message, tt.message) {
				t.Errorf("got field %q %q, want %q %q", field, message, tt.field, tt.message)
			}
		})
	}
	checkEqual(t, "the thread after all that", w.must(http.StatusOK, "", "GET", path, nil).text, before)
}

// counted counts what is read of a body.
type counted struct {
	io.Reader
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func TestHugeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, length := range map[string]int64{"said": 64 << 20, "chunked": -1, "said to be short": 10} {
		t.Run(name, func(t *testing.T) {
			body := &counted{Reader: io.MultiReader(strings.NewReader(`{"body": "`), io.LimitReader(letters{}, 64<<20))}
			r := httptest.NewRequest("POST", api.Prefix+w.path("/threads/{open}/posts"), body)
			r.ContentLength = length
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+w.secrets["ben"])
			got := w.send(r)
			if got.status != http.StatusRequestEntityTooLarge {
				t.Fatalf("got %d, want 413\n%s", got.status, got.text)
			}
			checkProblem(t, got)
			if limit := forum.MaxRequestBytes + 64<<10; body.read > limit || length > forum.MaxRequestBytes && body.read > 0 {
				t.Errorf("%d bytes were read before the refusal", body.read)
			}
		})
	}
}

// A body that the server did not wait for is not the sender's mistake, which a program would not
// send again, and costs nothing of a ration.
func TestBodiesThatDoNotArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.kit.Rates = httpkit.NewRates(stillClock{}, 1)
	for _, tt := range []struct {
		err    error
		status int
		detail string
	}{
		{os.ErrDeadlineExceeded, 503, "the request did not arrive in time: please send it again"},
		{io.ErrUnexpectedEOF, 422, "the request broke off before its end"},
	} {
		r := httptest.NewRequest("POST", api.Prefix+w.path("/threads/{open}/posts"), io.MultiReader(strings.NewReader(`{"body": "`), iotest.ErrReader(tt.err)))
		r.Header.Set("Authorization", "Bearer "+w.secrets["ben"])
		got := w.send(r)
		if got.status != tt.status || got.at("detail") != tt.detail || (got.header.Get("Retry-After") != "") != (tt.status == 503) {
			t.Errorf("%v: got %d %s", tt.err, got.status, got.text)
		}
		checkProblem(t, got)
		if spent := got.header.Get("RateLimit"); spent != "" {
			t.Errorf("%v: spends a ration: %s", tt.err, spent)
		}
	}
}

// letters is endless text.
type letters struct{}

func (letters) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("x"), len(p))), nil }

func TestContentTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for given, want := range map[string]int{
		"application/json":                  201,
		"application/json; charset=utf-8":   201,
		"Application/JSON":                  201,
		"":                                  201,
		"text/plain":                        415,
		"text/json":                         415,
		"application/x-www-form-urlencoded": 415,
		"multipart/form-data; boundary=x":   415,
		"application/jsonp":                 415,
		"application/json, text/plain":      415,
		";;;":                               415,
	} {
		t.Run(given, func(t *testing.T) {
			got := w.do("ben", "POST", w.path("/threads/{open}/posts"), `{"body":"x"}`, "Content-Type", given)
			if got.status != want {
				t.Errorf("got %d, want %d\n%s", got.status, want, got.text)
			}
			if want >= 400 {
				checkProblem(t, got)
			}
		})
	}
}

func TestIDsThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	absent := withoutInstance(w.do("ann", "GET", w.path("/threads/{absent}"), nil))
	for _, id := range []string{"0", "-1", "+1", "01", "1.0", "1e0", "0x1", "abc", "99999999999999999999", "1%00", "%ff", "1%20", "%5B1%5D", "null", "1,2", "١"} {
		for _, pattern := range []string{"/threads/#", "/threads/#/posts", "/threads/#/posts/1", "/threads/1/posts/#", "/threads/1/posts/#/revisions", "/categories/#"} {
			path := strings.ReplaceAll(pattern, "#", id)
			if got := w.do("ann", "GET", path, nil); withoutInstance(got) != absent {
				t.Errorf("%s: got %s, want the answer of an absent id: %s", path, withoutInstance(got), absent)
			}
		}
	}
	for _, name := range []string{"%00", "%ff", "a%00b", strings.Repeat("n", 5000), "..%2f", "%F0%9F%98%80"} {
		if got := w.do("ann", "GET", "/people/"+name, nil); withoutInstance(got) != absent {
			t.Errorf("/people/%.20s: got %s", name, withoutInstance(got))
		}
	}
}

func TestHostileQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, field := range map[string]string{
		"/search?q=%00":                                  "q",
		"/search?q=%ff":                                  "q",
		"/search?q=a%00b":                                "q",
		"/search?q=" + strings.Repeat("x", 201):          "q",
		"/search?q=x&q=y":                                "q",
		"/threads?tag=%00":                               "tag",
		"/threads?author=%ff":                            "author",
		"/threads?limit=ten":                             "limit",
		"/threads?limit=9999999999999999999999":          "limit",
		"/threads?limit=-1":                              "limit",
		"/threads?cursor=" + strings.Repeat("A", 4000):   "cursor",
		"/threads?cursor=%00":                            "cursor",
		"/threads/" + "1/posts?from=9223372036854775808": "from",
		"/people/ann/posts?cursor=bm90aGluZw":            "cursor",
		"/people?cursor=AA":                              "cursor",
		"/people?cursor=_w":                              "cursor",
		"/threads?categoryid=1":                          "categoryid",
		"/threads?Tag=x":                                 "Tag",
		"/threads?limit=5&page=2&x=1":                    "page",
		"/threads/1?limit=1":                             "limit",
		"/threads?=1":                                    "",
		"/threads?%ff=1":                                 "",
		"/threads?" + strings.Repeat("n", 5000):          strings.Repeat("n", 80) + "…",
	} {
		got := w.do("", "GET", query, nil)
		if got.status != http.StatusUnprocessableEntity || got.at("errors.0.field") != field {
			t.Errorf("%.60s: got %d %s, want 422 and the field %s", query, got.status, got.text, field)
		}
		checkProblem(t, got)
	}
	for _, query := range []string{"/threads?limit=%zz", "/threads?limit=1;tag=x", "/threads/1?%"} {
		if got := w.do("", "GET", query, nil); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d %s, want 422", query, got.status, got.text)
		}
	}
	many := w.do("", "GET", "/threads?"+strings.Repeat("&a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1", 20), nil)
	if fields, _ := many.at("errors").([]any); many.status != http.StatusUnprocessableEntity || len(fields) != 10 {
		t.Errorf("twelve unknown parameters: got %d %s, want 422 and ten of them", many.status, many.text)
	}
	body := w.do("ann", "PATCH", "/me?about=x", values{"about": "y"})
	if body.status != http.StatusUnprocessableEntity {
		t.Errorf("a parameter that belongs into the body: got %d %s, want 422", body.status, body.text)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.check(t, []try{
		{name: "unknown", method: "GET", path: "/nothing", status: 404},
		{name: "unknown below", method: "GET", path: "/threads/{open}/nothing", status: 404},
		{name: "the prefix", method: "GET", path: "", status: 404},
		{name: "a slash at the end", method: "GET", path: "/threads/", status: 404},
		{name: "another method", method: "POST", path: "/threads/{open}", status: 405, want: values{"detail": "POST is not offered here; GET, HEAD, PATCH, DELETE is"}},
		{name: "another method of a list", method: "DELETE", path: "/threads", status: 405},
		{name: "a method that nothing has", method: "TRACE", path: "/threads", status: 405},
		{name: "a method of no name", method: "BREW", path: "/categories/order", status: 405},
	})
	if got := w.do("", "OPTIONS", "/threads", nil); got.status != http.StatusNoContent || got.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("OPTIONS: got %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	if got := w.do("", "DELETE", "/threads", nil).header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", got)
	}
}
