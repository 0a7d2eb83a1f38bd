// Package stackexchange imports the dump of a Stack Exchange site: people, tags, and each
// question with its answers and comments as the posts of a thread.
//
// The files of a dump come in any order and are larger than memory. So a first pass puts
// their rows into a scratch index on disk; the second takes one thread after the other from it.
package stackexchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// Import is one import of a dump. Its fields are set before Run, which may be called once.
type Import struct {
	Path     string // of a folder, a .tar, .tar.gz or .tar.xz
	Site     string // what the forum remembers the source by; "" takes the name of the folder with the files, or of the archive
	Category string // name of the category it goes into; "" makes one of Site
	Scratch  string // folder for the scratch index, which grows as large as the dump
	DryRun   bool   // everything but the Target
	Target   importer.Target
	Markup   Markup
	Report   *importer.Report
	Progress importer.Progress
	Clock    forum.Clock

	index      *index
	categoryID forum.CategoryID
	batch      batch
	result     importer.Result
}

// Run imports the dump. Where it ends early (ctx, a damaged dump, a full disk) every batch
// that was taken is whole, and another Run goes on after them. A damaged dump is refused
// before anything is imported.
func (im *Import) Run(ctx context.Context) (*importer.Result, error) {
	started := im.Clock.Now()
	im.result = importer.Result{DryRun: im.DryRun, Brought: importer.Amounts{PostsByKind: map[string]int64{}}, Warnings: []string{}, Aside: []string{}}
	if im.DryRun {
		im.Target = importer.DryRun{}
	}
	var err error
	if im.index, err = openIndex(ctx, im.Scratch); err != nil {
		return nil, err
	}
	if err = importer.InTurn(ctx, im.read, im.compare, im.sift); err != nil {
		err = fmt.Errorf("nothing was imported: %w", err)
	} else {
		err = importer.InTurn(ctx, im.begin, im.users, im.threads, im.redirects, im.siftRest)
	}
	im.Progress.End()
	if err := errors.Join(err, im.index.Close()); err != nil {
		return nil, err
	}
	return &im.result, im.result.Finish(im.Report, im.Clock.Now().Sub(started))
}

// read fills the index.
func (im *Import) read(ctx context.Context) error {
	missing := slices.Sorted(maps.Keys(files))
	folder := ""
	aside, err := importer.EachFile(im.Path, isFile, im.Progress, func(in importer.File) error {
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == in.Name })
		folder = in.Folder
		return im.readFile(ctx, in)
	})
	if err != nil {
		return err
	}
	if missing = slices.DeleteFunc(missing, func(name string) bool { return files[name].insert == "" }); len(missing) > 0 {
		return fmt.Errorf("%s is no whole dump of a Stack Exchange site: %s missing", im.Path, strings.Join(missing, ", "))
	}
	im.result.Aside = append(im.result.Aside, aside...)
	im.name(folder)
	im.Progress.Begin("sorting", 0)
	_, err = im.index.DB.ExecContext(ctx, prepared)
	return err
}

func (im *Import) readFile(ctx context.Context, in importer.File) error {
	of := files[in.Name]
	if of.insert == "" {
		return eachRow(ctx, of, in, im.Report, of.refuse)
	}
	return im.index.fill(ctx, of, in, im.Report)
}

func (im *Import) warn(format string, args ...any) {
	im.result.Warnings = append(im.result.Warnings, fmt.Sprintf(format, args...))
}

// name gives source and category their names, where they were not given.
func (im *Import) name(folder string) {
	if im.Site == "" {
		im.Site = siteName(folder, im.Path)
	}
	if im.Category == "" {
		im.Category = categoryName(im.Site)
	}
	im.result.Source, im.result.Category = "stackexchange:"+im.Site, im.Category
}

// siteName is the name of the folder with the files, or else of the archive, in one form:
// an archive and what was unpacked from it are the same source.
func siteName(folder, archive string) string {
	name := folder
	if name == "" {
		name, _, _ = strings.Cut(filepath.Base(archive), ".tar")
	}
	name = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(name), "se-"), ".stackexchange.com")
	return strings.ReplaceAll(name, ".", "-")
}

// categoryName makes "Bicycles Meta" of bicycles-meta.
func categoryName(site string) string {
	words := strings.FieldsFunc(site, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		first, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToTitle(first)) + word[size:]
	}
	return strings.Join(words, " ")
}

// compare makes the drift report.
func (im *Import) compare(ctx context.Context) (err error) {
	im.Progress.Begin("checking the dump's own numbers", 0)
	im.result.Drift, err = im.index.drift(ctx, im.result.Source)
	return err
}

// begin makes the category.
func (im *Import) begin(ctx context.Context) error {
	if wrong := forum.LimitCategory.Check(im.Category); wrong != nil {
		return fmt.Errorf("the category's name %q %s", im.Category, wrong.Message)
	}
	description := "From the Stack Exchange site " + im.Site + ". Texts by their authors, under CC BY-SA."
	var err error
	im.categoryID, err = im.Target.ImportCategory(ctx, im.result.Source, "category", im.Category, description)
	return err
}
