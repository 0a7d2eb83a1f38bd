package faultvfs

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// sector is what a disk writes whole.
const sector = 512

// platter is what is known of one file: what is on the disk for sure, and what is written since.
type platter struct {
	flushed []byte
	there   bool    // flushed once, or there before
	written []Event // in order; any part of it may be on the disk
	settled int     // how many changes there were before those in written
	failed  int     // flushes that failed
}

// platter returns what is known of the file at path.
func (v *VFS) platter(path string) (*platter, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if known := v.disk[path]; known != nil {
		return known, nil
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	v.disk[path] = &platter{flushed: content, there: err == nil}
	return v.disk[path], nil
}

// failures is how many flushes of a file have failed so far: who opens it now need not hear of them.
func (v *VFS) failures(p *platter) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return p.failed
}

// flush takes the first n changes there ever were for sure. Another flush may have been ahead.
func (p *platter) flush(n int) {
	covered := max(n-p.settled, 0)
	for _, change := range p.written[:covered] {
		p.flushed = apply(p.flushed, change)
	}
	p.written = append([]Event(nil), p.written[covered:]...)
	p.settled += covered
	p.there = true
}

// drop forgets changes that no flush will write any more.
func (p *platter) drop() {
	p.settled += len(p.written)
	p.written = nil
}

func apply(content []byte, change Event) []byte {
	end := change.Offset + int64(len(change.Data))
	if change.Op == Truncate && end < int64(len(content)) {
		return content[:end]
	}
	if grown := end - int64(len(content)); grown > 0 {
		content = append(content, make([]byte, grown)...)
	}
	copy(content[change.Offset:], change.Data)
	return content
}

// Loss says what happens, when the power goes, to what was written and not flushed.
type Loss uint8

// The ways of losing it.
const (
	LoseAll  Loss = iota
	LoseSome      // any part of the writes is on the disk, in any order
	LoseTorn      // the same, and the last write on the disk is there only in some of its sectors
	Losses
)

func (l Loss) String() string { return [...]string{"lose all", "lose some", "lose some, one torn"}[l] }

// Disk is what the files hold after the power was cut, by name.
type Disk map[string][]byte

// Cut cuts the power: every later call fails. It returns what the disk holds.
func (v *VFS) Cut(random *rand.Rand, loss Loss) Disk {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dark = true
	disk := Disk{}
	for path, p := range v.disk {
		kept := p.survivors(random, loss)
		if !p.there && len(kept) == 0 {
			continue
		}
		content := append([]byte{}, p.flushed...)
		for _, change := range kept {
			content = apply(content, change)
		}
		disk[filepath.Base(path)] = content
	}
	return disk
}

// survivors are the changes that came through.
func (p *platter) survivors(random *rand.Rand, loss Loss) []Event {
	if loss == LoseAll {
		return nil
	}
	chance := random.Float64()
	var kept []Event
	for _, change := range p.written {
		if random.Float64() < chance {
			kept = append(kept, change)
		}
	}
	if last := len(kept) - 1; loss == LoseTorn && last >= 0 && kept[last].Op == Write {
		kept = append(kept[:last], tear(random, kept[last])...)
	}
	return kept
}

// tear cuts a write between sectors and keeps some of the pieces.
func tear(random *rand.Rand, change Event) []Event {
	var pieces []Event
	for from := int64(0); from < int64(len(change.Data)); {
		to := min((change.Offset+from)/sector*sector+sector-change.Offset, int64(len(change.Data)))
		if random.IntN(2) == 0 {
			pieces = append(pieces, Event{Op: Write, File: change.File, Offset: change.Offset + from, Data: change.Data[from:to]})
		}
		from = to
	}
	return pieces
}

// Restore writes the files into folder, as a machine finds them that starts again.
func (d Disk) Restore(folder string) error {
	for name, content := range d {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
