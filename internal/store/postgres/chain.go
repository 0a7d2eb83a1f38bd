package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"folkmoot/internal/store"
)

// maxChain bounds the transactions of a chain: only at its end does the server tell others what it
// counted of its tables, for autovacuum.
const maxChain = 32

// nearlyDone is how many statements of a transaction are to be run yet when the next one is asked for:
// that takes the server about as long as the next one takes to come.
const nearlyDone = 4

// chain is a connection on which transactions follow one another.
type chain struct {
	engine   *Engine
	conn     *pgx.Conn
	unsynced bool // messages were sent, and no Sync after them
}

// flight is a transaction of a chain.
type flight struct {
	*transaction
	link     *store.Link
	pipeline *pipeline // what was sent and is not answered yet, COMMIT last; nil where nothing is
	stopped  bool      // the server came to an error in it, or nobody knows how far
	err      error
}

// WriteChain has one transaction's messages wait in the server while it runs the one before: it does
// not wait for us between them. There is no Sync between them either, so that after an error in one the
// server passes over the other (PostgreSQL's manual, "Pipelining").
func (e *Engine) WriteChain(first *store.Link, next func() *store.Link) {
	held, err := e.acquire(context.Background(), e.writers)
	if err != nil {
		first.Done(err)
		return
	}
	defer held.Release()
	c := &chain{engine: e, conn: held.Conn()}
	defer bound(c.conn, e.writeWithin)() // each that is sent has that time from then on, see patience
	at := c.fly(first, false)
	for n := 1; at != nil; n++ {
		var behind *flight
		c.land(at, func() (synced bool) {
			if n < maxChain {
				if link := next(); link != nil {
					behind = c.fly(link, true)
					return false
				}
			}
			c.unsynced = false
			return at.postSync() == nil // otherwise there is nothing more to hear
		})
		if behind != nil && at.stopped {
			behind.fail(at.err)
		}
		at.link.Done(at.err)
		if behind == nil {
			c.end()
		}
		at = behind
	}
}

// patience bounds how long the next answers are waited for.
func (c *chain) patience() { bound(c.conn, c.engine.writeWithin) }

// fly runs a transaction and sends it off, behind another one that is not answered yet or not.
func (c *chain) fly(link *store.Link, behind bool) *flight {
	t := &transaction{ctx: context.Background(), conn: c.conn, engine: c.engine, within: c.engine.writeWithin, behind: behind}
	f := &flight{transaction: t, link: link}
	if f.err = link.Run(t); f.err != nil {
		return f
	}
	p, err := t.ending()
	switch {
	case err != nil || p == nil:
		f.err = err
	case p.changesOnly():
		c.patience()
		if f.err = t.post(p, len(p.steps)-nearlyDone, &pgproto3.Flush{}); f.err == nil {
			f.pipeline, c.unsynced = p, true
		} else if lost(f.err) {
			f.err = unknownOutcome{f.err}
		}
	case behind:
		f.err = store.ErrBehind
	default:
		t.forgetWarning()
		f.err = t.outcome(t.send(p))
	}
	return f
}

// land waits for the answers, and calls nearly when most have come, which says whether that was all, and
// Sync is posted. A transaction that failed is rolled back.
func (c *chain) land(f *flight, nearly func() (synced bool)) {
	if f.pipeline != nil {
		called := false
		c.patience()
		f.forgetWarning()
		err := f.hearChanges(f.pipeline, false, func(steps int) bool {
			if called || steps < len(f.pipeline.steps)-nearlyDone {
				return false
			}
			called = true
			return nearly()
		})
		f.err, f.stopped = f.outcome(err), err != nil
		c.unsynced = c.unsynced && err == nil
	}
	if f.stopped || f.err != nil && f.pipeline == nil {
		c.end()
		f.rollback()
	}
}

// fail tells a transaction that the one before it failed: it was passed over, unless nobody knows.
func (f *flight) fail(before error) {
	switch {
	case f.err != nil:
	case f.pipeline != nil && f.conn.IsClosed():
		f.err = unknownOutcome{fmt.Errorf("behind one that ended so: %s", before)}
	default:
		f.err = store.ErrBehind
	}
	f.pipeline = nil
}

// end has the server be ready for anything. What was answered before stands, whatever comes of it.
func (c *chain) end() {
	if !c.unsynced || c.conn.IsClosed() {
		return
	}
	c.unsynced = false
	t := &transaction{ctx: context.Background(), conn: c.conn}
	if err := t.postSync(); err != nil {
		_ = t.giveUp(err)
		return
	}
	_ = t.hearChanges(&pipeline{}, true, nil) // an error of the way there closes the connection
}
