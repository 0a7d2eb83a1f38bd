package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer says that a database was made by a newer version of the program.
var ErrNewer = errors.New("the database was made by a newer version of Folkmoot: use that version or a newer one")

// migrate brings the schema up to date, unless it is of a newer version.
func migrate(ctx context.Context, uri string) error {
	db, err := driver.Open(uri, fts5.Register)
	if err != nil {
		return err
	}
	defer db.Close()
	return migrateDB(ctx, db)
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
	present, known, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	switch {
	case present > known:
		return fmt.Errorf("%w (its schema is %d, this program knows %d)", ErrNewer, present, known)
	case present == known:
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}
