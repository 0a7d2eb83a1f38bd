package markup

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

const replacement = "\uFFFD"

// appendClean appends body as the parsers expect it: valid UTF-8, lines ended by \n, and no
// control character but \n and \t, each of the others replaced by U+FFFD.
func appendClean(dst []byte, body string) []byte {
	if !utf8.ValidString(body) {
		body = strings.ToValidUTF8(body, replacement)
	}
	start := 0
	for i := 0; i < len(body); i++ {
		if !isControl(body[i]) {
			continue
		}
		dst = append(dst, body[start:i]...)
		start = i + 1
		switch {
		case body[i] != '\r':
			dst = append(dst, replacement...)
		case i+1 == len(body) || body[i+1] != '\n':
			dst = append(dst, '\n')
		}
	}
	return append(dst, body[start:]...)
}

// isControl reports whether c is a control character HTML cannot carry as it is.
func isControl(c byte) bool { return c < ' ' && c != '\n' && c != '\t' }

// appendEscaped appends text as HTML shows it, inside an element or an attribute, in the
// very form golang.org/x/net/html writes, so that the sanitizer finds nothing to change.
func appendEscaped(dst, text []byte) []byte {
	start := 0
	for i, c := range text {
		escaped := escapes[c]
		if escaped == "" {
			continue
		}
		dst = append(dst, text[start:i]...)
		dst = append(dst, escaped...)
		start = i + 1
	}
	return append(dst, text[start:]...)
}

var escapes = func() (table [256]string) {
	for c := range table {
		if isControl(byte(c)) {
			table[c] = replacement
		}
	}
	table['&'], table['<'], table['>'] = "&amp;", "&lt;", "&gt;"
	table['"'], table['\''] = "&#34;", "&#39;"
	return table
}()

// appendUnescaped appends what text means in Markdown: without the backslashes before
// punctuation, and with the characters that entities name.
func appendUnescaped(dst, text []byte) []byte {
	start := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' && text[i] != '&' {
			continue
		}
		character, size := unescape(text[i:])
		if size == 0 {
			continue
		}
		dst = append(dst, text[start:i]...)
		dst = append(dst, character...)
		start = i + size
		i = start - 1
	}
	return append(dst, text[start:]...)
}

// unescape returns what the escape or entity at the start of text stands for, and its size;
// 0 when there is none.
func unescape(text []byte) (character string, size int) {
	switch {
	case len(text) < 2:
		return "", 0
	case text[0] == '\\' && util.IsPunct(text[1]):
		return string(text[1:2]), 2
	case text[0] == '&':
		return entity(text)
	}
	return "", 0
}

// maxEntity is the length of the longest entity: &CounterClockwiseContourIntegral;
const maxEntity = 33

func entity(text []byte) (character string, size int) {
	text = text[:min(len(text), maxEntity)]
	end := bytes.IndexByte(text, ';')
	if end < 2 {
		return "", 0
	}
	name := string(text[1:end])
	if name[0] == '#' {
		character = numbered(name[1:])
	} else if found, ok := util.LookUpHTML5EntityByName(name); ok {
		character = string(found.Characters)
	}
	if character == "" {
		return "", 0
	}
	return character, end + 1
}

// numbered returns the character of a numeric entity, given as 34 or x22; empty when it is
// not one. CommonMark allows seven decimal and six hexadecimal digits.
func numbered(digits string) string {
	base, limit := 10, 7
	if len(digits) > 0 && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base, limit = digits[1:], 16, 6
	}
	if digits == "" || len(digits) > limit || digits[0] == '+' || digits[0] == '-' {
		return ""
	}
	code, err := strconv.ParseUint(digits, base, 32)
	switch {
	case err != nil:
		return ""
	case isControl(byte(min(code, 0xff))):
		return replacement
	}
	return string(rune(code))
}
