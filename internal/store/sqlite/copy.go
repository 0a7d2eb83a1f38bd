package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store"
)

var (
	_ store.Target  = (*Engine)(nil)
	_ store.Filling = (*conn)(nil)
)

// Look reads the database in the file at path as it is at one moment, on a connection that cannot
// write: not one byte of the file is changed, and nothing migrated. A server may write meanwhile;
// where its log grows past its bound Look gives up with ErrAborted. What may be wrong beside that is
// store.ErrNone, store.ErrOlder, store.ErrNewer, ErrNotDatabase, ErrDamaged.
func Look(ctx context.Context, path string, read func(store.Moment) error) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0:
		return fmt.Errorf("%s: %w", path, store.ErrNone)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w: it is no file", path, ErrNotDatabase)
	}
	_, err = os.Stat(path + "-wal")
	alone := errors.Is(err, fs.ErrNotExist)
	if err = look(ctx, path, info.Size(), read); alone {
		err = errors.Join(err, tidy(ctx, path))
	}
	return err
}

func look(ctx context.Context, path string, size int64, read func(store.Moment) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c, err := open(ctx, plainURI(path, "", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))+"&mode=ro", readerSetup)
	if err != nil {
		return fmt.Errorf("opening %s: %w", path, explain(err))
	}
	go watchLog(ctx, path, max(logBound(standardWAL.hard), size/backupLogShare), cancel)
	err = c.snapshot(ctx, func() error {
		if err := c.current(); err != nil {
			return fmt.Errorf("%s: %w", path, explain(err))
		}
		return read(c)
	})
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return errors.Join(err, c.close())
}

// current sees that the schema is the one that this program knows.
func (c *conn) current() error {
	switch present, err := c.version(); {
	case err != nil:
		return err
	case present == 0:
		return store.ErrNone
	case present > newestMigration:
		return fmt.Errorf("%w (its schema is %d, this program knows %d)", store.ErrNewer, present, newestMigration)
	case present < newestMigration:
		return fmt.Errorf("%w (its schema is %d, this program makes %d)", store.ErrOlder, present, newestMigration)
	}
	return nil
}

// tidy has SQLite take away the empty log that a connection leaves which may not write, where there
// was none before: it would be in the way of a server that another account runs.
func tidy(ctx context.Context, path string) error {
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() > 0 {
		return nil
	}
	c, err := open(ctx, plainURI(path, ""), readerSetup)
	if err != nil {
		return nil // it may not be written at all
	}
	_, err = c.version()
	return errors.Join(err, c.close())
}

// Look reads in one snapshot.
func (e *Engine) Look(ctx context.Context, read func(store.Moment) error) error {
	return e.ReadLong(ctx, func(c store.Conn) error { return read(c.(*conn)) })
}

// Fill runs one transaction. The commit is flushed when it returns.
func (e *Engine) Fill(ctx context.Context, fill func(store.Filling) error) error {
	return e.Write(ctx, func(c store.Conn) error { return fill(c.(*conn)) })
}

// Dialect is SQLite.
func (c *conn) Dialect() store.Dialect { return store.SQLite }

// Columns are the names of a table's columns.
func (c *conn) Columns(table string) (names []string, err error) {
	err = c.Query(`SELECT name FROM pragma_table_info($1) ORDER BY name`, []any{table}, func(row store.Row) error {
		names = append(names, row.Text(0))
		return nil
	})
	return names, err
}

// Rows calls each for every row.
func (c *conn) Rows(text string, each func(values []any) error) error {
	return c.Query(text, nil, func(r store.Row) error {
		statement := r.(row).statement
		values := make([]any, statement.ColumnCount())
		for i := range values {
			switch kind := statement.ColumnType(i); kind {
			case sqlite3.NULL:
			case sqlite3.INTEGER:
				values[i] = statement.ColumnInt64(i)
			case sqlite3.TEXT:
				values[i] = statement.ColumnText(i)
			case sqlite3.BLOB:
				values[i] = statement.ColumnBlob(i, []byte{})
			default:
				return fmt.Errorf("column %s holds a value of the type %v", statement.ColumnName(i), kind)
			}
		}
		return each(values)
	})
}

// maxInsertValues bounds the values of one statement.
const maxInsertValues = 1000

// Insert adds rows, many by a statement.
func (c *conn) Insert(table string, columns []string, rows [][]any) error {
	most := min(len(rows), max(1, maxInsertValues/len(columns)))
	many := insertion(table, columns, most)
	for len(rows) > 0 {
		if most > len(rows) {
			most = len(rows)
			many = insertion(table, columns, most)
		}
		args := make([]any, 0, most*len(columns))
		for _, row := range rows[:most] {
			args = append(args, row...)
		}
		if _, err := c.Exec(many, args...); err != nil {
			return err
		}
		rows = rows[most:]
	}
	return nil
}

// insertion is the statement that adds so many rows.
func insertion(table string, columns []string, rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, strings.Join(columns, ", "))
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		for i := range columns {
			b.WriteString(", "[:2*min(i, 1)])
			if i == 0 {
				b.WriteByte('(')
			}
			fmt.Fprintf(&b, "$%d", row*len(columns)+i+1)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// LastID is the greatest id that a table gave, or has.
func (c *conn) LastID(table string) (id int64, err error) {
	err = c.Query(`SELECT max(coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = $1), 0), coalesce((SELECT max(id) FROM `+table+`), 0))`,
		[]any{table}, func(row store.Row) error {
			id = row.Int64(0)
			return nil
		})
	return id, err
}

// SetLastID says where a table goes on.
func (c *conn) SetLastID(table string, id int64) error {
	if _, err := c.Exec(`DELETE FROM sqlite_sequence WHERE name = $1`, table); err != nil || id == 0 {
		return err
	}
	_, err := c.Exec(`INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)`, table, id)
	return err
}

// Empty takes all rows out of tables.
func (c *conn) Empty(tables ...string) error {
	for _, table := range tables {
		if _, err := c.Exec(`DELETE FROM ` + table); err != nil {
			return err
		}
	}
	return nil
}
