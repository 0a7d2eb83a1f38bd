package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"folkmoot/internal/forum"
)

// Engine is a database: SQLite or PostgreSQL. Statements name their parameters $1, $2 ... , each as
// often and wherever they need it, and end in the row locks that they take (FOR SHARE ...), which an
// engine with one writer leaves out.
type Engine interface {
	// Dialect says which of two texts the engine understands, where they must differ.
	Dialect() Dialect
	// Lanes is how many calls of Write may overlap.
	Lanes() int
	// ReadsAhead reports whether Read may show what is committed and not yet durable, since a standby
	// is still waited for that must have it. What is acknowledged then rests on a Write.
	ReadsAhead() bool
	// Reconnected rises with every connection made to write. Whatever was remembered of the database
	// before may be undone then: it may be another server, or a restored backup.
	Reconnected() int64
	// Read runs queries in order in one snapshot; in one round trip where the engine has such.
	Read(ctx context.Context, queries ...Query) error
	// ReadLong is Read for reads that take minutes (verify): it has a connection of its own, and is
	// aborted rather than let the write-ahead log grow without bound. each runs in the snapshot.
	ReadLong(ctx context.Context, each func(Conn) error) error
	// Write runs one transaction and commits it durably. After an error nothing of it is stored,
	// except where Fault says that the outcome is unknown.
	Write(ctx context.Context, run func(Conn) error) error
	// Fault says what kind of error Write, or a Conn in it, returned.
	Fault(err error) Fault
	Close() error
}

// Chainer is an Engine that is a journey away, and need not be waited for between transactions.
type Chainer interface {
	// WriteChain runs a transaction like Write. Before its outcome is known it may ask for a next one, and
	// for one behind that: it is run when the one before is committed. What is not the first may read
	// nothing, nor wait for anything. It returns when each has been told its outcome, in order. All is done
	// on the goroutine that called.
	WriteChain(first *Link, next func() *Link)
}

// Link is a transaction of a chain.
type Link struct {
	Run  func(Conn) error // as for Write
	Done func(error)      // is told what Write returns, or ErrBehind
}

// ErrBehind is the outcome of a transaction that was not run: the one before it failed, or it would have
// had to wait for that one.
var ErrBehind = errors.New("not run behind the transaction before")

// What keeps a database from being opened, whatever the engine; the error that wraps it says more. The
// database is left as it was.
var (
	// ErrNone is a place at which there is no forum.
	ErrNone = errors.New("there is no forum here")
	// ErrNewer is a database whose schema this program does not know yet.
	ErrNewer = errors.New("the database was made by a newer version of Folkmoot: use that version or a newer one")
)

// Conn runs statements of one transaction or snapshot.
type Conn interface {
	// Query calls each for every row of the result.
	Query(text string, args []any, each func(Row) error) error
	// QueryMany runs each statement for every set of its arguments, in order; in one round trip
	// where the engine has such.
	QueryMany(many ...Many) error
	// Expect runs each statement, with whatever runs next or is committed, before it: each must find a
	// row for each of its sets of arguments. Where one does not, that is ErrGuess, returned then.
	Expect(many ...Many)
	// Exec returns the number of rows changed.
	Exec(text string, args ...any) (changed int64, err error)
	// Later is Exec of a statement that changes one row, and whose outcome nobody waits for: it runs
	// with others like it, in the order of their first and of one table in the order given, before
	// anything else runs or is committed.
	// That it did not change one row is an error, which may be returned then: a Deferred.
	Later(text string, args ...any) error
}

// Deferred is an error of a statement that was given to Later. It says nothing against what found it.
type Deferred struct{ Cause error }

func (d Deferred) Error() string { return d.Cause.Error() }

// Unwrap returns what went wrong.
func (d Deferred) Unwrap() error { return d.Cause }

// Dialect names an engine's SQL.
type Dialect int

// The engines there are.
const (
	SQLite Dialect = iota
	PostgreSQL
)

// either is a text that engines must say differently.
type either [2]string

// Row is the present row of a result. A null is 0 or "".
type Row interface {
	Int64(column int) int64
	Text(column int) string
}

// Query is a statement and what to do with each of its rows.
type Query struct {
	Text string
	Args []any
	Each func(Row) error
}

// Many is a statement to be run for several sets of arguments: Each is called with the index of the set.
type Many struct {
	Text string
	Sets [][]any
	Each func(set int, row Row) error
}

// Fault is the kind of an error of a write (design.md, "Errors come in four kinds").
type Fault uint8

const (
	// FaultMember is of one member's statement: a constraint, an encoding. The others run again without it.
	FaultMember Fault = iota
	// FaultBusy is a lock held by somebody else for too long, or a deadlock. The batch runs again.
	FaultBusy
	// FaultRaced is of one member's statement, unless another process made the same row meanwhile:
	// it runs again, and sees that row.
	FaultRaced
	// FaultLost is a connection lost before COMMIT, or a database that cannot be reached at this
	// moment. The batch runs again for a while.
	FaultLost
	// FaultResource is a full disk or no memory: the batch is refused at once, reading goes on.
	FaultResource
	// FaultFlush is a failed flush or corruption: writing stops until restart, since a repeated flush proves nothing.
	FaultFlush
	// FaultUnknown is a commit of which nobody knows whether it happened: run again under the keys.
	FaultUnknown
)

// Value prepares an argument for any engine: nil, int64, bool, string or []byte. Zero times and zero ids are null.
func Value(arg any) any {
	switch v := arg.(type) {
	case nil, int64, bool, string, []byte:
		return v
	case int:
		return int64(v)
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.UnixMicro()
	case forum.UserID:
		return orNull(int64(v))
	case forum.ThreadID:
		return orNull(int64(v))
	case forum.CategoryID:
		return orNull(int64(v))
	case forum.TagID:
		return orNull(int64(v))
	case forum.State:
		return v.String()
	case forum.Role:
		return string(v)
	case forum.Scope:
		return string(v)
	case forum.AccountState:
		return string(v)
	}
	panic(fmt.Sprintf("store: no way to bind a %T", arg))
}

func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// number is an int64 that is null where it is zero.
func number(n int64) any { return orNull(n) }

// scan copies the row's columns, in order, to where dest points.
func scan(row Row, dest ...any) error {
	for i, to := range dest {
		switch to := to.(type) {
		case *int64:
			*to = row.Int64(i)
		case *string:
			*to = row.Text(i)
		case *bool:
			*to = row.Int64(i) != 0
		case *time.Time:
			*to = fromMicros(row.Int64(i))
		case *forum.UserID:
			*to = forum.UserID(row.Int64(i))
		case *forum.ThreadID:
			*to = forum.ThreadID(row.Int64(i))
		case *forum.CategoryID:
			*to = forum.CategoryID(row.Int64(i))
		case *forum.TagID:
			*to = forum.TagID(row.Int64(i))
		case *forum.Role:
			*to = forum.Role(row.Text(i))
		case *forum.Scope:
			*to = forum.Scope(row.Text(i))
		case *forum.State:
			state, known := forum.ParseState(row.Text(i))
			if !known {
				return fmt.Errorf("column %d holds the unknown state %q", i, row.Text(i))
			}
			*to = state
		default:
			return fmt.Errorf("column %d: no way to scan into a %T", i, to)
		}
	}
	return nil
}

func fromMicros(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// one makes a Query for at most one row; found tells whether it came.
func one(found *bool, dest ...any) func(Row) error {
	return func(row Row) error {
		*found = true
		return scan(row, dest...)
	}
}
