package proof

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"folkmoot/internal/store/postgres/pgtest"
)

// binary is the program under test, as it is shipped.
var binary string

var seedFlag = flag.Uint64("proof.seed", 0, "repeat a run with the seed that it printed")

func TestMain(m *testing.M) {
	flag.Parse()
	folder, err := os.MkdirTemp("", "proof-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(folder, "folkmoot")
	build := exec.Command("go", "build", "-o", binary, "folkmoot/cmd/folkmoot")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	code := 1
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the program:", err)
	} else {
		code = pgtest.Run(m)
	}
	os.RemoveAll(folder)
	os.Exit(code)
}

// seed is the one asked for, or a new one, which is printed.
func seed(t *testing.T) uint64 {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (repeat with -proof.seed=%d)", seed, seed)
	return seed
}

// engine is what the program keeps its forum in.
type engine string

const (
	onSQLite     engine = "SQLite"
	onPostgreSQL engine = "PostgreSQL"
)

// onBoth proves the same of the program on either engine.
func onBoth(t *testing.T, prove func(t *testing.T, on engine)) {
	for _, on := range []engine{onSQLite, onPostgreSQL} {
		t.Run(string(on), func(t *testing.T) { prove(t, on) })
	}
}

// newProgram is the program with a forum of the test's own.
func newProgram(t *testing.T, on engine) Program {
	t.Helper()
	program := Program{Binary: binary, Data: t.TempDir()}
	if on == onPostgreSQL {
		program.Database = pgtest.Shared(t).NewDatabase(t)
	}
	return program
}

// serve starts the server; it is gone when the test ends, whatever happened.
func serve(t *testing.T, program Program) *Server {
	t.Helper()
	server, err := program.ServeUnlimited(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Kill()
		if t.Failed() {
			t.Logf("the server wrote last:\n%s", server.Output())
		}
	})
	return server
}

// newSite makes a community on a server of its own.
func newSite(t *testing.T, on engine, plan Plan) *Site {
	t.Helper()
	program := newProgram(t, on)
	return newSiteOf(t, program, serve(t, program), plan)
}

// newSiteOf makes a community on a server that runs already.
func newSiteOf(t *testing.T, program Program, server *Server, plan Plan) *Site {
	t.Helper()
	site, err := NewSite(t.Context(), program, server, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	return site
}

// mustAudit reads everything back and recounts it; anything wrong fails the test.
func mustAudit(t *testing.T, site *Site, histories ...*History) Audit {
	t.Helper()
	audit, err := site.Audit(t.Context(), histories...)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range audit.Findings {
		t.Error(finding)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	recount, err := site.Program.Verify(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range recount.Differences {
		t.Errorf("verify: %s", difference)
	}
	return audit
}
