package importer

import (
	"strings"
	"unicode"

	"folkmoot/internal/forum"
)

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n")

// Clean makes text fit the forum's limits as far as characters go: line ends are unified,
// blank space at the ends goes (but not that before a first line, which means something in
// Markdown), and so do control characters, bytes that are not UTF-8, and a text of which nothing can
// be seen. The latter are a loss, however small: dropped says that there were any.
func Clean(text string) (clean string, dropped bool) {
	clean = lineEnds.Replace(text)
	before := len(clean)
	clean = strings.ToValidUTF8(clean, "")
	clean = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\uFEFF' {
			return -1
		}
		return r
	}, clean)
	dropped = len(clean) != before
	clean = strings.TrimRightFunc(strings.TrimLeft(clean, "\n"), unicode.IsSpace)
	if clean != "" && forum.IsBlank(clean) {
		return "", true
	}
	return clean, dropped
}

// CleanLine is Clean for a name, a text of one line: breaks become spaces, and what cannot be seen
// is left out.
func CleanLine(text string) (clean string, dropped bool) {
	clean, dropped = Clean(text)
	return strings.Join(strings.Fields(forum.WithoutInvisible(clean)), " "), dropped
}

// FirstRunes cuts text to at most limit runes, the last of which then is an ellipsis.
func FirstRunes(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}
