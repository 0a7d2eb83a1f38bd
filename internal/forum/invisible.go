package forum

import (
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names stand on one line, among other people's: in them no character may turn the direction of
// what follows, or be there without being seen, but those by which scripts and emoji are written.

// invisible reports whether Unicode gives r no shape of its own.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// The joiners: emoji are put together with one, and words of many scripts written with both.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// changesAfter reports whether the invisible r changes how before looks, which stands before it.
func changesAfter(before, r rune) bool {
	plain := unicode.In(before, unicode.Latin, unicode.Greek, unicode.Cyrillic)
	switch {
	case plain, unicode.IsSpace(before), before == 0:
		return false
	case unicode.Is(unicode.Variation_Selector, r):
		return !invisible(before)
	case r == joiner, r == nonJoiner:
		return unicode.In(before, unicode.L, unicode.M, unicode.So, unicode.Sk)
	}
	return false
}

// regionFlag is the flag of a part of a country, which is written with letters that cannot be seen.
var regionFlag = regexp.MustCompile(`\x{1F3F4}[\x{E0030}-\x{E0039}\x{E0061}-\x{E007A}]{3,6}\x{E007F}`)

// misplaced yields the characters that a name may not hold, and where they are.
func misplaced(name string) iter.Seq2[int, rune] {
	return func(yield func(int, rune) bool) {
		flags := regionFlag.FindAllStringIndex(name, -1)
		var before rune
		for i, r := range name {
			inFlag := slices.ContainsFunc(flags, func(at []int) bool { return at[0] <= i && i < at[1] })
			if !inFlag && invisible(r) && !changesAfter(before, r) {
				if !yield(i, r) {
					return
				}
				continue
			}
			before = r
		}
	}
}

// canBeSeen reports whether a name has anything to show. (The empty pattern of Braille has not.)
func canBeSeen(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !invisible(r) && r != '\u2800'
	})
}

// IsBlank reports whether a text holds nothing but space and what has no shape of its own. It is
// gentler than canBeSeen: a sign that a newer Unicode has is not blank.
func IsBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !invisible(r) && r != '\u2800' })
}

// WithoutInvisible returns name without what a name may not hold: for imports, which must take
// names as they are. Nobody sees the difference.
func WithoutInvisible(name string) string {
	var kept strings.Builder
	end := 0
	for i, r := range misplaced(name) {
		kept.WriteString(name[end:i])
		end = i + utf8.RuneLen(r)
	}
	kept.WriteString(name[end:])
	return kept.String()
}
