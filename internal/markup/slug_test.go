package markup

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var slugTests = []struct{ title, want string }{
	{"Hello, World!", "hello-world"},
	{"  Don't  panic — it’s fine ", "dont-panic-its-fine"},
	{"C++ & C# vs. Go 1.26", "c-c-vs-go-1-26"},
	{"snake_case/and\\slashes", "snake-case-and-slashes"},
	{"", "untitled"},
	{"?!…", "untitled"},
	{"😀👍🏽", "untitled"},
	{"\u0301\u0301", "untitled"},
	{"\u200b\u00ad", "untitled"},
	{"2024", "t-2024"},
	{"٢٠٢٤", "t-٢٠٢٤"},
	{"2024 recap", "2024-recap"},
	{"2024-2025", "2024-2025"},
	{"1.5", "1-5"},
	{"Über die Straße", "über-die-straße"},
	{"ÉCOLE", "école"},
	{"E\u0301cole", "école"},
	{"ΟΔΟΣ", "οδοσ"},
	{"İstanbul", "istanbul"},
	{"Ｆｕｌｌ　ｗｉｄｔｈ", "full-width"},
	{"ﬁnd ² x", "find-2-x"},
	{"ブレーキが鳴く", "ブレーキが鳴く"},
	{"हिन्दी में", "हिन्दी-में"},
	{"می\u200cخواهم", "میخواهم"},
	{"مرحبا بالعالم", "مرحبا-بالعالم"},
	{"a\u202eb", "ab"},
	{"a\x00b\xffc", "a-b-c"},
	{strings.Repeat("word ", 30), strings.Repeat("word-", 15) + "word"},
	{strings.Repeat("a", 100), strings.Repeat("a", 80)},
	{strings.Repeat("1", 100), "t-" + strings.Repeat("1", 78)},
	{strings.Repeat("鳴", 50), strings.Repeat("鳴", 26)},
	{"12 " + strings.Repeat("a", 80), "t-12"},
	{strings.Repeat("é", 100), strings.Repeat("é", 40)},
}

func TestSlug(t *testing.T) {
	t.Parallel()
	m := New()
	for _, test := range slugTests {
		if got := m.Slug(test.title); got != test.want {
			t.Errorf("Slug(%q) = %q, want %q", test.title, got, test.want)
		}
		checkSlug(t, m, test.title)
	}
}

var slugForm = regexp.MustCompile(`^[\p{L}\p{Nd}][\p{L}\p{Nd}\p{M}]*(-[\p{L}\p{Nd}][\p{L}\p{Nd}\p{M}]*)*$`)

// checkSlug holds the contract of Slug against any title.
func checkSlug(t tester, m *Markup, title string) {
	t.Helper()
	slug := m.Slug(title)
	switch {
	case len(slug) > maxSlug, !utf8.ValidString(slug), !slugForm.MatchString(slug):
		t.Errorf("Slug(%q) = %q", title, slug)
	case !strings.ContainsFunc(slug, func(r rune) bool { return !unicode.IsDigit(r) }):
		t.Errorf("Slug(%q) = %q is all digits", title, slug)
	case m.Slug(slug) != slug:
		t.Errorf("Slug(%q) = %q, and of that %q", title, slug, m.Slug(slug))
	}
}
