package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	d := lend(t)
	st, err := store.Open(context.Background(), &lent{Engine: d.engine}, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st, d.db
}

// database has the schema, and nothing in it when it is lent. Its connections stay, and with them what
// the server knows of their statements: to begin anew took most of many cases' time.
type database struct {
	engine *postgres.Engine
	db     *sql.DB // foreign keys are not enforced
}

// databases are those that no test uses at this moment.
var databases struct {
	sync.Mutex
	free []*database
}

// lend lends a database until the test ends.
func lend(t testing.TB) *database {
	t.Helper()
	d := freeDatabase()
	if d == nil {
		d = newDatabase(t)
	}
	t.Cleanup(func() {
		if _, err := d.db.ExecContext(context.Background(), emptied); err != nil {
			t.Errorf("emptying the database: %v", err)
			return
		}
		databases.Lock()
		defer databases.Unlock()
		databases.free = append(databases.free, d)
	})
	return d
}

func freeDatabase() *database {
	databases.Lock()
	defer databases.Unlock()
	last := len(databases.free) - 1
	if last < 0 {
		return nil
	}
	d := databases.free[last]
	databases.free = databases.free[:last]
	return d
}

func newDatabase(t testing.TB) *database {
	t.Helper()
	url := pgtest.Shared(t).NewDatabase(t)
	engine, err := postgres.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", url+"&session_replication_role=replica")
	if err != nil {
		t.Fatal(err)
	}
	return &database{engine, db}
}

// lent is an engine that a test closes, and that the next test opens.
type lent struct {
	*postgres.Engine
	closed atomic.Bool
}

var errReturned = errors.New("the test has closed the database")

func (l *lent) Close() error { l.closed.Store(true); return nil }

func (l *lent) Read(ctx context.Context, queries ...store.Query) error {
	if l.closed.Load() {
		return errReturned
	}
	return l.Engine.Read(ctx, queries...)
}

func (l *lent) ReadLong(ctx context.Context, each func(store.Conn) error) error {
	if l.closed.Load() {
		return errReturned
	}
	return l.Engine.ReadLong(ctx, each)
}

func (l *lent) Write(ctx context.Context, run func(store.Conn) error) error {
	if l.closed.Load() {
		return errReturned
	}
	return l.Engine.Write(ctx, run)
}

func (l *lent) WriteChain(first *store.Link, next func() *store.Link) {
	if l.closed.Load() {
		first.Done(errReturned)
		return
	}
	l.Engine.WriteChain(first, next)
}

// emptied removes all rows, whatever refers to them, and begins anew with ids. There are few rows:
// TRUNCATE makes new files for every table and index, and takes thirty times as long.
var emptied = "DELETE FROM " + strings.Join(storetest.Tables, "; DELETE FROM ") + `;
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
