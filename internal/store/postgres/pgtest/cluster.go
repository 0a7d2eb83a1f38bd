// Package pgtest makes PostgreSQL servers and databases for tests: real ones, on loopback, thrown
// away afterwards.
package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// serverVariable names a server that tests use instead of one of their own: its URL, of a role that
// may make databases and is a superuser.
const serverVariable = "FOLKMOOT_TEST_POSTGRES"

// Cluster is a server with a data folder of its own.
type Cluster struct {
	folder string
	port   int
	url    string
	given  bool // it is somebody else's, and stays
}

// Run runs the tests of a package and stops the shared server after them: for TestMain.
func Run(m *testing.M) int {
	defer func() {
		if c, err := shared(); started && err == nil {
			c.Remove()
		}
	}()
	return m.Run()
}

var started bool

// shared is the package's server, begun by the first who needs one.
var shared = sync.OnceValues(func() (*Cluster, error) {
	started = true
	if given := os.Getenv(serverVariable); given != "" {
		return &Cluster{url: given, given: true}, nil
	}
	// What it keeps need not survive anything, and each test has connections of its own, which use a
	// statement a few times: it is planned once for all arguments, and not anew for the first five.
	return NewCluster(map[string]string{"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on", "plan_cache_mode": "force_generic_plan"})
})

// Shared is the package's server, which Run stops.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatalf("there is no PostgreSQL for this test (./test installs it; %s names another server): %v", serverVariable, err)
	}
	return c
}

// NewCluster makes and starts a server with these settings besides those of every test: small, and
// durable unless they say otherwise. Remove it.
func NewCluster(settings map[string]string) (*Cluster, error) {
	folder, err := os.MkdirTemp("", "folkmoot-postgres")
	if err != nil {
		return nil, err
	}
	c := &Cluster{folder: folder}
	if err := c.make(settings); err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) make(settings map[string]string) error {
	var err error
	if c.port, err = freePort(); err != nil {
		return err
	}
	c.url = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
	if err := c.own(c.folder); err != nil {
		return err
	}
	if err := c.run("initdb", "-D", c.data(), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return err
	}
	lines := []string{
		"listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", fmt.Sprintf("port = %d", c.port),
		"max_connections = 300", "shared_buffers = 256MB", "max_wal_size = 4GB", "logging_collector = off",
	}
	for name, value := range settings {
		lines = append(lines, name+" = '"+value+"'")
	}
	slices.Sort(lines)
	file, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := file.WriteString("\n" + strings.Join(lines, "\n") + "\n"); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	return c.Start()
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

// Start starts a server that was stopped or killed, and returns when it answers.
func (c *Cluster) Start() error {
	return c.run("pg_ctl", "-D", c.data(), "-w", "-t", "60", "-l", filepath.Join(c.folder, "log"), "start")
}

// Stop stops the server; it says goodbye to those who are connected.
func (c *Cluster) Stop() error { return c.run("pg_ctl", "-D", c.data(), "-m", "fast", "-w", "stop") }

// Kill ends the server as a crash does: kill -9 of all of it. It is stopped first, so that it sees
// none of its processes go before the others.
func (c *Cluster) Kill() error {
	pid, err := c.pid()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	all := append(children(pid), pid)
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL) // an error says that it has gone already
	}
	for range 500 {
		if !slices.ContainsFunc(all, alive) && c.refuses() {
			return os.Remove(filepath.Join(c.data(), "postmaster.pid"))
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the server is still there")
}

// children are the processes that a process has begun, by what the kernel of Linux tells.
func children(of int) (found []int) {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	for _, folder := range folders {
		if state, parent := status(folder); state != "" && parent == of {
			pid, _ := strconv.Atoi(filepath.Base(folder))
			found = append(found, pid)
		}
	}
	return found
}

// alive tells a process from one that has gone, or that nobody has asked yet what came of it.
func alive(pid int) bool {
	state, _ := status(fmt.Sprintf("/proc/%d", pid))
	return state != "" && state != "Z"
}

// status is the state of a process, "" where there is none, and its parent.
func status(folder string) (state string, parent int) {
	text, err := os.ReadFile(folder + "/stat")
	if err != nil {
		return "", 0
	}
	behind := text[bytes.LastIndexByte(text, ')')+1:] // the name before it may hold anything
	_, _ = fmt.Sscan(string(behind), &state, &parent)
	return state, parent
}

func (c *Cluster) refuses() bool {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)))
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}

func (c *Cluster) pid() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(first)
}

// Remove stops the server and forgets it.
func (c *Cluster) Remove() {
	if c.given {
		return
	}
	if _, err := c.pid(); err == nil {
		_ = c.run("pg_ctl", "-D", c.data(), "-m", "immediate", "-w", "stop")
	}
	_ = os.RemoveAll(c.folder)
}

// NewDatabase makes an empty database, which goes with the server, and returns its URL.
func (c *Cluster) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "folkmoot_" + strings.ToLower(rand.Text()[:16])
	c.Exec(t, c.url, "CREATE DATABASE "+name+" TEMPLATE template0")
	return c.URL(name)
}

// URL is the address of a database of this server.
func (c *Cluster) URL(database string) string {
	u, err := url.Parse(c.url)
	if err != nil {
		return c.url
	}
	u.Path = "/" + database
	return u.String()
}

// Exec runs one statement on a database.
func (c *Cluster) Exec(t testing.TB, url, statement string) {
	t.Helper()
	if err := c.exec(context.Background(), url, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (c *Cluster) exec(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// own gives a path to who runs the server: PostgreSQL refuses to be root.
func (c *Cluster) own(path string) error {
	if os.Getuid() != 0 {
		return nil
	}
	id, err := account()
	if err != nil {
		return err
	}
	return filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, int(id.Uid), int(id.Gid))
	})
}

func account() (*syscall.Credential, error) {
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// run runs a program of PostgreSQL.
func (c *Cluster) run(program string, args ...string) error {
	path, err := find(program)
	if err != nil {
		return err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = c.folder
	if os.Getuid() == 0 {
		id, err := account()
		if err != nil {
			return err
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: id}
	}
	// Not a pipe: the server would keep it open.
	output, err := os.CreateTemp("", "folkmoot-postgres-output")
	if err != nil {
		return err
	}
	defer func() { _ = output.Close(); _ = os.Remove(output.Name()) }()
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(output.Name())
		log, _ := os.ReadFile(filepath.Join(c.folder, "log"))
		return fmt.Errorf("%s: %w: %s %s", program, err, said, log)
	}
	return nil
}

// find looks for a program on the path and where Debian puts it, the newest version first.
func find(program string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	if err == nil && len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1], nil
	}
	return exec.LookPath(program)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
