package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/pressly/goose/v3"

	"folkmoot/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// newestMigration is the version of the schema that this program knows.
var newestMigration = newest()

// Schema is the version of the schema that this program makes.
func Schema() int64 { return newestMigration }

func newest() int64 {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		panic("sqlite: no migrations are embedded")
	}
	version, err := goose.NumericComponent(files[len(files)-1])
	if err != nil {
		panic(err)
	}
	return version
}

// version returns the version of the file's schema, 0 where it holds nothing. A file with other
// tables is none of ours.
func (c *conn) version() (int64, error) {
	var tables, ours, version int64
	err := c.Query(`SELECT count(*), coalesce(sum(name = 'goose_db_version'), 0) FROM sqlite_schema`, nil, func(row store.Row) error {
		tables, ours = row.Int64(0), row.Int64(1)
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case tables == 0:
		return 0, nil
	case ours == 0:
		return 0, fmt.Errorf("%w: it holds the tables of another program", ErrNotDatabase)
	}
	err = c.Query(`SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`, nil, func(row store.Row) error {
		version = row.Int64(0)
		return nil
	})
	return version, err
}

// maxMigrations bounds how often migrating is begun again because another process was at it too:
// what it has made meanwhile is an error to a statement that makes it.
const maxMigrations = 5

// migrate brings the schema up to date.
func migrate(ctx context.Context, uri string) error {
	db, err := driver.Open(uri, fts5.Register)
	if err != nil {
		return err
	}
	defer db.Close()
	for range maxMigrations {
		if err = migrateDB(ctx, db); !errors.Is(err, sqlite3.ERROR) {
			return err
		}
	}
	return err
}

func migrateDB(ctx context.Context, db *sql.DB) error {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
