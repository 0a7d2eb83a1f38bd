package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"

	"folkmoot/internal/forum"
)

// lastBackup is what the administrators of a forum are told.
func lastBackup(t testing.TB, data string) forum.Backup {
	t.Helper()
	m, err := openService(t.Context(), dataFlag{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	made, err := m.LastBackup(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// databaseOf opens a forum's database past everything.
func databaseOf(t testing.TB, data string) *sql.DB {
	t.Helper()
	db, err := driver.Open("file:" + filepath.Join(data, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func epochOf(t testing.TB, data string) (epoch string) {
	t.Helper()
	if err := databaseOf(t, data).QueryRowContext(t.Context(), `SELECT value FROM settings WHERE key = 'epoch'`).Scan(&epoch); err != nil {
		t.Fatal(err)
	}
	return epoch
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "forum.backup")
	s := startServer(t, "--data", data)
	defer s.stop()
	if got := folkmoot(t, "correct horse battery\n", "user", "create", "boss", "--admin", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	token := strings.TrimSpace(folkmoot(t, "", "token", "create", "--user", "boss", "--data", data).out)
	if made := lastBackup(t, data); !made.At.IsZero() {
		t.Errorf("before there was a backup: %+v", made)
	}
	if got := folkmoot(t, "", "backup", "--data", data, file); got.code != 0 || !strings.Contains(got.err, "holds the forum as it was at") {
		t.Fatalf("backup beside the server: %+v", got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v; want a file for its owner alone", info, err)
	}
	if made := lastBackup(t, data); made.At.IsZero() || made.Bytes == 0 {
		t.Errorf("after the backup: %+v", made)
	}
	if got := folkmoot(t, "", "user", "create", "later", "--data", data); got.code != 0 {
		t.Fatal(got)
	}

	for name, restored := range map[string]string{
		"a new folder": filepath.Join(t.TempDir(), "new", "folder"), "an empty one": t.TempDir(), "one where it was cut off": cutOff(t),
	} {
		got := folkmoot(t, "", "restore", "--data", restored, file)
		if got.code != 0 || !strings.Contains(got.err, "0 differences") {
			t.Fatalf("restoring into %s: %+v", name, got)
		}
		if files, err := os.ReadDir(restored); err != nil || len(files) != 1 {
			t.Errorf("%s holds %v, %v; want the database alone", name, files, err)
		}
		if got := folkmoot(t, "", "user", "list", "--data", restored); !strings.Contains(got.out, "boss") || strings.Contains(got.out, "later") {
			t.Errorf("people restored into %s: %+v", name, got)
		}
		if was, is := epochOf(t, data), epochOf(t, restored); is == was || is == "" {
			t.Errorf("the epoch was %q and is %q", was, is)
		}
		again := startServer(t, "--data", restored)
		if code, text := get(t, again.url+"/api/v1/me", token); code != 200 || !strings.Contains(text, `"boss"`) {
			t.Errorf("the forum restored into %s: got %d %s", name, code, text)
		}
		again.stop()
	}
}

// cutOff is a folder in which a restore was killed.
func cutOff(t testing.TB) string {
	t.Helper()
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, restoringName), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, restoringName, databaseName), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	return data
}

// A backup of an older program's database leaves it as it is, for the older program to serve.
func TestBackupOfAnOlderDatabase(t *testing.T) {
	t.Parallel()
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "forum.backup")
	if got := folkmoot(t, "", "user", "create", "ann", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	db := databaseOf(t, data)
	if _, err := db.ExecContext(t.Context(), `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	if got := folkmoot(t, "", "backup", "--data", data, file); got.code != 0 || !strings.Contains(got.err, "of an older version") {
		t.Errorf("got %+v", got)
	}
	var kept int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM settings WHERE key = 'backup'`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if kept != 0 {
		t.Error("the older database was written to")
	}
}

func TestBackupAndRestoreRefusals(t *testing.T) {
	t.Parallel()
	data, files := t.TempDir(), t.TempDir()
	if got := folkmoot(t, "", "user", "create", "ann", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	file := filepath.Join(files, "whole")
	if got := folkmoot(t, "", "backup", "--data", data, file); got.code != 0 {
		t.Fatal(got)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(files, "newer")
	if got := folkmoot(t, "", "backup", "--data", newerDatabase(t), newer); got.code != 0 {
		t.Fatal(got)
	}
	for name, content := range map[string][]byte{"cut": whole[:len(whole)/2], "text": []byte("a text"), "garbled": flipped(whole)} {
		if err := os.WriteFile(filepath.Join(files, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	into := filepath.Join(t.TempDir(), "new")
	tests := []struct {
		name string
		args []string
		code int
		err  string
	}{
		{"a backup over another", []string{"backup", "--data", data, file}, exitFailure, "there is a file of that name already"},
		{"a recount of nothing", []string{"verify", "--data", t.TempDir()}, exitFailure, "there is no forum here"},
		{"a backup of nothing", []string{"backup", "--data", t.TempDir(), filepath.Join(files, "x")}, exitFailure, "there is no forum here"},
		{"a backup into nowhere", []string{"backup", "--data", data, filepath.Join(files, "no", "x")}, exitCannotWrite, "no backup was made: there is no folder " + filepath.Join(files, "no")},
		{"a newer backup", []string{"restore", "--data", into, newer}, exitNewer, "newer version"},
		{"a damaged one", []string{"restore", "--data", into, filepath.Join(files, "garbled")}, exitFailure, "damaged"},
		{"one cut short", []string{"restore", "--data", into, filepath.Join(files, "cut")}, exitFailure, "cut short"},
		{"something else", []string{"restore", "--data", into, filepath.Join(files, "text")}, exitFailure, "no backup of Folkmoot"},
		{"a folder", []string{"restore", "--data", into, files}, exitFailure, "no backup of Folkmoot"},
		{"nothing", []string{"restore", "--data", into, filepath.Join(files, "nothing")}, exitFailure, "no such file"},
		{"a forum in its place", []string{"restore", "--data", data, file}, exitFailure, "is not empty"},
		{"no folder named", []string{"restore", file}, exitFailure, "--data"},
	}
	before := epochOf(t, data)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := folkmoot(t, "", tt.args...)
			if got.code != tt.code || !strings.Contains(got.err, tt.err) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("got %+v, want %d and one line with %q", got, tt.code, tt.err)
			}
			if _, err := os.Stat(into); err == nil {
				t.Error("a folder is left behind")
			}
		})
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != string(whole) || epochOf(t, data) != before {
		t.Errorf("something was changed: %v", err)
	}
}

func flipped(whole []byte) []byte {
	garbled := append([]byte(nil), whole...)
	garbled[len(garbled)/2] ^= 1
	return garbled
}

// A backup that is stopped leaves nothing behind.
func TestBackupStopped(t *testing.T) {
	t.Parallel()
	data, files := t.TempDir(), t.TempDir()
	if got := folkmoot(t, "", "user", "create", "ann", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs strings.Builder
	if code := run(ctx, []string{"backup", "--data", data, filepath.Join(files, "x")}, &console{err: &errs}); code != exitFailure {
		t.Errorf("got %d %s", code, errs.String())
	}
	if left, err := os.ReadDir(files); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
