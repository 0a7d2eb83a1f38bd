package stackexchange

import (
	"errors"
	"strings"
	"testing"

	"folkmoot/internal/markup"
)

func TestBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, typed, shown, want string
		asTyped                  bool
	}{
		{"as typed", "Some *words*\r\n\r\n    and code", "<p>Some <em>words</em></p>\n\n<pre><code>and code\n</code></pre>\n", "Some *words*\r\n\r\n    and code", true},
		{"a link by reference", "See [this][1].\n\n[1]: https://example.org/a", `<p>See <a href="https://example.org/a" rel="nofollow">this</a>.</p>`, "See [this][1].\n\n[1]: https://example.org/a", true},
		{"nothing typed is known", "", "<p>Some <em>words</em></p>", "Some *words*", false},
		{"changed without history", "Go *away*", "<p>Go <em>home</em></p>", "Go *home*", false},
		{"another address", "[a](http://example.org)", `<p><a href="https://example.org">a</a></p>`, "[a](https://example.org)", false},
		{"HTML was typed", "Press <kbd>F1</kbd>", "<p>Press <kbd>F1</kbd></p>", "Press `F1`", false},
		{"a mark of the site's own", "[tag:bug]", `<p><a href="/questions/tagged/bug" class="post-tag" title="show" rel="tag">bug</a></p>`, `[bug](/questions/tagged/bug "show")`, false},
		{"an image in the clear", "![a b](http://example.org/b.png)", `<p><img src="http://example.org/b.png" alt="a b"></p>`, "![a b](http://example.org/b.png)", true},
		{"an image", "![a](https://example.org/b.png)", `<p><img src="https://example.org/b.png" alt="a"></p>`, "![a](https://example.org/b.png)", true},
	}
	m := markup.New()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, asTyped, err := body(m, tt.typed, tt.shown)
			if err != nil {
				t.Fatal(err)
			}
			if got = strings.TrimRight(got, "\n"); got != tt.want || asTyped != tt.asTyped {
				t.Errorf("body(%q, %q) = %q, %v, want %q, %v", tt.typed, tt.shown, got, asTyped, tt.want, tt.asTyped)
			}
		})
	}
}

type brokenMarkup struct{}

func (brokenMarkup) Render(string) string            { return "" }
func (brokenMarkup) FromHTML(string) (string, error) { return "", errors.New("no") }
func (brokenMarkup) Tag(string) string               { return "" }

func TestBodyWithoutMarkdown(t *testing.T) {
	t.Parallel()
	if _, _, err := body(brokenMarkup{}, "typed", "<p>shown</p>"); err == nil {
		t.Error("no error where neither text can be used")
	}
}

func TestInline(t *testing.T) {
	t.Parallel()
	tests := []struct{ comment, want string }{
		{"plain *words* with `code` and [a link](https://example.org)", "plain *words* with `code` and [a link](https://example.org)"},
		{"+1 for this", "+1 for this"},
		{"1) I agree. 2) I do not.", `1\) I agree. 2) I do not.`},
		{"2010. A year", `2010\. A year`},
		{"2010.5 is no list", "2010.5 is no list"},
		{"- no\n  * list", "\\- no\n\\* list"},
		{"# 1", `\# 1`},
		{"#1 is better", "#1 is better"},
		{"> quoted", `\> quoted`},
		{"so:\n---\n==", "so:\n\\---\n\\=="},
		{"**bold** and _so on_", "**bold** and _so on_"},
		{"    not code", "not code"},
		{"```\nnot code", "\\```\nnot code"},
		{"```code``` here", "```code``` here"},
		{"[1]: see there", `\[1]: see there`},
		{"| a | b |", `\| a | b |`},
	}
	m := markup.New()
	for _, tt := range tests {
		t.Run(tt.comment, func(t *testing.T) {
			t.Parallel()
			got := inline(tt.comment)
			if got != tt.want {
				t.Errorf("inline(%q) = %q, want %q", tt.comment, got, tt.want)
			}
			if html := m.Render(got); strings.Count(html, "<p>") != 1 || !strings.HasPrefix(html, "<p>") {
				t.Errorf("%q is more than a paragraph: %q", got, html)
			}
		})
	}
}
