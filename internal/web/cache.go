package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// maxCacheBytes bounds what visitors' pages occupy: some hundreds of them. The collector takes as
// much again, and the server shall stay under 128 MiB.
const maxCacheBytes = 12 << 20

// pageCache keeps visitors' thread pages. A page is served while the numbers it stands on, read
// afresh for each request, are the ones it was made at: it is never stale and needs no invalidation.
type pageCache struct {
	pages  *otter.Cache[pageKey, *cachedPage]
	origin string             // that the pages name
	making singleflight.Group // by entity tag
	site   atomic.Pointer[shownSite]
}

// shownSite is what the community says of itself, read after the version it is kept under.
type shownSite struct {
	version forum.PageVersion // of no thread or category
	forum.Site
}

// pageKey names a visitor's thread page. (With a second language that joins it.)
type pageKey struct {
	Thread forum.ThreadID
	From   int64
}

// cachedPage is a page ready to be sent. It holds nothing that depends on who reads, or when.
type cachedPage struct {
	version   forum.PageVersion // read before the page was made
	slug      string            // of the thread
	elsewhere string            // where to go instead, of a page past the end, which is not kept
	etag      string
	zippedTag string // of the compressed form, which is another sequence of bytes
	html      []byte

	compress sync.Once
	zipped   []byte
}

func newPageCache(origin string) *pageCache {
	return &pageCache{origin: origin, pages: otter.Must(&otter.Options[pageKey, *cachedPage]{
		MaximumWeight: maxCacheBytes,
		Weigher:       func(_ pageKey, p *cachedPage) uint32 { return p.weight() },
		Executor:      func(tidy func()) { tidy() }, // at once: waking a goroutine for it costs more
	})}
}

// showToVisitor serves the page from the cache while it holds, with one query.
func (s *server) showToVisitor(w http.ResponseWriter, r *http.Request, slug string, from int64) error {
	key := pageKey{threadID(r), from}
	version, err := s.service.PageVersion(r.Context(), key.Thread)
	if err != nil {
		return err
	}
	cached, err := s.pageForVisitors(r.Context(), key, version)
	if err != nil {
		return err
	}
	if cached.elsewhere != "" {
		return leadOn(w, r, cached.elsewhere)
	}
	if cached.slug != slug {
		return moved(w, r, ui.ThreadPagePath(key.Thread, cached.slug, from))
	}
	s.service.CountView(key.Thread)
	return cached.serve(w, r)
}

// pageForVisitors returns the page as it is at version. All who miss it at one version wait for one
// rendering, which goes on when the first of them leaves; who read another version waits for another.
func (s *server) pageForVisitors(ctx context.Context, key pageKey, version forum.PageVersion) (*cachedPage, error) {
	cached := s.cache.get(key, version)
	s.kit.PageAsked(cached != nil)
	if cached != nil {
		return cached, nil
	}
	tag := s.cache.entityTag(key, version)
	made, err, _ := s.cache.making.Do(tag, func() (any, error) {
		if cached := s.cache.get(key, version); cached != nil { // made since it was missed
			return cached, nil
		}
		return s.renderForVisitors(context.WithoutCancel(ctx), key, version, tag)
	})
	if err != nil {
		return nil, err
	}
	return made.(*cachedPage), nil
}

// renderForVisitors makes the page that every visitor gets: whoever asked for it leaves no trace in it.
func (s *server) renderForVisitors(ctx context.Context, key pageKey, version forum.PageVersion, tag string) (*cachedPage, error) {
	found, err := s.service.ThreadPage(ctx, forum.Actor{}, key.Thread, forum.PageAt{Number: key.From})
	if err != nil {
		return nil, err
	}
	path := ui.ThreadPagePath(key.Thread, found.Thread.Slug, key.From)
	if pastEnd(found, key.From) {
		return &cachedPage{elsewhere: ui.ThreadPagePath(key.Thread, found.Thread.Slug, found.Last)}, nil
	}
	site, err := s.siteForVisitors(ctx, version)
	if err != nil {
		return nil, err
	}
	frame := s.frameOf(site)
	frame.Here = path
	html, err := render(ctx, frame, newThreadPage(forum.Actor{}, found, key.From))
	if err != nil {
		return nil, err
	}
	return s.cache.put(key, version, tag, found.Thread.Slug, html), nil
}

// siteForVisitors returns what the community says of itself, read again when anything shown has changed.
func (s *server) siteForVisitors(ctx context.Context, version forum.PageVersion) (forum.Site, error) {
	version.Thread, version.Category = 0, 0
	if known := s.cache.site.Load(); known != nil && known.version == version {
		return known.Site, nil
	}
	site, err := s.service.Site(ctx)
	if err == nil {
		s.cache.site.Store(&shownSite{version, site})
	}
	return site, err
}

// get returns the page as it is at version, nil where there is none.
func (c *pageCache) get(key pageKey, version forum.PageVersion) *cachedPage {
	found, ok := c.pages.GetIfPresent(key)
	if !ok || found.version != version {
		return nil
	}
	return found
}

// put keeps a page that was made after its version was read.
func (c *pageCache) put(key pageKey, version forum.PageVersion, tag, slug string, html []byte) *cachedPage {
	p := &cachedPage{version: version, slug: slug, html: html, etag: `"` + tag + `"`, zippedTag: `"` + tag + `-gz"`}
	c.pages.Set(key, p)
	return p
}

// entityTag names a page and everything it depends on, the program included.
func (c *pageCache) entityTag(key pageKey, version forum.PageVersion) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %v %v", build(), c.origin, key, version))
	return hex.EncodeToString(sum[:12])
}

// weight is what the page occupies, its compressed form included whether it is made yet or not.
func (p *cachedPage) weight() uint32 {
	const besides = 512
	return uint32(len(p.html) + len(p.html)/3 + besides)
}

// serve answers with the page, or with the word that the browser has it.
func (p *cachedPage) serve(w http.ResponseWriter, r *http.Request) error {
	header := w.Header()
	setPageHeaders(header)
	header["Cache-Control"] = visitorsCacheControl
	zipped := acceptsGzip(r)
	switch {
	case zipped && httpkit.NotModified(w, r, p.zippedTag), !zipped && httpkit.NotModified(w, r, p.etag):
		return nil
	case zipped:
		header["Content-Encoding"] = gzipEncoding
		return write(w, http.StatusOK, p.gzip())
	}
	return write(w, http.StatusOK, p.html)
}

var (
	visitorsCacheControl = []string{"no-cache"}
	gzipEncoding         = []string{"gzip"}
)

// gzip returns the page compressed, which is done when it is first asked for.
func (p *cachedPage) gzip() []byte {
	p.compress.Do(func() {
		zipped := takeBuffer()
		defer releaseBuffer(zipped)
		zip(zipped, p.html)
		p.zipped = bytes.Clone(zipped.Bytes())
	})
	return p.zipped
}
