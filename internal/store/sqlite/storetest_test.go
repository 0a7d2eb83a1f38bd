package sqlite_test

import (
	"context"
	"database/sql"

	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3/driver"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/storetest"
)

func TestStore(t *testing.T) { storetest.Run(t, openStore) }

// openStore makes a store on a file of its own, and a connection to the same file beside it.
func openStore(t testing.TB, clock forum.Clock) (*store.Store, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "folkmoot.db")
	if err := os.WriteFile(path, migrated(t), 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := sqlite.OpenWith(context.Background(), path, sqlite.Options{Readers: 2}) // each prepares its own statements
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(context.Background(), engine, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	db, err := driver.Open("file:" + path + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return st, db
}

// migrated is an empty database, made once: hundreds of cases begin with it.
func migrated(t testing.TB) []byte {
	t.Helper()
	file, err := emptyFile()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var emptyFile = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "folkmoot")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "folkmoot.db")
	engine, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := engine.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// TestTablesKnown: what the suite compares is the whole schema, apart from the index of words.
func TestTablesKnown(t *testing.T) {
	_, db := openStore(t, forum.SystemClock{})
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
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
		if !strings.HasPrefix(name, "search_text") && !strings.HasPrefix(name, "sqlite_") && name != "goose_db_version" {
			got = append(got, name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(storetest.Tables))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}
