package forum_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"folkmoot/internal/forum"
)

func TestLimitsHaveReasons(t *testing.T) {
	for _, l := range forum.Limits() {
		if l.Field == "" || l.Reason == "" || l.Max <= 0 || l.Min > l.Max || l.Bytes < l.Max {
			t.Errorf("%+v", l)
		}
	}
}

func TestLimitCheck(t *testing.T) {
	title, body, about := forum.LimitTitle, forum.LimitBody, forum.LimitAbout
	tests := []struct {
		name  string
		limit forum.Limit
		text  string
		want  string // a part of the message; "": nothing is wrong
		bound int64
	}{
		{"a word", title, "wheel", "", 0},
		{"empty", title, "", "empty", 1},
		{"empty where that is allowed", about, "", "", 0},
		{"white space", title, " \u2003 ", "empty", 1},
		{"as long as can be", title, strings.Repeat("ä", 200), "", 0},
		{"one more", title, strings.Repeat("ä", 201), "201 characters, at most 200", 200},
		{"long between white space", title, "  " + strings.Repeat("ä", 200) + "  ", "", 0},
		{"too many bytes", title, strings.Repeat("𝄞", 200) + " ", "801 bytes, at most 800", 800},
		{"too short", forum.LimitPassword, "nine char", "too short: 9 characters, at least 10", 10},
		{"NUL", body, "a\x00b", "U+0000", 0},
		{"a line break in a line", title, "a\nb", "U+000A", 0},
		{"a line break in a text", body, "a\r\nb\tc", "", 0},
		{"escape", body, "a\x1b[31m", "U+001B", 0},
		{"a byte order mark", body, "\ufeffa", "U+FEFF", 0},
		{"a line separator", body, "a\u2028b", "U+2028", 0},
		{"an override of direction", title, "invoice\u202efdp.exe", "U+202E, which cannot be seen", 0},
		{"an embedding", forum.LimitSiteName, "\u202bwheels\u202c", "U+202B", 0},
		{"an isolate", forum.LimitCategory, "\u2066wheels\u2069", "U+2066", 0},
		{"a mark of direction", forum.LimitTag, "wheels\u200f", "U+200F", 0},
		{"a space without width", forum.LimitTokenName, "wh\u200beels", "U+200B", 0},
		{"a soft hyphen", title, "whe\u00adels", "U+00AD", 0},
		{"a letter that shows nothing", title, "a\u3164b", "U+3164", 0},
		{"a joiner that joins nothing", title, "ad\u200dmin", "U+200D", 0},
		{"a variation of nothing", title, "a\ufe0f", "U+FE0F", 0},
		{"two joiners", title, "👩\u200d\u200d🚀", "U+200D", 0},
		{"hidden letters", title, "a\U000E0061", "U+E0061", 0},
		{"hidden letters after a flag", title, "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F\U000E0061", "U+E0061", 0},
		{"an empty pattern of Braille", title, " \u2800 ", "that can be seen", 0},
		{"a mark alone", title, "\u0301", "that can be seen", 0},
		{"an override in a text", body, "a\u202eb", "", 0},
		{"an astronaut", title, "👩\u200d🚀 in space", "", 0},
		{"a family with colours of skin", title, "👩🏽\u200d❤\ufe0f\u200d👨🏿", "", 0},
		{"a rainbow flag", title, "🏳\ufe0f\u200d🌈", "", 0},
		{"the flag of England", title, "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F!", "", 0},
		{"a key", title, "Press 1\ufe0f\u20e3", "", 0},
		{"Persian", title, "می\u200cخواهم", "", 0},
		{"Malayalam", title, "അവന്\u200d വന്നു", "", 0},
		{"a variant of a character", title, "葛\U000E0100飾", "", 0},
		{"Arabic and Hebrew", title, "שלום مرحبا", "", 0},
		{"Braille", title, "\u2813\u2800\u280a", "", 0},
		{"a text of spaces without width", body, "\u200b\n\u2060 \u200b", "must not be empty", 1},
		{"a text of fillers", body, "\u3164\uffa0\u115f", "must not be empty", 1},
		{"a text of empty Braille", body, "\u2800", "must not be empty", 1},
		{"a search for nothing", forum.LimitQuery, "\u200b", "must not be empty", 1},
		{"a reason of nothing", forum.LimitReason, "\u200b\u00ad", "that can be seen, or nothing", 0},
		{"about nobody", about, "\u2063", "that can be seen, or nothing", 0},
		{"a sign that is too new", body, "\U0001FAE9", "", 0},
		{"a sign of one's own", body, "\uf8ff", "", 0},
		{"a heart and its variation", body, "\u2764\ufe0f", "", 0},
		{"a secret of nothing", forum.LimitPassword, strings.Repeat("\u200b", 10), "", 0},
		{"not UTF-8", body, "a\xff", "UTF-8", 0},
		{"half a surrogate", body, "\xed\xa0\x80", "UTF-8", 0},
		{"too long before not UTF-8", title, strings.Repeat("\xff", 801), "801 bytes", 800},
	}
	for _, tt := range tests {
		got := tt.limit.Check(tt.text)
		switch {
		case tt.want == "" && got != nil:
			t.Errorf("%s: %s", tt.name, got.Message)
		case tt.want != "" && (got == nil || !strings.Contains(got.Message, tt.want) || got.Field != tt.limit.Field || got.Limit != tt.bound):
			t.Errorf("%s: got %+v, want %q and the bound %d", tt.name, got, tt.want, tt.bound)
		}
	}
}

// What passes its line can be stored anywhere.
func FuzzLimitCheck(f *testing.F) {
	for _, text := range []string{"", "wheel", "a\x00", "\xff", strings.Repeat("x", 300), "\u2028", "a\nb", "\x85"} {
		f.Add(text, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		l := forum.Limits()[int(which)%len(forum.Limits())]
		if l.Check(text) != nil {
			return
		}
		n := utf8.RuneCountInString(strings.TrimSpace(text))
		if !utf8.ValidString(text) || len(text) > l.Bytes || n < l.Min || n > l.Max {
			t.Errorf("%s accepts %q", l.Field, text)
		}
		if l.Name && forum.WithoutInvisible(text) != text {
			t.Errorf("%s accepts %q, of which something is left out elsewhere", l.Field, text)
		}
		for _, r := range text {
			if unicode.IsControl(r) && !(l.Lines && strings.ContainsRune("\r\n\t", r)) {
				t.Errorf("%s accepts %U in %q", l.Field, r, text)
			}
		}
	})
}

// Whatever is accepted stays accepted when white space at its ends is cut: that is what is stored.
func TestLimitAfterTrim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(forum.Limits()).Draw(t, "limit")
		text := rapid.StringN(0, l.Max+5, l.Bytes+9).Draw(t, "text")
		if l.Check(text) == nil && l.Check(strings.TrimSpace(text)) != nil {
			t.Errorf("%s accepts %q, but not what is left of it", l.Field, text)
		}
	})
}

// What an import leaves out of a name makes it one that is accepted, and what was accepted stays as it is.
func TestWithoutInvisible(t *testing.T) {
	for name, want := range map[string]string{
		"":                         "",
		"wheels":                   "wheels",
		"\u202ewh\u200beels\u200f": "wheels",
		"👩\u200d\u200d🚀 a\u200db":  "👩\u200d🚀 ab",
		"\ufe0f\ufe0f":             "",
	} {
		if got := forum.WithoutInvisible(name); got != want {
			t.Errorf("of %+q is left %+q, want %+q", name, got, want)
		}
	}
	signs := []rune("aя葛م1 \u0301\u200b\u200c\u200d\u202e\ufe0f❤👩🏽🏴\U000E0061\U000E007F\u3164")
	rapid.Check(t, func(t *rapid.T) {
		name := "a" + string(rapid.SliceOfN(rapid.SampledFrom(signs), 0, 12).Draw(t, "name"))
		left := forum.WithoutInvisible(name)
		if wrong := forum.LimitTitle.Check(left); wrong != nil {
			t.Errorf("of %+q is left %+q, which %s", name, left, wrong.Message)
		}
		if forum.LimitTitle.Check(name) == nil && left != name {
			t.Errorf("%+q is accepted, and left %+q", name, left)
		}
	})
}
