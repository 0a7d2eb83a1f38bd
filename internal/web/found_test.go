package web_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web"
)

const origin = "https://forum.example"

// public is the community of a forum that knows its address, as programs ask for it.
type public struct {
	*site
	handler http.Handler
}

func publish(s *site) *public {
	address, err := url.Parse(origin)
	if err != nil {
		s.Fatal(err)
	}
	kit := &httpkit.Kit{Service: s.service, Logger: s.kit.Logger, Origin: address}
	return &public{s, kit.Wrap(web.New(kit))}
}

func (p *public) ask(path string, headers ...string) *httptest.ResponseRecorder {
	p.Helper()
	r := httptest.NewRequestWithContext(p.Context(), http.MethodGet, "http://elsewhere.example"+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "elsewhere.example") {
		p.Errorf("%s names the host that was asked", path)
	}
	return w
}

func (p *public) must(path string) *httptest.ResponseRecorder {
	p.Helper()
	w := p.ask(path)
	if w.Code != http.StatusOK {
		p.Fatalf("%s: got %d\n%s", path, w.Code, w.Body)
	}
	return w
}

// atom is a feed as other programs read it.
type atom struct {
	XMLName xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string    `xml:"id"`
	Title   string    `xml:"title"`
	Updated time.Time `xml:"updated"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID        string    `xml:"id"`
		Title     string    `xml:"title"`
		Updated   time.Time `xml:"updated"`
		Published time.Time `xml:"published"`
		Author    struct {
			Name string `xml:"name"`
			URI  string `xml:"uri"`
		} `xml:"author"`
		Link struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Content struct {
			Type string `xml:"type,attr"`
			HTML string `xml:",chardata"`
		} `xml:"content"`
	} `xml:"entry"`
}

// feed reads a feed and holds it against what RFC 4287 asks of every one.
func (p *public) feed(path string) atom {
	p.Helper()
	w := p.must(path)
	if kind := w.Header().Get("Content-Type"); kind != "application/atom+xml; charset=utf-8" {
		p.Errorf("%s: Content-Type is %q", path, kind)
	}
	var f atom
	if err := xml.Unmarshal(w.Body.Bytes(), &f); err != nil {
		p.Fatalf("%s: %v\n%s", path, err, w.Body)
	}
	if f.ID != origin+path || f.Title == "" || len(f.Links) != 2 || f.Links[0].Rel != "self" || f.Links[0].Href != origin+path {
		p.Errorf("%s: id, title or self are wrong: %+v", path, f)
	}
	ids := map[string]bool{}
	newest := time.Unix(0, 0)
	for _, e := range f.Entries {
		if ids[e.ID] || !strings.HasPrefix(e.ID, origin+"/t/") || !strings.HasPrefix(e.Link.Href, origin+"/t/") || e.Link.Rel != "alternate" ||
			e.Author.Name == "" || e.Title == "" || e.Content.Type != "html" || e.Updated.Before(e.Published) || e.Published.IsZero() {
			p.Errorf("%s: an entry that is none: %+v", path, e)
		}
		if ids[e.ID] = true; e.Updated.After(newest) {
			newest = e.Updated
		}
	}
	if len(f.Entries) > 0 && f.Updated.Before(newest) || f.Updated.IsZero() {
		p.Errorf("%s: updated %v, its newest entry %v", path, f.Updated, newest)
	}
	return f
}

func TestFeeds(t *testing.T) {
	t.Parallel()
	s, admin, mia, _ := community(t)
	p := publish(s)
	tips := s.category(admin, "Tips")
	s.thread(mia, tips.ID, "Second & last", "See [the first](/t/1/1), [a part](#p-1), [that](http://far.example/?a=1&b=2) & ![x](pic.png).")
	reply := s.reply(mia, 1, "The third <post>.")
	edited, err := s.service.EditPost(t.Context(), mia, 1, 2, forum.PostEdit{Body: "The second post, reworded."})
	if err != nil {
		t.Fatal(err)
	}

	latest := p.feed("/feed.atom")
	if len(latest.Entries) != 2 || latest.Entries[0].Title != "A thread" || latest.Entries[1].Title != "Second & last" {
		t.Fatalf("latest: %+v", latest)
	}
	if got := latest.Entries[0]; !got.Updated.Equal(reply.CreatedAt) || got.Link.Href != origin+"/t/1/a-thread" || got.Content.HTML != "<p>The first post.</p>\n" ||
		got.Author.Name != "mia" || got.Author.URI != origin+"/u/mia" {
		t.Errorf("a thread with a new reply at %v: %+v", reply.CreatedAt, got)
	}
	for _, link := range []string{`href="https://forum.example/t/1/1"`, `href="https://forum.example/t/2/second-last#p-1"`,
		`href="http://far.example/?a=1&amp;b=2"`, `src="https://forum.example/t/2/pic.png"`} {
		if content := latest.Entries[1].Content.HTML; !strings.Contains(content, link) {
			t.Errorf("the content has no %s: %s", link, content)
		}
	}
	if got := p.feed("/c/tips/feed.atom"); len(got.Entries) != 1 || got.Entries[0].Title != "Second & last" {
		t.Errorf("category: %+v", got)
	}
	thread := p.feed("/t/1/feed.atom")
	var titles []string
	for _, e := range thread.Entries {
		titles = append(titles, e.Title)
	}
	if diff := cmp.Diff([]string{"#3 in A thread", "#2 in A thread", "A thread"}, titles); diff != "" {
		t.Errorf("entries of the thread (-want +got):\n%s", diff)
	}
	if got := thread.Entries[1]; !got.Updated.Equal(edited.EditedAt) || !thread.Updated.Equal(edited.EditedAt) {
		t.Errorf("an edit at %v: the entry is of %v, the feed of %v", edited.EditedAt, got.Updated, thread.Updated)
	}
	if got := p.feed("/c/news/feed.atom"); got.Links[1].Href != origin+"/c/news" {
		t.Errorf("category leads to %q", got.Links[1].Href)
	}
	if _, err := s.service.EditCategory(t.Context(), admin, tips.ID, forum.NewCategory{Name: "Hints"}); err != nil {
		t.Fatal(err)
	}
	if w := p.ask("/c/tips/feed.atom"); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "/c/hints/feed.atom" {
		t.Errorf("feed of a renamed category: %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// A program that has a feed is told so, until it changes.
func TestFeedsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	s, _, mia, _ := community(t)
	p := publish(s)
	for _, path := range []string{"/feed.atom", "/c/news/feed.atom", "/t/1/feed.atom", "/robots.txt", "/sitemap.xml"} {
		for _, encoding := range []string{"identity", "gzip"} {
			tag := p.ask(path, "Accept-Encoding", encoding).Header().Get("ETag")
			again := p.ask(path, "Accept-Encoding", encoding, "If-None-Match", tag)
			if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
				t.Errorf("%s (%s) asked for again with %q: %d, %d bytes", path, encoding, tag, again.Code, again.Body.Len())
			}
		}
	}
	tags := map[string]string{}
	for _, path := range []string{"/feed.atom", "/c/news/feed.atom", "/t/1/feed.atom"} {
		tags[path] = p.ask(path).Header().Get("ETag")
	}
	s.reply(mia, 1, "News.")
	for path, tag := range tags {
		if w := p.ask(path, "If-None-Match", tag); w.Code != http.StatusOK {
			t.Errorf("%s after a reply: %d", path, w.Code)
		}
	}
}

type sitemap struct {
	Maps []struct {
		Loc string `xml:"loc"`
	} `xml:"sitemap"`
	URLs []struct {
		Loc     string    `xml:"loc"`
		LastMod time.Time `xml:"lastmod"`
	} `xml:"url"`
}

func (p *public) sitemap(path string) (found sitemap) {
	p.Helper()
	if err := xml.Unmarshal(p.must(path).Body.Bytes(), &found); err != nil {
		p.Fatal(err)
	}
	return found
}

func TestSitemap(t *testing.T) {
	t.Parallel()
	s, _, mia, _ := community(t)
	p := publish(s)
	reply := s.reply(mia, 1, "Later.")
	for i := range 1050 { // more than are read at a time
		s.thread(mia, 1, fmt.Sprintf("Number %d", i), "Text.")
	}
	var parts, addresses []string
	for _, part := range p.sitemap("/sitemap.xml").Maps {
		parts = append(parts, part.Loc)
		for _, page := range p.sitemap(strings.TrimPrefix(part.Loc, origin)).URLs {
			addresses = append(addresses, page.Loc)
			if page.Loc == origin+"/t/1/a-thread" && !page.LastMod.Equal(reply.CreatedAt) {
				t.Errorf("the thread is of %v, want %v", page.LastMod, reply.CreatedAt)
			}
		}
	}
	if diff := cmp.Diff([]string{origin + "/sitemap/places.xml", origin + "/sitemap/threads-0.xml"}, parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if len(addresses) != 4+1051 || len(slices.Compact(slices.Sorted(slices.Values(addresses)))) != len(addresses) {
		t.Errorf("%d addresses, want 1055 different ones", len(addresses))
	}
	for _, address := range []string{addresses[0], addresses[3], addresses[4], addresses[1054]} {
		if page := p.must(strings.TrimPrefix(address, origin)); !strings.Contains(page.Body.String(), `<link rel="canonical" href="`+address+`"`) {
			t.Errorf("%s is not the canonical address of its page", address)
		}
	}
	for _, path := range []string{"/sitemap/threads-1.xml", "/sitemap/threads-00.xml", "/sitemap/threads--1.xml", "/sitemap/threads-.xml",
		"/sitemap/threads-9223372036854775807.xml", "/sitemap/other.xml"} {
		if w := p.ask(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	if robots := p.must("/robots.txt").Body.String(); !strings.Contains(robots, "Sitemap: "+origin+"/sitemap.xml\n") || !strings.Contains(robots, "Disallow: /admin\n") {
		t.Errorf("robots.txt:\n%s", robots)
	}
}

// gappy is a store with threads in the first and the third span of ids.
type gappy struct{ forum.Store }

func (gappy) Sitemap(_ context.Context, _ forum.Visibility, after, through forum.ThreadID, _ int) ([]forum.SitemapEntry, error) {
	for _, id := range []forum.ThreadID{1, 2*forum.SitemapSize + 1, 3 * forum.SitemapSize} {
		if id > after && id <= through {
			return []forum.SitemapEntry{{ID: id, Slug: "x"}}, nil
		}
	}
	return nil, nil
}

// A part that would be empty is none.
func TestSitemapParts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.service.Store = gappy{s.service.Store}
	p := publish(s)
	var parts []string
	for _, part := range p.sitemap("/sitemap.xml").Maps {
		parts = append(parts, strings.TrimPrefix(part.Loc, origin+"/sitemap/"))
	}
	if diff := cmp.Diff([]string{"places.xml", "threads-0.xml", "threads-2.xml"}, parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

// Without a public address there is nothing to name, and nobody is led to it.
func TestNoOrigin(t *testing.T) {
	t.Parallel()
	s, _, _, _ := community(t)
	b := s.browser()
	for _, path := range []string{"/feed.atom", "/c/news/feed.atom", "/t/1/feed.atom", "/sitemap.xml", "/sitemap/places.xml", "/sitemap/threads-0.xml"} {
		b.get(path)
		b.wantStatus(http.StatusNotFound)
		b.wantText("--url")
	}
	for _, path := range []string{"/", "/c/news", "/t/1/a-thread", "/robots.txt"} {
		b.get(path)
		b.wantStatus(http.StatusOK)
		if strings.Contains(b.page.source, "feed.atom") || strings.Contains(b.page.source, "sitemap.xml") || strings.Contains(b.page.source, "og:url") || strings.Contains(b.page.source, "canonical") {
			t.Errorf("%s names what is not there", path)
		}
	}
}

// head is what a page says of itself to programs.
type head struct {
	Canonical, Feed, Robots string
	Properties              map[string]string
	Data                    map[string]any
}

func readHead(tb testing.TB, source string) head {
	tb.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		tb.Fatal(err)
	}
	h := head{Properties: map[string]string{}}
	for node := range root.Descendants() {
		switch {
		case node.Data == "link" && attribute(node, "rel") == "canonical":
			h.Canonical = attribute(node, "href")
		case node.Data == "link" && attribute(node, "rel") == "alternate":
			h.Feed = attribute(node, "href")
		case node.Data == "meta" && attribute(node, "name") == "robots":
			h.Robots = attribute(node, "content")
		case node.Data == "meta":
			h.Properties[attribute(node, "property")+attribute(node, "name")] = attribute(node, "content")
		case node.Data == "script" && attribute(node, "type") == "application/ld+json":
			if err := json.Unmarshal([]byte(textOf(node)), &h.Data); err != nil {
				tb.Errorf("the data is no JSON: %v", err)
			}
		}
	}
	return h
}

func TestThreadIsDescribed(t *testing.T) {
	t.Parallel()
	s, admin, mia, _ := community(t)
	p := publish(s)
	first, err := s.service.CreateThread(t.Context(), mia, forum.NewThread{CategoryID: 1, Title: `A </script> & "title"`, Tags: []string{"Hubs"},
		Body: "## Head\n\nSome *words* & <b>more</b>.\n\n- one\n- two [link](/x \"a > b\")"})
	if err != nil {
		t.Fatal(err)
	}
	for range 24 {
		s.reply(mia, 2, "Again.")
	}
	if _, err := s.service.DeletePost(t.Context(), mia, 2, 3, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.service.React(t.Context(), admin, 2, 1, "heart", ""); err != nil {
		t.Fatal(err)
	}
	path := "/t/2/" + first.ThreadSlug
	got := readHead(t, p.must(path).Body.String())
	const text = "Head Some words & <b>more</b>. one two link"
	want := map[string]any{
		"@context": "https://schema.org", "@type": "DiscussionForumPosting", "url": origin + path, "headline": `A </script> & "title"`, "text": text,
		"author":        map[string]any{"@type": "Person", "name": "mia", "url": origin + "/u/mia"},
		"datePublished": first.CreatedAt.Format(time.RFC3339Nano), "commentCount": 23.0, "keywords": []any{"hubs"},
		"interactionStatistic": []any{map[string]any{"@type": "InteractionCounter", "interactionType": "https://schema.org/LikeAction", "userInteractionCount": 1.0}},
		"isPartOf":             map[string]any{"@type": "CollectionPage", "name": "News", "url": origin + "/c/news"},
	}
	if diff := cmp.Diff(want, got.Data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	if got.Canonical != origin+path || got.Feed != origin+"/t/2/feed.atom" || got.Robots != "" {
		t.Errorf("head: %+v", got)
	}
	for name, want := range map[string]string{"og:title": `A </script> & "title"`, "og:url": origin + path, "og:type": "article", "og:description": text,
		"description": text, "og:site_name": "Folkmoot", "twitter:card": "summary"} {
		if got.Properties[name] != want {
			t.Errorf("%s is %q, want %q", name, got.Properties[name], want)
		}
	}
	second := readHead(t, p.must(path+"?from=22").Body.String())
	if second.Canonical != origin+path+"?from=22" || second.Data != nil {
		t.Errorf("head of the second page: %+v", second)
	}
}

// What is for nobody to find says so, and tells nothing of itself.
func TestNotForRobots(t *testing.T) {
	t.Parallel()
	s, admin, mia, _ := community(t)
	unlisted := s.thread(mia, 1, "Quiet", "Not in lists.")
	if _, err := s.service.MarkThread(t.Context(), admin, unlisted, forum.MarkUnlisted, true, ""); err != nil {
		t.Fatal(err)
	}
	p := publish(s)
	for _, path := range []string{"/t/2/quiet", "/search", "/search?q=first", "/admin", "/new", "/settings", "/t/99", "/?before=1-1"} {
		got := readHead(t, p.ask(path).Body.String())
		if diff := cmp.Diff(head{Robots: "noindex"}, head{got.Canonical, got.Feed, got.Robots, nil, got.Data}); diff != "" || got.Properties["og:title"] != "" {
			t.Errorf("head of %s (-want +got):\n%s", path, diff)
		}
	}
	for _, path := range []string{"/", "/categories", "/c/news", "/t/1/a-thread", "/u/mia", "/about", "/sign-in", "/sign-up"} {
		if got := readHead(t, p.must(path).Body.String()); got.Canonical != origin+path || got.Robots != "" {
			t.Errorf("head of %s: %+v", path, got)
		}
	}
}

// canary stands in everything that visitors may not see, and nowhere else.
const canary = "canary7391"

// Whoever asks for what programs read gets what visitors may see, and nothing besides.
func TestNothingUnseenIsFound(t *testing.T) {
	t.Parallel()
	s, admin, mia, _ := community(t)
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	secret, err := s.service.CreateCategory(ctx, admin, forum.NewCategory{Name: "Staff " + canary, Description: canary,
		Permissions: forum.Permissions{forum.Visitor: {}, forum.Member: {}}})
	check(err)
	members, err := s.service.CreateCategory(ctx, admin, forum.NewCategory{Name: "Members " + canary, Permissions: forum.Permissions{forum.Visitor: {}}})
	check(err)
	hidden := s.category(admin, "Closed "+canary)
	s.thread(mia, hidden.ID, canary+" closed", canary)
	check(s.service.HideCategory(ctx, admin, hidden.ID, true, ""))
	s.thread(admin, secret.ID, canary+" staff", canary)
	s.thread(mia, members.ID, canary+" members", canary)
	for mark, by := range map[forum.Mark]forum.Actor{forum.MarkUnlisted: admin, forum.MarkModHidden: admin, forum.MarkModDeleted: admin, forum.MarkAuthorDeleted: mia} {
		id := s.thread(mia, 1, canary+" "+string(mark), canary)
		_, err := s.service.MarkThread(ctx, by, id, mark, true, "")
		check(err)
		post := s.reply(mia, 1, canary+" "+string(mark))
		if mark != forum.MarkUnlisted {
			_, err = s.service.MarkPost(ctx, by, 1, post.Number, mark, true, "")
		} else {
			_, err = s.service.EditPost(ctx, mia, 1, post.Number, forum.PostEdit{Body: "No longer there."})
		}
		check(err)
	}
	p := publish(s)
	paths := []string{"/feed.atom", "/sitemap.xml", "/sitemap/places.xml", "/sitemap/threads-0.xml", "/robots.txt", "/", "/categories", "/about", "/u/mia",
		"/u/mia?show=threads", "/c/news/feed.atom", "/t/1/feed.atom", "/t/1/a-thread"}
	for _, category := range []*forum.CategoryBranch{secret, members, hidden} {
		paths = append(paths, "/c/"+category.Slug+"/feed.atom", "/c/"+category.Slug)
	}
	for id := 2; id <= 8; id++ {
		paths = append(paths, fmt.Sprintf("/t/%d/feed.atom", id))
	}
	moderator, err := s.service.OpenSession(ctx, admin.User)
	check(err)
	for _, path := range paths {
		asked := []string{""}
		if strings.HasSuffix(path, ".atom") || strings.HasSuffix(path, ".xml") || strings.HasSuffix(path, ".txt") {
			asked = append(asked, string(moderator))
		}
		for _, session := range asked {
			headers := []string{"Accept", "*/*"}
			if session != "" {
				headers = append(headers, "Authorization", "Bearer "+session)
			}
			w := p.ask(path, headers...)
			if found := strings.ReplaceAll(w.Body.String(), url.QueryEscape(path), ""); strings.Contains(found, canary) {
				t.Errorf("%s (session %t) shows what is secret:\n%s", path, session != "", found)
			}
			if found := p.ask(path, "Authorization", "Bearer "+string(moderator)).Body.String(); path == "/" && !strings.Contains(found, canary) {
				t.Error("not even an administrator sees the canary: the test proves nothing")
			}
			if private := strings.HasPrefix(path, "/c/") && !strings.HasPrefix(path, "/c/news") || strings.HasPrefix(path, "/t/") && !strings.HasPrefix(path, "/t/1/"); private && w.Code != http.StatusNotFound {
				t.Errorf("%s: got %d, want 404", path, w.Code)
			}
		}
	}
}
