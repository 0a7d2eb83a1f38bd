package markup

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var foldTests = []struct{ name, want string }{
	{"", ""},
	{"Alice", "alice"},
	{"  Alice \t B.  ", "alice b."},
	{"ÄRGER", "ärger"},
	{"A\u0308rger", "ärger"},
	{"STRASSE", "strasse"},
	{"Straße", "strasse"},
	{"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
	{"Σίσυφος", "σίσυφοσ"},
	{"İ", "i̇"},
	{"ı", "ı"},
	{"Ａｄｍｉｎ", "admin"},
	{"ad\u200bmin", "admin"},
	{"ad\u00admin\ufe0f", "admin"},
	{"\u202eadmin", "admin"},
	{"ﬁ①½", "fi11⁄2"},
	{"K", "k"}, // the sign for Kelvin
	{"a\u00a0b\u3000c", "a b c"},
	{"名無し", "名無し"},
	{"ｶﾞ", "ガ"},
	{"𝔄𝔡𝔪𝔦𝔫", "admin"},
	{"\u3164", ""}, // a letter that shows nothing
	{"a\x00b\xff", "ab\ufffd"},
	{"c++", "c++"},
	{"C#", "c#"},
}

func TestFold(t *testing.T) {
	t.Parallel()
	m := New()
	for _, test := range foldTests {
		if got := m.Fold(test.name); got != test.want {
			t.Errorf("Fold(%q) = %q, want %q", test.name, got, test.want)
		}
		checkFold(t, m, test.name)
	}
}

// Every letter there is, alone and with an accent below and above.
func TestFoldEveryRune(t *testing.T) {
	t.Parallel()
	m := New()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) || testing.Short() && r%7 != 0 {
			continue
		}
		checkFold(t, m, string(r))
		if unicode.IsLetter(r) {
			checkFold(t, m, string(r)+"\u0345\u0301")
		}
	}
}

// checkFold holds the contract of Fold against any name.
func checkFold(t tester, m *Markup, name string) {
	t.Helper()
	folded := m.Fold(name)
	if again := m.Fold(folded); again != folded {
		t.Errorf("Fold(%+q) = %+q, and of that %+q", name, folded, again)
	}
	if strings.Join(strings.Fields(folded), " ") != folded {
		t.Errorf("Fold(%q) = %q: white space", name, folded)
	}
	if upper := m.Fold(strings.ToUpper(name)); utf8.ValidString(name) && upper != folded && !unfoldable(name) {
		t.Errorf("Fold(%+q) = %+q, in upper case %+q", name, folded, upper)
	}
}

// unfoldable reports whether name has a letter whose upper case is another letter's, too:
// Turkish i, and what Go's simple mapping of cases does not reach.
func unfoldable(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII })
}

func TestTag(t *testing.T) {
	t.Parallel()
	m := New()
	for name, want := range map[string]string{
		"":                        "",
		"Wheels":                  "wheels",
		"  Front \t Wheels\u00a0": "front wheels",
		"C#":                      "c#",
		"Ａｄｍｉｎ":                   "admin",
		"ad\u200bmin\u202e":       "admin",
		"A\u0308rger":             "ärger",
		"Straße":                  "straße",
		"ΣΊΣΥΦΟΣ":                 "σίσυφος",
		"\u3164":                  "",
		"a\xffb\x00":              "a\ufffdb",
	} {
		if got := m.Tag(name); got != want {
			t.Errorf("Tag(%+q) = %+q, want %+q", name, got, want)
		}
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Cf, r) || testing.Short() && r%7 != 0 {
			continue
		}
		name := string(r) + "a\u0345\u0301" + string(r)
		if tag := m.Tag(name); m.Tag(tag) != tag {
			t.Errorf("Tag(%+q) = %+q, and of that %+q", name, tag, m.Tag(tag))
		}
	}
}
