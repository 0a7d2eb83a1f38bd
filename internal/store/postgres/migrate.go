package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
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
		panic("postgres: no migrations are embedded")
	}
	version, err := goose.NumericComponent(files[len(files)-1])
	if err != nil {
		panic(err)
	}
	return version
}

// version returns the version of the database's schema, 0 where it holds nothing. One with other
// tables is none of ours.
func version(ctx context.Context, c *pgx.Conn) (int64, error) {
	var tables int64
	var ours bool
	err := c.QueryRow(ctx, `SELECT count(*), coalesce(bool_or(tablename = 'goose_db_version'), false)
		FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables, &ours)
	switch {
	case err != nil:
		return 0, err
	case tables == 0:
		return 0, nil
	case !ours:
		return 0, fmt.Errorf("%w: it holds the tables of another program; make one for Folkmoot alone", ErrNotUsable)
	}
	var version int64
	err = c.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

// A migration waits so long for a table that others use: behind it they wait in their turn. Then it lets
// them go on, and is tried again, as where it was ended so that others could.
const (
	tableWithin  = time.Second
	tablesWithin = 10 * time.Minute
)

// migrate brings the schema up to date. Of several servers that start at once one does it, and the
// others wait.
func migrate(ctx context.Context, config *pgx.ConnConfig) error {
	long := config.Copy()
	long.RuntimeParams["lock_timeout"] = milliseconds(tableWithin)
	for _, timeout := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		long.RuntimeParams[timeout] = "0"
	}
	db := stdlib.OpenDB(*long)
	defer db.Close()
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	alone, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600)) // every second, for ten minutes
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithSessionLocker(alone))
	if err != nil {
		return err
	}
	for began := time.Now(); ; {
		_, err = provider.Up(ctx)
		if !inUse(err) || time.Since(began) > tablesWithin {
			return notAllowed(err, "the role may not make tables")
		}
		slog.Info("the schema cannot be brought up to date while others use its tables; it is tried again", "cause", err)
		select {
		case <-time.After(tableWithin + rand.N(tableWithin)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// inUse tells the error of a migration that others hold up who have a lock that it needs.
func inUse(err error) bool {
	refused := new(pgconn.PgError)
	return errors.As(err, &refused) && (refused.Code == lockNotAvailable || refused.Code == deadlockDetected)
}

// notAllowed makes ErrNotUsable of an error that the server returned for want of a right.
func notAllowed(err error, what string) error {
	if refused := new(pgconn.PgError); errors.As(err, &refused) && refused.Code == insufficientPrivilege {
		return fmt.Errorf("%w: %s: %s", ErrNotUsable, what, refused.Message)
	}
	return err
}
