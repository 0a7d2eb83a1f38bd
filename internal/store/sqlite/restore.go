package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"folkmoot/internal/store"
)

// What keeps a backup from being restored, beside store.ErrNewer. Nothing is left behind then.
var (
	// ErrNotBackup is a file of something else.
	ErrNotBackup = errors.New("this is no backup of Folkmoot")
	// ErrNotWhole is a backup that was cut short, or a database that is no backup.
	ErrNotWhole = errors.New("this is no whole backup: it was cut short, or `folkmoot backup` has not made it")
	// ErrGarbled is a backup of which a part is not what was written.
	ErrGarbled = errors.New("this backup is damaged: what is in it is not what was written")
)

// Restore copies the database of the backup at from to a new file at path, and flushes it.
func Restore(ctx context.Context, from, path string, progress BackupProgress) (seal Seal, err error) {
	file, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return Seal{}, fmt.Errorf("%s: %w: there is no such file", from, ErrNotBackup)
	}
	if err != nil {
		return Seal{}, err
	}
	defer file.Close()
	if seal, err = readSeal(file); err != nil {
		return Seal{}, fmt.Errorf("%s: %w", from, err)
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Seal{}, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	found, err := sum(ctx, to, file, seal.Bytes, "restored", progress)
	if err == nil && found != seal.SHA256 {
		err = fmt.Errorf("%s: %w", from, ErrGarbled)
	}
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return Seal{}, err
	}
	return seal, syncFolder(filepath.Dir(path))
}

// maxSeal bounds the length of a seal with its line ends.
const maxSeal = 1024

// readSeal reads the seal of a backup that this program can restore.
func readSeal(file *os.File) (Seal, error) {
	info, err := file.Stat()
	if err != nil {
		return Seal{}, err
	}
	if !info.Mode().IsRegular() {
		return Seal{}, ErrNotBackup
	}
	const mark = "SQLite format 3\x00"
	head := make([]byte, len(mark))
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return Seal{}, err
	}
	if string(head) != mark {
		return Seal{}, ErrNotBackup
	}
	tail := make([]byte, min(maxSeal, info.Size()))
	if _, err := file.ReadAt(tail, info.Size()-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return Seal{}, err
	}
	return parseSeal(tail, info.Size())
}

// parseSeal finds the seal in the end of a file of size bytes.
func parseSeal(tail []byte, size int64) (Seal, error) {
	line, ended := bytes.CutSuffix(tail, []byte("\n"))
	begin := bytes.LastIndexByte(line, '\n')
	var seal Seal
	if !ended || begin < 0 || json.Unmarshal(line[begin+1:], &seal) != nil || seal.Backup == 0 {
		return Seal{}, ErrNotWhole
	}
	switch {
	case seal.Backup > sealVersion, seal.Schema > newestMigration:
		return Seal{}, fmt.Errorf("%w (its schema is %d, this program knows %d)", store.ErrNewer, seal.Schema, newestMigration)
	case seal.Bytes != size-int64(len(tail)-begin):
		return Seal{}, ErrNotWhole
	}
	return seal, nil
}
