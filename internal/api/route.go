package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"folkmoot/internal/httpkit"
)

// output is what a handler returns: it knows the status of success, and sends itself.
type output interface {
	status() int
	send(w http.ResponseWriter, r *http.Request) error
}

// operation is what route knows of one beside its types.
type operation struct {
	method, path, id, summary string
	ration                    *httpkit.Ration
	replies                   bool
}

type option func(*operation)

// spends names the ration that an operation takes from.
func spends(ration *httpkit.Ration) option {
	return func(op *operation) { op.ration = ration }
}

// replies says that the operation is forum.Service.CreatePost.
func replies(op *operation) { op.replies = true }

// route serves an operation and documents it, both from the types of its handler: In holds
// fields with the tags path, query and header, and a Body; Out is one of the outputs below.
//
// Huma makes the document, but does not serve: its runtime knows neither duplicate names nor
// invalid UTF-8, loses which field an error was about, and writes errors by itself, past the
// one adapter. It also reads a body twice, and takes some 10 µs more of a reply (BenchmarkRoute).
func route[In, Out any, P interface {
	*Out
	output
}](s *server, pattern, id, summary string, h func(context.Context, *In) (P, error), options ...option) {
	op := operation{id: id, summary: summary}
	op.method, op.path, _ = strings.Cut(pattern, " ")
	for _, option := range options {
		option(&op)
	}
	document[In, Out](s.document, &op, P(new(Out)).status())
	s.operations = append(s.operations, &op)
	form := formOf[In]()
	handle := s.kit.Handle
	if op.replies {
		handle = s.kit.HandleReply
	}
	s.mux.Handle(op.method+" "+Prefix+op.path, handle(func(w http.ResponseWriter, r *http.Request) error {
		body := buffers.Get().(*bytes.Buffer)
		defer release(body)
		if err := form.read(r, body); err != nil {
			return err
		}
		if op.ration != nil {
			if err := s.kit.Spend(r.Context(), op.ration, form.key(r)); err != nil {
				return err
			}
		}
		in := new(In)
		if err := form.decode(r, body.Bytes(), in); err == errMediaType {
			return refuseMediaType(w, r)
		} else if err != nil {
			return err
		}
		out, err := h(r.Context(), in)
		if err != nil {
			return err
		}
		setCaching(w, r)
		return out.send(w, r)
	}, s.fail))
}

// answer is a body.
type answer[T any] struct {
	Body T
}

func (*answer[T]) status() int { return http.StatusOK }

func (a *answer[T]) send(w http.ResponseWriter, _ *http.Request) error {
	return sendJSON(w, http.StatusOK, "application/json", &a.Body)
}

// tagged is a body with its version.
type tagged[T any] struct {
	ETag string `header:"ETag" doc:"The version. Send it back in If-None-Match to ask for news only, in If-Match to change this version and no other."`
	Body T
}

func (*tagged[T]) status() int { return http.StatusOK }

func (a *tagged[T]) send(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if httpkit.NotModified(w, r, a.ETag) {
			return nil
		}
	}
	w.Header().Set("ETag", a.ETag)
	return sendJSON(w, http.StatusOK, "application/json", &a.Body)
}

// created is something new, and where it is.
type created[T any] struct {
	Location string `header:"Location" doc:"Where it is."`
	Body     T
}

func (*created[T]) status() int { return http.StatusCreated }

func (a *created[T]) send(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Location", a.Location)
	return sendJSON(w, http.StatusCreated, "application/json", &a.Body)
}

// nothing is all there is to say.
type nothing struct{}

func (*nothing) status() int { return http.StatusNoContent }

func (*nothing) send(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// buffers hold a request's body while it is decoded, and an answer's while it is encoded.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled keeps one long answer from occupying memory for ever.
const maxPooled = 256 << 10

func release(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		b.Reset()
		buffers.Put(b)
	}
}

// sendJSON encodes body before the answer begins, so that a failure can still be answered.
func sendJSON(w http.ResponseWriter, status int, contentType string, body any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer release(b)
	if err := json.MarshalWrite(b, body, encoding); err != nil {
		return err
	}
	b.WriteByte('\n')
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever does not read on has gone
	return nil
}

// setCaching lets nobody keep what a person sees, and whoever asks anew keep what visitors see.
func setCaching(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header["Vary"] = varyByPerson
	if httpkit.ActorOf(r.Context()).SignedIn() || r.Method != http.MethodGet && r.Method != http.MethodHead {
		header["Cache-Control"] = noStore
		return
	}
	header["Cache-Control"] = noCache
}

// Shared between answers: replaced, never appended to.
var (
	varyByPerson = []string{"Authorization, Cookie"}
	noStore      = []string{"no-store"}
	noCache      = []string{"no-cache"}
)
