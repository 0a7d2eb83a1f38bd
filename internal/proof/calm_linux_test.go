package proof

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Every thread of a server, the Go runtime's own watch among them, may be late by what the program asks for.
// Only root may read that of others.
func TestServerIsCalm(t *testing.T) {
	t.Parallel()
	if own, err := os.ReadFile("/proc/self/timerslack_ns"); err != nil || strings.TrimSpace(string(own)) != "50000" {
		t.Fatalf("this process may be late by %q ns itself (%v), and a server would be without asking", own, err)
	}
	server, err := newProgram(t, onSQLite).ServeUnlimited(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", server.process.Pid))
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, thread := range threads {
		slack, err := os.ReadFile("/proc/" + filepath.Base(thread) + "/timerslack_ns")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) { // it has ended
			continue
		}
		if err != nil || strings.TrimSpace(string(slack)) != "500000" {
			t.Errorf("thread %s may be late by %q ns (%v), want 500000", filepath.Base(thread), slack, err)
		}
	}
}
