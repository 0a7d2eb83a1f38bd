package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxSlug bounds a slug in bytes. Browsers show a letter beyond ASCII as it is, but mail
	// programs write it as %-codes, three characters for a byte.
	maxSlug = 80
	// emptySlug stands for a title without letters and digits.
	emptySlug = "untitled"
	// digitsPrefix tells a slug of digits from the number of a post, which stands at the
	// same place of an address.
	digitsPrefix = "t-"
)

// Slug returns title as its address says it: the words, of letters and digits of any
// script, in lower case, joined by '-'. It is at most 80 bytes long, never empty and
// never all digits.
func (m *Markup) Slug(title string) string {
	words := strings.Map(slugRune, norm.NFKC.String(strings.ToValidUTF8(title, " ")))
	slug := joinWords(strings.Fields(norm.NFC.String(words)), maxSlug)
	switch {
	case slug == "":
		return emptySlug
	case strings.IndexFunc(slug, notDigit) < 0:
		return digitsPrefix + cutWord(slug, maxSlug-len(digitsPrefix))
	}
	return slug
}

func notDigit(r rune) bool { return !unicode.IsDigit(r) }

// slugRune maps a rune of a title to that of a word, to a space between words, or to
// nothing: an apostrophe and what cannot be seen part no word.
func slugRune(r rune) rune {
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return unicode.ToLower(visible(r))
	case r == '\'', r == '’', visible(r) < 0:
		return -1
	}
	return ' '
}

// joinWords joins as many words as fit limit bytes; of a first word that does not, what fits.
func joinWords(words []string, limit int) string {
	var b strings.Builder
	for _, word := range words {
		word = strings.TrimLeftFunc(word, unicode.IsMark) // a mark with no letter to stand on
		switch {
		case word == "":
			continue
		case b.Len() == 0:
			b.WriteString(cutWord(word, limit))
			continue
		case b.Len()+1+len(word) > limit:
			return b.String()
		}
		b.WriteByte('-')
		b.WriteString(word)
	}
	return b.String()
}

// cutWord returns at most limit bytes of word, a letter with all its marks or not at all.
func cutWord(word string, limit int) string {
	if len(word) <= limit {
		return word
	}
	for limit > 0 && !startsLetter(word[limit:]) {
		limit--
	}
	return word[:limit]
}

func startsLetter(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return utf8.RuneStart(text[0]) && !unicode.IsMark(r)
}
