package forum

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says to the program what went wrong; every surface maps it once.
type Kind uint8

const (
	// Internal is a defect or an unexpected failure; its cause is for the operator only.
	Internal Kind = iota
	// Invalid is input outside the limits table, or not well formed. Fields names what.
	Invalid
	// Unauthenticated asks for signing in.
	Unauthenticated
	// Forbidden is seen but not allowed: by role, scope or suspension.
	Forbidden
	// NotFound is absent, malformed, or not to be seen; the three answer alike.
	NotFound
	// Conflict is seen and generally allowed, but not as things stand: locked, deleted, changed meanwhile.
	Conflict
	// PreconditionFailed is an edit of a version that is no longer current.
	PreconditionFailed
	// KeyReused is an idempotency key that came with another request.
	KeyReused
	// TooLarge is a body over its limit, refused before it is read whole.
	TooLarge
	// TooMany is over a rate; RetryAfter says when to come back.
	TooMany
	// Unavailable is a passing fault of a resource (disk full, stopping); RetryAfter says when to come back.
	Unavailable
)

// Error is an error with a Kind for the program, a Message for the person and a Cause for the operator.
type Error struct {
	Kind       Kind
	Message    string
	Fields     []FieldError  // of an Invalid error
	RetryAfter time.Duration // of TooMany and Unavailable
	Cause      error
}

// FieldError says what is wrong with one field of the input, in a person's words.
type FieldError struct {
	Field   string // as the API names it: "body", "title"
	Message string // without the field's name: "must not be empty"
	Limit   int64  // the bound it missed, 0 where there is none
}

func (e *Error) Error() string {
	text := e.Message
	for _, field := range e.Fields {
		text += fmt.Sprintf("; %s %s", field.Field, field.Message)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return strings.TrimPrefix(text, "; ")
}

func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of err, Internal where it carries none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// ErrNotFound answers for everything that is absent, malformed or not to be seen.
var ErrNotFound = &Error{Kind: NotFound, Message: "there is nothing here that you can see"}

// ErrStale says that what a decision rested on has changed before the write: decide again.
var ErrStale = errors.New("changed between decision and write")

// errChanged is what a person is told when deciding again and again did not help.
var errChanged = &Error{Kind: Conflict, Message: "this was changed by somebody else at the same moment; please try again"}

// ErrKeyReused answers a known idempotency key that comes with another request.
var ErrKeyReused = &Error{Kind: KeyReused, Message: "this idempotency key was used for another request"}

func conflict(format string, args ...any) error {
	return &Error{Kind: Conflict, Message: fmt.Sprintf(format, args...)}
}

func forbidden(format string, args ...any) error {
	return &Error{Kind: Forbidden, Message: fmt.Sprintf(format, args...)}
}

var errSignIn = &Error{Kind: Unauthenticated, Message: "please sign in first"}
