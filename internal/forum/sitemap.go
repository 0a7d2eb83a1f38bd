package forum

import (
	"context"
	"time"
)

// SitemapSize is how many threads' ids a part of the site map spans, so that it never holds more:
// sitemaps.org allows 50,000 addresses.
const SitemapSize = 50_000

// SitemapEntry is a thread as the site map names it.
type SitemapEntry struct {
	ID             ThreadID
	Slug           string
	LastActivityAt time.Time
}

// SitemapStore is what the site map needs of the store.
type SitemapStore interface {
	// Sitemap returns threads that the reader's lists hold, with ids above after and up to through,
	// in the order of their ids, limit at most.
	Sitemap(ctx context.Context, reader Visibility, after, through ThreadID, limit int) ([]SitemapEntry, error)
}

// Sitemap returns, in the order of their ids, threads that visitors find in lists: with ids above
// after and up to through, limit at most. Whoever asks gets what a visitor may see.
func (s *Service) Sitemap(ctx context.Context, after, through ThreadID, limit int) ([]SitemapEntry, error) {
	return s.Store.Sitemap(ctx, Actor{}.Visibility(), after, through, limit)
}
