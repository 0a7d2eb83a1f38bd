package web

import (
	"strings"
	"time"
	"unicode"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// change is a part of a text that was kept, put in or taken out.
type change struct {
	Text    string
	In, Out bool
}

// maxDiffTime bounds the search for the shortest difference; what is found by then is a longer one.
const maxDiffTime = 100 * time.Millisecond

// changes tells earlier and later texts apart by words, as a person would.
func changes(earlier, later string) []change {
	words := vocabulary{known: map[string]rune{}}
	differ := diffmatchpatch.New()
	differ.DiffTimeout = maxDiffTime
	found := differ.DiffMainRunes(words.encode(earlier), words.encode(later), false)
	var parts []change
	for _, part := range differ.DiffCleanupSemantic(found) {
		parts = append(parts, change{words.decode(part.Text), part.Type == diffmatchpatch.DiffInsert, part.Type == diffmatchpatch.DiffDelete})
	}
	return parts
}

// vocabulary writes words as single runes, since that is what is compared.
type vocabulary struct {
	known map[string]rune
	words []string
}

func (v *vocabulary) encode(text string) []rune {
	var encoded []rune
	for text != "" {
		word := text[:wordLength(text)]
		text = text[len(word):]
		r, known := v.known[word]
		if !known {
			r = v.runeAt(len(v.words))
			v.known[word] = r
			v.words = append(v.words, word)
		}
		encoded = append(encoded, r)
	}
	return encoded
}

func (v *vocabulary) decode(encoded string) string {
	var text strings.Builder
	for _, r := range encoded {
		text.WriteString(v.words[v.indexOf(r)])
	}
	return text.String()
}

// The runes of surrogates are none that a string can hold.
const firstSurrogate, surrogates = 0xd800, 0x800

func (*vocabulary) runeAt(index int) rune {
	if index >= firstSurrogate {
		index += surrogates
	}
	return rune(index)
}

func (*vocabulary) indexOf(r rune) int {
	if r >= firstSurrogate {
		r -= surrogates
	}
	return int(r)
}

// wordLength is how long the word is that a text begins with: letters and digits, white space, or
// one other sign. In scripts without blanks each sign is a word.
func wordLength(text string) int {
	kind := -1
	for i, r := range text {
		next := kindOf(r)
		if i > 0 && (next != kind || next == signs) {
			return i
		}
		kind = next
	}
	return len(text)
}

const (
	signs = iota
	letters
	blanks
)

func kindOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
		return signs
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return letters
	case unicode.IsSpace(r):
		return blanks
	}
	return signs
}
