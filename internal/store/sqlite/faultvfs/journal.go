package faultvfs

import "encoding/binary"

// Event is a call that was carried out.
type Event struct {
	Op     Op
	File   Kind
	Offset int64  // of a truncation and an extension: the size
	Data   []byte // of a write
	Began  int    // of a flush: how many events there were when it began
}

// IsFrameHead reports whether the event is a write to the log of what stands before a page: page
// number, size of the database where the frame ends a transaction, salt and checksum. The next
// write to the log is the page.
func (e Event) IsFrameHead() bool {
	const size = 24
	return e.Op == Write && e.File == Log && len(e.Data) == size
}

// Commits reports whether the frame of this head ends a transaction.
func (e Event) Commits() bool { return binary.BigEndian.Uint32(e.Data[4:]) != 0 }

// Record begins the journal.
func (v *VFS) Record() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.recording, v.journal = true, nil
}

// note adds to the journal. The caller holds the lock.
func (v *VFS) note(event Event) {
	if v.recording {
		v.journal = append(v.journal, event)
	}
}

// Now is how many events the journal holds.
func (v *VFS) Now() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.journal)
}

// Events is the journal so far.
func (v *VFS) Events() []Event {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]Event(nil), v.journal...)
}
