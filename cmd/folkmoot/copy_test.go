package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3/driver"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres/pgtest"
	"folkmoot/internal/store/storetest"
)

// lastThread is an id that the community of copies has given, of a thread that is gone.
const lastThread = 4711

// fullFile is a forum with rows in every table, made once.
var fullFile = sync.OnceValues(func() ([]byte, error) {
	data, err := os.MkdirTemp("", "folkmoot-copy")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	if _, err := prepareDemo(context.Background(), dataFlag{Data: data}); err != nil {
		return nil, err
	}
	db, err := driver.Open("file:" + filepath.Join(data, databaseName) + "?_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		`INSERT INTO sessions VALUES (x'00ff10', 2, 1, 9000000000000000)`,
		`INSERT INTO tokens (user_id, hash, name, scope, created_at) VALUES (1, x'ee', 'a "name", \N', 'read', 5)`,
		`INSERT INTO former_slugs VALUES ('once', 1), ('ÿ', 2), ('z', 2)`,
		`INSERT INTO post_moves VALUES (1, 99, 1, 1, 4), (1, 98, NULL, NULL, 5)`,
		`INSERT INTO submissions (user_id, kind, category_id, body, created_at) VALUES (2, 'thread', 1, 'tab	and
line', 7)`,
		`INSERT INTO idempotency VALUES (1, 'key', x'0001', 1, 1, 1, 1, 5, 6, 7)`,
		`INSERT INTO imported VALUES ('a', 'b', 1), ('a', 'B', 2)`,
		`INSERT INTO redirects VALUES ('/old', 1, NULL, NULL, NULL), ('/older', NULL, NULL, 2, NULL)`,
		`INSERT INTO invitations (hash, made_by, note, uses, created_at, ends_at) VALUES (x'aa', 1, '', 2, 3, 4)`,
		`INSERT INTO invited VALUES (3, 1)`,
		`INSERT INTO setting_changes (setting, category_id, before_value, after_value, changed_by, changed_at) VALUES ('name', NULL, 'a', 'b', 1, 9)`,
		`INSERT INTO attachments VALUES (1, 1, 1, 'nothing.txt', 'text/plain', 0, x''), (1, 1, 2, 'a.bin', 'application/octet-stream', 3, x'00017f')`,
		`UPDATE posts SET attachments = 2 WHERE thread_id = 1 AND number = 1`,
		`INSERT INTO imported_reactions VALUES (2, 1, 'owl', 3)`,
		`INSERT INTO post_reactions VALUES (2, 1, 'owl', 3)`,
		`UPDATE posts SET reactions = reactions + 3 WHERE thread_id = 2 AND number = 1`,
		`UPDATE threads SET reactions = reactions + 3 WHERE id = 2`,
		`UPDATE participants SET reactions_received = reactions_received + 3 WHERE thread_id = 2 AND user_id = (SELECT author_id FROM posts WHERE thread_id = 2 AND number = 1)`,
		`UPDATE user_category_counts SET reactions_received = reactions_received + 3
			WHERE (user_id, category_id) = (SELECT p.author_id, t.category_id FROM posts p JOIN threads t ON t.id = p.thread_id WHERE p.thread_id = 2 AND p.number = 1)`,
		`INSERT INTO categories (id, name, slug, position, created_at) VALUES (90, 'Above', 'above', 9, 1)`,
		`UPDATE categories SET parent_id = 90 WHERE id = 2`, // what a category is in may have come later
		`INSERT INTO category_counts (category_id) VALUES (90)`,
		`INSERT INTO category_access SELECT 90, role, see, reply, start, moderate FROM category_access WHERE category_id = 2`,
		fmt.Sprintf(`UPDATE sqlite_sequence SET seq = %d WHERE name = 'threads'`, lastThread),
		`INSERT INTO thread_views VALUES (1, 17)`,
	} {
		if _, err := db.Exec(statement); err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(data, databaseName))
})

// fullForum is a file with that forum.
func fullForum(t testing.TB) place {
	t.Helper()
	content, err := fullFile()
	if err != nil {
		t.Fatal(err)
	}
	p := place{file: filepath.Join(t.TempDir(), databaseName)}
	if err := os.WriteFile(p.file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// emptyPlaces are one of each kind.
func emptyPlaces(t testing.TB) map[string]place {
	t.Helper()
	return map[string]place{
		"SQLite":     {file: filepath.Join(t.TempDir(), "copy.db")},
		"PostgreSQL": {url: pgtest.Shared(t).NewDatabase(t)},
	}
}

// flag is the place as the command line names it.
func (p place) flag() string {
	if p.url != "" {
		return p.url
	}
	return "sqlite:" + p.file
}

// database reaches a place past everything.
func (p place) database(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", p.url)
	if p.url == "" {
		db, err = driver.Open("file:" + p.file + "?_pragma=busy_timeout(10000)")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// everything is every row at a place, by table, and the last id of each that gives some; apart from the
// epoch, the place of a post in a file, and the index of words.
func (p place) everything(t testing.TB) map[string][]string {
	t.Helper()
	db, all := p.database(t), map[string][]string{}
	defer db.Close()
	for _, table := range storetest.Tables {
		if table == "search_docs" || table == "search_queue" || table == "rates" {
			continue
		}
		all[table] = rowsOf(t, db, `SELECT * FROM `+table)
	}
	all["settings"] = slices.DeleteFunc(all["settings"], func(row string) bool { return strings.HasPrefix(row, "key=epoch ") })
	for _, table := range []string{"categories", "invitations", "setting_changes", "submissions", "tags", "threads", "tokens", "users"} {
		query := `SELECT seq FROM sqlite_sequence WHERE name = '` + table + `'`
		if p.url != "" {
			query = `SELECT last_value AS seq FROM ` + table + `_id_seq`
		}
		all["last id of "+table] = rowsOf(t, db, query)
	}
	return all
}

// rowsOf are the rows of a query, sorted.
func rowsOf(t testing.TB, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, dest := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		all = append(all, rowText(names, values))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func rowText(names []string, values []any) string {
	var row []string
	for i, name := range names {
		switch v := values[i].(type) {
		case bool:
			values[i] = map[bool]int64{true: 1}[v]
		case []byte:
			values[i] = fmt.Sprintf("x'%x'", v)
		case string:
			values[i] = fmt.Sprintf("%q", v)
		}
		if name != "doc" {
			row = append(row, fmt.Sprintf("%s=%v", name, values[i]))
		}
	}
	slices.Sort(row)
	if at := slices.IndexFunc(row, func(value string) bool { return strings.HasPrefix(value, `key="epoch"`) }); at >= 0 {
		return "key=epoch " + row[1-at]
	}
	return strings.Join(row, " ")
}

func (p place) epoch(t testing.TB) (epoch string) {
	t.Helper()
	db := p.database(t)
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT value FROM settings WHERE key = 'epoch'`).Scan(&epoch); err != nil {
		t.Fatal(err)
	}
	return epoch
}

// sameRows fails where two places differ.
func sameRows(t testing.TB, what string, want, got map[string][]string) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// There and back by every pair of engines, nothing is different but the epoch.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	source := fullForum(t)
	want := source.everything(t)
	for table, rows := range want {
		if len(rows) == 0 {
			t.Errorf("there is nothing in %s: the test proves less", table)
		}
	}
	before, err := os.ReadFile(source.file)
	if err != nil {
		t.Fatal(err)
	}
	epochs := map[string]bool{source.epoch(t): true}
	from := source
	for _, to := range []place{
		{file: filepath.Join(t.TempDir(), "second.db")}, {url: pgtest.Shared(t).NewDatabase(t)},
		{url: pgtest.Shared(t).NewDatabase(t)}, {file: filepath.Join(t.TempDir(), "back.db")},
	} {
		got := folkmoot(t, "", "copy", "--from", from.flag(), "--to", to.flag())
		if got.code != 0 || strings.Count(got.out, " yes\n") != strings.Count(got.out, "\n")-1 || !strings.Contains(got.err, ": 0 differences") {
			t.Fatalf("from %s to %s: %+v", from, to, got)
		}
		sameRows(t, "the copy in "+to.String(), want, to.everything(t))
		if epoch := to.epoch(t); epochs[epoch] {
			t.Errorf("%s has the epoch of another", to)
		} else {
			epochs[epoch] = true
		}
		from = to
	}
	if after, err := os.ReadFile(source.file); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the source was changed (%v)", err)
	}
	if files, err := os.ReadDir(filepath.Dir(source.file)); err != nil || len(files) != 1 {
		t.Errorf("beside the source there is %v, %v", files, err)
	}
}

// A copy can be served: ids go on behind those that were ever given, and search finds what was queued.
func TestCopyGoesOnCounting(t *testing.T) {
	t.Parallel()
	source := fullForum(t)
	for name, to := range emptyPlaces(t) {
		t.Run(name, func(t *testing.T) {
			if got := folkmoot(t, "", "copy", "--from", source.flag(), "--to", to.flag()); got.code != 0 {
				t.Fatal(got)
			}
			engine, err := to.open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m, err := serviceOn(t.Context(), engine, forum.SystemClock{})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			boss, err := m.User(t.Context(), "Ada")
			if err != nil {
				t.Fatal(err)
			}
			made, err := m.CreateThread(t.Context(), boss.Actor(), forum.NewThread{CategoryID: 1, Title: "A new one", Body: "It has words."})
			if err != nil || made.Thread != lastThread+1 {
				t.Errorf("a new thread has the id %d, %v; want %d", made.Thread, err, lastThread+1)
			}
			ctx, stop := context.WithCancel(t.Context())
			running := make(chan struct{})
			go func() { m.store.Run(ctx); close(running) }()
			for pending := int64(1); pending > 0; {
				if pending, err = m.store.PendingSearch(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			stop()
			<-running
			found, err := m.Search(t.Context(), boss.Actor(), "kettle", 0, 0)
			if err != nil || len(found.Hits) == 0 {
				t.Errorf("search finds %+v, %v", found, err)
			}
			if report, err := m.store.Verify(t.Context(), func(store.Progress) {}); err != nil || report.Wrong > 0 {
				t.Errorf("verify: %+v, %v", report, err)
			}
		})
	}
}

// errCut is where a target is cut off.
var errCut = errors.New("cut off")

// cutTarget is a target whose nth transaction is the last: lost, or acknowledged by nobody. What is left is what
// a kill leaves.
type cutTarget struct {
	store.Target
	left      int
	committed bool
}

func (c *cutTarget) Fill(ctx context.Context, fill func(store.Filling) error) error {
	if c.left--; c.left > 0 {
		return c.Target.Fill(ctx, fill)
	}
	if c.committed {
		if err := c.Target.Fill(ctx, fill); err != nil {
			return err
		}
	}
	return errCut
}

// smallCopy copies in many small transactions, to what wrap makes of the target.
func smallCopy(t testing.TB, from, to place, wrap func(store.Target) store.Target) (report store.CopyReport, err error) {
	t.Helper()
	err = from.look(t.Context(), func(source store.Moment) error {
		engine, err := to.open(t.Context())
		if err != nil {
			return err
		}
		defer engine.Close()
		report, err = store.Copy(t.Context(), source, wrap(engine), store.CopyOptions{Rows: 9, Progress: func(store.CopyProgress) {}})
		return err
	})
	return report, err
}

// countedTarget counts its transactions.
type countedTarget struct {
	store.Target
	fills *int
}

func (c countedTarget) Fill(ctx context.Context, fill func(store.Filling) error) error {
	*c.fills++
	return c.Target.Fill(ctx, fill)
}

// Cut off anywhere, a copy goes on by the same command, and nothing is there twice. Until it is whole
// nobody opens it. Where the source has changed meanwhile, it is made anew.
func TestCopyCutOff(t *testing.T) {
	t.Parallel()
	source := fullForum(t)
	want := source.everything(t)
	fills := 0
	if _, err := smallCopy(t, source, place{file: filepath.Join(t.TempDir(), "counted.db")}, func(to store.Target) store.Target {
		return countedTarget{to, &fills}
	}); err != nil {
		t.Fatal(err)
	}
	if fills < 100 {
		t.Fatalf("a copy has %d transactions: the test proves less", fills)
	}
	for cut := 1; cut <= fills; cut += fills/9 | 1 { // odd and even in turn
		for name, to := range emptyPlaces(t) {
			committed := cut%2 == 0
			t.Run(fmt.Sprintf("%s, at %d of %d, committed %v", name, cut, fills, committed), func(t *testing.T) {
				t.Parallel()
				_, err := smallCopy(t, source, to, func(target store.Target) store.Target {
					return &cutTarget{target, cut, committed}
				})
				if !errors.Is(err, errCut) {
					t.Fatalf("got %v, want %v", err, errCut)
				}
				again := fullForum(t)
				change := cut > fills/2 && name == "SQLite" || cut <= fills/2 && cut > 1 && name == "PostgreSQL"
				want := want
				if change {
					if _, err := again.database(t).ExecContext(t.Context(), `UPDATE users SET about = 'changed' WHERE id = 1`); err != nil {
						t.Fatal(err)
					}
					want = again.everything(t)
				}
				if cut > 1 {
					refusesHalf(t, to)
				}
				got := folkmoot(t, "", "copy", "--from", again.flag(), "--to", to.flag())
				if got.code != 0 || !strings.Contains(got.err, ": 0 differences") || strings.Contains(got.err, "had changed") != change {
					t.Fatalf("going on (changed: %v): %+v", change, got)
				}
				sameRows(t, "the copy", want, to.everything(t))
			})
		}
	}
}

// refusesHalf sees that a copy that was begun is neither opened nor copied.
func refusesHalf(t testing.TB, half place) {
	t.Helper()
	engine, err := half.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m, err := serviceOn(t.Context(), engine, forum.SystemClock{}); !errors.Is(err, store.ErrUnfinished) {
		t.Errorf("half a copy is opened: %v, %v", m, err)
	}
	got := folkmoot(t, "", "copy", "--from", half.flag(), "--to", "sqlite:"+filepath.Join(t.TempDir(), "x"))
	if got.code != exitFailure || !strings.Contains(got.err, "was not finished") {
		t.Errorf("half a copy as a source: %+v", got)
	}
}

// overtaken is a target into which another copy is made while its own is under way.
type overtaken struct {
	store.Target
	left int
	by   func()
}

func (o *overtaken) Fill(ctx context.Context, fill func(store.Filling) error) error {
	if o.left--; o.left == 0 {
		o.by()
	}
	return o.Target.Fill(ctx, fill)
}

// Of two copies into the same place the later goes on, and the other ends without having written more.
func TestCopyOvertaken(t *testing.T) {
	t.Parallel()
	source := fullForum(t)
	want := source.everything(t)
	for name, to := range emptyPlaces(t) {
		t.Run(name, func(t *testing.T) {
			_, err := smallCopy(t, source, to, func(target store.Target) store.Target {
				return &overtaken{target, 30, func() {
					if got := folkmoot(t, "", "copy", "--from", source.flag(), "--to", to.flag()); got.code != 0 {
						t.Errorf("the later copy: %+v", got)
					}
				}}
			})
			if err == nil || !strings.Contains(err.Error(), "another copy") {
				t.Errorf("the earlier copy ended with %v", err)
			}
			sameRows(t, "the copy", want, to.everything(t))
		})
	}
}

// What a server that was killed had written is copied, from its log, and stays there byte for byte.
func TestCopyOfAKilledServer(t *testing.T) {
	t.Parallel()
	running := fullForum(t)
	db := running.database(t) // the log stays while somebody is connected
	if _, err := db.ExecContext(t.Context(), `UPDATE users SET about = 'in the log' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	killed := place{file: filepath.Join(t.TempDir(), databaseName)}
	before := map[string][]byte{}
	for _, part := range []string{"", "-wal"} {
		content, err := os.ReadFile(running.file + part)
		if err != nil || len(content) == 0 {
			t.Fatalf("%s: %d bytes, %v", part, len(content), err)
		}
		if err := os.WriteFile(killed.file+part, content, 0o600); err != nil {
			t.Fatal(err)
		}
		before[part] = content
	}
	to := place{file: filepath.Join(t.TempDir(), "copy.db")}
	if got := folkmoot(t, "", "copy", "--from", killed.flag(), "--to", to.flag()); got.code != 0 {
		t.Fatal(got)
	}
	for part, content := range before {
		if after, err := os.ReadFile(killed.file + part); err != nil || !bytes.Equal(after, content) {
			t.Errorf("%s%s was changed, %v", databaseName, part, err)
		}
	}
	sameRows(t, "the copy", running.everything(t), to.everything(t))
}

// A copy beside those who write is of one moment: its numbers are exact.
func TestCopyBesideAServer(t *testing.T) {
	t.Parallel()
	for name, from := range emptyPlaces(t) {
		t.Run(name, func(t *testing.T) {
			if got := folkmoot(t, "", "copy", "--from", fullForum(t).flag(), "--to", from.flag()); got.code != 0 {
				t.Fatal(got)
			}
			engine, err := from.open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m, err := serviceOn(t.Context(), engine, forum.SystemClock{})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			boss, err := m.User(t.Context(), "Ada")
			if err != nil {
				t.Fatal(err)
			}
			posts := 0
			to := place{file: filepath.Join(t.TempDir(), "copy.db")}
			err = from.look(t.Context(), func(source store.Moment) error {
				target, err := to.open(t.Context())
				if err != nil {
					return err
				}
				defer target.Close()
				report, err := store.Copy(t.Context(), source, target, store.CopyOptions{Rows: 9, Progress: func(store.CopyProgress) {
					posts++
					_, err := m.CreatePost(t.Context(), boss.Actor(), forum.NewPost{Thread: 1, Body: fmt.Sprint("Meanwhile ", posts)})
					if err != nil {
						t.Error(err)
					}
				}})
				if err == nil && !report.Equal() {
					err = errors.New("the two sides differ")
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := folkmoot(t, "", "copy", "--from", to.flag(), "--to", "sqlite:"+filepath.Join(t.TempDir(), "second.db")); got.code != 0 {
				t.Errorf("recounting the copy: %+v", got)
			}
			if report, err := m.store.Verify(t.Context(), func(store.Progress) {}); err != nil || report.Wrong > 0 || posts < 40 {
				t.Errorf("the source, with %d posts more: %+v, %v", posts, report, err)
			}
		})
	}
}

// What cannot be copied is refused by one line, and nothing is made or changed.
func TestCopyRefusals(t *testing.T) {
	t.Parallel()
	source, cluster := fullForum(t), pgtest.Shared(t)
	folder := t.TempDir()
	noDatabase, older := filepath.Join(folder, "text"), fullForum(t)
	if err := os.WriteFile(noDatabase, []byte(strings.Repeat("This is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	execute(t, older, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	newer := place{file: filepath.Join(newerDatabase(t), databaseName)}
	full := place{url: cluster.NewDatabase(t)}
	if got := folkmoot(t, "", "copy", "--from", source.flag(), "--to", full.flag()); got.code != 0 {
		t.Fatal(got)
	}
	olderURL, newerURL, bare, others := place{url: cluster.NewDatabase(t)}, place{url: cluster.NewDatabase(t)}, place{url: cluster.NewDatabase(t)}, place{url: cluster.NewDatabase(t)}
	for _, to := range []place{olderURL, newerURL} {
		if got := folkmoot(t, "", "copy", "--from", source.flag(), "--to", to.flag()); got.code != 0 {
			t.Fatal(got)
		}
	}
	execute(t, olderURL, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	const versionOf = `SELECT max(version_id) AS n FROM goose_db_version`
	olderVersion := rowsOf(t, olderURL.database(t), versionOf)
	execute(t, newerURL, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	execute(t, others, `CREATE TABLE theirs (id bigint)`)
	execute(t, full, `CREATE ROLE copy_reader LOGIN`)
	execute(t, full, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO copy_reader`)
	reader := func(p place) string { return strings.Replace(p.flag(), "postgres@", "copy_reader@", 1) }
	new := "sqlite:" + filepath.Join(folder, "new.db")
	before := map[string]map[string][]string{}
	for _, p := range []place{source, full} {
		before[p.String()] = p.everything(t)
	}
	tests := []struct {
		name, from, to string
		code           int
		err            string
	}{
		{"no such file", "sqlite:" + filepath.Join(folder, "none"), new, exitFailure, "there is no forum here"},
		{"no database", "sqlite:" + noDatabase, new, exitFailure, "no database of Folkmoot"},
		{"a folder", "sqlite:" + folder, new, exitFailure, "it is no file"},
		{"an older file", older.flag(), new, exitFailure, "start the server of this version on it once"},
		{"a newer file", newer.flag(), new, exitNewer, "newer version"},
		{"an older database", olderURL.flag(), new, exitFailure, "start the server of this version on it once"},
		{"a newer database", newerURL.flag(), new, exitNewer, "newer version"},
		{"an empty database", bare.flag(), new, exitFailure, "there is no forum here"},
		{"another program's database", others.flag(), new, exitNoDatabase, "another program"},
		{"no such database", cluster.URL("nothing"), new, exitNoDatabase, "does not exist"},
		{"no rights to the ids", reader(full), new, exitNoDatabase, "grant the role SELECT on all tables and sequences"},
		{"a scheme unknown", "mysql://x", new, exitFailure, "it must be sqlite:FILE or postgres://"},
		{"no scheme", source.file, new, exitFailure, "it must be sqlite:FILE or postgres://"},
		{"no file named", "sqlite:", new, exitFailure, "it must be sqlite:FILE or postgres://"},
		{"no address", "postgres://a b", new, exitNoDatabase, "not one of PostgreSQL"},
		{"itself", source.flag(), "sqlite:" + filepath.Join(filepath.Dir(source.file), ".", databaseName), exitFailure, "source and target are the same"},
		{"itself, in PostgreSQL", full.flag(), full.flag() + "&application_name=x", exitFailure, "source and target are the same"},
		{"a file that is not empty", full.flag(), source.flag(), exitFailure, "the target is not empty"},
		{"a database that is not empty", source.flag(), full.flag(), exitFailure, "the target is not empty"},
		{"an older target", source.flag(), olderURL.flag(), exitFailure, "the target is not empty"},
		{"a newer target", source.flag(), newerURL.flag(), exitNewer, "newer version"},
		{"something else as the target", source.flag(), "sqlite:" + noDatabase, exitFailure, "no database of Folkmoot"},
		{"another program's as the target", source.flag(), others.flag(), exitNoDatabase, "another program"},
		{"nowhere", source.flag(), "sqlite:" + filepath.Join(folder, "no", "x"), exitCannotWrite, "no such file"},
		{"a role that may not write", source.flag(), reader(bare), exitNoDatabase, "may not make tables"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := folkmoot(t, "", "copy", "--from", tt.from, "--to", tt.to)
			if got.code != tt.code || got.out != "" || !strings.Contains(got.err, tt.err) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("got %+v, want %d and one line with %q", got, tt.code, tt.err)
			}
			_ = os.Remove(filepath.Join(folder, "new.db")) // where only the reading failed
		})
	}
	for _, p := range []place{source, full} {
		sameRows(t, p.String(), before[p.String()], p.everything(t))
	}
	if version := rowsOf(t, olderURL.database(t), versionOf); !slices.Equal(version, olderVersion) {
		t.Errorf("the older target was migrated from %v to %v", olderVersion, version)
	}
}

// A server that does not answer is said to be unreachable, after a while.
func TestCopyUnreachable(t *testing.T) {
	t.Parallel()
	source, nowhere := fullForum(t), "postgres://postgres@127.0.0.1:1/x"
	for _, args := range [][]string{{"--from", source.flag(), "--to", nowhere}, {"--from", nowhere, "--to", source.flag()}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			got := folkmoot(t, "", append([]string{"copy"}, args...)...)
			if got.code != exitNoDatabase || !strings.Contains(got.err, "cannot be reached") || strings.Count(got.err, "\n") != 1 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func execute(t testing.TB, at place, statement string) {
	t.Helper()
	db := at.database(t)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// A forum in PostgreSQL is backed up to the same kind of file, which makes a forum of either kind.
func TestBackupAndRestoreOfADatabase(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	full := place{url: cluster.NewDatabase(t)}
	if got := folkmoot(t, "", "copy", "--from", fullForum(t).flag(), "--to", full.flag()); got.code != 0 {
		t.Fatal(got)
	}
	want := full.everything(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "backup")
	got := folkmoot(t, "", "backup", "--database", full.url, file)
	if got.code != 0 || !strings.Contains(got.err, "holds the forum as it was at") {
		t.Fatal(got)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("beside the backup there is %v, %v", files, err)
	}
	if told := full.everything(t)["settings"]; !slices.ContainsFunc(told, func(row string) bool { return strings.Contains(row, `key="backup"`) }) {
		t.Error("the forum was not told of its backup")
	}
	// What a restore recounts is kept, and is no part of the backup.
	recounted := func(all map[string][]string) map[string][]string {
		all["settings"] = slices.DeleteFunc(all["settings"], func(row string) bool { return strings.Contains(row, `key="verification"`) })
		return all
	}
	data, database := filepath.Join(t.TempDir(), "new"), place{url: cluster.NewDatabase(t)}
	for _, into := range []struct {
		at   place
		flag []string
	}{{place{file: filepath.Join(data, databaseName)}, []string{"--data", data}}, {database, []string{"--database", database.url}}} {
		got := folkmoot(t, "", append([]string{"restore", file}, into.flag...)...)
		if got.code != 0 || !strings.Contains(got.err, ": 0 differences") {
			t.Fatalf("restoring into %s: %+v", into.at, got)
		}
		sameRows(t, "restored into "+into.at.String(), recounted(want), recounted(into.at.everything(t)))
		if into.at.epoch(t) == full.epoch(t) {
			t.Errorf("%s has the epoch of the forum that was backed up", into.at)
		}
	}
	before := database.everything(t)
	for name, tt := range map[string]struct {
		args []string
		code int
		err  string
	}{
		"into a forum":              {[]string{"restore", "--database", database.url, file}, exitFailure, "the target is not empty"},
		"something else":            {[]string{"restore", "--database", cluster.NewDatabase(t), fullForum(t).file}, exitFailure, "no whole backup"},
		"into both":                 {[]string{"restore", "--database", database.url, "--data", t.TempDir(), file}, exitFailure, "can't be used together"},
		"a backup over another":     {[]string{"backup", "--database", full.url, file}, exitFailure, "there is a file of that name already"},
		"a backup of nothing":       {[]string{"backup", "--database", cluster.NewDatabase(t), filepath.Join(folder, "x")}, exitFailure, "there is no forum here"},
		"a backup of no database":   {[]string{"backup", "--database", cluster.URL("nothing"), filepath.Join(folder, "x")}, exitNoDatabase, "does not exist"},
		"a backup into no folder":   {[]string{"backup", "--database", full.url, filepath.Join(folder, "no", "x")}, exitCannotWrite, "there is no folder"},
		"a restore of no such file": {[]string{"restore", "--database", cluster.NewDatabase(t), filepath.Join(folder, "x")}, exitFailure, "no such file"},
	} {
		if got := folkmoot(t, "", tt.args...); got.code != tt.code || !strings.Contains(got.err, tt.err) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: got %+v, want %d and one line with %q", name, got, tt.code, tt.err)
		}
	}
	sameRows(t, "after the refusals", before, database.everything(t))
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("beside the backup there is %v, %v", files, err)
	}
}
