package markup

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
)

// foldMark at the beginning of a quote folds it behind the rest of that line, as it does in
// Obsidian's dialect, where it is a callout:
//
//	> [!quote]- On Monday, Ann wrote:
//	>
//	> What follows is seen when the line is opened.
var foldMark = []byte("[!quote]-")

// quote writes a quote, behind its title if it is folded. Its headings are its own: they stand
// below the one above it, and what comes after goes on as if they were not there.
func (w *htmlWriter) quote(n *ast.Blockquote) {
	around := w.outline
	w.outline = outline{above: around.depth()}
	defer func() { w.outline = around }()
	title, folded := foldTitle(n.FirstChild(), w.source)
	if !folded {
		w.tag("<blockquote>\n")
		w.blocks(n)
		w.tag("</blockquote>\n")
		return
	}
	w.tag("<details><summary><span>")
	w.scratch = appendUnescaped(w.scratch[:0], title)
	w.out = appendEscaped(w.out, w.scratch)
	w.tag("</span></summary>\n<blockquote>\n")
	for child := n.FirstChild().NextSibling(); child != nil; child = child.NextSibling() {
		w.block(child)
	}
	w.tag("</blockquote></details>\n")
}

// foldTitle returns the title, which may be no markup, if n is the line of one and a quote follows.
func foldTitle(n ast.Node, source []byte) (title []byte, ok bool) {
	if n == nil || n.Kind() != ast.KindParagraph || n.Lines().Len() != 1 || n.NextSibling() == nil || n.PreviousSibling() != nil ||
		n.Parent().Kind() != ast.KindBlockquote {
		return nil, false
	}
	line := n.Lines().At(0)
	title, ok = bytes.CutPrefix(line.Value(source), foldMark)
	title = bytes.TrimSpace(title)
	return title, ok && len(title) > 0
}
