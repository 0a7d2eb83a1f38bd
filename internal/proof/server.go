package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startWithin bounds how long a server may take until it answers: far above the 2 s it is allowed,
// so that a slow start is measured and not cut off.
const startWithin = 30 * time.Second

// stopWithin is how long a server may take to end when asked; then it is killed.
const stopWithin = 15 * time.Second

// Program is a folkmoot binary and what it works on.
type Program struct {
	Binary   string
	Data     string   // folder
	Database string   // URL of a PostgreSQL database that the forum is in, "" where it is in the folder
	Env      []string // beside this process's own
	Log      io.Writer
}

// place are the flags that say where the forum is.
func (p Program) place() []string {
	if p.Database != "" {
		return nil
	}
	return []string{"--data", p.Data}
}

// environment says where the forum is in a database: command lines can be seen, with the passwords in
// them. It never is what this process's own environment names: people use that one.
func (p Program) environment() []string {
	return slices.Concat(os.Environ(), p.Env, []string{"FOLKMOOT_DATABASE=" + p.Database})
}

// Server is a running `folkmoot serve` in a process of its own.
type Server struct {
	Address string        // host:port
	Started time.Duration // from the start of the process to the first answer
	process *os.Process
	exited  chan struct{}
	exitErr error
	output  tail
}

// Serve starts the server and waits until it answers. Whoever calls it ends it with Stop or Kill.
func (p Program) Serve(ctx context.Context, flags ...string) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := slices.Concat([]string{"serve", "--listen", address}, p.place(), flags)
	return p.start(ctx, address, "/healthz", exec.Command(p.Binary, args...))
}

// rateFactor raises the posting limits far beyond what clients reach: they are machines.
const rateFactor = "1000000"

// ServeUnlimited is Serve with posting limits that no client meets.
func (p Program) ServeUnlimited(ctx context.Context) (*Server, error) {
	return p.Serve(ctx, "--rate-factor", rateFactor)
}

// ServeSocket is ServeUnlimited on a socket that the caller holds open, passed as systemd passes it.
func (p Program) ServeSocket(ctx context.Context, socket *os.File, address string) (*Server, error) {
	// The process that the socket is meant for is named by its id, which only itself can know.
	args := append([]string{"-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`,
		p.Binary, "serve", "--listen", "nowhere", "--rate-factor", rateFactor}, p.place()...)
	command := exec.Command("/bin/sh", args...)
	command.ExtraFiles = []*os.File{socket}
	return p.start(ctx, address, "/healthz", command)
}

func (p Program) start(ctx context.Context, address, path string, command *exec.Cmd) (*Server, error) {
	server := &Server{Address: address, exited: make(chan struct{})}
	command.Env = p.environment()
	command.Stdout, command.Stderr = &server.output, &server.output
	if p.Log != nil {
		command.Stdout, command.Stderr = p.Log, io.MultiWriter(p.Log, &server.output)
	}
	dieWithParent(command)
	begin := time.Now()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.Binary, err)
	}
	server.process = command.Process
	go func() {
		server.exitErr = command.Wait()
		close(server.exited)
	}()
	if err := server.await(ctx, path); err != nil {
		server.Kill()
		return nil, fmt.Errorf("%w\n%s", err, server.output.String())
	}
	server.Started = time.Since(begin)
	return server, nil
}

// await asks until the server answers.
func (s *Server) await(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Address+path, nil)
		if err != nil {
			return err
		}
		if answer, err := transport.RoundTrip(request); err == nil {
			answer.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer on %s: %w", s.Address, ctx.Err())
		case <-s.exited:
			return fmt.Errorf("the server ended before it answered: %v", s.exitErr)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// Kill ends the server at once, as `kill -9` does, and waits until it is gone.
func (s *Server) Kill() {
	_ = s.process.Kill() // an error says that it is gone already
	<-s.exited
}

// Stop asks the server to end, as service managers do, and waits; it kills one that does not.
func (s *Server) Stop() error {
	if err := s.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.Kill()
		return fmt.Errorf("asking the server to stop: %w", err)
	}
	select {
	case <-s.exited:
		return s.exitErr
	case <-time.After(stopWithin):
		s.Kill()
		return fmt.Errorf("the server did not stop within %v and was killed", stopWithin)
	}
}

// Exited is closed when the process is gone.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Output is the end of what the server wrote.
func (s *Server) Output() string { return s.output.String() }

// clockTick is the unit of times in /proc: a hundredth of a second on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// CPU is the processor time the server has used so far, 0 where the system does not tell.
func (s *Server) CPU() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte(") ")) // the name before it may hold spaces
	const utime, stime = 11, 12                 // fields after the name
	fields := strings.Fields(string(rest))
	if len(fields) <= stime {
		return 0
	}
	user, _ := strconv.ParseInt(fields[utime], 10, 64)
	system, _ := strconv.ParseInt(fields[stime], 10, 64)
	return time.Duration(user+system) * clockTick
}

// Memory is what the server holds now and the most it held so far, in MiB; 0 where the system does not tell.
func (s *Server) Memory() (now, peak float64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Pid))
	if err != nil {
		return 0, 0
	}
	return statusMiB(text, "VmRSS:"), statusMiB(text, "VmHWM:")
}

// Written is how many bytes the server has handed to the disk so far, 0 where the system does not tell.
func (s *Server) Written() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", s.process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "write_bytes: "); found {
			bytes, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return bytes
		}
	}
	return 0
}

func statusMiB(status []byte, name string) float64 {
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, name); found {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib / 1024
		}
	}
	return 0
}

// Run runs another command of the program on the same forum, beside the server, and
// returns what it printed. stdin is what it reads.
func (p Program) Run(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, p.Binary, append(args, p.place()...)...)
	command.Env = p.environment()
	command.Stdin = strings.NewReader(stdin)
	var stderr tail
	command.Stderr = &stderr
	dieWithParent(command)
	out, err := command.Output()
	if err != nil {
		return out, fmt.Errorf("folkmoot %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

// Recount is what `folkmoot verify` found.
type Recount struct {
	Rows        int64             `json:"rows"`
	Differences []json.RawMessage `json:"differences"`
}

// Verify recounts every stored number with `folkmoot verify`.
func (p Program) Verify(ctx context.Context) (Recount, error) {
	out, failed := p.Run(ctx, "", "verify", "--json")
	var recount Recount
	if err := json.Unmarshal(out, &recount); err != nil {
		return Recount{}, fmt.Errorf("reading the answer of verify: %w", errors.Join(err, failed))
	}
	if failed != nil && len(recount.Differences) == 0 {
		return Recount{}, failed
	}
	return recount, nil
}

// freeAddress is a local address that nobody listens on at this moment.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// tail keeps the end of what is written to it. It is safe for concurrent use.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 16 << 10

func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, text...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
