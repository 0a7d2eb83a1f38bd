package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store/sqlite"
)

type backupCommand struct {
	dataFlag
	File string `arg:"" placeholder:"FILE" help:"File to make; one that is there already is left as it is."`
}

// Run writes the forum as it is at one moment to a file, beside a running server.
func (c *backupCommand) Run(ctx context.Context, std *console) error {
	if folder := filepath.Dir(c.File); !isFolder(folder) {
		fmt.Fprintf(std.err, "folkmoot: no backup was made: there is no folder %s\n", folder)
		return exitCode(exitCannotWrite)
	}
	began := time.Now()
	progress := newTeller(std)
	seal, err := c.make(ctx, progress)
	progress.end()
	if errors.Is(err, sqlite.ErrAborted) {
		return fmt.Errorf("no backup was made: %w. Others write faster than it could be copied: try a faster disk, or a quieter hour", err)
	}
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	fmt.Fprintf(std.err, "%s holds the forum as it was at %s: %s in %.1f s\n",
		c.File, seal.At.Format(time.RFC3339), mebibytes(seal.Bytes), time.Since(began).Seconds())
	return c.keep(ctx, std, seal)
}

// make writes the file. Of a forum in PostgreSQL it holds a copy in SQLite.
func (c *backupCommand) make(ctx context.Context, progress *teller) (sqlite.Seal, error) {
	if c.Database == "" {
		return sqlite.Backup(ctx, c.file(), c.File, progress.tellBytes())
	}
	return sqlite.BackupOf(ctx, c.File, progress.tellBytes(), func(path string) error {
		report, err := copyForum(ctx, c.place(), place{file: path}, progress)
		if err == nil && !report.Equal() {
			err = errors.New("it differs from what it was made of")
		}
		return err
	})
}

func isFolder(path string) bool {
	about, err := os.Stat(path)
	return err == nil && about.IsDir()
}

// keep tells the forum of its backup. Nothing is migrated for it: an older server may be running.
func (c *backupCommand) keep(ctx context.Context, std *console, seal sqlite.Seal) error {
	if seal.Schema != sqlite.Schema() {
		fmt.Fprintln(std.err, "The forum's database is of an older version: its administrators are not told of this backup.")
		return nil
	}
	m, err := openService(ctx, c.dataFlag)
	if err == nil {
		err = errors.Join(m.store.SetBackup(ctx, forum.Backup{At: seal.At, Bytes: seal.Bytes}), m.Close())
	}
	if err != nil {
		return fmt.Errorf("the backup is made, but the forum could not be told: %w", err)
	}
	return nil
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// quietTime passes before a command begins to say how far it is.
const quietTime = 2 * time.Second

// tellBytes returns what tells how far a copy is, once it takes longer than a moment.
func (t *teller) tellBytes() sqlite.BackupProgress {
	began := time.Now()
	return func(what string, done, total int64) {
		if time.Since(began) > quietTime {
			t.tell(fmt.Sprintf("%s %s of %s", what, mebibytes(done), mebibytes(total)))
		}
	}
}
