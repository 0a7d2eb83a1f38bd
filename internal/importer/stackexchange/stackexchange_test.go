package stackexchange

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
	"folkmoot/internal/markup"
)

var update = flag.Bool("update", false, "write the golden files anew")

// recorder is a Target that keeps what it is given, and like a store passes over what it has.
type recorder struct {
	importer.DryRun
	sources   []string
	category  string
	users     []forum.ImportedUser
	threads   []forum.ImportedThread
	redirects map[string]forum.Address
	batches   int
	known     map[string]bool
	left      []forum.Left // of the first batch
	failAt    int          // which batch of threads fails; 0: none
}

var errStore = errors.New("the store failed")

func (r *recorder) ImportCategory(_ context.Context, source, _, name, _ string) (forum.CategoryID, error) {
	r.sources, r.category = append(r.sources, source), name
	return 1, nil
}

func (r *recorder) ImportUsers(_ context.Context, _ string, users []forum.ImportedUser) (got forum.ImportResult, _ error) {
	for _, user := range users {
		if r.isNew(user.Key) {
			r.users = append(r.users, user)
			got.Made++
		}
	}
	return got, nil
}

func (r *recorder) ImportThreads(_ context.Context, _ string, _ forum.CategoryID, threads []forum.ImportedThread) (got forum.ImportResult, _ error) {
	if r.batches++; r.batches == r.failAt {
		return got, errStore
	}
	for _, thread := range threads {
		if r.isNew(thread.Key) {
			r.threads = append(r.threads, thread)
			got.Made += int64(len(thread.Posts))
		}
	}
	got.Left, r.left = r.left, nil
	return got, nil
}

func (r *recorder) ImportRedirects(_ context.Context, paths map[string]forum.Address) error {
	if r.redirects == nil {
		r.redirects = map[string]forum.Address{}
	}
	maps.Copy(r.redirects, paths)
	return nil
}

func (r *recorder) isNew(key string) bool {
	if r.known == nil {
		r.known = map[string]bool{}
	}
	before := r.known[key]
	r.known[key] = true
	return !before
}

type noProgress struct{}

func (noProgress) Begin(string, int64) {}
func (noProgress) Add(int64)           {}
func (noProgress) End()                {}

type stoppedClock struct{}

func (stoppedClock) Now() time.Time { return time.Time{} }

// importInto imports a dump and returns what Print shows of it.
func importInto(t *testing.T, target importer.Target, dump string) (result *importer.Result, shown string, err error) {
	t.Helper()
	scratch := t.TempDir()
	im := Import{Path: dump, Scratch: scratch, Target: target, DryRun: target == nil, Markup: markup.New(),
		Report: importer.NewReport(new(bytes.Buffer)), Progress: noProgress{}, Clock: stoppedClock{}}
	result, err = im.Run(t.Context())
	if result != nil {
		var page bytes.Buffer
		if err := result.Print(&page); err != nil {
			t.Fatal(err)
		}
		shown = page.String()
	}
	if left, _ := os.ReadDir(scratch); len(left) > 0 {
		t.Errorf("%s was left in the scratch folder", left[0].Name())
	}
	return result, shown, err
}

// shared is a dump that lies beside the project.
func shared(t *testing.T, name string) string {
	t.Helper()
	root := cmp.Or(os.Getenv("FOLKMOOT_SHARED"), "../../../../shared")
	dump := filepath.Join(root, "data/stackexchange", name)
	if _, err := os.Stat(dump); err != nil {
		t.Fatalf("this test needs %s; it lies in ../shared from the project's root, or where FOLKMOOT_SHARED says: %v", name, err)
	}
	return dump
}

// site writes a dump from the rows of its files, given without their "<row" and "/>".
func site(t *testing.T, rows map[string][]string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "test.stackexchange.com")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, of := range files {
		text := "\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<" + of.root + ">\n"
		for _, row := range rows[name] {
			text += "  <row " + row + " />\n"
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text+"</"+of.root+">"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// xmlText writes text as the value of an attribute.
func xmlText(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}

const (
	noon  = `CreationDate="2020-01-01T12:00:00.000"`
	one   = `CreationDate="2020-01-01T13:00:00.000"`
	two   = `CreationDate="2020-01-01T14:00:00.000"`
	three = `CreationDate="2020-01-01T15:00:00.500"`
)

func hour(h int) time.Time { return time.Date(2020, 1, 1, h, 0, 0, 0, time.UTC) }

func TestImportMapsADump(t *testing.T) {
	t.Parallel()
	dump := site(t, map[string][]string{
		"Users.xml": {
			`Id="-1" DisplayName="Community" ` + noon,
			`Id="5" DisplayName="Ann &amp; Bob" AboutMe="&lt;p&gt;I &lt;b&gt;ride&lt;/b&gt;.&lt;/p&gt;" ` + noon,
		},
		"Posts.xml": {
			`Id="10" PostTypeId="1" AcceptedAnswerId="12" OwnerUserId="5" Title=" Why? " Body="&lt;p&gt;Why &lt;i&gt;not&lt;/i&gt;?&lt;/p&gt;" Tags="&lt;bug&gt;&lt;c#&gt;" ViewCount="7"
				ClosedDate="2020-01-01T18:00:00" LastEditDate="2020-01-01T17:00:00" ` + noon,
			`Id="11" PostTypeId="2" ParentId="10" Body="&lt;p&gt;Later&lt;/p&gt;" ` + two,
			`Id="12" PostTypeId="2" ParentId="10" OwnerUserId="99" Body="&lt;p&gt;Sooner&lt;/p&gt;" ` + one,
		},
		"Comments.xml": {
			`Id="1" PostId="12" UserId="5" Text="1) thanks" Score="3" ` + three,
			`Id="2" PostId="10" UserDisplayName="gone" Text="who?" ` + one,
			`Id="3" PostId="11" Text="older than its post" ` + noon,
		},
		"Votes.xml": {
			`Id="1" PostId="10" VoteTypeId="2"`, `Id="2" PostId="10" VoteTypeId="2"`, `Id="3" PostId="10" VoteTypeId="3"`,
			`Id="4" PostId="12" VoteTypeId="1"`,
		},
		"PostHistory.xml": {
			`Id="1" PostId="10" PostHistoryTypeId="2" Text="Why?" UserId="5" ` + noon,
			`Id="3" PostId="10" PostHistoryTypeId="8" Text="Why _not_?" UserId="-1" ` + two,
			`Id="2" PostId="10" PostHistoryTypeId="5" Text="Because" UserDisplayName="gone" ` + one,
		},
		"Tags.xml": {`Id="1" TagName="c#" Count="1"`, `Id="2" TagName="unused" Count="0"`},
	})
	var got recorder
	result, _, err := importInto(t, &got, dump)
	if err != nil {
		t.Fatal(err)
	}
	wantUsers := []forum.ImportedUser{
		{Key: "u:-1", Name: "Community", CreatedAt: hour(12), Paths: []string{"/users/-1"}},
		{Key: "u:5", Name: "Ann & Bob", About: "I **ride**.", CreatedAt: hour(12), Paths: []string{"/users/5"}},
	}
	if diff := gocmp.Diff(wantUsers, got.users); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	up := func(n int64) forum.ReactionCount { return forum.ReactionCount{Kind: "up", N: n} }
	wantThreads := []forum.ImportedThread{{
		Key: "q:10", Title: "Why?", Tags: []string{"bug", "c#"}, Views: 7, LockedAt: hour(18), Paths: []string{"/questions/10", "/q/10"},
		Posts: []forum.ImportedPost{
			{Key: "q:10", AuthorKey: "u:5", Body: "Why _not_?", CreatedAt: hour(12), EditedAt: hour(14), EditorKey: "u:-1",
				Revisions: []forum.ImportedRevision{{EditorKey: "u:5", Body: "Why?", WrittenAt: hour(12)}, {EditorName: "gone", Body: "Because", WrittenAt: hour(13)}},
				Reactions: []forum.ReactionCount{up(2), {Kind: "down", N: 1}}},
			{Key: "a:12", AuthorName: "user99", Body: "Sooner", CreatedAt: hour(13), Solution: true, Paths: []string{"/a/12"}},
			{Key: "c:2", AuthorName: "gone", ReplyTo: 1, Body: "who?", CreatedAt: hour(13), Paths: []string{"/posts/comments/2"}},
			{Key: "a:11", AuthorName: "anonymous", Body: "Later", CreatedAt: hour(14), Paths: []string{"/a/11"}},
			{Key: "c:3", AuthorName: "anonymous", ReplyTo: 4, Body: "older than its post", CreatedAt: hour(12), Paths: []string{"/posts/comments/3"}},
			{Key: "c:1", AuthorKey: "u:5", ReplyTo: 2, Body: `1\) thanks`, CreatedAt: hour(15).Add(500 * time.Millisecond),
				Reactions: []forum.ReactionCount{up(3)}, Paths: []string{"/posts/comments/1"}},
		},
	}}
	if diff := gocmp.Diff(wantThreads, got.threads); diff != "" {
		t.Errorf("threads (-want +got):\n%s", diff)
	}
	wantRedirects := map[string]forum.Address{
		"/questions/tagged/bug": {Tag: "bug"}, "/tags/bug": {Tag: "bug"},
		"/questions/tagged/c#": {Tag: "c#"}, "/tags/c#": {Tag: "c#"},
		"/questions/tagged/c%23": {Tag: "c#"}, "/tags/c%23": {Tag: "c#"},
	}
	if diff := gocmp.Diff(wantRedirects, got.redirects); diff != "" {
		t.Errorf("redirects (-want +got):\n%s", diff)
	}
	if got.category != "Test" || result.Source != "stackexchange:test" {
		t.Errorf("category %q of source %q, want Test of stackexchange:test", got.category, result.Source)
	}
	if want := int64(2 + 2 + 5 + 6); result.Redirects != want {
		t.Errorf("%d redirects, want %d", result.Redirects, want)
	}
}

// Every way for a record not to be imported, and every mend.
func TestImportReportsWhatItDoesNotTake(t *testing.T) {
	t.Parallel()
	question := func(id, attributes string) string { return `Id="` + id + `" PostTypeId="1" ` + noon + ` ` + attributes }
	answer := func(id, attributes string) string { return `Id="` + id + `" PostTypeId="2" ` + noon + ` ` + attributes }
	tooLong := strings.Repeat("word ", 7000)
	dump := site(t, map[string][]string{
		"Users.xml": {
			`Id="1" DisplayName="A" ` + noon, `Id="1" DisplayName="B" ` + noon, `Id="2" DisplayName="C" CreationDate="today"`,
			`Id="3" DisplayName="` + "D&#x7;" + `" AboutMe="` + tooLong + `" ` + noon,
		},
		"Posts.xml": {
			question("1", `Title="kept" Body="text" Tags="|a|b|c|d|e|f|" AcceptedAnswerId="2"`),
			answer("2", `ParentId="1" Body="text" OwnerDisplayName="`+strings.Repeat("n", 50)+`"`),
			answer("3", `ParentId="1" Body="`+tooLong+`"`),
			answer("4", `ParentId="99" Body="text"`),
			answer("5", `Body="text"`),
			question("6", `Title="long" Body="`+tooLong+`"`),
			answer("7", `ParentId="6" Body="text"`),
			question("8", `Body="te&#x86;xt" Title="" Tags="|a/b|..|"`),
			question("9", `Title="`+strings.Repeat("t", 300)+`" Body="text"`),
			`Id="20" PostTypeId="5" Body="text" ` + noon, `Id="21" PostTypeId="6" Body="text" ` + noon,
			`Id="22" PostTypeId="question" ` + noon, `PostTypeId="1" ` + noon,
		},
		"Comments.xml": {
			`Id="1" PostId="3" Text="below a lost answer" ` + noon, `Id="2" PostId="6" Text="below a lost question" ` + noon,
			`Id="3" PostId="77" Text="below nothing" ` + noon, `Id="4" PostId="20" Text="below a wiki" ` + noon,
			`Id="5" PostId="1" Text=" " ` + noon, `Id="6" PostId="1" Text="kept" ` + noon,
		},
		"Votes.xml": {
			`Id="1" PostId="1" VoteTypeId="2"`, `Id="2" PostId="2" VoteTypeId="1"`, `Id="3" PostId="8" VoteTypeId="1"`,
			`Id="4" PostId="1" VoteTypeId="5"`, `Id="5" PostId="1" VoteTypeId="8"`, `Id="6" PostId="1" VoteTypeId="12"`,
			`Id="7" PostId="77" VoteTypeId="2"`, `Id="8" PostId="20" VoteTypeId="16"`, `Id="9" PostId="3" VoteTypeId="3"`,
		},
		"PostHistory.xml": {
			`Id="1" PostId="1" PostHistoryTypeId="2" Text="text" ` + noon, `Id="2" PostId="2" PostHistoryTypeId="2" Text="earlier" ` + noon,
			`Id="3" PostId="2" PostHistoryTypeId="5" Text="&lt;b&gt;text&lt;/b&gt;" ` + one, `Id="4" PostId="1" PostHistoryTypeId="1" Text="kept" ` + noon,
			`Id="5" PostId="1" PostHistoryTypeId="10" ` + noon, `Id="6" PostId="77" PostHistoryTypeId="2" Text="x" ` + noon,
			`Id="7" PostId="6" PostHistoryTypeId="2" Text="x" ` + noon, `Id="8" PostId="8" PostHistoryTypeId="2" Text="" ` + noon,
			`Id="9" PostId="8" PostHistoryTypeId="5" Text="` + tooLong + `" ` + noon, `Id="10" PostId="8" PostHistoryTypeId="5" Text="a&#x7;" ` + one,
			`Id="11" PostId="8" PostHistoryTypeId="5" Text="a &#xD;" ` + two, `Id="12" PostId="8" PostHistoryTypeId="5" Text="text" ` + three,
		},
		"Tags.xml":      {`Id="1" TagName="a" Count="1"`, `Id="2" TagName="f" Count="1"`, `Id="3" TagName="z" Count="0"`},
		"Badges.xml":    {`Id="1"`},
		"PostLinks.xml": {`Id="1"`},
	})
	_, shown, err := importInto(t, nil, dump)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "reasons.golden", shown)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update takes it over):\n%s", name, diff)
	}
}

// What real dumps bring, to the last vote. Their own numbers must prove right.
func TestImportOfRealDumps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		want importer.Amounts
	}{
		{"conlang-meta", importer.Amounts{Threads: 54, Posts: 399, Revisions: 94, Users: 272, Tags: 20, Reactions: 1285, Solutions: 11,
			PostsByKind: map[string]int64{"questions": 54, "answers": 115, "comments": 230}}},
		{"bicycles-meta", importer.Amounts{Threads: 453, Posts: 3872, Revisions: 1087, Users: 2551, Tags: 70, Reactions: 6486, Solutions: 157,
			PostsByKind: map[string]int64{"questions": 453, "answers": 971, "comments": 2448}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result, shown, err := importInto(t, nil, shared(t, tt.name+".tar.xz"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tt.want, result.Brought); diff != "" {
				t.Errorf("brought (-want +got):\n%s", diff)
			}
			for _, drift := range result.Drift {
				if drift.Wrong != 0 || drift.RowsChecked == 0 {
					t.Errorf("%s: %d of %d wrong: %v", drift.Counter, drift.Wrong, drift.RowsChecked, drift.Worst)
				}
			}
			golden(t, tt.name+".golden", shown)
		})
	}
}

// A wrong number of each kind is found: a report that always says 0 would be worth nothing.
func TestDriftIsFound(t *testing.T) {
	t.Parallel()
	dump := site(t, map[string][]string{
		"Posts.xml": {
			`Id="1" PostTypeId="1" Title="t" Body="b" Tags="&lt;a&gt;" Score="3" AnswerCount="2" CommentCount="0" FavoriteCount="1" ` + noon,
			`Id="2" PostTypeId="2" ParentId="1" Body="b" Score="0" CommentCount="0" ` + noon,
			`Id="3" PostTypeId="5" ParentId="1" Body="b" ` + noon, // is no answer
		},
		"Comments.xml": {`Id="1" PostId="2" Text="c" ` + noon},
		"Votes.xml":    {`Id="1" PostId="1" VoteTypeId="2"`, `Id="2" PostId="1" VoteTypeId="3"`},
		"Tags.xml":     {`Id="7" TagName="a" Count="5"`},
	})
	result, _, err := importInto(t, nil, dump)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]importer.Claimed{
		"Posts.AnswerCount":   {ID: 1, Claimed: 2, Actual: 1},
		"Posts.CommentCount":  {ID: 2, Claimed: 0, Actual: 1},
		"Posts.Score":         {ID: 1, Claimed: 3, Actual: 0},
		"Posts.FavoriteCount": {ID: 1, Claimed: 1, Actual: 0},
		"Tags.Count":          {ID: 7, Claimed: 5, Actual: 1},
	}
	got := map[string]importer.Claimed{}
	for _, drift := range result.Drift {
		if drift.Wrong == 1 && len(drift.Worst) == 1 {
			got[drift.Counter] = drift.Worst[0]
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
}

// threeBatches is a dump of 250 questions, each with a comment.
func threeBatches(t *testing.T) string {
	t.Helper()
	var questions, comments []string
	for id := range 250 {
		questions = append(questions, fmt.Sprintf(`Id="%d" PostTypeId="1" Title="t" Body="b" OwnerUserId="1" %s`, id+1, noon))
		comments = append(comments, fmt.Sprintf(`Id="%d" PostId="%d" Text="c" %s`, id+1, id+1, noon))
	}
	return site(t, map[string][]string{"Users.xml": {`Id="1" DisplayName="A" ` + noon}, "Posts.xml": questions, "Comments.xml": comments})
}

func TestImportBatchesAreBounded(t *testing.T) {
	t.Parallel()
	var got recorder
	if _, _, err := importInto(t, &got, threeBatches(t)); err != nil {
		t.Fatal(err)
	}
	if got.batches != 3 || len(got.threads) != 250 {
		t.Errorf("%d threads in %d batches, want 250 in 3", len(got.threads), got.batches)
	}
}

// A store that fails ends the import; the next takes what is missing, once.
func TestImportGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	dump := threeBatches(t)
	target := recorder{failAt: 2}
	if _, _, err := importInto(t, &target, dump); !errors.Is(err, errStore) {
		t.Fatalf("error %v, want the store's", err)
	}
	if len(target.threads) != 100 {
		t.Fatalf("%d threads before the failure, want those of one batch", len(target.threads))
	}
	result, _, err := importInto(t, &target, dump)
	if err != nil {
		t.Fatal(err)
	}
	if want := (importer.New{Posts: 300}); result.New != want || result.Brought.Threads != 250 || len(target.threads) != 250 {
		t.Errorf("the second import brought %+v, new %+v; the store has %d threads", result.Brought, result.New, len(target.threads))
	}
	again, shown, err := importInto(t, &target, dump)
	if err != nil {
		t.Fatal(err)
	}
	if again.New != (importer.New{}) || !strings.HasPrefix(shown, "Nothing was new:") || len(target.threads) != 250 {
		t.Errorf("a repeated import brought %+v and begins with %.40q", again.New, shown)
	}
}

// A dump that is damaged or no dump is refused, and nothing of it imported.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	cut := site(t, nil)
	if err := os.WriteFile(filepath.Join(cut, "Votes.xml"), []byte("<votes>\n<row Id=\"1\""), 0o600); err != nil {
		t.Fatal(err)
	}
	incomplete := site(t, nil)
	if err := os.Remove(filepath.Join(incomplete, "Users.xml")); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, dump, want string }{
		{"a file cut short", cut, `^nothing was imported: Votes.xml: line 2: the file is cut short: </votes> is missing$`},
		{"an incomplete dump", incomplete, `^nothing was imported: .* Users.xml missing$`},
		{"an empty folder", t.TempDir(), `^nothing was imported: .* is no whole dump`},
		{"no file at all", filepath.Join(t.TempDir(), "x.tar"), `^nothing was imported: .*no such file`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got recorder
			_, _, err := importInto(t, &got, tt.dump)
			if err == nil || !regexp.MustCompile(tt.want).MatchString(err.Error()) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if len(got.sources) > 0 {
				t.Error("the forum was asked for a category all the same")
			}
		})
	}
}

func TestSiteAndCategoryNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ folder, archive, site, category string }{
		{"se-bicycles-meta", "/tmp/anything.tar.xz", "bicycles-meta", "Bicycles Meta"},
		{"", "/tmp/bicycles-meta.tar.xz", "bicycles-meta", "Bicycles Meta"},
		{"bicycles.meta.stackexchange.com", "x", "bicycles-meta", "Bicycles Meta"},
		{"", "./ja.stackoverflow.com.tar", "ja-stackoverflow-com", "Ja Stackoverflow Com"},
		{"élan", "x", "élan", "Élan"},
	}
	for _, tt := range tests {
		site := siteName(tt.folder, tt.archive)
		if category := categoryName(site); site != tt.site || category != tt.category {
			t.Errorf("of %q and %q: %q, %q, want %q, %q", tt.folder, tt.archive, site, category, tt.site, tt.category)
		}
	}
}

func TestTagList(t *testing.T) {
	t.Parallel()
	for tags, want := range map[string]string{"": `[]`, "<a><b-c>": `["a","b-c"]`, "|a|c#|": `["a","c#"]`} {
		if got := tagList(tags); got != want {
			t.Errorf("tagList(%q) = %s, want %s", tags, got, want)
		}
	}
}
