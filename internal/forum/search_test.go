package forum_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
)

func TestParseSearch(t *testing.T) {
	tests := []struct {
		text string
		want forum.SearchQuery
	}{
		{"", forum.SearchQuery{}},
		{" ,;! ", forum.SearchQuery{}},
		{"true wheel", forum.SearchQuery{Words: []string{"true", "wheel"}}},
		{"wheel-building,spokes", forum.SearchQuery{Words: []string{"wheel", "building", "spokes"}}},
		{`"true wheel" spokes`, forum.SearchQuery{Words: []string{"true wheel", "spokes"}}},
		{`"never closed`, forum.SearchQuery{Words: []string{"never closed"}}},
		{`"" a`, forum.SearchQuery{Words: []string{"a"}}},
		{"user:Jobst spokes", forum.SearchQuery{Words: []string{"spokes"}, Author: "Jobst"}},
		{"user:", forum.SearchQuery{Words: []string{"user"}}},
		{"user:a user:b", forum.SearchQuery{Author: "b"}},
		{`"user:a"`, forum.SearchQuery{Words: []string{"user a"}}},
		{"title:x NEAR(a b) -c *", forum.SearchQuery{Words: []string{"title", "x", "NEAR", "a", "b", "c"}}},
		{"H₂O ½ Ⅷ 自転車 é", forum.SearchQuery{Words: []string{"H₂O", "½", "Ⅷ", "自転車", "é"}}},
		{strings.Repeat("a ", 20), forum.SearchQuery{Words: strings.Fields(strings.Repeat("a ", forum.MaxSearchTerms))}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, forum.ParseSearch(tt.text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

// Any text is a query of few terms, each of letters, numbers and marks alone.
func FuzzParseSearch(f *testing.F) {
	for _, text := range []string{"", `"`, `a "b c" d`, "user:x", `user:"x"`, "\xff\x00", "a\u0301", "NEAR(a, 5)", "½"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		query := forum.ParseSearch(text)
		if len(query.Words) > forum.MaxSearchTerms || strings.ContainsFunc(query.Author, unicode.IsSpace) {
			t.Errorf("%q: %+v", text, query)
		}
		for _, term := range query.Words {
			odd := func(r rune) bool {
				return r != ' ' && !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
			}
			if strings.TrimSpace(term) == "" || strings.ContainsFunc(term, odd) || strings.Join(strings.Fields(term), " ") != term {
				t.Errorf("%q: the term %q", text, term)
			}
		}
	})
}
