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

// Frame is a page as it stands in the log.
type Frame struct {
	Event   int  // with which it was complete
	Commits bool // it ends a transaction
	Page    []byte
}

// The log has a head, and then each page with a head of its own: number of the page, size of the
// database where a transaction ends, salt and checksum.
const (
	logHead   = 32
	frameHead = 24
	page      = 4096
)

// Frames returns the pages that the events wrote to the log, in their order.
func Frames(events []Event) []Frame {
	var frames []Frame
	var log []byte
	for i, event := range events {
		if event.File != Log || event.Op != Write {
			continue
		}
		log = apply(log, event)
		end := event.Offset + int64(len(event.Data))
		for n := (event.Offset - logHead) / (frameHead + page); ; n++ {
			at := logHead + n*(frameHead+page)
			complete := at + frameHead + page
			if complete > end {
				break
			}
			if complete > event.Offset {
				size := binary.BigEndian.Uint32(log[at+4:])
				frames = append(frames, Frame{i, size != 0, append([]byte(nil), log[at+frameHead:complete]...)})
			}
		}
	}
	return frames
}

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
