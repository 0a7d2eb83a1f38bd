package mbox

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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

// recorder is a Target that keeps what it is given, and like a store passes over what it has.
type recorder struct {
	importer.DryRun
	source, category, description string
	users                         []forum.ImportedUser
	threads                       []forum.ImportedThread
	files                         []forum.ImportedAttachment
	known                         map[string]bool
	batches                       int
	failAt                        int // which batch of threads fails; 0: none
}

var errStore = errors.New("the store failed")

func (r *recorder) ImportCategory(_ context.Context, source, _, name, description string) (forum.CategoryID, error) {
	r.source, r.category, r.description = source, name, description
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
	return got, nil
}

func (r *recorder) ImportAttachments(_ context.Context, _ string, files []forum.ImportedAttachment) (got forum.ImportResult, _ error) {
	for _, file := range files {
		if r.isNew(file.Key) {
			r.files = append(r.files, file)
			got.Made++
		}
	}
	return got, nil
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

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func (stoppedClock) Now() time.Time { return now }

// newImport is one of files into target, nil for a dry run.
func newImport(t *testing.T, target importer.Target, lines io.Writer, files ...string) *Import {
	t.Helper()
	return &Import{Paths: files, Scratch: t.TempDir(), Target: target, DryRun: target == nil, Markup: markup.New(),
		Report: importer.NewReport(lines), Progress: noProgress{}, Clock: stoppedClock{}}
}

// run runs an import and returns what Print shows of it.
func run(t *testing.T, im *Import) (result *importer.Result, shown string, err error) {
	t.Helper()
	result, err = im.Run(t.Context())
	if result != nil {
		var page bytes.Buffer
		if err := result.Print(&page); err != nil {
			t.Fatal(err)
		}
		shown = page.String()
	}
	if left, _ := os.ReadDir(im.Scratch); len(left) > 0 {
		t.Errorf("%s was left in the scratch folder", left[0].Name())
	}
	return result, shown, err
}

// shared is a file that lies beside the project.
func shared(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(cmp.Or(os.Getenv("FOLKMOOT_SHARED"), "../../../../shared"), "data/mail", name)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("this test needs %s; it lies in ../shared from the project's root, or where FOLKMOOT_SHARED says: %v", name, err)
	}
	return file
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// archive writes an mbox of mails, each a header and a text.
func archive(t *testing.T, mails ...string) string {
	t.Helper()
	var all strings.Builder
	for _, mail := range mails {
		all.WriteString("From mboxrd@z Thu Jan  1 00:00:00 1970\n" + strings.TrimLeft(mail, "\n") + "\n\n")
	}
	return writeFile(t, "users.mbox", all.String())
}

// simple is a mail of a person to the list.
func simple(id, references, hour string) string {
	header := "From: Ann <ann@example.org>\nMessage-ID: <" + id + ">\nSubject: About " + id + "\nDate: Wed, 1 Jan 2020 " + hour + ":00:00 +0000\n"
	if references != "" {
		header += "References: " + references + "\n"
	}
	return header + "\nText of " + id + ".\n"
}

func hour(h int) time.Time { return time.Date(2020, 1, 1, h, 0, 0, 0, time.UTC) }

const list = "List-Id: People who ride <riders.lists.example.org>\n"

func TestImportMapsAnArchive(t *testing.T) {
	t.Parallel()
	file := archive(t, `
From: "Ann A." <Ann@Example.org>
`+list+`Message-ID: <1@example.org>
Subject: [Riders] [Brakes] Re: =?utf-8?q?Qui=C3=A9t?=
 pads
Date: Wed, 1 Jan 2020 14:00:00 +0200
Archived-At: <https://lists.example.org/archives/list/riders@lists.example.org/message/ABC/>

They squeal. Write to ann@example.org.
`, `
From: Bob via Riders <riders@lists.example.org>
Reply-To: Bob <bob@example.net>
`+list+`Message-ID: <2@example.org>
In-Reply-To: <1@example.org>
Subject: Re: [Riders] [Brakes] =?utf-8?q?Qui=C3=A9t?= pads
Date: Wed, 1 Jan 2020 13:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Sand them, caf=E9 style.
--x
Content-Type: text/x-patch; name="../a b.patch"
Content-Disposition: attachment

+1
--x--
`, `
From: ann@example.org
`+list+`Message-ID: <3@example.org>
References: <gone@example.org> <1@example.org> <other@example.org>
In-Reply-To: <2@example.org>
Subject: Wheels
Date: Wed, 1 Jan 2020 11:00:00 +0000

Older than what it answers.
`)
	var got recorder
	result, _, err := run(t, newImport(t, &got, io.Discard, file))
	if err != nil {
		t.Fatal(err)
	}
	ann, bob := personKey("ann@example.org"), personKey("bob@example.net")
	people := map[string]forum.ImportedUser{}
	for _, user := range got.users {
		people[user.Key] = user
	}
	wantPeople := map[string]forum.ImportedUser{ann: {Key: ann, Name: "Ann A.", CreatedAt: hour(11)}, bob: {Key: bob, Name: "Bob", CreatedAt: hour(13)}}
	if diff := gocmp.Diff(wantPeople, people); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	hyperkitty := func(kind, hash string) []string {
		return []string{"/archives/list/riders@lists.example.org/" + kind + "/" + hash, "/hyperkitty/list/riders@lists.example.org/" + kind + "/" + hash}
	}
	first := append([]string{"/archives/list/riders@lists.example.org/message/ABC"}, hyperkitty("message", "7GZ6XNTSVWWTYOP4G6TFGIYCCHN7I4PI")...)
	first = append(append(first, hyperkitty("thread", "7GZ6XNTSVWWTYOP4G6TFGIYCCHN7I4PI")...), "/archives/list/riders@lists.example.org/thread/ABC", "/riders/1@example.org")
	wantThreads := []forum.ImportedThread{{
		Key: "m:1@example.org", Title: "Quiét pads", Tags: []string{"Brakes"}, Paths: first,
		Posts: []forum.ImportedPost{
			{Key: "m:1@example.org", AuthorKey: ann, Body: "They squeal. Write to ann@….", CreatedAt: hour(12)},
			{Key: "m:3@example.org", AuthorKey: ann, ReplyTo: 1, Body: "**Wheels**\n\nOlder than what it answers.", CreatedAt: hour(11),
				Paths: append(hyperkitty("message", "XQCOYWRYEJFXDQNHQXCHUKHI3DGFBFD5"), "/riders/3@example.org")},
			{Key: "m:2@example.org", AuthorKey: bob, ReplyTo: 1, Body: "Sand them, café style.", CreatedAt: hour(13),
				Paths: append(hyperkitty("message", "GSP74FIG3GU6DGK4OBVX2BTYV5JJX5EP"), "/riders/2@example.org")},
		},
	}}
	ignoreHashes := gocmp.Transformer("hashes", func(path string) string { return hash.ReplaceAllString(path, "/HASH") })
	if diff := gocmp.Diff(wantThreads, got.threads, gocmp.FilterPath(isPath, ignoreHashes)); diff != "" {
		t.Errorf("threads (-want +got):\n%s", diff)
	}
	wantFiles := []forum.ImportedAttachment{{Key: "f:1:2@example.org", Post: "m:2@example.org", Content: []byte("+1"),
		Attachment: forum.Attachment{Name: "a b.patch", Type: "text/x-patch", Bytes: 2}}}
	if diff := gocmp.Diff(wantFiles, got.files); diff != "" {
		t.Errorf("attachments (-want +got):\n%s", diff)
	}
	if got.source != "mbox:riders.lists.example.org" || got.category != "riders" || !strings.HasPrefix(got.description, "People who ride") {
		t.Errorf("category %q (%q) of source %q", got.category, got.description, got.source)
	}
	if result.Brought.Posts != 3 || result.Brought.Attachments != 1 || result.Redirects != int64(len(first)+6) {
		t.Errorf("the result says %+v and %d redirects", result.Brought, result.Redirects)
	}
}

var hash = regexp.MustCompile(`/[A-Z2-7]{32}$`)

func isPath(p gocmp.Path) bool {
	for _, step := range p {
		if field, ok := step.(gocmp.StructField); ok && field.Name() == "Paths" {
			return p.Last().Type().String() == "string"
		}
	}
	return false
}

// The addresses of public-inbox, as browsers send them.
func TestOldAddressOfAMail(t *testing.T) {
	t.Parallel()
	im := &Import{List: "l"}
	for message, want := range map[string]string{
		"a+b=c@x": "/l/a+b=c@x", "a/b@x": "/l/a%2Fb@x", "a?b@x": "/l/a%3Fb@x", "ä@x": "/l/%C3%A4@x", "50%@x": "/l/50%25@x",
	} {
		paths := im.paths(&entry{message: message}, false)
		if got := paths[len(paths)-1]; got != want {
			t.Errorf("%s: %q, want %q last", message, paths, want)
		}
	}
}

// shape writes what answers what: "1(2 3(4))".
func shape(threads []forum.ImportedThread) string {
	var all []string
	for _, thread := range threads {
		var below func(number int64) string
		below = func(number int64) string {
			var answers []string
			for i, post := range thread.Posts {
				if post.ReplyTo == number && i > 0 {
					answers = append(answers, below(int64(i)+1))
				}
			}
			text := strings.TrimPrefix(thread.Posts[number-1].Key, "m:")
			if len(answers) > 0 {
				text += "(" + strings.Join(answers, " ") + ")"
			}
			return text
		}
		all = append(all, below(1))
	}
	return strings.Join(all, " ")
}

func TestThreads(t *testing.T) {
	t.Parallel()
	reply := func(id, to, hour string) string {
		return strings.Replace(simple(id, "", hour), "\nSubject", "\nIn-Reply-To: "+to+"\nSubject", 1)
	}
	tests := []struct {
		name  string
		mails []string
		want  string
	}{
		{"the nearest that is there", []string{simple("a", "", "10"), simple("b", "<a>", "11"), simple("c", "<a> <b> <gone>", "12")}, "a(b(c))"},
		{"a parent that comes later in the archive", []string{simple("b", "<a>", "11"), simple("a", "", "10")}, "a(b)"},
		{"an orphan", []string{simple("a", "", "10"), simple("b", "<gone>", "11"), simple("c", "<b>", "12")}, "a b(c)"},
		{"the same subject is no answer", []string{simple("a", "", "10"), strings.Replace(simple("b", "", "11"), "About b", "Re: About a", 1)}, "a b"},
		{"In-Reply-To alone", []string{simple("a", "", "10"), reply("b", "<a>", "11")}, "a(b)"},
		{"In-Reply-To names several", []string{simple("a", "", "10"), reply("b", "Ann's mail of Monday <gone> <a>", "11")}, "a(b)"},
		{"In-Reply-To is no Message-ID", []string{simple("a@x", "", "10"), reply("b", "a@x", "11")}, "a@x b"},
		{"an answer to itself", []string{simple("a", "<a>", "10"), simple("b", "<a> <b>", "11")}, "a(b)"},
		{"a circle", []string{simple("a", "<c>", "10"), simple("b", "<a>", "11"), simple("c", "<b>", "12"), simple("d", "<c>", "13")}, "a(b(c(d)))"},
		{"two circles", []string{simple("a", "<b>", "10"), simple("b", "<a>", "11"), simple("c", "<d>", "12"), simple("d", "<c>", "13"), simple("e", "<d>", "14")}, "a(b) c(d(e))"},
		{"clocks gone wrong", []string{simple("a", "", "20"), simple("b", "<a>", "10"), simple("c", "<b>", "09"), simple("d", "<a>", "21")}, "a(b(c) d)"},
		{"the oldest first", []string{simple("a", "", "12"), simple("b", "", "11")}, "b a"},
		{"References in several lines", []string{simple("a", "", "10"), simple("b", "<x>\n\t<a>\n <y>", "11")}, "a(b)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got recorder
			if _, _, err := run(t, newImport(t, &got, io.Discard, archive(t, tt.mails...))); err != nil {
				t.Fatal(err)
			}
			if got := shape(got.threads); got != tt.want {
				t.Errorf("threads %s, want %s", got, tt.want)
			}
		})
	}
}

// Every way for a mail not to be imported, and every mend.
func TestImportReportsWhatItDoesNotTake(t *testing.T) {
	t.Parallel()
	parts := func(n int) string {
		return "From: a@x.org\nMessage-ID: <parts>\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/plain\n\nword\n", n) + "--b--\n"
	}
	nested := "From: a@x.org\nMessage-ID: <deep>\n"
	for i := range 500 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	file := archive(t,
		simple("kept", "", "10"), simple("kept", "", "11"), parts(10_000), strings.Replace(parts(40_000), "<parts>", "<more>", 1), nested,
		"just: words\n\nwithout a header", "From: a@x.org\n\nno id, no date, no subject",
		"From: a@x.org\nMessage-ID: <dated>\nSubject: dated\nDate: yesterday\nReceived: by x; Wed, 1 Jan 2020 12:00:00 +0000\n\nx",
		"From: a@x.org\nMessage-ID: <future>\nSubject: future\nDate: Wed, 1 Jan 2098 12:00:00 +0000\n\nx",
		"From: a@x.org\nMessage-ID: <long>\nSubject: "+strings.Repeat("long ", 100)+"\nDate: Wed, 1 Jan 2020 12:00:00 +0000\n\n"+strings.Repeat("word ", 20_000),
		"Message-ID: <nobody>\nSubject: nobody\nDate: Wed, 1 Jan 2020 12:00:00 +0000\n\n",
		"From: a@x.org\nMessage-ID: <signed>\nSubject: signed\nDate: Wed, 1 Jan 2020 12:00:00 +0000\nContent-Type: multipart/signed; boundary=b\n\n--b\n\ntext\x07\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n",
		"From: a@x.org\nMessage-ID: <damaged>\nSubject: damaged\nDate: Wed, 1 Jan 2020 12:00:00 +0000\nContent-Type: multipart/mixed; boundary=b\n\n--b\n no header\n\ntext\n--b\n\nkept\n--b--\n",
		"From: "+strings.Repeat("n", 60)+"\nMessage-ID: <named>\nSubject: named\nDate: Wed, 1 Jan 2020 12:00:00 +0000\nIn-Reply-To: kept\n\nx",
		simple("round", "<square>", "12"), simple("square", "<round>", "13"),
		"From: a@x.org\nMessage-ID: <html>\nSubject: html\nDate: Wed, 1 Jan 2020 12:00:00 +0000\nContent-Type: text/html\n\n<p>"+strings.Repeat("<b>x</b> ", 40_000)+"</p>",
	)
	var lines bytes.Buffer
	result, _, err := run(t, newImport(t, nil, &lines, file))
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for _, reason := range append(result.Reported, result.Mended...) {
		for _, e := range reason.Examples {
			reasons[reason.Reason] += cmp.Or(e.ID, fmt.Sprintf("line %d", e.Line)) + " "
		}
	}
	const unnamed = "41a600a4b0125e6078f43ebdc342894f " // made of what it says
	want := map[string]string{
		"a mail of the same Message-ID is there already":                                  "kept ",
		"it has too many parts":                                                           "line 20 line 40028 ",
		"it has too many parts within parts":                                              "line 200036 ",
		"it is no mail: it has no header":                                                 "line 201541 ",
		"it had no Message-ID":                                                            unnamed,
		"it had no usable date: that of its receipt was taken":                            "dated ",
		"it had no usable time: that of the mail before it was taken":                     unnamed + "future ",
		"it had no subject":                                                               unnamed,
		"its subject was shortened":                                                       "long ",
		"its text is too long for a post: it was cut, and is kept whole as an attachment": "long ",
		"its signature was left out: it signs the mail as it was sent":                    "signed ",
		"characters that cannot be stored were dropped":                                   "signed ",
		"a part of it is damaged: what can be read of it was taken":                       "damaged ",
		"its author's name was shortened":                                                 "named ",
		"what it answers is not written as a Message-ID: it begins a thread":              "named ",
		"its references lead in a circle: it begins a thread":                             "round ",
		"its HTML cannot be made Markdown: it is kept as an attachment":                   "html ",
	}
	if diff := gocmp.Diff(want, reasons); diff != "" {
		t.Errorf("reasons and examples (-want +got):\n%s", diff)
	}
	if got := int64(strings.Count(lines.String(), `"action":"reported"`)); got != 5 {
		t.Errorf("%d lines of mails that were not imported, want 5", got)
	}
}

// A mail of 100 MB is refused by a word, and those around it are imported.
func TestHugeMail(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "huge.mbox")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string, times int) {
		for range times {
			if _, err := file.WriteString(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	const from = "From mboxrd@z Thu Jan  1 00:00:00 1970\n"
	write(from+simple("before", "", "10")+"\n"+from+"From: a@x.org\nSubject: huge\n\n", 1)
	write(strings.Repeat("0123456789abcde\n", 64<<10), 100)
	write("\n"+from+simple("after", "<before>", "11"), 1)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	var got recorder
	result, _, err := run(t, newImport(t, &got, io.Discard, name))
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(got.threads); got != "before(after)" {
		t.Errorf("threads %s, want before(after)", got)
	}
	if len(result.Reported) != 1 || result.Reported[0].Examples[0].Line != 10 || !strings.Contains(result.Reported[0].Examples[0].Detail, "at most 33554432") {
		t.Errorf("reported %+v", result.Reported)
	}
}

// A text of megabytes is a file, with its beginning as the post.
func TestHugeText(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a line of a log, as programs write them\n", 100_000)
	var got recorder
	if _, _, err := run(t, newImport(t, &got, io.Discard, archive(t, simple("log", "", "10")+text))); err != nil {
		t.Fatal(err)
	}
	if len(got.files) == 0 || got.files[0].Name != "text-1.txt" || got.files[0].Bytes < int64(len(text)) {
		t.Errorf("%d files", len(got.files))
	}
	if wrong := forum.LimitBody.Check(got.threads[0].Posts[0].Body); wrong != nil {
		t.Errorf("its body %s", wrong.Message)
	}
}

// What the sample of a real list brings. Its threads were counted apart from this code, too.
func TestImportOfTheSample(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	result, _, err := run(t, newImport(t, nil, &lines, shared(t, "usrp-users-sample.mbox.xz")))
	if err != nil {
		t.Fatal(err)
	}
	want := importer.Amounts{Threads: 1389, Posts: 3996, Users: 498, Tags: 0, Attachments: 41, PostsByKind: map[string]int64{"mails": 3996}}
	if diff := gocmp.Diff(want, result.Brought); diff != "" {
		t.Errorf("brought (-want +got):\n%s", diff)
	}
	balance := []importer.Balance{{File: "usrp-users-sample.mbox.xz", Read: 4000, Imported: 3996, Reported: 4}}
	if diff := gocmp.Diff(balance, result.Balance); diff != "" {
		t.Errorf("balance (-want +got):\n%s", diff)
	}
	if n := strings.Count(lines.String(), `"reason":"a mail of the same Message-ID is there already"`); n != 4 {
		t.Errorf("%d duplicates, want 4", n)
	}
	if result.Source != "mbox:usrp-users.lists.ettus.com" || result.Category != "usrp-users" {
		t.Errorf("source %q, category %q", result.Source, result.Category)
	}
}

// Of malformed mails and files that are none, each is imported or reported.
func TestTortureArchive(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	var got recorder
	result, _, err := run(t, newImport(t, &got, &lines, shared(t, "torture.tar.xz")))
	if err != nil {
		t.Fatal(err)
	}
	var sum importer.Balance
	for _, file := range result.Balance {
		sum.Read += file.Read
		sum.Imported += file.Imported
		sum.Reported += file.Reported
	}
	if want := (importer.Balance{Read: 161, Imported: 115, Reported: 46}); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
	if n := int64(strings.Count(lines.String(), `"action":"reported"`)); n != sum.Reported {
		t.Errorf("%d lines in the report, want %d", n, sum.Reported)
	}
	for _, thread := range got.threads {
		for _, post := range thread.Posts {
			if wrong := forum.LimitBody.Check(post.Body); wrong != nil {
				t.Errorf("%s: its body %s", post.Key, wrong.Message)
			}
		}
		if wrong := forum.LimitTitle.Check(thread.Title); wrong != nil {
			t.Errorf("%s: its title %s", thread.Key, wrong.Message)
		}
	}
	for _, file := range got.files {
		if wrong := forum.LimitFileName.Check(file.Name); wrong != nil || strings.ContainsAny(file.Name, `/\`) {
			t.Errorf("%s: a file's name is %q: %v", file.Key, file.Name, wrong)
		}
	}
}

// A store that fails ends the import; the next takes what is missing, once.
func TestImportGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	var mails []string
	for i := range 250 {
		mails = append(mails, simple(fmt.Sprintf("m%d", i), "", "10"))
	}
	file := archive(t, mails...)
	target := recorder{failAt: 2}
	if _, _, err := run(t, newImport(t, &target, io.Discard, file)); !errors.Is(err, errStore) {
		t.Fatalf("error %v, want the store's", err)
	}
	if len(target.threads) != 100 {
		t.Fatalf("%d threads before the failure, want those of one batch", len(target.threads))
	}
	result, _, err := run(t, newImport(t, &target, io.Discard, file))
	if err != nil {
		t.Fatal(err)
	}
	if want := (importer.New{Posts: 150}); result.New != want || result.Brought.Threads != 250 || len(target.threads) != 250 {
		t.Errorf("the second import brought %+v, new %+v; the store has %d threads", result.Brought, result.New, len(target.threads))
	}
}

// A file that is damaged or none is refused, and nothing of it imported.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile(shared(t, "usrp-users-sample.mbox.xz"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, file, want string }{
		{"a file cut short", writeFile(t, "cut.mbox.xz", string(sample[:100_000])), `^nothing was imported: .*cut.mbox.xz: line \d+: .*unexpected EOF`},
		{"not compressed as its name says", writeFile(t, "plain.mbox.xz", "From "), `^nothing was imported: .*plain.mbox.xz`},
		{"no mails", writeFile(t, "notes.txt", "Dear diary,\n"), `^nothing was imported: there is no mail`},
		{"an empty file", writeFile(t, "empty.mbox", ""), `^nothing was imported: there is no mail`},
		{"an empty folder", t.TempDir(), `^nothing was imported: there is no mail`},
		{"no file at all", filepath.Join(t.TempDir(), "x.mbox"), `^nothing was imported: .*no such file`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got recorder
			_, _, err := run(t, newImport(t, &got, io.Discard, tt.file))
			if err == nil || !regexp.MustCompile(`(?s)`+tt.want).MatchString(err.Error()) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if got.source != "" {
				t.Error("the forum was asked for a category all the same")
			}
		})
	}
}

// Months of a list, single mails and a Maildir are imported together.
func TestImportOfSeveralFiles(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "Maildir")
	if err := os.MkdirAll(filepath.Join(folder, "cur"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"cur/1": simple("c", "<b>", "12"), "cur/2": simple("d", "<a>", "13"), ".hidden": simple("x", "", "10")} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got recorder
	result, _, err := run(t, newImport(t, &got, io.Discard, archive(t, simple("b", "<a>", "11")), writeFile(t, "one.eml", simple("a", "", "10")), folder))
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(got.threads); got != "a(b(c) d)" {
		t.Errorf("threads %s, want a(b(c) d)", got)
	}
	if diff := gocmp.Diff([]string{".hidden"}, result.Aside); diff != "" {
		t.Errorf("passed over (-want +got):\n%s", diff)
	}
	if got.source != "mbox:users" {
		t.Errorf("source %q, want that of the first file", got.source)
	}
}
