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
type tree struct {
	folder string
	tests  string // the folder of compiled tests
}

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
	if err := os.Chmod(folder, 0o711); err != nil { // a database server in it is another user
		return tree{}, err
	}
	t := tree{filepath.Join(folder, "tree"), filepath.Join(folder, "tests")}
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if err := copyFile(name, filepath.Join(t.folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.remove()
			return tree{}, fmt.Errorf("copying the tree: %w", err)
		}
	}
	return t, nil
}

func (t tree) remove() { os.RemoveAll(filepath.Dir(t.folder)) }

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

// mustBeGreen runs every test without a mutant: one that fails anyway catches nothing, nor does
// one whose name is no longer that of a test.
func (t tree) mustBeGreen(ctx context.Context, chosen []mutant) error {
	var seen []tests
	for _, m := range chosen {
		if slices.Contains(seen, m.test) {
			continue
		}
		compiled := slices.ContainsFunc(seen, func(s tests) bool { return s.folder == m.test.folder })
		seen = append(seen, m.test)
		fmt.Fprintf(os.Stderr, "without mutants: %s\n", m.test)
		if !compiled {
			if err := t.compile(ctx, m.test.folder); err != nil {
				return fmt.Errorf("without a mutant: %w", err)
			}
		}
		out, err := t.run(ctx, m.test, "-test.v")
		if err != nil {
			return fmt.Errorf("%s is not green without a mutant: %w\n%s", m.test, err, out)
		}
		if depth := strings.Count(m.test.run, "/"); !slices.ContainsFunc(named(passLine, out), func(name string) bool { return strings.Count(name, "/") >= depth }) {
			return fmt.Errorf("%s: there is no such test", m.test)
		}
	}
	return nil
}

// try plants a mutant, tests it, and takes it out again.
func (t tree) try(ctx context.Context, m mutant) outcome {
	result := outcome{mutant: m}
	restore, err := t.plant(m)
	defer restore()
	if err == nil {
		err = t.compiles(ctx, m)
	}
	if err != nil {
		result.stale = err
		return result
	}
	out, err := t.run(ctx, m.test, "-test.failfast")
	failed := leaves(named(failLine, out))
	switch {
	case err == nil: // survived
	case len(failed) > 0 && strings.Contains(out, m.says):
		result.caughtBy = failed[0]
	default:
		result.otherwise = out
	}
	return result
}

// compiles compiles what a mutant changed, and its tests: nothing that does not compile is a bug.
func (t tree) compiles(ctx context.Context, m mutant) error {
	for _, e := range m.edits {
		if filepath.Ext(e.file) != ".go" {
			continue
		}
		if out, err := t.command(ctx, "go", "build", "./"+filepath.Dir(e.file)).CombinedOutput(); err != nil {
			return fmt.Errorf("it does not compile: %w\n%s", err, out)
		}
	}
	return t.compile(ctx, m.test.folder)
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
		mutated, err := e.apply(string(text))
		if err != nil {
			return restore, err
		}
		if before[path] == nil {
			before[path] = text
		}
		if err := os.WriteFile(path, []byte(mutated), 0o755); err != nil {
			return restore, err
		}
	}
	return restore, nil
}

// apply makes the edit in the text of its file.
func (e edit) apply(text string) (string, error) {
	if n := strings.Count(text, e.old); n != 1 {
		return "", fmt.Errorf("%s has this %d times, not once: %q", e.file, n, e.old)
	}
	return strings.Replace(text, e.old, e.new, 1), nil
}

// compile compiles the tests of a folder.
func (t tree) compile(ctx context.Context, folder string) error {
	out, err := t.command(ctx, "go", "test", "-c", "-vet=off", "-o", t.binary(folder), "./"+folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the tests of %s do not compile: %w\n%s", folder, err, out)
	}
	return nil
}

// run runs tests that are compiled.
func (t tree) run(ctx context.Context, what tests, flags ...string) (string, error) {
	command := t.command(ctx, t.binary(what.folder), append(flags, what.flags()...)...)
	command.Dir = filepath.Join(t.folder, what.folder)
	command.Env = append(os.Environ(), "TMPDIR="+t.tests) // what a failing test leaves to be looked at goes with the copy
	out, err := command.CombinedOutput()
	return string(out), err
}

func (t tree) binary(folder string) string {
	return filepath.Join(t.tests, strings.ReplaceAll(folder, "/", "-"))
}

func (t tree) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = t.folder
	return command
}

func (s tests) flags() []string {
	return []string{"-test.run=" + s.run, fmt.Sprintf("-test.short=%v", s.short), "-test.timeout=4m"}
}

// String is the command that runs them.
func (s tests) String() string {
	short := ""
	if s.short {
		short = "-short "
	}
	return fmt.Sprintf("go test %s-run '%s' ./%s", short, s.run, s.folder)
}

var (
	failLine = regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)`)
	passLine = regexp.MustCompile(`(?m)^ *--- PASS: (\S+)`)
)

// named are the tests that such lines name.
func named(line *regexp.Regexp, out string) []string {
	var names []string
	for _, match := range line.FindAllStringSubmatch(out, -1) {
		names = append(names, match[1])
	}
	return names
}

// leaves are the tests without those that have some of the others within them.
func leaves(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(names, func(other string) bool { return strings.HasPrefix(other, name+"/") })
	})
}
