package proof

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"time"
)

// ServeBare serves size bytes to everybody and does nothing else: what the pages' figures are
// compared with. It ends with ctx.
func ServeBare(ctx context.Context, address string, size int) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	body := make([]byte, size)
	for i := range body {
		body[i] = 'x'
	}
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = w.Write(body) // a reader who has gone needs no answer
	}
	server := &http.Server{Handler: http.HandlerFunc(handler), ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// measurePages has as many clients ask a bare server, in a process of its own too, for bodies of the same size.
func measurePages(ctx context.Context, program Program, clients, size int, duration time.Duration) (PageBaseline, error) {
	address, err := freeAddress()
	if err != nil {
		return PageBaseline{}, err
	}
	server, err := program.start(ctx, address, "/",
		exec.Command(program.Binary, "loadtest", "bare", "--listen", address, "--bytes", strconv.Itoa(size)))
	if err != nil {
		return PageBaseline{}, err
	}
	defer server.Kill()
	site := &Site{Server: server, People: make([]Person, clients), Threads: []Thread{{page: "/"}}, Locked: 1}
	history := Load{Site: site, Mix: MixRead, Duration: duration, Body: MinBody}.Run(ctx)
	return PageBaseline{RequestsPerSecond: float64(history.Answered()) / history.Elapsed.Seconds(), Bytes: size}, nil
}
