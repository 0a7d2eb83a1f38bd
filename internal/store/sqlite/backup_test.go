package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3/driver"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

func quietly(string, int64, int64) {}

// everyRow reads each row of a database past the store, by table.
func everyRow(tb testing.TB, path string) map[string][]string {
	tb.Helper()
	db, err := driver.Open("file:" + path)
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	query := func(text string, each func(values []any)) {
		rows, err := db.QueryContext(tb.Context(), text)
		if err != nil {
			tb.Fatalf("%s: %v", text, err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			values, dest := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				dest[i] = &values[i]
			}
			if err := rows.Scan(dest...); err != nil {
				tb.Fatal(err)
			}
			each(values)
		}
		if err := rows.Err(); err != nil {
			tb.Fatal(err)
		}
	}
	var tables []string
	query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'`, func(values []any) {
		tables = append(tables, values[0].(string))
	})
	all := map[string][]string{}
	for _, table := range tables {
		query(`SELECT * FROM `+table, func(values []any) { all[table] = append(all[table], fmt.Sprint(values...)) })
		slices.Sort(all[table])
	}
	return all
}

// A backup holds the rows of one moment, however much is written, and moved from the log into the
// file, while it is made; and nothing of the database is changed by it.
func TestBackupIsOneMoment(t *testing.T) {
	t.Parallel()
	folder := seeded(t)
	path, to := filepath.Join(folder, databaseName), filepath.Join(t.TempDir(), "backup")
	c := open(t, folder, sqlite.Options{}.Log(20, 60, 100_000))
	defer c.close(t)
	all := members(t, c, rand.Uint64())
	work(t.Context(), all, 20) // some of it is in the log only
	before, grown := everyRow(t, path), 0
	seal, err := sqlite.SlowBackup(t.Context(), path, to, 100_000, 8, func(what string, done, total int64) {
		if what == "copied" && grown < 5 {
			grown++
			work(t.Context(), all, 20)
		}
	})
	if err != nil || grown < 5 {
		t.Fatalf("%v, written %d times meanwhile", err, grown)
	}
	if cmp.Equal(before, everyRow(t, path)) {
		t.Fatal("nothing was written meanwhile")
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v; want a file for its owner alone", info.Mode(), err)
	}
	restored := filepath.Join(t.TempDir(), databaseName)
	found, err := sqlite.Restore(t.Context(), to, restored, quietly)
	if err != nil || !cmp.Equal(found, seal) {
		t.Fatalf("restoring: %+v, %v; want %+v", found, err, seal)
	}
	for name, path := range map[string]string{"the backup itself": to, "what was restored": restored} {
		if diff := cmp.Diff(before, everyRow(t, path)); diff != "" {
			t.Errorf("%s differs from the forum when it began (-want +got):\n%s", name, diff)
		}
	}
	again := open(t, filepath.Dir(restored), sqlite.Options{})
	again.sound(t)
	again.close(t)
	c.sound(t)
}

// A backup gives up where it would make the log grow for ever; whoever writes never fails.
func TestBackupIsAborted(t *testing.T) {
	t.Parallel()
	folder, to := seeded(t), filepath.Join(t.TempDir(), "backup")
	c := open(t, folder, sqlite.Options{}.Log(50, 100, 100_000))
	defer c.close(t)
	actor := c.actor(t, "person0")
	const bound = 300
	_, err := sqlite.SlowBackup(t.Context(), filepath.Join(folder, databaseName), to, bound, 1, func(string, int64, int64) {
		for logSize(t, folder) < 2*bound*framePage {
			if _, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: 1, Body: strings.Repeat("long ", 6000)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(100 * time.Millisecond) // a page; whoever watches the log looks once a second
	})
	if !errors.Is(err, sqlite.ErrAborted) {
		t.Errorf("got %v, want %v", err, sqlite.ErrAborted)
	}
	nothingIn(t, filepath.Dir(to))
	c.sound(t)
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	database := filepath.Join(seeded(t), databaseName)
	empty, other := filepath.Join(t.TempDir(), databaseName), filepath.Join(t.TempDir(), databaseName)
	for path, content := range map[string]string{empty: "", other: strings.Repeat("This is no database. ", 500)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	there := filepath.Join(folder, "there")
	if err := os.WriteFile(there, []byte("something"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		ctx       context.Context
		path, to  string
		want      error
		remaining []string
	}{
		{"no database", t.Context(), filepath.Join(t.TempDir(), databaseName), "backup", store.ErrNone, nil},
		{"an empty one", t.Context(), empty, "backup", store.ErrNone, nil},
		{"something else", t.Context(), other, "backup", sqlite.ErrNotDatabase, nil},
		{"a file in the way", t.Context(), database, "there", sqlite.ErrExists, nil},
		{"no folder", t.Context(), database, "nowhere/backup", fs.ErrNotExist, nil},
		{"given up", ended, database, "backup", context.Canceled, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := sqlite.Backup(tt.ctx, tt.path, filepath.Join(folder, tt.to), quietly); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if content, err := os.ReadFile(there); err != nil || string(content) != "something" {
				t.Errorf("the file in the way holds %q, %v", content, err)
			}
			nothingIn(t, folder, "there")
			if files, err := os.ReadDir(filepath.Dir(database)); err != nil || len(files) != 1 {
				t.Errorf("beside the database there is %v, %v", files, err)
			}
		})
	}
}

// nothingIn sees that a folder holds nothing but what is named.
func nothingIn(tb testing.TB, folder string, but ...string) {
	tb.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(but, file.Name()) {
			tb.Errorf("%s was left behind", file.Name())
		}
	}
}

// A backup that is cut short or garbled anywhere is refused, and nothing is left of it.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	backup := filepath.Join(t.TempDir(), "backup")
	seal, err := sqlite.Backup(t.Context(), filepath.Join(seeded(t), databaseName), backup, quietly)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	end := int(seal.Bytes)
	flipped := func(at int) []byte {
		garbled := bytes.Clone(whole)
		garbled[at] ^= 1
		return garbled
	}
	sealed := func(line string) []byte { return append(bytes.Clone(whole[:end]), "\n"+line+"\n"...) }
	tests := []struct {
		name    string
		content []byte
		want    error
	}{
		{"nothing", nil, sqlite.ErrNotBackup},
		{"a text", []byte("a text\n"), sqlite.ErrNotBackup},
		{"a database", seed(), sqlite.ErrNotWhole},
		{"cut short by a byte", whole[:len(whole)-1], sqlite.ErrNotWhole},
		{"cut short by the seal", whole[:end], sqlite.ErrNotWhole},
		{"cut short by half", whole[:end/2], sqlite.ErrNotWhole},
		{"the seal of another", append(bytes.Clone(whole[:end-4096]), whole[end:]...), sqlite.ErrNotWhole},
		{"a byte too many", append(bytes.Clone(whole), '\n'), sqlite.ErrNotWhole},
		{"garbled in the first bytes", flipped(3), sqlite.ErrNotBackup},
		{"garbled in the head", flipped(30), sqlite.ErrGarbled},
		{"garbled in the middle", flipped(end / 2), sqlite.ErrGarbled},
		{"garbled at random", flipped(16 + rand.IntN(end-16)), sqlite.ErrGarbled},
		{"garbled at the end", flipped(end - 1), sqlite.ErrGarbled},
		{"garbled in the sum", flipped(len(whole) - 10), sqlite.ErrGarbled},
		{"no seal but a line", sealed("{}"), sqlite.ErrNotWhole},
		{"of a newer schema", sealed(fmt.Sprintf(`{"folkmoot_backup":1,"schema":9999,"bytes":%d,"sha256":%q}`, end, seal.SHA256)), store.ErrNewer},
		{"of a newer form", sealed(fmt.Sprintf(`{"folkmoot_backup":2,"schema":1,"bytes":%d}`, end)), store.ErrNewer},
		{"of less than nothing", sealed(`{"folkmoot_backup":1,"bytes":-1}`), sqlite.ErrNotWhole},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, folder := filepath.Join(t.TempDir(), "backup"), t.TempDir()
			if err := os.WriteFile(from, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := sqlite.Restore(t.Context(), from, filepath.Join(folder, databaseName), quietly); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			nothingIn(t, folder)
		})
	}
}
