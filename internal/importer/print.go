package importer

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes the result for people to read.
func (r *Result) Print(w io.Writer) error {
	page := &printer{table: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	r.printBrought(page)
	r.printBalance(page)
	page.reasons("Not imported, by reason", r.Reported)
	page.reasons("Imported, but mended", r.Mended)
	r.printDrift(page)
	for _, warning := range r.Warnings {
		page.line("Warning: %s.", warning)
	}
	if len(r.Aside) > 0 {
		page.line("Not read, as they hold no records: %s.", strings.Join(r.Aside, ", "))
	}
	page.line("%d records in %s, %.0f a second.", r.Records, r.took().Round(time.Millisecond), r.RecordsPerSecond)
	if err := page.table.Flush(); err != nil && page.err == nil {
		page.err = err
	}
	return page.err
}

func (r *Result) took() time.Duration { return time.Duration(r.Seconds * float64(time.Second)) }

func (r *Result) printBrought(page *printer) {
	switch {
	case r.DryRun:
		page.line("Dry run: nothing was stored. %s would bring into the category %q:", r.Source, r.Category)
	case r.New == New{}:
		page.line("Nothing was new: %s is in the category %q already:", r.Source, r.Category)
	default:
		changed := ""
		if r.New.Updated > 0 {
			changed = fmt.Sprintf(", and %d posts that have changed since", r.New.Updated)
		}
		page.line("Brought into the category %q: %d new posts and %d new people%s. %s is there with:",
			r.Category, r.New.Posts, r.New.Users, changed, r.Source)
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(r.Brought.PostsByKind)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", r.Brought.PostsByKind[kind], kind))
	}
	page.row("threads", r.Brought.Threads)
	page.row("posts", r.Brought.Posts, strings.Join(kinds, ", "))
	page.row("revisions", r.Brought.Revisions)
	page.row("people", r.Brought.Users)
	page.row("tags", r.Brought.Tags)
	page.row("reactions", r.Brought.Reactions)
	page.row("solutions", r.Brought.Solutions)
	if r.Brought.Attachments > 0 {
		page.row("attachments", r.Brought.Attachments)
	}
	page.row("redirects", r.Redirects)
	page.line("")
}

func (r *Result) printBalance(page *printer) {
	page.line("Records: every one read is imported or reported")
	page.row("file", "read", "imported", "reported")
	for _, b := range r.Balance {
		page.row(b.File, b.Read, b.Imported, b.Reported)
	}
	page.line("")
}

func (r *Result) printDrift(page *printer) {
	if len(r.Drift) == 0 {
		page.line("Drift: the source has no numbers of its own to compare")
		page.line("")
		return
	}
	page.line("Drift: where the source's own numbers differ from its rows")
	page.row("counter", "checked", "wrong", "sum", "what is counted")
	for _, d := range r.Drift {
		page.row(d.Counter, d.RowsChecked, d.Wrong, d.SumAbsError, d.Definition)
		for _, row := range d.Worst {
			page.row(fmt.Sprintf("  id %d", row.ID), "", "", "", fmt.Sprintf("claims %d, has %d: %s", row.Claimed, row.Actual, d.Action))
		}
	}
	page.line("")
}

// printer writes lines and rows of tables, and keeps the first error.
type printer struct {
	table *tabwriter.Writer
	err   error
}

func (p *printer) line(format string, args ...any) {
	if _, err := fmt.Fprintf(p.table, format+"\n", args...); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *printer) row(cells ...any) {
	var texts []string
	for _, cell := range cells {
		texts = append(texts, fmt.Sprint(cell))
	}
	p.line("  %s", strings.Join(texts, "\t"))
}

func (p *printer) reasons(title string, reasons []Reason) {
	if len(reasons) == 0 {
		return
	}
	p.line("%s", title)
	p.row("file", "records", "reason", "examples")
	for _, reason := range reasons {
		var examples []string
		for _, e := range reason.Examples {
			examples = append(examples, e.place())
		}
		p.row(reason.File, reason.Count, reason.Reason, strings.Join(examples, ", "))
	}
	p.line("")
}

func (r *Record) place() string {
	if r.ID == "" {
		return fmt.Sprintf("line %d", r.Line)
	}
	return fmt.Sprintf("line %d (id %s)", r.Line, r.ID)
}
