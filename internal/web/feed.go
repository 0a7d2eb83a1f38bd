package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// feed is an Atom 1.0 document (RFC 4287). What one holds is what a visitor may see, whoever asks:
// programs fetch it.
type feed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle,omitempty"`
	Updated  feedTime    `xml:"updated"`
	Links    []feedLink  `xml:"link"`
	Entries  []feedEntry `xml:"entry"`
}

// feedEntry is a thread of a list, or a post of a thread. Its id never changes, as titles do.
type feedEntry struct {
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Updated    feedTime       `xml:"updated"`
	Published  feedTime       `xml:"published"`
	Author     feedAuthor     `xml:"author"`
	Link       feedLink       `xml:"link"`
	Categories []feedCategory `xml:"category"`
	Content    feedContent    `xml:"content"`
}

type feedLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type feedAuthor struct {
	Name string `xml:"name"`
	URI  string `xml:"uri,omitempty"`
}

type feedCategory struct {
	Term string `xml:"term,attr"`
}

type feedContent struct {
	Type string `xml:"type,attr"`
	HTML string `xml:",chardata"`
}

// feedTime is a time with all its microseconds.
type feedTime struct{ time.Time }

// MarshalText writes it as RFC 3339 has it.
func (t feedTime) MarshalText() ([]byte, error) {
	return t.UTC().AppendFormat(nil, "2006-01-02T15:04:05.000000Z"), nil
}

// errNoOrigin answers for what consists of absolute addresses.
var errNoOrigin = &forum.Error{Kind: forum.NotFound, Message: "feeds and site maps name public addresses, and this forum was not told its own: it is started with --url for that"}

// showLatestFeed serves the threads of the start.
func (s *server) showLatestFeed(w http.ResponseWriter, r *http.Request) error {
	site, err := s.service.Site(r.Context())
	if err != nil {
		return err
	}
	f := feed{Title: site.Name, Subtitle: site.Description}
	return s.showThreadsFeed(w, r, f, "/", forum.ThreadFilter{})
}

// showCategoryFeed serves the threads of a category.
func (s *server) showCategoryFeed(w http.ResponseWriter, r *http.Request) error {
	category, err := s.service.Category(r.Context(), forum.Actor{}, r.PathValue("slug"))
	if err != nil {
		return err
	}
	if category.Slug != r.PathValue("slug") {
		return moved(w, r, ui.CategoryFeedPath(category.Slug))
	}
	site, err := s.service.Site(r.Context())
	if err != nil {
		return err
	}
	f := feed{Title: category.Name + " · " + site.Name, Subtitle: category.Description, Updated: feedTime{category.CreatedAt}}
	return s.showThreadsFeed(w, r, f, ui.CategoryPath(category.Slug), forum.ThreadFilter{Category: category.ID})
}

// showThreadsFeed completes a feed of threads, newest activity first, each with its first post. page
// shows the same threads.
func (s *server) showThreadsFeed(w http.ResponseWriter, r *http.Request, f feed, page string, filter forum.ThreadFilter) error {
	filter.First = true
	list, err := s.service.Threads(r.Context(), forum.Actor{}, filter)
	if err != nil {
		return err
	}
	threads := append(list.Pinned, list.Threads...)
	slices.SortFunc(threads, func(a, b forum.Thread) int {
		return cmp.Or(b.LastActivityAt.Compare(a.LastActivityAt), cmp.Compare(b.ID, a.ID))
	})
	for i := range threads {
		f.Entries = append(f.Entries, s.threadEntry(&threads[i]))
	}
	return s.showFeed(w, r, f, page)
}

func (s *server) threadEntry(t *forum.Thread) feedEntry {
	path := ui.ThreadPath(t.ID, t.Slug)
	entry := feedEntry{
		ID:         s.kit.Absolute(ui.PostPath(t.ID, 1)),
		Title:      t.Title,
		Published:  feedTime{t.CreatedAt},
		Updated:    feedTime{latest(t.LastActivityAt, t.FirstEditedAt)},
		Author:     s.feedAuthor(t.Author),
		Link:       s.feedLink("alternate", "text/html", path),
		Categories: []feedCategory{{t.Category.Name}},
		Content:    feedContent{"html", s.absoluteLinks(t.FirstHTML, path)},
	}
	for _, tag := range t.Tags {
		entry.Categories = append(entry.Categories, feedCategory{tag.Name})
	}
	return entry
}

// showThreadFeed serves the newest posts of a thread. One that is in no list has no feed.
func (s *server) showThreadFeed(w http.ResponseWriter, r *http.Request) error {
	page, err := s.service.ThreadPage(r.Context(), forum.Actor{}, threadID(r), forum.PageAt{Last: true})
	if err != nil {
		return err
	}
	if page.Thread.State != forum.Visible {
		return forum.ErrNotFound
	}
	site, err := s.service.Site(r.Context())
	if err != nil {
		return err
	}
	f := feed{Title: page.Thread.Title + " · " + site.Name, Updated: feedTime{page.Thread.LastActivityAt}}
	for i := range slices.Backward(page.Posts) {
		f.Entries = append(f.Entries, s.postEntry(&page.Thread, &page.Posts[i]))
	}
	return s.showFeed(w, r, f, ui.ThreadPath(page.Thread.ID, page.Thread.Slug))
}

func (s *server) postEntry(t *forum.Thread, p *forum.Post) feedEntry {
	entry := feedEntry{
		ID:        s.kit.Absolute(ui.PostPath(t.ID, p.Number)),
		Title:     t.Title,
		Published: feedTime{p.CreatedAt},
		Updated:   feedTime{latest(p.CreatedAt, p.EditedAt)},
		Author:    s.feedAuthor(p.Author),
		Link:      s.feedLink("alternate", "text/html", ui.PostPath(t.ID, p.Number)),
		Content:   feedContent{"html", s.absoluteLinks(p.HTML, ui.ThreadPath(t.ID, t.Slug))},
	}
	if p.Number > 1 {
		entry.Title = "#" + formatNumber(p.Number) + " in " + t.Title
	}
	return entry
}

// showFeed adds what all feeds have, and serves it.
func (s *server) showFeed(w http.ResponseWriter, r *http.Request, f feed, page string) error {
	if s.kit.Origin == nil {
		return errNoOrigin
	}
	f.ID = s.kit.Absolute(r.URL.EscapedPath())
	f.Links = []feedLink{s.feedLink("self", "application/atom+xml", r.URL.EscapedPath()), s.feedLink("alternate", "text/html", page)}
	for i := range f.Entries {
		f.Updated.Time = latest(f.Updated.Time, f.Entries[i].Updated.Time)
	}
	if f.Updated.IsZero() { // nothing was ever written here
		f.Updated.Time = time.Unix(0, 0)
	}
	text := takeBuffer()
	defer releaseBuffer(text)
	text.WriteString(xml.Header)
	if err := xml.NewEncoder(text).Encode(f); err != nil {
		return err
	}
	return serveForAll(w, r, "application/atom+xml; charset=utf-8", text.Bytes())
}

func (s *server) feedLink(rel, kind, path string) feedLink {
	return feedLink{rel, kind, s.kit.Absolute(path)}
}

func (s *server) feedAuthor(author forum.Author) feedAuthor {
	if author.ID == 0 {
		return feedAuthor{Name: author.Name}
	}
	return feedAuthor{author.Name, s.kit.Absolute(ui.UserPath(author.Name))}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// absoluteLinks makes the addresses of a post's HTML independent of where it is shown: on page they
// stand as they are.
func (s *server) absoluteLinks(rendered, page string) string {
	base, err := url.Parse(s.kit.Absolute(page))
	if err != nil || !strings.Contains(rendered, "href=") && !strings.Contains(rendered, "src=") {
		return rendered
	}
	var out strings.Builder
	out.Grow(len(rendered) + 256)
	tokens := html.NewTokenizer(strings.NewReader(rendered))
	for tokens.Next() != html.ErrorToken {
		raw := string(tokens.Raw()) // before Token, which reads on in the same memory
		token := tokens.Token()
		if !resolve(token.Attr, base) {
			out.WriteString(raw)
			continue
		}
		out.WriteString(token.String())
	}
	return out.String()
}

// resolve makes the addresses among attributes absolute, and reports whether there were any.
func resolve(attributes []html.Attribute, base *url.URL) (changed bool) {
	for i := range attributes {
		a := &attributes[i]
		if a.Key != "href" && a.Key != "src" {
			continue
		}
		if whole, err := base.Parse(a.Val); err == nil {
			a.Val, changed = whole.String(), true
		}
	}
	return changed
}

// serveForAll answers with a text that is the same for everybody, or with the word that the program
// that asks has it.
func serveForAll(w http.ResponseWriter, r *http.Request, kind string, text []byte) error {
	sum := sha256.Sum256(text)
	tag := hex.EncodeToString(sum[:12])
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	if !acceptsGzip(r) {
		if httpkit.NotModified(w, r, `"`+tag+`"`) {
			return nil
		}
		return write(w, http.StatusOK, text)
	}
	if httpkit.NotModified(w, r, `"`+tag+`-gz"`) {
		return nil
	}
	var zipped bytes.Buffer
	zip(&zipped, text)
	header.Set("Content-Encoding", "gzip")
	return write(w, http.StatusOK, zipped.Bytes())
}
