package markup

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Goldmark's parsers take time that grows with the square of some inputs, and some short
// inputs ask for much output. Each such input has a bound here, far above what people
// write; what lies beyond it is shown as the text it is.
const (
	// maxNesting bounds quotes and lists within each other, counted in goldmark's blocks: a
	// list is two, with its item.
	maxNesting = 32
	// maxNestedLines bounds the nesting of long bodies further, to what their lines times
	// their nesting may be: every line, the empty too, walks all blocks that are open. Lines
	// of sixteen bytes reach it at 64 KiB.
	maxNestedLines = 4096 * maxNesting
	// maxInlineNesting bounds elements within each other inside a paragraph: browsers and
	// parsers give up on pages nested some hundreds deep.
	maxInlineNesting = 32
	// maxInlineSteps bounds the work on the paragraphs of one body, in what inlineSteps counts.
	maxInlineSteps = 8_000_000
	// maxCells bounds the cells of all tables of a body, the empty ones at the end of short
	// rows included. A body of 64 KiB has no room to write as many.
	maxCells = 32_000
	// maxDefinitions bounds the lines of a paragraph that begins with a link's definition.
	maxDefinitions = 500
	// maxLinks bounds the links and images of one body, which the sanitizer takes longest for.
	maxLinks = 2000
	// maxSpans bounds the coloured parts of one body's code: each writes some 24 bytes around
	// as little as one.
	maxSpans = 4000
	// maxReferenceBytes bounds what one body's links may repeat from definitions. The
	// reference implementation of CommonMark allows as much.
	maxReferenceBytes = 100_000
)

// spending is what one body may still ask for.
type spending struct {
	nesting int // blocks within each other
	steps   int
	cells   int
	leaf    ast.Node // the block whose text is being parsed
	plain   bool     // it is left as text
	mail    bool     // an address of mail may be in it
}

var spendingKey = parser.NewContextKey()

func newContext(source []byte) parser.Context {
	lines := bytes.Count(source, []byte{'\n'}) + 1
	pc := parser.NewContext()
	pc.Set(spendingKey, &spending{
		nesting: min(maxNesting, maxNestedLines/lines),
		steps:   maxInlineSteps,
		cells:   maxCells,
		mail:    bytes.IndexByte(source, '@') >= 0,
	})
	return pc
}

func spendingOf(pc parser.Context) *spending { return pc.Get(spendingKey).(*spending) }

// enter decides once per block whether its text may be parsed.
func (s *spending) enter(leaf ast.Node, source []byte) {
	if s.leaf == leaf {
		return
	}
	steps := inlineSteps(leaf.Lines(), source)
	s.leaf, s.plain = leaf, steps > s.steps
	if !s.plain {
		s.steps -= steps
	}
}

// inlineSteps bounds the steps goldmark takes beyond a linear number to parse lines as
// one paragraph, by what makes it look again at what it has seen:
// a run of backticks of a length that does not come again, at all that follows;
// a closing delimiter, at all delimiters before it; a closing bracket, at what it closes
// and at the lines; the address of a link, at the rest of the word, or of the line if it
// begins with '<'.
func inlineSteps(lines *text.Segments, source []byte) int {
	var c inlineCount
	for i := range lines.Len() {
		line := lines.At(i)
		c.line(source[line.Start:line.Stop])
	}
	return c.marks*stepsOfMark +
		c.tickLengths*(c.bytes+64*lines.Len()) +
		c.delimiters*c.delimiters +
		c.brackets*(2*c.marks+lines.Len()) +
		c.addresses*c.longestWord + min(c.addresses, c.angles)*c.longestLine
}

// stepsOfMark is what any mark costs, in steps: it may become two nodes.
const stepsOfMark = 200

// inlineCount counts what inlineSteps multiplies.
type inlineCount struct {
	bytes, longestLine, longestWord int

	marks       int // characters that may become nodes
	delimiters  int // runs of *, _ and ~
	brackets    int // ]
	addresses   int // ](
	angles      int // <
	tickLengths int // different lengths of runs of backticks
	seen        [4]uint64
}

const inlineMarks = "*_~]`[!<"

// inlineStops are the bytes at which inlineCount looks.
var inlineStops = func() (table [256]bool) {
	for _, c := range []byte(inlineMarks + " \t\n") {
		table[c] = true
	}
	return table
}()

func (c *inlineCount) line(line []byte) {
	c.bytes += len(line)
	c.longestLine = max(c.longestLine, len(line))
	word := 0
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case !inlineStops[b]:
		case b <= ' ':
			c.longestWord = max(c.longestWord, i-word)
			word = i + 1
		case b == '`':
			length := runLength(line[i:])
			c.ticks(length, i > 0 && line[i-1] == '\\')
			i += length - 1
		default:
			i += c.mark(line[i:]) - 1
		}
	}
	c.longestWord = max(c.longestWord, len(line)-word)
}

// mark counts the mark at the start of text, no backtick, and returns its length.
func (c *inlineCount) mark(text []byte) int {
	c.marks++
	length := 1
	switch text[0] {
	case '*', '_', '~':
		length = runLength(text)
		c.delimiters++
	case '<':
		c.angles++
	case ']':
		c.brackets++
		if len(text) > 1 && text[1] == '(' {
			c.addresses++
		}
	}
	return length
}

// ticks counts a run of backticks unless one of the same length was seen: of two, the first
// ends at the second. A run whose first backtick is escaped counts always: what is left of
// it begins a code span that runs like it do not end. So do long runs: they cannot be many.
func (c *inlineCount) ticks(length int, escaped bool) {
	c.marks++
	if !escaped && length < 64*len(c.seen) {
		word, bit := &c.seen[length/64], uint64(1)<<(length%64)
		if *word&bit != 0 {
			return
		}
		*word |= bit
	}
	if !escaped || length > 1 {
		c.tickLengths++
	}
}

// runLength is the number of bytes at the start of line that equal the first.
func runLength(line []byte) int {
	return len(line) - len(bytes.TrimLeft(line, string(line[:1])))
}

// affordable keeps an inline parser from blocks the body has no steps left for.
func affordable(inner parser.InlineParser) parser.InlineParser {
	if closer, ok := inner.(parser.CloseBlocker); ok {
		return closingParser{affordableParser{inner}, closer}
	}
	return affordableParser{inner}
}

type affordableParser struct{ parser.InlineParser }

func (p affordableParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	s := spendingOf(pc)
	s.enter(parent, block.Source())
	if s.plain {
		return nil
	}
	return p.InlineParser.Parse(parent, block, pc)
}

// addressed keeps the parser of bare addresses from words that cannot begin one. It is asked at each word.
type addressed struct{ parser.InlineParser }

func (p addressed) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	word, _ := block.PeekLine()
	switch word[0] { // what it is asked at, but for the beginning of a line
	case ' ', '*', '_', '~', '(':
		word = word[1:]
	}
	if len(word) == 0 || word[0] != 'h' && word[0] != 'w' && !spendingOf(pc).mail {
		return nil
	}
	return p.InlineParser.Parse(parent, block, pc)
}

type closingParser struct {
	affordableParser
	parser.CloseBlocker
}

// shallow keeps a block parser from opening a block inside too many others.
type shallow struct{ parser.BlockParser }

func (p shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if len(pc.OpenedBlocks()) >= spendingOf(pc).nesting {
		return nil, parser.NoChildren
	}
	return p.BlockParser.Open(parent, reader, pc)
}

// fewDefinitions leaves a paragraph with too many definitions of links as text.
type fewDefinitions struct{ parser.ParagraphTransformer }

func (t fewDefinitions) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	if node.Lines().Len() <= maxDefinitions {
		t.ParagraphTransformer.Transform(node, reader, pc)
	}
}

// smallTables leaves a table as text when the body has no cells left for it.
type smallTables struct{ parser.ParagraphTransformer }

func (t smallTables) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	s, cells := spendingOf(pc), cellsOf(node.Lines(), reader.Source())
	if cells == 0 || cells > s.cells {
		return
	}
	s.cells -= cells
	t.ParagraphTransformer.Transform(node, reader, pc)
}

// cellsOf bounds the cells lines make as a table: on every line as many as the widest that
// may divide head and body has. It is 0 when there is no such line.
func cellsOf(lines *text.Segments, source []byte) int {
	columns := 0
	for i := 1; i < lines.Len(); i++ {
		line := lines.At(i)
		if divider := source[line.Start:line.Stop]; isDivider(divider) {
			columns = max(columns, bytes.Count(divider, []byte{'|'})+1)
		}
	}
	return columns * lines.Len()
}

func isDivider(line []byte) bool {
	return len(bytes.Trim(line, "-|: \t\n")) == 0 && bytes.IndexByte(line, '-') >= 0
}
