package markup

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var update = flag.Bool("update", false, "write the golden files")

// allowed says what HTML of ours may hold, written down a second time and by hand: the
// elements, their attributes, and what each attribute's value must match.
var allowed = map[string]map[string]*regexp.Regexp{
	"p": nil, "h3": nil, "h4": nil, "h5": nil, "h6": nil, "blockquote": nil, "ul": nil, "li": nil,
	"hr": nil, "br": nil, "em": nil, "strong": nil, "del": nil, "label": nil, "details": nil, "summary": nil,
	"table": nil, "thead": nil, "tbody": nil, "tr": nil,
	"ol":   {"start": regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)},
	"span": {"class": regexp.MustCompile(`^[ksnftcid]$`)},
	"code": {"class": regexp.MustCompile(`^language-[\p{L}\p{N}_+#.-]+$`)},
	"pre":  {"tabindex": regexp.MustCompile(`^0$`)},
	"div":  {"tabindex": regexp.MustCompile(`^0$`)},
	"th":   {"data-align": regexp.MustCompile(`^(left|center|right)$`)},
	"td":   {"data-align": regexp.MustCompile(`^(left|center|right)$`)},
	"input": {
		"type":     regexp.MustCompile(`^checkbox$`),
		"disabled": regexp.MustCompile(`^$`),
		"checked":  regexp.MustCompile(`^$`),
	},
	"a": {
		"href":  regexp.MustCompile(`^(https?:|mailto:|[^:/?#]*([/?#]|$))`),
		"title": regexp.MustCompile(``),
		"rel":   regexp.MustCompile(`^nofollow( ugc noopener)?$`),
	},
	"img": {
		"src":     regexp.MustCompile(`^(https?:|[^:/?#]*([/?#]|$))`),
		"alt":     regexp.MustCompile(``),
		"title":   regexp.MustCompile(``),
		"loading": regexp.MustCompile(`^lazy$`),
	},
}

// required are the attributes without which an element would be unsafe or useless.
var required = map[string][]string{"a": {"href", "rel"}, "img": {"src", "alt", "loading"}, "input": {"type", "disabled"}}

// tester is what the checks need of *testing.T and *rapid.T.
type tester interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
}

// checkSafe fails the test unless rendered is valid UTF-8 that a browser reads as the
// allowed elements only, and reads the same after writing it again (no mutation).
func checkSafe(t tester, rendered string) {
	t.Helper()
	if !utf8.ValidString(rendered) {
		t.Errorf("not UTF-8: %q", rendered)
	}
	var written strings.Builder
	for _, n := range parseFragment(t, rendered) {
		checkNode(t, n)
		for d := range n.Descendants() {
			checkNode(t, d)
		}
		written.WriteString(renderNode(t, n))
	}
	if written.String() != rendered {
		t.Errorf("a browser reads other HTML than was written (-written +read):\n%s", cmp.Diff(rendered, written.String()))
	}
}

func checkNode(t tester, n *html.Node) {
	t.Helper()
	checkAllowed(t, n)
	for _, key := range required[n.Data] {
		if n.Type == html.ElementNode && !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key }) {
			t.Errorf("<%s> lacks %s", n.Data, key)
		}
	}
}

// checkAllowed fails the test unless n is text or an allowed element with allowed attributes.
func checkAllowed(t tester, n *html.Node) {
	t.Helper()
	switch n.Type {
	case html.TextNode:
		return
	case html.ElementNode:
	default:
		t.Errorf("neither text nor element: %+v", n)
		return
	}
	attributes, ok := allowed[n.Data]
	if !ok || n.Namespace != "" {
		t.Errorf("element <%s> is not allowed", n.Data)
	}
	for _, a := range n.Attr {
		if value, ok := attributes[a.Key]; !ok || !value.MatchString(a.Val) {
			t.Errorf("attribute %s=%q is not allowed on <%s>", a.Key, a.Val, n.Data)
		}
	}
}

func parseFragment(t tester, fragment string) []*html.Node {
	t.Helper()
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(fragment), body)
	if err != nil {
		t.Errorf("parsing %q: %v", fragment, err)
	}
	return nodes
}

// renderNode writes n as this package does: void elements without a slash.
func renderNode(t tester, n *html.Node) string {
	t.Helper()
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		t.Error(err)
	}
	return strings.ReplaceAll(b.String(), "/>", ">")
}

// textOf returns the text of n and all below it.
func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	text := ""
	for child := range n.ChildNodes() {
		text += textOf(child)
	}
	return text
}

func TestRenderGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/render/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	m := New()
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			got := m.Render(readFile(t, file))
			checkSafe(t, got)
			golden := strings.TrimSuffix(file, ".md") + ".html"
			if *update {
				writeFile(t, golden, got)
			}
			if diff := cmp.Diff(readFile(t, golden), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeFile(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	const rel = ` rel="nofollow ugc noopener"`
	m := New()
	for _, test := range []struct{ name, body, want string }{
		{"nothing", "", ""},
		{"white space", " \n\t\n", ""},
		{"line ends of a form", "a\r\nb\rc", "<p>a\nb\nc</p>\n"},
		{"invalid UTF-8", "a\xffb\xc3", "<p>a\uFFFDb\uFFFD</p>\n"},
		{"control characters", "a\x00b\x07c&#1;d&#0;", "<p>a\uFFFDb\uFFFDc\uFFFDd\uFFFD</p>\n"},
		{"tags are text", `<b onclick="x()">*a*</b>`, "<p>&lt;b onclick=&#34;x()&#34;&gt;<em>a</em>&lt;/b&gt;</p>\n"},
		{"comment is text", "<!-- a -->", "<p>&lt;!-- a --&gt;</p>\n"},
		{"heading has no id", "# A {#main}", "<h3>A {#main}</h3>\n"},
		{"headings begin below the page's", "### A\n##### B\n### C\n# D", "<h3>A</h3>\n<h4>B</h4>\n<h3>C</h3>\n<h3>D</h3>\n"},
		{"lowest heading", "# A\n## B\n### C\n#### D\n##### E\n###### F", "<h3>A</h3>\n<h4>B</h4>\n<h5>C</h5>\n<h6>D</h6>\n<h6>E</h6>\n<h6>F</h6>\n"},
		{"headings of a quote are its own", "### A\n> # B\n> > ## C\n\n### D\n> [!quote]- E\n>\n> # F",
			"<h3>A</h3>\n<blockquote>\n<h4>B</h4>\n<blockquote>\n<h5>C</h5>\n</blockquote>\n</blockquote>\n<h3>D</h3>\n" +
				"<details><summary><span>E</span></summary>\n<blockquote>\n<h4>F</h4>\n</blockquote></details>\n"},
		{"script address", "[a](javascript:alert(1))", "<p>a (javascript:alert(1))</p>\n"},
		{"script address hidden by an entity", "[a](java&#10;script:x)", "<p>a (java\nscript:x)</p>\n"},
		{"other scheme can be copied", "[a](magnet:?xt=urn:b)", "<p>a (magnet:?xt=urn:b)</p>\n"},
		{"image by another scheme is its text", "![a *b*](data:image/png;base64,x)", "<p>a b</p>\n"},
		{"image by mail", "![a](mailto:a@b.example)", "<p>a</p>\n"},
		{"address of this forum", "[a](/t/5)", `<p><a href="/t/5"` + rel + ">a</a></p>\n"},
		{"no address", "[a]()", "<p>a</p>\n"},
		{"upper case scheme", "[a](HTTPS://EXAMPLE.org/A)", `<p><a href="https://EXAMPLE.org/A"` + rel + ">a</a></p>\n"},
		{"host of another script", "https://münchen.example/straße", `<p><a href="https://m%C3%BCnchen.example/stra%C3%9Fe"` + rel + ">https://münchen.example/straße</a></p>\n"},
		{"bare address ends at a full stop", "See https://example.org/a.", `<p>See <a href="https://example.org/a"` + rel + ">https://example.org/a</a>.</p>\n"},
		{"bare address ends at a Chinese full stop", "见 https://example.org/a。好", `<p>见 <a href="https://example.org/a"` + rel + ">https://example.org/a</a>。好</p>\n"},
		{"bare address in brackets", "(https://example.org/a_(b))", `<p>(<a href="https://example.org/a_(b)"` + rel + ">https://example.org/a_(b)</a>)</p>\n"},
		{"bare address ends at a backslash", "https://example.org/a\\\nhttps://example.org/b\\*", `<p><a href="https://example.org/a"` + rel + ">https://example.org/a</a><br>\n" + `<a href="https://example.org/b"` + rel + ">https://example.org/b</a>*</p>\n"},
		{"bare host", "www.example.org", `<p><a href="http://www.example.org"` + rel + ">www.example.org</a></p>\n"},
		{"bare mail address", "to a@b.example.", `<p>to <a href="mailto:a@b.example"` + rel + ">a@b.example</a>.</p>\n"},
		{"other bare schemes stay text", "ftp://example.org javascript:x", "<p>ftp://example.org javascript:x</p>\n"},
		{"link in a link", "[a <https://b.example> c](d)", `<p><a href="d"` + rel + ">a https://b.example c</a></p>\n"},
		{"quotes in a title", `[a](b 'c" onload="d')`, `<p><a href="b"` + rel + ` title="c&#34; onload=&#34;d"` + ">a</a></p>\n"},
		{"language that is none", "```a\"b\nc\n```", "<pre tabindex=\"0\"><code>c\n</code></pre>\n"},
		{"bar in code in a table", "a|b\n-|-\n`c\\|d`|e", "<div tabindex=\"0\"><table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>c|d</code></td>\n<td>e</td>\n</tr>\n</tbody>\n</table></div>\n"},
		{"backslash and bar in code elsewhere", "`c\\|d`", "<p><code>c\\|d</code></p>\n"},
		{"spaces before a line end", "a    \nb  ", "<p>a<br>\nb</p>\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := m.Render(test.body)
			checkSafe(t, got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Render(%q) (-want +got):\n%s", test.body, diff)
			}
		})
	}
}

func TestRenderConcurrently(t *testing.T) {
	t.Parallel()
	m := New()
	body := readFile(t, "testdata/render/post.md")
	want, text := m.Render(body), m.Text(body)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got := m.Render(body); got != want {
					t.Error("Render gave something else")
				}
				if got := m.Text(body); got != text {
					t.Error("Text gave something else")
				}
			}
		})
	}
	all.Wait()
}

func TestRenderSurvivesPanic(t *testing.T) {
	t.Parallel()
	m := New()
	m.parser = panickingParser{}
	if got, want := m.Render("a *b* <c>"), "<pre tabindex=\"0\"><code>a *b* &lt;c&gt;</code></pre>\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type panickingParser struct{ parser.Parser }

func (panickingParser) Parse(text.Reader, ...parser.ParseOption) ast.Node { panic("a bug") }
