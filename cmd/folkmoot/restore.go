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
	Data     string `xor:"into" placeholder:"NEWDIR" help:"Folder to restore into; it must be empty, or is made. Either this or --database."`
	Database string `xor:"into" placeholder:"URL" help:"PostgreSQL database to restore into, instead of a folder; it must be empty: postgres://user:password@host/name. A password is better kept in ~/.pgpass or PGPASSWORD."`
	File     string `arg:"" placeholder:"FILE" help:"File that folkmoot backup made, of either kind of database."`
}

// Validate refuses what does not say where to.
func (c *restoreCommand) Validate() error {
	if c.Data == "" && c.Database == "" {
		return errors.New("name where to restore into: --data or --database")
	}
	return nil
}

// restoringName is a folder in the new one, in which the forum is made ready. What is in it was
// never served: it may be left by a restore that was cut off, and is then removed.
const restoringName = ".restoring"

// Run makes a forum of a backup, and recounts it.
func (c *restoreCommand) Run(ctx context.Context, std *console) error {
	into, restore := "--data "+c.Data, c.restoreFolder
	if c.Database != "" {
		into, restore = "--database URL", c.restoreDatabase
	}
	report, seal, err := restore(ctx, std)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.err, "%s holds the forum as it was at %s: folkmoot serve %s\n", c.place(), seal.At.Format(time.RFC3339), into)
	printReport(std.err, report)
	if report.Wrong > 0 {
		fmt.Fprintln(std.err, "These differences were in the forum when it was backed up.")
		return errDifferences
	}
	return nil
}

func (c *restoreCommand) place() dataFlag { return dataFlag{Data: c.Data, Database: c.Database} }

// restoreFolder restores into a folder. After an error nothing is left there.
func (c *restoreCommand) restoreFolder(ctx context.Context, std *console) (store.Report, sqlite.Seal, error) {
	remove, err := c.makeFolder()
	if err != nil {
		return store.Report{}, sqlite.Seal{}, fmt.Errorf("nothing was restored: %w", err)
	}
	report, seal, err := c.restore(ctx, std)
	if err != nil {
		remove()
		err = fmt.Errorf("nothing was restored: %w", err)
	}
	return report, seal, err
}

// restoreDatabase restores into a database, by a file that is removed afterwards.
func (c *restoreCommand) restoreDatabase(ctx context.Context, std *console) (report store.Report, seal sqlite.Seal, err error) {
	scratch, err := os.MkdirTemp("", "folkmoot-restore-*")
	if err != nil {
		return report, seal, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	file := place{file: filepath.Join(scratch, databaseName)}
	progress := newTeller(std)
	seal, err = sqlite.Restore(ctx, c.File, file.file, progress.tellBytes())
	if err == nil {
		err = migrate(ctx, file)
	}
	progress.end()
	if err != nil {
		return report, seal, fmt.Errorf("nothing was restored: %w", err)
	}
	copied, err := copyForum(ctx, file, c.place().place(), newTeller(std))
	if err != nil {
		return report, seal, explainCopy(ctx, err)
	}
	if !copied.Equal() {
		return report, seal, errors.New("what was restored differs from the backup, and is not one that can be served")
	}
	m, err := openService(ctx, c.place())
	if err != nil {
		return report, seal, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	report, err = m.verify(ctx, showProgress(std.err))
	return report, seal, err
}

// migrate brings a database to the schema of this program.
func migrate(ctx context.Context, at place) error {
	opened, err := at.open(ctx)
	if err != nil {
		return err
	}
	return opened.Close()
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
