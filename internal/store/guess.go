package store

import (
	"errors"
	"time"

	"folkmoot/internal/forum"
)

// guesses are threads' rows as the last batches left them, and as the one that is on its way will; or as
// somebody read them who was about to write there.
//
// Where the engine is a server, asking for what a batch rests on is a journey there and back, for which
// everybody waits. So a batch whose threads are all remembered is decided on what is remembered, and
// what it rested on is checked under the locks by statements that go along with its writes
// (Conn.Expect). A guess that was wrong, since somebody else wrote there, ends the transaction: the
// batch runs again, and asks.
//
// A guess cannot mislead: a thread whose version is as remembered is as remembered, since every
// change raises that, and since all is forgotten with a new connection: behind it may be a database
// that has lost the last changes and been given others. A time given before the lock is as good as one
// given under it, where nobody was given another in between. Only the lane of batches guesses.
type guesses struct {
	threads map[forum.ThreadID]*thread // nothing changes these any more
	since   int64                      // Engine.Reconnected when they were remembered
	resting int                        // batches that ask before one is guessed again
	rest    int                        // how many do after the next wrong guess
}

const (
	// maxGuessed bounds the threads remembered: some nine megabytes when full.
	maxGuessed = 10_000
	// maxRest bounds how many batches ask after wrong guesses in a row: where several servers write
	// in the same threads, guessing costs more than it saves.
	maxRest = 256
)

func newGuesses() *guesses { return &guesses{threads: map[forum.ThreadID]*thread{}, rest: 1} }

// ErrGuess is what Expect found not to be so, or what else failed of a guessed batch that asking may tell otherwise.
var ErrGuess = errors.New("what a batch rests on is not as it was remembered")

// What is expected of the rows that load asks for otherwise: that they are there and as remembered. That
// nobody has used the keys, their primary key says: it refuses what is to be stored under them. It is
// asked before only where a thread would be made by then, whose id is not to be used up in vain.
const (
	expectedByID      = `SELECT 1 FROM users WHERE id = $1 AND rev = $2 FOR SHARE`
	expectedByToken   = `SELECT 1 FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = $1 AND u.rev = $2 FOR SHARE`
	expectedBySession = `SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1 AND u.rev = $2 AND s.expires_at > $3 FOR SHARE`
	expectedPlace     = `SELECT 1 FROM categories WHERE id = $1 AND rev = $2 FOR SHARE`
	expectedNew       = `SELECT 1 WHERE (SELECT count(*) FROM idempotency WHERE user_id = $1 AND key = $2) = 0` // NOT EXISTS would be planned as a join
	expectedThread    = `SELECT 1 FROM threads WHERE id = $1 AND version = $2 AND rev = $3 AND purging_at IS NULL FOR NO KEY UPDATE SKIP LOCKED`
)

// load has t rest on what is remembered and on what the members' decisions saw, instead of on what
// it reads. false: not all is remembered, or they saw different things, and nothing was done.
func (g *guesses) load(t *tx, batch []*member, at time.Time, reconnected int64) bool {
	if g.since != reconnected {
		g.since = reconnected
		clear(g.threads)
	}
	if g.resting > 0 {
		g.resting--
		return false
	}
	seen := newTx(t.conn, nil)
	for _, m := range batch {
		remembered, known := g.threads[m.change.Thread]
		if m.asks || m.change.Thread != 0 && !known || !seen.believe(&m.change) {
			return false
		}
		if known && seen.threads[remembered.ID] == nil {
			seen.threads[remembered.ID] = remembered.guessed()
		}
	}
	t.userRevs, t.credRevs, t.catRevs, t.threads = seen.userRevs, seen.credRevs, seen.catRevs, seen.threads
	t.expect(t.wants(batch), at)
	return true
}

// believe takes what a decision saw for what there is. false: another decision saw it differently.
func (t *tx) believe(change *forum.Change) bool {
	agreed := change.CatRev == 0 || agrees(t.catRevs, change.Category, change.CatRev)
	switch {
	case change.ActorRev == 0:
		return agreed
	case change.Credential == "":
		return agrees(t.userRevs, change.Actor, change.ActorRev) && agreed
	}
	return agrees(t.credRevs, change.Credential, change.ActorRev) && agreed
}

func agrees[K comparable](revs map[K]int64, key K, rev int64) bool {
	known, ok := revs[key]
	revs[key] = rev
	return !ok || known == rev
}

// expect has what the batch rests on checked, in the lock order.
func (t *tx) expect(w wants, at time.Time) {
	t.conn.Expect(
		Many{Text: expectedByID, Sets: sets(w.users, func(id forum.UserID) []any { return []any{id, t.userRevs[id]} })},
		Many{Text: expectedByToken, Sets: sets(w.tokens, func(s forum.Secret) []any { return []any{[]byte(s.Hash()), t.credRevs[s]} })},
		Many{Text: expectedBySession, Sets: sets(w.sessions, func(s forum.Secret) []any { return []any{[]byte(s.Hash()), t.credRevs[s], at} })},
		Many{Text: expectedPlace, Sets: sets(w.categories, func(id forum.CategoryID) []any { return []any{id, t.catRevs[id]} })},
		Many{Text: expectedNew, Sets: sets(w.making, userKey.args)},
		Many{Text: expectedThread, Sets: sets(w.threads, func(id forum.ThreadID) []any {
			return []any{id, t.threads[id].version, t.threads[id].rev}
		})})
}

// keep remembers the threads of a transaction as it leaves them if it is committed.
func (g *guesses) keep(t *tx) {
	for _, thread := range t.threads {
		g.put(thread)
	}
}

func (g *guesses) put(thread *thread) {
	if len(g.threads) >= maxGuessed {
		for old := range g.threads {
			delete(g.threads, old)
			break
		}
	}
	g.threads[thread.ID] = thread
}

// right has the next wrong guess cost little again.
func (g *guesses) right() { g.rest = 1 }

// forget forgets what a transaction that failed rested on and left, and has the next ones ask where a
// wrong guess was why.
func (g *guesses) forget(t *tx, err error) {
	for id := range t.threads {
		delete(g.threads, id)
	}
	if errors.Is(err, ErrGuess) {
		g.resting, g.rest = g.rest, min(2*g.rest, maxRest)
	}
}
