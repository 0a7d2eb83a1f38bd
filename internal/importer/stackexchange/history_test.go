package stackexchange

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// What the texts of a post become: who wrote which when, and that none is doubled or lost.
func TestImportKeepsEarlierTexts(t *testing.T) {
	t.Parallel()
	const user, other, gone = ` UserId="1" `, ` UserId="2" `, ` UserDisplayName="gone" `
	row := func(id, kind, text, by, at string) string {
		return `Id="` + id + `" PostId="1" PostHistoryTypeId="` + kind + `" Text="` + text + `"` + by + at
	}
	revision := func(key, body string, at time.Time) forum.ImportedRevision {
		return forum.ImportedRevision{EditorKey: key, Body: body, WrittenAt: at}
	}
	const same, asHTML = "the text before it reads the same", "what was typed would read otherwise here: the HTML was taken"
	tests := []struct {
		name, shown string
		rows        []string
		body        string
		edited      time.Time
		editor      string
		revisions   []forum.ImportedRevision
		reported    []string
	}{
		{name: "no history", shown: "now", body: "now", edited: hour(20)},
		{name: "never edited but in its title", shown: "now", rows: []string{row("1", "2", "now", user, noon)}, body: "now"},
		{name: "edited by another and back", shown: "now", body: "now", edited: hour(14), editor: "u:1",
			rows:      []string{row("1", "2", "now", user, noon), row("2", "5", "was", other, one), row("3", "8", "now", user, two)},
			revisions: []forum.ImportedRevision{revision("u:1", "now", hour(12)), revision("u:2", "was", hour(13))}},
		{name: "an edit of blank space alone", shown: "now", body: "now", reported: []string{same},
			rows: []string{row("1", "2", "now", user, noon), row("2", "5", "now&#xD;&#xA; ", other, one)}},
		{name: "the same text twice in between", shown: "now", body: "now", edited: hour(15).Add(500 * time.Millisecond), editor: "u:2", reported: []string{same},
			rows:      []string{row("1", "2", "was", user, noon), row("2", "5", "mid", other, one), row("3", "5", "mid ", user, two), row("4", "5", "now", other, three)},
			revisions: []forum.ImportedRevision{revision("u:1", "was", hour(12)), revision("u:2", "mid", hour(13))}},
		{name: "the body from the HTML", shown: "<u>now</u>", body: "now", edited: hour(13), editor: "u:2", reported: []string{asHTML},
			rows:      []string{row("1", "2", "was", user, noon), row("2", "5", "[tag:now]", other, one)},
			revisions: []forum.ImportedRevision{revision("u:1", "was", hour(12))}},
		{name: "the body from the HTML, edited in blank space alone", shown: "<u>now</u>", body: "now", reported: []string{same, asHTML},
			rows: []string{row("1", "2", "[tag:now]", user, noon), row("2", "5", "[tag:now] ", other, one)}},
		{name: "the body from the HTML reads like the text before", shown: "<u>now</u>", body: "now", reported: []string{asHTML},
			rows: []string{row("1", "2", "now", user, noon), row("2", "5", "[tag:now]", other, one)}},
		{name: "the first text is not there", shown: "now", body: "now", edited: hour(13), editor: "u:2",
			rows: []string{row("2", "5", "now", other, one)}},
		{name: "the editor has no account", shown: "now", body: "now", edited: hour(14),
			rows: []string{row("1", "2", "was", gone, noon), row("2", "5", "mid", ` UserId="77" `, one), row("3", "5", "now", gone, two)},
			revisions: []forum.ImportedRevision{{EditorName: "gone", Body: "was", WrittenAt: hour(12)},
				{EditorName: "user77", Body: "mid", WrittenAt: hour(13)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dump := site(t, map[string][]string{
				"Users.xml":       {`Id="1" DisplayName="A" ` + noon, `Id="2" DisplayName="B" ` + noon},
				"Posts.xml":       {`Id="1" PostTypeId="1" OwnerUserId="1" Title="t" Body="` + xmlText(tt.shown) + `" LastEditDate="2020-01-01T20:00:00" ` + noon},
				"PostHistory.xml": tt.rows,
			})
			var target recorder
			result, _, err := importInto(t, &target, dump)
			if err != nil {
				t.Fatal(err)
			}
			want := forum.ImportedPost{Key: "q:1", AuthorKey: "u:1", Body: tt.body, CreatedAt: hour(12), EditedAt: tt.edited, EditorKey: tt.editor, Revisions: tt.revisions}
			if diff := gocmp.Diff(want, target.threads[0].Posts[0]); diff != "" {
				t.Errorf("post (-want +got):\n%s", diff)
			}
			if diff := gocmp.Diff(tt.reported, reportedOf(result, "PostHistory.xml")); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

// reportedOf are the reasons for which rows of a file are not imported, each of one row.
func reportedOf(result *importer.Result, file string) (reasons []string) {
	for _, reason := range result.Reported {
		if reason.File == file {
			for range reason.Count {
				reasons = append(reasons, reason.Reason)
			}
		}
	}
	return reasons
}

// What the forum keeps as it has it is not counted as imported.
func TestImportReportsWhatTheForumLeft(t *testing.T) {
	t.Parallel()
	dump := site(t, map[string][]string{
		"Posts.xml": {
			`Id="1" PostTypeId="1" AcceptedAnswerId="2" Title="new" Tags="|a|b|" Body="second" ` + noon,
			`Id="2" PostTypeId="2" ParentId="1" Body="text" LastEditDate="2020-01-01T20:00:00" ` + noon,
		},
		"Votes.xml": {`Id="1" PostId="2" VoteTypeId="1"`},
		"PostHistory.xml": {
			`Id="1" PostId="1" PostHistoryTypeId="2" Text="first" ` + noon,
			`Id="2" PostId="1" PostHistoryTypeId="5" Text="second" ` + one,
		},
		"Tags.xml": {`Id="1" TagName="a" Count="1"`, `Id="2" TagName="b" Count="1"`},
	})
	left := []forum.Left{{Key: "q:1", Title: "new"}, {Key: "q:1", Tag: "b"}, {Key: "q:1", Text: hour(13)},
		{Key: "a:2", Text: hour(20)}, {Key: "a:2", Solution: true}}
	result, _, err := importInto(t, &recorder{left: left}, dump)
	if err != nil {
		t.Fatal(err)
	}
	wantReported := map[string][]string{
		"Votes.xml":       {"it accepts what is not the accepted answer"},
		"PostHistory.xml": {"its post is known with another text, which stays"},
		"Tags.xml":        {"no thread carries it"},
	}
	for file, want := range wantReported {
		if diff := gocmp.Diff(want, reportedOf(result, file)); diff != "" {
			t.Errorf("reported of %s (-want +got):\n%s", file, diff)
		}
	}
	var mended []string
	for _, reason := range result.Mended {
		mended = append(mended, reason.Examples[0].ID+" "+reason.Reason)
	}
	wantMended := []string{"1 known by another title, which stays", "2 known with another solution, which stays",
		"2 known with another text, which stays", "1 known without a tag, which is left out"}
	if diff := gocmp.Diff(wantMended, mended); diff != "" {
		t.Errorf("mended (-want +got):\n%s", diff)
	}
	if b := result.Brought; b.Tags != 1 || b.Solutions != 0 || b.Revisions != 1 {
		t.Errorf("brought %+v", b)
	}
}
