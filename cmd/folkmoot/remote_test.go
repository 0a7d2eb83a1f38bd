package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What scripts do with a running forum, over its API.
func TestRemoteCommands(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	s := startServer(t, "--data", data)
	defer s.stop()
	if got := folkmoot(t, "correct horse battery\n", "user", "create", "boss", "--admin", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	token := strings.TrimSpace(folkmoot(t, "", "token", "create", "--user", "boss", "--scope", "moderate", "--data", data).out)
	if got := postJSON(t, s.url+"/api/v1/categories", token, `{"name":"General"}`); got != 201 {
		t.Fatalf("making a category: %d", got)
	}
	away := httptest.NewServer(nil)
	away.Close()
	tests := []struct {
		name, input string
		args        []string
		code        int
		out, err    string // expressions
	}{
		{"nothing yet", "", []string{"thread", "list"}, 0, `^$`, `^$`},
		{"start", "The *first* post.\n", []string{"thread", "create", "--category", "1", "--title", "Hello", "--tag", "one,two"}, 0, `^http://[^/]+/t/1/1\n$`, `^$`},
		{"reply", "A reply.\n\nOf two lines.", []string{"post", "create", "1", "--reply-to", "1"}, 0, `/t/1/2\n$`, `^$`},
		{"reply by a key", "Once.", []string{"post", "create", "1", "--key", "k"}, 0, `/t/1/3\n$`, `^$`},
		{"the same again", "Once.", []string{"post", "create", "1", "--key", "k"}, 0, `/t/1/3\n$`, `^$`},
		{"the key with another text", "Twice.", []string{"post", "create", "1", "--key", "k"}, exitRefused, `^$`, `key was used`},
		{"reply as JSON", "Fourth.", []string{"post", "create", "1", "--json"}, 0, `^\{"thread_id":1,"number":4,.*"body":"Fourth\.".*\}\n$`, `^$`},
		{"list", "", []string{"thread", "list"}, 0, `^1  20\d\d-\d\d-\d\d \d\d:\d\d  4  boss  Hello\n$`, `^$`},
		{"list of a tag", "", []string{"thread", "list", "--tag", "two", "--json"}, 0, `^\{"id":1,.*"post_count":4,.*\}\n$`, `^$`},
		{"list of another tag", "", []string{"thread", "list", "--tag", "three"}, 0, `^$`, `^$`},
		{"posts", "", []string{"post", "list", "1", "--from", "2"}, 0, `(?s)^#2  boss  \S+ \S+\n\nA reply\.\n\nOf two lines\.\n\n#3 .*Fourth\.\n\n$`, `^$`},
		{"an absent thread", "x", []string{"post", "create", "99"}, exitRefused, `^$`, `nothing here`},
		{"an empty text", "", []string{"post", "create", "1"}, exitRefused, `^$`, `body must not be empty`},
		{"a text too long", strings.Repeat("x", 300<<10), []string{"post", "create", "1"}, exitRefused, `^$`, `too large`},
		{"a visitor", "x", []string{"post", "create", "1", "--token", ""}, exitRefused, `^$`, `sign in`},
		{"a wrong token", "", []string{"thread", "list", "--token", "fmt_wrong"}, exitRefused, `^$`, `.`},
		{"an address that is none", "", []string{"thread", "list", "--url", "nowhere"}, exitFailure, `^$`, `is like https://forum\.example`},
		{"nobody there", "", []string{"thread", "list", "--url", away.URL}, exitFailure, `^$`, `refused`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{}, tt.args...)
			if !strings.Contains(strings.Join(args, " "), "--url") {
				args = append(args, "--url", s.url)
			}
			if !strings.Contains(strings.Join(args, " "), "--token") {
				args = append(args, "--token", token)
			}
			got := folkmoot(t, tt.input, args...)
			if got.code != tt.code || !regexp.MustCompile(tt.out).MatchString(got.out) || !regexp.MustCompile(tt.err).MatchString(got.err) {
				t.Errorf("got %+v, want %d, %s and %s", got, tt.code, tt.out, tt.err)
			}
			if got.code != 0 && strings.Count(got.err, "\n") != 1 {
				t.Errorf("an error is more than a line: %q", got.err)
			}
		})
	}
}

func postJSON(t *testing.T, url, token, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}
