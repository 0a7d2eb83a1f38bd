package mbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// The bounds of one mail. More than these was made to do harm.
const (
	maxParts      = 1000
	maxMultiparts = 100    // each is read through those around it
	maxDashes     = 20_000 // lines that may divide parts
	maxReferences = 200    // the nearest; software cuts the list far earlier
	maxIDBytes    = 900    // of a Message-ID: a line of a header is no longer than 998
)

// mail is what an import takes of one mail.
type mail struct {
	id          string   // Message-ID without its brackets
	references  []string // Message-IDs of those it answers, the nearest first
	at          time.Time
	from        sender
	subject     string
	list        string // List-Id, "" where it has none
	about       string // what the list says of itself there
	archived    string // Archived-At
	body        string // Markdown
	attachments []attachment
	mends       []mend
}

// attachment is a file in a mail.
type attachment struct {
	name    string
	kind    string // media type
	content []byte
}

// mend is what was changed or left out of a mail.
type mend struct{ reason, detail string }

func (m *mail) mend(reason, format string, args ...any) {
	m.mends = append(m.mends, mend{reason, fmt.Sprintf(format, args...)})
}

// badMail says why a mail cannot be imported.
type badMail struct{ reason, detail string }

func (b *badMail) Error() string { return b.reason }

// parser reads MIME as mails have it, not as they should. What it cannot read of a mail it
// leaves out and says so.
var parser = enmime.NewParser(
	enmime.SkipMalformedParts(true),
	enmime.MultipartWOBoundaryAsSinglePart(true),
	enmime.StripMediaTypeInvalidCharacters(true),
	enmime.MaxStoredPartErrors(10),
	enmime.SetReadPartErrorPolicy(func(_ *enmime.Part, err error) bool { return enmime.IsBase64CorruptInputError(err) }),
)

// parse reads a mail that was written at latest then; the error is a *badMail.
func parse(m Markup, raw []byte, latest time.Time) (read *mail, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			read, err = nil, &badMail{"it cannot be read: the reader of mails gave up", fmt.Sprint(cause)}
		}
	}()
	if bad := oversized(raw); bad != nil {
		return nil, bad
	}
	root, err := parser.ReadParts(bytes.NewReader(raw))
	if err != nil {
		return nil, &badMail{"its header cannot be read", shortened(err.Error())}
	}
	h := header(root.Header)
	if !h.isMail() {
		return nil, &badMail{"it is no mail: it has no header", shortened(string(raw))}
	}
	read = &mail{}
	if parts := read.sort(root); parts > maxParts {
		return nil, &badMail{"it has too many parts", fmt.Sprintf("%d, at most %d", parts, maxParts)}
	}
	read.takeHeader(h, raw, latest)
	read.compose(m, root)
	return read, nil
}

// oversized refuses what would take too long to read.
func oversized(raw []byte) error {
	multiparts := len(multipart.FindAllIndex(raw, maxMultiparts+1))
	if multiparts > maxMultiparts {
		return &badMail{"it has too many parts within parts", fmt.Sprintf("more than %d multiparts", maxMultiparts)}
	}
	if multiparts == 0 {
		return nil
	}
	if dashes := bytes.Count(raw, []byte("\n--")); dashes > maxDashes {
		return &badMail{"it has too many parts", fmt.Sprintf("up to %d, at most %d", dashes, maxParts)}
	}
	return nil
}

var multipart = regexp.MustCompile(`(?i)multipart/`)

// sort counts the parts below p, and notes what is damaged in them.
func (m *mail) sort(p *enmime.Part) (parts int) {
	for ; p != nil; p = p.NextSibling {
		parts += 1 + m.sort(p.FirstChild)
		for _, e := range p.Errors {
			if e.Severe {
				m.mend("a part of it is damaged: what can be read of it was taken", "%s: %s", e.Name, shortened(e.Detail))
			}
		}
	}
	return parts
}

func (m *mail) takeHeader(h header, raw []byte, latest time.Time) {
	if m.id = h.messageID(); m.id == "" {
		sum := sha256.Sum256(raw)
		m.id = hex.EncodeToString(sum[:16])
		m.mend("it had no Message-ID", "it is known by what it says")
	}
	m.references = messageIDs(h.all("References"))
	slices.Reverse(m.references)
	m.references = append(m.references[:min(len(m.references), maxReferences)], messageIDs(h.all("In-Reply-To"))...)
	m.references = m.references[:min(len(m.references), 2*maxReferences)]
	if answers := h.all("In-Reply-To"); len(m.references) == 0 && answers != "" {
		m.mend("what it answers is not written as a Message-ID: it begins a thread", "%s", shortened(answers))
	}
	var source string
	if m.at, source = h.time(latest); source != "Date" && source != "" {
		m.mend("it had no usable date: that of its receipt was taken", "%s", shortened(h.get("Date")))
	}
	m.from = h.sender()
	m.subject = h.text("Subject")
	m.list, m.about = h.list()
	m.archived = strings.Trim(strings.TrimSpace(h.get("Archived-At")), "<>")
}

// compose makes the body and attachments of the parts.
func (m *mail) compose(markup Markup, root *enmime.Part) {
	found := gathered{mail: m}
	found.gather(root)
	m.body = mask(found.text(markup))
	m.fit()
}

// fit cuts a text that is too long for a post, and keeps the whole as an attachment.
func (m *mail) fit() {
	var dropped bool
	if m.body, dropped = importer.Clean(m.body); dropped {
		m.mend("characters that cannot be stored were dropped", "")
	}
	if forum.IsBlank(m.body) {
		m.body = "(This mail has no text.)"
	}
	if forum.LimitBody.Check(m.body) == nil {
		return
	}
	m.attachments = append(m.attachments, attachment{"whole-text.md", "text/markdown", []byte(m.body)})
	m.mend("its text is too long for a post: it was cut, and is kept whole as an attachment", "%d bytes", len(m.body))
	m.body = cutText(m.body)
}

// cutText cuts a Markdown text at the end of a line, and closes the code that is open there.
func cutText(body string) string {
	const note = "\n\n… (the rest is in the attachment)"
	limit := min(forum.LimitBody.Max, forum.LimitBody.Bytes) - len(note) - 2*maxFence
	runes := 0
	for at, r := range body {
		if runes++; runes >= limit || at+utf8.RuneLen(r) >= limit {
			body = body[:at]
			break
		}
	}
	if end := strings.LastIndexByte(body, '\n'); end > 0 {
		body = body[:end]
	}
	fence := ""
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		switch {
		case fence == "" && strings.HasPrefix(line, "```"):
			fence = line[:len(line)-len(strings.TrimLeft(line, "`"))]
		case fence != "" && line == fence:
			fence = ""
		}
	}
	if fence != "" {
		body += "\n" + fence
	}
	return strings.TrimRight(body, "\n ") + note
}

func shortened(text string) string {
	text, _ = importer.CleanLine(text[:min(len(text), 80)])
	return text
}
