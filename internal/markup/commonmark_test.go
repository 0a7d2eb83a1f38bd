package markup

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

type example struct {
	Number   int    `json:"example"`
	Markdown string `json:"markdown"`
	HTML     string `json:"html"`
	Section  string `json:"section"`
}

// TestCommonMark holds every example of the specification against our rendering, after
// what we do to every element is done to the example's. Examples that still differ stand in
// testdata/commonmark_differences.txt with the class of the reason; it must name all of
// them and no other.
func TestCommonMark(t *testing.T) {
	t.Parallel()
	m := New()
	differences := readDifferences(t)
	examples := readExamples(t)
	for _, e := range examples {
		got := m.Render(e.Markdown)
		checkSafe(t, got)
		diff := cmp.Diff(asOurs(t, e.HTML), canonical(t, got))
		class := differences[e.Number]
		switch {
		case diff != "" && class == "":
			t.Errorf("example %d (%s) differs and is not listed:\n%s(-want +got):\n%s", e.Number, e.Section, e.Markdown, diff)
		case diff == "" && class != "":
			t.Errorf("example %d (%s) is listed as %s and does not differ", e.Number, e.Section, class)
		}
		delete(differences, e.Number)
	}
	for number := range differences {
		t.Errorf("example %d is listed and does not exist", number)
	}
	if len(examples) != 652 {
		t.Errorf("%d examples, the specification has 652", len(examples))
	}
}

func readExamples(t testing.TB) (examples []example) {
	t.Helper()
	if err := json.Unmarshal([]byte(readFile(t, "testdata/commonmark.json")), &examples); err != nil {
		t.Fatal(err)
	}
	return examples
}

// differenceClasses are the reasons for which we render otherwise.
var differenceClasses = map[string]string{
	"raw-html": "tags and comments are shown as text",
	"autolink": "bare addresses are links, as in GitHub's dialect",
	"scheme":   "addresses of other schemes than http, https and mailto are text",
	"address":  "addresses are written as Go's net/url does, those it cannot read are text",
	"empty":    "a link that leads nowhere is text",
	"language": "the language of code is a class only if it is a name",
	"colour":   "code of a language we know has its parts in spans",
}

// readDifferences returns the class of every listed example. A line is "number class"; '#' begins a comment.
func readDifferences(t *testing.T) map[int]string {
	t.Helper()
	differences := map[int]string{}
	for line := range strings.Lines(readFile(t, "testdata/commonmark_differences.txt")) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		number, err := strconv.Atoi(fields[0])
		if err != nil || len(fields) != 2 || differenceClasses[fields[1]] == "" || differences[number] != "" {
			t.Fatalf("commonmark_differences.txt: bad line %q", line)
		}
		differences[number] = fields[1]
	}
	return differences
}

// asOurs returns what the specification expects with what we deliberately do to every element.
func asOurs(t *testing.T, expected string) string {
	t.Helper()
	return rewritten(t, withRanks(t, expected), makeOurs)
}

// withRanks gives the headings of fragment their ranks beneath the page's, without gaps.
func withRanks(t *testing.T, fragment string) (ranked string) {
	t.Helper()
	root := &html.Node{}
	for _, n := range parseFragment(t, fragment) {
		root.AppendChild(n)
	}
	rank(root, pageHeadings)
	for n := range root.ChildNodes() {
		ranked += renderNode(t, n)
	}
	return ranked
}

// rank ranks the headings in n, all below those above it.
func rank(n *html.Node, above int) {
	var levels []int
	for d := range n.Descendants() {
		switch {
		case d.Type != html.ElementNode || withinQuote(d, n):
		case d.Data == "blockquote":
			rank(d, above+len(levels))
		case len(d.Data) == 2 && d.Data[0] == 'h' && d.Data != "hr":
			level := int(d.Data[1] - '0')
			levels = append(slices.DeleteFunc(levels, func(open int) bool { return open >= level }), level)
			d.Data = fmt.Sprintf("h%d", min(above+len(levels), maxHeading))
		}
	}
}

// withinQuote reports whether n is in a quote that is in root.
func withinQuote(n, root *html.Node) bool {
	for at := range n.Ancestors() {
		if at == root {
			return false
		}
		if at.Data == "blockquote" {
			return true
		}
	}
	return false
}

func makeOurs(n *html.Node) {
	if n.Type != html.ElementNode {
		return
	}
	switch n.Data {
	case "a":
		n.Attr = append(n.Attr, html.Attribute{Key: "rel", Val: linkRel})
	case "img":
		n.Attr = append(n.Attr, html.Attribute{Key: "loading", Val: "lazy"})
	case "pre":
		n.Attr = append(n.Attr, html.Attribute{Key: "tabindex", Val: "0"})
	}
}

// canonical returns fragment with its attributes in order.
func canonical(t *testing.T, fragment string) string {
	t.Helper()
	return rewritten(t, fragment, func(*html.Node) {})
}

func rewritten(t *testing.T, fragment string, change func(*html.Node)) (rendered string) {
	t.Helper()
	for _, n := range parseFragment(t, fragment) {
		root := &html.Node{}
		root.AppendChild(n)
		for d := range root.Descendants() {
			change(d)
			slices.SortFunc(d.Attr, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) })
		}
		rendered += renderNode(t, n)
	}
	return rendered
}
