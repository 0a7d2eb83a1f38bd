package forum

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limit bounds one text of the input. Lengths are counted in runes after white space
// at both ends is cut, except Bytes, which bounds the text as it came.
type Limit struct {
	Field  string // as the API names it
	Min    int
	Max    int
	Bytes  int
	Lines  bool   // line breaks and tabs are allowed
	Name   bool   // shown among other names: it can be seen, and holds nothing that cannot
	Opaque bool   // compared, not read: it need not be seen
	Reason string // why the bound is where it is
}

// The one table of limits. A text that reaches the store has passed its line here.
var (
	LimitBody        = Limit{Field: "body", Min: 1, Max: 32_000, Bytes: 64 << 10, Lines: true, Reason: "a long essay fits; rendering stays well under 50 ms; a page of twenty stays loadable on a telephone"}
	LimitTitle       = Limit{Field: "title", Min: 1, Max: 200, Bytes: 800, Name: true, Reason: "longer than any list can show; Stack Exchange allows 150, mail subjects are cut at 200"}
	LimitUserName    = Limit{Field: "name", Min: 2, Max: 40, Bytes: 160, Name: true, Reason: "fits a line on a telephone; two letters are the shortest names of real communities"}
	LimitPassword    = Limit{Field: "password", Min: 10, Max: 256, Bytes: 1024, Opaque: true, Reason: "ten as NIST 800-63B asks of a lone factor, rounded up; the upper bound keeps hashing cheap"}
	LimitAbout       = Limit{Field: "about", Min: 0, Max: 4_000, Bytes: 16 << 10, Lines: true, Reason: "two screens about oneself"}
	LimitCategory    = Limit{Field: "name", Min: 1, Max: 80, Bytes: 320, Name: true, Reason: "fits one line of the list"}
	LimitDescription = Limit{Field: "description", Min: 0, Max: 500, Bytes: 2_000, Reason: "a paragraph under the category's name"}
	LimitTag         = Limit{Field: "tags", Min: 1, Max: 35, Bytes: 140, Name: true, Reason: "Stack Exchange's own bound, which imports must fit"}
	LimitReason      = Limit{Field: "reason", Min: 0, Max: 500, Bytes: 2_000, Reason: "a paragraph to a person"}
	LimitKey         = Limit{Field: "Idempotency-Key", Min: 1, Max: 128, Bytes: 128, Opaque: true, Reason: "a UUID is 36; stored with every write"}
	LimitQuery       = Limit{Field: "q", Min: 1, Max: 200, Bytes: 800, Reason: "a sentence; every term costs an index look-up"}
	LimitSiteName    = Limit{Field: "name", Min: 1, Max: 60, Bytes: 240, Name: true, Reason: "fits the head of a page on a telephone"}
	LimitFileName    = Limit{Field: "file name", Min: 1, Max: 200, Bytes: 800, Name: true, Reason: "file systems take 255 bytes; longer ones say nothing more"}
	LimitTokenName   = Limit{Field: "name", Min: 1, Max: 60, Bytes: 240, Name: true, Reason: "a label in a list"}
	LimitNote        = Limit{Field: "note", Min: 0, Max: 60, Bytes: 240, Reason: "a label in a list"}
)

// Bound is between which numbers somebody may set a limit, and what it is until they do.
type Bound struct {
	Field    string
	Min      int64
	Max      int64
	Standard int64
	Reason   string
}

// The numbers that a community sets for itself.
var (
	BoundPostLength     = Bound{"post_length", 1_000, int64(LimitBody.Max), int64(LimitBody.Max), "less than a screen is no place for an argument; more than LimitBody is not rendered"}
	BoundEditHours      = Bound{"edit_hours", 0, 8_760, 0, "never closed, or after a year at the latest: later is as good as never"}
	BoundPosts          = Bound{"posts", 5, 3_000, 300, "fewer hold up a conversation; more is a flood"}
	BoundThreads        = Bound{"threads", 1, 300, 30, "a new thread asks for everybody's attention"}
	BoundSignUps        = Bound{"sign_ups", 1, 1_000, 100, "a class or a conference behind one address signs up in one lesson"}
	BoundInvitationUses = Bound{"uses", 1, 1_000, 1, "one for a person; a link for a class, or for who comes from a former forum"}
	BoundInvitationDays = Bound{"days", 1, 365, 7, "a link that lies about for longer is in strangers' hands"}
)

// Bounds returns the table, for documentation and tests.
func Bounds() []Bound {
	return []Bound{BoundPostLength, BoundEditHours, BoundPosts, BoundThreads, BoundSignUps, BoundInvitationUses, BoundInvitationDays}
}

// within notes where n is out of its bound.
func (f *fields) within(bound Bound, n int64) {
	missed := min(max(n, bound.Min), bound.Max)
	if missed != n {
		*f = append(*f, FieldError{Field: bound.Field, Message: fmt.Sprintf("must be a number from %d to %d", bound.Min, bound.Max), Limit: missed})
	}
}

// Numbers with a bound of their own.
const (
	MaxTags            = 5   // per thread: more make tags noise; Stack Exchange's own bound
	MaxCategoryDepth   = 6   // deeper trees cannot be shown on a telephone
	MaxFirstCategories = 20  // that a first run makes: a page of them is a beginning
	MaxCategories      = 500 // the tree is read whole with every list of categories
	MaxTokens          = 50  // per person: more is a script gone wrong
	PageSize           = 20  // posts of a page: a page without the posts' text stays under 24 kB
	ListSize           = 30  // threads of a list
	MaxListSize        = 100 // rows an API list may ask for
	MaxSearchTerms     = 12  // each is an index look-up
	MaxRequestBytes    = 256 << 10
	MaxReactionsKind   = 24        // bytes of a reaction's kind
	MaxLogoBytes       = 128 << 10 // every page shows it; the form that brings it fits a request
	MaxLogoSide        = 1024      // pixels: four times what a sharp screen shows, and 4 MiB while it is read
	ActivityPosts      = 20        // of a thread, whose times a list asks for: a page of it, enough for a small drawing

	MaxAttachments     = 50       // of a post: more is a folder, and fills the page
	MaxAttachmentBytes = 24 << 20 // what fits into the largest mail that an import reads; a server that answers with one holds it in memory
)

// Limits returns the table, for documentation and tests.
func Limits() []Limit {
	return []Limit{LimitBody, LimitTitle, LimitUserName, LimitPassword, LimitAbout, LimitCategory,
		LimitDescription, LimitTag, LimitReason, LimitKey, LimitQuery, LimitSiteName, LimitFileName, LimitTokenName, LimitNote}
}

// Check returns what is wrong with text, nil when nothing is: invalid UTF-8, NUL and other
// control characters, in names what cannot be seen, nothing that can be, too short or too long.
func (l Limit) Check(text string) *FieldError {
	switch {
	case len(text) > l.Bytes:
		return l.wrong(int64(l.Bytes), "is too long: %d bytes, at most %d", len(text), l.Bytes)
	case !utf8.ValidString(text):
		return l.wrong(0, "is not valid UTF-8 text")
	}
	if r, bad := firstControl(text, l.Lines); bad {
		return l.wrong(0, "contains the control character %U, which cannot be stored", r)
	}
	if wrong := l.checkName(text); wrong != nil {
		return wrong
	}
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	blank := n == 0 || !l.Opaque && IsBlank(text)
	switch {
	case blank && l.Min > 0:
		return l.wrong(int64(l.Min), "must not be empty")
	case blank && n > 0:
		return l.wrong(0, "must hold something that can be seen, or nothing")
	case n < l.Min:
		return l.wrong(int64(l.Min), "is too short: %d characters, at least %d", n, l.Min)
	case n > l.Max:
		return l.wrong(int64(l.Max), "is too long: %d characters, at most %d", n, l.Max)
	}
	return nil
}

func (l Limit) checkName(text string) *FieldError {
	if !l.Name || strings.TrimSpace(text) == "" {
		return nil
	}
	for _, r := range misplaced(text) {
		return l.wrong(0, "contains the character %U, which cannot be seen: please type it anew without it", r)
	}
	if !canBeSeen(text) {
		return l.wrong(0, "must hold something that can be seen")
	}
	return nil
}

func (l Limit) wrong(limit int64, format string, args ...any) *FieldError {
	return &FieldError{Field: l.Field, Message: fmt.Sprintf(format, args...), Limit: limit}
}

// firstControl finds a control character; line breaks and tabs count only where lines is false.
func firstControl(text string, lines bool) (rune, bool) {
	for _, r := range text {
		if lines && (r == '\n' || r == '\r' || r == '\t') {
			continue
		}
		if unicode.IsControl(r) || r == '\uFEFF' || r == '\u2028' || r == '\u2029' {
			return r, true
		}
	}
	return 0, false
}

// fields gathers what is wrong with an input; its err is nil when nothing is.
type fields []FieldError

func (f *fields) check(l Limit, text string) {
	if wrong := l.Check(text); wrong != nil {
		*f = append(*f, *wrong)
	}
}

func (f *fields) add(field, format string, args ...any) {
	*f = append(*f, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (f fields) err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Message: "some of the input cannot be accepted", Fields: f}
}
