package markup

import (
	"bytes"
	"math/bits"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extension "github.com/yuin/goldmark/extension/ast"
)

// htmlWriter writes a tree as HTML. What a person typed passes escaped or unescaped, and
// address or isLanguageName where it stands in an attribute; all else are constants.
type htmlWriter struct {
	out        []byte
	source     []byte // the tree points into it
	scratch    []byte // text on its way to out
	links      int    // links and images written
	references int    // bytes they repeat from definitions
	nesting    int    // of inline elements
	spans      int    // of coloured code that may still be written
	outline    outline
	inCell     bool
	inLink     bool
}

func (w *htmlWriter) tag(tag string) { w.out = append(w.out, tag...) }

func (w *htmlWriter) attribute(name string, value []byte) {
	w.tag(" " + name + `="`)
	w.out = appendEscaped(w.out, value)
	w.tag(`"`)
}

func (w *htmlWriter) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n)
	}
}

func (w *htmlWriter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.tag("<p>")
		w.leaf(n)
		w.tag("</p>\n")
	case *ast.TextBlock:
		w.leaf(n)
		if n.NextSibling() != nil && n.HasChildren() {
			w.tag("\n")
		}
	case *ast.Heading:
		w.heading(n)
	case *ast.ThematicBreak:
		w.tag("<hr>\n")
	case *ast.Blockquote:
		w.quote(n)
	case *ast.List:
		w.list(n)
	case *ast.ListItem:
		w.item(n)
	case *ast.CodeBlock:
		w.code(n, nil)
	case *ast.FencedCodeBlock:
		w.code(n, n.Language(w.source))
	case *extension.Table:
		w.table(n)
	}
}

// maxHeading is the lowest rank HTML has. The page has the h1 and its parts the h2.
const maxHeading, pageHeadings = 6, 2

// outline is where a heading may come in: below those whose levels are open.
type outline struct {
	above int  // headings that the quote stands below
	open  uint // a bit for each level
}

// add opens a level and returns the rank of its heading: one below the nearest heading of a graver
// level, whatever levels a person left out, so that who jumps from heading to heading misses none.
func (o *outline) add(level int) (rank int) {
	o.open = o.open&(1<<level-1) | 1<<level
	return min(pageHeadings+o.depth(), maxHeading)
}

func (o *outline) depth() int { return o.above + bits.OnesCount(o.open) }

func (w *htmlWriter) heading(n *ast.Heading) {
	rank := string(rune('0' + w.outline.add(n.Level)))
	w.tag("<h" + rank + ">")
	w.inlines(n)
	w.tag("</h" + rank + ">\n")
}

func (w *htmlWriter) list(n *ast.List) {
	switch {
	case !n.IsOrdered():
		w.tag("<ul>\n")
		w.blocks(n)
		w.tag("</ul>\n")
		return
	case n.Start == 1:
		w.tag("<ol>\n")
	default:
		w.tag(`<ol start="` + strconv.Itoa(n.Start) + "\">\n")
	}
	w.blocks(n)
	w.tag("</ol>\n")
}

func (w *htmlWriter) item(n *ast.ListItem) {
	w.tag("<li>")
	if first := n.FirstChild(); first != nil && first.Kind() != ast.KindTextBlock {
		w.tag("\n")
	}
	w.blocks(n)
	w.tag("</li>\n")
}

// leaf writes the text of a paragraph. That of a task labels its box, for those who hear the page.
func (w *htmlWriter) leaf(n ast.Node) {
	if first := n.FirstChild(); first == nil || first.Kind() != extension.KindTaskCheckBox {
		w.inlines(n)
		return
	}
	w.tag("<label>")
	w.inlines(n)
	w.tag("</label>")
}

// code writes a block of code. It can be reached by keyboard, so that long lines can be scrolled.
func (w *htmlWriter) code(n ast.Node, language []byte) {
	w.scratch = appendUnescaped(w.scratch[:0], language)
	w.tag(`<pre tabindex="0"><code`)
	if isLanguageName(w.scratch) {
		w.attribute("class", append([]byte("language-"), w.scratch...))
	}
	w.tag(">")
	known := strings.ToLower(string(w.scratch))
	w.scratch = w.scratch[:0]
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		w.scratch = append(w.scratch, line.Value(w.source)...)
	}
	w.out, w.spans = appendHighlighted(w.out, w.scratch, known, w.spans)
	w.tag("</code></pre>\n")
}

// table writes a table inside a box that can be scrolled where the screen is narrow.
func (w *htmlWriter) table(n *extension.Table) {
	w.inCell = true
	w.tag("<div tabindex=\"0\"><table>\n")
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		if row.Kind() == extension.KindTableHeader {
			w.tag("<thead>\n")
			w.row(row, "th")
			w.tag("</thead>\n")
			continue
		}
		if row.PreviousSibling().Kind() == extension.KindTableHeader {
			w.tag("<tbody>\n")
		}
		w.row(row, "td")
	}
	if n.ChildCount() > 1 {
		w.tag("</tbody>\n")
	}
	w.tag("</table></div>\n")
	w.inCell = false
}

func (w *htmlWriter) row(row ast.Node, element string) {
	w.tag("<tr>\n")
	for n := row.FirstChild(); n != nil; n = n.NextSibling() {
		w.tag("<" + element + alignment(n.(*extension.TableCell).Alignment) + ">")
		w.inlines(n)
		w.tag("</" + element + ">\n")
	}
	w.tag("</tr>\n")
}

func alignment(a extension.Alignment) string {
	switch a {
	case extension.AlignLeft:
		return ` data-align="left"`
	case extension.AlignCenter:
		return ` data-align="center"`
	case extension.AlignRight:
		return ` data-align="right"`
	}
	return ""
}

func (w *htmlWriter) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.inline(n)
	}
}

func (w *htmlWriter) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(n)
	case *ast.CodeSpan:
		w.tag("<code>")
		w.scratch = appendCodeSpan(w.scratch[:0], n, w.source, w.inCell)
		w.out = appendEscaped(w.out, w.scratch)
		w.tag("</code>")
	case *ast.Emphasis:
		if n.Level == 2 {
			w.element("<strong>", n, "</strong>")
			return
		}
		w.element("<em>", n, "</em>")
	case *extension.Strikethrough:
		w.element("<del>", n, "</del>")
	case *ast.Link:
		w.link(n)
	case *ast.AutoLink:
		w.autoLink(n)
	case *ast.Image:
		w.image(n)
	case *extension.TaskCheckBox:
		w.checkBox(n)
	}
}

// element writes the children of n between the tags, which are left out where elements
// are nested too deep.
func (w *htmlWriter) element(open string, n ast.Node, end string) {
	if w.nesting++; w.nesting <= maxInlineNesting {
		w.tag(open)
		defer w.tag(end)
	}
	w.inlines(n)
	w.nesting--
}

// text writes text. Spaces at the end of a line are none of it; goldmark leaves some.
func (w *htmlWriter) text(n *ast.Text) {
	w.scratch = appendUnescaped(w.scratch[:0], n.Segment.Value(w.source))
	w.out = appendEscaped(w.out, w.scratch)
	if n.HardLineBreak() || n.SoftLineBreak() {
		w.out = bytes.TrimRight(w.out, " ")
	}
	switch {
	case n.HardLineBreak():
		w.tag("<br>\n")
	case n.SoftLineBreak():
		w.tag("\n")
	}
}

// link writes a link, or its text where the address is none that a page may lead to. Such
// an address is shown, so that magnet:, irc: and the like can be copied.
func (w *htmlWriter) link(n *ast.Link) {
	if !w.affords(n.Reference, n.Destination, n.Title) {
		w.inlines(n)
		return
	}
	w.scratch = appendUnescaped(w.scratch[:0], n.Destination)
	href, ok := address(w.scratch, linkSchemes)
	if !ok {
		w.inlines(n)
		w.unlinked(n.Destination)
		return
	}
	w.anchor(href, n.Title)
	w.inLink = true
	w.inlines(n)
	w.inLink = false
	w.tag("</a>")
}

func (w *htmlWriter) unlinked(destination []byte) {
	if len(destination) == 0 {
		return
	}
	w.tag(" (")
	w.scratch = appendUnescaped(w.scratch[:0], destination)
	w.out = appendEscaped(w.out, w.scratch)
	w.tag(")")
}

func (w *htmlWriter) anchor(href string, title []byte) {
	w.tag("<a")
	w.attribute("href", []byte(href))
	w.tag(` rel="` + linkRel + `"`)
	w.title(title)
	w.tag(">")
}

func (w *htmlWriter) title(title []byte) {
	if len(title) > 0 {
		w.scratch = appendUnescaped(w.scratch[:0], title)
		w.attribute("title", w.scratch)
	}
}

// autoLink writes a link that is its own text. Inside another it is only text.
func (w *htmlWriter) autoLink(n *ast.AutoLink) {
	destination, label := n.URL(w.source), n.Label(w.source)
	if n.AutoLinkType == ast.AutoLinkEmail && !bytes.HasPrefix(destination, []byte("mailto:")) {
		destination = append([]byte("mailto:"), destination...)
	}
	href, ok := address(destination, linkSchemes)
	if !ok || w.inLink || !w.affords(nil, nil, nil) {
		w.out = appendEscaped(w.out, label)
		return
	}
	w.anchor(href, nil)
	w.out = appendEscaped(w.out, label)
	w.tag("</a>")
}

// image writes an image, or the text that stands for it where it may not be shown: a link to it, where
// a page may lead there.
func (w *htmlWriter) image(n *ast.Image) {
	w.scratch = appendUnescaped(w.scratch[:0], n.Destination)
	src, ok := address(w.scratch, imageSchemes)
	href, leads := address(w.scratch, pictureLinks)
	w.scratch = appendText(w.scratch[:0], n, w.source, w.inCell)
	if !ok && !leads || !w.affords(n.Reference, n.Destination, n.Title) {
		w.out = appendEscaped(w.out, w.scratch)
		return
	}
	if !ok {
		w.linkToImage(href, n.Title)
		return
	}
	w.tag("<img")
	w.attribute("src", []byte(src))
	w.attribute("alt", w.scratch)
	w.title(n.Title)
	w.tag(` loading="lazy">`)
}

// linkToImage writes a link to an image with the words that stand for it, or its address where there are
// none. Inside another link they are only text.
func (w *htmlWriter) linkToImage(href string, title []byte) {
	words := bytes.Clone(w.scratch)
	if len(bytes.TrimSpace(words)) == 0 {
		words = []byte(href)
	}
	if w.inLink {
		w.out = appendEscaped(w.out, words)
		return
	}
	w.anchor(href, title)
	w.out = appendEscaped(w.out, words)
	w.tag("</a>")
}

// affords counts a link, and what it repeats from a definition, and reports whether the
// body may still have it.
func (w *htmlWriter) affords(reference *ast.ReferenceLink, destination, title []byte) bool {
	w.links++
	if reference != nil {
		w.references += len(destination) + len(title)
	}
	return w.links <= maxLinks && w.references <= maxReferenceBytes
}

func (w *htmlWriter) checkBox(n *extension.TaskCheckBox) {
	if n.IsChecked {
		w.tag(`<input type="checkbox" disabled="" checked=""> `)
		return
	}
	w.tag(`<input type="checkbox" disabled=""> `)
}
