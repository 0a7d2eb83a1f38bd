package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
	"folkmoot/internal/importer/mbox"
	"folkmoot/internal/importer/stackexchange"
	"folkmoot/internal/markup"
)

// importCommand brings in what another forum holds: a field for each source.
type importCommand struct {
	StackExchange stackExchangeCommand `cmd:"" name:"stackexchange" help:"Import the dump of a Stack Exchange site: people, tags, questions, answers and comments, with their earlier texts. Run it again after an interruption, and it goes on where it ended; or with a newer dump, and it brings what is new."`
	Mbox          mboxCommand          `cmd:"" name:"mbox" help:"Import the archive of a mailing list: people, threads by what answers what, attachments. Run it again after an interruption, and it goes on where it ended; or with a longer archive, and it brings what is new."`
}

type stackExchangeCommand struct {
	dataFlag
	importFlags
	Dump     string `arg:"" help:"Folder with the XML files, or a .tar.xz, .tar.gz or .tar of it."`
	Category string `placeholder:"NAME" help:"Name of the category for its threads. Default: made of the site's name."`
	Site     string `placeholder:"NAME" help:"Name that the forum remembers the site by, to pass over what it has already. Default: that of the folder with the XML files, or else of the archive."`
}

// Validate sees whether there is a dump: a mistyped name is no fault of the disk.
func (c *stackExchangeCommand) Validate() error {
	if _, err := os.Stat(c.Dump); err != nil {
		return fmt.Errorf("the dump cannot be read: %v", err)
	}
	return nil
}

// Run imports the dump, beside a running server if there is one.
func (c *stackExchangeCommand) Run(ctx context.Context, std *console) error {
	return c.run(ctx, std, c.dataFlag, func(into importing) (*importer.Result, error) {
		im := stackexchange.Import{Path: c.Dump, Site: c.Site, Category: c.Category, DryRun: c.DryRun, Scratch: into.scratch, Target: into.target,
			Markup: markup.New(), Report: into.report, Progress: newImportProgress(std.err), Clock: forum.SystemClock{}}
		return im.Run(ctx)
	})
}

type mboxCommand struct {
	dataFlag
	importFlags
	Files    []string `arg:"" name:"file" help:"The archive: mbox files or single mails, bare or .gz or .xz, folders of them, or a .tar of any of these. Give all files of a list at once: a mail is put below the one it answers if that is among them."`
	Category string   `placeholder:"NAME" help:"Name of the category for its threads. Default: the list's name."`
	List     string   `placeholder:"NAME" help:"Name that the forum remembers the list by, to pass over what it has already. Default: that in the mails (List-Id), or else the name of the first file."`
}

// Validate sees whether there are the files: a mistyped name is no fault of the disk.
func (c *mboxCommand) Validate() error {
	for _, name := range c.Files {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("the archive cannot be read: %v", err)
		}
	}
	return nil
}

// Run imports the archive, beside a running server if there is one.
func (c *mboxCommand) Run(ctx context.Context, std *console) error {
	return c.run(ctx, std, c.dataFlag, func(into importing) (*importer.Result, error) {
		im := mbox.Import{Paths: c.Files, List: c.List, Category: c.Category, DryRun: c.DryRun, Scratch: into.scratch, Target: into.target,
			Markup: markup.New(), Report: into.report, Progress: newImportProgress(std.err), Clock: forum.SystemClock{}}
		return im.Run(ctx)
	})
}

// importFlags are those of every source.
type importFlags struct {
	DryRun bool   `help:"Read and check everything, and store nothing."`
	Report string `placeholder:"FILE" help:"Write every record that is not imported to FILE with its line and the reason, as JSON lines."`
	JSON   bool   `name:"json" help:"Print the result as JSON."`
}

// importing is where an import goes.
type importing struct {
	target  importer.Target // nil on a dry run
	scratch string
	report  *importer.Report
}

// run opens what an import needs, runs it and shows the result.
func (c *importFlags) run(ctx context.Context, std *console, place dataFlag, start func(importing) (*importer.Result, error)) (err error) {
	report, err := createReport(c.Report)
	if err != nil {
		return err
	}
	defer func() {
		if closed := report.Close(); err == nil {
			err = closed
		}
	}()
	into := importing{scratch: place.Data, report: importer.NewReport(report)}
	if c.DryRun || place.Database != "" {
		into.scratch = existing(place.Data)
	}
	if !c.DryRun {
		m, err := openService(ctx, place)
		if err != nil {
			return err
		}
		defer m.Close()
		into.target = m
	}
	result, err := start(into)
	return c.show(ctx, std, result, err)
}

func (c *importFlags) show(ctx context.Context, std *console, result *importer.Result, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted: what was imported is whole; the same command goes on from there")
	}
	if result == nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(std.out)
		encoder.SetIndent("", "  ")
		return errors.Join(err, encoder.Encode(result))
	}
	return errors.Join(err, result.Print(std.out))
}

// existing returns folder, or where it is missing the system's folder for temporary files: nothing is
// made for what goes nowhere, or elsewhere.
func existing(folder string) string {
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return folder
	}
	return os.TempDir()
}

// reportFile is the file for single records; without a name it takes and keeps nothing.
type reportFile struct {
	*bufio.Writer
	file *os.File
}

func createReport(name string) (*reportFile, error) {
	if name == "" {
		return &reportFile{Writer: bufio.NewWriter(io.Discard)}, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("the report cannot be written: %v", err)
	}
	return &reportFile{bufio.NewWriter(file), file}, nil
}

// Close writes what is left, and says whether all of it reached the file.
func (r *reportFile) Close() error {
	err := r.Flush()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}

// newImportProgress shows a bar at a terminal, and elsewhere a line for each step and then
// every few seconds.
func newImportProgress(to io.Writer) importer.Progress {
	if file, ok := to.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &barProgress{to: to}
	}
	return &lineProgress{to: to}
}

type barProgress struct {
	to  io.Writer
	bar *progressbar.ProgressBar
}

func (p *barProgress) Begin(step string, total int64) {
	p.End()
	if total == 0 {
		total = -1 // which the bar takes for unknown
	}
	p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.to), progressbar.OptionSetDescription(step),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetRenderBlankState(true), progressbar.OptionClearOnFinish())
}

func (p *barProgress) Add(n int64) { _ = p.bar.Add64(n) }

func (p *barProgress) End() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	p.bar = nil
}

const linesEvery = 3 * time.Second

type lineProgress struct {
	to          io.Writer
	step        string
	done, total int64
	told        time.Time
}

func (p *lineProgress) Begin(step string, total int64) {
	*p = lineProgress{to: p.to, step: step, total: total, told: time.Now()}
	fmt.Fprintln(p.to, step)
}

func (p *lineProgress) Add(n int64) {
	p.done += n
	if p.total > 0 && time.Since(p.told) > linesEvery {
		p.told = time.Now()
		fmt.Fprintf(p.to, "%s: %d %%\n", p.step, 100*p.done/p.total)
	}
}

func (p *lineProgress) End() {}
