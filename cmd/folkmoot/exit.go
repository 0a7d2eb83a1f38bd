package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
)

// Exit codes, for scripts and service managers: those above 1 need a person, not another try.
const (
	exitFailure     = 1
	exitNewer       = 3
	exitCannotWrite = 4
	exitInUse       = 5
	exitRefused     = 6
	exitNoDatabase  = 7
)

const exitHelp = `

Exit codes: 1 a failure, a wrong command line or differences found; 3 the database is of a newer version;
4 the data folder cannot be written (rights, read-only, full); 5 the address is in use;
6 the server refused what was asked of it; 7 the database server cannot be reached, or not be used as it is.`

// exitCode ends a command that has said everything already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func codeOf(err error) int {
	var code exitCode
	var path *fs.PathError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, store.ErrNewer):
		return exitNewer
	case errors.Is(err, postgres.ErrUnreachable), errors.Is(err, postgres.ErrNotUsable):
		return exitNoDatabase
	case refusedByServer(err):
		return exitRefused
	case errors.Is(err, syscall.EADDRINUSE):
		return exitInUse
	case errors.As(err, &path), errors.Is(err, sqlite3.FULL), errors.Is(err, sqlite3.READONLY),
		errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.IOERR):
		return exitCannotWrite
	}
	return exitFailure
}
