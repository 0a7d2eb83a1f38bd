package client

import (
	"strings"
	"time"
)

// Problem is an error of the server, as RFC 9457 has it. errors.Is compares it with the Err
// variables below by its Type.
type Problem struct {
	Type     string         `json:"type"`     // what kind of problem it is: a name that stays
	Title    string         `json:"title"`    // the same for a person
	Status   int            `json:"status"`   // of the answer
	Detail   string         `json:"detail"`   // what went wrong this time, for a person
	Instance string         `json:"instance"` // the request's id, under which the operator finds it
	Errors   []FieldProblem `json:"errors,omitempty"`

	RetryAfter time.Duration `json:"-"` // how long the server asked to wait; 0: it did not say
}

// FieldProblem says what is wrong with one field of the input.
type FieldProblem struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	Limit   int64  `json:"limit,omitempty"` // the bound it missed, where there is one
}

const problems = "urn:folkmoot:problem:"

// The kinds of problems, for errors.Is.
var (
	ErrInvalid            = &Problem{Type: problems + "invalid"}
	ErrUnauthenticated    = &Problem{Type: problems + "unauthenticated"}
	ErrForbidden          = &Problem{Type: problems + "forbidden"}
	ErrNotFound           = &Problem{Type: problems + "not-found"} // absent, or not to be seen: the two answer alike
	ErrConflict           = &Problem{Type: problems + "conflict"}  // locked, deleted
	ErrPreconditionFailed = &Problem{Type: problems + "precondition-failed"}
	ErrKeyReused          = &Problem{Type: problems + "key-reused"}
	ErrTooLarge           = &Problem{Type: problems + "too-large"}
	ErrTooMany            = &Problem{Type: problems + "too-many"}
	ErrUnavailable        = &Problem{Type: problems + "unavailable"}
	ErrInternal           = &Problem{Type: problems + "internal"}
)

// Error says what went wrong, with the fields it is about.
func (p *Problem) Error() string {
	var text strings.Builder
	text.WriteString(p.Detail)
	if p.Detail == "" {
		text.WriteString(p.Title)
	}
	for _, field := range p.Errors {
		text.WriteString("; " + field.Field + " " + field.Message)
	}
	return text.String()
}

// Is reports whether target is a problem of the same kind.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && p.Type == other.Type
}
