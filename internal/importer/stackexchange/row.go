package stackexchange

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Row is one record of a file. Its getters remember the first thing that is wrong; what
// they return after that is of no use.
type Row struct {
	Line       int   // in the file, from 1
	ID         int64 // attribute Id
	Mended     bool  // bytes or characters that XML cannot hold were dropped
	attributes map[string]string
	wrong      string
}

// BadRow is a record that cannot be read. The rows after it can.
type BadRow struct {
	Line   int
	ID     string // as far as it is known
	Reason string
	Detail string
}

func (e *BadRow) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// ErrCutShort says that a file ends before its end tag.
var ErrCutShort = errors.New("the file is cut short")

// Rows reads the rows of one file. In XML a "<" begins a tag wherever it stands, so what
// lies between two of them is read by itself, and a broken row takes no other with it.
// Memory is bounded by maxRow.
type Rows struct {
	in    *bufio.Reader
	root  string  // element around the rows
	line  int     // where the next tag begins
	tag   []byte  // the present one and what follows it, up to the next
	stray *BadRow // text that followed the last row
	begun bool
	ended bool // the end tag of root was seen
}

// maxRow bounds one row. The longest that Stack Exchange stores, a text of 30,000
// characters each escaped, stays under 1 MiB.
const maxRow = 4 << 20

// NewRows reads a file whose rows stand in the element root.
func NewRows(in io.Reader, root string) *Rows {
	return &Rows{in: bufio.NewReaderSize(in, 64<<10), root: root, line: 1}
}

// Next returns the next row, *BadRow where that cannot be read, and io.EOF after the last.
// Any other error is of the file, which then cannot be read on.
func (r *Rows) Next() (*Row, error) {
	if !r.begun {
		if err := r.begin(); err != nil {
			return nil, err
		}
	}
	if stray := r.stray; stray != nil {
		r.stray = nil
		return nil, stray
	}
	for {
		line, err := r.advance()
		switch {
		case err == io.EOF && r.ended:
			return nil, io.EOF
		case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("line %d: %w: </%s> is missing", r.line, ErrCutShort, r.root)
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		switch element(r.tag) {
		case "row":
			return r.row(line)
		case "/" + r.root:
			r.ended = true
		case "/row", r.root, "?xml", "!--":
		default:
			return nil, &BadRow{Line: line, Reason: "an element that is not a row", Detail: shortened(r.tag)}
		}
	}
}

// begin passes over the byte-order mark before the first tag.
func (r *Rows) begin() error {
	r.begun = true
	if _, err := r.advance(); err != nil && err != io.EOF {
		return fmt.Errorf("line 1: %w", err)
	}
	before := bytes.TrimPrefix(bytes.TrimPrefix(r.tag, []byte("<")), []byte("\uFEFF"))
	if before = bytes.TrimSpace(before); len(before) > 0 {
		return fmt.Errorf("line 1: this is not XML in UTF-8: it begins with %q", shortened(before))
	}
	return nil
}

// advance reads up to the next "<" and returns the line where what it read began. Of a tag
// longer than maxRow only the beginning is kept.
func (r *Rows) advance() (line int, err error) {
	r.tag, line = append(r.tag[:0], '<'), r.line
	for {
		part, err := r.in.ReadSlice('<')
		r.line += bytes.Count(part, []byte("\n"))
		if len(r.tag) <= maxRow {
			r.tag = append(r.tag, part...)
		}
		switch {
		case err == nil:
			r.tag = r.tag[:len(r.tag)-1]
			return line, nil
		case err == io.EOF && len(r.tag) > 1:
			return line, nil
		case err != bufio.ErrBufferFull:
			return line, err
		}
	}
}

// element returns the name of a tag, with its slash where it is an end tag.
func element(tag []byte) string {
	tag = tag[1:min(len(tag), 64)]
	if bytes.HasPrefix(tag, []byte("!--")) {
		return "!--"
	}
	if end := bytes.IndexAny(tag, " \t\r\n>"); end >= 0 {
		tag = tag[:end]
	}
	return strings.TrimSuffix(string(tag), "/")
}

func (r *Rows) row(line int) (*Row, error) {
	if len(r.tag) >= maxRow {
		return nil, &BadRow{Line: line, ID: someID(r.tag), Reason: "the row is too long", Detail: fmt.Sprintf("%d bytes or more", maxRow)}
	}
	row := &Row{Line: line}
	after, err := row.parse(r.tag)
	if err != nil {
		if mended := fitForXML(r.tag); len(mended) != len(r.tag) {
			row.Mended = true
			after, err = row.parse(mended)
		}
	}
	if err != nil {
		return nil, &BadRow{Line: line, ID: someID(r.tag), Reason: "the row is not well-formed XML", Detail: err.Error()}
	}
	if after = bytes.TrimSpace(after); len(after) > 0 {
		r.stray = &BadRow{Line: line, Reason: "text that is in no row", Detail: shortened(after)}
	}
	if row.ID = row.Int("Id"); row.wrong != "" {
		return nil, row.Bad()
	}
	return row, nil
}

// parse reads a start tag and returns what follows it.
func (r *Row) parse(tag []byte) (after []byte, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(tag))
	token, err := decoder.RawToken()
	if syntax := (*xml.SyntaxError)(nil); errors.As(err, &syntax) {
		return nil, errors.New(syntax.Msg) // without its line, which is not the file's
	}
	if err != nil {
		return nil, err
	}
	start, _ := token.(xml.StartElement)
	r.attributes = make(map[string]string, len(start.Attr))
	for _, a := range start.Attr {
		if _, twice := r.attributes[a.Name.Local]; twice {
			return nil, fmt.Errorf("attribute %s stands there twice", a.Name.Local)
		}
		r.attributes[a.Name.Local] = a.Value
	}
	return tag[decoder.InputOffset():], nil
}

// fitForXML drops what XML does not allow in any spelling: bytes that are not UTF-8 and
// most control characters. Programs write them all the same.
func fitForXML(tag []byte) []byte {
	tag = characterReference.ReplaceAllFunc(bytes.ToValidUTF8(tag, nil), func(reference []byte) []byte {
		if !allowed(referenced(reference)) {
			return nil
		}
		return reference
	})
	return bytes.Map(func(r rune) rune {
		if !allowed(r) {
			return -1
		}
		return r
	}, tag)
}

var characterReference = regexp.MustCompile(`&#(x[0-9a-fA-F]+|[0-9]+);`)

// referenced returns the character of a reference like &#xA; or &#10;, -1 where there is none.
func referenced(reference []byte) rune {
	digits, base := string(reference[len("&#"):len(reference)-1]), 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	code, err := strconv.ParseInt(digits, base, 32)
	if err != nil {
		return -1
	}
	return rune(code)
}

// allowed is the production Char of XML 1.0.
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF && utf8.ValidRune(r)
}

var idAttribute = regexp.MustCompile(`\sId="([^"<]{1,20})"`)

// someID finds the id of a row that cannot be read otherwise, for the report.
func someID(tag []byte) string {
	if found := idAttribute.FindSubmatch(tag[:min(len(tag), 1000)]); found != nil {
		return string(bytes.ToValidUTF8(found[1], nil))
	}
	return ""
}

func shortened(text []byte) string {
	return string(bytes.ToValidUTF8(text[:min(len(text), 40)], []byte("?")))
}

// Bad returns what the getters found wrong, nil where all was right.
func (r *Row) Bad() *BadRow {
	if r.wrong == "" {
		return nil
	}
	return &BadRow{Line: r.Line, ID: r.attributes["Id"], Reason: r.wrong}
}

func (r *Row) fault(format string, args ...any) {
	if r.wrong == "" {
		r.wrong = fmt.Sprintf(format, args...)
	}
}

// Text returns an attribute, "" where it is absent.
func (r *Row) Text(name string) string { return r.attributes[name] }

// maxNumber bounds the numbers of a dump: sums of them must not overflow, and no id or
// count of Stack Exchange comes near.
const maxNumber = 1 << 40

// Int returns an attribute that must be there.
func (r *Row) Int(name string) int64 {
	text, given := r.attributes[name]
	if !given {
		r.fault("%s is missing", name)
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxNumber || n < -maxNumber {
		r.fault("%s is not a number", name)
	}
	return n
}

// OptionalInt returns an attribute, nil where it is absent.
func (r *Row) OptionalInt(name string) any {
	if _, given := r.attributes[name]; !given {
		return nil
	}
	return r.Int(name)
}

// Time returns an attribute that must be there, in microseconds UTC.
func (r *Row) Time(name string) int64 {
	text, given := r.attributes[name]
	if !given {
		r.fault("%s is missing", name)
		return 0
	}
	at, err := time.Parse("2006-01-02T15:04:05.999999999", text)
	if err != nil {
		r.fault("%s is not a date", name)
	}
	return at.UnixMicro()
}

// OptionalTime returns an attribute, nil where it is absent.
func (r *Row) OptionalTime(name string) any {
	if _, given := r.attributes[name]; !given {
		return nil
	}
	return r.Time(name)
}
