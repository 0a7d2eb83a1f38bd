package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What mutants change stands where they look for it: whoever changes it plants them anew.
func TestMutantsCanBePlanted(t *testing.T) {
	for _, m := range mutants {
		texts := map[string]string{}
		for _, e := range m.edits {
			if texts[e.file] == "" {
				text, err := os.ReadFile(filepath.Join("..", "..", "..", e.file))
				if err != nil {
					t.Fatal(err)
				}
				texts[e.file] = string(text)
			}
			text, err := e.apply(texts[e.file])
			if err != nil {
				t.Errorf("%s: %v", m.name, err)
			} else if text == texts[e.file] {
				t.Errorf("%s changes nothing in %s", m.name, e.file)
			}
			texts[e.file] = text
		}
		if m.says == "" || m.bug == "" || len(m.edits) == 0 {
			t.Errorf("%s is not complete", m.name)
		}
	}
}

// Only a test that fails and says what it must has caught a mutant; everything else is told.
func TestVerdict(t *testing.T) {
	m := mutant{name: "mutant", says: "want 2", test: tests{"folder", "^Test$", true}}
	tests := []struct {
		name    string
		outcome outcome
		verdict string
		told    string
	}{
		{"caught", outcome{mutant: m, caughtBy: "Test"}, "caught by Test", ""},
		{"survived", outcome{mutant: m}, "SURVIVED", "mutant survived go test -short -run '^Test$' ./folder"},
		{"stale", outcome{mutant: m, stale: os.ErrNotExist}, "STALE", "mutant is stale"},
		{"another reason", outcome{mutant: m, otherwise: "no server"}, "FAILED FOR ANOTHER REASON", "no server"},
	}
	for _, test := range tests {
		if got := test.outcome.verdict(); got != test.verdict {
			t.Errorf("%s: got %s, want %s", test.name, got, test.verdict)
		}
		err := verdict([]outcome{{mutant: m, caughtBy: "Test"}, test.outcome})
		if test.told == "" && err != nil || test.told != "" && (err == nil || !strings.Contains(err.Error(), test.told)) {
			t.Errorf("%s: got %v, want %q told", test.name, err, test.told)
		}
	}
}

// The name of a failed test is that of the innermost one.
func TestLeaves(t *testing.T) {
	out := "--- FAIL: TestStore (0.06s)\n    --- FAIL: TestStore/post (0.00s)\n        --- FAIL: TestStore/post/marks_are_apart (0.06s)\n            post.go:1: --- FAIL\n"
	if got := leaves(named(failLine, out)); len(got) != 1 || got[0] != "TestStore/post/marks_are_apart" {
		t.Errorf("got %q", got)
	}
}
