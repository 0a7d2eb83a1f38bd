package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"folkmoot/internal/store/postgres"
	"folkmoot/internal/store/postgres/pgtest"
)

// Servers that still run go on writing while another one brings the schema up to date: it waits for their
// locks, and where they would wait for each other it is tried again.
func TestMigrateWhileOthersWrite(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cluster := pgtest.Shared(t)
	url := cluster.NewDatabase(t)
	engine, err := postgres.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	engine.Close()
	cluster.Exec(t, url, `
		ALTER TABLE threads ADD CONSTRAINT threads_last_author_id_fkey FOREIGN KEY (last_author_id) REFERENCES users (id);
		ALTER TABLE participants ADD CONSTRAINT participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
		ALTER TABLE posts ADD CONSTRAINT posts_thread_id_fkey FOREIGN KEY (thread_id) REFERENCES threads (id);
		ALTER TABLE posts ADD CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) REFERENCES users (id);
		CREATE INDEX threads_author ON threads (author_id, id);
		DROP INDEX posts_first;
		DELETE FROM goose_db_version WHERE version_id >= 6`)

	others, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer others.Close(context.Background())
	do := func(statement string) {
		t.Helper()
		if _, err := others.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	do(`BEGIN`)
	do(`SELECT 1 FROM users FOR SHARE`)
	opened := make(chan error, 1)
	go func() {
		engine, err := postgres.Open(ctx, url)
		if err == nil {
			err = engine.Close()
		}
		opened <- err
	}()
	until := func(waits bool) {
		t.Helper()
		for {
			var n int
			if err := others.QueryRow(ctx, `SELECT count(*) FROM pg_locks WHERE NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if (n > 0) == waits {
				return
			}
			select {
			case err := <-opened:
				t.Fatalf("opened meanwhile: %v", err)
			case <-time.After(time.Millisecond):
			}
		}
	}
	until(true)
	do(`UPDATE threads SET rev = rev`) // what the migration must not hold yet
	until(false)                       // it lets others go on
	do(`COMMIT`)
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	var left, indexes string
	if err := others.QueryRow(ctx, `SELECT
		coalesce((SELECT string_agg(conname, ' ') FROM pg_constraint WHERE conname IN ('threads_last_author_id_fkey',
			'participants_user_id_fkey', 'posts_thread_id_fkey', 'posts_author_id_fkey')), ''),
		(SELECT string_agg(indexname, ' ') FROM pg_indexes WHERE indexname IN ('threads_author', 'posts_first'))`).
		Scan(&left, &indexes); err != nil || left != "" || indexes != "posts_first" {
		t.Errorf("foreign keys %q are left, and the indexes are %q, %v", left, indexes, err)
	}
}
