package mbox

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"folkmoot/internal/importer"
)

// The text of a mail is for a screen of fixed width: lines end where the window ended, quotes
// are marked line by line, columns are made of blanks. markdown makes of it Markdown that reads
// like the mail: lines that were only wrapped flow again, those that were ended stay, quotes are
// quotes, and what has columns or is code stays as it is. Nothing that was not meant as markup
// becomes any.

// maxQuotes bounds quotes within quotes; what is deeper is shown as deep as that.
const maxQuotes = 8

// line is one of a mail, without its marks of quotes.
type line struct {
	depth int
	text  string
	ended bool // by its writer, in a text whose lines flow (RFC 3676)
}

// markdown turns the plain text of a mail into Markdown.
func markdown(text string, flowed, deletesSpace bool) string {
	lines := quoteLines(joinedLink.ReplaceAllString(text, "$1$3 $2$4"), flowed)
	if flowed {
		lines = flow(lines, deletesSpace)
	}
	lines = quoteOriginal(lines)
	var out writer
	out.blocks(lines, 0)
	return strings.TrimRight(out.String(), "\n")
}

func quoteLines(text string, flowed bool) (lines []line) {
	text = lateFooter.ReplaceAllString(text, "$1\n$2")
	for one := range strings.SplitSeq(text, "\n") {
		depth, rest := quoteMarks(one, flowed)
		lines = append(lines, line{depth: min(depth, maxQuotes), text: strings.TrimRight(rest, "\r"), ended: flowed})
	}
	return lines
}

// lateFooter is where a list put its footer after a last line that was not ended.
var lateFooter = regexp.MustCompile(`(?m)([^\s_])(_{40,})$`)

// quoteMarks counts the marks before a line: ">>", and "> >" as well.
func quoteMarks(text string, flowed bool) (depth int, rest string) {
	rest = text
	for strings.HasPrefix(rest, ">") || depth > 0 && strings.HasPrefix(rest, " >") && !flowed {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, " "), ">")
		depth++
	}
	if depth > 0 || flowed {
		rest = strings.TrimPrefix(rest, " ")
	}
	return depth, rest
}

// flow joins the lines that a program broke.
func flow(lines []line, deletesSpace bool) []line {
	joined := lines[:0]
	open := false // the last of joined goes on
	for _, next := range lines {
		if last := len(joined) - 1; open && joined[last].depth == next.depth && next.text != "-- " {
			joined[last].text += next.text
		} else {
			joined = append(joined, next)
		}
		last := &joined[len(joined)-1]
		if open = strings.HasSuffix(last.text, " ") && last.text != "-- "; open && deletesSpace {
			last.text = strings.TrimSuffix(last.text, " ")
		}
	}
	return joined
}

var (
	originalMessage = regexp.MustCompile(`^[-_ ]{2,}(Original (Message|Appointment)|Forwarded [Mm]essage|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Messaggio originale|Oorspronkelijk bericht)[-_ ]{2,}$`)
	outlookFrom     = regexp.MustCompile(`^\*?(From|Von|De|Da|Van):\*? `)
	outlookField    = regexp.MustCompile(`^\*?(Sent|Gesendet|Envoyé|Enviado|Inviato|Verzonden|Date|Datum|To|An|À|Para|Subject|Betreff|Objet|Asunto)( *):\*? `)
)

// quoteOriginal makes a quote of the mail that programs like Outlook put below an answer
// without marking its lines.
func quoteOriginal(lines []line) []line {
	for i, one := range lines {
		if one.depth > 0 {
			continue
		}
		start := i
		switch {
		case originalMessage.MatchString(one.text), isOutlookHeader(lines[i:]):
		case isAttributionOfAll(lines[i:]):
			start = i + 1
		default:
			continue
		}
		for j := start; j < len(lines); j++ {
			lines[j].depth = min(lines[j].depth+1, maxQuotes)
		}
		return lines
	}
	return lines
}

// isAttributionOfAll reports whether a line says whose all the rest is ("On Tuesday, 22 October,
// Ann wrote:"), which is not marked.
func isAttributionOfAll(lines []line) bool {
	if !attribution.MatchString(lines[0].text) || !attributionStart.MatchString(lines[0].text) || !strings.ContainsAny(lines[0].text, "0123456789") {
		return false
	}
	for _, one := range lines[1:] {
		if one.depth > 0 {
			return false
		}
	}
	return hasText(lines[1:])
}

func isOutlookHeader(lines []line) bool {
	if !outlookFrom.MatchString(lines[0].text) {
		return false
	}
	fields := 0
	for _, one := range lines[1:min(len(lines), 7)] {
		if one.depth == 0 && outlookField.MatchString(one.text) {
			fields++
		}
	}
	return fields >= 2
}

// writer writes Markdown.
type writer struct {
	strings.Builder
	prefix string // before every line: the marks of quotes
	below  bool   // something stands above, so a blank line is due
	title  string // of the quote that follows, where it folds
}

func (w *writer) line(text string) {
	w.WriteString(strings.TrimRight(w.prefix+text, " "))
	w.WriteByte('\n')
}

// block begins a block.
func (w *writer) block() {
	if w.below {
		w.line("")
	}
	w.below = true
}

// blocks writes lines of which none is quoted less than depth.
func (w *writer) blocks(lines []line, depth int) {
	for len(lines) > 0 {
		n := 0
		for n < len(lines) && (lines[n].depth == depth) == (lines[0].depth == depth) {
			n++
		}
		rest := lines[n:]
		switch {
		case lines[0].depth == depth:
			present := lines[:n]
			if depth == 0 && folds(rest) {
				present, w.title = cutAttribution(present)
			}
			w.text(present)
		case hasText(lines[:n]):
			quoted := lines[:n]
			if depth == 0 && w.title == "" && w.below && folds(lines) {
				quoted, w.title = cutBeginning(quoted)
			}
			w.quote(quoted, depth+1)
		}
		lines = rest
	}
}

// Long quotes fold: who reads a thread has read what its mails quote. One at the end of a mail is
// what programs leave there by themselves, and folds sooner.
const maxQuoteLines, maxTailLines = 14, 4

// folds reports whether the quote that lines begin with is to be folded.
func folds(lines []line) bool {
	n, height := 0, 0
	for n < len(lines) && lines[n].depth > 0 {
		if text := strings.TrimSpace(lines[n].text); text != "" {
			height += 1 + utf8.RuneCountInString(text)/maxWidth
		}
		n++
	}
	if rest := lines[n:]; !hasText(rest[:len(rest)-footerLength(rest)]) {
		return height > maxTailLines
	}
	return height > maxQuoteLines
}

var attribution = regexp.MustCompile(`(?i)(\bwrote|schrieb|a écrit|écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał|写道|написал\(?а?\)?)\s*[:：]\s*$`)

// cutAttribution takes the lines off that say whom the quote after them is of ("On Monday, Ann wrote:").
func cutAttribution(lines []line) (rest []line, title string) {
	end := len(lines)
	for end > 0 && strings.TrimSpace(lines[end-1].text) == "" {
		end--
	}
	for start := end - 1; start >= max(0, end-4) && strings.TrimSpace(lines[start].text) != ""; start-- {
		title = strings.TrimSpace(lines[start].text + " " + title)
		if attribution.MatchString(lines[end-1].text) && (start == 0 || strings.TrimSpace(lines[start-1].text) == "" || attributionStart.MatchString(lines[start].text)) {
			return lines[:start], strings.ReplaceAll(title, "< ", "<")
		}
	}
	return lines, ""
}

// cutBeginning takes the same off the lines of a quote that begin with it; of others their first
// words stand for them.
func cutBeginning(lines []line) (rest []line, title string) {
	for len(lines) > 0 && (strings.TrimSpace(lines[0].text) == "" || originalMessage.MatchString(lines[0].text)) {
		lines = lines[1:]
	}
	for end := 1; end <= min(len(lines), 4) && lines[end-1].depth == lines[0].depth; end++ {
		if attributionStart.MatchString(lines[0].text) && attribution.MatchString(lines[end-1].text) && hasText(lines[end:]) {
			_, title = cutAttribution(lines[:end])
			return lines[end:], title
		}
	}
	return lines, importer.FirstRunes(strings.TrimSpace(lines[0].text), titleLength)
}

// titleLength is how much of a quote stands for it.
const titleLength = 80

var attributionStart = regexp.MustCompile(`^(On|Am|Le|El|Il|Em|Op|Den|W dniu|Dnia) `)

func hasText(lines []line) bool {
	for _, one := range lines {
		if strings.TrimSpace(one.text) != "" {
			return true
		}
	}
	return false
}

// foldMark begins the title of a folded quote in the forum's Markdown.
const foldMark = "[!quote]- "

func (w *writer) quote(lines []line, depth int) {
	w.block()
	prefix := w.prefix
	w.prefix, w.below = prefix+"> ", false
	if w.title != "" {
		w.block()
		w.line(foldMark + escape(w.title, true))
		w.title = ""
	}
	w.blocks(lines, depth)
	w.prefix, w.below = prefix, true
}

// text writes lines of one depth.
func (w *writer) text(lines []line) {
	lines = lines[:len(lines)-footerLength(lines)]
	for len(lines) > 0 {
		if strings.TrimSpace(lines[0].text) == "" {
			lines = lines[1:]
			continue
		}
		n := diffLength(lines)
		if n > 0 {
			w.code("diff", lines[:n])
		} else if n = codeLength(lines); n > 0 {
			w.code("", lines[:n])
		} else {
			n = paragraphLength(lines)
			w.paragraph(lines[:n])
		}
		lines = lines[n:]
	}
}

var (
	footerLine = regexp.MustCompile(`^\s*(_{30,}|-{30,})\s*$`)
	footerWord = regexp.MustCompile(`(?i)mailing list|unsubscribe|^to leave this list`)
)

// maxFooter is the most lines that lists put below every mail.
const maxFooter = 8

// footerLength is the length of what the list has put below a mail, the same below each.
func footerLength(lines []line) int {
	end := len(lines)
	for end > 0 && strings.TrimSpace(lines[end-1].text) == "" {
		end--
	}
	for start := end - 1; start >= max(0, end-maxFooter); start-- {
		if !footerLine.MatchString(lines[start].text) {
			continue
		}
		for _, one := range lines[start+1 : end] {
			if footerWord.MatchString(one.text) {
				return len(lines) - start
			}
		}
	}
	return 0
}

var footerInMarkdown = regexp.MustCompile(`(?is)\n(?:\\?_|\\?-|\* \* \*){1,}[_\\-]*\n[^\n]{0,100}mailing list.{0,400}$`)

// withoutFooter takes the same off a text that came from HTML.
func withoutFooter(text string) string { return footerInMarkdown.ReplaceAllString(text, "") }

func paragraphLength(lines []line) (n int) {
	for n = 0; n < len(lines) && strings.TrimSpace(lines[n].text) != ""; n++ {
		if n > 0 && (diffLength(lines[n:]) > 0 || isRule(lines[n].text) || isRule(lines[n-1].text) || beginsList(lines[:n+1])) {
			break
		}
	}
	return n
}

// beginsList reports whether the last of lines is the first item of a list.
func beginsList(lines []line) bool {
	last := len(lines) - 1
	for i, one := range lines {
		if bullet.MatchString(one.text) != (i == last) {
			return false
		}
	}
	return true
}

var (
	diffStart = regexp.MustCompile(`^(diff --git |diff -|Index: \S|--- [^-\s])`)
	diffLine  = regexp.MustCompile(`^([ +\-@\\]|diff |index |new file|deleted file|old mode|new mode|similarity|rename |copy |Binary files|=====)`)
	hunk      = regexp.MustCompile(`^@@ -\d+`)
)

// diffLength is the length of the diff that lines begin with, 0 where they do not.
func diffLength(lines []line) int {
	if !diffStart.MatchString(lines[0].text) {
		return 0
	}
	end, hunks := 0, 0
	for i, one := range lines {
		switch {
		case hunk.MatchString(one.text):
			hunks++
			end = i + 1
		case one.text == "-- ":
			return diffEnd(end, hunks)
		case diffLine.MatchString(one.text):
			end = i + 1
		case one.text == "" && hunks > 0: // a blank line of the text itself, whose blank was cut
		default:
			return diffEnd(end, hunks)
		}
	}
	return diffEnd(end, hunks)
}

func diffEnd(end, hunks int) int {
	if hunks == 0 {
		return 0
	}
	return end
}

var (
	codeLine = regexp.MustCompile(`^(\t| {4,})\S` + // indented
		`|\S(\t| {3,})\S` + // columns
		`|[;{}\\]\s*$|^\s*[{}()\[\]]+[;,]?\s*$` + // C and its kin
		`|^\s*(\$ |#include|#define|//|/\*|\*/|>>> |\.\.\. |def \w|import \w|from \w+ import|class \w+.*:$|return\b|if *\(|for *\(|while *\(|(sudo|cmake|make|git|cd|ls|apt|apt-get|pip) +[-./\w])` +
		`|^\[[A-Z]{4,7}\]|^\d{4}-\d\d-\d\d[ T]\d\d:|^\s*\|.*\|\s*$|^[\s|+=:-]{5,}$|^\s+at \S+\(|^\s*<[/\w][^>@:]*>`)
	listItem = regexp.MustCompile(`^\s{0,6}([-*+•·o]|\d{1,2}[.)]|\(?[a-z0-9]{1,2}\))\s+\S`)
)

// codeLength is the length of the code or table that lines begin with, 0 where they do not.
// Blank lines between two paragraphs of code are part of it.
func codeLength(lines []line) int {
	end := 0
	for at := 0; at < len(lines); {
		n := paragraphLength(lines[at:])
		if n == 0 {
			at++
			continue
		}
		if !isCode(lines[at : at+n]) {
			break
		}
		at += n
		end = at
	}
	return end
}

func isCode(lines []line) bool {
	code, items, indented := 0, 0, 0
	for _, one := range lines {
		if isProse(one.text) {
			continue
		}
		if codeLine.MatchString(one.text) {
			code++
		}
		if listItem.MatchString(one.text) {
			items++
		}
		if strings.HasPrefix(one.text, "    ") || strings.HasPrefix(one.text, "\t") {
			indented++
		}
	}
	switch {
	case items > 0 && indented < len(lines), isRule(lines[0].text):
		return false
	case len(lines) == 1:
		return indented == 1 || strings.HasPrefix(lines[0].text, "$ ")
	}
	return 5*code >= 3*len(lines)
}

// isProse reports whether a line reads like a sentence, however it is indented.
func isProse(text string) bool {
	plain, words := 0, len(strings.Fields(text))
	for _, r := range text {
		if unicode.IsLetter(r) || strings.ContainsRune(" ,.'?!\t’", r) {
			plain++
		}
	}
	if words >= 4 {
		return 100*plain >= 94*utf8.RuneCountInString(text) && !strings.HasPrefix(text, "$ ")
	}
	return plain >= utf8.RuneCountInString(text)-1 && phraseEnd.MatchString(text)
}

var phraseEnd = regexp.MustCompile(`\pL[,.!?]\s*$|\pL \pL+:\s*$`)

// maxFence bounds the backticks around code; longer runs in it are cut by nobody, but are
// hardly a mail's.
const maxFence = 40

func (w *writer) code(language string, lines []line) {
	longest := 2
	for _, one := range lines {
		longest = max(longest, longestRun(one.text, '`'))
	}
	fence := strings.Repeat("`", min(longest, maxFence-1)+1)
	w.block()
	w.line(fence + language)
	indent := 0
	if language == "" {
		indent = indentOf(lines)
	}
	for _, one := range lines {
		w.line(one.text[min(indent, len(one.text)):])
	}
	w.line(fence)
}

// indentOf is the number of blanks before all lines that are not empty.
func indentOf(lines []line) int {
	indent := -1
	for _, one := range lines {
		if blanks := len(one.text) - len(strings.TrimLeft(one.text, " ")); strings.TrimSpace(one.text) != "" && (indent < 0 || blanks < indent) {
			indent = blanks
		}
	}
	return max(indent, 0)
}

func longestRun(text string, of byte) (longest int) {
	run := 0
	for i := range len(text) {
		if text[i] != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

var rule = regexp.MustCompile(`^\s*([-_=*~#]\s?){5,}$`)

// isRule reports whether a line only divides.
func isRule(text string) bool { return rule.MatchString(text) }

func (w *writer) paragraph(lines []line) {
	if len(lines) == 1 && isRule(lines[0].text) {
		w.block()
		w.line("---")
		return
	}
	if items := itemsOf(lines); items != nil {
		w.list(items)
		return
	}
	w.block()
	w.prose(lines, "")
}

// prose writes the lines of a paragraph.
func (w *writer) prose(lines []line, indent string) {
	width := 0
	for _, one := range lines {
		width = max(width, utf8.RuneCountInString(strings.TrimSpace(one.text)))
	}
	var whole []string
	for _, one := range lines {
		whole = append(whole, one.text)
	}
	paragraph := strings.Join(whole, "\n")
	// A bracket begins a link, or what may be one, in which no address is made a link of by itself.
	links := strings.Contains(paragraph, "](") || strings.Contains(paragraph, "[") && linkedAddress.MatchString(paragraph)
	for i, one := range lines {
		text := strings.TrimSpace(one.text)
		end := ""
		if i < len(lines)-1 && (one.ended || !isWrapped(text, strings.TrimSpace(lines[i+1].text), width)) {
			end = `\`
		}
		w.line(indent + escape(text, links) + end)
		if i == 0 {
			indent = strings.Repeat(" ", len(indent))
		}
	}
}

// Windows in which mails are written are about as wide as these.
const minWidth, maxWidth = 52, 100

// isWrapped reports whether a line ends because the window did: the next word had no room.
func isWrapped(text, next string, width int) bool {
	if width < minWidth || width > maxWidth || strings.HasSuffix(text, ":") && utf8.RuneCountInString(text) < width-10 {
		return false
	}
	word, _, _ := strings.Cut(next, " ")
	return utf8.RuneCountInString(text)+1+utf8.RuneCountInString(word) > width-2
}

// item is one of a list with the lines that go on with it.
type item struct {
	mark  string
	lines []line
}

// minItem is the shortest text of a list of one: "- Ann" is a signature.
const minItem = 12

var bullet = regexp.MustCompile(`^\s{0,6}([-*+•·]|\d{1,2}[.)])\s+(\S.*)$`)

// itemsOf reads a paragraph as a list, nil where it is none. One number at the beginning of a
// line makes none, as in "2019.".
func itemsOf(lines []line) (items []item) {
	for _, one := range lines {
		found := bullet.FindStringSubmatch(one.text)
		switch {
		case found != nil:
			mark := found[1]
			if mark == "•" || mark == "·" || mark == "*" || mark == "+" {
				mark = "-"
			}
			items = append(items, item{mark, []line{{text: found[2], ended: one.ended}}})
		case len(items) == 0:
			return nil
		default:
			last := &items[len(items)-1]
			last.lines = append(last.lines, one)
		}
	}
	if len(items) == 0 || len(items) == 1 && (items[0].mark != "-" || utf8.RuneCountInString(items[0].lines[0].text) < minItem) {
		return nil
	}
	for _, one := range items {
		if (one.mark == "-") != (items[0].mark == "-") || one.mark[len(one.mark)-1] != items[0].mark[len(items[0].mark)-1] {
			return nil
		}
	}
	return items
}

func (w *writer) list(items []item) {
	w.block()
	for _, one := range items {
		w.prose(one.lines, one.mark+" ")
	}
}

// addressRunes is a regular expression of what follows "https://" in an address of the web. Markdown
// takes more into one; that is written as other text is, since a backslash ends the link.
const addressRunes = "(?:[!#-;=?-\\[\\]-_a-~]|[\\pL\\pM\\pN])+"

var (
	webAddress = regexp.MustCompile(`https?://` + addressRunes)
	// linkedAddress is what Markdown may make a link of by itself.
	linkedAddress = regexp.MustCompile(`https?://` + addressRunes + `|www\.` + addressRunes + `\.` + addressRunes)
	// looseEnd is what Markdown leaves out of a link that it makes, where it could be markup.
	looseEnd   = regexp.MustCompile(`[*_~][?!.,:*_~)]*$|&[#\w]{1,32};[?!.,:*_~)&#\w;]*$`)
	entity     = regexp.MustCompile(`&(#\w{1,8}|\w{2,32});`)
	startOfOne = regexp.MustCompile(`^(#{1,6}([ \t]|$)|[-+]([ \t]|$)|>|[-=]+[ \t]*$|[|:-][\s|:-]*$|\[[^\]]*\]:)`)
	numberDot  = regexp.MustCompile(`^(\d{1,9})([.)])([ \t]|$)`)
)

// escape keeps a line of text from being taken for markup. Addresses of the web become links
// by themselves.
func escape(text string, links bool) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		found := linkedAddress.FindStringIndex(text[at:])
		if found == nil {
			escapeWords(&out, text, at, len(text), links)
			break
		}
		start, end := at+found[0], at+found[1]
		escapeWords(&out, text, at, start, links)
		linked := linkedPart(text, start, end)
		out.WriteString(text[start : start+linked])
		escapeWords(&out, text, start+linked, end, links)
		at = end
	}
	escaped := out.String()
	if startOfOne.MatchString(escaped) {
		return `\` + escaped
	}
	return numberDot.ReplaceAllString(escaped, `$1\$2$3`)
}

// linkedPart is how many bytes of the address at text[start:end] need no backslash because
// Markdown makes a link of them, which a backslash ends.
func linkedPart(text string, start, end int) int {
	address := text[start:end]
	if start > 0 && text[start-1] == '<' && address[0] == 'h' && end < len(text) && text[end] == '>' {
		return len(address)
	}
	if start > 0 && strings.IndexByte(" \t(", text[start-1]) < 0 {
		return 0
	}
	for loose := looseEnd.FindStringIndex(address); loose != nil; loose = looseEnd.FindStringIndex(address) {
		address = address[:loose[0]]
	}
	if linkedAddress.FindString(address) != address {
		return 0
	}
	return len(address)
}

func escapeWords(out *strings.Builder, text string, from, to int, links bool) {
	for i := from; i < to; i++ {
		c := text[i]
		switch c {
		case '\\', '`', '*', '~':
			out.WriteByte('\\')
		case '_':
			if i == 0 || i == len(text)-1 || !isWordByte(text[i-1]) || !isWordByte(text[i+1]) || startsAddress(text[i+1:]) {
				out.WriteByte('\\')
			}
		case '[', ']':
			if links {
				out.WriteByte('\\')
			}
		case '&':
			if entity.MatchString(text[i:min(to, i+40)]) && entity.FindStringIndex(text[i:min(to, i+40)])[0] == 0 {
				out.WriteByte('\\')
			}
		}
		out.WriteByte(c)
	}
}

// startsAddress reports whether Markdown may make a link of what follows an underscore, which
// within a word is no markup otherwise.
func startsAddress(text string) bool {
	return strings.HasPrefix(text, "http") || strings.HasPrefix(text, "www.")
}

func isWordByte(c byte) bool {
	return c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

var (
	mailLink    = regexp.MustCompile(`\[([^\]\n]*)\]\(mailto:[^)\s]*\)`)
	mailTwice   = regexp.MustCompile(`([\pL\pN._%+-]+@[\pL\pN.-]+) ?<mailto:[^>\s]*>`)
	joinedLink  = regexp.MustCompile(`([^\s([<])(<https?://[^>\s]*>)|(\])(https?://)`)
	mailAddress = regexp.MustCompile(`(?:mailto:)?([\pL\pN_=][\pL\pN._%+=-]*)@[\pL\pN-]+(?:\.[\pL\pN-]+)+([:/]?)`)
)

// mask hides the mail addresses of people in a text, as archives of lists do: what stands
// before the @ stays. Those in addresses of the web and of repositories ("git@host:path") are none.
func mask(text string) string {
	text = mailLink.ReplaceAllString(text, "$1")
	text = mailTwice.ReplaceAllString(text, "$1")
	var out strings.Builder
	for text != "" {
		link := webAddress.FindStringIndex(text)
		if link == nil {
			link = []int{len(text), len(text)}
		}
		out.WriteString(mailAddress.ReplaceAllStringFunc(text[:link[0]], maskOne))
		out.WriteString(text[link[0]:link[1]])
		text = text[link[1]:]
	}
	return out.String()
}

func maskOne(found string) string {
	parts := mailAddress.FindStringSubmatch(found)
	if parts[2] != "" && parts[1] == "git" {
		return found
	}
	return parts[1] + "@…" + parts[2]
}
