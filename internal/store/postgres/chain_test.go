package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
)

// insertSetting is what the transactions of chains store.
const insertSetting = `INSERT INTO settings (key, value) VALUES ($1, $2)`

// chained runs transactions in a chain, and returns their outcomes in the order they were told.
func chained(engine *postgres.Engine, runs ...func(store.Conn) error) []error {
	var outcomes []error
	link := func(run func(store.Conn) error) *store.Link {
		return &store.Link{Run: run, Done: func(err error) { outcomes = append(outcomes, err) }}
	}
	rest := runs[1:]
	engine.WriteChain(link(runs[0]), func() *store.Link {
		if len(rest) == 0 {
			return nil
		}
		next := link(rest[0])
		rest = rest[1:]
		return next
	})
	return outcomes
}

// storing is a transaction of as many statements as one of posts has, which stores name last but one.
func storing(name string) func(store.Conn) error {
	return func(conn store.Conn) error {
		for i := range 8 {
			if err := conn.Later(fmt.Sprintf(`UPDATE settings SET value = $1 WHERE key = $2 AND 0 < %d`, i+1), "counted", "row"); err != nil {
				return err
			}
		}
		return conn.Later(insertSetting, name, "chained")
	}
}

// chainedNames are those that transactions of chains have stored.
func chainedNames(t *testing.T, engine *postgres.Engine) []string {
	t.Helper()
	var names []string
	err := engine.Read(t.Context(), store.Query{Text: `SELECT key FROM settings WHERE value = 'chained' ORDER BY key`,
		Each: func(row store.Row) error { names = append(names, row.Text(0)); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// kinds says what outcomes are.
func kinds(engine *postgres.Engine, outcomes []error) string {
	var kinds []string
	for _, err := range outcomes {
		switch {
		case err == nil:
			kinds = append(kinds, "stored")
		case errors.Is(err, store.ErrBehind):
			kinds = append(kinds, "not run")
		case errors.Is(err, store.ErrGuess):
			kinds = append(kinds, "guess")
		case engine.Fault(err) == store.FaultUnknown:
			kinds = append(kinds, "unknown")
		default:
			kinds = append(kinds, "failed")
		}
	}
	return strings.Join(kinds, ", ")
}

// Transactions of a chain are stored in order, each whole; after one that fails the next one is not run,
// and none is stored that was told otherwise.
func TestChain(t *testing.T) {
	engine := open(t)
	if outcomes := chained(engine, func(conn store.Conn) error { return conn.Later(insertSetting, "row", "counted") }); kinds(engine, outcomes) != "stored" {
		t.Fatal(outcomes)
	}
	twice := func(conn store.Conn) error { return errors.Join(storing("a0")(conn), storing("a0")(conn)) }
	refusing := func(conn store.Conn) error { _ = storing("refused")(conn); return errors.New("no") }
	asking := func(conn store.Conn) error {
		_ = storing("asking")(conn)
		_, err := conn.Exec(`UPDATE settings SET value = value`)
		return err
	}
	wrong := func(conn store.Conn) error {
		conn.Expect(store.Many{Text: `SELECT 1 FROM settings WHERE key = $1 FOR SHARE`, Sets: [][]any{{"nowhere"}}})
		return storing("wrong")(conn)
	}
	missing := func(conn store.Conn) error {
		return errors.Join(storing("missing")(conn), conn.Later(`UPDATE settings SET value = $1 WHERE key = $2`, "chained", "nowhere"))
	}
	long := func(conn store.Conn) error {
		for range 1100 {
			if err := conn.Later(`UPDATE settings SET value = value WHERE key = $1`, "row"); err != nil {
				return err
			}
		}
		return storing("long")(conn)
	}
	var many []func(store.Conn) error
	var manyNames []string
	for i := range 100 {
		manyNames = append(manyNames, fmt.Sprintf("m%02d", i))
		many = append(many, storing(manyNames[i]))
	}
	for _, tt := range []struct {
		name   string
		runs   []func(store.Conn) error
		want   string
		stored []string
	}{
		{"one", []func(store.Conn) error{storing("a")}, "stored", []string{"a"}},
		{"three", []func(store.Conn) error{storing("b"), storing("c"), storing("d")}, "stored, stored, stored", []string{"b", "c", "d"}},
		{"the first fails", []func(store.Conn) error{twice, storing("e")}, "failed, not run", nil},
		{"the second fails", []func(store.Conn) error{storing("f"), twice, storing("g")}, "stored, failed, not run", []string{"f"}},
		{"the first is refused", []func(store.Conn) error{refusing, storing("h")}, "failed", nil},
		{"the second is refused", []func(store.Conn) error{storing("i"), refusing, storing("j")}, "stored, failed", []string{"i"}},
		{"all is asked, and nothing is left to wait for", []func(store.Conn) error{asking, storing("k")}, "stored", []string{"asking"}},
		{"the second would have to wait", []func(store.Conn) error{storing("l"), asking, storing("m")}, "stored, not run", []string{"l"}},
		{"a wrong guess", []func(store.Conn) error{wrong, storing("n")}, "guess", nil},
		{"nothing to store", []func(store.Conn) error{func(store.Conn) error { return nil }, storing("o")}, "stored", nil},
		{"a row that is not there", []func(store.Conn) error{missing, storing("p")}, "failed, not run", nil},
		{"too long for one message", []func(store.Conn) error{long, storing("q")}, "stored", []string{"long"}},
		{"a hundred", many, strings.TrimSuffix(strings.Repeat("stored, ", 32), ", "), manyNames[:32]},
	} {
		before := chainedNames(t, engine)
		outcomes := chained(engine, tt.runs...)
		if got := kinds(engine, outcomes); got != tt.want {
			t.Errorf("%s: %s, want %s (%v)", tt.name, got, tt.want, outcomes)
		}
		stored := slices.DeleteFunc(chainedNames(t, engine), func(name string) bool { return slices.Contains(before, name) })
		if diff := cmp.Diff(tt.stored, append([]string(nil), stored...)); diff != "" {
			t.Errorf("%s: stored (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A server that goes while two transactions are on their way: of none of them is said what nobody knows.
func TestChainLost(t *testing.T) {
	d := lend(t)
	_ = chained(d.engine, func(conn store.Conn) error { return conn.Later(insertSetting, "row", "counted") })
	_ = chained(d.engine, storing("a"), storing("b"))
	blocker, err := d.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = blocker.Rollback() }()
	if _, err := blocker.Exec(`INSERT INTO settings (key, value) VALUES ('c', 'held')`); err != nil {
		t.Fatal(err)
	}
	told := make(chan []error, 1)
	go func() { told <- chained(d.engine, storing("c"), storing("d")) }()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var ended int
		if err := d.db.QueryRow(`SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock') AS ended`).Scan(&ended); err != nil {
			t.Fatal(err)
		}
		if ended > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody waits for the row")
		}
	}
	if got := kinds(d.engine, <-told); got != "unknown, unknown" {
		t.Errorf("%s, want both unknown", got)
	}
	_ = blocker.Rollback()
	if diff := cmp.Diff([]string{"a", "b"}, chainedNames(t, d.engine)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if got := kinds(d.engine, chained(d.engine, storing("c"), storing("d"))); got != "stored, stored" {
		t.Errorf("on a new connection: %s", got)
	}
}
