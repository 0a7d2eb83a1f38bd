package importer

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report keeps account of every record of a dump: each is imported or reported, and those
// that could only be imported in part are reported as mended besides. Single records go to
// a writer as JSON lines; in memory there are only the numbers and a few examples by reason.
type Report struct {
	lines    *json.Encoder
	balance  map[string]*Balance
	reported map[reasonKey]*Reason
	mended   map[reasonKey]*Reason
	err      error // of the writer, the first
}

// Balance is the account of one file.
type Balance struct {
	File     string `json:"file"`
	Read     int64  `json:"read"`
	Imported int64  `json:"imported"`
	Reported int64  `json:"reported"`
}

// Record is one that is reported, and why.
type Record struct {
	Action string `json:"action"` // "reported": not imported; "mended": imported, but not quite as it was
	File   string `json:"file"`
	Line   int    `json:"line"`
	Offset int64  `json:"offset,omitempty"` // where the record begins in the file, in bytes, if the source tells
	ID     string `json:"id"`               // as the source writes it, "" where it has none
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"` // what Reason, of which there are few, does not say
}

// Reason is how many records of a file were reported or mended for it.
type Reason struct {
	File     string   `json:"file"`
	Reason   string   `json:"reason"`
	Count    int64    `json:"count"`
	Examples []Record `json:"examples"`
}

type reasonKey struct{ file, reason string }

const maxExamples = 3

// NewReport returns a report that writes each single record to lines.
func NewReport(lines io.Writer) *Report {
	encoder := json.NewEncoder(lines)
	encoder.SetEscapeHTML(false)
	return &Report{lines: encoder, balance: map[string]*Balance{},
		reported: map[reasonKey]*Reason{}, mended: map[reasonKey]*Reason{}}
}

// Read counts records read from a file.
func (r *Report) Read(file string, n int64) { r.of(file).Read += n }

// Imported counts records of a file that are in the forum now.
func (r *Report) Imported(file string, n int64) { r.of(file).Imported += n }

// Reject reports a record that is not imported.
func (r *Report) Reject(record Record) {
	record.Action = "reported"
	r.of(record.File).Reported++
	r.write(r.reported, record)
}

// Mend reports what was changed or left out of a record that is imported.
func (r *Report) Mend(record Record) {
	record.Action = "mended"
	r.write(r.mended, record)
}

func (r *Report) of(file string) *Balance {
	balance := r.balance[file]
	if balance == nil {
		balance = &Balance{File: file}
		r.balance[file] = balance
	}
	return balance
}

func (r *Report) write(reasons map[reasonKey]*Reason, record Record) {
	key := reasonKey{record.File, record.Reason}
	reason := reasons[key]
	if reason == nil {
		reason = &Reason{File: record.File, Reason: record.Reason}
		reasons[key] = reason
	}
	if reason.Count++; len(reason.Examples) < maxExamples {
		reason.Examples = append(reason.Examples, record)
	}
	if err := r.lines.Encode(record); err != nil && r.err == nil {
		r.err = fmt.Errorf("writing the report: %w", err)
	}
}

// Check returns ErrUnbalanced unless every record read was imported or reported, or else
// the first error of writing the report.
func (r *Report) Check() error {
	for _, file := range r.Balance() {
		if file.Read != file.Imported+file.Reported {
			return fmt.Errorf("%s: %d read, %d imported, %d reported: %w", file.File, file.Read, file.Imported, file.Reported, ErrUnbalanced)
		}
	}
	return r.err
}

// Balance returns the accounts, by file.
func (r *Report) Balance() []Balance {
	all := []Balance{}
	for _, balance := range r.balance {
		all = append(all, *balance)
	}
	slices.SortFunc(all, func(a, b Balance) int { return strings.Compare(a.File, b.File) })
	return all
}

// Reported returns why records were not imported, by file, the most frequent first.
func (r *Report) Reported() []Reason { return sorted(r.reported) }

// Mended returns what was changed or left out of records that were imported, sorted likewise.
func (r *Report) Mended() []Reason { return sorted(r.mended) }

func sorted(reasons map[reasonKey]*Reason) []Reason {
	all := []Reason{}
	for _, reason := range reasons {
		all = append(all, *reason)
	}
	slices.SortFunc(all, func(a, b Reason) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Reason, b.Reason)
	})
	return all
}
