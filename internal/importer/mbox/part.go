package mbox

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/text/encoding/charmap"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// Markup is what importing needs of the forum's renderer.
type Markup interface {
	FromHTML(html string) (string, error)
}

// gathered is what the parts of a mail amount to.
type gathered struct {
	mail  *mail
	texts []*enmime.Part
}

// gather takes the texts that are shown and the files, in their order. Of the same text in
// several forms one is shown, plain before HTML.
func (g *gathered) gather(p *enmime.Part) {
	switch {
	case p.ContentType == "multipart/alternative" && p.FirstChild != nil:
		g.gatherBest(p)
	case p.FirstChild != nil:
		for child := p.FirstChild; child != nil; child = child.NextSibling {
			g.gather(child)
		}
	case isShown(p):
		g.texts = append(g.texts, p)
	default:
		g.attach(p)
	}
}

func (g *gathered) gatherBest(p *enmime.Part) {
	var forms []gathered
	best := -1
	for child := p.FirstChild; child != nil; child = child.NextSibling {
		form := gathered{mail: &mail{}}
		form.gather(child)
		forms = append(forms, form)
		if form.says() && (best < 0 || form.isPlain() && !forms[best].isPlain()) {
			best = len(forms) - 1
		}
	}
	for i, form := range forms {
		if i == best {
			g.texts = append(g.texts, form.texts...)
		}
		g.mail.attachments = append(g.mail.attachments, form.mail.attachments...)
		g.mail.mends = append(g.mail.mends, form.mail.mends...)
	}
}

// says reports whether there is any text.
func (g *gathered) says() bool {
	for _, p := range g.texts {
		if strings.TrimSpace(string(p.Content)) != "" {
			return true
		}
	}
	return false
}

func (g *gathered) isPlain() bool {
	for _, p := range g.texts {
		if isHTML(p) {
			return false
		}
	}
	return true
}

func isHTML(p *enmime.Part) bool {
	return p.ContentType == "text/html" || p.ContentType == "" && looksLikeHTML.Match(p.Content)
}

var looksLikeHTML = regexp.MustCompile(`(?i)^\s*<(!doctype html|html|head|body|div)\b`)

// isShown tells texts from files.
func isShown(p *enmime.Part) bool {
	switch {
	case p.Disposition == "attachment", p.FileName != "" && !isBody(p):
		return false
	case p.ContentType == "text/plain", p.ContentType == "text/html", p.ContentType == "":
		return true
	}
	return strings.HasPrefix(p.ContentType, "multipart/") // without a boundary: one text
}

// isBody reports whether a named part is a mail's text all the same: the first, where it is
// to be shown.
func isBody(p *enmime.Part) bool {
	return p.Disposition == "inline" && (p.Parent == nil || p.Parent.FirstChild == p)
}

// text returns the texts in Markdown.
func (g *gathered) text(markup Markup) string {
	var all []string
	for _, p := range g.texts {
		text, dropped := importer.Clean(printable(string(p.Content)))
		if dropped && !g.mail.isMended(lostCharacters) {
			g.mail.mend(lostCharacters, "%s", p.Charset)
		}
		if isHTML(p) {
			text = g.fromHTML(markup, text)
		} else {
			text = g.shorten(text)
			text = markdown(text, p.ContentTypeParams["format"] == "flowed", p.ContentTypeParams["delsp"] == "yes")
		}
		if text = strings.Trim(text, "\n"); strings.TrimSpace(text) != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "\n\n")
}

// maxText bounds what is turned into Markdown, far above what fits into a post: a text of megabytes
// is a file. HTML has the renderer's own bound.
const maxText = 256 << 10

// shorten keeps a text that is too long as a file, and returns its beginning.
func (g *gathered) shorten(text string) string {
	if len(text) <= maxText {
		return text
	}
	name := fmt.Sprintf("text-%d.txt", len(g.mail.attachments)+1)
	g.mail.attachments = append(g.mail.attachments, attachment{name, "text/plain", []byte(text)})
	g.mail.mend("its text is too long for a post: it was cut, and is kept whole as an attachment", "%d bytes", len(text))
	text = strings.ToValidUTF8(text[:maxText], "")
	if end := strings.LastIndexByte(text, '\n'); end > 0 {
		text = text[:end]
	}
	return text
}

// printable gives signs their place that Windows has where others have control characters, and
// drops the byte-order marks that lists put before what they add: nobody sees them.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\uFEFF':
			return -1
		case r >= 0x80 && r < 0xA0:
			return charmap.Windows1252.DecodeByte(byte(r))
		}
		return r
	}, text)
}

const lostCharacters = "characters that cannot be stored were dropped"

func (m *mail) isMended(reason string) bool {
	for _, mend := range m.mends {
		if mend.reason == reason {
			return true
		}
	}
	return false
}

// fromHTML returns HTML in Markdown, or nothing where that cannot be: it is a file then.
func (g *gathered) fromHTML(markup Markup, html string) string {
	text, err := markup.FromHTML(html)
	if err != nil {
		g.mail.attachments = append(g.mail.attachments, attachment{"mail.html", "text/html", []byte(html)})
		g.mail.mend("its HTML cannot be made Markdown: it is kept as an attachment", "%s", shortened(err.Error()))
		return ""
	}
	return withoutFooter(text)
}

// attach keeps a part as a file, if it is one that means something by itself.
func (g *gathered) attach(p *enmime.Part) {
	switch p.ContentType {
	case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
		g.mail.mend("its signature was left out: it signs the mail as it was sent", "%s", p.ContentType)
		return
	}
	if len(p.Content) == 0 {
		return
	}
	g.mail.attachments = append(g.mail.attachments, attachment{fileName(p, len(g.mail.attachments)+1), mediaType(p), p.Content})
}

var mediaTypeForm = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,90}$`)

func mediaType(p *enmime.Part) string {
	if kind := strings.ToLower(p.ContentType); mediaTypeForm.MatchString(kind) {
		return kind
	}
	return "application/octet-stream"
}

// endings are those of files whose mail does not name them.
var endings = map[string]string{
	"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/x-patch": ".patch", "text/x-diff": ".diff", "text/x-vcard": ".vcf",
	"message/rfc822": ".eml", "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/gif": ".gif",
}

// fileName is the name of a part as a file, without folders. One that cannot be shown gets another.
func fileName(p *enmime.Part, n int) string {
	name, _ := importer.CleanLine(decoded(p.FileName))
	name = strings.Trim(path.Base(strings.ReplaceAll(name, `\`, "/")), "/. ")
	if runes := []rune(name); len(runes) > forum.LimitFileName.Max {
		ending := []rune(path.Ext(name))
		ending = ending[:min(len(ending), 16)]
		name = string(runes[:forum.LimitFileName.Max-len(ending)]) + string(ending)
	}
	if forum.LimitFileName.Check(name) == nil {
		return name
	}
	ending := endings[strings.ToLower(p.ContentType)]
	if ending == "" {
		ending = ".bin"
	}
	return fmt.Sprintf("part-%d%s", n, ending)
}

// attachable leaves out what no post can have attached.
func (m *mail) attachable() {
	fitting := m.attachments[:0]
	for _, a := range m.attachments {
		switch {
		case len(a.content) > forum.MaxAttachmentBytes:
			m.mend("an attachment is too large: it was left out", "%s: %d bytes, at most %d", a.name, len(a.content), forum.MaxAttachmentBytes)
		case len(fitting) == forum.MaxAttachments:
			m.mend("an attachment is one too many: it was left out", "%s", a.name)
		default:
			fitting = append(fitting, a)
		}
	}
	m.attachments = fitting
}
