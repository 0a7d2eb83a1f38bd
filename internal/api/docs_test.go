package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"folkmoot/internal/api"
	"folkmoot/internal/forum"
)

var update = flag.Bool("update", false, "write the answers of the documentation's examples anew")

const examplesFile = "examples.json"

// example is one of examplesFile.
type example struct {
	Operation string          `json:"operation"`
	As        string          `json:"as"`
	Curl      string          `json:"curl"`
	Status    int             `json:"status"`
	Answer    json.RawMessage `json:"answer,omitempty"`
}

func readExamples(t *testing.T) (examples []example) {
	t.Helper()
	text, err := os.ReadFile(examplesFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	return examples
}

// set is a clock that stands until it is set.
type set struct {
	mu  sync.Mutex
	now time.Time
}

func (c *set) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *set) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Every example of the documentation runs as it stands, one after another, and is answered what stands there.
func TestExamples(t *testing.T) {
	t.Parallel()
	clock := &set{now: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)}
	s := newSiteAt(t, clock, rand.NewChaCha8([32]byte{7}))
	s.addPerson("ada", forum.Admin)
	s.addPerson("max", forum.Moderator)
	s.addPerson("mia", forum.Member)
	tokens := map[string]string{"admin": s.secrets["ada"], "moderator": s.secrets["max"], "member": s.secrets["mia"]}
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)

	examples := readExamples(t)
	for i := range examples {
		e := &examples[i]
		clock.move(time.Minute)
		if e.Operation == "search" {
			s.indexed()
		}
		status, answer := curl(t, e.Curl, map[string]string{"FORUM": server.URL, "TOKEN": tokens[e.As]})
		answer = instance.ReplaceAll(answer, []byte(`"instance":"9f86d081884c7d65"`))
		if *update {
			e.Status, e.Answer = status, answer
			continue
		}
		if status != e.Status {
			t.Errorf("%s\ngot %d, want %d: %s", e.Curl, status, e.Status, answer)
			continue
		}
		if diff := cmp.Diff(decoded(t, e.Answer), decoded(t, answer)); diff != "" {
			t.Errorf("%s\n(-documented +answered):\n%s", e.Curl, diff)
		}
	}
	if *update {
		writeExamples(t, examples)
	}
}

func decoded(t *testing.T, text []byte) (value any) {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

func writeExamples(t *testing.T, examples []example) {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(examples); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(examplesFile, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// curl does what the program of that name does when a shell is given the line.
func curl(t *testing.T, line string, variables map[string]string) (status int, answer []byte) {
	t.Helper()
	words := shellWords(t, line, variables)
	if words[0] != "curl" {
		t.Fatalf("not a call of curl: %s", line)
	}
	method, address, body := "", "", ""
	header := http.Header{}
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-X":
			i++
			method = words[i]
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			header.Set(name, value)
		case "--json":
			i++
			body = words[i]
			header.Set("Content-Type", "application/json")
			header.Set("Accept", "application/json")
			if method == "" {
				method = http.MethodPost
			}
		default:
			if address != "" || strings.HasPrefix(words[i], "-") {
				t.Fatalf("what is %s in %s", words[i], line)
			}
			address = words[i]
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if answer, err = io.ReadAll(got.Body); err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, bytes.TrimSpace(answer)
}

var shellWord = regexp.MustCompile(`^(?:'([^']*)'|"([^"]*)"|([^\s'"\\]+))`)

// shellWords takes a line apart as a shell does, as far as the examples go: words, each plain or in
// quotes as a whole, variables in double quotes, and a backslash where the line goes on.
func shellWords(t *testing.T, line string, variables map[string]string) (words []string) {
	t.Helper()
	for rest := line; rest != ""; rest = strings.TrimLeft(rest, " \\\n") {
		match := shellWord.FindStringSubmatch(rest)
		if match == nil {
			t.Fatalf("a shell reads this otherwise: %s", rest)
		}
		rest = rest[len(match[0]):]
		quoted := os.Expand(match[2], func(name string) string {
			value, known := variables[name]
			if !known {
				t.Errorf("nobody says what %s is", name)
			}
			return value
		})
		words = append(words, match[1]+quoted+match[3])
	}
	return words
}

// The page documents every operation of the document, with an example that succeeds, and nothing
// in it leads nowhere.
func TestDocs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	doc, _ := s.document()
	succeeds := map[string]bool{}
	for _, e := range readExamples(t) {
		succeeds[e.Operation] = succeeds[e.Operation] || e.Status < 300
	}
	got := s.must(http.StatusOK, "", "GET", "/docs", nil)
	root, err := html.Parse(strings.NewReader(got.text))
	if err != nil {
		t.Fatal(err)
	}
	ids, text := map[string]*html.Node{}, ""
	for node := range root.Descendants() {
		if node.Type == html.TextNode {
			text += node.Data
		}
		if id := attributeOf(node, "id"); id != "" {
			if ids[id] != nil {
				t.Errorf("the id %s is not its own", id)
			}
			ids[id] = node
		}
	}
	for node := range root.Descendants() {
		if target, inPage := strings.CutPrefix(attributeOf(node, "href"), "#"); inPage && ids[target] == nil {
			t.Errorf("#%s leads nowhere", target)
		}
		if node.Data == "script" || node.Data == "style" || attributeOf(node, "style") != "" {
			t.Errorf("the page holds <%s %v>", node.Data, node.Attr)
		}
	}
	operations := 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			operations++
			if !succeeds[op.OperationID] {
				t.Errorf("%s has no example that succeeds", op.OperationID)
			}
			if ids[op.OperationID] == nil {
				t.Errorf("%s is not on the page", op.OperationID)
				continue
			}
			section := textUnder(ids[op.OperationID])
			for _, want := range []string{op.Summary, strings.ToUpper(method) + " " + api.Prefix + path, "curl ", "Problem"} {
				if !strings.Contains(section, want) {
					t.Errorf("the section of %s does not say %q", op.OperationID, want)
				}
			}
			for _, parameter := range op.Parameters {
				if !strings.Contains(section, parameter.Name) {
					t.Errorf("the section of %s does not name %s", op.OperationID, parameter.Name)
				}
			}
		}
	}
	for name := range doc.Components.Schemas {
		if ids["object-"+name] == nil {
			t.Errorf("the object %s is not on the page", name)
		}
	}
	if operations < 40 || !strings.Contains(text, "urn:folkmoot:problem:not-found") {
		t.Errorf("%d operations; problems are missing: %t", operations, !strings.Contains(text, "urn:folkmoot:problem:not-found"))
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; style-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	again := s.do("", "GET", "/docs", nil, "If-None-Match", got.header.Get("ETag"))
	if again.status != http.StatusNotModified || again.text != "" {
		t.Errorf("asked for again: %d", again.status)
	}
	if style := s.must(http.StatusOK, "", "GET", "/docs.css", nil); style.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style is %q", style.header.Get("Content-Type"))
	}
	r := httptest.NewRequest("GET", "/api/", nil)
	if led := s.send(r); led.status != http.StatusFound || led.header.Get("Location") != "/api/v1/docs" {
		t.Errorf("/api/ leads to %q with %d", led.header.Get("Location"), led.status)
	}
}

func attributeOf(node *html.Node, name string) string {
	at := slices.IndexFunc(node.Attr, func(a html.Attribute) bool { return a.Key == name })
	if at < 0 {
		return ""
	}
	return node.Attr[at].Val
}

func textUnder(node *html.Node) string {
	var text strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			fmt.Fprint(&text, child.Data)
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
