package postgres_test

import (
	"context"
	"database/sql"
	"os"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
	"folkmoot/internal/store/postgres/pgtest"
	"folkmoot/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func TestStore(t *testing.T) { storetest.Run(t, openStore) }

// openStore makes a store on a database of its own, and a connection to the same beside it.
func openStore(t testing.TB, clock forum.Clock) (*store.Store, *sql.DB) {
	t.Helper()
	url := newDatabase(t)
	engine, err := postgres.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(context.Background(), engine, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	db, err := sql.Open("pgx", url+"&session_replication_role=replica") // foreign keys are not enforced
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return st, db
}

var makeTemplate sync.Once

// newDatabase makes a database with the schema and nothing in it, by copying one: hundreds of
// cases begin with it.
func newDatabase(t testing.TB) string {
	t.Helper()
	cluster := pgtest.Shared(t)
	makeTemplate.Do(func() {
		cluster.Exec(t, cluster.URL("postgres"), `CREATE DATABASE folkmoot_template TEMPLATE template0`)
		engine, err := postgres.Open(context.Background(), cluster.URL("folkmoot_template"))
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return cluster.Database(t, "folkmoot_template")
}
