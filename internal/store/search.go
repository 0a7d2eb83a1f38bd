package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"folkmoot/internal/forum"
)

// The index is brought up to date from rows queued by writes: in small pieces through the
// writer, so that people's writes never wait long for it.
const (
	indexEvery = 50 * time.Millisecond
	indexBatch = 100 // posts of a piece: some 4 ms of the writer
	indexShare = 20  // while others write the index has a twentieth of the writer's time
)

// Plain makes the text that is indexed of a Markdown body; set before Run.
type Plain func(body string) string

// Search returns visible posts whose text or title matches. A hit that is no longer the text
// that was indexed is left out: a trailing index misses, but never shows what is not there.
func (s *Store) Search(ctx context.Context, reader forum.Visibility, query forum.SearchQuery) ([]forum.Post, bool, error) {
	var posts []forum.Post
	where, order := listsThread, ` p.created_at DESC, p.thread_id, p.number`
	tables := postTables
	args := readerArgs(reader)
	bind := func(arg any) string {
		args = append(args, arg)
		return fmt.Sprintf("$%d", len(args))
	}
	if query.Category != 0 {
		where += ` AND t.category_id = ` + bind(query.Category)
	}
	if query.Author != "" {
		where += ` AND u.folded = ` + bind(query.Author)
	}
	if len(query.Words) > 0 {
		// The newest that the reader sees are ranked: the predicate stands inside the bound.
		tables = ` (SELECT s.rowid AS doc, bm25(search_text, 4.0, 1.0) AS score FROM search_text s
				JOIN search_docs d ON d.doc = s.rowid
				JOIN posts p ON p.doc = d.doc AND p.text_version = d.text_version
				JOIN threads t ON t.id = p.thread_id ` + joinAccess + ` LEFT JOIN users u ON u.id = p.author_id
				WHERE s.search_text MATCH ` + bind(matchExpression(query.Words)) + ` AND p.state = 'visible' AND ` + where + `
				ORDER BY s.rowid DESC LIMIT ` + bind(int64(forum.MaxSearchHits)) + `) AS hits
			JOIN posts p ON p.doc = hits.doc
			JOIN threads t ON t.id = p.thread_id ` + joinAccess + ` LEFT JOIN users u ON u.id = p.author_id `
		order = ` hits.score, p.created_at DESC, p.thread_id, p.number`
	}
	err := s.read(ctx, Query{`SELECT ` + listedPostColumns + ` FROM ` + tables + ` WHERE p.state = 'visible' AND ` + where +
		` ORDER BY ` + order + ` LIMIT ` + bind(int64(query.Limit+1)) + ` OFFSET ` + bind(int64(query.Offset)), args, appendPosts(&posts)})
	if err != nil {
		return nil, false, fmt.Errorf("search: %w", err)
	}
	if len(posts) > query.Limit {
		return posts[:query.Limit], true, nil
	}
	return posts, false, nil
}

// matchExpression makes the words of a query one of the index: all must occur, a phrase in its order.
func matchExpression(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = `"` + strings.ReplaceAll(word, `"`, `""`) + `"`
	}
	return strings.Join(quoted, " ")
}

func pendingQuery(pending *int64) Query {
	return Query{`SELECT count(*) FROM search_queue`, nil, func(row Row) error { return scan(row, pending) }}
}

// PendingSearch returns how many posts wait to be indexed.
func (s *Store) PendingSearch(ctx context.Context) (int64, error) {
	var pending int64
	err := s.read(ctx, pendingQuery(&pending))
	return pending, err
}

// indexPending indexes what is queued, piece by piece. Where somebody else wrote meanwhile it
// does one piece only, and returns how long to leave them the writer.
func (s *Store) indexPending(ctx context.Context) (pause time.Duration) {
	for ctx.Err() == nil {
		before := s.combiner.handedIn.Load()
		pieces, err := s.pendingTexts(ctx)
		if err != nil || len(pieces) == 0 {
			break
		}
		took, err := s.index(ctx, pieces)
		if ctx.Err() != nil {
			break // stopped: what may not be indexed yet still is queued
		}
		if err != nil {
			slog.Warn("indexing for search failed; it is tried again", "cause", err)
			break
		}
		if s.combiner.handedIn.Load() != before+1 {
			return max(indexEvery, (indexShare-1)*took)
		}
	}
	return indexEvery
}

// pendingText is one queued post with the text to be indexed.
type pendingText struct {
	queued       int64 // id in the queue
	doc          int64 // the post's place in the index; 0 where there is no post any more
	textVersion  int64
	title, plain string
}

// pendingTexts reads the oldest of the queue, and makes plain text of it outside the writer.
func (s *Store) pendingTexts(ctx context.Context) ([]pendingText, error) {
	var pieces []pendingText
	err := s.read(ctx, Query{`
		SELECT q.id, p.doc, p.text_version, CASE WHEN q.number = 1 THEN t.title ELSE '' END, p.body
		FROM search_queue q
		LEFT JOIN posts p ON p.thread_id = q.thread_id AND p.number = q.number
		LEFT JOIN threads t ON t.id = q.thread_id
		ORDER BY q.id LIMIT $1`, []any{int64(indexBatch)}, func(row Row) error {
		var piece pendingText
		err := scan(row, &piece.queued, &piece.doc, &piece.textVersion, &piece.title, &piece.plain)
		if s.Plain != nil {
			piece.plain = s.Plain(piece.plain)
		}
		pieces = append(pieces, piece)
		return err
	}})
	return pieces, err
}

// index writes pieces to the index and takes them off the queue. It returns how long it had the writer.
func (s *Store) index(ctx context.Context, pieces []pendingText) (time.Duration, error) {
	var took atomic.Int64 // the writer may still be at it when ctx has ended
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		began := time.Now()
		for _, piece := range pieces {
			if err := t.index(piece); err != nil {
				return forum.Receipt{}, err
			}
		}
		took.Store(int64(time.Since(began)))
		return forum.Receipt{}, nil
	})
	return time.Duration(took.Load()), err
}

// index brings one post up to date. Where it was taken off the queue meanwhile, another process
// has done so, perhaps from a later text.
func (t *tx) index(piece pendingText) error {
	taken, err := t.exec(`DELETE FROM search_queue WHERE id = $1`, piece.queued)
	if err != nil || taken == 0 || piece.doc == 0 {
		return err
	}
	known := false
	err = t.conn.Query(`SELECT 1 FROM search_docs WHERE doc = $1`, []any{piece.doc}, one(&known))
	if err != nil {
		return err
	}
	if known {
		if _, err := t.exec(`DELETE FROM search_text WHERE rowid = $1`, piece.doc); err != nil {
			return err
		}
	}
	if _, err := t.exec(`INSERT INTO search_text (rowid, title, body) VALUES ($1, $2, $3)`, piece.doc, piece.title, piece.plain); err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT INTO search_docs (doc, text_version) VALUES ($1, $2)
		ON CONFLICT (doc) DO UPDATE SET text_version = excluded.text_version`, piece.doc, piece.textVersion)
	return err
}
