package stackexchange

import (
	"os"
	"runtime"
	"testing"
)

// A kill must not leave a file as large as the dump behind.
func TestIndexHasNoNameWhileItIsOpen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	x, err := openIndex(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 && runtime.GOOS != "windows" {
		t.Errorf("%s can be seen", left[0].Name())
	}
	if _, err := x.Count(t.Context(), `SELECT count(*) FROM posts`); err != nil {
		t.Errorf("the index cannot be used: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
	if _, err := openIndex(t.Context(), folder+"/missing"); err == nil {
		t.Error("no error for a folder that is missing")
	}
}
