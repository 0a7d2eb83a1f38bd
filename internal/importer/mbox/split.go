package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
)

// rawMail is one mail as it stands in a file, or its beginning where it is too long.
type rawMail struct {
	line    int   // in the file, from 1
	offset  int64 // in bytes
	size    int64 // of all of it
	content []byte
}

// maxMail bounds one mail: what mail servers accept, rounded up. One that is longer is counted and not kept.
const maxMail = 32 << 20

// mails reads the mails of one file, whether it has one or is an mbox with many. Memory is bounded by maxMail.
type mails struct {
	in     *bufio.Reader
	line   int   // of what is read next
	offset int64 // likewise
	many   bool  // it is an mbox
	begun  bool
	mail   rawMail
}

// peeked is how much of the next line is looked at to see whether a header begins there.
const peeked = 128

func newMails(in io.Reader) *mails { return &mails{in: bufio.NewReaderSize(in, 64<<10), line: 1} }

// next returns the next mail, which is good until the following call, and io.EOF after the last.
func (m *mails) next() (*rawMail, error) {
	if !m.begun {
		m.begun = true
		if err := m.begin(); err != nil {
			return nil, err
		}
	}
	m.mail = rawMail{line: m.line, offset: m.offset, content: m.mail.content[:0]}
	whole := true // what was read last is a whole line, or the end of one
	for empty := true; ; empty = false {
		part, err := m.in.ReadSlice('\n')
		starts := whole
		whole = err == nil
		switch {
		case err == io.EOF && len(part) == 0:
			if empty && m.mail.size == 0 {
				return nil, io.EOF
			}
			return &m.mail, nil
		case err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
		ends := false
		if m.many && starts && whole && isSeparator(part) {
			part = bytes.Clone(part) // looking ahead moves what the reader holds
			ends = m.headerFollows()
		}
		m.offset += int64(len(part))
		if whole {
			m.line++
		}
		if ends {
			return &m.mail, nil
		}
		m.keep(part, starts)
	}
}

// begin sees whether the file is an mbox, and reads its first separator.
func (m *mails) begin() error {
	if mark, err := m.in.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		m.skip(3)
	}
	for { // blank lines before the first mail
		if c, err := m.in.Peek(1); err != nil || c[0] != '\n' && c[0] != '\r' {
			break
		} else if c[0] == '\n' {
			m.line++
		}
		m.skip(1)
	}
	first, err := m.in.Peek(4 << 10)
	if err != nil && err != io.EOF {
		return err
	}
	end := bytes.IndexByte(first, '\n')
	if end < 0 || !bytes.HasPrefix(first, []byte("From ")) {
		return nil
	}
	m.many = true
	m.skip(end + 1)
	m.line++
	return nil
}

func (m *mails) skip(n int) {
	skipped, _ := m.in.Discard(n) // they were peeked at
	m.offset += int64(skipped)
}

// keep adds a part of a line to the mail, without the ">" that an mbox puts before "From ".
func (m *mails) keep(part []byte, starts bool) {
	m.mail.size += int64(len(part))
	if m.mail.size > maxMail {
		return
	}
	if m.many && starts && escapedFrom.Match(part) {
		part = part[1:]
	}
	m.mail.content = append(m.mail.content, part...)
}

var (
	// separator is the line before each mail, with the time of its receipt in the form of C's
	// asctime: other lines that begin with the word From are none.
	separator   = regexp.MustCompile(`^From .*(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +([A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2})\b.* \d\d:\d\d.*$|^From .* \d\d:\d\d:\d\d .*\d{4}$`)
	escapedFrom = regexp.MustCompile(`^>+From `)
	headerStart = regexp.MustCompile(`^[!-9;-~]{1,76}[ \t]*:`)
)

func isSeparator(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) && len(line) < 1000 && separator.Match(bytes.TrimRight(line, "\r\n \t"))
}

// headerFollows looks whether the next line is one of a mail's header.
func (m *mails) headerFollows() bool {
	next, _ := m.in.Peek(peeked) // what there is
	return headerStart.Match(next) || bytes.HasPrefix(next, []byte(">From ")) || bytes.HasPrefix(next, []byte("From "))
}
