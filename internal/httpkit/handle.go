package httpkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"folkmoot/internal/forum"
)

// HandlerFunc is a handler that returns what went wrong, before it has begun to answer.
type HandlerFunc func(http.ResponseWriter, *http.Request) error

// FailFunc answers an error as a surface shows it: as a page, as a problem. Status and the
// headers that go with the kind are its only duty besides; the error has no Cause any more.
type FailFunc func(http.ResponseWriter, *http.Request, *forum.Error)

// Status returns the status by which HTTP says a kind of error.
func Status(kind forum.Kind) int {
	switch kind {
	case forum.Invalid, forum.KeyReused:
		return http.StatusUnprocessableEntity
	case forum.Unauthenticated:
		return http.StatusUnauthorized
	case forum.Forbidden:
		return http.StatusForbidden
	case forum.NotFound:
		return http.StatusNotFound
	case forum.Conflict:
		return http.StatusConflict
	case forum.PreconditionFailed:
		return http.StatusPreconditionFailed
	case forum.TooLarge:
		return http.StatusRequestEntityTooLarge
	case forum.TooMany:
		return http.StatusTooManyRequests
	case forum.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Handle is the one adapter between handlers and HTTP. It refuses requests that are too large or
// come from another site, finds out who asks, runs h, and has fail answer the error there was, a
// panic included. What the operator must know is logged here, once.
func (k *Kit) Handle(h HandlerFunc, fail FailFunc) http.Handler {
	return k.handle(h, fail, k.Service.ActorOf)
}

// HandleReply is Handle for the one thing that is asked for most often, forum.Service.CreatePost:
// who asks may be remembered, and is checked where the post is written.
func (k *Kit) HandleReply(h HandlerFunc, fail FailFunc) http.Handler {
	return k.handle(h, fail, k.Service.ReplyingActor)
}

// actorFunc finds out who holds a secret.
type actorFunc func(context.Context, forum.Secret) (forum.Actor, error)

func (k *Kit) handle(h HandlerFunc, fail FailFunc, actorOf actorFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, r := k.exchange(w, r)
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		r = r.WithContext(ctx)
		defer k.answerPanic(x, r, fail)
		err := k.admit(x, r, actorOf)
		if err == nil {
			err = h(x, r)
		}
		if err != nil {
			k.answerError(x, r, fail, err)
		}
	})
}

// answerWithin bounds how long a request is worked on: who asks is told so before the connection is
// given up (NewServer).
const answerWithin = 45 * time.Second

var (
	errTooLarge  = &forum.Error{Kind: forum.TooLarge, Message: fmt.Sprintf("the request is too large: at most %d bytes", forum.MaxRequestBytes)}
	errOtherSite = &forum.Error{Kind: forum.Forbidden, Message: "this request came from a page of another site"}
	errInternal  = &forum.Error{Kind: forum.Internal, Message: "something went wrong here; it has been written to the log"}
	errLate      = &forum.Error{Kind: forum.Unavailable, Message: "this took too long; what you sent may be stored: try again with the same key"}
	errNoBody    = &forum.Error{Kind: forum.Unavailable, Message: "the request did not arrive in time: please send it again"}
	errGone      = &forum.Error{Kind: forum.Unavailable, Message: "the request was given up"}
)

// admit applies the limits of a request and finds out who asks.
func (k *Kit) admit(x *exchange, r *http.Request, actorOf actorFunc) error {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = arriving{http.MaxBytesReader(x.ResponseWriter, r.Body, forum.MaxRequestBytes)}
	}
	if r.ContentLength > forum.MaxRequestBytes {
		return errTooLarge
	}
	if !k.sameSite(r) {
		return errOtherSite
	}
	if strings.ContainsRune(r.URL.Path, 0) || !utf8.ValidString(r.URL.Path) || !utf8.ValidString(r.URL.RawQuery) {
		return forum.ErrNotFound // nothing has such a name
	}
	return k.identify(x, r, actorOf)
}

// sameSite refuses what a page of another site makes a browser send. A request with a token
// is never that: browsers add cookies by themselves, tokens they do not know. Where the public origin
// is known a page must be of that one: the Host that a request names anybody can choose, or a proxy
// may have changed. (A page that tells nobody where it is, since it holds a secret, sends "null".)
func (k *Kit) sameSite(r *http.Request) bool {
	byToken := len(bearers(r)) > 0
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	origin := r.Header.Get("Origin")
	if k.Origin != nil && origin != "" && origin != "null" && !safe && !byToken {
		return origin == k.Absolute("")
	}
	return byToken || k.crossOrigin.Check(r) == nil
}

func (k *Kit) answerError(x *exchange, r *http.Request, fail FailFunc, err error) {
	shown := k.shown(x, r, err)
	if x.status != 0 {
		k.Logger.WarnContext(r.Context(), "an answer broke off", "request", x.requestID(), "error", err)
		panic(http.ErrAbortHandler) // the reader must not take what there is for the whole
	}
	setErrorHeaders(x, shown)
	fail(x, r, shown)
}

// shown is err as a person may see it; what they may not see is logged.
func (k *Kit) shown(x *exchange, r *http.Request, err error) *forum.Error {
	var known *forum.Error
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return errGone
	case errors.Is(err, context.DeadlineExceeded) && r.Context().Err() != nil && !errors.As(err, &known):
		k.Logger.WarnContext(r.Context(), "could not serve in time", "request", x.requestID(), "path", r.URL.Path, "error", err)
		return errLate
	case errors.As(err, &known) && known.Kind != forum.Internal:
		if known.Kind == forum.Unavailable {
			k.Logger.WarnContext(r.Context(), "could not serve", "request", x.requestID(), "path", r.URL.Path, "error", err)
		}
		plain := *known
		plain.Cause = nil
		return &plain
	}
	k.Logger.ErrorContext(r.Context(), "failed", "request", x.requestID(), "method", r.Method, "path", r.URL.Path, "error", err)
	return errInternal
}

// arriving is the body of a request. What keeps it from arriving it says in a person's words.
type arriving struct{ io.ReadCloser }

func (b arriving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil, err == io.EOF:
		return n, err
	case errors.As(err, &tooLarge):
		return n, errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded): // the server's, which may itself have been slow
		return n, errNoBody
	}
	return n, &forum.Error{Kind: forum.Invalid, Message: "the request broke off before its end", Cause: err}
}

// retryAfter is the answer of an error that does not say when to come back.
const retryAfter = 5 * time.Second

func setErrorHeaders(x *exchange, err *forum.Error) {
	header := x.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Request-Id", x.requestID())
	switch err.Kind {
	case forum.TooMany, forum.Unavailable:
		wait := err.RetryAfter
		if wait <= 0 {
			wait = retryAfter
		}
		header.Set("Retry-After", strconv.FormatInt(ceilSeconds(wait), 10))
	case forum.Unauthenticated:
		header.Set("WWW-Authenticate", `Bearer realm="folkmoot"`)
	case forum.TooLarge:
		header.Set("Connection", "close")
	}
}

func ceilSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

func (k *Kit) answerPanic(x *exchange, r *http.Request, fail FailFunc) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	k.Logger.ErrorContext(r.Context(), "panic", slog.String("request", x.requestID()), slog.String("method", r.Method),
		slog.String("path", r.URL.Path), slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))
	if x.status != 0 {
		panic(http.ErrAbortHandler)
	}
	setErrorHeaders(x, errInternal)
	fail(x, r, errInternal)
}
