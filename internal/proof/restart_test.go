package proof

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var restartsFlag = flag.Int("proof.restarts", 10, "how often the server is restarted under load")

// visits are what visitors were answered who read a page again and again.
type visits struct {
	answered atomic.Int64
	longest  atomic.Int64 // microseconds
	mu       sync.Mutex
	failed   []string
}

// visit reads until ctx ends. With each request a visitor who comes anew opens a connection.
func (v *visits) visit(ctx context.Context, address, path string, anew bool) {
	conn := Dial(address, "")
	defer conn.Close()
	for ctx.Err() == nil {
		began := time.Now()
		answer, err := conn.Do(Request{Method: http.MethodGet, Path: path})
		if err != nil || answer.Status != http.StatusOK {
			v.mu.Lock()
			v.failed = append(v.failed, fmt.Sprintf("%d (%v)", answer.Status, err))
			v.mu.Unlock()
		}
		v.answered.Add(1)
		if took := time.Since(began).Microseconds(); took > v.longest.Load() {
			v.longest.Store(took)
		}
		if anew {
			conn.Close()
		}
	}
}

// The server is asked to end and followed by another, again and again, behind one socket that the
// test holds open: whoever writes or reads meanwhile is answered, each time, by one or the other.
func TestRestartsFailNoRequest(t *testing.T) { onBoth(t, proveRestartsFailNoRequest) }

func proveRestartsFailNoRequest(t *testing.T, on engine) {
	restarts := *restartsFlag
	if testing.Short() {
		restarts = min(restarts, 3)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	address := listener.Addr().String()
	program := newProgram(t, on)
	serve := func() *Server {
		server, err := program.ServeSocket(t.Context(), socket, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Kill)
		return server
	}
	server := serve()
	plan := Plan{Mix: MixAll, Clients: 16, Threads: 3, Posts: 5, Body: 200, Seed: seed(t)}
	site := newSiteOf(t, program, server, plan)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	var visitors visits
	var history *History
	working.Go(func() {
		history = Load{Site: site, Mix: plan.Mix, Duration: time.Hour, Body: plan.Body, Seed: plan.Seed}.Run(ctx)
	})
	for _, path := range []string{"/", site.Threads[0].posts} {
		for i := range 4 {
			working.Go(func() { visitors.visit(ctx, address, path, i%2 == 0) })
		}
	}
	random := rand.New(rand.NewPCG(plan.Seed, 3))
	for restart := range restarts {
		time.Sleep(50*time.Millisecond + time.Duration(random.Int64N(int64(250*time.Millisecond))))
		if err := server.Stop(); err != nil {
			t.Fatalf("restart %d: the server ended with %v\n%s", restart+1, err, server.Output())
		}
		server = serve()
	}
	time.Sleep(100 * time.Millisecond)
	stop()
	working.Wait()
	site.Reopen(server)

	written, writing := 0, history.Latency()
	for _, ops := range history.Clients {
		for _, op := range ops {
			written++
			if op.Outcome == Unknown {
				t.Errorf("a write of kind %d failed: status %d", op.Act, op.Status)
			}
		}
	}
	if len(visitors.failed) > 0 {
		t.Errorf("%d reads failed, the first with %s", len(visitors.failed), visitors.failed[0])
	}
	mustAudit(t, site, history)
	t.Logf("%d restarts: %d writes and %d reads answered, %d failed; the longest write took %.0f ms, the longest read %d ms",
		restarts, written, visitors.answered.Load(), len(visitors.failed), writing.Max, visitors.longest.Load()/1000)
}
