package stackexchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "github.com/ncruces/go-sqlite3/driver" // the scratch index is a file of its own, not the forum's

	"folkmoot/internal/importer"
)

// index holds the rows of a dump so that what belongs to a thread can be found, whatever the
// order of the files: a scratch database that nobody needs once the import is over, on disk
// because dumps are larger than memory.
type index struct {
	db   *sql.DB
	path string
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

// cache bounds the memory of the index, whatever its size: 16 MiB.
const cache = "cache_size(-16384)"

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

// openIndex makes an index in folder. Where the system lets it, the file loses its name at
// once, so that not even a kill leaves it behind.
func openIndex(ctx context.Context, folder string) (*index, error) {
	file, err := os.CreateTemp(folder, "import-*.scratch")
	if err != nil {
		return nil, fmt.Errorf("scratch index: %w", err)
	}
	path, err := filepath.Abs(file.Name())
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("scratch index: %w", err)
	}
	x := &index{path: path}
	if err := x.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("scratch index: %w", err), x.close())
	}
	_ = os.Remove(path) // refused where open files keep their names; close removes it there
	return x, nil
}

// open makes the one connection, which lives until close. Nothing is flushed nor can be
// rolled back: an index that failed is thrown away.
func (x *index) open(ctx context.Context) (err error) {
	pragmas := url.Values{"mode": {"rw"}, "_pragma": {"locking_mode(exclusive)", "journal_mode(off)", "synchronous(off)", cache}}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(x.path), RawQuery: pragmas.Encode()}
	if x.db, err = sql.Open("sqlite3", address.String()); err != nil {
		return err
	}
	x.db.SetMaxOpenConns(1)
	_, err = x.db.ExecContext(ctx, schema)
	return err
}

// count returns the one number of a query.
func (x *index) count(ctx context.Context, query string) (n int64, err error) {
	err = x.db.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

func (x *index) close() error {
	var err error
	if x.db != nil {
		err = x.db.Close()
	}
	if removed := os.Remove(x.path); !errors.Is(removed, os.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

// fill reads one file into its table.
func (x *index) fill(ctx context.Context, of file, in importer.File, report *importer.Report) error {
	tx, err := x.db.BeginTx(ctx, nil)
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
