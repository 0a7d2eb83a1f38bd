package httpkit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// served is a Server at work, with one connection to it.
type served struct {
	net.Conn
	read  *bufio.Reader
	stop  func()
	ended chan error
}

func serveOnce(t *testing.T, handler http.HandlerFunc) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	s := &served{stop: stop, ended: make(chan error, 1)}
	server := NewServer(handler, slog.New(slog.DiscardHandler))
	go func() { s.ended <- server.Serve(ctx, listener) }()
	if s.Conn, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.read = bufio.NewReader(s.Conn)
	return s
}

// ask makes a request on the connection and says whether it is closed with the answer.
func (s *served) ask(t *testing.T) (closes bool) {
	t.Helper()
	if _, err := io.WriteString(s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(s.read, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("answered %s, %v", answer.Status, err)
	}
	return answer.Close
}

// A connection kept open is not closed under a request: the server says first that it will be.
func TestServerAnnouncesThatItStops(t *testing.T) {
	t.Parallel()
	s := serveOnce(t, func(http.ResponseWriter, *http.Request) {})
	if s.ask(t) {
		t.Fatal("the connection is not kept open")
	}
	s.stop()
	for deadline := time.Now().Add(movingTime / 2); !s.ask(t); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server stops and does not say so")
		}
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// An idle connection does not keep the server from ending, and a request in progress does.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	s := serveOnce(t, func(http.ResponseWriter, *http.Request) {
		close(began)
		<-goOn
	})
	answered := make(chan bool)
	go func() { answered <- s.ask(t) }()
	<-began
	s.stop()
	select {
	case err := <-s.ended:
		t.Fatalf("the server ended in the middle of a request: %v", err)
	case <-time.After(2 * movingTime):
	}
	close(goOn)
	if !<-answered {
		t.Error("the last answer does not say that the connection ends")
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}

	idle := serveOnce(t, func(http.ResponseWriter, *http.Request) {})
	idle.ask(t)
	idle.stop()
	if err := <-idle.ended; err != nil {
		t.Error(err)
	}
}

func TestServerLogsNoAddress(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"http: panic serving 203.0.113.9:4711: x": "http: panic serving (address): x",
		"http: panic serving [2001:db8::1]:4711":  "http: panic serving (address)",
		"accept tcp 127.0.0.1:80: too many files": "accept tcp (address): too many files",
		"from [fe80::1%eth0]:80":                  "from (address)",
	} {
		log := new(bytes.Buffer)
		NewServer(nil, slog.New(slog.NewTextHandler(log, nil))).http.ErrorLog.Print(message)
		if !strings.Contains(log.String(), fmt.Sprintf("%q", want)) {
			t.Errorf("%s is logged as %s", message, log)
		}
	}
}

// seen is an Observer that keeps what it is told.
type seen struct{ told []string }

func (s *seen) Answered(route string, status int, _ time.Duration) {
	s.told = append(s.told, fmt.Sprint(route, " ", status))
}
func (s *seen) PageAsked(cached bool) { s.told = append(s.told, fmt.Sprint("page ", cached)) }

func TestObserver(t *testing.T) {
	t.Parallel()
	k, _ := newKit(t)
	k.PageAsked(true) // nobody listens
	observer := new(seen)
	k.Observer = observer
	inner := http.NewServeMux()
	inner.Handle("GET /t/{id}", k.Handle(func(http.ResponseWriter, *http.Request) error { return nil }, failPlainly))
	inner.Handle("GET /bad", k.Handle(func(http.ResponseWriter, *http.Request) error { return errors.New("bad") }, failPlainly))
	outer := http.NewServeMux()
	outer.Handle("/", inner)
	server := k.Wrap(outer)
	for _, path := range []string{"/t/1", "/t/2", "/bad", "/nothing"} {
		server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	k.PageAsked(false)
	got, want := strings.Join(observer.told, ", "), "GET /t/{id} 200, GET /t/{id} 200, GET /bad 500,  404, page false"
	if got != want {
		t.Errorf("the observer was told %s, want %s", got, want)
	}
}
