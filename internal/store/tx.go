package store

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"folkmoot/internal/forum"
)

// tx is one batch's transaction. It holds what its members have in common: the rows of threads
// (each read once, under its lock), revs, keys looked up or given in this batch, and the counters to write.
type tx struct {
	conn    Conn
	now     time.Time
	changes int // of rows and counters so far: tells a refusal from a half-done member

	threads  map[forum.ThreadID]*thread
	held     map[forum.ThreadID]bool // by another transaction: not read
	userRevs map[forum.UserID]int64
	credRevs map[forum.Secret]int64 // of whom they remember; 0 where not valid any more
	catRevs  map[forum.CategoryID]int64
	keys     map[userKey]keyed
	counts   map[forum.Counter]int64
	texts    map[statementID]string // of counters' statements, kept from batch to batch
}

type userKey struct {
	user forum.UserID
	key  string
}

// keyed is what is stored under a key.
type keyed struct {
	known   bool
	hash    string
	receipt forum.Receipt
}

// thread is a thread's row under its lock, or guessed, and whether it must be written back.
type thread struct {
	forum.Thread
	changed      bool
	version, rev int64 // as guessed
}

// guessed is a row as it is remembered to have been left.
func (left *thread) guessed() *thread {
	return &thread{Thread: left.Thread, version: left.Version, rev: left.Rev}
}

func newTx(conn Conn, texts map[statementID]string) *tx {
	return &tx{
		conn: conn, texts: texts,
		threads:  map[forum.ThreadID]*thread{},
		held:     map[forum.ThreadID]bool{},
		userRevs: map[forum.UserID]int64{},
		credRevs: map[forum.Secret]int64{},
		catRevs:  map[forum.CategoryID]int64{},
		keys:     map[userKey]keyed{},
		counts:   map[forum.Counter]int64{},
	}
}

// What decisions rest on is read anew, and held until the commit. Who changes something is known by
// id, or by the credential they were remembered by.
const (
	revByID      = `SELECT rev FROM users WHERE id = $1 FOR SHARE`
	revByToken   = `SELECT u.rev FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = $1 FOR SHARE`
	revBySession = `SELECT u.rev FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1 AND s.expires_at > $2 FOR SHARE`
	revOfPlace   = `SELECT rev FROM categories WHERE id = $1 FOR SHARE`

	lockThread = `SELECT ` + lockedThreadColumns + ` FROM threads t WHERE t.id = $1 AND t.purging_at IS NULL FOR NO KEY UPDATE`
	skipLocked = ` SKIP LOCKED`
)

// wants are the rows that a batch's decisions rest on, and its keys: each once, those that are locked in order.
type wants struct {
	users      []forum.UserID
	tokens     []forum.Secret
	sessions   []forum.Secret
	categories []forum.CategoryID
	keys       []userKey
	making     []userKey // those under which a thread is made
	threads    []forum.ThreadID
}

func (t *tx) wants(batch []*member) wants {
	var w wants
	for _, m := range batch {
		change := &m.change
		switch {
		case change.ActorRev == 0:
		case change.Credential == "":
			w.users = append(w.users, change.Actor)
		case change.Credential.IsSession():
			w.sessions = append(w.sessions, change.Credential)
		default:
			w.tokens = append(w.tokens, change.Credential)
		}
		if change.CatRev != 0 {
			w.categories = append(w.categories, change.Category)
		}
		if change.Key != "" {
			w.keys = append(w.keys, userKey{change.Actor, change.Key})
		}
		switch {
		case change.Thread != 0:
			w.threads = append(w.threads, change.Thread)
		case change.Key != "":
			w.making = append(w.making, userKey{change.Actor, change.Key})
		}
	}
	w.users, w.categories, w.threads = once(w.users), once(w.categories), once(w.threads)
	w.tokens, w.sessions = once(w.tokens), once(w.sessions)
	w.keys, w.making = sortedKeys(w.keys), sortedKeys(w.making)
	return w
}

func sortedKeys(keys []userKey) []userKey {
	slices.SortFunc(keys, func(a, b userKey) int { return cmp.Or(cmp.Compare(a.user, b.user), strings.Compare(a.key, b.key)) })
	return slices.Compact(keys)
}

// once sorts keys, and takes out those that are there already.
func once[K cmp.Ordered](keys []K) []K {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// load reads for all members at once what their decisions rested on, their keys and their threads:
// in the lock order, each row once. Where skip is set, a thread that another transaction holds is left out.
func (t *tx) load(batch []*member, at time.Time, skip bool) error {
	w := t.wants(batch)
	lock := lockThread
	if skip {
		lock += skipLocked
	}
	for _, id := range w.threads {
		t.held[id] = skip
	}
	return t.conn.QueryMany(
		many(revByID, w.users, t.userRevs, func(id forum.UserID) []any { return []any{id} }, oneRev),
		many(revByToken, w.tokens, t.credRevs, func(token forum.Secret) []any { return []any{[]byte(token.Hash())} }, oneRev),
		many(revBySession, w.sessions, t.credRevs, func(session forum.Secret) []any { return []any{[]byte(session.Hash()), at} }, oneRev),
		many(revOfPlace, w.categories, t.catRevs, func(id forum.CategoryID) []any { return []any{id} }, oneRev),
		many(keptUnder+` FOR SHARE`, w.keys, t.keys, userKey.args, scanKept),
		many(lock, w.threads, t.held, func(id forum.ThreadID) []any { return []any{id} },
			func(row Row) (bool, error) { _, err := t.hold(row); return false, err }))
}

// lockFirst takes the locks that a member needs before all others.
func (t *tx) lockFirst(m *member) error {
	if m.first == nil {
		return nil
	}
	return t.conn.Query(m.first.Text, m.first.Args, func(Row) error { return nil })
}

// many asks for a row for each key, and puts what is read of it into found: zero for what is not there.
func many[K comparable, V any](text string, keys []K, found map[K]V, args func(K) []any, read func(Row) (V, error)) Many {
	for _, key := range keys {
		if _, known := found[key]; !known {
			found[key] = *new(V)
		}
	}
	return Many{text, sets(keys, args), func(set int, row Row) (err error) {
		found[keys[set]], err = read(row)
		return err
	}}
}

// sets are the arguments for each key.
func sets[K any](keys []K, args func(K) []any) [][]any {
	sets := make([][]any, len(keys))
	for i, key := range keys {
		sets[i] = args(key)
	}
	return sets
}

func oneRev(row Row) (rev int64, err error) { return rev, scan(row, &rev) }

// runMember runs one member in the lock order: rights, key, thread, then what the member does.
// A known key answers before rights: a hit wins over them. Where keys are guessed to be new one is told a
// refusal instead, and what is stored under it by a look-up after that (forum.Service.once).
func (t *tx) runMember(m *member) (forum.Receipt, error) {
	if m.change.Key != "" {
		receipt, known, err := t.keys[userKey{m.change.Actor, m.change.Key}].answer(m.change)
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
	if change.ActorRev != 0 && t.actorRev(change) != change.ActorRev {
		return forum.ErrStale
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

// actorRev is the rev of who changes something; 0 where the credential is not valid any more that
// they were remembered by.
func (t *tx) actorRev(change forum.Change) int64 {
	if change.Credential == "" {
		return t.userRevs[change.Actor]
	}
	return t.credRevs[change.Credential]
}

// checkCategory compares a category's rev, read once a batch, with the one that was seen.
func (t *tx) checkCategory(id forum.CategoryID, seen int64) error {
	rev, known := t.catRevs[id]
	if !known {
		err := t.conn.Query(revOfPlace, []any{id}, func(row Row) error { return scan(row, &rev) })
		if err != nil {
			return err
		}
		t.catRevs[id] = rev
	}
	if rev != seen {
		return forum.ErrStale
	}
	return nil
}

const keptUnder = `
	SELECT hash, made_id, thread_id, number, post_count, last_activity_at, version, created_at
	FROM idempotency WHERE user_id = $1 AND key = $2`

func (k userKey) args() []any { return []any{int64(k.user), k.key} }

func scanKept(row Row) (keyed, error) {
	kept := keyed{known: true}
	r := &kept.receipt
	err := scan(row, &kept.hash, &r.ID, &r.Thread, &r.Number, &r.PostCount, &r.LastActivityAt, &r.Version, &r.At)
	return kept, err
}

// answer is what was stored under the change's key; known is false where nothing was.
func (k keyed) answer(change forum.Change) (receipt forum.Receipt, known bool, err error) {
	switch {
	case !k.known:
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
	t.keys[userKey{change.Actor, change.Key}] = keyed{true, change.Hash, r}
	return t.later(`
		INSERT INTO idempotency (user_id, key, hash, made_id, thread_id, number, post_count, last_activity_at, version, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		int64(change.Actor), change.Key, []byte(change.Hash), r.ID, int64(r.Thread), r.Number, r.PostCount,
		r.LastActivityAt.UnixMicro(), r.Version, r.At.UnixMicro())
}

// exec changes rows. A statement that changed some makes its member one that cannot be refused any more.
func (t *tx) exec(text string, args ...any) (int64, error) {
	changed, err := t.conn.Exec(text, args...)
	if changed > 0 || err != nil {
		t.changes++
	}
	return changed, err
}

// later changes one row, with others like it (Conn.Later).
func (t *tx) later(text string, args ...any) error {
	t.changes++
	return t.conn.Later(text, args...)
}

// insertID runs an INSERT ... RETURNING id.
func (t *tx) insertID(text string, args ...any) (int64, error) {
	var id int64
	t.changes++
	err := t.conn.Query(text, args, func(row Row) error { return scan(row, &id) })
	return id, err
}

// errHeld is a thread that another transaction holds: who wants it comes again.
var errHeld = errors.New("the thread is held by another transaction")

// thread returns a thread's row, read once a batch and locked. What is changed of it is written by flush.
func (t *tx) thread(id forum.ThreadID) (*thread, error) {
	if known := t.threads[id]; known != nil {
		return known, nil
	}
	if t.held[id] {
		return nil, errHeld
	}
	var row *thread
	err := t.conn.Query(lockThread, []any{id}, func(r Row) (err error) {
		row, err = t.hold(r)
		return err
	})
	if err == nil && row == nil {
		err = forum.ErrNotFound
	}
	return row, err
}

// hold takes a thread's row, which is locked, in hand.
func (t *tx) hold(row Row) (*thread, error) {
	var held thread
	if err := scan(row, lockedThreadDest(&held.Thread)...); err != nil {
		return nil, err
	}
	t.threads[held.ID] = &held
	return &held, nil
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

// flush writes what the batch has gathered: threads and counters, in the lock order. It is the end.
func (t *tx) flush() error { return t.write(forum.OfPeople) }

// flushThreads writes what is gathered of threads, whose rows are locked, since it is about to be
// read. The numbers that threads share wait for the end: their locks are taken once, in one order.
func (t *tx) flushThreads() error { return t.write(forum.OfParticipant) }

func (t *tx) write(last forum.CounterOf) error {
	if err := t.writeCounters(last); err != nil {
		return Deferred{fmt.Errorf("writing counters: %w", err)}
	}
	return nil
}
