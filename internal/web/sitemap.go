package web

import (
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// siteMapSpace is the namespace of all that sitemaps.org describes.
const siteMapSpace = `xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`

// sitemapBatch is how many threads are read at a time: a part is written as it is read.
const sitemapBatch = 1000

// placesPart names the part with everything that is no thread.
const placesPart = "places.xml"

// showSitemap serves the index of the site map: a part for the places, and one for each span of
// thread ids in which a visitor sees any.
func (s *server) showSitemap(w http.ResponseWriter, r *http.Request) error {
	if s.kit.Origin == nil {
		return errNoOrigin
	}
	parts := []string{placesPart}
	for after := forum.ThreadID(0); ; {
		next, err := s.service.Sitemap(r.Context(), after, math.MaxInt64, 1)
		if err != nil {
			return err
		}
		if len(next) == 0 {
			break
		}
		part := int64(next[0].ID-1) / forum.SitemapSize
		parts = append(parts, threadsPart(part))
		after = forum.ThreadID((part + 1) * forum.SitemapSize)
	}
	text := takeBuffer()
	defer releaseBuffer(text)
	text.WriteString(xml.Header + "<sitemapindex " + siteMapSpace + ">\n")
	for _, part := range parts {
		text.WriteString("<sitemap><loc>" + escaped(s.kit.Absolute("/sitemap/"+part)) + "</loc></sitemap>\n")
	}
	text.WriteString("</sitemapindex>\n")
	return serveForAll(w, r, "application/xml; charset=utf-8", text.Bytes())
}

// threadsPart names the part of the site map with the threads of a span of ids.
func threadsPart(part int64) string { return fmt.Sprintf("threads-%d.xml", part) }

func (s *server) showSitemapPart(w http.ResponseWriter, r *http.Request) error {
	if s.kit.Origin == nil {
		return errNoOrigin
	}
	name := r.PathValue("part")
	if name == placesPart {
		return s.showSitemapPlaces(w, r)
	}
	digits, ok := strings.CutPrefix(strings.TrimSuffix(name, ".xml"), "threads-")
	part := positive(digits)
	if !ok || name != threadsPart(part) || part > math.MaxInt64/forum.SitemapSize-1 {
		return forum.ErrNotFound
	}
	return s.showSitemapThreads(w, r, forum.ThreadID(part*forum.SitemapSize))
}

// showSitemapThreads writes the threads with ids from the one after start, as they are read.
func (s *server) showSitemapThreads(w http.ResponseWriter, r *http.Request, start forum.ThreadID) error {
	through := start + forum.SitemapSize
	entries, err := s.service.Sitemap(r.Context(), start, through, sitemapBatch)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return forum.ErrNotFound
	}
	header := w.Header()
	header.Set("Content-Type", "application/xml; charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	out := bufio.NewWriterSize(w, 32<<10)
	_, _ = io.WriteString(out, xml.Header+"<urlset "+siteMapSpace+">\n")
	for len(entries) > 0 {
		for i := range entries {
			s.writeSitemapThread(out, &entries[i])
		}
		if entries, err = s.nextSitemapThreads(r.Context(), entries, through); err != nil {
			return err
		}
	}
	_, _ = io.WriteString(out, "</urlset>\n")
	_ = out.Flush() // whoever does not read on has gone
	return nil
}

// nextSitemapThreads reads what follows a batch, nothing after one that was not full.
func (s *server) nextSitemapThreads(ctx context.Context, batch []forum.SitemapEntry, through forum.ThreadID) ([]forum.SitemapEntry, error) {
	if len(batch) < sitemapBatch {
		return nil, nil
	}
	return s.service.Sitemap(ctx, batch[len(batch)-1].ID, through, sitemapBatch)
}

func (s *server) writeSitemapThread(out io.Writer, e *forum.SitemapEntry) {
	modified, _ := feedTime{e.LastActivityAt}.MarshalText()
	fmt.Fprintf(out, "<url><loc>%s</loc><lastmod>%s</lastmod></url>\n", escaped(s.kit.Absolute(ui.ThreadPath(e.ID, e.Slug))), modified)
}

// showSitemapPlaces writes the start and the categories that a visitor sees.
func (s *server) showSitemapPlaces(w http.ResponseWriter, r *http.Request) error {
	top, err := s.service.Categories(r.Context(), forum.Actor{})
	if err != nil {
		return err
	}
	text := takeBuffer()
	defer releaseBuffer(text)
	text.WriteString(xml.Header + "<urlset " + siteMapSpace + ">\n")
	for _, path := range append([]string{"/", "/categories", "/about"}, categoryPaths(top)...) {
		text.WriteString("<url><loc>" + escaped(s.kit.Absolute(path)) + "</loc></url>\n")
	}
	text.WriteString("</urlset>\n")
	return serveForAll(w, r, "application/xml; charset=utf-8", text.Bytes())
}

func categoryPaths(branches []*forum.CategoryBranch) []string {
	var paths []string
	for _, branch := range branches {
		paths = append(paths, ui.CategoryPath(branch.Slug))
		paths = append(paths, categoryPaths(branch.Children)...)
	}
	return paths
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // memory does not fail
	return out.String()
}

// notForRobots are the addresses at which there is nothing to find: searches, forms for those who
// are signed in, the API's JSON. Where every page leads to, robots may go: such a page says itself
// whether it wants to be found, and only who may read it hears that.
var notForRobots = []string{"/search", "/first-run", "/settings", "/admin", "/preview", "/api/v1/"}

// showRobots tells robots where not to go, and where the site map is.
func (s *server) showRobots(w http.ResponseWriter, r *http.Request) error {
	text := takeBuffer()
	defer releaseBuffer(text)
	text.WriteString("User-agent: *\n")
	for _, path := range notForRobots {
		text.WriteString("Disallow: " + path + "\n")
	}
	if s.kit.Origin != nil {
		text.WriteString("\nSitemap: " + s.kit.Absolute("/sitemap.xml") + "\n")
	}
	return serveForAll(w, r, "text/plain; charset=utf-8", text.Bytes())
}
