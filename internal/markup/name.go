package markup

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form by which names and tags are compared: two that a reader takes for
// the same are the same. It is Unicode's NFKC_Casefold (compatible forms, no case, none of
// the characters that cannot be seen), trimmed, with one space between words.
// Folding what was folded changes nothing.
func (m *Markup) Fold(name string) string {
	fold := cases.Fold()
	name = storable(name)
	name = norm.NFKC.String(fold.String(norm.NFD.String(name)))
	name = norm.NFKC.String(fold.String(strings.Map(visible, name)))
	return strings.Join(strings.Fields(name), " ")
}

// storable makes of a name text that a database can hold, or compare with what it holds.
func storable(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(name, replacement), "\x00", "")
}

// visible drops a rune that Unicode says is not to be shown.
func visible(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return -1
	}
	return r
}

// Tag returns the one way in which a tag is written: compatible forms, small letters, none of the
// characters that cannot be seen, one space between words. Unlike Fold's its result is meant to be
// read: "straße" stays what it is. Of what it returned it returns the same.
func (m *Markup) Tag(name string) string {
	name = strings.Map(visible, norm.NFKC.String(storable(name)))
	return strings.Join(strings.Fields(norm.NFKC.String(cases.Lower(language.Und).String(name))), " ")
}
