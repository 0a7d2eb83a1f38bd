package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"folkmoot/internal/store"
)

// conn is one connection with its prepared statements. One goroutine at a time uses it.
type conn struct {
	db         *sqlite3.Conn
	statements map[string]*sqlite3.Stmt

	writing    bool  // between BEGIN IMMEDIATE and its end
	rolledBack error // why SQLite ended the transaction by itself: a full disk does that
	broken     bool  // it must not be used again, only closed

	gathers *gatherer // of a writer, nil otherwise
}

// What a connection keeps in memory, in KiB: the writer's is what a batch touches, a reader's
// what a page does; the system's cache holds the rest for all of them.
const (
	writerSetup = `PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = %d`
	readerSetup = `PRAGMA cache_size = -2000; PRAGMA query_only = 1`
	// pumpSetup is of the connection that runs checkpoints: it reads no page by itself.
	pumpSetup = `PRAGMA cache_size = -100; PRAGMA wal_autocheckpoint = 0`
)

// open opens a connection and runs setup on it.
func open(ctx context.Context, uri, setup string) (_ *conn, err error) {
	c := &conn{statements: map[string]*sqlite3.Stmt{}}
	defer func() {
		if err != nil && c.db != nil {
			err = errors.Join(err, c.close())
		}
	}()
	defer c.guard(&err)
	if c.db, err = sqlite3.OpenContext(ctx, uri); err != nil {
		return nil, err
	}
	if err := c.db.Exec(setup); err != nil {
		return nil, err
	}
	return c, fts5.Register(c.db)
}

// maxStatements bounds the prepared statements of a connection; lists build theirs from few parts.
const maxStatements = 400

var (
	dollar = regexp.MustCompile(`\$(\d+)`)
	locks  = regexp.MustCompile(` FOR (SHARE|NO KEY UPDATE)( OF \w+)?( SKIP LOCKED)?$`)
)

// prepare returns the statement for a text. $n becomes ?n: SQLite numbers $n by order of
// appearance, silently. Row locks are left out: whoever writes has the whole file.
func (c *conn) prepare(text string) (*sqlite3.Stmt, error) {
	if statement := c.statements[text]; statement != nil {
		return statement, nil
	}
	statement, rest, err := c.db.PrepareFlags(dollar.ReplaceAllString(locks.ReplaceAllString(text, ""), "?$1"), sqlite3.PREPARE_PERSISTENT)
	switch {
	case err != nil:
		return nil, fmt.Errorf("preparing %q: %w", text, err)
	case statement == nil || rest != "":
		return nil, fmt.Errorf("not one statement: %q", text)
	}
	if len(c.statements) >= maxStatements {
		for old, s := range c.statements {
			delete(c.statements, old)
			if err := s.Close(); err != nil {
				return nil, err
			}
			break
		}
	}
	c.statements[text] = statement
	return statement, nil
}

func bind(statement *sqlite3.Stmt, args []any) error {
	for i, arg := range args[:min(len(args), statement.BindCount())] {
		var err error
		switch v := store.Value(arg).(type) {
		case nil:
			err = statement.BindNull(i + 1)
		case int64:
			err = statement.BindInt64(i+1, v)
		case bool:
			err = statement.BindBool(i+1, v)
		case string:
			err = statement.BindText(i+1, v)
		case []byte:
			err = statement.BindBlob(i+1, v)
		}
		if err != nil {
			return fmt.Errorf("binding $%d: %w", i+1, err)
		}
	}
	return nil
}

// Query calls each for every row.
func (c *conn) Query(text string, args []any, each func(store.Row) error) (err error) {
	defer c.guard(&err)
	statement, err := c.ready(text, args)
	if err != nil {
		return err
	}
	defer func() {
		if resetErr := statement.Reset(); err == nil {
			err = resetErr
		}
	}()
	for statement.Step() {
		if err := each(row{statement}); err != nil {
			return err
		}
	}
	return statement.Err()
}

// QueryMany runs the statements one by one.
func (c *conn) QueryMany(many ...store.Many) error {
	for _, m := range many {
		for i, args := range m.Sets {
			if err := c.Query(m.Text, args, func(row store.Row) error { return m.Each(i, row) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// Expect is nothing to a file whose only writer asks: nobody guesses here.
func (c *conn) Expect(...store.Many) { panic("sqlite: a batch was guessed where asking costs nothing") }

// Later runs the statement at once: there is no way to wait for.
func (c *conn) Later(text string, args ...any) error {
	changed, err := c.Exec(text, args...)
	if err == nil && changed != 1 {
		err = fmt.Errorf("%d rows changed, not one, by %q", changed, text)
	}
	return err
}

// Exec runs a statement that returns no rows.
func (c *conn) Exec(text string, args ...any) (changed int64, err error) {
	defer c.guard(&err)
	statement, err := c.ready(text, args)
	if err != nil {
		return 0, err
	}
	if err := statement.Exec(); err != nil {
		return 0, err
	}
	return c.db.Changes(), nil
}

// ready prepares and binds, unless the transaction that the statement is of has ended already.
func (c *conn) ready(text string, args []any) (*sqlite3.Stmt, error) {
	if c.rolledBack != nil {
		return nil, c.rolledBack
	}
	statement, err := c.prepare(text)
	if err == nil {
		err = bind(statement, args)
	}
	return statement, err
}

// guard ends every call of SQLite. It makes an error of a panic (SQLite's binding panics where memory
// runs out), after which the connection is not used again; and after an error it sees whether
// SQLite has rolled the transaction back, so that nothing of it is committed alone.
func (c *conn) guard(err *error) {
	if value := recover(); value != nil {
		slog.Error("SQLite panicked; the connection is given up", "panic", value, "stack", string(debug.Stack()))
		c.broken = true
		*err = panicked{value}
		return
	}
	if *err != nil && c.writing && c.rolledBack == nil && c.db.GetAutocommit() {
		c.rolledBack = *err
	}
}

// panicked is a panic of SQLite or under it. Where memory ran out it is sqlite3.NOMEM.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func (p panicked) Unwrap() error {
	if err, ok := p.value.(error); ok && err.Error() == sqlite3.NOMEM.Error() {
		return sqlite3.NOMEM
	}
	return nil
}

// transaction runs and commits. After an error nothing of it is stored, except where the error
// is an unknownOutcome.
func (c *conn) transaction(run func(store.Conn) error) error {
	if _, err := c.Exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	c.writing = true
	err := run(c)
	if err == nil {
		err = c.rolledBack
	}
	c.writing, c.rolledBack = false, nil
	if err == nil {
		err = c.commit()
	}
	if err != nil {
		c.rollback()
		if c.gathers != nil {
			c.gathers.discard()
		}
	}
	return err
}

// unknownOutcome is an error of COMMIT after which nobody knows whether it happened.
type unknownOutcome struct{ error }

func (u unknownOutcome) Unwrap() error { return u.error }

// commit commits. An error that SQLite returns says that it did not; a panic in the middle of it says nothing.
func (c *conn) commit() error {
	_, err := c.Exec(`COMMIT`)
	if c.broken && !errors.Is(err, sqlite3.NOMEM) {
		return unknownOutcome{err}
	}
	return err
}

// rollback ends a transaction that failed, unless SQLite has. Where that fails too the
// connection is given up, which ends the transaction with it.
func (c *conn) rollback() {
	if c.broken || c.db.GetAutocommit() {
		return
	}
	if _, err := c.Exec(`ROLLBACK`); err != nil {
		slog.Warn("rolling back failed; the connection is given up", "cause", err)
		c.broken = true
	}
}

// read runs queries in one snapshot; a single one is a snapshot by itself.
func (c *conn) read(ctx context.Context, queries []store.Query) error {
	if len(queries) == 1 {
		c.db.SetInterrupt(ctx)
		defer c.db.SetInterrupt(context.Background())
		return c.Query(queries[0].Text, queries[0].Args, queries[0].Each)
	}
	return c.snapshot(ctx, func() error {
		for _, query := range queries {
			if err := c.Query(query.Text, query.Args, query.Each); err != nil {
				return err
			}
		}
		return nil
	})
}

// snapshot runs read in one read transaction, interrupted when ctx ends.
func (c *conn) snapshot(ctx context.Context, read func() error) error {
	if _, err := c.Exec(`BEGIN`); err != nil {
		return err
	}
	c.db.SetInterrupt(ctx)
	err := read()
	// Whatever became of ctx: a snapshot left open would show the past to the next reader, and
	// keep the log from being emptied.
	c.db.SetInterrupt(context.Background())
	if c.broken || c.db.GetAutocommit() {
		return err
	}
	if _, endErr := c.Exec(`COMMIT`); endErr != nil {
		c.broken = true
		return errors.Join(err, endErr)
	}
	return err
}

// checkpoint moves what it can of the log into the file, waiting for nobody. It returns how many
// pages the log has and how many of them are in the file.
func (c *conn) checkpoint() (pages, moved int, err error) {
	defer c.guard(&err)
	return c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
}

// restart is checkpoint that waits so long for readers of earlier moments, after which the next
// commit begins the log anew. On the writer there is no later moment meanwhile, so that short
// reads are all it waits for.
func (c *conn) restart(wait time.Duration) (pages, moved int, err error) {
	defer c.guard(&err)
	if err := c.db.BusyTimeout(wait); err != nil {
		return 0, 0, err
	}
	pages, moved, err = c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_RESTART)
	return pages, moved, errors.Join(err, c.db.BusyTimeout(busyTimeout))
}

// close closes the connection with all that is open on it. An error says that it may still hold a lock.
func (c *conn) close() (err error) {
	defer c.guard(&err)
	if c.gathers != nil {
		c.gathers.discard() // of a transaction cut off, or nothing
		defer c.gathers.forget()
	}
	for _, statement := range slices.Collect(c.db.Stmts()) {
		_ = statement.Close()
	}
	return c.db.Close()
}

// row is the present row of a statement.
type row struct{ statement *sqlite3.Stmt }

func (r row) Int64(column int) int64 { return r.statement.ColumnInt64(column) }
func (r row) Text(column int) string { return r.statement.ColumnText(column) }
