// Package sqlite is the store's engine on SQLite: one connection that writes, a pool that reads,
// WAL with every commit flushed before it is acknowledged.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"folkmoot/internal/store"
)

// Engine is SQLite on one file. Several processes may use the same file.
type Engine struct {
	path    string
	uri     string
	options Options
	writer  *conn      // Write's alone; nil after one was given up
	readers chan *conn // a nil stands for a connection not opened yet

	wal           walBounds
	walPages      int          // of the log, after the last commit; Write's alone
	roomAt        int          // so many of them: the writer makes room; Write's alone
	moved         atomic.Int64 // of them, in the file
	checkpointing sync.Mutex
	wake          chan struct{} // the pump

	closing context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex
	longReads map[*longRead]struct{}
	failed    error // why nothing may be written any more
}

// Options vary how a file is opened; the zero value is what a server uses.
type Options struct {
	VFS     string // name of a registered file system, for fault tests
	Readers int    // connections that read; 0 is two for each processor

	synchronous string    // "full" unless a test shows that it must be
	wal         walBounds // the standard ones unless a test sets them
}

// Open opens the file at path with the standard options, makes and migrates it.
// What may be wrong with the file is store.ErrNewer, ErrNotWritable, ErrDamaged or ErrNotDatabase.
func Open(ctx context.Context, path string) (*Engine, error) {
	return OpenWith(ctx, path, Options{})
}

// OpenWith is Open with options.
func OpenWith(ctx context.Context, path string, options Options) (*Engine, error) {
	if options.Readers == 0 {
		options.Readers = 2 * runtime.GOMAXPROCS(0)
	}
	if options.wal == (walBounds{}) {
		options.wal = standardWAL
	}
	if err := prepare(ctx, path, options); err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, explain(err))
	}
	e := &Engine{path: path, uri: fileURI(path, options), options: options, readers: make(chan *conn, options.Readers),
		wal: options.wal, roomAt: options.wal.full,
		wake: make(chan struct{}, 1), longReads: map[*longRead]struct{}{}}
	if err := e.openWriter(ctx); err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, explain(err))
	}
	for range options.Readers {
		e.readers <- nil
	}
	e.closing, e.stop = context.WithCancel(context.Background())
	e.running.Go(e.pump)
	return e, nil
}

func (e *Engine) openWriter(ctx context.Context) error {
	uri, gathers := e.uri, (*gatherer)(nil)
	if e.options.synchronous == "" { // only then is every commit flushed
		var err error
		if gathers, err = newGatherer(e.options.VFS); err != nil {
			return err
		}
		options := e.options
		options.VFS = gathers.name
		uri = fileURI(e.path, options)
	}
	writer, err := open(ctx, uri, fmt.Sprintf(writerSetup, e.wal.full*pageSize))
	if err != nil {
		if gathers != nil {
			gathers.forget()
		}
		return err
	}
	writer.gathers = gathers
	writer.db.WALHook(e.committed)
	e.writer = writer
	return nil
}

// errClosed answers who comes after Close.
var errClosed = errors.New("the database is closed")

// Dialect is SQLite.
func (e *Engine) Dialect() store.Dialect { return store.SQLite }

// ReadsAhead is false: what is read has been flushed.
func (e *Engine) ReadsAhead() bool { return false }

// Reconnected is 0: nothing is remembered here.
func (e *Engine) Reconnected() int64 { return 0 }

// Lanes is 1: there is one writer.
func (e *Engine) Lanes() int { return 1 }

// Read runs queries in one snapshot.
func (e *Engine) Read(ctx context.Context, queries ...store.Query) error {
	c, err := e.takeReader(ctx)
	if err != nil {
		return err
	}
	defer func() { e.putReader(c) }()
	err = c.read(ctx, queries)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// takeReader takes a connection from the pool, opening it if need be.
func (e *Engine) takeReader(ctx context.Context) (*conn, error) {
	select {
	case c := <-e.readers:
		if c != nil {
			return c, nil
		}
		c, err := open(context.Background(), e.uri, readerSetup)
		if err != nil {
			e.readers <- nil
			return nil, fmt.Errorf("opening a connection to read: %w", err)
		}
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-e.closing.Done():
		return nil, errClosed
	}
}

// putReader gives a connection back; one that is broken makes way for another.
func (e *Engine) putReader(c *conn) {
	if c.broken {
		e.close(c)
		c = nil
	}
	e.readers <- c
}

// BusyReaders returns how many connections of the pool are reading, and how many it has.
func (e *Engine) BusyReaders() (busy, all int) {
	return cap(e.readers) - len(e.readers), cap(e.readers)
}

// Write runs one transaction. The commit is flushed when it returns.
func (e *Engine) Write(_ context.Context, run func(store.Conn) error) error {
	if err := e.failure(); err != nil {
		return err
	}
	if e.writer == nil {
		if err := e.openWriter(context.Background()); err != nil {
			return fmt.Errorf("opening a connection to write: %w", err)
		}
	}
	err := e.writer.transaction(run)
	switch {
	case e.writer.broken:
		e.close(e.writer)
		e.writer = nil
	case err == nil && e.walPages > e.roomAt, e.Fault(err) == store.FaultResource:
		e.makeRoom() // on a full disk it may be all the room there is
	}
	return err
}

// close closes a connection that is not needed or not good any more. One that cannot be closed
// keeps its locks, so that nobody could write.
func (e *Engine) close(c *conn) {
	if err := c.close(); err != nil {
		slog.Error("a connection could not be closed", "cause", err)
		e.fail(fmt.Errorf("%w: %w", errLockKept, err))
	}
}

// errLockKept stops the writing.
var errLockKept = errors.New("a connection could not be closed and may hold a lock")

// fail stops the writing for good.
func (e *Engine) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed == nil {
		e.failed = err
	}
}

func (e *Engine) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed
}

// Close ends long reads, waits for the short ones and closes every connection; the last one to
// close the file empties the log.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.stop()
	for long := range e.longReads {
		long.cancel(errClosed)
	}
	e.mu.Unlock()
	e.running.Wait()
	var errs []error
	for range cap(e.readers) {
		if c := <-e.readers; c != nil {
			errs = append(errs, c.close())
		}
	}
	if e.writer != nil {
		errs = append(errs, e.writer.close())
	}
	return errors.Join(errs...)
}
