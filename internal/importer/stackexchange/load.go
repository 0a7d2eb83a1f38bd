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
	err = x.db.QueryRowContext(ctx, `
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
	comments, err := x.comments(ctx, question)
	return append(posts, comments...), err
}

func (x *index) posts(ctx context.Context, question int64) ([]*entry, error) {
	into := func(e *entry) []any {
		return []any{&e.kind, &e.id, &e.line, &e.owner, &e.name, &e.text, &e.typed, &e.typedID,
			&e.at, &e.editedAt, &e.up, &e.down, &e.accepts, &e.mended}
	}
	return collect(ctx, x, into, `
		SELECT p.type - 1, p.id, p.line, coalesce(u.id, 0),
		       iif(p.owner_name = '' AND p.owner_id IS NOT NULL, 'user' || p.owner_id, p.owner_name),
		       p.body, coalesce(h.text, ''), coalesce(h.id, 0),
		       p.at, coalesce(p.edited_at, 0),
		       (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 2),
		       (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 3),
		       (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 1),
		       p.mended
		  FROM posts p
		  LEFT JOIN users u ON u.id = p.owner_id
		  LEFT JOIN history h ON h.id = (
		       SELECT id
		         FROM history
		        WHERE post_id = p.id AND type IN (2, 5, 8) AND text <> ''
		        ORDER BY at DESC, id DESC
		        LIMIT 1)
		 WHERE p.id = ?1 OR (p.parent_id = ?1 AND p.type = 2)
		 ORDER BY p.type, p.id`, question)
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
	rows, err := x.db.QueryContext(ctx, query, args...)
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
