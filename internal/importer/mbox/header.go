package mbox

import (
	"mime"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"

	"folkmoot/internal/importer"
)

// header is the header of a mail.
type header textproto.MIMEHeader

// isMail tells mails from files that are none: each has one of the fields that make it one.
func (h header) isMail() bool {
	for _, name := range []string{"From", "Message-Id", "Subject", "Date", "To", "Content-Type", "Mime-Version", "Received", "Sender", "Return-Path"} {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

func (h header) all(name string) string { return strings.Join(h[name], " ") }

func (h header) get(name string) string {
	if len(h[name]) == 0 {
		return ""
	}
	return h[name][0]
}

// words decodes what RFC 2047 encodes.
var words = mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

// text returns a field as people read it, on one line.
func (h header) text(name string) string { return decoded(h.get(name)) }

func decoded(text string) string {
	if !utf8.ValidString(text) { // bytes as they are: as a rule of a Western mailer
		if latin, err := charmap.Windows1252.NewDecoder().String(text); err == nil {
			text = latin
		}
	}
	if plain, err := words.DecodeHeader(text); err == nil {
		text = plain
	}
	text, _ = importer.CleanLine(text)
	return text
}

var bracketedID = regexp.MustCompile(`<([^<>\s]+)>`)

// messageIDs returns the Message-IDs in a field, without their brackets. What has none is no reference.
func messageIDs(field string) (ids []string) {
	for _, found := range bracketedID.FindAllStringSubmatch(field, -1) {
		if id, _ := importer.CleanLine(found[1]); id != "" && len(id) <= maxIDBytes {
			ids = append(ids, id)
		}
	}
	return ids
}

// messageID returns the mail's own, "" where it has none. Some software forgets the brackets.
func (h header) messageID() string {
	for _, id := range append(messageIDs(h.get("Message-Id")), strings.Trim(h.text("Message-Id"), "<> ")) {
		if id != "" && len(id) <= maxIDBytes && !strings.Contains(id, " ") {
			return id
		}
	}
	return ""
}

// time returns when the mail was written, at the latest then: its date, else that of its receipt
// by the last server, which stands first. source is the name of the field, "" where there is none.
func (h header) time(latest time.Time) (at time.Time, source string) {
	if at, ok := parseDate(h.get("Date"), latest); ok {
		return at, "Date"
	}
	for _, received := range h["Received"] {
		if semicolon := strings.LastIndexByte(received, ';'); semicolon >= 0 {
			if at, ok := parseDate(received[semicolon+1:], latest); ok {
				return at, "Received"
			}
		}
	}
	return time.Time{}, ""
}

// firstYear is when the first mail was sent; times before it are of clocks that were never set.
const firstYear = 1971

// otherDates are forms of dates that old software wrote and net/mail does not read.
var otherDates = []string{
	time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.ANSIC, time.UnixDate,
	"Mon Jan 2 15:04:05 2006 -0700", "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Monday, January 2, 2006 15:04:05",
	"Monday, 2-Jan-06 15:04:05 MST", "Mon, 2 Jan 2006 15:04 -0700", "Mon, 2 January 2006 15:04:05 -0700",
}

func parseDate(text string, latest time.Time) (at time.Time, ok bool) {
	text, _ = importer.CleanLine(text)
	if text == "" || len(text) > 200 {
		return at, false
	}
	at, err := netmail.ParseDate(text)
	for _, form := range otherDates {
		if err == nil {
			break
		}
		at, err = time.Parse(form, text)
	}
	return at.UTC(), err == nil && at.Year() >= firstYear && !at.After(latest)
}

var (
	listID   = regexp.MustCompile(`<([^<>\s]+)>\s*$`)
	listWord = regexp.MustCompile(`^[\pL\pN][\pL\pN._+-]*$`)
)

// list returns the list's name in List-Id, and what stands before it.
func (h header) list() (id, about string) {
	field := h.text("List-Id")
	if found := listID.FindStringSubmatch(field); found != nil {
		id, about = found[1], strings.Trim(strings.TrimSpace(field[:len(field)-len(found[0])]), `"`)
	} else {
		id = field
	}
	if !listWord.MatchString(id) || len(id) > 200 {
		return "", ""
	}
	return strings.ToLower(id), about
}

// sender is who wrote a mail. The address is known to nobody but the import.
type sender struct{ address, name string }

// sender finds who wrote the mail. A list that puts its own address in place of its members'
// ("Ann via users"), as it must where their domains say so (DMARC), tells the member's
// in another field.
func (h header) sender() sender {
	from := first(addresses(h.all("From")))
	if from == (sender{}) {
		from = first(addresses(h.all("Sender")))
	}
	name, isVia := viaList(from.name)
	if !isVia {
		return from
	}
	for _, field := range []string{"X-Original-From", "Reply-To", "Cc"} {
		others := addresses(h.all(field))
		for _, other := range others {
			if other.address != from.address && (strings.EqualFold(other.name, name) || field != "Cc" && len(others) == 1) {
				return sender{other.address, name}
			}
		}
	}
	if field := addresses(h.all("Reply-To")); len(field) > 0 && field[0].address != from.address {
		return sender{field[0].address, name}
	}
	return sender{"", name} // the list's own address is everybody's
}

var via = regexp.MustCompile(`(?i)^['"]?(.*?)['"]? via \S.*$`)

func viaList(name string) (string, bool) {
	if found := via.FindStringSubmatch(name); found != nil {
		return strings.TrimSpace(found[1]), true
	}
	return name, false
}

func first(all []sender) sender {
	if len(all) == 0 {
		return sender{}
	}
	return all[0]
}

var (
	bareAddress = regexp.MustCompile(`[^\s<>()"',;:]+@[^\s<>()"',;:]+`)
	atWord      = regexp.MustCompile(`^([^\s<>()@]+) at ([^\s<>()@]+)(?: \((.*)\))?$`)
)

// addresses reads a field of addresses. What is not well-formed is searched for one.
func addresses(field string) (all []sender) {
	if len(field) > 64<<10 || strings.TrimSpace(field) == "" {
		return nil
	}
	if found := atWord.FindStringSubmatch(strings.TrimSpace(field)); found != nil { // pipermail: "ann at example.org (Ann)"
		return []sender{{cleanAddress(found[1] + "@" + found[2]), personName(found[3])}}
	}
	list, err := enmime.ParseAddressList(field)
	if err == nil {
		for _, one := range list {
			all = append(all, sender{cleanAddress(one.Address), personName(one.Name)})
		}
		return all
	}
	at := bareAddress.FindStringIndex(field)
	if at == nil {
		return []sender{{"", personName(field)}}
	}
	return []sender{{cleanAddress(field[at[0]:at[1]]), personName(strings.TrimRight(field[:at[0]], "< "))}}
}

// cleanAddress is an address as it is compared.
func cleanAddress(address string) string {
	address, _ = importer.CleanLine(strings.ToLower(address))
	return address
}

// personName is a name as it may be shown: none that is an address.
func personName(name string) string {
	name = strings.Trim(decoded(name), `"' `)
	if bareAddress.MatchString(name) {
		return localPart(bareAddress.FindString(name))
	}
	return name
}

func localPart(address string) string {
	local, _, _ := strings.Cut(address, "@")
	return local
}
