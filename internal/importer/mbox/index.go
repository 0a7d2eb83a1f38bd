package mbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"folkmoot/internal/importer"
)

// index holds the mails so that those of a thread can be found, whatever their order.
type index struct{ *importer.Scratch }

func openIndex(ctx context.Context, folder string) (*index, error) {
	scratch, err := importer.OpenScratch(ctx, folder, schema)
	return &index{scratch}, err
}

// A mail without parent begins a thread, and is its root. Its place is what orders the thread:
// its time, or that of the mail it answers where a clock was wrong and that is later.
const schema = `
CREATE TABLE mails(id INTEGER PRIMARY KEY, file TEXT, line INTEGER, offset INTEGER, message_id TEXT UNIQUE, refs TEXT,
	parent INTEGER, root INTEGER, depth INTEGER, at INTEGER, place INTEGER,
	address TEXT, name TEXT, subject TEXT, list TEXT, about TEXT, archived TEXT, body TEXT) STRICT;
CREATE TABLE attachments(mail INTEGER, position INTEGER, name TEXT, type TEXT, content BLOB, PRIMARY KEY (mail, position)) STRICT;
`

// place is where a mail stands in the archive.
type place struct {
	file   string
	line   int
	offset int64
}

// add keeps a mail. known says where one of the same Message-ID stands, which is kept then.
func (x *index) add(ctx context.Context, at place, m *mail) (known *place, err error) {
	references, _ := json.Marshal(append([]string{}, m.references...))
	result, err := x.DB.ExecContext(ctx, `
		INSERT OR IGNORE INTO mails(file, line, offset, message_id, refs, at, address, name, subject, list, about, archived, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		at.file, at.line, at.offset, m.id, string(references), micros(m.at), m.from.address, m.from.name, m.subject, m.list, m.about, m.archived, m.body)
	if err != nil {
		return nil, err
	}
	if n, err := result.RowsAffected(); n == 0 || err != nil {
		known = &place{}
		return known, errors.Join(err, x.DB.QueryRowContext(ctx, `SELECT file, line, offset FROM mails WHERE message_id = ?`, m.id).
			Scan(&known.file, &known.line, &known.offset))
	}
	id, err := result.LastInsertId()
	for i := 0; i < len(m.attachments) && err == nil; i++ {
		a := m.attachments[i]
		_, err = x.DB.ExecContext(ctx, `INSERT INTO attachments(mail, position, name, type, content) VALUES (?, ?, ?, ?, ?)`,
			id, i+1, a.name, a.kind, a.content)
	}
	return nil, err
}

func micros(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UnixMicro()
}

// timeless gives mails without any time that of the mail before them in the archive.
const timeless = `
	UPDATE mails
	   SET at = coalesce((SELECT b.at FROM mails b WHERE b.id < mails.id AND b.at IS NOT NULL ORDER BY b.id DESC LIMIT 1),
	                     (SELECT b.at FROM mails b WHERE b.id > mails.id AND b.at IS NOT NULL ORDER BY b.id LIMIT 1), 0)
	 WHERE at IS NULL`

// answered finds what each mail answers: the nearest of its references that is there.
const answered = `
	UPDATE mails
	   SET parent = (SELECT p.id FROM json_each(mails.refs) r JOIN mails p ON p.message_id = r.value
	                  WHERE p.id <> mails.id ORDER BY r.key LIMIT 1)
	 WHERE refs <> '[]'`

// rooted follows the answers down from the mails that %s.
const rooted = `
	WITH RECURSIVE below(id, root, depth, place) AS (
		SELECT id, id, 0, at FROM mails WHERE %s
		UNION ALL
		SELECT m.id, b.root, b.depth + 1, max(m.at, b.place) FROM below b JOIN mails m ON m.parent = b.id
	)
	UPDATE mails SET root = below.root, depth = below.depth, place = below.place FROM below WHERE below.id = mails.id`

// arrange finds the threads. cut is told of each mail whose references lead back to itself:
// it begins a thread.
func (x *index) arrange(ctx context.Context, cut func(mail int64) error) error {
	for _, statement := range []string{timeless, answered, `CREATE INDEX answers_of ON mails(parent)`, fmt.Sprintf(rooted, `parent IS NULL`),
		`CREATE INDEX roots ON mails(place, id) WHERE parent IS NULL`} {
		if _, err := x.DB.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	for {
		id, err := x.circle(ctx)
		if err != nil || id == 0 {
			return errors.Join(err, x.finish(ctx))
		}
		if err := cut(id); err != nil {
			return err
		}
		if _, err := x.DB.ExecContext(ctx, `UPDATE mails SET parent = NULL WHERE id = ?`, id); err != nil {
			return err
		}
		if _, err := x.DB.ExecContext(ctx, fmt.Sprintf(rooted, fmt.Sprintf(`id = %d`, id))); err != nil {
			return err
		}
	}
}

func (x *index) finish(ctx context.Context) error {
	_, err := x.DB.ExecContext(ctx, `
		CREATE INDEX threads ON mails(root, place, depth, id);
		CREATE INDEX people ON mails(address, name)`)
	return err
}

// circle returns the first mail in the archive of one whose references lead in a circle, 0
// where none do any more.
func (x *index) circle(ctx context.Context) (first int64, err error) {
	var id int64
	err = x.DB.QueryRowContext(ctx, `SELECT id FROM mails WHERE root IS NULL LIMIT 1`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	seen := map[int64]bool{}
	for err == nil && !seen[id] {
		seen[id] = true
		err = x.DB.QueryRowContext(ctx, `SELECT parent FROM mails WHERE id = ?`, id).Scan(&id)
	}
	for start := id; err == nil; {
		if first == 0 || id < first {
			first = id
		}
		err = x.DB.QueryRowContext(ctx, `SELECT parent FROM mails WHERE id = ?`, id).Scan(&id)
		if id == start {
			break
		}
	}
	return first, err
}

// placed is a mail by where it stands.
type placed struct {
	mail int64
	id   string // Message-ID
	place
}

// places returns the mails that meet a condition on one number, at most 500, in their order.
func (x *index) places(ctx context.Context, condition string, n int64) ([]*placed, error) {
	return collect(ctx, x, func(p *placed) []any { return []any{&p.mail, &p.id, &p.file, &p.line, &p.offset} }, `
		SELECT id, message_id, file, line, offset
		  FROM mails
		 WHERE `+condition+`
		 ORDER BY id
		 LIMIT 500`, n)
}

// list returns the list that most mails name, and what they say of it.
func (x *index) list(ctx context.Context) (id, about string, err error) {
	err = x.DB.QueryRowContext(ctx, `
		SELECT list, about
		  FROM mails
		 WHERE list <> ''
		 GROUP BY list, about
		 ORDER BY count(*) DESC, list
		 LIMIT 1`).Scan(&id, &about)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, about, err
}

// person is somebody who wrote mails.
type person struct {
	address string
	name    string
	at      int64 // of the first
}

// peopleAfter returns the next people by address, at most limit. Each has the name they most
// often wrote under.
func (x *index) peopleAfter(ctx context.Context, address string, limit int) ([]*person, error) {
	return collect(ctx, x, func(p *person) []any { return []any{&p.address, &p.name, &p.at} }, `
		SELECT address,
		       coalesce((SELECT n.name FROM mails n WHERE n.address = m.address AND n.name <> ''
		                  GROUP BY n.name ORDER BY count(*) DESC, n.name LIMIT 1), ''),
		       min(at)
		  FROM mails m
		 WHERE address > ?
		 GROUP BY address
		 ORDER BY address
		 LIMIT ?`, address, limit)
}

// root is where a thread begins.
type root struct{ id, place int64 }

// rootsAfter returns the next roots by time, at most limit.
func (x *index) rootsAfter(ctx context.Context, last root, limit int) ([]*root, error) {
	return collect(ctx, x, func(r *root) []any { return []any{&r.id, &r.place} }, `
		SELECT id, place
		  FROM mails
		 WHERE parent IS NULL AND (place, id) > (?, ?)
		 ORDER BY place, id
		 LIMIT ?`, last.place, last.id, limit)
}

// entry is a mail on its way to become a post.
type entry struct {
	id       int64
	parent   int64
	where    place
	message  string // Message-ID
	at       int64
	address  string
	name     string
	subject  string
	archived string
	body     string
}

// entries returns the mails of a thread in their order.
func (x *index) entries(ctx context.Context, root int64) ([]*entry, error) {
	into := func(e *entry) []any {
		return []any{&e.id, &e.parent, &e.where.file, &e.where.line, &e.where.offset, &e.message, &e.at, &e.address, &e.name, &e.subject, &e.archived, &e.body}
	}
	return collect(ctx, x, into, `
		SELECT id, coalesce(parent, 0), file, line, offset, message_id, at, address, name, subject, archived, body
		  FROM mails
		 WHERE root = ?
		 ORDER BY place, depth, id`, root)
}

// kept is an attachment in the index.
type kept struct {
	mail, position int64
	messageID      string
	attachment
}

// attachmentAfter returns the next attachment, and none after the last.
func (x *index) attachmentAfter(ctx context.Context, mail, position int64) ([]*kept, error) {
	return collect(ctx, x, func(k *kept) []any {
		return []any{&k.mail, &k.position, &k.messageID, &k.name, &k.kind, &k.content}
	}, `
		SELECT a.mail, a.position, m.message_id, a.name, a.type, a.content
		  FROM attachments a JOIN mails m ON m.id = a.mail
		 WHERE (a.mail, a.position) > (?, ?)
		 ORDER BY a.mail, a.position
		 LIMIT 1`, mail, position)
}

// collect returns all rows of a query. into names where the columns of one go.
func collect[T any](ctx context.Context, x *index, into func(*T) []any, query string, args ...any) ([]*T, error) {
	rows, err := x.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*T
	for rows.Next() {
		one := new(T)
		if err := rows.Scan(into(one)...); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// isMailName reports whether a file can hold mails, by its name.
func isMailName(name string) bool { return !strings.HasPrefix(name, ".") }
