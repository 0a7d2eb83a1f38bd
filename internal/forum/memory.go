package forum

import (
	"sync"
	"time"
)

// maxRemembered bounds each of the memories: two megabytes when full, six those of times.
const maxRemembered = 10_000

// memory keeps what the decisions about replies rested on lately, so that a busy server does not
// read the same rows before every reply. It cannot mislead: a write that rests on it is checked
// against the rows in its transaction, credential included, and a refusal that rests on it is
// decided again on what is read anew. When posts of a thread were written is kept with the version
// of the thread it holds for. It is safe for concurrent use.
type memory struct {
	actors   recent[Secret, knownActor]
	grounds  recent[threadFor, ground]
	activity recent[ThreadID, Activity]
}

// knownActor is who holds a secret, until that is read again: a session is extended where it is read.
type knownActor struct {
	Actor
	until time.Time
}

// threadFor is a thread as people of a role see it: apart from what only its author may.
type threadFor struct {
	id   ThreadID
	role Role
}

// recent is a map that forgets anything when it is full.
type recent[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]V
}

func (r *recent[K, V]) get(key K) (value V, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, known = r.values[key]
	return value, known
}

func (r *recent[K, V]) put(key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil {
		r.values = map[K]V{}
	}
	if len(r.values) >= maxRemembered {
		for old := range r.values {
			delete(r.values, old)
			break
		}
	}
	r.values[key] = value
}

func (r *recent[K, V]) forget(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.values, key)
}

// maxGathered bounds a gathering; further keys are not counted until it is taken.
const maxGathered = 10_000

// gathering counts what reading leaves to be written later, all at once. What was gathered is lost in
// a crash. It is safe for concurrent use.
type gathering[K comparable] struct {
	mu     sync.Mutex
	counts map[K]int64
}

// Add counts one.
func (g *gathering[K]) Add(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.counts == nil {
		g.counts = map[K]int64{}
	}
	if _, known := g.counts[key]; known || len(g.counts) < maxGathered {
		g.counts[key]++
	}
}

// take returns what was gathered since the last call; nil where nothing was.
func (g *gathering[K]) take() map[K]int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := g.counts
	g.counts = nil
	return taken
}
