package markup

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	t.Parallel()
	m := New()
	for _, test := range []struct{ name, body, want string }{
		{"nothing", "", ""},
		{"marks", "*a* **b** ~~c~~ `d` \\*e\\* &copy;", "a b c d *e* ©"},
		{"blocks", "# A\n\nb\nc\n\n> d\n\n- e\n- f\n\n---\n\n    g\n", "A\nb\nc\nd\ne\nf\ng"},
		{"links", "[a](https://b.example \"c\") <https://d.example> ![e *f*](g) www.h.example", "a https://d.example e f www.h.example"},
		{"a refused address", "[a](javascript:b)", "a"},
		{"tags", "<b>a</b>", "<b>a</b>"},
		{"table", "a|b\n-|-\n`c\\|d`|e", "a b \nc|d e"},
		{"tasks", "- [x] a\n- [ ] b", "a\nb"},
		{"code", "```go\na  b\n\nc\n```", "a  b\n\nc"},
		{"broken line", "a  \nb\\\nc", "a\nb\nc"},
		{"definition", "[a]\n\n[a]: https://b.example 'c'", "a"},
		{"control character", "a&#7;b\x07", "a\uFFFDb\uFFFD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, m.Text(test.body)); diff != "" {
				t.Errorf("Text(%q) (-want +got):\n%s", test.body, diff)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	m := New()
	for _, test := range []struct {
		name, body string
		runes      int
		want       string
	}{
		{"short", "Hello *world*", 20, "Hello world"},
		{"exact", "Hello world", 11, "Hello world"},
		{"at a word", "Hello wonderful world", 17, "Hello wonderful…"},
		{"right after a word", "Hello wonderful world", 16, "Hello wonderful…"},
		{"no word in the second half", "Hi incomprehensibilities", 12, "Hi incompre…"},
		{"blocks and white space", "# A\n\nb   c\n\n- d\n- e", 50, "A b c d e"},
		{"one long word", strings.Repeat("a", 50), 10, strings.Repeat("a", 9) + "…"},
		{"no spaces", "新しいリムに替えたらブレーキが鳴きます", 6, "新しいリム…"},
		{"accent stays with its letter", "aaaae\u0301e\u0301e\u0301", 6, "aaaa…"},
		{"flag of joined emoji", "ab👩\u200d👩\u200d👧 cd", 6, "ab…"},
		{"skin stays with the hand", "abcd👍🏽x", 6, "abcd…"},
		{"one", "Hello", 1, "…"},
		{"none", "Hello", 0, ""},
		{"less than none", "Hello", -1, ""},
		{"nothing", " \n ", 10, ""},
		{"html", "<b>a</b>", 10, "<b>a</b>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := m.Excerpt(test.body, test.runes)
			if got != test.want {
				t.Errorf("Excerpt(%q, %d) = %q, want %q", test.body, test.runes, got, test.want)
			}
			if utf8.RuneCountInString(got) > max(test.runes, 0) {
				t.Errorf("Excerpt(%q, %d) = %q is too long", test.body, test.runes, got)
			}
		})
	}
}
