package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store"
)

// What keeps a file from being opened, beside store.ErrNewer; the error that wraps it says more. The file is left as it was.
var (
	// ErrNotWritable is a file or folder that lacks a right, or stands on a read-only disk.
	ErrNotWritable = errors.New("the database cannot be written")
	// ErrDamaged is a file that is cut short or garbled.
	ErrDamaged = errors.New("the database is damaged: restore a backup")
	// ErrNotDatabase is a file of something else, or a folder.
	ErrNotDatabase = errors.New("this is no database of Folkmoot")
)

// busyTimeout is how long a connection waits for another process.
const busyTimeout = 10 * time.Second

func fileURI(path string, options Options) string {
	synchronous := options.synchronous
	if synchronous == "" {
		synchronous = "full"
	}
	return plainURI(path, options.VFS, fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(wal)", "synchronous("+synchronous+")", "foreign_keys(1)", "recursive_triggers(0)")
}

func plainURI(path, vfs string, pragmas ...string) string {
	query := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	if vfs != "" {
		query.Set("vfs", vfs)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

// prepare sees that the file at path is ours and can be written, and makes or migrates it.
// Nothing is changed before it is known to be ours: setting the journal mode alone would change it.
func prepare(ctx context.Context, path string, options Options) error {
	empty, err := inspect(path)
	if err != nil {
		return err
	}
	if !empty {
		switch present, err := fileVersion(ctx, path, options.VFS); {
		case err != nil:
			return err
		case present > newestMigration:
			return fmt.Errorf("%w (its schema is %d, this program knows %d)", store.ErrNewer, present, newestMigration)
		case present == newestMigration:
			return nil
		}
	}
	return migrate(ctx, fileURI(path, options))
}

// inspect says in plain words why a file cannot be written, before SQLite does in its own. A file
// that is missing or empty is one to be made.
func inspect(path string) (empty bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrNotWritable, err)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: it is no file but a %v", ErrNotDatabase, info.Mode().Type())
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrNotWritable, err)
	}
	return info.Size() == 0, file.Close()
}

// fileVersion returns the version of the schema of a file that is not empty; 0 where it has no schema yet.
func fileVersion(ctx context.Context, path, vfs string) (int64, error) {
	c, err := open(ctx, plainURI(path, vfs, fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())), readerSetup)
	if err != nil {
		return 0, err
	}
	version, err := c.version()
	return version, errors.Join(err, c.close())
}

// explain gives an error of SQLite at opening its name for operators.
func explain(err error) error {
	var code sqlite3.ErrorCode
	if !errors.As(err, &code) {
		return err
	}
	switch code {
	case sqlite3.NOTADB:
		return fmt.Errorf("%w: %w", ErrNotDatabase, err)
	case sqlite3.CORRUPT:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.READONLY, sqlite3.PERM, sqlite3.CANTOPEN, sqlite3.AUTH:
		return fmt.Errorf("%w: %w", ErrNotWritable, err)
	}
	return err
}
