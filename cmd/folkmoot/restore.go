package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

type restoreCommand struct {
	Data string `required:"" placeholder:"NEWDIR" help:"Folder to restore into; it must be empty, or is made."`
	File string `arg:"" placeholder:"FILE" help:"File that folkmoot backup made."`
}

// restoringName is a folder in the new one, in which the forum is made ready. What is in it was
// never served: it may be left by a restore that was cut off, and is then removed.
const restoringName = ".restoring"

// Run makes a forum of a backup, and recounts it.
func (c *restoreCommand) Run(ctx context.Context, std *console) error {
	remove, err := c.makeFolder()
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	report, seal, err := c.restore(ctx, std)
	if err != nil {
		remove()
		return fmt.Errorf("nothing was restored: %w", err)
	}
	fmt.Fprintf(std.err, "%s holds the forum as it was at %s: folkmoot serve --data %s\n", c.Data, seal.At.Format(time.RFC3339), c.Data)
	printReport(std.err, report)
	if report.Wrong > 0 {
		fmt.Fprintln(std.err, "These differences were in the forum when it was backed up.")
		return errDifferences
	}
	return nil
}

// makeFolder makes the folders to restore into. remove takes them away again.
func (c *restoreCommand) makeFolder() (remove func(), err error) {
	_, err = os.Stat(c.Data)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := makeFolder(c.Data); err != nil {
		return nil, err
	}
	restoring := filepath.Join(c.Data, restoringName)
	if err := os.RemoveAll(restoring); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(c.Data)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("the folder %s is not empty, there is %s in it: name another, or an empty one", c.Data, entries[0].Name())
	}
	if err := os.Mkdir(restoring, 0o700); err != nil {
		return nil, err
	}
	return func() {
		_ = os.RemoveAll(restoring)
		if isNew {
			_ = os.Remove(c.Data)
		}
	}, nil
}

// restore makes the forum ready in a folder of its own, and puts it in its place as the last thing.
func (c *restoreCommand) restore(ctx context.Context, std *console) (report store.Report, seal sqlite.Seal, err error) {
	restoring := filepath.Join(c.Data, restoringName)
	database := filepath.Join(restoring, databaseName)
	progress := newTeller(std)
	seal, err = sqlite.Restore(ctx, c.File, database, progress.tellBytes())
	progress.end()
	if err != nil {
		return report, seal, err
	}
	if report, err = renew(ctx, restoring, std); err != nil {
		return report, seal, err
	}
	if err := os.Rename(database, filepath.Join(c.Data, databaseName)); err != nil {
		return report, seal, err
	}
	return report, seal, os.Remove(restoring)
}

// renew makes the database in a folder one of its own, and recounts it.
func renew(ctx context.Context, data string, std *console) (report store.Report, err error) {
	m, err := openService(ctx, dataFlag{Data: data})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if err := m.store.RenewEpoch(ctx); err != nil {
		return report, err
	}
	return m.verify(ctx, showProgress(std.err))
}
