package postgres_test

import (
	"errors"
	"testing"

	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
	"folkmoot/internal/store/postgres/pgtest"
)

// What is expected is looked at before anything is stored, and before a transaction that stores nothing
// is taken for a good one.
func TestExpect(t *testing.T) {
	engine := open(t)
	const insert = `INSERT INTO settings (key, value) VALUES ($1, $2)`
	const expected = `SELECT 1 FROM settings WHERE key = $1 AND value = $2 FOR SHARE`
	err := engine.Write(t.Context(), func(conn store.Conn) error {
		return errors.Join(conn.Later(insert, "a", "1"), conn.Later(insert, "b", "2"))
	})
	if err != nil {
		t.Fatal(err)
	}
	right, other, gone := []any{"a", "1"}, []any{"b", "2"}, []any{"c", "3"}
	stale := []any{"b", "1"}
	for _, tt := range []struct {
		name string
		sets [][]any
		want error
	}{
		{"nothing", nil, nil},
		{"one", [][]any{right}, nil},
		{"two", [][]any{right, other}, nil},
		{"another than it was", [][]any{stale}, store.ErrGuess},
		{"one of two another", [][]any{right, stale}, store.ErrGuess},
		{"one of three gone", [][]any{right, gone, other}, store.ErrGuess},
	} {
		for _, stores := range []bool{true, false} {
			err := engine.Write(t.Context(), func(conn store.Conn) error {
				conn.Expect(store.Many{Text: expected, Sets: tt.sets})
				if stores {
					return conn.Later(insert, tt.name, "stored")
				}
				return nil
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("%s, storing %v: got %v, want %v", tt.name, stores, err, tt.want)
			}
		}
		found := false
		err := engine.Read(t.Context(), store.Query{Text: `SELECT 1 FROM settings WHERE key = $1`, Args: []any{tt.name},
			Each: func(store.Row) error { found = true; return nil }})
		if err != nil || found != (tt.want == nil) {
			t.Errorf("%s: stored %v (%v)", tt.name, found, err)
		}
	}
}

// Every new connection that writes is told of: what was remembered before may be undone.
func TestReconnected(t *testing.T) {
	url := pgtest.Shared(t).NewDatabase(t)
	engine, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	pid := func() (pid int64) {
		err := engine.Write(t.Context(), func(conn store.Conn) error {
			return conn.Query(`SELECT pg_backend_pid()`, nil, func(row store.Row) error { pid = row.Int64(0); return nil })
		})
		if err != nil {
			t.Error(err)
		}
		return pid
	}
	first := pid()
	before := engine.Reconnected()
	if again := pid(); again == first && engine.Reconnected() != before {
		t.Error("the same connection counts again")
	}
	pgtest.Shared(t).Exec(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	for deadline := 100; ; deadline-- {
		var now int64
		err := engine.Write(t.Context(), func(conn store.Conn) error {
			return conn.Query(`SELECT pg_backend_pid()`, nil, func(row store.Row) error { now = row.Int64(0); return nil })
		})
		if err == nil && now != first {
			break
		}
		if deadline == 0 {
			t.Fatalf("no new connection: %v", err)
		}
	}
	if engine.Reconnected() == before {
		t.Error("a new connection is not told of")
	}
}

// Nothing is stored where a row is not there that was to change, though COMMIT was sent along.
func TestLaterIsCounted(t *testing.T) {
	engine := open(t)
	const insert = `INSERT INTO settings (key, value) VALUES ($1, $2)`
	const update = `UPDATE settings SET value = $2 WHERE key = $1`
	err := engine.Write(t.Context(), func(conn store.Conn) error {
		return errors.Join(conn.Later(insert, "half", "1"), conn.Later(update, "gone", "2"))
	})
	if !errors.As(err, new(store.Deferred)) {
		t.Errorf("got %v, want a Deferred", err)
	}
	err = engine.Write(t.Context(), func(conn store.Conn) error {
		return conn.Later(`INSERT INTO settings (key, value) SELECT $1, $2 WHERE false`, "none", "1")
	})
	if !errors.As(err, new(store.Deferred)) {
		t.Errorf("an INSERT of nothing: got %v, want a Deferred", err)
	}
	if err := engine.Write(t.Context(), func(conn store.Conn) error { return conn.Later(update, "half", "2") }); err == nil {
		t.Error("half of it was stored")
	}
}

// More statements than are sent before an answer is read come out the same.
func TestManyStatements(t *testing.T) {
	engine := open(t)
	const statements = 2_500
	err := engine.Write(t.Context(), func(conn store.Conn) error {
		if _, err := conn.Exec(`INSERT INTO settings (key, value) VALUES ('n', '')`); err != nil {
			return err
		}
		for range statements {
			if err := conn.Later(`UPDATE settings SET value = value || $2 WHERE key = $1`, "n", "1"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	err = engine.Read(t.Context(), store.Query{Text: `SELECT length(value) FROM settings WHERE key = 'n'`,
		Each: func(row store.Row) error { n = row.Int64(0); return nil }})
	if err != nil || n != statements {
		t.Errorf("%d of %d statements were run (%v)", n, statements, err)
	}
}

func open(tb testing.TB) *postgres.Engine {
	tb.Helper()
	engine, err := postgres.Open(tb.Context(), pgtest.Shared(tb).NewDatabase(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = engine.Close() })
	return engine
}
