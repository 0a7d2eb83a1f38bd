package markup

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	// largestBody is as long as a body may be.
	largestBody = 64 << 10
	// longestRendering and mostMemory are what it may cost, whatever it says.
	longestRendering = 50 * time.Millisecond
	mostMemory       = 64 << 20
	longestHTML      = 10 * largestBody
)

// hostile bodies make parsers of Markdown slow, or their output long: the generators of
// cmark's test/pathological_tests.py and cmark-gfm's, and what goldmark's own code suggests.
var hostile = map[string]func(size int) string{
	// cmark
	"nested strong emphasis":         func(n int) string { return times("*a **a ", n/2) + "b" + times(" a** a*", n/2) },
	"closers of emphasis, no opener": repeated("a_ "),
	"openers of emphasis, no closer": repeated("_a "),
	"closers of links, no opener":    repeated("a]"),
	"openers of links, no closer":    repeated("[a"),
	"mismatched emphasis":            repeated("*a_ "),
	"multiples of three":             func(n int) string { return times("a**b", n/2) + times("c* ", n/2) },
	"openers of links and closers":   repeated("[ a_"),
	"[ (](":                          repeated("[ (]("),
	"![[]()":                         repeated("![[]()"),
	"hard link and emphasis":         repeated("**x [a*b**c*](d)"),
	"nested brackets":                func(n int) string { return times("[", n/2) + "a" + times("]", n/2) },
	"nested quotes":                  func(n int) string { return times("> ", n) + "a" },
	"deep lists":                     steps(func(i int) string { return strings.Repeat("  ", i) + "* a\n" }),
	"NUL":                            repeated("abc\x00de\x00"),
	"runs of backticks":              steps(func(i int) string { return "e" + strings.Repeat("`", i) }),
	"unclosed links A":               repeated("[a](<b"),
	"unclosed links B":               repeated("[a](b"),
	"unclosed comments":              repeated("</<!--"),
	"unclosed instructions":          repeated("<?x"),
	"unclosed declarations":          repeated("<!x"),
	"unclosed CDATA":                 repeated("<![CDATA["),
	"empty lines in deep lists":      func(n int) string { return times("- ", n/2) + "x" + times("\n", n/2) },
	"empty lines in few lists":       func(n int) string { return times("- ", 60) + "x" + times("\n", n-60) },
	"empty lines in quoted lists":    func(n int) string { return "> " + times("- ", n/2) + "x\n" + times(">\n", n/2) },
	"emphasis in deep quotes":        func(n int) string { return times(">", n/2) + times("a*", n/2) },
	"many definitions and references": func(n int) string {
		return steps(func(i int) string { return fmt.Sprintf("[%d]: u\n", i) })(n/2) + times("[0] ", n/2)
	},
	// code
	"numbers in code":          func(n int) string { return "```go\n" + times("1 ", n) },
	"unclosed strings in code": func(n int) string { return "```go\n" + times("\"\\", n) },
	"unclosed remarks in code": func(n int) string { return "```go\n" + times("/*", n) },
	"signs in code":            func(n int) string { return "```python\n" + times("'''\"", n) },
	"unclosed tags in code":    func(n int) string { return "```html\n" + times("<a ", n) },
	"unclosed attributes":      func(n int) string { return "```html\n" + times("<a b='", n) },
	"blocks of code":           repeated("```js\na\n```\n"),
	// cmark-gfm
	"table of many columns": func(n int) string { return times("a|", n/4) + "\n" + times("-|", n/4) + "\n" + times("a\n", n/2) },
	"table after a false divider": func(n int) string {
		return "a\n--:--\n" + times("a|", n/4) + "\n" + times("-|", n/4) + "\n" + times("a\n", n/2-20)
	},
	"many tables": repeated("a|b|c|d\n-|-|-|-\na\na\na\na\na\na\na\n\n"),
	"many wide tables": func(n int) string {
		return times(times("a|", 280)+"\n"+times("-|", 280)+"\n"+times("a\n", 280)+"\n", n)
	},
	"table's codes with bars": func(n int) string { return "a|b\n-|-\n" + times("`\\|`|", n) },
	"dividers":                repeated("-|-\n"),
	"bare addresses":          repeated("http://a.b "),
	"bare hosts":              repeated("www.a_"),
	"bare mail":               repeated("_a@b"),
	"mail addresses":          repeated("a@b.c "),
	"unbalanced addresses":    func(n int) string { return "http://a.b/" + times("(", n/2) + times(")", n/2) },
	"semicolons at the end":   func(n int) string { return "http://a.b/" + times("&amp;", n) },
	"tildes":                  repeated("~a~~ "),
	"task boxes":              repeated("- [ ] a\n"),
	// goldmark
	"definitions":                  repeated("[a]: b\n"),
	"definitions with titles":      repeated("[a]: b 'c'\n"),
	"definitions without end":      repeated("[a]: b '\n"),
	"500 definitions at a time":    func(n int) string { return times(times("[a]: b\n", 3500)+"\n", n) },
	"repeated long definition":     func(n int) string { return "[a]: /" + times("x", n/2) + "\n\n" + times("[a] ", n/2) },
	"long definition, a line each": func(n int) string { return "[a]: /" + times("x", n/2) + "\n\n" + times("[a]\n\n", n/2) },
	"repeated long image":          func(n int) string { return "[a]: /" + times("x", n/2) + " 'y'\n\n" + times("![a] ", n/2) },
	"reference a line":             func(n int) string { return "[a]: b\n\n" + times("[a]\n", n) },
	"emphasised links":             repeated("[*a*](b) "),
	"links":                        repeated("[a](b) "),
	"images":                       repeated("![a](b) "),
	"links a paragraph":            repeated("[a](b)\n\n"),
	"nested images":                func(n int) string { return times("![", n/3) + times("](a)", n/3*2) },
	"nested emphasis":              func(n int) string { return times("*a ", n/2) + times("a* ", n/2) },
	"stars":                        repeated("*"),
	"stars around":                 func(n int) string { return times("*", n/2) + "a" + times("*", n/2) },
	"emphasis a paragraph":         repeated("*a*\n\n"),
	"links with parentheses":       repeated("[a](((("),
	"links over lines":             repeated("[a](\n<b"),
	"links with titles":            repeated("[a](b \"c\n"),
	"900 brackets":                 func(n int) string { return times(times("[", 900)+times("*a* ", 2000)+times("]", 900), n) },
	"backticks and lines": func(n int) string {
		return steps(func(i int) string { return "e" + strings.Repeat("`", i) })(n/2) + times("\na", n/2)
	},
	"escaped backticks":            repeated("\\```"),
	"escaped backticks over lines": repeated("\\```.\n"),
	"code spans":                   repeated("`a` "),
	"brackets":                     repeated("["),
	"exclamations":                 repeated("!["),
	"quotes of many lines":         repeated(">>>>>>>>>>>>>>>>a\n"),
	"lazy quotes":                  func(n int) string { return times(">", 200) + "a\n" + times("b\n", n-202) },
	"quotes and lists":             func(n int) string { return times("> - ", n) + "a" },
	"indented lists":               repeated("- a\n - b\n  - c\n   - d\n"),
	"tabs in lists":                repeated("-\t"),
	"lists of breaks":              repeated("* "),
	"numbers":                      repeated("1. "),
	"list items":                   repeated("- a\n"),
	"empty items":                  repeated("-\n"),
	"spaces in a list":             func(n int) string { return times("- ", 30) + "a\n" + times(" ", n-62) },
	"indented lines in a list":     func(n int) string { return times("- ", 16) + "a\n" + times("\n"+strings.Repeat(" ", 32)+"a\n", n-34) },
	"paragraphs":                   repeated("a\n\n"),
	"lines":                        repeated("a\n"),
	"broken lines":                 repeated("a\\\n"),
	"headings":                     repeated("# a\n"),
	"underlined headings":          repeated("a\n=\n"),
	"underlines":                   repeated("=\n"),
	"rules":                        repeated("---\n"),
	"fences":                       repeated("```\n"),
	"unclosed fence":               func(n int) string { return "```\n" + times("`\n", n-4) },
	"indented code":                repeated("    a\n\n\n"),
	"characters to escape":         repeated("\""),
	"entities":                     repeated("&amp;"),
	"half entities":                repeated("&#x"),
	"backslashes":                  repeated("\\"),
	"spaces":                       repeated(" "),
	"one word":                     repeated("a"),
	"words":                        repeated("a "),
	"continuation bytes":           repeated("\x80"),
	"umlauts":                      repeated("ä*"),
}

func times(text string, size int) string { return strings.Repeat(text, size/len(text)) }

func repeated(text string) func(int) string {
	return func(size int) string { return times(text, size) }
}

// steps joins what step gives for 1, 2, 3 ... up to size.
func steps(step func(int) string) func(int) string {
	return func(size int) string {
		var b strings.Builder
		for i := 1; b.Len()+len(step(i)) <= size; i++ {
			b.WriteString(step(i))
		}
		return b.String()
	}
}

// Not parallel: it measures time. The race detector gets smaller bodies, and no figures.
func TestRenderHostile(t *testing.T) {
	m := New()
	size := largestBody
	if raceEnabled {
		size /= 8
	}
	for name, generate := range hostile {
		t.Run(name, func(t *testing.T) {
			body := generate(size)
			if len(body) < size/2 {
				t.Fatalf("the generator gives %d bytes", len(body))
			}
			body = body[:min(len(body), size)]
			cost := bestOf(longestRendering, func() { m.Render(body) })
			t.Logf("%v, %d KiB", cost.time.Round(10*time.Microsecond), cost.memory>>10)
			if cost.time > longestRendering && !raceEnabled {
				t.Errorf("Render took %v", cost.time)
			}
			if cost.memory > mostMemory && !raceEnabled {
				t.Errorf("Render allocated %d MiB", cost.memory>>20)
			}
			rendered := m.Render(body)
			if len(rendered) > longestHTML {
				t.Errorf("%d KiB of HTML", len(rendered)>>10)
			}
			checkSafe(t, rendered)
			checkUnchanged(t, m, written(m, body))
			if excerpt := m.Excerpt(body, 100); len([]rune(excerpt)) > 100 {
				t.Errorf("excerpt %q", excerpt)
			}
		})
	}
}

// Bodies longer than any that is accepted (mail, imports) cost in proportion.
func TestRenderLonger(t *testing.T) {
	m := New()
	if raceEnabled {
		return
	}
	for _, body := range []string{
		strings.Repeat(">", 100_000), strings.Repeat("[", 100_000), strings.Repeat("*a_", 50_000),
		strings.Repeat("*a **a ", 50_000), strings.Repeat("- a\n", 50_000), strings.Repeat("a\n\n", 100_000), strings.Repeat("[a]: b\n", 36_000),
		strings.Repeat("- ", 50_000) + "x" + strings.Repeat("\n", 100_000),
	} {
		limit := longestRendering * time.Duration(1+len(body)/largestBody)
		if took := bestOf(limit, func() { m.Render(body) }).time; took > limit {
			t.Errorf("Render of %d bytes of %q... took %v, more than %v", len(body), body[:7], took, limit)
		}
	}
}

type cost struct {
	time   time.Duration // of the processor, so that it is the same on a busy machine
	memory uint64
}

// bestOf measures f several times, until it takes half of limit or far too long, and
// returns the best.
func bestOf(limit time.Duration, f func()) (best cost) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i := range 8 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := processorTime()
		f()
		took := processorTime() - start
		runtime.ReadMemStats(&after)
		if i == 0 || took < best.time {
			best = cost{took, after.TotalAlloc - before.TotalAlloc}
		}
		if took < limit/2 || took > 4*limit || raceEnabled {
			break
		}
	}
	return best
}

// What is refused stays readable.
func TestLimitsKeepText(t *testing.T) {
	t.Parallel()
	m := New()
	for name, body := range map[string]string{
		"deep quotes":   strings.Repeat("> ", 1000) + "the text",
		"deep lists":    strings.Repeat("- ", 1000) + "the text",
		"huge table":    times("a|", 8000) + "\n" + times("-|", 8000) + "\n" + times("the text\n", 32000),
		"definitions":   times("[a]: b\n", 8000) + "the text",
		"emphasis":      times("*a_ ", 60000) + "the text",
		"deep emphasis": times("*a ", 3000) + "the text" + times(" a*", 3000),
	} {
		if got := m.Text(body); !strings.Contains(got, "the text") {
			t.Errorf("%s: the text is gone", name)
		}
		got := m.Render(body)
		checkSafe(t, got)
		if !strings.Contains(got, "the text") {
			t.Errorf("%s: the text is gone", name)
		}
	}
}

func TestLinksAreLimited(t *testing.T) {
	t.Parallel()
	m := New()
	for _, link := range []string{"[a](/b)\n\n", "![a](/b)\n\n", "https://a.example\n\n", "<a@b.example>\n\n"} {
		rendered := m.Render(strings.Repeat(link, maxLinks+100))
		if got := strings.Count(rendered, "<a ") + strings.Count(rendered, "<img "); got != maxLinks {
			t.Errorf("%d links of %q, want %d", got, link, maxLinks)
		}
	}
}

// The limits are far above what people write.
func TestLimitsSpareHonestBodies(t *testing.T) {
	t.Parallel()
	m := New()
	for _, test := range []struct {
		name, body, element string
		want                int
	}{
		{"a list of links", times("- [a link](https://example.org/path?query=1) to *it*\n", 60000), "<a ", 60000 / 53},
		{"a paragraph of links", times("[a link](https://example.org/path) ", 20000), "<a ", 20000 / 35},
		{"a paragraph of bare addresses", times("https://example.org/path ", 50000), "<a ", 50000 / 25},
		{"a long line of emphasis", times("*some* words in **one** line ", 10000), "<em>", 10000 / 29},
		{"a paragraph of code", times("`code` and more ", 60000), "<code>", 60000 / 16},
		{"a table", "a|b|c|d|e\n-|-|-|-|-\n" + times("one|two|three|four|five\n", 60000), "<tr>", 1 + 60000/24},
		{"quotes within quotes", strings.Repeat(">", 30) + "a", "<blockquote>", 30},
		{"lists within lists", strings.Repeat("- ", 15) + "a", "<ul>", 15},
		{"definitions", steps(func(i int) string { return fmt.Sprintf("[%d]: /%d\n", i, i) })(5000) + "\n" + steps(func(i int) string { return fmt.Sprintf("[%d] ", i) })(2000), "<a ", 351},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Count(m.Render(test.body), test.element); got != test.want {
				t.Errorf("%d times %s, want %d", got, test.element, test.want)
			}
		})
	}
}
