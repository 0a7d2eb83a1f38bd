package forum

import (
	"context"
	"strings"
	"unicode"
)

// SearchQuery is a search as it was asked.
type SearchQuery struct {
	Words    []string   // all must occur; a phrase holds spaces
	Category CategoryID // 0: everywhere
	Author   string     // folded name, "" for anybody's
	Offset   int        // hits to pass over, at most MaxSearchHits
	Limit    int
}

// MaxSearchHits bounds how many candidates of a search are ranked: common words match millions.
const MaxSearchHits = 1000

// SearchHit is a post that matches.
type SearchHit struct {
	Post    Post // with ThreadTitle and ThreadSlug
	Excerpt string
}

// SearchResult is a page of hits, the best first. Search trails writes by up to a second.
type SearchResult struct {
	Hits    []SearchHit
	More    bool  // there are further hits
	Pending int64 // posts not indexed yet
}

// SearchStore is what searching needs of the store.
type SearchStore interface {
	// Search returns the visible posts that match and that the reader may see.
	Search(ctx context.Context, reader Visibility, query SearchQuery) ([]Post, bool, error)
	// PendingSearch returns how many posts wait to be indexed.
	PendingSearch(ctx context.Context) (int64, error)
}

// Search finds visible posts by their words and their threads' titles.
func (s *Service) Search(ctx context.Context, actor Actor, text string, category CategoryID, offset int) (SearchResult, error) {
	if wrong := LimitQuery.Check(text); wrong != nil {
		return SearchResult{}, fields{*wrong}.err()
	}
	query := ParseSearch(text)
	query.Category, query.Offset, query.Limit = category, min(max(offset, 0), MaxSearchHits), PageSize
	query.Author = s.Text.Fold(query.Author)
	if len(query.Words) == 0 && query.Author == "" {
		return SearchResult{}, &Error{Kind: Invalid, Message: "there is nothing to search for",
			Fields: []FieldError{{Field: "q", Message: "must hold a word"}}}
	}
	posts, more, err := s.Store.Search(ctx, actor.Visibility(), query)
	if err != nil {
		return SearchResult{}, err
	}
	result := SearchResult{More: more}
	for _, post := range posts {
		result.Hits = append(result.Hits, SearchHit{Post: post, Excerpt: s.Text.Excerpt(post.Body, 240)})
	}
	result.Pending, err = s.Store.PendingSearch(ctx)
	return result, err
}

// ParseSearch reads a query: words, "phrases", and user:name. It accepts any text, and
// understands at most MaxSearchTerms of it.
func ParseSearch(text string) SearchQuery {
	var query SearchQuery
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 {
			query.add(strings.Join(words(part), " "))
			continue
		}
		for _, field := range strings.Fields(part) {
			if name, found := strings.CutPrefix(field, "user:"); found && name != "" {
				query.Author = name
				continue
			}
			for _, word := range words(field) {
				query.add(word)
			}
		}
	}
	return query
}

func (q *SearchQuery) add(term string) {
	if term != "" && len(q.Words) < MaxSearchTerms {
		q.Words = append(q.Words, term)
	}
}

// words are the letters and numbers of a text, as the index sees them.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
}
