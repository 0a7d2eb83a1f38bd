package importer

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReportBalances(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                     string
		read, imported, reported int64
		want                     error
	}{
		{"nothing", 0, 0, 0, nil},
		{"all imported", 3, 3, 0, nil},
		{"some reported", 3, 1, 2, nil},
		{"one lost", 3, 1, 1, ErrUnbalanced},
		{"one twice", 3, 2, 2, ErrUnbalanced},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report := NewReport(new(bytes.Buffer))
			report.Read("other", 5)
			report.Imported("other", 5)
			report.Read("Posts.xml", tt.read)
			report.Imported("Posts.xml", tt.imported)
			for range tt.reported {
				report.Reject(Record{File: "Posts.xml", Reason: "why"})
			}
			report.Mend(Record{File: "Posts.xml", Reason: "what"}) // is no account
			if got := report.Check(); !errors.Is(got, tt.want) {
				t.Errorf("Check() = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReportTellsEachRecordAndCountsReasons(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	report := NewReport(&lines)
	for line := range 5 {
		report.Reject(Record{File: "Votes.xml", Line: line + 3, ID: fmt.Sprint(line), Reason: "no post"})
	}
	report.Reject(Record{File: "Posts.xml", Line: 8, ID: "1", Reason: "a <wiki>", Detail: "type 4"})
	report.Mend(Record{File: "Posts.xml", Line: 9, ID: "2", Reason: "shortened"})

	wantLines := `{"action":"reported","file":"Votes.xml","line":3,"id":"0","reason":"no post"}
{"action":"reported","file":"Votes.xml","line":4,"id":"1","reason":"no post"}
{"action":"reported","file":"Votes.xml","line":5,"id":"2","reason":"no post"}
{"action":"reported","file":"Votes.xml","line":6,"id":"3","reason":"no post"}
{"action":"reported","file":"Votes.xml","line":7,"id":"4","reason":"no post"}
{"action":"reported","file":"Posts.xml","line":8,"id":"1","reason":"a <wiki>","detail":"type 4"}
{"action":"mended","file":"Posts.xml","line":9,"id":"2","reason":"shortened"}
`
	if diff := cmp.Diff(wantLines, lines.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	type count struct {
		File     string
		N        int64
		Examples int
	}
	var got []count
	for _, reason := range append(report.Reported(), report.Mended()...) {
		got = append(got, count{reason.File, reason.Count, len(reason.Examples)})
	}
	want := []count{{"Posts.xml", 1, 1}, {"Votes.xml", 5, 3}, {"Posts.xml", 1, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestReportFailsWithItsWriter(t *testing.T) {
	t.Parallel()
	report := NewReport(fullDisk{})
	report.Read("Posts.xml", 1)
	report.Reject(Record{File: "Posts.xml"})
	if err := report.Check(); err == nil {
		t.Error("Check() = nil, though not a line could be written")
	}
}
