package faultvfs

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// file is an open database, log or rollback journal.
type file struct {
	vfs.File
	vfs     *VFS
	kind    Kind
	platter *platter
	shared  vfs.SharedMemory
	failed  int // failed flushes that this file has heard of
}

var (
	_ vfs.FileUnwrap       = (*file)(nil)
	_ vfs.FileLockState    = (*file)(nil)
	_ vfs.FilePersistWAL   = (*file)(nil)
	_ vfs.FileSizeHint     = (*file)(nil)
	_ vfs.FileHasMoved     = (*file)(nil)
	_ vfs.FileSharedMemory = (*file)(nil)
)

func (f *file) ask(op Op, offset int64, data []byte) error {
	return f.vfs.ask(Call{Op: op, File: f.kind, Offset: offset, Data: data})
}

func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.ask(Read, offset, nil); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, offset)
}

func (f *file) WriteAt(p []byte, offset int64) (int, error) {
	err := f.ask(Write, offset, p)
	var short Short
	if errors.As(err, &short) {
		_, _ = f.write(p[:len(p)/2], offset)
		return len(p) / 2, short.Err
	}
	if err != nil {
		return 0, err
	}
	return f.write(p, offset)
}

func (f *file) write(p []byte, offset int64) (int, error) {
	n, err := f.File.WriteAt(p, offset)
	f.wrote(Event{Op: Write, Offset: offset, Data: append([]byte{}, p[:n]...)})
	return n, err
}

func (f *file) Truncate(size int64) error {
	if err := f.ask(Truncate, size, nil); err != nil {
		return err
	}
	f.wrote(Event{Op: Truncate, Offset: size})
	return f.File.Truncate(size)
}

func (f *file) SizeHint(size int64) error {
	if err := f.ask(Extend, size, nil); err != nil {
		return err
	}
	f.wrote(Event{Op: Extend, Offset: size})
	return vfsutil.WrapSizeHint(f.File, size)
}

// wrote notes a change that no flush covers yet.
func (f *file) wrote(event Event) {
	f.vfs.mu.Lock()
	defer f.vfs.mu.Unlock()
	event.File = f.kind
	f.platter.written = append(f.platter.written, event)
	f.vfs.note(event)
}

// Sync flushes what was written before it began. The machine's own flush is not asked: what
// would be on the disk is known here. A flush that fails is as on Linux: what it should have
// written no later flush writes, and every file open on the same one hears of it once.
func (f *file) Sync(vfs.SyncFlag) error {
	v := f.vfs
	v.mu.Lock()
	covered, began := f.platter.settled+len(f.platter.written), len(v.journal)
	v.mu.Unlock()
	err := f.ask(Flush, 0, nil)
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case err != nil:
		f.platter.failed++
		f.failed = f.platter.failed
		f.platter.drop()
		return err
	case v.dark:
		return errDark
	case f.failed != f.platter.failed:
		f.failed = f.platter.failed
		return sqlite3.IOERR_FSYNC
	}
	f.platter.flush(covered)
	v.note(Event{Op: Flush, File: f.kind, Began: began})
	return nil
}

func (f *file) Unwrap() vfs.File               { return f.File }
func (f *file) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *file) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *file) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *file) HasMoved() (bool, error)        { return vfsutil.WrapHasMoved(f.File) }
func (f *file) SharedMemory() vfs.SharedMemory { return f.shared }

// DeviceCharacteristics promises what the machine's disks do, and no atomic writes.
func (f *file) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() &^ vfs.IOCAP_BATCH_ATOMIC
}

func (f *file) Close() error {
	if f.vfs.SharedFolder != "" && f.shared != nil {
		_ = f.shared.Close()
	}
	return f.File.Close()
}
