package stackexchange

import (
	"context"

	"folkmoot/internal/importer"
)

// index holds the rows of a dump so that what belongs to a thread can be found, whatever the
// order of the files.
type index struct{ *importer.Scratch }

func openIndex(ctx context.Context, folder string) (*index, error) {
	scratch, err := importer.OpenScratch(ctx, folder, schema)
	return &index{scratch}, err
}

const schema = `
CREATE TABLE users(id INTEGER PRIMARY KEY, line INTEGER, name TEXT, about TEXT, at INTEGER, mended INTEGER) STRICT;
CREATE TABLE tags(id INTEGER PRIMARY KEY, line INTEGER, name TEXT, n INTEGER) STRICT;
CREATE TABLE posts(id INTEGER PRIMARY KEY, line INTEGER, type INTEGER, parent_id INTEGER, accepted_id INTEGER,
	owner_id INTEGER, owner_name TEXT, title TEXT, body TEXT, tags TEXT, views INTEGER,
	at INTEGER, edited_at INTEGER, closed_at INTEGER, mended INTEGER,
	score INTEGER, answers INTEGER, comments INTEGER, favorites INTEGER, rejected INTEGER DEFAULT 0) STRICT;
CREATE TABLE comments(id INTEGER PRIMARY KEY, line INTEGER, post_id INTEGER, owner_id INTEGER, owner_name TEXT,
	text TEXT, score INTEGER, at INTEGER, mended INTEGER) STRICT;
CREATE TABLE votes(id INTEGER PRIMARY KEY, line INTEGER, post_id INTEGER, type INTEGER) STRICT;
CREATE TABLE history(id INTEGER PRIMARY KEY, line INTEGER, post_id INTEGER, type INTEGER, text TEXT, at INTEGER,
	owner_id INTEGER, owner_name TEXT, mended INTEGER, used INTEGER DEFAULT 0, unkept TEXT DEFAULT '') STRICT;
CREATE TABLE used_tags(name TEXT PRIMARY KEY) STRICT;
`

// prepared is made once the rows are in: faster than keeping indexes while they come.
const prepared = `
CREATE INDEX answers_of ON posts(parent_id) WHERE type = 2;
CREATE INDEX comments_of ON comments(post_id);
CREATE INDEX votes_of ON votes(post_id, type);
CREATE INDEX texts_of ON history(post_id, at, id) WHERE type IN (2, 5, 8) AND text <> '';
CREATE TABLE post_tags AS
	SELECT p.id AS post_id, j.value AS tag
	  FROM posts p, json_each(p.tags) j
	 WHERE p.type = 1;
CREATE INDEX posts_tagged ON post_tags(tag);
`

// fill reads one file into its table.
func (x *index) fill(ctx context.Context, of file, in importer.File, report *importer.Report) error {
	tx, err := x.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(ctx, of.insert)
	if err != nil {
		return err
	}
	defer insert.Close()
	keep := func(row *Row) error {
		values := append([]any{row.ID, row.Line}, of.values(row)...)
		if bad := row.Bad(); bad != nil {
			return bad
		}
		result, err := insert.ExecContext(ctx, values...)
		return inserted(row, result, err)
	}
	if err := eachRow(ctx, of, in, report, keep); err != nil {
		return err
	}
	return tx.Commit()
}
