package markup

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// The converter was written for the pages of friends. These bounds keep it from taking
// memory and time that grow faster than what it is given.
const (
	// maxImportBytes is four times the largest body: tags take room that Markdown does not.
	maxImportBytes = 256 << 10
	// maxImportNesting bounds quotes and lists within each other; each puts its prefix
	// before every line. It is what Render shows, a list counted once.
	maxImportNesting = maxNesting / 2
	// maxImportCells bounds a table, short rows filled up.
	maxImportCells = 10_000
	// maxImportClass is the longest class that is looked at for the name of a language, in bytes.
	maxImportClass = 200
	// maxListStart is the largest number a list may begin with in Markdown.
	maxListStart = 999_999_999
)

// importer turns HTML into Markdown.
type importer struct {
	reducer   *bluemonday.Policy
	converter *converter.Converter
}

func newImporter() importer {
	c := converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(),
		commonmark.NewCommonmarkPlugin(commonmark.WithListEndComment(false)),
		strikethrough.NewStrikethroughPlugin(),
		table.NewTablePlugin(
			table.WithCellPaddingBehavior(table.CellPaddingBehaviorMinimal),
			table.WithHeaderPromotion(true)),
	))
	// The converter's own look from every bracket to the end of its line takes quadratic time.
	c.Register.UnEscaper(escapeBracket, converter.PriorityEarly)
	return importer{reducer: newReducer(), converter: c}
}

func escapeBracket(chars []byte, index int) int {
	if chars[index] == '[' {
		return 1
	}
	return -1
}

// newReducer returns a policy that leaves of HTML what Markdown has words for. It makes
// the converter's work easy; safety is Render's business.
func newReducer() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "hr", "br",
		"b", "strong", "i", "em", "s", "strike", "del", "code", "tt", "kbd", "samp", "pre",
		"table", "thead", "tbody", "tfoot", "tr", "th", "td")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^[\p{L}\p{N}_+#. -]+$`)).OnElements("code", "pre")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes(linkSchemes...)
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("src", "alt", "title").OnElements("img")
	return p
}

// FromHTML returns html, as other programs show and mail posts, in Markdown. What Markdown
// has no words for is left out, its text kept. It fails on HTML that is too long or nested
// too deep to be a post's.
func (m *Markup) FromHTML(html string) (markdown string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			markdown, err = "", fmt.Errorf("markup: converting HTML panicked: %v", cause)
		}
	}()
	if len(html) > maxImportBytes {
		return "", fmt.Errorf("markup: HTML of %d bytes is too long to convert, at most %d", len(html), maxImportBytes)
	}
	return m.importer.convert(html)
}

// codeNewline is what the converter writes for itself in place of line breaks in code.
const codeNewline = "\uf002"

func (i importer) convert(source string) (string, error) {
	clean := i.reducer.SanitizeBytes(appendClean(nil, source))
	clean = bytes.ReplaceAll(appendClean(nil, string(clean)), []byte(codeNewline), []byte(replacement))
	tree, err := html.Parse(bytes.NewReader(clean))
	if err != nil {
		return "", fmt.Errorf("markup: parsing HTML: %w", err)
	}
	simplify(tree, 0)
	markdown, err := i.converter.ConvertNode(tree)
	if err != nil {
		return "", fmt.Errorf("markup: converting HTML: %w", err)
	}
	return string(markdown), nil
}

// simplify makes of the tree below n what the converter handles well: nothing nested too
// deep, no link without text, no number Markdown cannot write, no table it cannot.
func simplify(n *html.Node, nesting int) {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		simplifyElement(child, nesting)
		simplify(child, nesting+isContainer(child))
	}
}

// elementName returns the name of an element, and nothing for text that is the same word.
func elementName(n *html.Node) string {
	if n.Type != html.ElementNode {
		return ""
	}
	return n.Data
}

// isContainer is 1 for an element that counts for nesting.
func isContainer(n *html.Node) int {
	switch elementName(n) {
	case "blockquote", "ul", "ol":
		return 1
	}
	return 0
}

func simplifyElement(n *html.Node, nesting int) {
	switch elementName(n) {
	case "blockquote", "ul", "ol":
		simplifyContainer(n, nesting)
	case "a":
		if isEmpty(n) {
			n.Data = "span"
		}
	case "code", "pre":
		if len(attribute(n, "class")) > maxImportClass {
			n.Attr = nil
		}
	case "img":
		if attribute(n, "src") == "" {
			n.Type, n.Data = html.TextNode, attribute(n, "alt")
		}
	case "table":
		if isGrid(n) {
			flattenCells(n)
		} else {
			dissolve(n)
		}
	}
}

func simplifyContainer(n *html.Node, nesting int) {
	switch {
	case nesting >= maxImportNesting:
		n.Data = "div"
	case n.Data == "ol" && startOf(n) > maxListStart-childCount(n):
		n.Attr = nil
	}
}

// isGrid reports whether n can be a table in Markdown: not too large, and with nothing in
// its cells that takes more than a line.
func isGrid(n *html.Node) bool {
	rows, widest := 0, 0
	for d := range n.Descendants() {
		switch elementName(d) {
		case "tr":
			rows++
			widest = max(widest, childCount(d))
		case "table", "ul", "ol", "blockquote", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6":
			return false
		}
	}
	return rows*widest <= maxImportCells
}

// flattenCells makes one line of every cell.
func flattenCells(n *html.Node) {
	for d := range n.Descendants() {
		switch elementName(d) {
		case "br":
			d.Type, d.Data = html.TextNode, " "
		case "p", "div", "td", "th":
			d.AppendChild(&html.Node{Type: html.TextNode, Data: " "})
			if d.Data == "p" || d.Data == "div" {
				d.Data = "span"
			}
		}
	}
}

// dissolve makes a paragraph of every cell, as befits tables that lay out a page or mail.
func dissolve(n *html.Node) {
	n.Data = "div"
	for d := range n.Descendants() {
		switch elementName(d) {
		case "thead", "tbody", "tfoot", "tr", "td", "th":
			d.Data = "div"
		}
	}
}

// attribute returns the value of an attribute, empty when there is none.
func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func childCount(n *html.Node) (count int) {
	for range n.ChildNodes() {
		count++
	}
	return count
}

// startOf returns the number an ordered list begins with; the policy let only digits pass.
func startOf(list *html.Node) int {
	start, err := strconv.Atoi(attribute(list, "start"))
	if err != nil {
		return 1
	}
	return start
}

// isEmpty reports whether n shows nothing.
func isEmpty(n *html.Node) bool {
	for d := range n.Descendants() {
		if elementName(d) == "img" || d.Type == html.TextNode && strings.TrimSpace(d.Data) != "" {
			return false
		}
	}
	return true
}
