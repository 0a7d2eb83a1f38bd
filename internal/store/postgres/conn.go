package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"folkmoot/internal/store"
)

// transaction is a store.Conn. What need not be waited for goes with what is: BEGIN with the first
// statement, those given to Later with the next, or with COMMIT.
type transaction struct {
	ctx    context.Context
	conn   *pgx.Conn
	engine *Engine
	within time.Duration // an answer comes, or the connection is given up; 0 where it may take any time
	begun  bool
	behind bool // another one that is not answered yet: what must be waited for is ErrBehind
	later  []deferred
	expect []store.Many
}

var _ store.Conn = (*transaction)(nil)

// deferred is a statement with the sets of arguments that it was given so far.
type deferred struct {
	text *text
	sets [][]any
}

// Later keeps the statement, with others of the same text. It passes by those of other tables only:
// what locks the rows of one in order would else do so text by text, each transaction in another order.
func (t *transaction) Later(statement string, args ...any) error {
	text := t.engine.text(statement)
	for i := len(t.later) - 1; i >= 0; i-- {
		waiting := &t.later[i]
		if waiting.text == text {
			waiting.sets = append(waiting.sets, args)
			return nil
		}
		if waiting.text.table == text.table {
			break
		}
	}
	t.later = append(t.later, deferred{text, [][]any{args}})
	return nil
}

// pipeline is statements on their way to the server and back, in one round trip.
type pipeline struct{ steps []step }

// step is one statement: one whose rows are wanted, or one of which it matters what it changed.
type step struct {
	statement string
	args      []any
	rows      **result
	changed   func(pgconn.CommandTag, error) error // is told what came of it, and returns the transaction's error
}

// query adds a statement whose rows are wanted.
func (p *pipeline) query(to **result, statement string, args []any) {
	p.steps = append(p.steps, step{statement: statement, args: args, rows: to})
}

// exec adds a statement that answers with what it changed.
func (p *pipeline) exec(changed func(pgconn.CommandTag, error) error, statement string, args []any) {
	p.steps = append(p.steps, step{statement: statement, args: args, changed: changed})
}

// begin is a pipeline of what waits.
func (t *transaction) begin() (*pipeline, error) {
	p := &pipeline{}
	if !t.begun {
		t.begun = true
		p.exec(func(_ pgconn.CommandTag, err error) error { return err }, `BEGIN`, nil)
	}
	expected := t.expect
	t.expect = nil
	for _, m := range expected {
		if err := t.addExpected(p, m); err != nil {
			return nil, err
		}
	}
	waiting := t.later
	t.later = nil
	for _, d := range waiting {
		if err := t.addDeferred(p, d); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (t *transaction) addDeferred(p *pipeline, d deferred) error {
	if len(d.sets) > 1 {
		if err := t.describe(d.text); err != nil {
			return err
		}
		if d.text.many != "" {
			p.change(d.text, d.text.many, d.text.arrays(d.sets), int64(len(d.sets)))
			return nil
		}
	}
	for _, set := range d.sets {
		p.change(d.text, d.text.plain, d.text.args(set), 1)
	}
	return nil
}

// change adds a deferred statement that is to change so many rows. Where it may find fewer the server
// counts them, and ends the transaction: COMMIT may be behind it in the pipeline.
func (p *pipeline) change(text *text, statement string, args []any, rows int64) {
	if !text.sure {
		args = append(args, rows)
		statement = fmt.Sprintf(`WITH changed AS (%s RETURNING 1) SELECT 1 / CASE WHEN count(*) = $%d THEN 1 ELSE 0 END FROM changed`, statement, len(args))
	}
	p.exec(func(_ pgconn.CommandTag, err error) error {
		switch {
		case err == nil:
			return nil
		case isDivision(err):
			err = fmt.Errorf("not %d rows changed by %q", rows, text.plain)
		}
		return store.Deferred{Cause: err}
	}, statement, args)
}

// isDivision tells the error of a statement that found its count of rows wrong.
func isDivision(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == divisionByZero
}

// Expect keeps the statements for the next pipeline.
func (t *transaction) Expect(many ...store.Many) { t.expect = append(t.expect, many...) }

// addExpected has the rows that a statement finds counted, and the transaction end where one is
// missing: what comes behind it in the pipeline must not be done.
func (t *transaction) addExpected(p *pipeline, m store.Many) error {
	if len(m.Sets) == 0 {
		return nil
	}
	text := t.engine.text(m.Text)
	found, args := text.plain, text.args(m.Sets[0])
	if len(m.Sets) > 1 {
		if err := t.describe(text); err != nil {
			return err
		}
		found, args = text.many, text.arrays(m.Sets)
	}
	args = append(args, int64(len(m.Sets)))
	p.exec(func(_ pgconn.CommandTag, err error) error {
		if isDivision(err) {
			return store.ErrGuess
		}
		return err
	}, fmt.Sprintf(`SELECT 1 / CASE WHEN count(*) = $%d THEN 1 ELSE 0 END FROM (%s) AS found`, len(args), found), args)
	return nil
}

// describe asks the server for the types of a text's parameters, once.
func (t *transaction) describe(text *text) error {
	return text.describe(func() ([]uint32, error) {
		if t.behind {
			return nil, store.ErrBehind
		}
		described, err := t.conn.PgConn().Prepare(t.ctx, "", text.plain, nil)
		if err != nil {
			return nil, err
		}
		return described.ParamOIDs, nil
	}, t.conn.TypeMap())
}

// send sends a pipeline and returns the first error of its answers.
func (t *transaction) send(p *pipeline) error {
	if t.behind {
		return store.ErrBehind
	}
	if t.within > 0 {
		defer bound(t.conn, t.within)()
	}
	if p.changesOnly() {
		return t.sendChanges(p)
	}
	var batch pgx.Batch
	for _, s := range p.steps {
		batch.Queue(s.statement, s.args...)
	}
	answers := t.conn.SendBatch(t.ctx, &batch)
	for _, s := range p.steps {
		if err := t.hear(s, answers); err != nil {
			_ = answers.Close()
			return err
		}
	}
	return answers.Close()
}

// changesOnly tells whether a pipeline is one of statements whose rows nobody wants, and not too long.
func (p *pipeline) changesOnly() bool {
	return len(p.steps) <= maxUnheard && !slices.ContainsFunc(p.steps, func(s step) bool { return s.rows != nil })
}

// hear reads the answer to a step.
func (t *transaction) hear(s step, answers pgx.BatchResults) error {
	if s.rows == nil {
		return s.changed(answers.Exec())
	}
	rows, err := answers.Query()
	if err != nil {
		return err
	}
	*s.rows, err = read(rows, t.conn.TypeMap())
	return err
}

// Query runs what waits and then the query.
func (t *transaction) Query(statement string, args []any, each func(store.Row) error) error {
	p, err := t.begin()
	if err != nil {
		return err
	}
	text := t.engine.text(statement)
	var found *result
	p.query(&found, text.plain, text.args(args))
	if err := t.send(p); err != nil {
		return err
	}
	return found.each(each)
}

// QueryMany runs what waits and then each statement once, for all its sets of arguments.
func (t *transaction) QueryMany(many ...store.Many) error {
	for _, m := range many {
		if len(m.Sets) > 1 {
			if err := t.describe(t.engine.text(m.Text)); err != nil {
				return err
			}
		}
	}
	p, err := t.begin()
	if err != nil {
		return err
	}
	found := make([]*result, len(many))
	for i, m := range many {
		switch text := t.engine.text(m.Text); len(m.Sets) {
		case 0:
		case 1:
			p.query(&found[i], text.plain, text.args(m.Sets[0]))
		default:
			p.query(&found[i], text.many, text.arrays(m.Sets))
		}
	}
	if err := t.send(p); err != nil {
		return err
	}
	for i, m := range many {
		if err := eachOf(found[i], m); err != nil {
			return err
		}
	}
	return nil
}

// eachOf tells of a statement's rows. Where there were several sets the first column is the set's place.
func eachOf(found *result, m store.Many) error {
	switch len(m.Sets) {
	case 0:
		return nil
	case 1:
		return found.each(func(row store.Row) error { return m.Each(0, row) })
	}
	return found.each(func(row store.Row) error { return m.Each(int(row.Int64(0))-1, shifted{row}) })
}

// shifted is a row without its first column.
type shifted struct{ store.Row }

func (s shifted) Int64(column int) int64 { return s.Row.Int64(column + 1) }
func (s shifted) Text(column int) string { return s.Row.Text(column + 1) }

// Exec runs what waits and then the statement.
func (t *transaction) Exec(statement string, args ...any) (changed int64, err error) {
	p, err := t.begin()
	if err != nil {
		return 0, err
	}
	text := t.engine.text(statement)
	p.exec(func(tag pgconn.CommandTag, err error) error {
		changed = tag.RowsAffected()
		return err
	}, text.plain, text.args(args))
	return changed, t.send(p)
}

// unknownOutcome is an error of COMMIT after which nobody knows whether it happened.
type unknownOutcome struct{ error }

func (u unknownOutcome) Unwrap() error { return u.error }

// commit commits, with what waits.
func (t *transaction) commit() error {
	p, err := t.ending()
	if err != nil || p == nil {
		return err
	}
	t.forgetWarning()
	return t.outcome(t.send(p))
}

// ending is a pipeline of what waits, and COMMIT. It is nil where there is nothing to commit. It is
// acknowledged only where the server said COMMIT and nothing else.
func (t *transaction) ending() (*pipeline, error) {
	if !t.begun && len(t.later) == 0 && len(t.expect) == 0 {
		return nil, nil
	}
	p, err := t.begin()
	if err != nil {
		return nil, err
	}
	p.exec(func(tag pgconn.CommandTag, err error) error {
		if err == nil && tag.String() != "COMMIT" {
			err = fmt.Errorf("the server said %s to COMMIT", tag)
		}
		return err
	}, `COMMIT`, nil)
	return p, nil
}

// outcome is what came of a transaction whose COMMIT was sent, and whose answers came to err. A warning
// says that its wait for a standby was cut short.
func (t *transaction) outcome(err error) error {
	switch {
	case err != nil && lost(err): // COMMIT may have been carried out
		return unknownOutcome{err}
	case err != nil:
		return err
	}
	if notice, ok := t.conn.PgConn().CustomData()[warning].(*pgconn.Notice); ok {
		return unknownOutcome{(*pgconn.PgError)(notice)}
	}
	return nil
}

// forgetWarning has outcome look at what is heard from now on.
func (t *transaction) forgetWarning() { delete(t.conn.PgConn().CustomData(), warning) }
