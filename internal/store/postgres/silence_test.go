package postgres_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
	"folkmoot/internal/store/postgres/pgtest"
)

// relay hands on what comes to a server, until it is frozen: connections made before then stay open and
// carry nothing any more, as when a host vanishes.
type relay struct {
	net.Listener
	target string
	mu     sync.Mutex
	frozen *chan struct{} // of the connections made by now; closed by freeze
}

func newRelay(t *testing.T, target string) *relay {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	thawed := make(chan struct{})
	r := &relay{Listener: listener, target: target, frozen: &thawed}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = client.Close() })
			server, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			t.Cleanup(func() { _ = server.Close() })
			r.mu.Lock()
			frozen := *r.frozen
			r.mu.Unlock()
			go hand(server, client, frozen)
			go hand(client, server, frozen)
		}
	}()
	return r
}

// hand copies until it is frozen.
func hand(to, from net.Conn, frozen <-chan struct{}) {
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		select {
		case <-frozen:
			return
		default:
		}
		if _, writeErr := to.Write(part[:n]); err != nil || writeErr != nil {
			if err == io.EOF {
				_ = to.Close()
			}
			return
		}
	}
}

func (r *relay) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(*r.frozen)
	next := make(chan struct{})
	r.frozen = &next
}

// A host that vanishes, and says nothing: who writes and who reads gets an answer in the end, and what
// comes after has another connection.
func TestHostVanishes(t *testing.T) {
	address, err := url.Parse(pgtest.Shared(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	between := newRelay(t, address.Host)
	address.Host = between.Addr().String()
	engine, err := postgres.Open(t.Context(), address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	write := func() error {
		return engine.Write(t.Context(), func(conn store.Conn) error {
			_, err := conn.Exec(`UPDATE settings SET value = value`)
			return err
		})
	}
	read := func() error {
		return engine.Read(t.Context(), store.Query{Text: `SELECT 1`, Each: func(store.Row) error { return nil }})
	}
	for name, act := range map[string]func() error{"write": write, "read": read} {
		engine.SetPatience(time.Minute, time.Minute)
		if err := act(); err != nil {
			t.Fatal(err)
		}
		engine.SetPatience(200*time.Millisecond, 200*time.Millisecond)
		between.freeze()
		answered := make(chan error, 1)
		go func() { answered <- act() }()
		select {
		case err := <-answered:
			if fault := engine.Fault(err); err != nil && fault != store.FaultLost {
				t.Errorf("%s: %v is fault %d, want that of a lost connection", name, err, fault)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: no answer in a minute", name)
		}
		engine.SetPatience(time.Minute, time.Minute)
		if err := act(); err != nil {
			t.Errorf("%s on a new connection: %v", name, err)
		}
	}
}
