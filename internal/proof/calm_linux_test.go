package proof

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every thread of a server, the Go runtime's own watch among them, may be late by what the program asks for.
func TestServerIsCalm(t *testing.T) {
	t.Parallel()
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
		if os.IsNotExist(err) { // it has ended
			continue
		}
		if err != nil || strings.TrimSpace(string(slack)) != "500000" {
			t.Errorf("thread %s may be late by %q ns (%v), want 500000", filepath.Base(thread), slack, err)
		}
	}
}
