// Package postgres is the store's engine on PostgreSQL 14 or newer: pipelined statements, snapshots
// for reading, short transactions with row locks for writing.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"folkmoot/internal/store"
)

// Engine is a database of a PostgreSQL server. Several processes, on several machines, may use the same one.
type Engine struct {
	readers *pgxpool.Pool
	writers *pgxpool.Pool
	long    *pgxpool.Pool // of those that read for long

	texts   sync.Map // by statement: *text
	running sync.WaitGroup

	// How long an answer is waited for: longer than the server lets a statement take, for the case that
	// there is no server any more, and nobody to say so.
	readWithin, writeWithin time.Duration

	closing context.Context
	stop    context.CancelFunc
}

// lanes is how many transactions of a process write at once: one of them combines, since a post costs
// less the more are together (docs/performance.md); the others are for what is rare.
const lanes = 4

// readers is how many connections of a process read: more than its processors are not faster.
const readers = 12

// longReaders is how many read for long at once: a recount, a copy, and one that somebody asks for.
const longReaders = 4

// How long is waited for what.
const (
	acquireTimeout   = 5 * time.Second  // a connection of the pool
	readTimeout      = 30 * time.Second // a statement that reads
	lockTimeout      = 2 * time.Second  // a row that another transaction holds; then it is tried again
	statementTimeout = 2 * time.Minute  // a statement that writes. COMMIT is one: it waits for the standby
	longTimeout      = 0                // a statement of ReadLong: none
	silence          = 10 * time.Second // a host that does not even say that it has received something
	readAgainFor     = time.Second      // a read whose connection was lost is run again
	readThereFor     = 5 * time.Second  // likewise where the server is there, and only ended the connection
)

// Open connects, makes and migrates the database that url names: postgres://user:password@host/name.
// What may be wrong is ErrUnreachable, ErrNotUsable, store.ErrNewer.
func Open(ctx context.Context, url string) (*Engine, error) {
	config, err := configure(url)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, config); err != nil {
		return nil, fmt.Errorf("opening %s: %w", place(config), err)
	}
	e := &Engine{readWithin: readTimeout + silence, writeWithin: statementTimeout + silence}
	e.closing, e.stop = context.WithCancel(context.Background())
	for _, pool := range []struct {
		of      **pgxpool.Pool
		most    int32
		timeout time.Duration
		plans   map[string]string
	}{{&e.readers, readers, readTimeout, byKey}, {&e.writers, lanes, statementTimeout, byKey}, {&e.long, longReaders, longTimeout, nil}} {
		if *pool.of, err = newPool(config, pool.most, pool.timeout, pool.plans); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Dialect is PostgreSQL.
func (e *Engine) Dialect() store.Dialect { return store.PostgreSQL }

// ReadsAhead is true: a commit whose wait for the standby was cut short is seen by everybody.
func (e *Engine) ReadsAhead() bool { return true }

// Lanes is how many transactions may write at once.
func (e *Engine) Lanes() int { return lanes }

// Reconnected is how many connections that write were made.
func (e *Engine) Reconnected() int64 { return e.writers.Stat().NewConnsCount() }

// Close ends long reads, waits for the others, and closes every connection.
func (e *Engine) Close() error {
	e.stop()
	e.running.Wait()
	e.readers.Close()
	e.writers.Close()
	e.long.Close()
	return nil
}

// BusyReaders returns how many connections of the pool are reading, and how many there can be.
func (e *Engine) BusyReaders() (busy, all int) {
	stat := e.readers.Stat()
	return int(stat.AcquiredConns()), int(stat.MaxConns())
}

var errClosed = errors.New("the database is closed")

// text returns what a statement is here.
func (e *Engine) text(statement string) *text {
	if known, ok := e.texts.Load(statement); ok {
		return known.(*text)
	}
	made, _ := e.texts.LoadOrStore(statement, newText(statement))
	return made.(*text)
}

// Read runs queries in one snapshot and one round trip. Nothing is told of rows before all have
// come, so that a read whose connection was lost is run again.
func (e *Engine) Read(ctx context.Context, queries ...store.Query) error {
	var results []*result
	for began, run := time.Now(), 1; ; run++ {
		var err error
		results, err = e.read(ctx, queries)
		switch {
		case err == nil:
			for i, query := range queries {
				if err := results[i].each(query.Each); err != nil {
					return err
				}
			}
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case e.Fault(err) != store.FaultLost, time.Since(began) > readAgain(err):
			return err
		}
		time.Sleep(rand.N(20 * time.Millisecond << min(run, 4)))
	}
}

// snapshot begins a transaction that sees one moment, and changes nothing.
const snapshot = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`

func (e *Engine) read(ctx context.Context, queries []store.Query) ([]*result, error) {
	c, err := e.acquire(ctx, e.readers)
	if err != nil {
		return nil, err
	}
	defer c.Release()
	// Who gives up meanwhile does not cost the connection: the server bounds the statement.
	ctx = context.WithoutCancel(ctx)
	var batch pgx.Batch
	begin := e.begin(queries)
	for _, statement := range begin {
		batch.Queue(statement)
	}
	for _, query := range queries {
		t := e.text(query.Text)
		batch.Queue(t.plain, t.args(query.Args)...)
	}
	if len(begin) > 0 {
		batch.Queue(`COMMIT`)
	}
	defer bound(c.Conn(), e.readWithin)()
	answers := c.Conn().SendBatch(ctx, &batch)
	results, err := readAll(answers, len(begin), len(queries), c.Conn())
	if closeErr := answers.Close(); err == nil {
		err = closeErr
	}
	if err != nil && c.Conn().PgConn().TxStatus() != 'I' && !c.Conn().IsClosed() {
		if _, rollbackErr := c.Exec(ctx, `ROLLBACK`); rollbackErr != nil {
			_ = c.Conn().Close(ctx)
		}
	}
	return results, err
}

// bound ends the connection where an answer does not come in time, until lift is called.
func bound(conn *pgx.Conn, within time.Duration) (lift func()) {
	network := conn.PgConn().Conn()
	_ = network.SetDeadline(time.Now().Add(within)) // an error says that it is closed, as the next use will
	return func() { _ = network.SetDeadline(time.Time{}) }
}

// How a search is planned: for its words, and from the index of words on. The planner would rather go
// through the threads, since it does not know how many are to be seen.
const (
	planSearch = `SET LOCAL plan_cache_mode = force_custom_plan`
	joinSearch = `SET LOCAL join_collapse_limit = 1`
)

// begin is what goes before queries: nothing before a single one, which is a snapshot by itself.
func (e *Engine) begin(queries []store.Query) []string {
	search := slices.ContainsFunc(queries, func(query store.Query) bool { return e.text(query.Text).search })
	switch {
	case search:
		return []string{snapshot, planSearch, joinSearch}
	case len(queries) > 1:
		return []string{snapshot}
	}
	return nil
}

// readAll reads the answers of statements that return nothing, and of queries after them.
func readAll(answers pgx.BatchResults, statements, queries int, conn *pgx.Conn) ([]*result, error) {
	for range statements {
		if _, err := answers.Exec(); err != nil {
			return nil, err
		}
	}
	results := make([]*result, 0, queries)
	for range queries {
		rows, err := answers.Query()
		if err != nil {
			return nil, err
		}
		result, err := read(rows, conn.TypeMap())
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// acquire takes a connection of a pool.
func (e *Engine) acquire(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeoutCause(ctx, acquireTimeout, errBusy)
	defer cancel()
	c, err := pool.Acquire(waiting)
	switch {
	case err == nil:
		return c, nil
	case e.closing.Err() != nil:
		return nil, errClosed
	case errors.Is(context.Cause(waiting), errBusy) && pool.Stat().AcquiredConns() == pool.Stat().MaxConns():
		return nil, errBusy
	}
	return nil, err
}

// errBusy answers who waited too long for a connection.
var errBusy = errors.New("every connection to the database is busy")

// ReadLong reads in one snapshot on a connection that short reads do not use.
func (e *Engine) ReadLong(ctx context.Context, each func(store.Conn) error) (err error) {
	if e.closing.Err() != nil {
		return errClosed
	}
	e.running.Add(1)
	defer e.running.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.closing, func() { cancel(errClosed) })()
	c, err := e.acquire(ctx, e.long)
	if err != nil {
		return err
	}
	defer c.Release()
	t := &transaction{ctx: ctx, conn: c.Conn(), engine: e, begun: true}
	if _, err = t.conn.Exec(ctx, snapshot); err == nil {
		err = each(t)
	}
	t.ctx = context.WithoutCancel(ctx)
	t.rollback()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Write runs one transaction, READ COMMITTED: what it reads and rests on it locks.
func (e *Engine) Write(_ context.Context, run func(store.Conn) error) error {
	ctx := context.Background()
	c, err := e.acquire(ctx, e.writers)
	if err != nil {
		return err
	}
	defer c.Release()
	t := &transaction{ctx: ctx, conn: c.Conn(), engine: e, within: e.writeWithin}
	if err = run(t); err == nil {
		err = t.commit()
	}
	if err != nil {
		t.rollback()
	}
	return err
}

// rollback ends a transaction that failed. A connection that does not do that is given up, which ends it too.
func (t *transaction) rollback() {
	if t.conn.IsClosed() || t.conn.PgConn().TxStatus() == 'I' {
		return
	}
	if _, err := t.conn.Exec(t.ctx, `ROLLBACK`); err != nil {
		slog.Warn("rolling back failed; the connection is given up", "cause", err)
		_ = t.conn.Close(t.ctx)
	}
}
