package api

import (
	"net/http"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Problem says what went wrong, as RFC 9457 has it.
type Problem struct {
	Type     string         `json:"type" doc:"What kind of problem this is: a name that stays." example:"urn:folkmoot:problem:not-found"`
	Title    string         `json:"title" doc:"The same for a person."`
	Status   int            `json:"status" doc:"The status of the answer."`
	Detail   string         `json:"detail" doc:"What went wrong this time, for a person."`
	Instance string         `json:"instance" doc:"The id of the request, under which the operator finds it in the log."`
	Errors   []FieldProblem `json:"errors,omitempty" doc:"What is wrong with which field."`
}

// FieldProblem says what is wrong with one field of the input.
type FieldProblem struct {
	Field   string `json:"field" doc:"The field, or the way to it: tags.0"`
	Message string `json:"message" doc:"What is wrong with it, for a person: must not be empty"`
	Limit   int64  `json:"limit,omitzero" doc:"The bound it missed, where there is one."`
}

const problemType = "application/problem+json"

// problemKind is a kind of error as problems name it.
type problemKind struct{ name, title string }

var problemKinds = map[forum.Kind]problemKind{
	forum.Internal:           {"internal", "Something went wrong"},
	forum.Invalid:            {"invalid", "The input cannot be accepted"},
	forum.Unauthenticated:    {"unauthenticated", "Please sign in"},
	forum.Forbidden:          {"forbidden", "You may not do this"},
	forum.NotFound:           {"not-found", "Nothing here"},
	forum.Conflict:           {"conflict", "Not as things stand"},
	forum.PreconditionFailed: {"precondition-failed", "This has changed meanwhile"},
	forum.KeyReused:          {"key-reused", "The idempotency key was used before"},
	forum.TooLarge:           {"too-large", "This is too much at once"},
	forum.TooMany:            {"too-many", "A little slower, please"},
	forum.Unavailable:        {"unavailable", "Not available at the moment"},
}

// fail answers an error with a problem. It is the httpkit.FailFunc of the whole interface.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err *forum.Error) {
	kind := problemKinds[err.Kind]
	problem := newProblem(r, httpkit.Status(err.Kind), kind, err.Message)
	for _, field := range err.Fields {
		problem.Errors = append(problem.Errors, FieldProblem{field.Field, field.Message, field.Limit})
	}
	problem.send(w)
}

func newProblem(r *http.Request, status int, kind problemKind, detail string) *Problem {
	return &Problem{Type: "urn:folkmoot:problem:" + kind.name, Title: kind.title, Status: status,
		Detail: detail, Instance: httpkit.RequestID(r.Context())}
}

func (p *Problem) send(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	if err := sendJSON(w, p.Status, problemType, p); err != nil {
		http.Error(w, p.Detail, p.Status)
	}
}

func refuseMediaType(w http.ResponseWriter, r *http.Request) error {
	kind := problemKind{"unsupported-media-type", "This cannot be read here"}
	newProblem(r, http.StatusUnsupportedMediaType, kind, "the body must be JSON, and its Content-Type application/json").send(w)
	return nil
}

// refuse answers what no route does: the address is none, or the method not one of its methods.
func (s *server) refuse(w http.ResponseWriter, r *http.Request) error {
	allowed := httpkit.AllowedMethods(w, r, s.mux)
	if len(allowed) == 0 {
		return forum.ErrNotFound
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	kind := problemKind{"method-not-allowed", "This cannot be done here"}
	newProblem(r, http.StatusMethodNotAllowed, kind, r.Method+" is not offered here; "+strings.Join(allowed, ", ")+" is").send(w)
	return nil
}
