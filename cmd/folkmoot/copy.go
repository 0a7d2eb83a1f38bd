package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
	"folkmoot/internal/store/sqlite"
)

type copyCommand struct {
	From place `required:"" placeholder:"PLACE" help:"Forum to copy: sqlite:FILE or postgres://user:password@host/name. Nothing of it is changed, and a server may work on it meanwhile."`
	To   place `required:"" placeholder:"PLACE" help:"Where to: a file that is not there yet, or an empty database. A password is better kept in ~/.pgpass or PGPASSWORD."`
}

// errSame ends a copy of something to itself.
var errSame = errors.New("nothing was copied: source and target are the same")

// Run copies a forum to another database, compares the two and recounts the copy.
func (c *copyCommand) Run(ctx context.Context, std *console) error {
	if c.From.same(c.To) {
		return errSame
	}
	began := time.Now()
	report, err := copyForum(ctx, c.From, c.To, newTeller(std))
	if err != nil {
		return explainCopy(ctx, err)
	}
	if err := printCopy(std.out, report); err != nil {
		return err
	}
	if report.BegunNew {
		fmt.Fprintln(std.err, "The source had changed since an earlier copy was cut off: that was thrown away, and all of it copied anew.")
	}
	seconds := time.Since(began).Seconds()
	fmt.Fprintf(std.err, "%d rows copied and compared in %.1f s (%.0f rows/s)\n", report.Rows, seconds, float64(report.Rows)/seconds)
	if !report.Equal() {
		return errors.New("the copy differs from the source, and is not one that can be served")
	}
	return c.verify(ctx, std)
}

// verify recounts the copy. The outcome is not kept: the copy stays as the source is.
func (c *copyCommand) verify(ctx context.Context, std *console) error {
	engine, err := c.To.open(ctx)
	if err != nil {
		return err
	}
	m, err := serviceOn(ctx, engine, forum.SystemClock{})
	if err != nil {
		return err
	}
	defer m.Close()
	report, err := m.store.Verify(ctx, showProgress(std.err))
	if err != nil {
		return err
	}
	printReport(std.err, report)
	if report.Wrong > 0 {
		fmt.Fprintln(std.err, "These differences are in the source.")
		return errDifferences
	}
	return nil
}

// halfCopied is an error after which a part of the copy stands in the target.
type halfCopied struct{ cause error }

func (h halfCopied) Error() string { return h.cause.Error() }

func (h halfCopied) Unwrap() error { return h.cause }

// copyForum copies the forum at one place to another, that is empty or holds a part of the same copy.
func copyForum(ctx context.Context, from, to place, progress *teller) (report store.CopyReport, err error) {
	defer progress.end()
	err = from.look(ctx, func(source store.Moment) (err error) {
		// Seen before it is opened, which would make or migrate it.
		err = to.look(ctx, func(target store.Moment) error { return store.Vacant(source, target) })
		if err != nil && !errors.Is(err, store.ErrNone) {
			return refusedTarget(to, err)
		}
		target, err := to.open(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, target.Close()) }()
		report, err = store.Copy(ctx, source, target, store.CopyOptions{Progress: progress.tellRows()})
		if err != nil && !errors.Is(err, store.ErrNone) && !errors.Is(err, store.ErrNotEmpty) {
			err = halfCopied{err}
		}
		return err
	})
	return report, err
}

// explainCopy says what an error of copyForum leaves behind, and what to do.
func explainCopy(ctx context.Context, err error) error {
	switch half := new(halfCopied); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("interrupted: the copy is not whole, and the same command goes on from there")
	case !errors.As(err, half):
		return fmt.Errorf("nothing was copied: %w", err)
	case errors.Is(err, sqlite.ErrAborted):
		return fmt.Errorf("the copy is not whole: %w. Others write faster than it can be copied: copy a backup of it, or at a quieter hour", err)
	}
	return fmt.Errorf("the copy is not whole: %w; the same command goes on from there", err)
}

// refusedTarget says of an error of looking at a target whose it is.
func refusedTarget(to place, err error) error {
	if errors.Is(err, store.ErrOlder) {
		return fmt.Errorf("%w: it holds a forum of an older version", store.ErrNotEmpty)
	}
	if errors.Is(err, store.ErrNotEmpty) {
		return fmt.Errorf("%s: %w", to, err)
	}
	return err
}

// printCopy prints both sides of each table.
func printCopy(out io.Writer, report store.CopyReport) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "table\trows\thash of the source\thash of the target\tequal")
	for _, t := range report.Tables {
		rows, equal := fmt.Sprint(t.From.Rows), "yes"
		if t.From.Rows != t.To.Rows {
			rows = fmt.Sprintf("%d, %d", t.From.Rows, t.To.Rows)
		}
		if !t.Equal() {
			equal = "NO"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.Name, rows, t.From, t.To, equal)
	}
	return table.Flush()
}

// tellRows returns what tells how far a copy is, once it takes longer than a moment.
func (t *teller) tellRows() func(store.CopyProgress) {
	began := time.Now()
	return func(p store.CopyProgress) {
		switch {
		case time.Since(began) < quietTime:
		case p.Total > 0:
			t.tell(fmt.Sprintf("%s: %d of %d rows %s", p.Table, p.Done, p.Total, p.What))
		default:
			t.tell(fmt.Sprintf("%s: %d rows %s", p.Table, p.Done, p.What))
		}
	}
}

// place is a database: a file of SQLite, or one of a PostgreSQL server.
type place struct{ file, url string }

// UnmarshalText reads sqlite:FILE or the address of a PostgreSQL database.
func (p *place) UnmarshalText(text []byte) error {
	scheme, file, _ := strings.Cut(string(text), ":")
	switch {
	case scheme == "sqlite" && strings.Trim(file, "/") != "":
		*p = place{file: file}
	case scheme == "postgres", scheme == "postgresql":
		*p = place{url: string(text)}
	default:
		return errors.New("it must be sqlite:FILE or postgres://user:password@host/name")
	}
	return nil
}

// String names the place without its password.
func (p place) String() string {
	if p.url != "" {
		return postgres.Place(p.url)
	}
	return p.file
}

func (p place) same(other place) bool {
	if p.url != "" {
		return other.url != "" && postgres.Same(p.url, other.url)
	}
	first, err := os.Stat(p.file)
	second, otherErr := os.Stat(other.file)
	return filepath.Clean(p.file) == filepath.Clean(other.file) || err == nil && otherErr == nil && os.SameFile(first, second)
}

// look reads the database as it is at one moment, and changes nothing.
func (p place) look(ctx context.Context, read func(store.Moment) error) error {
	if p.url != "" {
		return postgres.Look(ctx, p.url, read)
	}
	return sqlite.Look(ctx, p.file, read)
}

// open opens, makes and migrates the database.
func (p place) open(ctx context.Context) (engine, error) {
	if p.url != "" {
		return postgres.Open(ctx, p.url)
	}
	file, err := os.OpenFile(p.file, os.O_CREATE|os.O_EXCL, 0o600) // for its owner alone
	if err == nil {
		err = file.Close()
	} else if errors.Is(err, os.ErrExist) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, p.file)
}
