package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3/lock"

	"folkmoot/internal/store/postgres/pgtest"
)

// house is several servers on one PostgreSQL database of the test's own.
type house struct {
	program Program
	cluster *pgtest.Cluster
	servers []*Server
}

// newHouse makes the database; servers are started by serve.
func newHouse(t *testing.T) *house {
	t.Helper()
	cluster, err := pgtest.NewCluster(nil)
	if err != nil {
		t.Fatalf("there is no PostgreSQL for this test (./test installs it): %v", err)
	}
	t.Cleanup(cluster.Remove)
	return &house{cluster: cluster, program: Program{Binary: binary, Database: cluster.NewDatabase(t)}}
}

// serve starts one more server.
func (h *house) serve(t *testing.T, flags ...string) *Server {
	t.Helper()
	server, err := h.program.Serve(t.Context(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Kill()
		if t.Failed() {
			t.Logf("the server at %s wrote last:\n%s", server.Address, server.Output())
		}
	})
	h.servers = append(h.servers, server)
	return server
}

// query reads one number past the servers.
func (h *house) query(t *testing.T, text string) (n int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.program.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), text).Scan(&n); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// admin is an administrator's connection to a server, made at the command line.
func (h *house) admin(t *testing.T, server *Server) *Conn {
	t.Helper()
	h.run(t, password+"\n", "user", "create", "boss", "--admin")
	token := h.run(t, "", "token", "create", "--user", "boss", "--scope", "moderate")
	return h.dial(t, server, strings.TrimSpace(token))
}

func (h *house) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := h.program.Run(t.Context(), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (h *house) dial(t *testing.T, server *Server, token string) *Conn {
	t.Helper()
	conn := Dial(server.Address, token)
	t.Cleanup(conn.Close)
	return conn
}

// from says where a request comes from, as a proxy on this machine does.
func (c *Conn) from(address string) *Conn {
	c.request.Header.Set("X-Forwarded-For", address)
	return c
}

// proxy starts nginx before the servers, with the configuration that docs/operating.md gives people,
// and returns it with the path of its log: which server answered, with what.
func (h *house) proxy(t *testing.T) (*Server, string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program = "/usr/sbin/nginx"; !isFile(program) {
			t.Fatal("there is no nginx for this test; ./test installs it")
		}
	}
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	log := filepath.Join(folder, "access.log")
	config := filepath.Join(folder, "nginx.conf")
	text := fmt.Sprintf(`
		user root;
		pid %[1]s/pid;
		error_log %[1]s/error.log;
		events { worker_connections 1024; }
		http {
			log_format who '$upstream_addr $status $request_method';
			access_log %[2]s who;
			client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
			uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
			%[3]s
		}`, folder, log, h.nginx(t, address))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := Program{}.start(t.Context(), address, "/healthz",
		exec.Command(program, "-p", folder, "-c", config, "-e", filepath.Join(folder, "error.log"), "-g", "daemon off;"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Stop()
		if t.Failed() {
			said, _ := os.ReadFile(filepath.Join(folder, "error.log"))
			t.Logf("nginx wrote:\n%s", said)
		}
	})
	return server, log
}

func isFile(path string) bool { _, err := os.Stat(path); return err == nil }

// nginx is contrib/nginx/folkmoot.conf with this machine's addresses, without https.
func (h *house) nginx(t *testing.T, address string) string {
	t.Helper()
	text, err := os.ReadFile("../../contrib/nginx/folkmoot.conf")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "ssl_certificate") {
			lines = append(lines, line)
		}
	}
	config := strings.Join(lines, "")
	for old, new := range map[string]string{"127.0.0.1:8080": h.servers[0].Address, "127.0.0.1:8081": h.servers[1].Address, "443 ssl http2": address} {
		if !strings.Contains(config, old) {
			t.Fatalf("contrib/nginx/folkmoot.conf has no %q", old)
		}
		config = strings.ReplaceAll(config, old, new)
	}
	return config
}

// answeredBy counts in nginx's log the answers below 500 that each server gave.
func answeredBy(t *testing.T, log string) map[string]int {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[1] < "500" {
			counts[fields[0]]++
		}
	}
	return counts
}

// Two servers on one database answer behind nginx. One is killed in the middle: the other goes on,
// what was left unanswered is asked again under its key, and in the end everything acknowledged is
// there once, numbered without a gap, and every number is right.
func TestServersBehindAProxy(t *testing.T) {
	h := newHouse(t)
	for range 2 {
		h.serve(t, "--rate-factor", rateFactor)
	}
	proxy, log := h.proxy(t)
	plan := Plan{Mix: MixPost, Clients: 16, Threads: 4, Posts: 2, Body: 200, Seed: seed(t)}
	site, err := NewSite(t.Context(), h.program, proxy, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	before := answeredBy(t, log)
	killed := time.AfterFunc(time.Second, h.servers[0].Kill)
	defer killed.Stop()
	history := Load{Site: site, Mix: plan.Mix, Duration: 3 * time.Second, Body: plan.Body, Seed: plan.Seed}.Run(t.Context())
	after := answeredBy(t, log)
	for _, server := range h.servers {
		if after[server.Address] <= before[server.Address] {
			t.Errorf("%s answered nothing of the load: %v, before it %v", server.Address, after, before)
		}
	}
	audit := mustAudit(t, site, history)
	if audit.Unknown == 0 || audit.Acknowledged < 100 {
		t.Errorf("%d posts were left unanswered, %d acknowledged: want some of each, or nothing was proven", audit.Unknown, audit.Acknowledged)
	}
	if err := history.Settle(site); err != nil {
		t.Fatal(err)
	}
	settled := mustAudit(t, site, history)
	t.Logf("by server: %v; %d posts acknowledged, %d unanswered when one was killed (%d of them stored) and asked again; then %d acknowledged, lost %d, duplicated %d",
		after, audit.Acknowledged, audit.Unknown, audit.Happened, settled.Acknowledged, settled.Lost, settled.Duplicated)
}

// signIn tries to sign in and returns the status and the session.
func signIn(t *testing.T, conn *Conn, name, secret string) (status int, session string) {
	t.Helper()
	answer, err := conn.Do(Request{Method: http.MethodPost, Path: "/api/v1/sign-in", Body: fmt.Appendf(nil, `{"name":%q,"password":%q}`, name, secret)})
	if err != nil {
		t.Fatal(err)
	}
	token, _ := scan(answer.Body, `"token"`)
	if len(token) > 0 {
		session, _, _ = strings.Cut(string(token[1:]), `"`)
	}
	return answer.Status, session
}

// attempts are what some requests were answered that a ration holds back.
type attempts struct {
	began   time.Time
	through int
}

// check compares with the quota of a ration that gives one more each time.
func (a attempts) check(t *testing.T, what string, quota int, each time.Duration) {
	t.Helper()
	if most := quota + int(time.Since(a.began)/each); a.through < quota || a.through > most {
		t.Errorf("%s: %d went through, want %d (%d by now)", what, a.through, quota, most)
	}
}

// Whoever guesses, or writes, through several servers gets no more than through one.
func TestServersShareRations(t *testing.T) {
	h := newHouse(t)
	for range 2 {
		h.serve(t)
	}
	proxy, _ := h.proxy(t)
	admin := h.admin(t, h.servers[0])
	for _, name := range []string{"ann", "ben"} {
		h.run(t, password+"\n", "user", "create", name)
	}
	guess := func(what string, name string, conns ...*Conn) {
		t.Helper()
		tries := attempts{began: time.Now()}
		for i := range 40 {
			switch status, _ := signIn(t, conns[i%len(conns)], name, "a wrong password"); status {
			case http.StatusUnprocessableEntity:
				tries.through++
			case http.StatusTooManyRequests:
			default:
				t.Fatalf("%s: a wrong password is answered with %d", what, status)
			}
		}
		tries.check(t, what, 10, 30*time.Second)
	}
	at := func(server *Server, address string) *Conn { return h.dial(t, server, "").from(address) }
	guess("directly", "ann", at(h.servers[0], "203.0.113.9"), at(h.servers[1], "203.0.113.9"))
	// Through nginx it is the address that nginx saw, whatever the client claims before it.
	guess("through nginx", "ben", at(proxy, "203.0.113.20"), at(proxy, "198.51.100.1, 203.0.113.20"), at(proxy, "198.51.100.2, 203.0.113.20"))
	if status, _ := signIn(t, at(proxy, "203.0.113.21"), "ben", password); status != http.StatusOK {
		t.Errorf("ben at another address: %d, want 200", status)
	}
	_, session := signIn(t, at(proxy, "203.0.113.21"), "ann", password)

	var category struct {
		ID int64 `json:"id"`
	}
	if err := admin.call(http.MethodPost, "/api/v1/categories", "", map[string]any{"name": "A place"}, &category); err != nil {
		t.Fatal(err)
	}
	threads := attempts{began: time.Now()}
	conns := []*Conn{h.dial(t, h.servers[0], session), h.dial(t, h.servers[1], session), h.dial(t, proxy, session)}
	for i := range 45 {
		answer, err := conns[i%len(conns)].Do(Request{http.MethodPost, "/api/v1/threads", fmt.Sprint("thread-", i),
			fmt.Appendf(nil, `{"category_id":%d,"title":"A title","body":"A text."}`, category.ID)})
		switch {
		case err != nil:
			t.Fatal(err)
		case answer.Status == http.StatusCreated:
			threads.through++
		case answer.Status != http.StatusTooManyRequests:
			t.Fatalf("a thread: %d %s", answer.Status, answer.Body)
		}
	}
	threads.check(t, "threads", 30, 10*time.Second)
	if h.query(t, `SELECT count(*) FROM rates`) == 0 {
		t.Error("nothing stands in the table of rates")
	}
	// A database that was killed has forgotten them, and nothing else.
	if err := errors.Join(h.cluster.Kill(), h.cluster.Start()); err != nil {
		t.Fatal(err)
	}
	awaitAnswer(t, h.servers[0], "/readyz", http.StatusOK)
	if n := h.query(t, `SELECT count(*) FROM threads`); n != int64(threads.through) {
		t.Errorf("%d threads are there, %d were acknowledged", n, threads.through)
	}
}

// awaitAnswer asks until the answer has a status. Each time an answer must come.
func awaitAnswer(t *testing.T, server *Server, path string, want int) {
	t.Helper()
	conn := Dial(server.Address, "")
	defer conn.Close()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		answer, err := conn.Do(Request{Method: http.MethodGet, Path: path})
		if err == nil && answer.Status == want {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%s is answered with %d %s (%v), want %d", path, answer.Status, answer.Body, err, want)
		}
	}
}

// What one server does holds at once on another that remembers how it was.
func TestServersAgree(t *testing.T) {
	h := newHouse(t)
	one, two := h.serve(t, "--rate-factor", rateFactor), h.serve(t, "--rate-factor", rateFactor)
	proxy, _ := h.proxy(t)
	admin := h.admin(t, one)
	var category, thread struct {
		ID     int64 `json:"id"`
		Thread int64 `json:"thread_id"`
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(admin.call(http.MethodPost, "/api/v1/categories", "", map[string]any{"name": "A place"}, &category))
	must(admin.call(http.MethodPost, "/api/v1/threads", "", map[string]any{"category_id": category.ID, "title": "A thread", "body": "Its first post."}, &thread))
	path := fmt.Sprintf("/api/v1/threads/%d", thread.Thread)
	page := fmt.Sprintf("/t/%d/a-thread", thread.Thread)
	ask := func(conn *Conn, method, path, body string, want int) string {
		t.Helper()
		answer, err := conn.Do(Request{Method: method, Path: path, Body: []byte(body)})
		if err != nil || answer.Status != want {
			t.Errorf("%s %s at %s: %d %s (%v), want %d", method, path, conn.address, answer.Status, answer.Body, err, want)
		}
		return string(answer.Body)
	}
	reply := func(conn *Conn, want int) { t.Helper(); ask(conn, "POST", path+"/posts", `{"body":"A reply."}`, want) }
	// person signs somebody up through the proxy; both servers remember them by a reply.
	person := func(name string) (atOne, atTwo *Conn) {
		t.Helper()
		h.run(t, password+"\n", "user", "create", name)
		_, session := signIn(t, h.dial(t, proxy, ""), name, password)
		atOne, atTwo = h.dial(t, one, session), h.dial(t, two, session)
		for range 3 {
			reply(atOne, http.StatusCreated)
			reply(atTwo, http.StatusCreated)
		}
		return atOne, atTwo
	}

	atOne, atTwo := person("leaves")
	ask(atOne, "POST", "/api/v1/sign-out", "", http.StatusNoContent)
	reply(atTwo, http.StatusUnauthorized)
	ask(atTwo, "GET", "/api/v1/me", "", http.StatusUnauthorized)

	_, atTwo = person("suspended")
	ask(admin, "PUT", "/api/v1/people/suspended/suspension", `{}`, http.StatusNoContent)
	reply(atTwo, http.StatusForbidden)
	ask(admin, "DELETE", "/api/v1/people/suspended/suspension", "", http.StatusNoContent)
	reply(atTwo, http.StatusCreated)

	atOne, atTwo = person("changed")
	h.run(t, "another horse battery\n", "user", "password", "changed")
	reply(atOne, http.StatusUnauthorized)
	reply(atTwo, http.StatusUnauthorized)

	atOne, _ = person("script")
	var token struct {
		ID    int64  `json:"id"`
		Token string `json:"token"`
	}
	must(atOne.call(http.MethodPost, "/api/v1/tokens", "", map[string]any{"name": "script", "scope": "write"}, &token))
	script := h.dial(t, two, token.Token)
	reply(script, http.StatusCreated)
	ask(atOne, "DELETE", fmt.Sprintf("/api/v1/tokens/%d", token.ID), "", http.StatusNoContent)
	reply(script, http.StatusUnauthorized)

	_, atTwo = person("writes")
	ask(admin, "PUT", path+"/marks/locked", "", http.StatusOK)
	reply(atTwo, http.StatusConflict)
	ask(admin, "DELETE", path+"/marks/locked", "", http.StatusOK)
	reply(atTwo, http.StatusCreated)

	// Pages that the second server has in memory.
	visitor := h.dial(t, two, "")
	shows := func(text string) {
		t.Helper()
		if body := ask(visitor, "GET", page, "", http.StatusOK); !strings.Contains(body, text) {
			t.Errorf("the page does not show %q", text)
		}
	}
	shows("Its first post.")
	ask(admin, "PATCH", path+"/posts/1", `{"body":"Its first post, as changed."}`, http.StatusOK)
	shows("as changed")
	ask(admin, "PUT", "/api/v1/site", `{"name":"Another name","description":""}`, http.StatusOK)
	shows("Another name")
	ask(admin, "PUT", fmt.Sprintf("/api/v1/categories/%d/marks/hidden", category.ID), "", http.StatusNoContent)
	ask(visitor, "GET", page, "", http.StatusNotFound)
	reply(atTwo, http.StatusNotFound)
}

// Of servers that start at once one makes the tables, and the others wait for it. One that is running
// goes on while a newer one migrates; one that is older than the tables refuses in one line.
func TestServersMigrate(t *testing.T) {
	h := newHouse(t)
	migrating, err := pgx.Connect(t.Context(), h.program.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer migrating.Close(t.Context())
	if _, err := migrating.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, lock.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	const together = 4
	var mu sync.Mutex
	var starting sync.WaitGroup
	for range together {
		starting.Go(func() {
			server, err := h.program.Serve(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			h.servers = append(h.servers, server)
		})
	}
	// Each has two connections by the time it would migrate.
	for h.query(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'folkmoot'`) < 2*together {
		time.Sleep(10 * time.Millisecond)
	}
	if tables := h.query(t, `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'goose_db_version'`); tables != 0 {
		t.Errorf("%d tables are there while somebody else migrates", tables)
	}
	if err := migrating.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	starting.Wait()
	t.Cleanup(func() {
		for _, server := range h.servers {
			server.Kill()
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	newest := h.query(t, `SELECT max(version_id) FROM goose_db_version`)
	if rows := h.query(t, `SELECT count(*) FROM goose_db_version WHERE version_id > 0`); rows != newest {
		t.Errorf("%d migrations are noted of %d", rows, newest)
	}
	if epochs := h.query(t, `SELECT count(*) FROM settings WHERE key = 'epoch'`); epochs != 1 {
		t.Errorf("there are %d epochs", epochs)
	}

	running := h.servers[0]
	admin := h.admin(t, running)
	h.cluster.Exec(t, h.program.Database, `DROP TABLE rates`)
	h.cluster.Exec(t, h.program.Database, `ALTER TABLE search_docs DROP COLUMN created_at`)
	h.cluster.Exec(t, h.program.Database, `DELETE FROM goose_db_version WHERE version_id >= 4`)
	for _, path := range []string{"/api/v1/threads", "/readyz"} {
		awaitAnswer(t, running, path, http.StatusOK)
	}
	h.serve(t)
	if now := h.query(t, `SELECT max(version_id) FROM goose_db_version`); now != newest {
		t.Errorf("the schema is %d after another server started, want %d", now, newest)
	}
	if err := admin.call(http.MethodPost, "/api/v1/categories", "", map[string]any{"name": "A place"}, nil); err != nil {
		t.Errorf("the server that was running: %v", err)
	}

	h.cluster.Exec(t, h.program.Database, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	before := h.query(t, `SELECT count(*) FROM goose_db_version`)
	code, said := refused(t, h.program)
	if code != 3 || strings.Count(strings.TrimSpace(said), "\n") != 0 || !strings.Contains(said, "newer version") {
		t.Errorf("a server older than the database ends with %d and says %q, want 3 and one line", code, said)
	}
	if after := h.query(t, `SELECT count(*) FROM goose_db_version`); after != before {
		t.Error("it changed something")
	}
	awaitAnswer(t, running, "/readyz", http.StatusOK)
}

// refused starts a server that does not, and returns how it ended and what it said.
func refused(t *testing.T, program Program) (code int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, program.Binary, slices.Concat([]string{"serve", "--listen", address}, program.place())...)
	command.Env = program.environment()
	out, err := command.CombinedOutput()
	if ended := new(exec.ExitError); !errors.As(err, &ended) {
		t.Fatalf("the server ended with %v: %s", err, out)
	}
	return command.ProcessState.ExitCode(), string(out)
}

// A server whose database does not answer says so, and is ready again with it.
func TestServerIsNotReadyWithoutItsDatabase(t *testing.T) {
	h := newHouse(t)
	server := h.serve(t)
	awaitAnswer(t, server, "/readyz", http.StatusOK)
	for name, end := range map[string]func() error{"stopped": h.cluster.Stop, "killed": h.cluster.Kill} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		awaitAnswer(t, server, "/readyz", http.StatusServiceUnavailable)
		awaitAnswer(t, server, "/healthz", http.StatusOK)
		if err := h.cluster.Start(); err != nil {
			t.Fatal(err)
		}
		awaitAnswer(t, server, "/readyz", http.StatusOK)
		t.Logf("%s and started again: ready without a restart", name)
	}
	// One that takes what it is sent and says nothing, as when the network is cut.
	frozen := h.processes(t)
	signal := func(what syscall.Signal) {
		for _, pid := range frozen {
			_ = syscall.Kill(pid, what) // an error says that it is gone already
		}
	}
	signal(syscall.SIGSTOP)
	defer signal(syscall.SIGCONT)
	awaitAnswer(t, server, "/readyz", http.StatusServiceUnavailable)
	signal(syscall.SIGCONT)
	awaitAnswer(t, server, "/readyz", http.StatusOK)
}

// processes are those of the database server: the first, and those that answer clients.
func (h *house) processes(t *testing.T) []int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.program.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	one := int(conn.PgConn().PID())
	first := parentOf(one)
	if first <= 1 {
		t.Fatalf("process %d has no parent that could be the server", one)
	}
	all := []int{first}
	found, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && pid != one && parentOf(pid) == first {
			all = append(all, pid)
		}
	}
	return all
}

// parentOf is the process that began another, 0 where that is gone.
func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte(") ")) // the name before it may hold spaces
	fields := strings.Fields(string(rest))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
