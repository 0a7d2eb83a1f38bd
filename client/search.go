package client

import (
	"context"
	"iter"
	"net/url"
)

// SearchHit is a post that matches.
type SearchHit struct {
	Post    ListedPost `json:"post"`
	Excerpt string     `json:"excerpt"` // the post's beginning, as plain text
}

// SearchResult is a part of what was found.
type SearchResult struct {
	Hits       []SearchHit `json:"hits"`
	Pending    int64       `json:"pending"` // posts that search does not know yet: it trails writes by up to a second
	NextCursor string      `json:"next_cursor,omitempty"`
}

// Search goes through the posts that hold all words of a query, the best first; category 0 is everywhere.
func (c *Client) Search(ctx context.Context, query string, category int64) iter.Seq2[SearchHit, error] {
	return parts(func(cursor string) ([]SearchHit, string, error) {
		values := url.Values{"q": {query}}
		if category != 0 {
			values.Set("category_id", digits(category))
		}
		if cursor != "" {
			values.Set("cursor", cursor)
		}
		result, err := get[SearchResult](ctx, c, "/search", values)
		return result.Hits, result.NextCursor, err
	})
}
