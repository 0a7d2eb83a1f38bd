package store

import (
	"context"
	"fmt"

	"folkmoot/internal/forum"
)

// Sitemap returns threads that the reader's lists hold, by id.
func (s *Store) Sitemap(ctx context.Context, reader forum.Visibility, after, through forum.ThreadID, limit int) ([]forum.SitemapEntry, error) {
	var entries []forum.SitemapEntry
	err := s.read(ctx, Query{`
		SELECT t.id, t.slug, t.last_activity_at
		FROM threads t ` + joinAccess + `
		WHERE t.id > $3 AND t.id <= $4 AND ` + listsThread + `
		ORDER BY t.id LIMIT $5`,
		readerArgs(reader, int64(after), int64(through), limit), func(row Row) error {
			var e forum.SitemapEntry
			err := scan(row, &e.ID, &e.Slug, &e.LastActivityAt)
			entries = append(entries, e)
			return err
		}})
	if err != nil {
		return nil, fmt.Errorf("site map after thread %d: %w", after, err)
	}
	return entries, nil
}
