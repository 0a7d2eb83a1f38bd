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
	engine, err := postgres.Open(t.Context(), pgtest.Shared(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	const insert = `INSERT INTO settings (key, value) VALUES ($1, $2)`
	const expected = `SELECT 1 FROM settings WHERE key = $1 AND value = $2 FOR SHARE`
	err = engine.Write(t.Context(), func(conn store.Conn) error {
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
