package httpkit

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// Server answers requests until it is told to stop, and fails none by stopping.
type Server struct {
	http     http.Server
	stopping atomic.Bool
	open     atomic.Int64 // connections
}

// NewServer returns a server whose limits keep slow and endless requests from occupying it. What
// net/http itself has to say is logged without the addresses in it.
func NewServer(handler http.Handler, logger *slog.Logger) *Server {
	s := new(Server)
	s.http = http.Server{
		Handler:           s.announce(handler),
		ConnState:         s.count,
		ReadHeaderTimeout: 5 * time.Second,   // headers fit a few packets
		ReadTimeout:       30 * time.Second,  // a quarter of a megabyte over a poor telephone line
		WriteTimeout:      60 * time.Second,  // a page, likewise
		IdleTimeout:       120 * time.Second, // browsers come back within it
		MaxHeaderBytes:    16 << 10,          // cookies and a token are under 1 KiB
		ErrorLog:          slog.NewLogLogger(nameless{logger.Handler()}, slog.LevelWarn),
	}
	return s
}

const (
	// movingTime is how long connections that were kept open are told to go elsewhere before those
	// that still are idle are closed. A proxy that is busy uses each of its own within it.
	movingTime = 500 * time.Millisecond
	// drainTime is how long requests in progress may take when the server stops.
	drainTime = 20 * time.Second
)

// Serve answers what comes to the listener until ctx ends. Then it takes no more connections, and
// says with each answer on those there are that the connection ends with it, so that nobody sends
// into one that is being closed; at last it lets the requests in progress end. Who comes to a
// listener that another process holds too waits there, and is answered by the next server.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		s.stopping.Store(true)
		_ = listener.Close()
	})
	defer stop()
	if err := s.http.Serve(listener); !s.stopping.Load() {
		return err
	}
	s.move() // Shutdown drops requests that it finds not read yet
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return s.http.Shutdown(drain)
}

// move waits until no connection is left, or movingTime is over.
func (s *Server) move() {
	const often = 5 * time.Millisecond
	for began := time.Now(); s.open.Load() > 0 && time.Since(began) < movingTime; {
		time.Sleep(often)
	}
}

// announce says with each answer, once the server is stopping, that the connection ends with it.
func (s *Server) announce(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	}
}

// nameless logs messages without the addresses in them.
type nameless struct{ slog.Handler }

var endpoint = regexp.MustCompile(`(\d{1,3}\.){3}\d{1,3}(:\d+)?|\[[0-9a-fA-F:.%\w]+\](:\d+)?`)

func (h nameless) Handle(ctx context.Context, record slog.Record) error {
	record.Message = strings.TrimSpace(endpoint.ReplaceAllString(record.Message, "(address)"))
	return h.Handler.Handle(ctx, record)
}
