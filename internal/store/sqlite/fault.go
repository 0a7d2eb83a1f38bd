package sqlite

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store"
)

// Fault tells the kinds of errors apart. No error is a FaultMember.
func (e *Engine) Fault(err error) store.Fault {
	var unknown unknownOutcome
	var code sqlite3.ErrorCode
	switch {
	case errors.As(err, &unknown):
		return store.FaultUnknown
	case errors.Is(err, errClosed):
		return store.FaultResource
	case flushFailed(err), errors.Is(err, errLockKept):
		return store.FaultFlush
	case !errors.As(err, &code):
		return store.FaultMember
	}
	switch code {
	case sqlite3.BUSY, sqlite3.LOCKED, sqlite3.PROTOCOL, sqlite3.INTERRUPT:
		return store.FaultBusy
	case sqlite3.FULL, sqlite3.NOMEM, sqlite3.IOERR, sqlite3.READONLY, sqlite3.CANTOPEN, sqlite3.PERM:
		return store.FaultResource
	}
	return store.FaultMember
}

// flushFailed reports an error after which nothing may be written: a flush that failed, or damage.
// The index of words apart, which is made anew from the posts.
func flushFailed(err error) bool {
	var code sqlite3.ErrorCode
	var extended sqlite3.ExtendedErrorCode
	if !errors.As(err, &code) || !errors.As(err, &extended) {
		return false
	}
	switch extended {
	case sqlite3.IOERR_FSYNC, sqlite3.IOERR_DIR_FSYNC, sqlite3.IOERR_CORRUPTFS, sqlite3.IOERR_DATA:
		return true
	case sqlite3.CORRUPT_VTAB:
		return false
	}
	return code == sqlite3.CORRUPT || code == sqlite3.NOTADB
}
