// Mutants plants the bugs that the tests must catch, one at a time in a copy of the tree, and
// sees whether they do: a test that has never failed proves little.
//
//	go run ./internal/proof/mutants                  all of them; writes the table in docs/proof.md
//	go run ./internal/proof/mutants -only toggle     those whose name holds the word; writes nothing
//	go run ./internal/proof/mutants -list            what there is
//
// A mutant is caught where the test named fails and says what it must. One that survives, or fails
// a test for another reason, or no longer fits the source or compiles, is named, and the exit code
// is 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "only mutants whose name holds this")
	list := flag.Bool("list", false, "say what there is, and run nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	chosen := choose(*only)
	if *list {
		for _, m := range chosen {
			fmt.Printf("%-28s %s\n", m.name, m.bug)
		}
		return
	}
	outcomes, err := run(ctx, chosen)
	if err == nil && *only == "" {
		err = writeTable(outcomes)
	}
	if err == nil {
		err = verdict(outcomes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func choose(only string) []mutant {
	var chosen []mutant
	for _, m := range mutants {
		if strings.Contains(m.name, only) {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

// run plants each mutant in a copy of the tree and tests it there.
func run(ctx context.Context, chosen []mutant) ([]outcome, error) {
	tree, err := copyTree(ctx)
	if err != nil {
		return nil, err
	}
	defer tree.remove()
	if err := tree.mustBeGreen(ctx, chosen); err != nil {
		return nil, err
	}
	var outcomes []outcome
	for i, m := range chosen {
		fmt.Fprintf(os.Stderr, "%2d of %d  %-28s ", i+1, len(chosen), m.name)
		begin := time.Now()
		result := tree.try(ctx, m)
		result.took = time.Since(begin)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		fmt.Fprintf(os.Stderr, "%s (%.0f s)\n", result.verdict(), result.took.Seconds())
		outcomes = append(outcomes, result)
	}
	return outcomes, nil
}

// outcome is what became of one mutant.
type outcome struct {
	mutant
	stale     error  // why it could not be planted, or did not compile
	caughtBy  string // the test that failed and said what it was to say
	otherwise string // what was said instead
	took      time.Duration
}

func (o outcome) verdict() string {
	switch {
	case o.stale != nil:
		return "STALE"
	case o.otherwise != "":
		return "FAILED FOR ANOTHER REASON"
	case o.caughtBy == "":
		return "SURVIVED"
	}
	return "caught by " + o.caughtBy
}

// verdict is an error that tells of every mutant that was not caught.
func verdict(outcomes []outcome) error {
	var failed []string
	for _, o := range outcomes {
		switch {
		case o.stale != nil:
			failed = append(failed, fmt.Sprintf("%s is stale, plant it anew in list.go: %v", o.name, o.stale))
		case o.otherwise != "":
			failed = append(failed, fmt.Sprintf("%s: %s fails, and does not say %q but:\n%s", o.name, o.test, o.says, o.otherwise))
		case o.caughtBy == "":
			failed = append(failed, fmt.Sprintf("%s survived %s", o.name, o.test))
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d were not caught:\n%s", len(failed), len(outcomes), strings.Join(failed, "\n"))
	}
	fmt.Fprintf(os.Stderr, "all %d caught\n", len(outcomes))
	return nil
}

const (
	tableBegin = "<!-- mutants: written by go run ./internal/proof/mutants -->\n"
	tableEnd   = "<!-- end of mutants -->"
)

// writeTable replaces the table in docs/proof.md.
func writeTable(outcomes []outcome) error {
	path := filepath.Join("docs", "proof.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		return fmt.Errorf("%s has not the two lines that the table stands between", path)
	}
	return os.WriteFile(path, []byte(before+tableBegin+table(outcomes)+tableEnd+after), 0o644)
}

func table(outcomes []outcome) string {
	var text strings.Builder
	text.WriteString("| mutant | the bug | caught by | which says |\n|---|---|---|---|\n")
	for _, o := range outcomes {
		by := strings.TrimPrefix(o.verdict(), "caught by ")
		fmt.Fprintf(&text, "| %s | %s | `%s` | %s |\n", o.name, o.bug, by, o.says)
	}
	return text.String()
}
