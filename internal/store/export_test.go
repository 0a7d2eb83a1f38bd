package store

import (
	"context"

	"folkmoot/internal/forum"
)

// What the combiner is bound by.
const (
	MaxBatchMembers = maxBatchMembers
	MaxWaiting      = maxWaiting
	MaxWaitingBytes = maxWaitingBytes
	MaxBusyRuns     = maxBusyRuns
)

// Tx is a batch's transaction, in the hand of one member of it.
type Tx struct{ tx *tx }

// Exec changes rows.
func (t Tx) Exec(text string, args ...any) error {
	_, err := t.tx.exec(text, args...)
	return err
}

// Count adds to a counter.
func (t Tx) Count(counter forum.Counter, n int64) {
	t.tx.count(n, []forum.Count{{Counter: counter, N: 1}})
}

// FlushPost writes what is counted of a post, as a member does that is about to read its row.
func (t Tx) FlushPost(id forum.ThreadID, number int64) error { return t.tx.flushPost(id, number) }

// Forget removes what is past its time, as Run does every hour.
func (s *Store) Forget(ctx context.Context) { s.forget(ctx) }

// Write is a write that does what run does, under key.
func (s *Store) Write(ctx context.Context, key string, run func(Tx) error) (forum.Receipt, error) {
	return s.WriteBytes(ctx, key, 0, run)
}

// WriteBytes is Write of so many bytes of text.
func (s *Store) WriteBytes(ctx context.Context, key string, bytes int, run func(Tx) error) (forum.Receipt, error) {
	change := forum.Change{Key: key, Hash: key}
	return s.write(ctx, change, bytes, func(t *tx) (forum.Receipt, error) {
		return forum.Receipt{At: t.now}, run(Tx{t})
	})
}

// Remembered is a thread as it is remembered for the next who writes there, and whether it is.
func (s *Store) Remembered(id forum.ThreadID) (forum.Thread, bool) {
	q := s.combiner.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	known := q.guesses.threads[id]
	if known == nil {
		return forum.Thread{}, false
	}
	return known.Thread, true
}

// Locked is a thread as a transaction reads it that locks it.
func (s *Store) Locked(ctx context.Context, id forum.ThreadID) (locked forum.Thread, err error) {
	_, err = s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		row, err := t.thread(id)
		if err == nil {
			locked = row.Thread
		}
		return forum.Receipt{}, err
	})
	return locked, err
}

// CopiedTables are the names of the tables that are copied.
func CopiedTables() (names []string) {
	for _, table := range copiedTables {
		names = append(names, table.name)
	}
	return names
}

// AddRow adds a row to the tally.
func (t *Tally) AddRow(values []any) { t.add(values, nil) }
