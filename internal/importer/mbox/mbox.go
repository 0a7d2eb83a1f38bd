// Package mbox imports the archive of a mailing list: people, and each discussion as a thread
// with its mails as posts.
//
// A mail can answer one that comes later in the archive, and archives are larger than memory. So
// a first pass reads every mail and puts it into a scratch index on disk; the second takes one
// thread after the other from it.
package mbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// Import is one import of an archive. Its fields are set before Run, which may be called once.
type Import struct {
	Paths    []string // files, each an mbox or one mail, bare or .gz or .xz; folders and .tar archives of such
	List     string   // what the forum remembers the source by; "" takes the name that the mails give (List-Id), or that of the first file
	Category string   // name of the category it goes into; "" takes that of the list
	Scratch  string   // folder for the scratch index, which grows as large as the archive
	DryRun   bool     // everything but the Target
	Target   importer.Target
	Markup   Markup
	Report   *importer.Report
	Progress importer.Progress
	Clock    forum.Clock

	index      *index
	about      string // the list, in its own words
	categoryID forum.CategoryID
	batch      batch
	result     importer.Result
}

// Run imports the archive. Where it ends early (ctx, a damaged file, a full disk) every batch
// that was taken is whole, and another Run goes on after them. A damaged file is refused before
// anything is imported; a damaged mail is reported.
func (im *Import) Run(ctx context.Context) (*importer.Result, error) {
	started := im.Clock.Now()
	im.result = importer.Result{DryRun: im.DryRun, Brought: importer.Amounts{PostsByKind: map[string]int64{}},
		Warnings: []string{}, Aside: []string{}, Drift: []importer.Drift{}}
	if im.DryRun {
		im.Target = importer.DryRun{}
	}
	var err error
	if im.index, err = openIndex(ctx, im.Scratch); err != nil {
		return nil, err
	}
	if err = importer.InTurn(ctx, im.read, im.sort, im.name); err != nil {
		err = fmt.Errorf("nothing was imported: %w", err)
	} else {
		err = importer.InTurn(ctx, im.begin, im.people, im.threads, im.attachments)
	}
	im.Progress.End()
	if err := errors.Join(err, im.index.Close()); err != nil {
		return nil, err
	}
	return &im.result, im.result.Finish(im.Report, im.Clock.Now().Sub(started))
}

// read fills the index.
func (im *Import) read(ctx context.Context) error {
	for _, path := range im.Paths {
		aside, err := importer.EachText(path, isMailName, im.Progress, func(in importer.File) error { return im.readFile(ctx, in) })
		if err != nil {
			return err
		}
		im.result.Aside = append(im.result.Aside, aside...)
	}
	n, err := im.index.Count(ctx, `SELECT count(*) FROM mails`)
	if err == nil && n == 0 {
		err = errors.New("there is no mail in it that could be")
	}
	return err
}

func (im *Import) readFile(ctx context.Context, in importer.File) error {
	all := newMails(in)
	for first := true; ; first = false {
		raw, err := all.next()
		if errors.Is(err, io.EOF) {
			if first {
				im.Report.Read(in.Path, 1)
				im.Report.Reject(place{file: in.Path, line: 1}.record("", "it is empty", ""))
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", in.Path, all.line, err)
		}
		if err := im.take(ctx, in.Path, raw); err != nil {
			return fmt.Errorf("%s: line %d: %w", in.Path, raw.line, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// take puts a mail into the index, or reports why it cannot be imported.
func (im *Import) take(ctx context.Context, file string, raw *rawMail) error {
	im.Report.Read(file, 1)
	where := place{file, raw.line, raw.offset}
	if raw.size > maxMail {
		im.Report.Reject(where.record("", "it is too long", fmt.Sprintf("%d bytes, at most %d", raw.size, maxMail)))
		return nil
	}
	m, err := parse(im.Markup, raw.content, im.Clock.Now().Add(aheadOfTime))
	var bad *badMail
	switch {
	case errors.As(err, &bad):
		im.Report.Reject(where.record("", bad.reason, bad.detail))
		return nil
	case err != nil:
		return err
	}
	m.attachable()
	known, err := im.index.add(ctx, where, m)
	if err != nil {
		return err
	}
	if known != nil {
		im.Report.Reject(where.record(m.id, "a mail of the same Message-ID is there already", fmt.Sprintf("%s, line %d", known.file, known.line)))
		return nil
	}
	for _, mend := range m.mends {
		im.Report.Mend(where.record(m.id, mend.reason, mend.detail))
	}
	return nil
}

// aheadOfTime is how far the clock of a mail may be ahead of ours.
const aheadOfTime = 24 * time.Hour

func (p place) record(id, reason, detail string) importer.Record {
	return importer.Record{File: p.file, Line: p.line, Offset: p.offset, ID: id, Reason: reason, Detail: detail}
}

// sort finds the threads.
func (im *Import) sort(ctx context.Context) error {
	im.Progress.Begin("sorting", 0)
	untimed, err := im.index.Count(ctx, `SELECT count(*) FROM mails WHERE at IS NULL`)
	if err != nil {
		return err
	}
	if untimed > 0 {
		if err := im.mendUntimed(ctx); err != nil {
			return err
		}
	}
	return im.index.arrange(ctx, func(id int64) error {
		found, err := im.index.places(ctx, `id = ?`, id)
		for _, p := range found {
			im.Report.Mend(p.record(p.id, "its references lead in a circle: it begins a thread", ""))
		}
		return err
	})
}

func (im *Import) mendUntimed(ctx context.Context) error {
	for last := int64(0); ; {
		found, err := im.index.places(ctx, `id > ? AND at IS NULL`, last)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, p := range found {
			im.Report.Mend(p.record(p.id, "it had no usable time: that of the mail before it was taken", ""))
			last = p.mail
		}
	}
}

// name gives source and category their names, where they were not given.
func (im *Import) name(ctx context.Context) error {
	list, about, err := im.index.list(ctx)
	if err != nil {
		return err
	}
	im.about = about
	if im.List == "" {
		im.List = list
	}
	if im.List == "" {
		im.List = stem(im.Paths[0])
	}
	if im.Category == "" {
		im.Category = label(im.List)
	}
	im.result.Source, im.result.Category = "mbox:"+im.List, im.Category
	return nil
}

// stem is a file's name without folders and endings.
func stem(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	name := filepath.Base(path)
	for _, ending := range []string{".xz", ".gz", ".tar", ".mbox", ".mbx", ".txt", ".eml"} {
		name = strings.TrimSuffix(name, ending)
	}
	if name == "" || name == string(os.PathSeparator) {
		return "mail"
	}
	return strings.ToLower(name)
}

// label is what people call a list: "users" of users.lists.example.org and users@example.org.
func label(list string) string {
	name, _, _ := strings.Cut(list, "@")
	if first, rest, found := strings.Cut(name, "."); found && strings.Contains(rest, ".") {
		return first
	}
	return name
}

// begin makes the category.
func (im *Import) begin(ctx context.Context) error {
	if wrong := forum.LimitCategory.Check(im.Category); wrong != nil {
		return fmt.Errorf("the category's name %q %s", im.Category, wrong.Message)
	}
	description := "The mailing list " + im.List + "."
	if im.about != "" {
		description = im.about + " (the mailing list " + label(im.List) + ")"
	}
	if forum.LimitDescription.Check(description) != nil {
		description = ""
	}
	var err error
	im.categoryID, err = im.Target.ImportCategory(ctx, im.result.Source, "category", im.Category, description)
	return err
}
