// Package importer holds what importers of all sources share: the files of a dump, the
// report of what became of every record, the drift report, and where everything goes.
// Each source has a folder below.
package importer

import (
	"context"
	"errors"
	"time"

	"folkmoot/internal/forum"
)

// Target takes what a source holds. Each call is one transaction; what an earlier import
// brought under the same source and key is not made again, but posts are brought up to date.
type Target interface {
	ImportCategory(ctx context.Context, source, key, name, description string) (forum.CategoryID, error)
	ImportUsers(ctx context.Context, source string, users []forum.ImportedUser) (forum.ImportResult, error)
	ImportThreads(ctx context.Context, source string, category forum.CategoryID, threads []forum.ImportedThread) (forum.ImportResult, error)
	ImportAttachments(ctx context.Context, source string, attachments []forum.ImportedAttachment) (forum.ImportResult, error)
	ImportRedirects(ctx context.Context, paths map[string]forum.Address) error
}

// DryRun is a Target that keeps nothing and finds everything new.
type DryRun struct{}

// ImportCategory makes nothing.
func (DryRun) ImportCategory(context.Context, string, string, string, string) (forum.CategoryID, error) {
	return 1, nil
}

// ImportUsers counts people.
func (DryRun) ImportUsers(_ context.Context, _ string, users []forum.ImportedUser) (forum.ImportResult, error) {
	return forum.ImportResult{Made: int64(len(users))}, nil
}

// ImportThreads counts posts.
func (DryRun) ImportThreads(_ context.Context, _ string, _ forum.CategoryID, threads []forum.ImportedThread) (forum.ImportResult, error) {
	var posts int64
	for _, thread := range threads {
		posts += int64(len(thread.Posts))
	}
	return forum.ImportResult{Made: posts}, nil
}

// ImportAttachments counts files.
func (DryRun) ImportAttachments(_ context.Context, _ string, attachments []forum.ImportedAttachment) (forum.ImportResult, error) {
	return forum.ImportResult{Made: int64(len(attachments))}, nil
}

// ImportRedirects makes nothing.
func (DryRun) ImportRedirects(context.Context, map[string]forum.Address) error { return nil }

// Progress is told how far an import is.
type Progress interface {
	// Begin starts a step of which total units (0: nobody knows) are to be done, and ends the one before.
	Begin(step string, total int64)
	Add(n int64)
	End()
}

// Result is what an import did.
type Result struct {
	Source   string `json:"source"`
	Category string `json:"category"`
	DryRun   bool   `json:"dry_run"`

	Brought   Amounts `json:"brought"`   // by this import and earlier ones of the same source
	New       New     `json:"new"`       // by this one
	Redirects int64   `json:"redirects"` // old addresses that lead to what was brought

	Balance  []Balance `json:"balance"`
	Reported []Reason  `json:"reported"`
	Mended   []Reason  `json:"mended"`
	Warnings []string  `json:"warnings"`
	Aside    []string  `json:"aside"` // files of the dump that hold no records
	Drift    []Drift   `json:"drift"`

	Records          int64   `json:"records"`
	Seconds          float64 `json:"seconds"`
	RecordsPerSecond float64 `json:"records_per_second"`
}

// Amounts are numbers of what a forum holds.
type Amounts struct {
	Threads     int64            `json:"threads"`
	Posts       int64            `json:"posts"`
	PostsByKind map[string]int64 `json:"posts_by_kind"` // as the source calls them
	Revisions   int64            `json:"revisions"`     // earlier texts of posts
	Users       int64            `json:"users"`
	Tags        int64            `json:"tags"`
	Reactions   int64            `json:"reactions"`
	Solutions   int64            `json:"solutions"`
	Attachments int64            `json:"attachments"`
}

// New is how much an import added to what was there, or changed of it.
type New struct {
	Posts   int64 `json:"posts"`
	Users   int64 `json:"users"`
	Updated int64 `json:"updated"` // posts that were there

	Attachments int64 `json:"attachments"`
}

// ErrUnbalanced says that an importer lost records without a word: a defect of the importer.
var ErrUnbalanced = errors.New("records read are not all imported or reported: a defect of the importer")

// Finish completes the result from the report and the time taken.
func (r *Result) Finish(report *Report, took time.Duration) error {
	r.Balance, r.Reported, r.Mended = report.Balance(), report.Reported(), report.Mended()
	for _, file := range r.Balance {
		r.Records += file.Read
	}
	r.Seconds = took.Seconds()
	if took > 0 {
		r.RecordsPerSecond = float64(r.Records) / r.Seconds
	}
	return report.Check()
}
