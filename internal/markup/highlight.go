package markup

import (
	"bytes"
	"unicode/utf8"
)

// Code is coloured in one pass that never looks back: comments, strings, numbers and words, by a
// small table for each language. It is coarser than a grammar, and unlike one made of regular
// expressions nobody can make it slow. What is of no known language stays as it is.

// The classes of the spans around parts of code. The stylesheet gives them colours.
const (
	plain    = 0
	keyword  = 'k'
	quoted   = 's'
	number   = 'n'
	named    = 'f' // functions, tags, keys
	typed    = 't' // types, attributes, variables
	remark   = 'c'
	inserted = 'i'
	deleted  = 'd'
)

// grammar is what is told apart in a language.
type grammar struct {
	lineRemarks  []string
	blockRemarks [][2]string
	quotes       []quote
	words        map[string]byte  // the class of a word
	sigil        byte             // begins a variable, 0 where none does
	folded       bool             // words are the same in capitals
	keys         bool             // a word before ':' or '=' is a key
	calls        bool             // a word before '(' is a function
	scan         func(p *painter) // in place of all that
}

// quote is a way to write strings.
type quote struct {
	mark  string
	bare  bool // a backslash is one like any other sign
	lines bool // the string may go over several
}

// painter writes code with its parts in spans.
type painter struct {
	grammar *grammar
	code    []byte
	out     []byte
	spans   int // that may still be written
}

// appendHighlighted appends code, escaped, with its parts in spans where language is a known one. It
// returns how many of the spans are left.
func appendHighlighted(out, code []byte, language string, spans int) ([]byte, int) {
	known := grammars[language]
	if known == nil {
		return appendEscaped(out, code), spans
	}
	p := painter{grammar: known, code: code, out: out, spans: spans}
	if known.scan != nil {
		known.scan(&p)
	} else {
		p.scan()
	}
	return p.out, p.spans
}

// paint writes the next n bytes of the code as of a class.
func (p *painter) paint(class byte, n int) {
	part := p.code[:n]
	p.code = p.code[n:]
	if class == plain || p.spans == 0 || n == 0 {
		p.out = appendEscaped(p.out, part)
		return
	}
	p.spans--
	p.out = append(p.out, `<span class="`...)
	p.out = append(p.out, class)
	p.out = append(p.out, `">`...)
	p.out = appendEscaped(p.out, part)
	p.out = append(p.out, "</span>"...)
}

func (p *painter) scan() {
	for len(p.code) > 0 {
		switch c := p.code[0]; {
		case isWord(c):
			p.word()
		case p.remark(), p.string():
		case p.grammar.sigil != 0 && c == p.grammar.sigil && len(p.code) > 1 && isWord(p.code[1]):
			p.paint(typed, 1+wordEnd(p.code[1:]))
		default:
			p.paint(plain, p.signs())
		}
	}
}

// signs is how many of the next bytes are certainly none of what begins anything else.
func (p *painter) signs() int {
	n := 1
	for n < len(p.code) && (p.code[n] == ' ' || p.code[n] == '\t' || p.code[n] == '\n') {
		n++
	}
	return n
}

func (p *painter) word() {
	n := wordEnd(p.code)
	word := p.code[:n]
	if '0' <= word[0] && word[0] <= '9' {
		p.paint(number, n)
		return
	}
	if p.grammar.folded {
		word = bytes.ToLower(word)
	}
	class := p.grammar.words[string(word)]
	if class == plain {
		class = p.classBefore(n)
	}
	p.paint(class, n)
}

// classBefore is the class of a word of n bytes by the sign after it.
func (p *painter) classBefore(n int) byte {
	rest := bytes.TrimLeft(p.code[n:min(len(p.code), n+8)], " \t")
	switch {
	case len(rest) == 0:
	case p.grammar.calls && rest[0] == '(':
		return named
	case p.grammar.keys && (rest[0] == ':' || rest[0] == '='):
		return named
	}
	return plain
}

func (p *painter) remark() bool {
	for _, start := range p.grammar.lineRemarks {
		if bytes.HasPrefix(p.code, []byte(start)) {
			p.paint(remark, lineEnd(p.code))
			return true
		}
	}
	for _, marks := range p.grammar.blockRemarks {
		if bytes.HasPrefix(p.code, []byte(marks[0])) {
			p.paint(remark, through(p.code, len(marks[0]), marks[1]))
			return true
		}
	}
	return false
}

func (p *painter) string() bool {
	for _, q := range p.grammar.quotes {
		if bytes.HasPrefix(p.code, []byte(q.mark)) {
			p.paint(quoted, q.end(p.code))
			return true
		}
	}
	return false
}

// end is where the string ends that code begins with.
func (q quote) end(code []byte) int {
	for i := len(q.mark); i < len(code); i++ {
		switch {
		case code[i] == '\n' && !q.lines:
			return i
		case code[i] == '\\' && !q.bare:
			i++
		case bytes.HasPrefix(code[i:], []byte(q.mark)):
			return i + len(q.mark)
		}
	}
	return len(code)
}

// isWord reports whether c is part of a word; what is not ASCII is.
func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}

// wordEnd is where the word ends that code begins with. Numbers have points in them.
func wordEnd(code []byte) int {
	digit := '0' <= code[0] && code[0] <= '9'
	n := 1
	for n < len(code) && (isWord(code[n]) || digit && code[n] == '.' && n+1 < len(code) && isWord(code[n+1])) {
		n++
	}
	return n
}

// lineEnd is where the line ends that code begins with, without the break.
func lineEnd(code []byte) int {
	if end := bytes.IndexByte(code, '\n'); end >= 0 {
		return end
	}
	return len(code)
}

// through is where the first end after the beginning is over, or the code.
func through(code []byte, from int, end string) int {
	if at := bytes.Index(code[from:], []byte(end)); at >= 0 {
		return from + at + len(end)
	}
	return len(code)
}

// scanTags colours HTML and XML.
func scanTags(p *painter) {
	for len(p.code) > 0 {
		switch {
		case bytes.HasPrefix(p.code, []byte("<!--")):
			p.paint(remark, through(p.code, 4, "-->"))
		case p.code[0] == '<' && len(p.code) > 1:
			p.tag()
		default:
			n := bytes.IndexByte(p.code[1:], '<') + 1
			if n == 0 {
				n = len(p.code)
			}
			p.paint(plain, n)
		}
	}
}

// tag colours one tag, with its attributes.
func (p *painter) tag() {
	n := 1
	for n < len(p.code) && (p.code[n] == '/' || p.code[n] == '!' || p.code[n] == '?') {
		n++
	}
	for n < len(p.code) && (isWord(p.code[n]) || p.code[n] == '-' || p.code[n] == ':') {
		n++
	}
	p.paint(named, n)
	for len(p.code) > 0 {
		switch c := p.code[0]; {
		case c == '>':
			p.paint(named, 1)
			return
		case c == '<':
			return
		case c == '"', c == '\'':
			p.paint(quoted, through(p.code, 1, string(c)))
		case isWord(c):
			p.paint(typed, wordEnd(p.code))
		default:
			p.paint(plain, 1)
		}
	}
}

// scanDiff colours a difference, line by line.
func scanDiff(p *painter) {
	for len(p.code) > 0 {
		n := lineEnd(p.code)
		class := byte(plain)
		if n > 0 {
			switch p.code[0] {
			case '+':
				class = inserted
			case '-':
				class = deleted
			case '@':
				class = named
			}
		}
		p.paint(class, n)
		if len(p.code) > 0 {
			p.paint(plain, 1)
		}
	}
}
