package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"folkmoot/internal/store/postgres/pgtest"
)

// newCluster is a database server of the test's own, to be treated badly. It flushes what it writes.
func newCluster(t *testing.T) *pgtest.Cluster {
	t.Helper()
	cluster, err := pgtest.NewCluster(map[string]string{"deadlock_timeout": "200ms"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	return cluster
}

// newClusterSite makes a community in a database of that server.
func newClusterSite(t *testing.T, cluster *pgtest.Cluster, plan Plan) *Site {
	t.Helper()
	program := Program{Binary: binary, Data: t.TempDir(), Database: cluster.NewDatabase(t)}
	return newSiteOf(t, program, serve(t, program), plan)
}

// session is a connection of somebody else to the site's database.
func session(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// working lets everybody of the site work until the function returned is called, which returns what
// they were answered; those who persist ask again what could not be served.
func working(t *testing.T, site *Site, plan Plan, persist bool) (stop func() *History) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var history *History
	running.Go(func() {
		history = Load{Site: site, Mix: plan.Mix, Duration: time.Hour, Body: plan.Body, Seed: plan.Seed, Persist: persist}.Run(ctx)
	})
	t.Cleanup(cancel)
	return func() *History {
		cancel()
		running.Wait()
		return history
	}
}

// status is what an address answers at this moment; one that cannot be served must say when to come again.
func status(t *testing.T, site *Site, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+site.Server.Address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode == http.StatusServiceUnavailable && path != "/readyz" && answer.Header.Get("Retry-After") == "" {
		t.Errorf("%s: 503 without Retry-After", path)
	}
	return answer.StatusCode
}

// awaitStatus asks until an address answers with a status.
func awaitStatus(t *testing.T, site *Site, path string, want int) {
	t.Helper()
	for began := time.Now(); status(t, site, path) != want; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("%s does not come to answer %d", path, want)
		}
	}
}

// only fails where something was answered that is none of these statuses.
func only(t *testing.T, history *History, statuses ...int) {
	t.Helper()
	expected := map[string]bool{}
	for _, status := range statuses {
		expected[fmt.Sprint(status, " ", http.StatusText(status))] = true
	}
	for kind, n := range history.Errors() {
		if !expected[kind] {
			t.Errorf("%d x %s", n, kind)
		}
	}
}

// faults is the work during which a database server fails.
func faults(t *testing.T) Plan {
	return Plan{Mix: MixAll, Clients: 16, Threads: 3, Posts: 5, Body: 200, Seed: seed(t)}
}

// A forum whose database server is not there says so, tries again for a while, and gives up with an
// exit code of its own; one whose database server comes meanwhile starts.
func TestDatabaseServerIsDownAtStart(t *testing.T) {
	t.Parallel()
	t.Run("and stays", func(t *testing.T) {
		t.Parallel()
		address, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		program := Program{Binary: binary, Data: t.TempDir(), Database: "postgres://folkmoot:secret@" + address + "/folkmoot"}
		began := time.Now()
		_, err = program.Serve(t.Context())
		if err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "\nfolkmoot: opening PostgreSQL's folkmoot at "+address+": the database server cannot be reached") {
			t.Errorf("without a database server: %v", err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is told: %v", err)
		}
		t.Logf("given up after %.1f s", time.Since(began).Seconds())
	})
	t.Run("and comes", func(t *testing.T) {
		t.Parallel()
		cluster := newCluster(t)
		program := Program{Binary: binary, Data: t.TempDir(), Database: cluster.NewDatabase(t)}
		if err := cluster.Stop(); err != nil {
			t.Fatal(err)
		}
		var starting sync.WaitGroup
		starting.Go(func() {
			time.Sleep(time.Second)
			if err := cluster.Start(); err != nil {
				t.Error(err)
			}
		})
		server := serve(t, program)
		starting.Wait()
		if !strings.Contains(server.Output(), "does not answer; it is tried again") {
			t.Errorf("nothing was said of the server that was down:\n%s", server.Output())
		}
		t.Logf("started after %.1f s", server.Started.Seconds())
	})
}

// The database server is ended in the middle of everybody's work, in good order and by kill -9 of all
// of it, and comes again. Meanwhile the forum says that it cannot serve; then it goes on by itself,
// and what it acknowledged is there.
func TestDatabaseServerGoesAndComes(t *testing.T) {
	plan := faults(t)
	cluster := newCluster(t)
	site := newClusterSite(t, cluster, plan)
	var histories []*History
	for _, end := range []struct {
		name string
		do   func() error
	}{{"stopped", cluster.Stop}, {"killed", cluster.Kill}, {"killed again", cluster.Kill}} {
		stop := working(t, site, plan, true)
		time.Sleep(700 * time.Millisecond)
		if err := end.do(); err != nil {
			t.Fatal(err)
		}
		awaitStatus(t, site, "/readyz", http.StatusServiceUnavailable)
		var asking sync.WaitGroup
		for _, path := range []string{"/", site.Threads[0].posts, site.Threads[0].path} {
			asking.Go(func() {
				if got := status(t, site, path); got != http.StatusServiceUnavailable {
					t.Errorf("%s: %s is answered with %d, want 503", end.name, path, got)
				}
			})
		}
		asking.Wait()
		began := time.Now()
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		awaitStatus(t, site, "/readyz", http.StatusOK)
		ready := time.Since(began)
		time.Sleep(700 * time.Millisecond)
		history := stop()
		histories = append(histories, history)
		only(t, history, http.StatusConflict)
		mustAudit(t, site, histories...)
		t.Logf("%s: %d requests acknowledged, the others %v; ready %.1f s after the start began; the longest %.0f ms",
			end.name, history.Answered(), history.Errors(), ready.Seconds(), history.Latency().Max)
		if t.Failed() {
			return
		}
	}
}

// Who operates the database ends the forum's connections to it, ten times a second, while everybody
// works and reads: each request is answered as if nothing had been.
func TestBackendsTerminated(t *testing.T) {
	plan := faults(t)
	cluster := newCluster(t)
	site := newClusterSite(t, cluster, plan)
	operator := session(t, site.Program.Database)
	stop := working(t, site, plan, false)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var reading sync.WaitGroup
	var visitors visits
	for i, path := range []string{"/", site.Threads[0].path, site.Threads[1].posts} {
		reading.Go(func() { visitors.visit(ctx, site.Server.Address, path, i == 0) })
	}
	terminated := 0
	for began := time.Now(); time.Since(began) < 4*time.Second; time.Sleep(100 * time.Millisecond) {
		var n int
		err := operator.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'folkmoot'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		terminated += n
	}
	history := stop()
	end()
	reading.Wait()
	only(t, history, http.StatusConflict)
	for _, failed := range visitors.failed {
		t.Errorf("a visitor was answered %s", failed)
	}
	mustAudit(t, site, history)
	t.Logf("%d connections ended; %d requests acknowledged, others %v; %d pages read; the longest write took %.0f ms", terminated,
		history.Answered(), history.Errors(), visitors.answered.Load(), history.Latency().Max)
}

// Fifty moderators move the same few threads to and fro, and write in them: nobody waits for ever,
// and nobody is told that it did not work but where somebody else was quicker.
func TestOppositeMoves(t *testing.T) {
	plan := Plan{Mix: MixMove, Clients: 50, Threads: 6, Posts: 5, Body: 100, Seed: seed(t)}
	site := newSite(t, onPostgreSQL, plan)
	history := Load{Site: site, Mix: plan.Mix, Duration: 10 * time.Second, Body: plan.Body, Seed: plan.Seed}.Run(t.Context())
	only(t, history, http.StatusConflict)
	mustAudit(t, site, history)
	if history.Answered(Moving) == 0 {
		t.Error("nothing was moved")
	}
	if err := site.Server.Stop(); err != nil { // its connections tell when they end
		t.Error(err)
	}
	var deadlocks int
	err := session(t, site.Program.Database).QueryRow(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks > 0 {
		t.Errorf("%d times transactions waited for each other (%v): there is one order of locks", deadlocks, err)
	}
	t.Logf("%d moves, %d posts, others %v; the longest took %.0f ms", history.Answered(Moving), history.Answered(Posting), history.Errors(), history.Latency().Max)
}

// Somebody else's session holds the row of a thread for long. Who writes there is told to come again,
// in bounded time; all others go on, those who move threads among them.
func TestThreadHeldByAnother(t *testing.T) {
	t.Parallel() // most of it is waiting
	plan := Plan{Mix: MixPost, Clients: 24, Threads: 2, Posts: 2, Body: 100, Seed: seed(t)}
	site := newSite(t, onPostgreSQL, plan)
	held := site.Threads[site.Locked] // that nobody of the load writes in
	if err := site.admin.call(http.MethodDelete, held.path+"/marks/locked", "", nil, nil); err != nil {
		t.Fatal(err)
	}
	other := session(t, site.Program.Database)
	run(t, other, `BEGIN`)
	run(t, other, fmt.Sprintf(`SELECT 1 FROM threads WHERE id = %d FOR UPDATE`, held.ID))

	stop := working(t, site, plan, false)
	var asking sync.WaitGroup
	var longest atomic.Int64
	for i := range 20 { // more than there are connections that write
		asking.Go(func() {
			conn := Dial(site.Server.Address, site.adminToken)
			defer conn.Close()
			request := Request{http.MethodPost, held.posts, fmt.Sprint("held ", i), []byte(`{"body":"Who holds this?"}`)}
			if i%4 == 0 {
				request = Request{http.MethodPut, held.path + "/marks/pinned", fmt.Sprint("held ", i), nil}
			}
			began := time.Now()
			answer, err := conn.Do(request)
			if err != nil || answer.Status != http.StatusServiceUnavailable {
				t.Errorf("%s in a thread that is held: %d %s (%v), want 503", request.Method, answer.Status, answer.Body, err)
			}
			longest.Store(max(longest.Load(), time.Since(began).Milliseconds()))
		})
	}
	time.Sleep(time.Second) // they wait by now
	began := time.Now()
	mark := Request{http.MethodPut, site.Threads[0].path + "/marks/pinned", "elsewhere", nil}
	if answer, err := site.admin.Do(mark); err != nil || answer.Status != http.StatusOK {
		t.Errorf("another thread is pinned: %d %s (%v), want 200", answer.Status, answer.Body, err)
	}
	elsewhere := time.Since(began)
	asking.Wait()
	history := stop()
	run(t, other, `ROLLBACK`)
	only(t, history)
	if answer, err := site.admin.Do(Request{http.MethodPost, held.posts, "held 1", []byte(`{"body":"Who holds this?"}`)}); err != nil || answer.Status != http.StatusCreated {
		t.Errorf("asked again when nobody holds it: %d %s (%v), want 201", answer.Status, answer.Body, err)
	}
	mustAudit(t, site, history)
	t.Logf("who writes in the thread that is held is answered after %.1f s at most, who marks another after %.2f s; meanwhile %d replies elsewhere, the longest %.0f ms",
		float64(longest.Load())/1000, elsewhere.Seconds(), history.Answered(), history.Latency().Max)
}

// A table is locked whole for a while, so that every connection waits: who asks is told to come
// again, in bounded time, and afterwards all is as it was.
func TestConnectionsExhausted(t *testing.T) {
	t.Parallel() // most of it is waiting
	plan := Plan{Mix: MixAll, Clients: 48, Threads: 3, Posts: 5, Body: 200, Seed: seed(t)}
	site := newSite(t, onPostgreSQL, plan)
	stop := working(t, site, plan, true)
	time.Sleep(500 * time.Millisecond)
	other := session(t, site.Program.Database)
	run(t, other, `BEGIN`)
	run(t, other, `LOCK TABLE threads IN ACCESS EXCLUSIVE MODE`)
	var asking sync.WaitGroup
	var longest atomic.Int64
	for range 40 { // more than there are connections that read
		asking.Go(func() {
			began := time.Now()
			if got := status(t, site, site.Threads[0].path); got != http.StatusServiceUnavailable {
				t.Errorf("while a table is locked a thread is answered with %d, want 503", got)
			}
			longest.Store(max(longest.Load(), time.Since(began).Milliseconds()))
		})
	}
	asking.Wait()
	run(t, other, `ROLLBACK`)
	began := time.Now()
	awaitStatus(t, site, site.Threads[0].path, http.StatusOK)
	again := time.Since(began)
	time.Sleep(500 * time.Millisecond)
	history := stop()
	only(t, history, http.StatusConflict)
	mustAudit(t, site, history)
	t.Logf("who reads is answered after %.1f s at most; %d requests acknowledged, others %v; served again %.1f s after", float64(longest.Load())/1000,
		history.Answered(), history.Errors(), again.Seconds())
}

// A standby that is waited for does not answer, and somebody cuts the waiting short: the post is
// stored here, and perhaps nowhere else. It is not acknowledged while that is so, however often it
// is asked for, and is there once when the standby is no longer waited for.
func TestStandbyDoesNotAnswer(t *testing.T) {
	t.Parallel() // most of it is waiting
	cluster := newCluster(t)
	site := newClusterSite(t, cluster, Plan{Mix: MixPost, Clients: 1, Threads: 1, Posts: 1, Body: 100, Seed: seed(t)})
	operator := session(t, site.Program.Database)
	thread := site.Threads[0]
	wait := func(standby string) {
		t.Helper()
		run(t, operator, `ALTER SYSTEM SET synchronous_standby_names = '`+standby+`'`)
		run(t, operator, `SELECT pg_reload_conf()`)
	}
	cancelWaits := func() (cancelled int) {
		t.Helper()
		err := operator.QueryRow(t.Context(), `SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`).Scan(&cancelled)
		if err != nil {
			t.Fatal(err)
		}
		return cancelled
	}
	post := func(key string) <-chan Answer {
		answered := make(chan Answer, 1)
		go func() {
			conn := Dial(site.Server.Address, site.People[0].Token)
			defer conn.Close()
			answer, err := conn.Do(Request{http.MethodPost, thread.posts, key, []byte(`{"body":"Is this safe?"}`)})
			if err != nil {
				t.Error(err)
			}
			answered <- Answer{answer.Status, append([]byte(nil), answer.Body...)}
		}()
		return answered
	}

	wait("nobody")
	time.Sleep(200 * time.Millisecond) // until every backend has read it
	answered := post("unsafe")
	cancelled := 0
	var answer Answer
	for waiting := true; waiting; {
		select {
		case answer = <-answered:
			waiting = false
		case <-time.After(50 * time.Millisecond):
			cancelled += cancelWaits()
		}
	}
	if answer.Status != http.StatusServiceUnavailable || cancelled == 0 {
		t.Fatalf("after %d waits cut short: %d %s, want 503", cancelled, answer.Status, answer.Body)
	}
	var stored int
	if err := operator.QueryRow(t.Context(), `SELECT count(*) FROM posts WHERE thread_id = $1`, thread.ID).Scan(&stored); err != nil || stored != 2 {
		t.Errorf("%d posts are stored (%v), want the first and that one", stored, err)
	}

	answered = post("unsafe") // asked again: it is stored, and still not safe
	cutShort := cancelUntil(t, cancelWaits)
	select {
	case answer := <-answered:
		t.Fatalf("asked again, with %d waits cut short: %d %s, want no answer yet", cutShort, answer.Status, answer.Body)
	case <-time.After(300 * time.Millisecond):
	}
	wait("")
	if answer := <-answered; answer.Status != http.StatusCreated {
		t.Errorf("when no standby is waited for: %d %s, want 201", answer.Status, answer.Body)
	}
	audit := mustAudit(t, site)
	if audit.Rows != 3 { // the locked thread has one, too
		t.Errorf("%d posts are there, want 3", audit.Rows)
	}
}

// cancelUntil cuts waits short until there was one.
func cancelUntil(t *testing.T, cancel func() int) int {
	t.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		if n := cancel(); n > 0 {
			return n
		}
	}
	t.Fatal("no commit waits for the standby")
	return 0
}

// A database that cannot be used is refused in one line that says why, with an exit code, and left as it was.
func TestDatabasesThatCannotBeUsed(t *testing.T) {
	cluster := pgtest.Shared(t)
	made := func(t *testing.T) string {
		t.Helper()
		program := newProgram(t, onPostgreSQL)
		if err := serve(t, program).Stop(); err != nil {
			t.Fatal(err)
		}
		return program.Database
	}
	role := func(t *testing.T, url, options string, grants ...string) string {
		t.Helper()
		name := "role_" + filepath.Base(strings.SplitN(url, "?", 2)[0])
		cluster.Exec(t, url, "CREATE ROLE "+name+" LOGIN "+options)
		for _, grant := range grants {
			cluster.Exec(t, url, fmt.Sprintf(grant, name))
		}
		return strings.Replace(url, "postgres@", name+"@", 1)
	}
	tests := []struct {
		name string
		url  func(t *testing.T) string
		code int
		says string
	}{
		{"not an address", func(*testing.T) string { return "postgres://[" }, 7, "the address is not one of PostgreSQL"},
		{"no such database", func(t *testing.T) string { return cluster.URL("nowhere") }, 7, `database "nowhere" does not exist`},
		{"no such role", func(t *testing.T) string {
			return strings.Replace(cluster.NewDatabase(t), "postgres@", "stranger@", 1)
		}, 7, `role "stranger" does not exist`},
		{"a role that may make no tables", func(t *testing.T) string {
			url := cluster.NewDatabase(t)
			return role(t, url, "", "REVOKE CREATE ON SCHEMA public FROM PUBLIC, %s")
		}, 7, "the role may not make tables"},
		{"a role that may do nothing there", func(t *testing.T) string { return role(t, made(t), "") }, 7, "the role"},
		{"a role that may only read", func(t *testing.T) string {
			return role(t, made(t), "", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO %s")
		}, 7, "the role may only read"},
		{"sessions that may only read", func(t *testing.T) string {
			url := made(t)
			cluster.Exec(t, url, "ALTER DATABASE "+filepath.Base(strings.SplitN(url, "?", 2)[0])+" SET default_transaction_read_only = on")
			return url
		}, 7, "it can only be read"},
		{"another program's tables", func(t *testing.T) string {
			url := cluster.NewDatabase(t)
			cluster.Exec(t, url, "CREATE TABLE customers (id BIGINT)")
			return url
		}, 7, "it holds the tables of another program"},
		{"another encoding", func(t *testing.T) string {
			url := cluster.NewDatabase(t)
			cluster.Exec(t, url, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
			return cluster.URL("latin")
		}, 7, "its encoding is LATIN1, and UTF8 is needed"},
		{"a newer schema", func(t *testing.T) string {
			url := made(t)
			cluster.Exec(t, url, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
			return url
		}, 3, "newer version of Folkmoot"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			program := Program{Binary: binary, Data: t.TempDir(), Database: tt.url(t)}
			_, err := program.Serve(t.Context())
			if err == nil {
				t.Fatal("the server started")
			}
			said := err.Error()
			if !strings.Contains(said, fmt.Sprintf("exit status %d", tt.code)) || !strings.Contains(said, tt.says) {
				t.Errorf("it said:\n%s\nwant exit code %d and %q", said, tt.code, tt.says)
			}
			if lines := lastLines(said); lines != 1 {
				t.Errorf("%d lines, want one:\n%s", lines, said)
			}
		})
	}
}

// lastLines counts what was written besides the log.
func lastLines(said string) (n int) {
	_, output, _ := strings.Cut(said, "\n")
	for line := range strings.Lines(output) {
		if strings.TrimSpace(line) != "" && !json.Valid([]byte(line)) {
			n++
		}
	}
	return n
}
