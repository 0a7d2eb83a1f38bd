package markup

import (
	"archive/tar"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"
	"golang.org/x/net/html"
)

var fromHTMLTests = []struct{ name, html, want string }{
	{"nothing", "", ""},
	{"text", "a &lt; b &amp; c", "a &lt; b & c"},
	{"marks", "<p>a <b>b</b> <em>c</em> <del>d</del> <kbd>e</kbd></p>", "a **b** *c* ~~d~~ `e`"},
	{"what would be Markdown", "*a* _b_ [c] `d` # e", "\\*a* \\_b_ \\[c] \\`d\\` # e"},
	{"paragraphs and breaks", "<p>a<br>b</p><div>c</div>", "a  \nb\n\nc"},
	{"headings", "<h1>a</h1><h3>b #</h3>", "# a\n\n### b \\#"},
	{"lists", "<ul><li>a</li><li>b</li></ul><p>c</p><ol start=3><li>d</ol>", "- a\n- b\n\nc\n\n3. d"},
	{"number no list can begin with", "<ol start=999999999><li>a<li>b</ol>", "1. a\n2. b"},
	{"quote", "<blockquote><p>a</p><blockquote>b</blockquote></blockquote>", "> a\n> \n> > b"},
	{"code", "<pre class=x><code class='lang-go hl'>a\n\n\n b &lt;</code></pre>", "```go\na\n\n\n b <\n```"},
	{"class too long for a language", "<pre><code class='lang-" + strings.Repeat("a", 300) + "'>a</code></pre>", "```\na\n```"},
	{"language that ends the fence", "<pre><code class='lang-`'>a</code></pre>", "```\na\n```"},
	{"link", "<a href='https://a.example/(b)' title='c'>d</a>", "[d](https://a.example/%28b%29 \"c\")"},
	{"links to nowhere", "<a name=a></a><a href=/b></a><a>c</a><a href='javascript:d'>e</a>", "ce"},
	{"images", "<img src=/a.png alt='b]c'><img src='data:,x' alt=d><img>", "![b\\]c](/a.png)d"},
	{"table", "<table><thead><tr><th>a<th align=right>b<tbody><tr><td>c|d<td><p>e</p><p>f</p></table>", "| a | b |\n|---|--:|\n| c\\|d | e f |"},
	{"table without head", "<table><tr><td>a<td>b<br>c<tr><td>d<td>e</table>", "| a | b c |\n|---|---|\n| d | e |"},
	{"table that spans without end", "<table><tr><td colspan=1000000000 rowspan=1000000000>a<td>b</table>", "| a | b |\n|---|---|"},
	{"table that lays out a page", "<table><tr><td>a<td><ul><li>b</ul></table>", "a\n\n- b"},
	{"text that is named as a tag", "<table><tr><td>pre<td>br<td>p</table>", "| pre | br | p |\n|---|---|---|"},
	{"what is no post", "<script>a</script><style>b</style><!-- c --><iframe src=d>e</iframe><svg><text>f</text></svg><form><input value=g><button>h</button></form>", "fh"},
	{"control characters", "a\x07b&#7;c\uf002d\x00e", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe"},
	{"no end tags", "<p>a<b>b<i>c", "a**b*c***"},
}

func TestFromHTML(t *testing.T) {
	t.Parallel()
	m := New()
	for _, test := range fromHTMLTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := m.FromHTML(test.html)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("FromHTML(%q) (-want +got):\n%s", test.html, diff)
			}
			checkSafe(t, m.Render(got))
		})
	}
}

func TestFromHTMLRefuses(t *testing.T) {
	t.Parallel()
	m := New()
	for name, source := range map[string]string{
		"too long":        strings.Repeat("a", maxImportBytes+1),
		"nested too deep": strings.Repeat("<div>", 10_000),
	} {
		if markdown, err := m.FromHTML(source); err == nil || markdown != "" {
			t.Errorf("%s: got %d bytes, error %v", name, len(markdown), err)
		}
	}
}

func TestFromHTMLSurvivesPanic(t *testing.T) {
	t.Parallel()
	m := New()
	m.importer.converter = nil
	if _, err := m.FromHTML("<p>a</p>"); err == nil {
		t.Error("no error")
	}
}

// hostileHTML makes parsers and converters slow, or their output long.
var hostileHTML = map[string]func(size int) string{
	"brackets":            repeated("["),
	"many cells and rows": func(n int) string { return "<table><tr>" + times("<td>a", n/2) + times("<tr><td>a", n/2-20) },
	"small tables":        repeated("<table><tr><td>a</table>"),
	"nested tables":       func(n int) string { return times("<table><tr><td>a", 1200) },
	"formats reopened": func(n int) string {
		return times("<b><i><s><tt><em><strong><strike><code>", 117) + times("<p>x", n-200)
	},
	"formats of many ids": func(n int) string {
		return steps(func(i int) string { return "<b id=" + strings.Repeat("x", i%9) + ">" })(4000) + times("<p>x", n-5000)
	},
	"deep quotes":          func(n int) string { return times("<blockquote>", 400*12) + times("x<br>", n-5000) },
	"deep lists":           func(n int) string { return times("<ul><li>", 200*8) + times("x<br>", n-2000) },
	"comments":             repeated("a<!---->"),
	"empty links":          repeated("<a href=x>"),
	"alternating emphasis": repeated("<b>a</b><i>b</i>"),
	"bold code":            repeated("<b><code>a</code></b><u>x</u>"),
	"code with backticks":  repeated("<code>a`</code>"),
	"breaks":               repeated("<br>"),
	"items":                repeated("<li>a"),
	"headings":             repeated("<h1>a #</h1>"),
	"dashes":               repeated("- "),
	"equals":               repeated("=\n"),
	"less than":            repeated("<"),
	"entities":             repeated("&amp;"),
	"stars":                repeated("*"),
	"nested spans":         func(int) string { return "<b>" + times("<span>", 3000) + "x" },
	"unclosed attribute":   func(n int) string { return `<a href="` + times("x", n-20) },
	"many attributes":      func(n int) string { return "<a " + times("b=c ", n-20) + ">x" },
}

// Not parallel: it measures time. Imports run once and beside the server, so that a second
// is well; the same input takes minutes and gigabytes without the limits.
func TestFromHTMLHostile(t *testing.T) {
	const longest, mostMemory = time.Second, 512 << 20
	m := New()
	size := maxImportBytes
	if raceEnabled {
		size /= 8
	}
	for name, generate := range hostileHTML {
		t.Run(name, func(t *testing.T) {
			source := generate(size)
			var markdown string
			cost := bestOf(longest, func() { markdown, _ = m.FromHTML(source) })
			t.Logf("%v, %d KiB, %d bytes of Markdown", cost.time.Round(time.Millisecond), cost.memory>>10, len(markdown))
			if (cost.time > longest || cost.memory > mostMemory) && !raceEnabled {
				t.Errorf("FromHTML took %v and %d MiB", cost.time, cost.memory>>20)
			}
		})
	}
}

// Real posts say the same after the way through Markdown and back: not a letter is lost.
func TestFromHTMLKeepsText(t *testing.T) {
	t.Parallel()
	m := New()
	bodies := stackExchangeBodies(t, "data/stackexchange/bicycles-meta.tar.xz")
	if len(bodies) < 1000 {
		t.Fatalf("only %d posts", len(bodies))
	}
	for _, body := range bodies {
		markdown, err := m.FromHTML(body)
		if err != nil {
			t.Errorf("%v in %q", err, body)
			continue
		}
		rendered := m.Render(markdown)
		checkSafe(t, rendered)
		if diff := cmp.Diff(squeezed(t, body), squeezed(t, rendered)); diff != "" {
			t.Errorf("the text of %q changed (-want +got):\n%s", body, diff)
		}
	}
}

// squeezed returns the text of HTML without white space.
func squeezed(t *testing.T, source string) string {
	t.Helper()
	var text strings.Builder
	for _, n := range parseFragment(t, source) {
		for _, d := range append([]*html.Node{n}, descendants(n)...) {
			if d.Type == html.TextNode {
				text.WriteString(d.Data)
			}
			if d.Data == "img" && strings.HasPrefix(attr(d, "src"), "http:") { // its words come to stand for it
				if text.WriteString(attr(d, "alt")); strings.TrimSpace(attr(d, "alt")) == "" {
					text.WriteString(attr(d, "src"))
				}
			}
		}
	}
	return strings.Join(strings.Fields(text.String()), "")
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func descendants(n *html.Node) (nodes []*html.Node) {
	for d := range n.Descendants() {
		nodes = append(nodes, d)
	}
	return nodes
}

// stackExchangeBodies returns the HTML of the posts in a dump.
func stackExchangeBodies(t *testing.T, name string) []string {
	t.Helper()
	unpacked, err := xz.NewReader(strings.NewReader(readShared(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unpacked); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("no Posts.xml in %s", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if path.Base(header.Name) == "Posts.xml" {
			return readBodies(t, files)
		}
	}
}

func readBodies(t *testing.T, file io.Reader) (bodies []string) {
	t.Helper()
	var posts struct {
		Rows []struct {
			Body string `xml:"Body,attr"`
		} `xml:"row"`
	}
	if err := xml.NewDecoder(file).Decode(&posts); err != nil {
		t.Fatal(err)
	}
	for _, row := range posts.Rows {
		bodies = append(bodies, row.Body)
	}
	return bodies
}
