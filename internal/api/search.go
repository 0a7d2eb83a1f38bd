package api

import (
	"context"
	"strconv"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// SearchHit is a post that matches.
type SearchHit struct {
	Post    ListedPost `json:"post"`
	Excerpt string     `json:"excerpt" doc:"The post's beginning, as plain text."`
}

// SearchResult is a part of what was found, the best first.
type SearchResult struct {
	Hits       []SearchHit `json:"hits"`
	Pending    int64       `json:"pending" doc:"Posts that search does not know yet: it trails writes by up to a second."`
	NextCursor string      `json:"next_cursor,omitempty" doc:"Absent at the end."`
}

func (s *server) search(ctx context.Context, in *struct {
	Query      string `query:"q" required:"true" doc:"Words, \"phrases\" and user:name; all must match."`
	CategoryID id     `query:"category_id" doc:"Posts of this category."`
	Cursor     string `query:"cursor" doc:"The next_cursor of the part before; none: from the beginning."`
}) (*answer[SearchResult], error) {
	offset, err := readOffset(in.Cursor)
	if err != nil {
		return nil, err
	}
	if in.CategoryID != 0 {
		if _, err := s.service.CategoryByID(ctx, httpkit.ActorOf(ctx), forum.CategoryID(in.CategoryID)); err != nil {
			return nil, err
		}
	}
	found, err := s.service.Search(ctx, httpkit.ActorOf(ctx), in.Query, forum.CategoryID(in.CategoryID), offset)
	if err != nil {
		return nil, err
	}
	result := SearchResult{Hits: make([]SearchHit, len(found.Hits)), Pending: found.Pending}
	for i := range found.Hits {
		result.Hits[i] = SearchHit{Post: newListedPost(&found.Hits[i].Post), Excerpt: found.Hits[i].Excerpt}
	}
	if found.More {
		result.NextCursor = writeWordCursor(strconv.Itoa(offset + len(found.Hits)))
	}
	return &answer[SearchResult]{result}, nil
}

func readOffset(cursor string) (int, error) {
	text, err := readWordCursor(cursor)
	if err != nil || text == "" {
		return 0, err
	}
	offset, err := strconv.Atoi(text)
	if err != nil || offset < 0 || offset > forum.MaxSearchHits {
		return 0, errCursor
	}
	return offset, nil
}
