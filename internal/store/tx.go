package store

import (
	"fmt"
	"log/slog"
	"time"

	"folkmoot/internal/forum"
)

// tx is one batch's transaction. It holds what its members have in common: the rows of threads
// (each read once, under its lock), revs, keys given in this batch, and the counters to write.
type tx struct {
	conn    Conn
	now     time.Time
	changes int // of rows and counters so far: tells a refusal from a half-done member

	threads  map[forum.ThreadID]*thread
	userRevs map[forum.UserID]int64
	catRevs  map[forum.CategoryID]int64
	keys     map[userKey]keyed
	counts   map[forum.Counter]int64
	texts    map[statementID]string // of counters' statements, kept from batch to batch
}

type userKey struct {
	user forum.UserID
	key  string
}

type keyed struct {
	hash    string
	receipt forum.Receipt
}

// thread is a thread's row under its lock, and whether it must be written back.
type thread struct {
	forum.Thread
	changed bool
}

func newTx(conn Conn, clock forum.Clock, texts map[statementID]string) *tx {
	return &tx{
		conn: conn, now: clock.Now(), texts: texts,
		threads:  map[forum.ThreadID]*thread{},
		userRevs: map[forum.UserID]int64{},
		catRevs:  map[forum.CategoryID]int64{},
		keys:     map[userKey]keyed{},
		counts:   map[forum.Counter]int64{},
	}
}

// runMember runs one member in the lock order: rights, key, thread, then what the member does.
// A known key answers before rights: a hit wins over them.
func (t *tx) runMember(m *member) (forum.Receipt, error) {
	if m.change.Key != "" {
		receipt, known, err := t.receipt(m.change)
		if known || err != nil {
			return receipt, err
		}
	}
	if err := t.check(m.change); err != nil {
		return forum.Receipt{}, err
	}
	receipt, err := m.run(t)
	if err != nil {
		return forum.Receipt{}, err
	}
	return receipt, t.keep(m.change, receipt)
}

// check compares what the decision rested on with what is there now.
func (t *tx) check(change forum.Change) error {
	if change.ActorRev != 0 {
		rev, err := t.actorRev(change)
		if err != nil {
			return err
		}
		if rev != change.ActorRev {
			return forum.ErrStale
		}
	}
	if change.CatRev != 0 {
		if err := t.checkCategory(change.Category, change.CatRev); err != nil {
			return err
		}
	}
	if change.Thread != 0 {
		thread, err := t.thread(change.Thread)
		if err != nil {
			return err
		}
		if thread.Rev != change.ThreadRev {
			return forum.ErrStale
		}
	}
	return nil
}

// Who changes something is read anew: by id, or by the credential they were remembered by.
const (
	revByID      = `SELECT rev FROM users WHERE id = $1`
	revByToken   = `SELECT u.rev FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = $1`
	revBySession = `SELECT u.rev FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1 AND s.expires_at > $2`
)

// actorRev is the rev of who changes something; 0 where the credential is not valid any more that
// they were remembered by.
func (t *tx) actorRev(change forum.Change) (int64, error) {
	if change.Credential == "" {
		return rev(t, t.userRevs, change.Actor, revByID)
	}
	text, args := revByToken, []any{[]byte(change.Credential.Hash())}
	if change.Credential.IsSession() {
		text, args = revBySession, append(args, t.now)
	}
	var rev int64
	err := t.conn.Query(text, args, func(row Row) error { return scan(row, &rev) })
	return rev, err
}

func (t *tx) checkCategory(id forum.CategoryID, seen int64) error {
	rev, err := rev(t, t.catRevs, id, `SELECT rev FROM categories WHERE id = $1`)
	if err != nil {
		return err
	}
	if rev != seen {
		return forum.ErrStale
	}
	return nil
}

// rev reads a rev once a batch; 0 where the row is gone.
func rev[ID comparable](t *tx, known map[ID]int64, id ID, text string) (int64, error) {
	if rev, ok := known[id]; ok {
		return rev, nil
	}
	var rev int64
	err := t.conn.Query(text, []any{id}, func(row Row) error { return scan(row, &rev) })
	if err == nil {
		known[id] = rev
	}
	return rev, err
}

// receipt looks a key up, in this batch and in the table.
func (t *tx) receipt(change forum.Change) (forum.Receipt, bool, error) {
	kept, known := t.keys[userKey{change.Actor, change.Key}]
	if !known {
		query := keyQuery(change, &kept, &known)
		if err := t.conn.Query(query.Text, query.Args, query.Each); err != nil {
			return forum.Receipt{}, false, err
		}
	}
	return kept.answer(known, change)
}

func keyQuery(change forum.Change, kept *keyed, known *bool) Query {
	r := &kept.receipt
	return Query{`
		SELECT hash, made_id, thread_id, number, post_count, last_activity_at, version, created_at
		FROM idempotency WHERE user_id = $1 AND key = $2`,
		[]any{int64(change.Actor), change.Key},
		one(known, &kept.hash, &r.ID, &r.Thread, &r.Number, &r.PostCount, &r.LastActivityAt, &r.Version, &r.At)}
}

func (k keyed) answer(known bool, change forum.Change) (forum.Receipt, bool, error) {
	switch {
	case !known:
		return forum.Receipt{}, false, nil
	case k.hash != change.Hash:
		return forum.Receipt{}, false, forum.ErrKeyReused
	}
	k.receipt.Replayed = true
	return k.receipt, true, nil
}

// keep stores the receipt under the change's key, in the same transaction.
func (t *tx) keep(change forum.Change, r forum.Receipt) error {
	if change.Key == "" {
		return nil
	}
	t.keys[userKey{change.Actor, change.Key}] = keyed{change.Hash, r}
	_, err := t.exec(`
		INSERT INTO idempotency (user_id, key, hash, made_id, thread_id, number, post_count, last_activity_at, version, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		int64(change.Actor), change.Key, []byte(change.Hash), r.ID, int64(r.Thread), r.Number, r.PostCount,
		r.LastActivityAt.UnixMicro(), r.Version, r.At.UnixMicro())
	return err
}

// exec changes rows. A statement that changed some makes its member one that cannot be refused any more.
func (t *tx) exec(text string, args ...any) (int64, error) {
	changed, err := t.conn.Exec(text, args...)
	if changed > 0 || err != nil {
		t.changes++
	}
	return changed, err
}

// insertID runs an INSERT ... RETURNING id.
func (t *tx) insertID(text string, args ...any) (int64, error) {
	var id int64
	t.changes++
	err := t.conn.Query(text, args, func(row Row) error { return scan(row, &id) })
	return id, err
}

// thread returns a thread's row, read once a batch. What is changed of it is written by flush.
func (t *tx) thread(id forum.ThreadID) (*thread, error) {
	if known := t.threads[id]; known != nil {
		return known, nil
	}
	var row thread
	found := false
	err := t.conn.Query(`SELECT `+lockedThreadColumns+` FROM threads t WHERE t.id = $1 AND t.purging_at IS NULL`,
		[]any{id}, one(&found, lockedThreadDest(&row.Thread)...))
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, forum.ErrNotFound
	}
	t.threads[id] = &row
	return &row, nil
}

// stamp gives the next time of a thread, under its lock.
func (t *tx) stamp(thread *thread) time.Time {
	at, skewed := forum.Stamp(t.now, thread.LastStampedAt)
	if skewed {
		slog.Warn("the last time given in a thread is far ahead of the clock", "thread", thread.ID, "last", thread.LastStampedAt)
	}
	return at
}

// touch raises the thread's version: every change does, one by one.
func (t *tx) touch(thread *thread) {
	thread.Version++
	thread.changed = true
	t.changes++
}

// result is the receipt of a change in a thread.
func (thread *thread) receipt(number int64, at time.Time) forum.Receipt {
	return forum.Receipt{Thread: thread.ID, Number: number, PostCount: thread.PostCount(),
		LastActivityAt: thread.LastActivityAt, Version: thread.Version, At: at}
}

// flushError is an error of writing what several members counted together: it says nothing
// against the one that had it written.
type flushError struct{ error }

func (e flushError) Unwrap() error { return e.error }

// flush writes what the batch has gathered: threads and counters, in the lock order.
func (t *tx) flush() error {
	if err := t.writeCounters(); err != nil {
		return flushError{fmt.Errorf("writing counters: %w", err)}
	}
	return nil
}
