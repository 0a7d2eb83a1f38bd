package storetest

import (
	"math"
	"slices"
	"testing"

	"folkmoot/internal/forum"
)

var sitemapCases = []testCase{
	{"what visitors' lists hold, and nothing else", sitemapHolds},
	{"first posts of a list", sitemapFirstPosts},
}

// sitemapHolds: whoever reads, and in whatever pieces, it is what their lists hold.
func sitemapHolds(t *testing.T, c *community) {
	c.population(t)
	for _, who := range everybody {
		by, actor := as(who), c.must(t, who)
		var want []forum.SitemapEntry
		for _, th := range c.model.threads {
			if c.model.lists(by, th, forum.ThreadFilter{}) {
				thread, err := c.Thread(t.Context(), actor, th.id)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, forum.SitemapEntry{ID: th.id, Slug: thread.Slug, LastActivityAt: th.lastActivity()})
			}
		}
		for _, limit := range []int{1, 3, 1000} {
			var got []forum.SitemapEntry
			for after := forum.ThreadID(0); ; after = got[len(got)-1].ID {
				part, err := c.Store.Sitemap(t.Context(), actor.Visibility(), after, math.MaxInt64, limit)
				if err != nil {
					t.Fatal(err)
				}
				if got = append(got, part...); len(part) < limit {
					break
				}
			}
			differ(t, "site map for "+by.String(), want, got)
		}
	}
	some, err := c.Service.Sitemap(t.Context(), 2, 5, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(some, func(e forum.SitemapEntry) bool { return e.ID <= 2 || e.ID > 5 }) {
		t.Errorf("threads above 2 and up to 5: %+v", some)
	}
}

// sitemapFirstPosts: where a list brings first posts they are those, and no thread is lost for them.
func sitemapFirstPosts(t *testing.T, c *community) {
	c.population(t)
	for _, who := range everybody {
		actor := c.must(t, who)
		for name, filter := range c.model.filters() {
			plain, err := c.Threads(t.Context(), actor, filter)
			if err != nil {
				t.Fatal(err)
			}
			filter.First = true
			full, err := c.Threads(t.Context(), actor, filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(full.Threads) != len(plain.Threads) || len(full.Pinned) != len(plain.Pinned) || full.Total != plain.Total {
				t.Errorf("%s for %q: %d and %d of %d threads with first posts, %d and %d of %d without", name, who,
					len(full.Threads), len(full.Pinned), full.Total, len(plain.Threads), len(plain.Pinned), plain.Total)
			}
			for _, thread := range append(full.Threads, full.Pinned...) {
				_, first, err := c.Post(t.Context(), actor, thread.ID, 1)
				if err != nil || thread.FirstHTML != first.HTML || !thread.FirstEditedAt.Equal(first.EditedAt) || first.HTML == "" {
					t.Errorf("%s: first post of %d for %q is %q of %v, want %q of %v, %v", name, thread.ID, who,
						thread.FirstHTML, thread.FirstEditedAt, first.HTML, first.EditedAt, err)
				}
			}
		}
	}
}
