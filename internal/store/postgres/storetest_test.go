package postgres_test

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// databases are those that no test uses at this moment, emptied: that is quicker than making one.
var databases struct {
	sync.Mutex
	free []string
}

// newDatabase lends a database with the schema and nothing in it.
func newDatabase(t testing.TB) string {
	t.Helper()
	databases.Lock()
	var url string
	if last := len(databases.free) - 1; last >= 0 {
		url, databases.free = databases.free[last], databases.free[:last]
	}
	databases.Unlock()
	if url == "" {
		url = pgtest.Shared(t).NewDatabase(t)
		engine, err := postgres.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		pgtest.Shared(t).Exec(t, url, emptied)
		databases.Lock()
		defer databases.Unlock()
		databases.free = append(databases.free, url)
	})
	return url
}

// emptied removes all rows, whatever refers to them, and begins anew with ids. There are few rows:
// TRUNCATE makes new files for every table and index, and takes thirty times as long.
var emptied = "SET session_replication_role = replica; DELETE FROM " + strings.Join(storetest.Tables, "; DELETE FROM ") + `;
	SELECT setval(seqrelid, 1, false) FROM pg_sequence WHERE seqrelid <> pg_get_serial_sequence('goose_db_version', 'id')::regclass`

// TestTablesKnown: both engines have the same tables.
func TestTablesKnown(t *testing.T) {
	_, db := openStore(t, forum.SystemClock{})
	rows, err := db.QueryContext(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'goose_db_version' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(storetest.Tables)), got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}
