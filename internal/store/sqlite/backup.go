package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"folkmoot/internal/store"
)

// A backup is one file: the database's pages, in which any SQLite finds its way, and behind them
// the seal.

// ErrExists is a file where the backup is to be. Beside it store.ErrNone keeps a backup from being made.
var ErrExists = errors.New("there is a file of that name already, and it is left as it is")

// BackupProgress is told how many of how many bytes are done, and with what.
type BackupProgress func(what string, done, total int64)

// Backup writes the database at path, as it is at one moment, to the new file at to, and flushes
// it; until it is whole it has another name beside it. A server may work on the database
// meanwhile: nothing of it is changed, not even migrated.
//
// The moment is kept for as long as the copying takes, and the write-ahead log grows for as long.
// Where it grows past its bound Backup gives up with ErrAborted.
func Backup(ctx context.Context, path, to string, progress BackupProgress) (Seal, error) {
	return backup(ctx, path, to, standardBackup, progress)
}

// BackupOf makes a backup of what fill writes to the empty file at path, a database with the schema of this
// program: a forum that is kept elsewhere.
func BackupOf(ctx context.Context, to string, progress BackupProgress, fill func(path string) error) (Seal, error) {
	return sealed(ctx, to, progress, func(path string) (int64, error) {
		err := fill(path)
		if err != nil {
			for _, log := range []string{"-wal", "-shm"} {
				_ = os.Remove(path + log)
			}
		}
		return newestMigration, err
	})
}

// backupBounds are in pages.
type backupBounds struct {
	log  int // the write-ahead log may grow to so many
	once int // so many are copied between two looks at whether to go on
}

var standardBackup = backupBounds{log: standardWAL.hard, once: 1024} // 4 MiB

func backup(ctx context.Context, path, to string, bounds backupBounds, progress BackupProgress) (Seal, error) {
	return sealed(ctx, to, progress, func(file string) (int64, error) {
		return copyDatabase(ctx, path, file, bounds, progress)
	})
}

// sealed makes the file at to of the database that fill writes, whose schema it returns.
func sealed(ctx context.Context, to string, progress BackupProgress, fill func(path string) (schema int64, err error)) (seal Seal, err error) {
	if _, err := os.Lstat(to); err == nil {
		return Seal{}, fmt.Errorf("%s: %w", to, ErrExists)
	}
	file, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+"-*") // for its owner alone
	if err != nil {
		return Seal{}, err
	}
	defer func() {
		err = errors.Join(err, file.Close())
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	seal.At = time.Now().UTC().Truncate(time.Microsecond)
	if seal.Schema, err = fill(file.Name()); err != nil {
		return Seal{}, err
	}
	if err := seal.put(ctx, file, progress); err != nil {
		return Seal{}, err
	}
	if _, err := os.Lstat(to); err == nil {
		return Seal{}, fmt.Errorf("%s: %w", to, ErrExists)
	}
	if err := os.Rename(file.Name(), to); err != nil {
		return Seal{}, err
	}
	return seal, syncFolder(filepath.Dir(to))
}

// copyDatabase copies the database at path into the empty file at to, and returns the version of its schema.
func copyDatabase(ctx context.Context, path, to string, bounds backupBounds, progress BackupProgress) (schema int64, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return 0, fmt.Errorf("%s: %w", path, store.ErrNone)
	}
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c, err := open(ctx, plainURI(path, "", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())), readerSetup)
	if err != nil {
		return 0, fmt.Errorf("opening %s: %w", path, explain(err))
	}
	go watchLog(ctx, path, max(logBound(bounds.log), info.Size()/backupLogShare), cancel)
	err = c.snapshot(ctx, func() error {
		if schema, err = c.version(); err != nil {
			return err
		}
		return c.copyTo(ctx, to, bounds.once, progress)
	})
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if err = errors.Join(err, c.close()); err != nil {
		return 0, fmt.Errorf("copying %s: %w", path, explain(err))
	}
	return schema, nil
}

// backupLogShare is the part of a large database that the log may grow to while it is backed up,
// where that is more than the bound. Copying is ten times as fast as the log of the busiest forum
// grows (docs/performance.md), so that a quarter leaves room for slow disks.
const backupLogShare = 4

// copyTo copies the snapshot that the connection has open, some pages at once, to a file that is flushed later.
func (c *conn) copyTo(ctx context.Context, to string, once int, progress BackupProgress) (err error) {
	defer c.guard(&err)
	copying, err := c.db.BackupInit("main", plainURI(to, "", "journal_mode(off)", "synchronous(off)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copying.Close()) }()
	for done := false; !done; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if done, err = copying.Step(once); err != nil {
			return err
		}
		total := int64(copying.PageCount())
		progress("copied", (total-int64(copying.Remaining()))*pageSize, total*pageSize)
	}
	return nil
}

// Seal is the last line of a backup. It tells a whole one from one that was cut short or garbled.
type Seal struct {
	Backup int       `json:"folkmoot_backup"` // version of this form
	At     time.Time `json:"at"`              // when it was begun: what was acknowledged before is in it
	Schema int64     `json:"schema"`          // version of the database's schema
	Bytes  int64     `json:"bytes"`           // of the database, before the seal
	SHA256 string    `json:"sha256"`          // of them, in hexadecimal digits
}

// sealVersion is the form of backups that this program makes.
const sealVersion = 1

// put sums up what is in the file, seals it and flushes it.
func (s *Seal) put(ctx context.Context, file *os.File, progress BackupProgress) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	s.Backup, s.Bytes = sealVersion, info.Size()
	if s.SHA256, err = sum(ctx, io.Discard, file, s.Bytes, "summed up", progress); err != nil {
		return err
	}
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(fmt.Appendf(nil, "\n%s\n", line), s.Bytes); err != nil {
		return err
	}
	return file.Sync()
}

// sum copies the first bytes of a file and returns their sum.
func sum(ctx context.Context, to io.Writer, from io.ReaderAt, bytes int64, what string, progress BackupProgress) (string, error) {
	const piece = 4 << 20
	hash := sha256.New()
	for done := int64(0); done < bytes; {
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		n, err := io.Copy(io.MultiWriter(hash, to), io.NewSectionReader(from, done, min(piece, bytes-done)))
		if err == nil && n == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		done += n
		progress(what, done, bytes)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
