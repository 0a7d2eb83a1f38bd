package markup

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	extension "github.com/yuin/goldmark/extension/ast"
)

// Text returns what body says without its Markdown, for the search index: a line for each
// paragraph, heading, row of a table and line of code. Texts of images are part of it, addresses of links are not.
func (m *Markup) Text(body string) string {
	b := m.buffers.Get().(*buffers)
	defer m.release(b)
	b.source = appendClean(b.source[:0], body)
	b.out = appendText(b.out[:0], m.parse(b.source), b.source, false)
	return string(bytes.TrimSpace(b.out))
}

const ellipsis = '…'

// Excerpt returns the beginning of what body says, on one line of at most runes runes. What
// was cut ends at a word, where there is one in the second half, with an ellipsis.
func (m *Markup) Excerpt(body string, runes int) string {
	return shorten(strings.Join(strings.Fields(m.Text(body)), " "), runes)
}

func shorten(text string, limit int) string {
	if limit <= 0 {
		return ""
	}
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	cut := limit - 1
	for cut > 0 && joins(runes[cut-1], runes[cut]) {
		cut--
	}
	for at := cut; at > limit/2; at-- {
		if runes[at] == ' ' {
			cut = at
			break
		}
	}
	return strings.TrimRight(string(runes[:cut]), " ") + string(ellipsis)
}

// joins reports whether two runes are shown as one: a letter and its accent, an emoji and
// what colours it or is joined to it.
func joins(before, after rune) bool {
	const joiner = '\u200d'
	return before == joiner || after == joiner || unicode.Is(unicode.M, after) ||
		unicode.Is(unicode.Variation_Selector, after) || after >= '\U0001F3FB' && after <= '\U0001F3FF'
}

// appendText appends what n says. Blocks end with a line break.
func appendText(dst []byte, n ast.Node, source []byte, inCell bool) []byte {
	switch n := n.(type) {
	case *ast.Text:
		dst = appendUnescaped(dst, n.Segment.Value(source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			dst = append(dst, '\n')
		}
		return dst
	case *ast.AutoLink:
		return append(dst, n.Label(source)...)
	case *ast.CodeSpan:
		return appendCodeSpan(dst, n, source, inCell)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return appendLines(dst, n, source)
	case *extension.TableCell:
		inCell = true
	case *ast.Paragraph:
		if title, ok := foldTitle(n, source); ok {
			return append(appendUnescaped(dst, title), '\n')
		}
	}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		dst = appendText(dst, child, source, inCell)
	}
	return append(dst, textEnd(n)...)
}

// textEnd is what stands between the text of n and the next.
func textEnd(n ast.Node) string {
	switch n.Kind() {
	case ast.KindParagraph, ast.KindTextBlock, ast.KindHeading, extension.KindTableHeader, extension.KindTableRow:
		return "\n"
	case extension.KindTableCell:
		return " "
	}
	return ""
}

func appendLines(dst []byte, n ast.Node, source []byte) []byte {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		dst = append(dst, line.Value(source)...)
	}
	return dst
}

// appendCodeSpan appends the code of n on one line. In a table, \| is how it has a bar.
func appendCodeSpan(dst []byte, n *ast.CodeSpan, source []byte, inCell bool) []byte {
	start := len(dst)
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		segment := child.(*ast.Text).Segment
		dst = append(dst, segment.Value(source)...)
	}
	code := dst[start:]
	for i, c := range code {
		if c == '\n' {
			code[i] = ' '
		}
	}
	if inCell {
		code = append(code[:0], bytes.ReplaceAll(code, []byte(`\|`), []byte("|"))...)
	}
	return append(dst[:start], code...)
}
