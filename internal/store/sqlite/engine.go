// Package sqlite is the store's engine on SQLite: one connection that writes, a pool that reads,
// WAL with every commit flushed before it is acknowledged.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"folkmoot/internal/store"
)

// Bounds of the write-ahead log, in pages of 4 KiB.
const (
	walSoft = 2_000   // 8 MiB: a checkpoint runs beside the writer
	walFull = 16_000  // 64 MiB: the writer makes room itself, between two commits
	walHard = 250_000 // 1 GiB: the oldest long read is aborted, never a write
)

const busyTimeout = 10 * time.Second

// Engine is SQLite on one file. Several processes may use the same file.
type Engine struct {
	uri     string
	writer  *conn
	readers chan *conn // a nil stands for a connection not opened yet

	walPages   int // after the last commit; the writer's
	checkpoint chan struct{}
	closing    context.Context
	stop       context.CancelFunc
	running    sync.WaitGroup

	mu        sync.Mutex
	longReads map[*longRead]struct{}
}

type longRead struct {
	began  time.Time
	cancel context.CancelCauseFunc
}

// Options vary how a file is opened; the zero value is what a server uses.
type Options struct {
	VFS     string // name of a registered file system, for fault tests
	Readers int    // connections that read; 0 is four for each processor
}

// Open opens the file at path with the standard options, makes and migrates it.
func Open(ctx context.Context, path string) (*Engine, error) {
	return OpenWith(ctx, path, Options{})
}

// OpenWith is Open with options.
func OpenWith(ctx context.Context, path string, options Options) (*Engine, error) {
	if err := writable(path); err != nil {
		return nil, err
	}
	uri := fileURI(path, options.VFS)
	if err := migrate(ctx, uri); err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	writer, err := open(ctx, uri, false)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	readers := options.Readers
	if readers == 0 {
		readers = 4 * runtime.GOMAXPROCS(0)
	}
	e := &Engine{uri: uri, writer: writer, readers: make(chan *conn, readers),
		checkpoint: make(chan struct{}, 1), longReads: map[*longRead]struct{}{}}
	for range readers {
		e.readers <- nil
	}
	writer.db.WALHook(e.committed)
	e.closing, e.stop = context.WithCancel(context.Background())
	e.running.Go(e.checkpoints)
	return e, nil
}

// writable says in plain words why a file cannot be written, before SQLite does in its own.
func writable(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the database cannot be written: %w", err)
	}
	return file.Close()
}

func fileURI(path, vfs string) string {
	query := url.Values{"_txlock": {"immediate"}}
	query["_pragma"] = []string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(wal)", "synchronous(full)", "foreign_keys(1)", "recursive_triggers(0)",
	}
	if vfs != "" {
		query.Set("vfs", vfs)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

func open(ctx context.Context, uri string, reader bool) (*conn, error) {
	db, err := sqlite3.OpenContext(ctx, uri)
	if err != nil {
		return nil, err
	}
	setup := `PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY`
	if reader {
		setup = `PRAGMA cache_size = -2000; PRAGMA query_only = 1`
	}
	if err := db.Exec(setup); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := fts5.Register(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.SetInterrupt(context.Background())
	return &conn{db: db, statements: map[string]*sqlite3.Stmt{}}, nil
}

// Read runs queries in one snapshot.
func (e *Engine) Read(ctx context.Context, queries ...store.Query) error {
	c, err := e.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { e.readers <- c }()
	c.db.SetInterrupt(ctx)
	defer c.db.SetInterrupt(context.Background())
	if len(queries) == 1 {
		return c.Query(queries[0].Text, queries[0].Args, queries[0].Each)
	}
	return c.snapshot(func() error {
		for _, query := range queries {
			if err := c.Query(query.Text, query.Args, query.Each); err != nil {
				return err
			}
		}
		return nil
	})
}

// reader takes a connection from the pool, opening it if need be.
func (e *Engine) reader(ctx context.Context) (*conn, error) {
	select {
	case c := <-e.readers:
		if c != nil {
			return c, nil
		}
		c, err := open(context.Background(), e.uri, true)
		if err != nil {
			e.readers <- nil
			return nil, fmt.Errorf("opening a connection to read: %w", err)
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// snapshot runs read in one read transaction.
func (c *conn) snapshot(read func() error) (err error) {
	if _, err := c.Exec(`BEGIN`); err != nil {
		return err
	}
	defer func() {
		if _, endErr := c.Exec(`COMMIT`); err == nil {
			err = endErr
		}
	}()
	return read()
}

// ErrAborted ends a long read that kept the write-ahead log from being emptied.
var ErrAborted = errors.New("a read took so long that the write-ahead log grew past its bound; it was aborted")

// ReadLong runs read on a connection of its own, in one snapshot.
func (e *Engine) ReadLong(ctx context.Context, read func(store.Conn) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c, err := open(ctx, e.uri, true)
	if err != nil {
		return err
	}
	defer c.close()
	long := &longRead{time.Now(), cancel}
	e.mu.Lock()
	e.longReads[long] = struct{}{}
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.longReads, long)
		e.mu.Unlock()
	}()
	c.db.SetInterrupt(ctx)
	err = c.snapshot(func() error { return read(c) })
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// Write runs one transaction. The commit is flushed when it returns.
func (e *Engine) Write(_ context.Context, run func(store.Conn) error) error {
	c := e.writer
	if _, err := c.Exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := run(c)
	if err == nil {
		_, err = c.Exec(`COMMIT`)
	}
	if err != nil && !c.db.GetAutocommit() {
		if _, rollbackErr := c.Exec(`ROLLBACK`); rollbackErr != nil {
			return errors.Join(err, rollbackErr)
		}
	}
	if err == nil && e.walPages > walFull {
		e.makeRoom()
	}
	return err
}

// committed hears of every commit how many pages the log has.
func (e *Engine) committed(_ *sqlite3.Conn, _ string, pages int) error {
	e.walPages = pages
	if pages > walSoft {
		select {
		case e.checkpoint <- struct{}{}:
		default:
		}
	}
	if pages > walHard {
		e.abortOldest()
	}
	return nil
}

// makeRoom checkpoints on the writer: nothing is written meanwhile, so that the log can begin anew.
func (e *Engine) makeRoom() {
	if _, _, err := e.writer.db.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE); err != nil {
		slog.Warn("checkpoint", "cause", err)
	}
}

func (e *Engine) abortOldest() {
	e.mu.Lock()
	defer e.mu.Unlock()
	var oldest *longRead
	for long := range e.longReads {
		if oldest == nil || long.began.Before(oldest.began) {
			oldest = long
		}
	}
	if oldest != nil {
		oldest.cancel(ErrAborted)
	}
}

// checkpoints moves the log into the file beside the writer.
func (e *Engine) checkpoints() {
	var c *conn
	for {
		select {
		case <-e.closing.Done():
			if c != nil {
				_ = c.close()
			}
			return
		case <-e.checkpoint:
		}
		if c == nil {
			var err error
			if c, err = open(context.Background(), e.uri, false); err != nil {
				slog.Warn("opening a connection for checkpoints", "cause", err)
				continue
			}
		}
		if _, _, err := c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE); err != nil && !errors.Is(err, sqlite3.BUSY) {
			slog.Warn("checkpoint", "cause", err)
		}
	}
}

// Fault tells the kinds of errors apart.
func (e *Engine) Fault(err error) store.Fault {
	var code sqlite3.ErrorCode
	var extended sqlite3.ExtendedErrorCode
	if errors.As(err, &extended) {
		switch extended {
		case sqlite3.IOERR_FSYNC, sqlite3.IOERR_DIR_FSYNC:
			return store.FaultFlush
		}
	}
	if !errors.As(err, &code) {
		return store.FaultMember
	}
	switch code {
	case sqlite3.CORRUPT, sqlite3.NOTADB:
		return store.FaultFlush
	case sqlite3.BUSY, sqlite3.LOCKED:
		return store.FaultBusy
	case sqlite3.FULL, sqlite3.NOMEM, sqlite3.IOERR, sqlite3.READONLY, sqlite3.CANTOPEN, sqlite3.PERM, sqlite3.INTERRUPT:
		return store.FaultResource
	}
	return store.FaultMember
}

// Close closes every connection; the last one to close the file empties the log.
func (e *Engine) Close() error {
	e.stop()
	e.running.Wait()
	var errs []error
	for range cap(e.readers) {
		if c := <-e.readers; c != nil {
			errs = append(errs, c.close())
		}
	}
	return errors.Join(append(errs, e.writer.close())...)
}
