package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// gatherer is the file system of one writer. SQLite writes each page of a commit into the log by
// two calls; here they are gathered, and written by one just before the flush that it asks for.
//
// That is sound only where every commit is flushed (synchronous=FULL): others are told of pages
// after the flush, by the log's index in shared memory, and never look at the log beyond it. What a
// transaction that failed has left must not be written later, when somebody else may have committed
// at the same place: discard forgets it.
type gatherer struct {
	vfs.VFS
	name string
	log  *gatheredLog // nil until SQLite opens it
}

var gatherers atomic.Int64

// newGatherer registers one on the file system of that name ("" is the machine's).
func newGatherer(on string) (*gatherer, error) {
	under := vfs.Find(on)
	if under == nil {
		return nil, fmt.Errorf("there is no file system %q", on)
	}
	g := &gatherer{VFS: under, name: fmt.Sprintf("folkmoot-gather-%d", gatherers.Add(1))}
	vfs.Register(g.name, g)
	return g, nil
}

// forget takes the file system off the register, once its connection is closed.
func (g *gatherer) forget() { vfs.Unregister(g.name) }

// discard drops what is gathered of a transaction that was rolled back.
func (g *gatherer) discard() {
	if g.log != nil {
		g.log.gathered = g.log.gathered[:0]
	}
}

// OpenFilename opens a file; the log is gathered, the others are as they are.
func (g *gatherer) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, flags, err := vfsutil.WrapOpenFilename(g.VFS, name, flags)
	if err != nil || flags&vfs.OPEN_WAL == 0 {
		return file, flags, err
	}
	g.log = &gatheredLog{File: file}
	return g.log, flags, nil
}

// maxGathered bounds what is kept in memory of a large transaction, in bytes.
const maxGathered = 1 << 20

// gatheredLog is the log's file. One connection uses it, one call at a time.
type gatheredLog struct {
	vfs.File
	gathered []byte // not written yet, for the place at
	at       int64
}

// WriteAt gathers what continues what is there, and writes that first where it does not.
func (l *gatheredLog) WriteAt(p []byte, at int64) (int, error) {
	if at != l.at+int64(len(l.gathered)) || len(l.gathered)+len(p) > maxGathered {
		if err := l.write(); err != nil {
			return 0, err
		}
	}
	if len(l.gathered) == 0 {
		l.at = at
	}
	l.gathered = append(l.gathered, p...)
	return len(p), nil
}

func (l *gatheredLog) write() error {
	if len(l.gathered) == 0 {
		return nil
	}
	_, err := l.File.WriteAt(l.gathered, l.at)
	l.gathered = l.gathered[:0]
	return err
}

// Sync writes what is gathered and flushes it. That the write failed is told as such: a disk that
// is full is no flush that failed.
func (l *gatheredLog) Sync(flags vfs.SyncFlag) error {
	if err := l.write(); err != nil {
		return writeFailed(err)
	}
	return l.File.Sync(flags)
}

func writeFailed(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return vfs.SystemError(err, sqlite3.IOERR_WRITE)
	}
	return err
}

// ReadAt reads what was written, gathered or not.
func (l *gatheredLog) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > l.at && at < l.at+int64(len(l.gathered)) {
		if err := l.write(); err != nil {
			return 0, err
		}
	}
	return l.File.ReadAt(p, at)
}

// Truncate cuts the log, what is gathered included.
func (l *gatheredLog) Truncate(size int64) error {
	if err := l.write(); err != nil {
		return err
	}
	return l.File.Truncate(size)
}

// Size is the log's, with what is gathered.
func (l *gatheredLog) Size() (int64, error) {
	size, err := l.File.Size()
	if len(l.gathered) > 0 {
		size = max(size, l.at+int64(len(l.gathered)))
	}
	return size, err
}
