package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // the scratch index is a file of its own, not the forum's
)

// Scratch is a database that nobody needs once the import is over: an index of what a source
// holds, on disk because sources are larger than memory. It has one connection, which one
// goroutine at a time uses.
type Scratch struct {
	DB   *sql.DB
	path string
}

// scratchCache bounds the memory of an index, whatever its size: 16 MiB.
const scratchCache = "cache_size(-16384)"

// OpenScratch makes one in folder, with the tables of schema. Where the system lets it, the file
// loses its name at once, so that not even a kill leaves it behind.
func OpenScratch(ctx context.Context, folder, schema string) (*Scratch, error) {
	file, err := os.CreateTemp(folder, "import-*.scratch")
	if err != nil {
		return nil, fmt.Errorf("scratch index: %w", err)
	}
	path, err := filepath.Abs(file.Name())
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("scratch index: %w", err)
	}
	s := &Scratch{path: path}
	if err := s.open(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("scratch index: %w", err), s.Close())
	}
	_ = os.Remove(path) // refused where open files keep their names; Close removes it there
	return s, nil
}

// open makes the one connection, which lives until Close. Nothing is flushed nor can be
// rolled back: an index that failed is thrown away.
func (s *Scratch) open(ctx context.Context, schema string) (err error) {
	pragmas := url.Values{"mode": {"rw"}, "_pragma": {"locking_mode(exclusive)", "journal_mode(off)", "synchronous(off)", scratchCache}}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(s.path), RawQuery: pragmas.Encode()}
	if s.DB, err = sql.Open("sqlite3", address.String()); err != nil {
		return err
	}
	s.DB.SetMaxOpenConns(1)
	_, err = s.DB.ExecContext(ctx, schema)
	return err
}

// Close removes the database.
func (s *Scratch) Close() error {
	var err error
	if s.DB != nil {
		err = s.DB.Close()
	}
	if removed := os.Remove(s.path); !errors.Is(removed, os.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

// Count returns the one number of a query.
func (s *Scratch) Count(ctx context.Context, query string) (n int64, err error) {
	err = s.DB.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

// Instant is a time of an index, in microseconds, 0 being none.
func Instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// InTurn takes the steps of an import until one fails.
func InTurn(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
