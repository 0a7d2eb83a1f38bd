package httpkit

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"folkmoot/internal/forum"
)

// exchange is one request and its answer, as far as the kit knows them. It is the
// ResponseWriter of the handlers and travels in the request's context.
type exchange struct {
	http.ResponseWriter
	request *http.Request
	id      uint64
	started time.Time
	status  int // 0 until the answer has begun
	bytes   int64
	actor   forum.Actor
	secret  forum.Secret // by which the actor is known
}

type exchangeKey struct{}

// Wrap goes around the whole server: it gives each request an id, each answer the security
// headers, and tells the observer and the access log of it.
func (k *Kit) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, r := k.exchange(w, r)
		next.ServeHTTP(x, r)
		if x.status == 0 {
			x.status = http.StatusOK // as net/http has it for those that say nothing
		}
		if k.Observer != nil {
			k.Observer.Answered(r.Pattern, x.status, time.Since(x.started))
		}
		if k.Logger.Enabled(r.Context(), slog.LevelDebug) {
			k.logAccess(x, r)
		}
	})
}

// logAccess writes a request to the log, at level debug and without anything private: no query, no
// person, and no address unless somebody asked for them.
func (k *Kit) logAccess(x *exchange, r *http.Request) {
	about := []slog.Attr{slog.String("request", x.requestID()), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.String("route", r.Pattern), slog.Int("status", x.status), slog.Int64("bytes", x.bytes), slog.Duration("took", time.Since(x.started))}
	if k.LogAddresses {
		about = append(about, slog.String("address", k.Address(r).String()))
	}
	k.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request", about...)
}

// exchange returns the exchange that Wrap began, or begins one.
func (k *Kit) exchange(w http.ResponseWriter, r *http.Request) (*exchange, *http.Request) {
	if x := exchangeOf(r.Context()); x != nil {
		return x, r
	}
	x := &exchange{ResponseWriter: w, id: rand.Uint64(), started: time.Now()}
	setSecurityHeaders(w.Header(), k.secure(r))
	x.request = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	return x, x.request
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// ActorOf returns who asks. Outside of Handle it is a visitor.
func ActorOf(ctx context.Context) forum.Actor {
	if x := exchangeOf(ctx); x != nil {
		return x.actor
	}
	return forum.Actor{}
}

// RequestID returns the id under which the operator finds a request in the log.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.requestID()
	}
	return ""
}

func (x *exchange) requestID() string { return fmt.Sprintf("%016x", x.id) }

// WriteHeader begins the answer.
func (x *exchange) WriteHeader(status int) {
	if status >= 200 && x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the answer.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }
