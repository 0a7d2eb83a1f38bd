// Package faultvfs is a file system for SQLite with which tests hurt the store. It stands on the
// machine's own, fails the calls it is told to, keeps a journal of what is written and flushed, and
// cuts the power: what was not flushed then may be lost, in every way a disk may lose it.
package faultvfs

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// Op is what SQLite asks of a file.
type Op uint8

// The calls that can fail.
const (
	Open Op = iota
	Read
	Write
	Truncate
	Extend // a hint that the file will grow
	Flush
	Delete
)

func (o Op) String() string {
	return [...]string{"open", "read", "write", "truncate", "extend", "flush", "delete"}[o]
}

// Kind is which file a call is of.
type Kind uint8

// The files of a database.
const (
	Database        Kind = iota
	Log                  // the write-ahead log
	RollbackJournal      // with which a new file is made, before it has a log
	Other                // temporary files
)

func (k Kind) String() string { return [...]string{"database", "log", "rollback journal", "other"}[k] }

// Call is one call, before it is made.
type Call struct {
	Op     Op
	File   Kind
	Offset int64
	Data   []byte // of a write; not to be kept
}

func (c Call) String() string { return fmt.Sprintf("%v of the %v", c.Op, c.File) }

// Fault decides about a call: with an error the call fails and is not made. Several goroutines
// may ask at once. An error of type Short lets a write begin.
type Fault func(Call) error

// Short fails a write of which the first half is written.
type Short struct{ Err error }

func (s Short) Error() string { return "short write: " + s.Err.Error() }

// VFS is a file system under test.
type VFS struct {
	// SharedFolder is where the index of the log is, "" beside the log. It is set before the first file is opened.
	SharedFolder string

	name  string
	base  vfs.VFSFilename
	fault atomic.Pointer[Fault]

	mu        sync.Mutex
	dark      bool // the power is off
	disk      map[string]*platter
	recording bool
	journal   []Event
}

var registered atomic.Int64

// New returns a file system that works as the machine's own until it is told otherwise. It is
// registered under Name until Close.
func New() *VFS {
	v := &VFS{name: fmt.Sprintf("fault-%d", registered.Add(1)), base: vfs.Find("").(vfs.VFSFilename), disk: map[string]*platter{}}
	vfs.Register(v.name, v)
	return v
}

// Name is what sqlite.Options.VFS takes.
func (v *VFS) Name() string { return v.name }

// Close forgets the name; files that are open stay so.
func (v *VFS) Close() { vfs.Unregister(v.name) }

// Inject asks fault before every call from now on; nil ends that.
func (v *VFS) Inject(fault Fault) {
	if fault == nil {
		v.fault.Store(nil)
		return
	}
	v.fault.Store(&fault)
}

// errDark is what every call meets after the power was cut.
var errDark = sqlite3.IOERR

// ask decides about a call.
func (v *VFS) ask(call Call) error {
	if fault := v.fault.Load(); fault != nil {
		if err := (*fault)(call); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.dark {
		return errDark
	}
	return nil
}

// Open is of files without a name.
func (v *VFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return vfsutil.WrapOpen(v.base, name, flags)
}

// OpenFilename opens a file.
func (v *VFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	kind := kindOf(flags)
	if err := v.ask(Call{Op: Open, File: kind}); err != nil {
		return nil, flags, err
	}
	path := name.String()
	if kind == Other || path == "" {
		return v.base.OpenFilename(name, flags)
	}
	stored, err := v.platter(path)
	if err != nil {
		return nil, flags, err
	}
	opened, flags, err := v.base.OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	f := &file{File: opened, vfs: v, kind: kind, platter: stored, failed: v.failures(stored), shared: vfsutil.WrapSharedMemory(opened)}
	if v.SharedFolder != "" {
		f.shared = vfs.NewSharedMemory(filepath.Join(v.SharedFolder, filepath.Base(path)+"-shm"), flags)
	}
	return f, flags, nil
}

func kindOf(flags vfs.OpenFlag) Kind {
	switch {
	case flags&vfs.OPEN_MAIN_DB != 0:
		return Database
	case flags&vfs.OPEN_WAL != 0:
		return Log
	case flags&vfs.OPEN_MAIN_JOURNAL != 0:
		return RollbackJournal
	}
	return Other
}

// Delete removes a file, for good at once.
func (v *VFS) Delete(name string, syncDir bool) error {
	kind := Other
	switch {
	case strings.HasSuffix(name, "-wal"):
		kind = Log
	case strings.HasSuffix(name, "-journal"):
		kind = RollbackJournal
	}
	if err := v.ask(Call{Op: Delete, File: kind}); err != nil {
		return err
	}
	v.mu.Lock()
	delete(v.disk, name)
	v.mu.Unlock()
	return v.base.Delete(name, syncDir)
}

// Access tells whether a file is there.
func (v *VFS) Access(name string, flags vfs.AccessFlag) (bool, error) {
	return v.base.Access(name, flags)
}

// FullPathname makes a path absolute.
func (v *VFS) FullPathname(name string) (string, error) { return v.base.FullPathname(name) }
