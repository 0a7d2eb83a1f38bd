package postgres

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"folkmoot/internal/store"
)

// SQLSTATE codes that say more than their class (PostgreSQL's manual, appendix A).
const (
	insufficientPrivilege = "42501"
	uniqueViolation       = "23505"
	outcomeUnknown        = "40003"
	lockNotAvailable      = "55P03"
	deadlockDetected      = "40P01"
	readOnly              = "25006"
	queryCanceled         = "57014"
	tooManyConnections    = "53300"
	adminShutdown         = "57P01"
	divisionByZero        = "22012"
)

// Fault tells the kinds of errors apart. No error is a FaultMember.
func (e *Engine) Fault(err error) store.Fault {
	var unknown unknownOutcome
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &unknown):
		return store.FaultUnknown
	case errors.Is(err, errClosed), errors.Is(err, errBusy):
		return store.FaultResource
	case lost(err):
		return store.FaultLost
	case !errors.As(err, &refused):
		return store.FaultMember
	}
	switch code := refused.Code; {
	case code == outcomeUnknown:
		return store.FaultUnknown
	case code[:2] == "40", code == lockNotAvailable: // serialization, deadlock
		return store.FaultBusy
	case code == uniqueViolation:
		return store.FaultRaced
	case code[:2] == "53", code[:2] == "58", code == readOnly, code == queryCanceled: // disk, memory, files
		return store.FaultResource
	case code == "XX001", code == "XX002": // damaged
		return store.FaultFlush
	}
	return store.FaultMember
}

// lost tells an error of the way to the server, or of one that is going or coming up.
func lost(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		code := refused.Code
		return code[:2] == "08" || code[:3] == "57P" || code == tooManyConnections
	}
	var network net.Error
	var connecting *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connecting) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

// readAgain is for how long a read is run again whose connection was lost to err.
func readAgain(err error) time.Duration {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == adminShutdown {
		return readThereFor
	}
	return readAgainFor
}
