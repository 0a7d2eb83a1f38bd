package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"
	"golang.org/x/net/html"

	"folkmoot/internal/forum"
	"folkmoot/internal/markup"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	const wide = "This line is as wide as the window that it was written in, which is"
	tests := []struct{ name, text, want string }{
		{"lines that were wrapped", wide + "\nwide enough.\nShort.", wide + "\nwide enough.\\\nShort."},
		{"lines that were ended", "Hi Ann,\nthanks!\nBob", "Hi Ann,\\\nthanks!\\\nBob"},
		{"long lines were ended", strings.Repeat("word ", 40) + "end.\nNext.", strings.Repeat("word ", 40) + "end.\\\nNext."},
		{"paragraphs", "\n\none\n\n\ntwo\n", "one\n\ntwo"},
		{"what looks like markup", "*a* _b_ `c` ~d~ \\e &amp; a_b_c 2 * 3 <b>", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\\\e \\&amp; a_b_c 2 \\* 3 <b>"},
		{"beginnings of lines", "# one\n\n+ 1\n\n1986. A year\n\n[x]: y\n\nText\n===", "\\# one\n\n\\+ 1\n\n1986\\. A year\n\n\\[x]: y\n\nText\\\n\\==="},
		{"links", "[a](http://x.org/_b_) and <https://x.org/a*b*>", "\\[a\\](http://x.org/_b\\_) and <https://x.org/a*b*>"},
		{"stops behind links", "http://x.org/a_*. (http://x.org/~a~) www.x.org/~a/* http://x.org/~?b&amp;", "http://x.org/a\\_\\*. (http://x.org/~a\\~) www.x.org/~a/\\* http://x.org/~?b\\&amp;"},
		{"marks in links", "http://x.org/*a*b http://x.org/`a` a_http://x.org/*a*b www.x.org/~a www.a*b*", "http://x.org/*a*b http://x.org/\\`a\\` a\\_http://x.org/\\*a\\*b www.x.org/~a www.a\\*b\\*"},
		{"a link without a blank before", "Site<http://x.org>", "Site <http://x.org>"},
		{"a list", "- one which goes\n  on here\n* two\n\nend", "- one which goes\\\n  on here\n- two\n\nend"},
		{"a list below its heading", "Do this:\n1. open\n2. close", "Do this:\n\n1. open\n2. close"},
		{"a name is no list", "- Ann", "\\- Ann"},
		{"code by its indentation", "Try:\n\n    x = [1,\n      2];\n\nthen", "Try:\n\n```\nx = [1,\n  2];\n```\n\nthen"},
		{"code by its looks", "int main() {\n  return 0;\n}", "```\nint main() {\n  return 0;\n}\n```"},
		{"code with blank lines", "    a();\n\n    b();", "```\na();\n\nb();\n```"},
		{"code with backticks", "    ```x```;", "````\n```x```;\n````"},
		{"columns", "rate     gain\n1.0      2.0", "```\nrate     gain\n1.0      2.0\n```"},
		{"an indented sentence", "     This is how it was, she said.", "This is how it was, she said."},
		{"a diff", "Fix:\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n \n c\n-- \nBob",
			"Fix:\n\n```diff\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\n c\n```\n\n\\--\\\nBob"},
		{"a line that divides", "one\n-----\ntwo", "one\n\n---\n\ntwo"},
		{"a quote", "> one\n> two\n>\n> > three\n\nanswer", "> one\\\n> two\n>\n> > three\n\nanswer"},
		{"quotes without blanks", ">>three\n>two", "> > three\n>\n> two"},
		{"a footer of the list", "text\n_______________________________________________\nUsers mailing list\nUsers@x.org\nhttps://x.org/", "text"},
		{"a footer after a line that was not ended", "Bob_______________________________________________\nUsers mailing list", "Bob"},
		{"a long quote at the end folds", "yes\n\nOn Monday, Ann <a@…> wrote:\n> 1\n> 2\n> 3\n> 4\n> 5\n", "yes\n\n> [!quote]- On Monday, Ann <a@…> wrote:\n>\n> 1\\\n> 2\\\n> 3\\\n> 4\\\n> 5"},
		{"whom it quotes stands in it", "yes\n\n> On Monday, Ann wrote:\n>\n> 1\n> 2\n> 3\n> 4\n> 5\n", "yes\n\n> [!quote]- On Monday, Ann wrote:\n>\n> 1\\\n> 2\\\n> 3\\\n> 4\\\n> 5"},
		{"a short quote does not", "yes\n\n> 1\n> 2\n> 3\n> 4\n", "yes\n\n> 1\\\n> 2\\\n> 3\\\n> 4"},
		{"nor one that is answered", "> 1\n> 2\n> 3\n> 4\n> 5\n\nyes", "> 1\\\n> 2\\\n> 3\\\n> 4\\\n> 5\n\nyes"},
		{"nor one that is all there is", "> 1\n> 2\n> 3\n> 4\n> 5\n> 6", "> 1\\\n> 2\\\n> 3\\\n> 4\\\n> 5\\\n> 6"},
		{"the mail below an answer", "yes\n\n-----Original Message-----\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: x\n\nno?", "yes\n\n> [!quote]- From: Ann\n>\n> From: Ann\\\n> Sent: Monday\\\n> To: Bob\\\n> Subject: x\n>\n> no?"},
		{"without its mark", "yes\n\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: x\n\nno?", "yes\n\n> [!quote]- From: Ann\n>\n> From: Ann\\\n> Sent: Monday\\\n> To: Bob\\\n> Subject: x\n>\n> no?"},
		{"From: by itself", "From: here\nit goes on", "From: here\\\nit goes on"},
		{"nothing", "\n \n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, markdown(tt.text, false, false)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFlowedText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		deletes    bool
		want       string
	}{
		{"lines that go on", "one \ntwo\nthree", false, "one two\\\nthree"},
		{"blanks put before a line", " >not a quote\n From me", false, "\\>not a quote\\\nFrom me"},
		{"quotes", "> one \n> two\n>> three \n> four", false, "> one two\n>\n> > three\n>\n> four"},
		{"a signature", "one\n-- \nBob", false, "one\\\n\\--\\\nBob"},
		{"deleted blanks", "日本 \n語", true, "日本語"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, markdown(tt.text, true, tt.deletes)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"write to ann.b@example.org.":           "write to ann.b@….",
		"Ann <ann@example.org>, bob@x.co.uk":    "Ann <ann@…>, bob@…",
		"<mailto:ann@example.org>":              "<ann@…>",
		"ann@x.org<mailto:ann@x.org>":           "ann@…",
		"[Ann](mailto:ann@x.org)":               "Ann",
		"git@github.com:a/b.git":                "git@github.com:a/b.git",
		"https://x.org/lists/ann@x.org/message": "https://x.org/lists/ann@x.org/message",
		"ann@x.orghttps://y.org":                "ann@…https://y.org",
		"=ann@x.org, a+b=c@x.org":               "=ann@…, a+b=c@…",
		"x.org/ann@x.org":                       "x.org/ann@…",
		"user@host and @ann, 3@4":               "user@host and @ann, 3@4",
	} {
		if got := mask(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// What is too long for a post is cut where a line ends, and stays well-formed.
func TestCutText(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"words":  strings.Repeat("word word word\n", 10_000),
		"code":   "```go\n" + strings.Repeat("word word word\n", 10_000) + "```",
		"wide":   strings.Repeat("日本語 ", 30_000),
		"a line": strings.Repeat("x", 100_000),
	} {
		cut := cutText(body)
		if wrong := forum.LimitBody.Check(cut); wrong != nil {
			t.Errorf("%s: %s", name, wrong.Message)
		}
		if !strings.HasSuffix(cut, "(the rest is in the attachment)") || len(cut) < forum.LimitBody.Max/2 || strings.Count(cut, "```")%2 != 0 {
			t.Errorf("%s: cut to %d bytes that end with %q", name, len(cut), cut[len(cut)-80:])
		}
	}
}

// letters are those of a text, and digits, in their order.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

// shown is the text of HTML, and the names of the elements it is in.
func shown(t testing.TB, rendered string) (text string, elements map[string]bool) {
	t.Helper()
	elements = map[string]bool{}
	var seen strings.Builder
	for tokens := html.NewTokenizer(strings.NewReader(rendered)); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			return seen.String(), elements
		case html.TextToken:
			seen.WriteString(tokens.Token().Data)
		case html.StartTagToken:
			elements[tokens.Token().Data] = true
		}
	}
}

// checkText fails the test where a reader gets other letters than the text has, or elements that
// are none of mails.
func checkText(t testing.TB, m *markup.Markup, text string, flowed bool) {
	t.Helper()
	body := markdown(text, flowed, false)
	got, elements := shown(t, m.Render(body))
	for _, element := range []string{"em", "strong", "del", "img", "table", "h3", "h4", "h5", "h6", "input"} {
		if elements[element] {
			t.Errorf("<%s> was made of\n%s\nby\n%s", element, text, body)
		}
	}
	if elements["code"] && !elements["pre"] {
		t.Errorf("<code> was made of\n%s\nby\n%s", text, body)
	}
	if strings.Contains(body, foldMark) || listNumber.MatchString(text) {
		return // its beginning may be there twice; HTML does not hold the numbers as text
	}
	if want := letters(text); letters(got) != want {
		t.Errorf("the letters of the text changed (-want +got):\n%s\nby\n%s", cmp.Diff(want, letters(got)), body)
	}
}

var listNumber = regexp.MustCompile(`(?m)^[\s>]*\d{1,2}[.)]\s`)

// rules are what footers, which are left out, are known by.
var rules = regexp.MustCompile(`[_-]{5,}`)

// Of every fourth text of the sample, a reader gets all letters and nothing that was not meant.
func TestMarkdownOfTheSample(t *testing.T) {
	t.Parallel()
	file, err := os.Open(shared(t, "usrp-users-sample.mbox.xz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := xz.NewReader(bufio.NewReader(file)) // xz reads single bytes
	if err != nil {
		t.Fatal(err)
	}
	m, texts, all := markup.New(), 0, newMails(in)
	for n := 0; !t.Failed(); n++ {
		raw, err := all.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n%4 != 0 {
			continue
		}
		root, err := parser.ReadParts(bytes.NewReader(raw.content))
		if err != nil {
			t.Fatal(err)
		}
		found := gathered{mail: &mail{}}
		found.gather(root)
		for _, p := range found.texts {
			texts++
			text := strings.ToValidUTF8(strings.ReplaceAll(printable(string(p.Content)), "\r\n", "\n"), "")
			checkText(t, m, rules.ReplaceAllString(text, ""), p.ContentTypeParams["format"] == "flowed")
		}
	}
	if !t.Failed() && texts < 1000 {
		t.Errorf("%d texts, want one of each mail and some of lists", texts)
	}
}
