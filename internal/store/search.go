package store

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"folkmoot/internal/forum"
)

// The index is brought up to date from rows queued by writes: in small pieces through the
// writer, so that people's writes never wait long for it.
const (
	indexEvery = 50 * time.Millisecond
	indexAgain = 2 * time.Second // after it failed
	indexBatch = 100             // posts of a piece: some 4 ms of the writer
	indexShare = 20              // while others write the index has a twentieth of the writer's time
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
		index := indexes[s.engine.Dialect()]
		tables = fmt.Sprintf(index.hits, bind(index.match(query.Words)), where, bind(int64(forum.MaxSearchHits))) + foundTables
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

// index is how an engine's index of words is asked and written.
type index struct {
	// hits are the newest posts that hold what a match ($1 of the format) asks for and meet a
	// condition ($2), so many of them ($3): those are ranked, and the predicate stands inside the bound.
	// PostgreSQL decides by the words whether it looks for them or goes back from the newest post.
	hits  string
	match func(words []string) string

	// pending are the oldest of the queue: id, place of the post in the index (0 where there is no
	// post any more), thread, number, text version, title, body.
	pending string
	// clear takes a post's former words out of the index, "" where write does.
	clear string
	// write are the statements that bring one post up to date, a row each: $1 its place, $2 its thread,
	// $3 its number, $4 its text version, $5 and $6 what texts makes of its title and its body.
	write []string
	texts func(title, body string) (first, second string)
}

// foundTables are postTables for the posts of hits.
const foundTables = ` JOIN threads t ON t.id = p.thread_id ` + joinAccess + ` LEFT JOIN users u ON u.id = p.author_id `

var indexes = [...]index{
	SQLite: {
		hits: ` (SELECT s.rowid AS doc, bm25(search_text, 4.0, 1.0) AS score FROM search_text s
				JOIN search_docs d ON d.doc = s.rowid
				JOIN posts p ON p.doc = d.doc AND p.text_version = d.text_version
				` + foundTables + `
				WHERE s.search_text MATCH %s AND p.state = 'visible' AND %s
				ORDER BY s.rowid DESC LIMIT %s) AS hits
			JOIN posts p ON p.doc = hits.doc `,
		match: matchExpression,
		pending: `
			SELECT q.id, p.doc, q.thread_id, q.number, p.text_version, CASE WHEN q.number = 1 THEN t.title ELSE '' END, p.body
			FROM search_queue q
			LEFT JOIN posts p ON p.thread_id = q.thread_id AND p.number = q.number
			LEFT JOIN threads t ON t.id = q.thread_id
			ORDER BY q.id LIMIT $1`,
		clear: `DELETE FROM search_text WHERE rowid = (SELECT doc FROM search_docs WHERE doc = $1)`,
		write: []string{
			`INSERT INTO search_text (rowid, title, body) VALUES ($1, $5, $6)`,
			`INSERT INTO search_docs (doc, text_version) VALUES ($1, $4)
			ON CONFLICT (doc) DO UPDATE SET text_version = excluded.text_version`,
		},
		texts: func(title, body string) (string, string) { return title, body },
	},
	PostgreSQL: {
		hits: ` (SELECT p.thread_id, p.number, -ts_rank(d.words, CAST(%[1]s AS tsquery)) AS score FROM search_docs d
				JOIN posts p ON p.thread_id = d.thread_id AND p.number = d.number
					AND CASE WHEN p.text_version = d.text_version THEN 1 = 1 END -- or the planner takes it for rare
				` + foundTables + `
				WHERE d.words @@ CAST(%[1]s AS tsquery) AND p.state = 'visible' AND %[2]s
				ORDER BY d.created_at DESC, d.thread_id DESC, d.number DESC LIMIT %[3]s) AS hits
			JOIN posts p ON p.thread_id = hits.thread_id AND p.number = hits.number `,
		match: queryOfLexemes,
		pending: `
			SELECT q.id, p.number, q.thread_id, q.number, p.text_version, CASE WHEN q.number = 1 THEN t.title ELSE '' END, p.body
			FROM search_queue q
			LEFT JOIN posts p ON p.thread_id = q.thread_id AND p.number = q.number
			LEFT JOIN threads t ON t.id = q.thread_id
			ORDER BY q.id LIMIT $1`,
		write: []string{`
			INSERT INTO search_docs (thread_id, number, text_version, words, created_at)
			VALUES ($2, $3, $4, setweight(CAST($5 AS tsvector), 'A') || CAST($6 AS tsvector),
				(SELECT created_at FROM posts WHERE thread_id = $2 AND number = $3))
			ON CONFLICT (thread_id, number) DO UPDATE SET text_version = excluded.text_version, words = excluded.words, created_at = excluded.created_at`},
		texts: func(title, body string) (string, string) { return vectorOfLexemes(title), vectorOfLexemes(body) },
	},
}

// matchExpression makes the words of a query one of FTS5: all must occur, a phrase in its order.
func matchExpression(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = `"` + strings.ReplaceAll(word, `"`, `""`) + `"`
	}
	return strings.Join(quoted, " ")
}

// queryOfLexemes makes the words of a query a tsquery of the same meaning.
func queryOfLexemes(words []string) string {
	var all []string
	for _, word := range words {
		if phrase := lexemes(word); len(phrase) > 0 {
			all = append(all, "'"+strings.Join(phrase, "' <-> '")+"'")
		}
	}
	return strings.Join(all, " & ")
}

// What a tsvector can hold (PostgreSQL's manual, "Limitations" of text search), with room to spare.
const (
	maxLexeme  = 512     // bytes; 2 KiB
	maxLexemes = 16_383  // the greatest position
	maxVector  = 200_000 // bytes; 1 MiB
)

// vectorOfLexemes makes a text a tsvector, as PostgreSQL reads one. What is too much for it is left out.
func vectorOfLexemes(text string) string {
	var b strings.Builder
	for i, lexeme := range lexemes(text) {
		if i == maxLexemes || b.Len() > maxVector {
			break
		}
		b.WriteByte('\'')
		b.WriteString(lexeme)
		b.WriteString("':")
		b.WriteString(strconv.Itoa(i + 1))
		b.WriteByte(' ')
	}
	return b.String()
}

// lexemes are the words of a text as FTS5's unicode61 takes them apart: runs of letters and digits,
// in lower case and without their accents.
func lexemes(text string) []string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r), unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFD.String(text))
	return slices.DeleteFunc(strings.Fields(plain), func(word string) bool { return len(word) > maxLexeme })
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
			return indexAgain
		}
		if s.combiner.handedIn.Load() != before+1 {
			return max(indexEvery, (indexShare-1)*took)
		}
	}
	return indexEvery
}

// pendingText is one queued post with the text to be indexed.
type pendingText struct {
	queued      int64 // id in the queue
	place       int64 // of the post in the index; 0 where there is no post any more
	thread      forum.ThreadID
	number      int64
	textVersion int64
	title, body string // as the index takes them
}

// pendingTexts reads the oldest of the queue, and makes of it what is indexed, outside the writer.
func (s *Store) pendingTexts(ctx context.Context) ([]pendingText, error) {
	var pieces []pendingText
	index := &indexes[s.engine.Dialect()]
	err := s.read(ctx, Query{index.pending, []any{int64(indexBatch)}, func(row Row) error {
		var piece pendingText
		var title, body string
		err := scan(row, &piece.queued, &piece.place, &piece.thread, &piece.number, &piece.textVersion, &title, &body)
		if s.Plain != nil {
			body = s.Plain(body)
		}
		piece.title, piece.body = index.texts(title, body)
		pieces = append(pieces, piece)
		return err
	}})
	return pieces, err
}

// index writes pieces to the index and takes them off the queue. It returns how long it had the writer,
// or where it need not wait for that how long it took: most of it is done with the commit.
func (s *Store) index(ctx context.Context, pieces []pendingText) (time.Duration, error) {
	if s.engine.Lanes() > 1 {
		began := time.Now()
		_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
			return forum.Receipt{}, t.index(&indexes[s.engine.Dialect()], pieces)
		})
		return time.Since(began), err
	}
	var took atomic.Int64 // the writer may still be at it when ctx has ended
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		began := time.Now()
		err := t.index(&indexes[s.engine.Dialect()], pieces)
		took.Store(int64(time.Since(began)))
		return forum.Receipt{}, err
	})
	return time.Duration(took.Load()), err
}

// index brings posts up to date. One that was taken off the queue meanwhile, another process has
// brought up to date, perhaps from a later text.
func (t *tx) index(index *index, pieces []pendingText) error {
	queued := make([]bool, len(pieces))
	err := t.conn.QueryMany(Many{
		Text: `SELECT id FROM search_queue WHERE id = $1 FOR NO KEY UPDATE`,
		Sets: sets(pieces, func(piece pendingText) []any { return []any{piece.queued} }),
		Each: func(set int, _ Row) error { queued[set] = true; return nil },
	})
	if err != nil {
		return err
	}
	for i, piece := range pieces {
		if !queued[i] {
			continue
		}
		if err := t.later(`DELETE FROM search_queue WHERE id = $1`, piece.queued); err != nil {
			return err
		}
		if piece.place == 0 {
			continue
		}
		args := []any{piece.place, piece.thread, piece.number, piece.textVersion, piece.title, piece.body}
		if index.clear != "" {
			if _, err := t.exec(index.clear, args...); err != nil {
				return err
			}
		}
		for _, text := range index.write {
			if err := t.later(text, args...); err != nil {
				return err
			}
		}
	}
	return nil
}
