package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tree is a copy of the working tree in one folder for all mutants, so that what a mutant does
// not touch is compiled once.
type tree struct{ folder string }

// copyTree copies what git would see.
func copyTree(ctx context.Context) (tree, error) {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	names, err := list.Output()
	if err != nil {
		return tree{}, fmt.Errorf("listing the tree (run this from its root): %w", err)
	}
	folder, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return tree{}, err
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if err := copyFile(name, filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			os.RemoveAll(folder)
			return tree{}, fmt.Errorf("copying the tree: %w", err)
		}
	}
	return tree{folder}, nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err // perhaps deleted, and git not told yet
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o755)
}

// mustBeGreen runs every test without a mutant: one that fails anyway catches nothing.
func (t tree) mustBeGreen(ctx context.Context, chosen []mutant) error {
	var seen []string
	for _, m := range chosen {
		command := strings.Join(m.test, " ")
		if slices.Contains(seen, command) {
			continue
		}
		seen = append(seen, command)
		fmt.Fprintf(os.Stderr, "without mutants: go test %s\n", command)
		if out, err := t.goTest(ctx, m.test); err != nil || strings.Contains(out, "[no tests to run]") {
			return fmt.Errorf("go test %s is not green without a mutant (%v):\n%s", command, err, out)
		}
	}
	return nil
}

// try plants a mutant, tests it, and takes it out again.
func (t tree) try(ctx context.Context, m mutant) outcome {
	result := outcome{mutant: m}
	restore, err := t.plant(m)
	defer restore()
	if err != nil {
		result.stale = err
		return result
	}
	out, err := t.goTest(ctx, m.test)
	switch {
	case err == nil:
		return result
	case strings.Contains(out, "[build failed]"), strings.Contains(out, "[setup failed]"):
		result.stale, result.output = errors.New("does not compile"), out
		return result
	}
	if result.caughtBy = failures(out); len(result.caughtBy) == 0 {
		result.stale, result.output = errors.New("its test ended without a verdict"), out
	}
	return result
}

// plant makes the mutant's edits. restore undoes them, those made before an error too.
func (t tree) plant(m mutant) (restore func(), err error) {
	before := map[string][]byte{}
	restore = func() {
		for path, text := range before {
			if err := os.WriteFile(path, text, 0o755); err != nil {
				panic(err) // the copy is no longer the tree: nothing tested in it means anything
			}
		}
	}
	for _, e := range m.edits {
		path := filepath.Join(t.folder, e.file)
		text, err := os.ReadFile(path)
		if err != nil {
			return restore, err
		}
		if n := strings.Count(string(text), e.old); n != 1 {
			return restore, fmt.Errorf("the text to replace is %d times in %s", n, e.file)
		}
		if before[path] == nil {
			before[path] = text
		}
		mutated := strings.Replace(string(text), e.old, e.new, 1)
		if err := os.WriteFile(path, []byte(mutated), 0o755); err != nil {
			return restore, err
		}
	}
	return restore, nil
}

func (t tree) goTest(ctx context.Context, args []string) (string, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-p=1", "-vet=off", "-timeout=5m"}, args...)...)
	command.Dir = t.folder
	out, err := command.CombinedOutput()
	return string(out), err
}

var failLine = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// failures are the top-level tests that failed; a panic or timeout names the test it was in.
func failures(out string) []string {
	var names []string
	for _, match := range failLine.FindAllStringSubmatch(out, -1) {
		if !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	if len(names) == 0 {
		if match := regexp.MustCompile(`running tests:\n\s+(\w+)`).FindStringSubmatch(out); match != nil {
			names = append(names, match[1])
		}
	}
	return names
}
