package sqlite_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

// nameOf says which of the errors of opening err is; exactly one it must be.
func nameOf(err error) string {
	var names []string
	for name, target := range map[string]error{"newer": store.ErrNewer, "not writable": sqlite.ErrNotWritable,
		"damaged": sqlite.ErrDamaged, "no database": sqlite.ErrNotDatabase} {
		if errors.Is(err, target) {
			names = append(names, name)
		}
	}
	if len(names) != 1 {
		return strings.Join(append(names, "error"), " and ") + ": " + strings.ReplaceAll(text(err), "\n", " / ")
	}
	return names[0]
}

func text(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

// write makes the database's file of content.
func write(content []byte) func(testing.TB, string) {
	return func(tb testing.TB, folder string) {
		if err := os.WriteFile(filepath.Join(folder, databaseName), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// change makes it a community's, on which statements were run.
func change(statements string) func(testing.TB, string) {
	return func(tb testing.TB, folder string) {
		write(seed())(tb, folder)
		run(tb, folder, statements)
	}
}

func run(tb testing.TB, folder, statements string) {
	tb.Helper()
	db, err := sqlite3.Open(filepath.Join(folder, databaseName))
	if err == nil {
		err = errors.Join(db.Exec(statements), db.Close())
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// What is wrong with a file is said in one line that names it, and the file is left as it was.
func TestCannotOpen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func(tb testing.TB, folder string)
		want string
	}{
		{"of a newer version", change(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`), "newer"},
		{"a folder", func(tb testing.TB, folder string) {
			if err := os.Mkdir(filepath.Join(folder, databaseName), 0o700); err != nil {
				tb.Fatal(err)
			}
		}, "no database"},
		{"a short text", write([]byte("hello")), "no database"},
		{"a long text", write(bytes.Repeat([]byte("hello world\n"), 1000)), "no database"},
		{"zeros", write(make([]byte, 8192)), "no database"},
		{"another program's", func(tb testing.TB, folder string) { run(tb, folder, `CREATE TABLE notes (text TEXT)`) }, "no database"},
		{"cut to a part of the head", write(seed()[:60]), "damaged"},
		{"cut to the head", write(seed()[:100]), "damaged"},
		{"cut to a page", write(seed()[:4096]), "damaged"},
		{"cut within a page", write(seed()[:4096*10+1000]), "damaged"},
		{"cut in the middle", write(seed()[:len(seed())/2/4096*4096]), "damaged"},
		{"without its last page", write(seed()[:len(seed())-4096]), "damaged"},
		{"garbled", write(append(seed()[:100:100], bytes.Repeat([]byte{0x5a}, len(seed())-100)...)), "damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			test.make(t, folder)
			before := contents(t, folder)
			began := time.Now()
			engine, err := sqlite.Open(t.Context(), filepath.Join(folder, databaseName))
			if err == nil {
				_ = engine.Close()
			}
			if got := nameOf(err); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if line := text(err); strings.Contains(line, "\n") || !strings.Contains(line, folder) {
				t.Errorf("not one line that names the file: %s", line)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("saying so took %v", took)
			}
			if diff := cmp.Diff(before, contents(t, folder)); diff != "" {
				t.Errorf("the folder has changed (-before +after):\n%.2000s", diff)
			}
		})
	}
}

// contents returns what is in a folder: names, rights and bytes.
func contents(tb testing.TB, folder string) map[string]string {
	tb.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// The rights that are missing are named too. Root has them all: another process drops them.
func TestCannotOpenWithoutRights(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		file, folder fs.FileMode
		want         string
	}{
		{"all rights", 0o666, 0o777, "error: none"},
		{"a read-only file", 0o444, 0o777, "not writable"},
		{"a file without rights", 0, 0o777, "not writable"},
		{"a read-only folder", 0o666, 0o555, "not writable"},
		{"a folder without rights", 0o666, 0, "not writable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := seeded(t)
			path := filepath.Join(folder, databaseName)
			before := contents(t, folder)
			chmod(t, path, test.file)
			defer chmod(t, folder, 0o700)
			chmod(t, filepath.Dir(folder), 0o755)
			chmod(t, folder, test.folder)
			h := startHelper(t, "open as nobody", folder)
			got := h.line(t)
			if h.end(t); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			chmod(t, folder, 0o700)
			chmod(t, path, 0o600)
			if diff := cmp.Diff(before, contents(t, folder)); diff != "" && test.want != "error: none" {
				t.Errorf("the folder has changed (-before +after):\n%.2000s", diff)
			}
		})
	}
}

func chmod(tb testing.TB, path string, mode fs.FileMode) {
	tb.Helper()
	if err := os.Chmod(path, mode); err != nil {
		tb.Fatal(err)
	}
}
