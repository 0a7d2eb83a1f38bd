package mbox

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// split is a mail as the tests compare it.
type split struct {
	Line   int
	Offset int64
	Text   string
}

func splitAll(t testing.TB, in io.Reader) (all []split) {
	t.Helper()
	for m := newMails(in); ; {
		raw, err := m.next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, split{raw.line, raw.offset, string(raw.content)})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	const from, header = "From a@x Thu Jan  1 00:00:00 1970\n", "From: a\n"
	n := int64(len(from))
	tests := []struct {
		name, file string
		want       []split
	}{
		{"nothing", "", nil},
		{"blank lines", "\n\r\n", nil},
		{"one mail", "From: a\n\ntext\n", []split{{1, 0, "From: a\n\ntext\n"}}},
		{"one mail without an end", "From: a", []split{{1, 0, "From: a"}}},
		{"a byte-order mark", "\xef\xbb\xbf" + from + header, []split{{2, n + 3, header}}},
		{"two mails", from + header + "\nx\n\n" + from + header + "\ny\n", []split{{2, n, header + "\nx\n\n"}, {7, 2*n + 12, header + "\ny\n"}}},
		{"a mail without text", from + header + from + header, []split{{2, n, header}, {4, 2*n + 8, header}}},
		{"line ends of DOS", "From a@x Thu Jan  1 00:00:00 1970\r\nFrom: a\r\n\r\nx\r\n\r\nFrom a@x Thu Jan  1 00:00:00 1970\r\nFrom: b\r\n",
			[]split{{2, n + 1, "From: a\r\n\r\nx\r\n\r\n"}, {7, 2*n + 18, "From: b\r\n"}}},
		{"From within a text", from + header + "\nFrom now on\nFrom here to Mon Jan 1\n", []split{{2, n, header + "\nFrom now on\nFrom here to Mon Jan 1\n"}}},
		{"a separator that no header follows", from + header + "\n" + from + "no header\n", []split{{2, n, header + "\n" + from + "no header\n"}}},
		{"a separator at the end", from + header + "\n" + from, []split{{2, n, header + "\n" + from}}},
		{"From escaped", from + header + "\n>From me\n>>From you\n> From\n>Fromage\n", []split{{2, n, header + "\nFrom me\n>From you\n> From\n>Fromage\n"}}},
		{"a mail outside an mbox is as it is", header + "\n>From me\n" + from + header, []split{{1, 0, header + "\n>From me\n" + from + header}}},
		{"pipermail", "From ann at x.org  Mon May  6 10:11:12 2019\nFrom: ann at x.org (Ann)\n\nx\n\nFrom bob at y.org  Tue May  7 10:11:12 2019\nFrom: b\n",
			[]split{{2, 44, "From: ann at x.org (Ann)\n\nx\n\n"}, {7, 117, "From: b\n"}}},
		{"Thunderbird", "From - Thu Jan 01 00:00:00 1970\nX-Mozilla-Status: 0001\n\nx\n", []split{{2, 32, "X-Mozilla-Status: 0001\n\nx\n"}}},
		{"git", "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: a\n", []split{{2, 71, "From: a\n"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, splitAll(t, strings.NewReader(tt.file))); diff != "" {
				t.Errorf("mails (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, splitAll(t, iotest.OneByteReader(strings.NewReader(tt.file)))); diff != "" {
				t.Errorf("mails read byte by byte (-want +got):\n%s", diff)
			}
		})
	}
}

// A line longer than any buffer is one line all the same.
func TestSplitLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000) + ">From no new mail"
	const from = "From a@x Thu Jan  1 00:00:00 1970\n"
	got := splitAll(t, strings.NewReader(from+"From: a\n\n"+long+"\n"+from+"From: b\n"))
	want := []split{{2, int64(len(from)), "From: a\n\n" + long + "\n"}, {6, int64(2*len(from) + 10 + len(long)), "From: b\n"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
}

func TestSplitFails(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "From a@x Thu Jan  1 00:00:00 1970\nFrom: a\n"} {
		m := newMails(io.MultiReader(strings.NewReader(before), iotest.ErrReader(io.ErrUnexpectedEOF)))
		if _, err := m.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("after %q: %v, want the error of reading", before, err)
		}
	}
}
