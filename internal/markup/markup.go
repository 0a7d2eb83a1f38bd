// Package markup turns what people write into what others read: Markdown into
// safe HTML, into plain text and into excerpts; names and titles into the forms
// they are compared and addressed by; other programs' HTML into Markdown.
//
// Goldmark parses, the package writes the HTML itself, so that it holds exactly
// the elements and attributes of html.go, and bluemonday checks it once more
// against the one policy of policy.go. Nothing here can be made to take more
// than time linear in the size of a body: limit.go says what is refused for that.
package markup

import (
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// HTMLVersion is stored beside rendered HTML. It is raised whenever Render gives
// other HTML for the same body, so that what was stored can be rendered again.
const HTMLVersion = 5

// Version returns HTMLVersion.
func (m *Markup) Version() int64 { return HTMLVersion }

// Markup renders. It holds no state between calls and is safe for concurrent use.
type Markup struct {
	parser   parser.Parser
	policy   *bluemonday.Policy
	importer importer
	buffers  sync.Pool // of *buffers
}

// New returns a Markup.
func New() *Markup {
	return &Markup{
		parser:   newParser(),
		policy:   newPolicy(),
		importer: newImporter(),
		buffers:  sync.Pool{New: func() any { return new(buffers) }},
	}
}

// Render returns body, which is Markdown, as HTML that any page may show.
// Tags a person typed are shown as text. It never fails: what is not Markdown is text.
func (m *Markup) Render(body string) string {
	b := m.buffers.Get().(*buffers)
	defer m.release(b)
	b.source = appendClean(b.source[:0], body)
	w := htmlWriter{out: b.out[:0], source: b.source, scratch: b.scratch, spans: maxSpans}
	w.blocks(m.parse(b.source))
	b.out, b.scratch = w.out, w.scratch
	return m.sanitize(b.out)
}

// parse returns the tree of source, which must be clean. The tree points into source.
// Should goldmark panic, the source is one block of code: a bug there costs nobody a post.
func (m *Markup) parse(source []byte) (tree ast.Node) {
	defer func() {
		if recover() != nil {
			tree = verbatim(source)
		}
	}()
	return m.parser.Parse(text.NewReader(source), parser.WithContext(newContext(source)))
}

func verbatim(source []byte) ast.Node {
	code, tree := ast.NewCodeBlock(), ast.NewDocument()
	code.Lines().Append(text.NewSegment(0, len(source)))
	tree.AppendChild(tree, code)
	return tree
}

// buffers are what one call writes into and the next uses again.
type buffers struct {
	source, out, scratch []byte
}

// maxPooledBytes keeps one huge body from occupying memory for ever.
const maxPooledBytes = 512 << 10

func (m *Markup) release(b *buffers) {
	if cap(b.source)+cap(b.out)+cap(b.scratch) <= maxPooledBytes {
		m.buffers.Put(b)
	}
}
