package stackexchange

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// readRows returns what a file holds: "line: id text" for a row, "line: id! reason" for a bad one.
func readRows(in io.Reader) (found []string, err error) {
	for rows := NewRows(in, "posts"); ; {
		row, err := rows.Next()
		var bad *BadRow
		switch {
		case err == io.EOF:
			return found, nil
		case errors.As(err, &bad):
			found = append(found, fmt.Sprintf("%d: %s! %s", bad.Line, bad.ID, bad.Reason))
		case err != nil:
			return found, err
		default:
			found = append(found, fmt.Sprintf("%d: %d %s", row.Line, row.ID, row.Text("Text")))
		}
	}
}

const begin, end = "\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<posts>\n", "</posts>"

func TestRows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       []string
	}{
		{"none", "", nil},
		{"one on a line", "  <row Id=\"1\" Text=\"a\" />\n  <row Id=\"2\" Text=\"b\" />\n", []string{"3: 1 a", "4: 2 b"}},
		{"two on a line", `<row Id="1" Text="a"/><row Id="2" Text="b"/>`, []string{"3: 1 a", "3: 2 b"}},
		{"over several lines", "<row\n Id=\"1\"\n Text=\"a\"\n/>\n<row Id=\"2\"/>", []string{"3: 1 a", "7: 2 "}},
		{"with an end tag", `<row Id="1" Text="a"></row>`, []string{"3: 1 a"}},
		{"escapes", `<row Id="1" Text="&lt;p&gt;&amp;amp;&quot;&#xA;&#13;é&#x1F600;>" />`, []string{"3: 1 <p>&amp;\"\n\ré😀>"}},
		{"no id", `<row Text="a"/>`, []string{"3: ! Id is missing"}},
		{"an id that is none", `<row Id="x1"/>`, []string{"3: x1! Id is not a number"}},
		{"an id beyond all", `<row Id="99999999999999999999"/>`, []string{"3: 99999999999999999999! Id is not a number"}},
		{"a quote that is not closed", "<row Id=\"1\" Text=\"a />\n<row Id=\"2\" Text=\"b\"/>", []string{"3: 1! the row is not well-formed XML", "4: 2 b"}},
		{"no end", "<row Id=\"1\" Text=\"a\"\n<row Id=\"2\"/>", []string{"3: 1! the row is not well-formed XML", "4: 2 "}},
		{"an attribute twice", `<row Id="1" Id="2"/>`, []string{"3: 1! the row is not well-formed XML"}},
		{"an attribute without quotes", `<row Id=1/>`, []string{"3: ! the row is not well-formed XML"}},
		{"an entity of its own", `<row Id="1" Text="&lol;"/>`, []string{"3: 1! the row is not well-formed XML"}},
		{"a row that lost its beginning", "<row Id=\"1\"/> Id=\"2\" />\n<row Id=\"3\"/>", []string{"3: 1 ", "3: ! text that is in no row", "4: 3 "}},
		{"another element", "<line Id=\"1\"/>\n<row Id=\"2\"/>", []string{"3: ! an element that is not a row", "4: 2 "}},
		{"control characters", "<row Id=\"1\" Text=\"a\x01b&#x1f;c&#8;d&#0;e&#x10FFFFF;f\"/>", []string{"3: 1 abcdef"}},
		{"bytes that are no UTF-8", "<row Id=\"1\" Text=\"a\xff\xfeb\"/>", []string{"3: 1 ab"}},
		{"an XML comment", "<!-- one\nand two --><row Id=\"1\"/>", []string{"4: 1 "}},
		{"too long", "<row Id=\"1\" Text=\"" + strings.Repeat("a", maxRow) + "\"/>\n<row Id=\"2\"/>", []string{"3: 1! the row is too long", "4: 2 "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := readRows(strings.NewReader(begin + tt.body + end))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRowsOfADamagedFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   io.Reader
		want string
		rows int
	}{
		{"empty", strings.NewReader(""), "line 1: the file is cut short", 0},
		{"cut between rows", strings.NewReader(begin + "<row Id=\"1\"/>\n"), "line 4: the file is cut short", 1},
		{"cut in a row", strings.NewReader(begin + "<row Id=\"1\"/>\n<row Id=\"2"), "line 4: the file is cut short", 2},
		{"cut in its archive", io.MultiReader(strings.NewReader(begin+"<row Id=\"1\"/>\n<ro"), iotest.ErrReader(io.ErrUnexpectedEOF)), "line 4: the file is cut short", 1},
		{"a disk error", io.MultiReader(strings.NewReader(begin+"<row Id=\"1\"/>\n"), iotest.ErrReader(errors.New("I/O error"))), "line 3: I/O error", 0},
		{"no XML", strings.NewReader("%PDF-1.4"), "line 1: this is not XML", 0},
		{"UTF-16", strings.NewReader("\xff\xfe<\x00?\x00"), "line 1: this is not XML", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, err := readRows(tt.in)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || len(rows) != tt.rows {
				t.Errorf("%d rows (%q), error %v, want %d rows and %q", len(rows), rows, err, tt.rows, tt.want)
			}
		})
	}
}

func TestRowGetters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		attributes string
		want       string // what is wrong; "" nothing
	}{
		{`PostId="5" CreationDate="2010-08-25T19:26:49.550"`, ""},
		{`PostId="-1" CreationDate="2010-08-25T19:26:49" ViewCount="7" ClosedDate="2010-08-25T19:26:49.1234567"`, ""},
		{`CreationDate="2010-08-25T19:26:49"`, "PostId is missing"},
		{`PostId="" CreationDate="2010-08-25T19:26:49"`, "PostId is not a number"},
		{`PostId="1e3" CreationDate="2010-08-25T19:26:49"`, "PostId is not a number"},
		{`PostId="1"`, "CreationDate is missing"},
		{`PostId="1" CreationDate="yesterday"`, "CreationDate is not a date"},
		{`PostId="1" CreationDate="2010-02-30T00:00:00"`, "CreationDate is not a date"},
		{`PostId="1" CreationDate="2010-08-25T19:26:49" ViewCount="many"`, "ViewCount is not a number"},
		{`PostId="1" CreationDate="2010-08-25T19:26:49" ClosedDate="no"`, "ClosedDate is not a date"},
		{`PostId="x" CreationDate="y"`, "PostId is not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.attributes, func(t *testing.T) {
			t.Parallel()
			row, err := NewRows(strings.NewReader(begin+`<row Id="1" `+tt.attributes+`/>`+end), "posts").Next()
			if err != nil {
				t.Fatal(err)
			}
			row.Int("PostId")
			row.Time("CreationDate")
			row.OptionalInt("ViewCount")
			row.OptionalTime("ClosedDate")
			if got := row.wrong; got != tt.want {
				t.Errorf("wrong = %q, want %q", got, tt.want)
			}
		})
	}
}

// Whatever a file holds: no panic, no endless loop, no row without a word, all text sound.
func FuzzRows(f *testing.F) {
	f.Add(begin + `<row Id="1" Text="a &lt; b &#xA;" CreationDate="2010-08-25T19:26:49.550" />` + "\n" + end)
	f.Add(begin + "<row Id=\"1\" Text=\"a\x00\xff&#1;\"/> lost <row/><row Id=\"2\"\n<!-- <row -->" + end)
	f.Add("<posts/><row Id='3'></row></posts>")
	f.Fuzz(func(t *testing.T, file string) {
		seen, line := 0, 0
		for rows := NewRows(strings.NewReader(file), "posts"); ; seen++ {
			row, err := rows.Next()
			var bad *BadRow
			switch {
			case err == nil:
				checkRow(t, row)
				line = ordered(t, line, row.Line)
			case errors.As(err, &bad):
				line = ordered(t, line, bad.Line)
			case err == io.EOF && seen < strings.Count(file, "<row "):
				t.Fatalf("%d rows and faults of %d rows", seen, strings.Count(file, "<row "))
			default:
				return
			}
			if seen > len(file) {
				t.Fatal("more rows than bytes")
			}
		}
	})
}

func ordered(t *testing.T, before, line int) int {
	t.Helper()
	if line < before || line < 1 {
		t.Fatalf("line %d after line %d", line, before)
	}
	return line
}

func checkRow(t *testing.T, row *Row) {
	t.Helper()
	for _, of := range files {
		if of.values != nil {
			of.values(row)
		}
	}
	for name, value := range row.attributes {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			t.Fatalf("attribute %q = %q", name, value)
		}
	}
	tagList(row.Text("Tags"))
}
