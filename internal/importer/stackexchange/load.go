package stackexchange

import (
	"context"
	"encoding/json"
	"math"
)

// user is a person of the dump.
type user struct {
	id     int64
	line   int
	name   string
	about  string // HTML
	at     int64
	mended bool
}

// beforeAll is smaller than any id. The site's own process has -1.
const beforeAll = math.MinInt64

// usersAfter returns the next people by id, at most limit.
func (x *index) usersAfter(ctx context.Context, id int64, limit int) ([]*user, error) {
	return collect(ctx, x, func(u *user) []any { return []any{&u.id, &u.line, &u.name, &u.about, &u.at, &u.mended} }, `
		SELECT id, line, name, about, at, mended
		  FROM users
		 WHERE id > ?
		 ORDER BY id
		 LIMIT ?`, id, limit)
}

// questionAfter returns the next question by id, sql.ErrNoRows after the last.
func (x *index) questionAfter(ctx context.Context, id int64) (q question, err error) {
	var tags string
	err = x.DB.QueryRowContext(ctx, `
		SELECT id, line, title, tags, coalesce(views, 0), coalesce(closed_at, 0), coalesce(accepted_id, 0)
		  FROM posts
		 WHERE id > ? AND type = 1
		 ORDER BY id
		 LIMIT 1`, id).
		Scan(&q.id, &q.line, &q.title, &tags, &q.views, &q.closedAt, &q.accepted)
	if err == nil {
		err = json.Unmarshal([]byte(tags), &q.tags)
	}
	return q, err
}

// entries returns the question, its answers and all their comments, in this order.
func (x *index) entries(ctx context.Context, question int64) ([]*entry, error) {
	posts, err := x.posts(ctx, question)
	if err != nil {
		return nil, err
	}
	texts, err := x.texts(ctx, question)
	if err != nil {
		return nil, err
	}
	for _, e := range posts {
		e.texts = texts[e.id]
	}
	comments, err := x.comments(ctx, question)
	return append(posts, comments...), err
}

func (x *index) posts(ctx context.Context, question int64) ([]*entry, error) {
	into := func(e *entry) []any {
		return []any{&e.kind, &e.id, &e.line, &e.owner, &e.name, &e.text,
			&e.at, &e.editedAt, &e.up, &e.down, &e.accepts, &e.mended}
	}
	return collect(ctx, x, into, `
		SELECT p.type - 1, p.id, p.line, coalesce(u.id, 0),
		       iif(p.owner_name = '' AND p.owner_id IS NOT NULL, 'user' || p.owner_id, p.owner_name),
		       p.body, p.at, coalesce(p.edited_at, 0),
		       (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 2),
		       (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 3),
		       (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 1),
		       p.mended
		  FROM posts p
		  LEFT JOIN users u ON u.id = p.owner_id
		 WHERE p.id = ?1 OR (p.parent_id = ?1 AND p.type = 2)
		 ORDER BY p.type, p.id`, question)
}

// texts returns what the question and its answers read, by their ids, the oldest first.
func (x *index) texts(ctx context.Context, question int64) (map[int64][]*text, error) {
	into := func(t *text) []any {
		return []any{&t.id, &t.line, &t.post, &t.typed, &t.at, &t.editor, &t.name, &t.mended}
	}
	all, err := collect(ctx, x, into, `
		SELECT h.id, h.line, h.post_id, h.text, h.at, coalesce(u.id, 0),
		       iif(h.owner_name = '' AND h.owner_id IS NOT NULL, 'user' || h.owner_id, h.owner_name), h.mended
		  FROM posts p
		  JOIN history h ON h.post_id = p.id AND h.type IN (2, 5, 8) AND h.text <> ''
		  LEFT JOIN users u ON u.id = h.owner_id
		 WHERE p.id = ?1 OR (p.parent_id = ?1 AND p.type = 2)
		 ORDER BY h.post_id, h.at, h.id`, question)
	of := map[int64][]*text{}
	for _, t := range all {
		of[t.post] = append(of[t.post], t)
	}
	return of, err
}

func (x *index) comments(ctx context.Context, question int64) ([]*entry, error) {
	into := func(e *entry) []any {
		return []any{&e.kind, &e.id, &e.line, &e.parent, &e.owner, &e.name, &e.text, &e.at, &e.up, &e.mended}
	}
	return collect(ctx, x, into, `
		SELECT ?2, c.id, c.line, c.post_id, coalesce(u.id, 0),
		       iif(c.owner_name = '' AND c.owner_id IS NOT NULL, 'user' || c.owner_id, c.owner_name),
		       c.text, c.at, coalesce(c.score, 0), c.mended
		  FROM posts p
		  JOIN comments c ON c.post_id = p.id
		  LEFT JOIN users u ON u.id = c.owner_id
		 WHERE p.id = ?1 OR (p.parent_id = ?1 AND p.type = 2)
		 ORDER BY c.id`, question, isComment)
}

// collect returns all rows of a query. into names where the columns of one go.
func collect[T any](ctx context.Context, x *index, into func(*T) []any, query string, args ...any) ([]*T, error) {
	var all []*T
	err := x.each(ctx, func(scan func(...any) error) error {
		one := new(T)
		all = append(all, one)
		return scan(into(one)...)
	}, query, args...)
	return all, err
}

// each hands the rows of a query to use, one at a time.
func (x *index) each(ctx context.Context, use func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := x.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := use(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
