package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store"
)

// pageSize is the size of a page of the file, in bytes; one in the log has a head of 24 more.
const pageSize = 4096

// walBounds bound the write-ahead log, in pages.
type walBounds struct {
	soft int // so many are not in the file yet: a checkpoint runs beside the writer
	full int // the log is so long: the writer makes room itself, between two commits
	hard int // the log is so long, and long reads keep it: the oldest is aborted, never a write
}

var standardWAL = walBounds{
	soft: 8_000,   // 32 MiB
	full: 32_000,  // 128 MiB
	hard: 250_000, // 1 GiB
}

// ErrAborted ends a long read that kept the write-ahead log from being emptied.
var ErrAborted = errors.New("a read took so long that the write-ahead log grew past its bound; it was aborted")

// longRead is a ReadLong under way.
type longRead struct {
	began  time.Time
	cancel context.CancelCauseFunc
}

// ReadLong runs read on a connection of its own, in one snapshot.
func (e *Engine) ReadLong(ctx context.Context, read func(store.Conn) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end, err := e.beginLong(cancel)
	if err != nil {
		return err
	}
	defer end()
	c, err := open(ctx, e.uri, readerSetup)
	if err != nil {
		return fmt.Errorf("opening a connection to read: %w", err)
	}
	go watchLog(ctx, e.path, logBound(e.wal.hard), cancel)
	err = c.snapshot(ctx, func() error { return read(c) })
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if closeErr := c.close(); err == nil {
		err = closeErr
	}
	return err
}

// logBound is the size in bytes at which a long read aborts itself, where the writer is another
// process that cannot: a little more than the bound at which the writer does.
func logBound(hard int) int64 { return int64(hard+hard/8) * pageSize }

// watchLog aborts a long read where the log of the file at path grows past bound, until ctx ends.
func watchLog(ctx context.Context, path string, bound int64, cancel context.CancelCauseFunc) {
	const often = time.Second
	first := logSize(path)
	for tick := time.NewTicker(often); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			if size := logSize(path); size > bound && size > first {
				cancel(ErrAborted)
			}
		}
	}
}

// LogBytes returns the size of the write-ahead log's file.
func (e *Engine) LogBytes() int64 { return logSize(e.path) }

// logSize is the size of the log's file in bytes, 0 where there is none.
func logSize(path string) int64 {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// beginLong notes a long read, which Close waits for, until end.
func (e *Engine) beginLong(cancel context.CancelCauseFunc) (end func(), err error) {
	long := &longRead{time.Now(), cancel}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing.Err() != nil {
		return nil, errClosed
	}
	e.longReads[long] = struct{}{}
	e.running.Add(1)
	return func() {
		e.mu.Lock()
		delete(e.longReads, long)
		e.mu.Unlock()
		e.running.Done()
	}, nil
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

// committed hears of every commit how many pages the log has.
func (e *Engine) committed(_ *sqlite3.Conn, _ string, pages int) error {
	if pages < e.walPages {
		e.roomAt = e.wal.full
	}
	e.walPages = pages
	if moved := int(e.moved.Load()); pages < moved { // the log began anew
		e.moved.Store(0)
	} else if pages-moved < e.wal.soft {
		return nil
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
	return nil
}

// roomWait bounds how long the writer waits for readers when it makes room in the log.
const roomWait = 100 * time.Millisecond

// makeRoom checkpoints on the writer, so that the log can begin anew. Passing by the readers
// would not do: where many read there is always one who began before the last commit, and those
// are waited for. One who began long before, here or in another process, is not: then room is made
// later, and in the end the oldest here is aborted.
func (e *Engine) makeRoom() {
	pages, moved := e.checkpoint(e.writer.checkpoint)
	if pages-moved <= e.wal.full/8 {
		pages, moved = e.checkpoint(func() (int, int, error) { return e.writer.restart(roomWait) })
	}
	e.roomAt = e.wal.full
	if moved < pages {
		e.roomAt = pages + e.wal.full/8
	}
	if pages > e.wal.hard && moved < pages {
		e.abortOldest()
	}
}

// checkpoint moves what it can of the log into the file, after any checkpoint under way. A flush
// that fails here stops the writing as one of a commit does.
func (e *Engine) checkpoint(move func() (pages, moved int, err error)) (pages, moved int) {
	e.checkpointing.Lock()
	defer e.checkpointing.Unlock()
	pages, moved, err := move()
	switch {
	case flushFailed(err):
		e.fail(fmt.Errorf("moving the log into the file: %w", err))
	case err != nil && !errors.Is(err, sqlite3.BUSY): // somebody else may be at it
		slog.Warn("moving the log into the file failed; it is tried again", "cause", err)
	}
	if moved > 0 {
		e.moved.Store(int64(moved))
	}
	return pages, moved
}

// pump moves the log into the file beside the writer, until the engine closes.
func (e *Engine) pump() {
	var c *conn
	for {
		select {
		case <-e.closing.Done():
			if c != nil {
				e.close(c)
			}
			return
		case <-e.wake:
		}
		if c == nil {
			var err error
			if c, err = open(context.Background(), e.uri, pumpSetup); err != nil {
				slog.Warn("opening a connection to move the log into the file", "cause", err)
				continue
			}
		}
		if e.checkpoint(c.checkpoint); c.broken {
			e.close(c)
			c = nil
		}
	}
}
