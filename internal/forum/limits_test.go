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
