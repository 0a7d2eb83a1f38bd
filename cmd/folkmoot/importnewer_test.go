package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
	"folkmoot/internal/importer/stackexchange"
	"folkmoot/internal/markup"
)

// dumpRow is a row of a dump.
type dumpRow map[string]string

// readDump reads the rows of a dump, by file.
func readDump(t *testing.T, name string) map[string][]dumpRow {
	t.Helper()
	dump := map[string][]dumpRow{}
	isXML := func(name string) bool { return strings.HasSuffix(name, ".xml") }
	_, err := importer.EachFile(name, isXML, newImportProgress(io.Discard), func(file importer.File) error {
		text, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
		for {
			token, err := decoder.Token()
			if err != nil {
				return ignore(err, io.EOF)
			}
			if start, _ := token.(xml.StartElement); start.Name.Local == "row" {
				row := dumpRow{}
				for _, attribute := range start.Attr {
					row[attribute.Name.Local] = attribute.Value
				}
				dump[file.Name] = append(dump[file.Name], row)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return dump
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

func writeDump(t *testing.T, folder string, dump map[string][]dumpRow) {
	t.Helper()
	for name, rows := range dump {
		root := strings.ToLower(strings.TrimSuffix(name, ".xml"))
		var text strings.Builder
		text.WriteString("<" + root + ">\n")
		for _, row := range rows {
			text.WriteString("<row")
			for attribute, value := range row {
				var escaped strings.Builder
				if err := xml.EscapeText(&escaped, []byte(value)); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&text, " %s=\"%s\"", attribute, escaped.String())
			}
			text.WriteString("/>\n")
		}
		text.WriteString("</" + root + ">\n")
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// asOf takes what came later out of a dump: posts show what was typed last until then, and
// answers are accepted if that vote was given.
func asOf(dump map[string][]dumpRow, day string) map[string][]dumpRow {
	before := map[string][]dumpRow{}
	for name, rows := range dump {
		before[name] = nil
		for _, row := range rows {
			if at, dated := row["CreationDate"]; !dated || at < day {
				before[name] = append(before[name], row)
			}
		}
	}
	accepted, edited, typed := map[string]bool{}, map[string]bool{}, map[string]dumpRow{}
	for _, vote := range before["Votes.xml"] {
		accepted[vote["PostId"]] = accepted[vote["PostId"]] || vote["VoteTypeId"] == "1"
	}
	for _, text := range dump["PostHistory.xml"] {
		if kind := text["PostHistoryTypeId"]; kind != "2" && kind != "5" && kind != "8" {
			continue
		}
		if post := text["PostId"]; text["CreationDate"] >= day {
			edited[post] = true
		} else if typed[post] == nil || typed[post]["CreationDate"] <= text["CreationDate"] {
			typed[post] = text
		}
	}
	shown := markup.New()
	for i, post := range before["Posts.xml"] {
		was := maps.Clone(post)
		if !accepted[post["AcceptedAnswerId"]] {
			delete(was, "AcceptedAnswerId")
		}
		if edited[post["Id"]] {
			was["Body"] = shown.Render(typed[post["Id"]]["Text"])
			delete(was, "LastEditDate")
		}
		before["Posts.xml"][i] = was
	}
	return before
}

// importedPost is what a forum shows of a post of the source, without what depends on the order
// in which it came.
type importedPost struct {
	Author, Answers     string
	Body                string
	Created, Edited     time.Time
	Reactions, Replies  int64
	Solution            bool
	Written             []string
	ThreadPosts, Number int64
}

// postsByPath are a forum's posts by their addresses at the source.
func postsByPath(t *testing.T, m *moot, dump map[string][]dumpRow) map[string]importedPost {
	t.Helper()
	paths := map[string]string{}
	find := func(path string) {
		if at, err := m.Redirect(t.Context(), operator, path); err == nil {
			paths[fmt.Sprint(at.Thread, " ", at.Number)] = path
		}
	}
	for _, row := range dump["Posts.xml"] {
		find(map[string]string{"1": "/questions/", "2": "/a/"}[row["PostTypeId"]] + row["Id"])
	}
	for _, row := range dump["Comments.xml"] {
		find("/posts/comments/" + row["Id"])
	}
	posts := map[string]importedPost{}
	eachPost(t, m, func(thread forum.Thread, p forum.Post) {
		revisions, err := m.Revisions(t.Context(), operator, p.Thread, p.Number)
		if err != nil {
			t.Fatal(err)
		}
		post := importedPost{Author: p.Author.Name, Body: p.Body, Created: p.CreatedAt, Edited: p.EditedAt, Reactions: p.ReactionCount, Replies: p.Replies,
			Solution: p.Solution, ThreadPosts: thread.PostCount(), Number: p.Number}
		if p.ReplyNumber != 0 {
			post.Answers = paths[fmt.Sprint(p.ReplyThread, " ", p.ReplyNumber)]
		}
		for _, revision := range revisions {
			post.Written = append(post.Written, revision.Editor.Name+" "+revision.CreatedAt.Format(time.RFC3339Nano)+" "+revision.Body)
		}
		posts[paths[fmt.Sprint(p.Thread, " ", p.Number)]] = post
	})
	return posts
}

// A community is imported, lives on at the source, and is imported again: in the end everything
// is there as if it had been imported once, only that what came later has later numbers.
func TestImportOfANewerDump(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "se-conlang-meta")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	newer := readDump(t, sharedDump(t, "conlang-meta.tar.xz"))
	runImport := func(m *moot, dump map[string][]dumpRow) *importer.Result {
		writeDump(t, folder, dump)
		im := stackexchange.Import{Path: folder, Scratch: t.TempDir(), Target: m, Markup: markup.New(),
			Report: importer.NewReport(io.Discard), Progress: newImportProgress(io.Discard), Clock: forum.SystemClock{}}
		result, err := im.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	once, twice := open(t, t.TempDir()), open(t, t.TempDir())
	runImport(once, newer)
	want := postsByPath(t, once, newer)

	first := runImport(twice, asOf(newer, "2018-07-15"))
	before := postsByPath(t, twice, newer)
	second := runImport(twice, newer)
	got := postsByPath(t, twice, newer)
	t.Logf("first %+v, then %+v", first.New, second.New)
	if n := int64(len(got)); first.New.Posts+second.New.Posts != n || second.New.Posts == 0 || second.New.Updated == 0 {
		t.Errorf("%d posts are there after %+v and then %+v", n, first.New, second.New)
	}
	for path, post := range before {
		if got[path].Number != post.Number {
			t.Errorf("%s had number %d and now has %d", path, post.Number, got[path].Number)
		}
	}
	for path := range want {
		at := want[path]
		at.Number = got[path].Number
		want[path] = at
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("imported once and twice (-once +twice):\n%s", diff)
	}
	if diff := gocmp.Diff(heldIn(t, once), heldIn(t, twice)); diff != "" {
		t.Errorf("imported once and twice (-once +twice):\n%s", diff)
	}
	if third := runImport(twice, newer); third.New != (importer.New{}) || len(third.Mended) != len(second.Mended) {
		t.Errorf("a third import brought %+v", third.New)
	}
	if diff := gocmp.Diff(got, postsByPath(t, twice, newer)); diff != "" {
		t.Errorf("the third import changed (-second +third):\n%s", diff)
	}
}

// What a known thread gets of a newer dump, one thing after the other. The source orders by
// time; here what comes later has later numbers.
func TestImportBringsAKnownThreadUpToDate(t *testing.T) {
	t.Parallel()
	m := open(t, t.TempDir())
	ctx := t.Context()
	category, err := m.ImportCategory(ctx, "site", "category", "Site", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.ImportUsers(ctx, "site", []forum.ImportedUser{{Key: "ann", Name: "Ann"}, {Key: "bob", Name: "Bob"}}); err != nil {
		t.Fatal(err)
	}
	admin, err := m.CreateUser(ctx, forum.SignUp{Name: "ada", Password: "correct horse battery", Role: forum.Admin})
	if err != nil {
		t.Fatal(err)
	}
	hour := func(h int) time.Time { return time.Date(2020, 1, 1, h, 0, 0, 0, time.UTC) }
	post := func(key, author string, to int64, body string, at time.Time) forum.ImportedPost {
		return forum.ImportedPost{Key: key, AuthorKey: author, ReplyTo: to, Body: body, CreatedAt: at, Paths: []string{"/" + key}}
	}
	bring := func(title string, tags []string, posts ...forum.ImportedPost) forum.ImportResult {
		t.Helper()
		thread := forum.ImportedThread{Key: "q", Title: title, Tags: tags, Posts: posts, Paths: []string{"/q"}}
		result, err := m.ImportThreads(ctx, "site", category, []forum.ImportedThread{thread})
		if err != nil {
			t.Fatal(err)
		}
		heldIn(t, m)
		return result
	}
	question, answer, comment := post("q", "ann", 0, "asked", hour(1)), post("a", "bob", 0, "answered", hour(2)), post("c", "ann", 2, "thanks", hour(5))
	answer.Reactions = []forum.ReactionCount{{Kind: "up", N: 3}, {Kind: "down", N: 1}}
	if diff := gocmp.Diff(forum.ImportResult{Made: 3}, bring("Title", []string{"old"}, question, answer, comment)); diff != "" {
		t.Fatalf("the first time (-want +got):\n%s", diff)
	}
	first, err := m.Redirect(ctx, operator, "/q")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.EditPost(ctx, admin.Actor(), first.Thread, 3, forum.PostEdit{Body: "changed here"}); err != nil {
		t.Fatal(err)
	}

	// The question is edited twice, the answer gets other votes and is accepted, the comment is
	// edited at the source too; a comment and an answer with a comment came between.
	question.Revisions = []forum.ImportedRevision{{EditorKey: "ann", Body: "asked", WrittenAt: hour(1)}, {EditorName: "gone", Body: "asked better", WrittenAt: hour(6)}}
	question.Body, question.EditedAt, question.EditorKey = "asked best", hour(7), "bob"
	answer.Reactions, answer.Solution = []forum.ReactionCount{{Kind: "up", N: 4}}, true
	comment.ReplyTo, comment.EditedAt, comment.Body = 2, hour(6), "thanks a lot"
	comment.Revisions = []forum.ImportedRevision{{EditorKey: "ann", Body: "thanks", WrittenAt: hour(5)}}
	between, late, below := post("c2", "bob", 2, "by the way", hour(3)), post("a2", "", 0, "late", hour(4)), post("c3", "ann", 4, "below", hour(8))
	late.AuthorName, late.Reactions = "gone", []forum.ReactionCount{{Kind: "up", N: 1}}
	newer := []forum.ImportedPost{question, answer, between, late, comment, below}
	left := []forum.Left{{Key: "q", Title: "Other title"}, {Key: "q", Tag: "new"}, {Key: "c", Text: hour(6)}}
	if diff := gocmp.Diff(forum.ImportResult{Made: 3, Present: 3, Updated: 2, Left: left}, bring("Other title", []string{"old", "new"}, newer...)); diff != "" {
		t.Errorf("the newer dump (-want +got):\n%s", diff)
	}
	want := []string{
		`1 Ann 0 "asked best" 7h [1 Ann "asked" 1h; 2 gone "asked better" 6h] map[]`,
		`2 Bob 0 "answered" 0h [] map[up:4] solution, 2 replies`,
		`3 Ann 2 "changed here" here [1 Ann "thanks" 5h] map[]`,
		`4 Bob 2 "by the way" 0h [] map[]`,
		`5 gone 0 "late" 0h [] map[up:1], 1 replies`,
		`6 Ann 5 "below" 0h [] map[]`,
	}
	if diff := gocmp.Diff(want, shownPosts(t, m, first.Thread)); diff != "" {
		t.Errorf("the thread (-want +got):\n%s", diff)
	}
	thread, err := m.Thread(ctx, operator, first.Thread)
	if err != nil {
		t.Fatal(err)
	}
	if thread.Title != "Title" || len(thread.Tags) != 1 || thread.LastAuthor.Name != "Ann" || !thread.LastActivityAt.Equal(hour(8)) {
		t.Errorf("%q with %v, last by %s at %v", thread.Title, thread.Tags, thread.LastAuthor.Name, thread.LastActivityAt)
	}

	// The same again changes nothing; another solution is left.
	newer[1].Solution, newer[3].Solution = false, true
	left = append(left[:2:2], forum.Left{Key: "a2", Solution: true}, left[2])
	if diff := gocmp.Diff(forum.ImportResult{Present: 6, Left: left}, bring("Other title", []string{"old", "new"}, newer...)); diff != "" {
		t.Errorf("once more (-want +got):\n%s", diff)
	}
	again, err := m.Thread(ctx, operator, first.Thread)
	if err != nil {
		t.Fatal(err)
	}
	if again.Version != thread.Version {
		t.Errorf("version %d, then %d though nothing was new", thread.Version, again.Version)
	}

	// An edit here goes on from who wrote the imported text when.
	if _, err := m.EditPost(ctx, admin.Actor(), first.Thread, 1, forum.PostEdit{Body: "edited here"}); err != nil {
		t.Fatal(err)
	}
	want[0] = `1 Ann 0 "edited here" here [1 Ann "asked" 1h; 2 gone "asked better" 6h; 3 Bob "asked best" 7h] map[]`
	if diff := gocmp.Diff(want, shownPosts(t, m, first.Thread)); diff != "" {
		t.Errorf("after an edit here (-want +got):\n%s", diff)
	}

	// What the source has moved to another thread stays where it is, and what is new below it follows it.
	between.ReplyTo = 1
	moved := forum.ImportedThread{Key: "q2", Title: "Another", Posts: []forum.ImportedPost{
		post("q2", "bob", 0, "second", hour(9)), between, post("c4", "ann", 2, "beyond", hour(9))}}
	result, err := m.ImportThreads(ctx, "site", category, []forum.ImportedThread{moved})
	if diff := gocmp.Diff(forum.ImportResult{Made: 2, Present: 1}, result); diff != "" || err != nil {
		t.Errorf("%v, the second thread (-want +got):\n%s", err, diff)
	}
	beyond, err := m.Redirect(ctx, operator, "/c4")
	if err != nil {
		t.Fatal(err)
	}
	if beyond.Thread != first.Thread {
		t.Errorf("the reply beyond is in thread %d, want that of what it answers, %d", beyond.Thread, first.Thread)
	}
	if _, p, err := m.Post(ctx, operator, beyond.Thread, beyond.Number); err != nil || p.ReplyThread != first.Thread || p.ReplyNumber != 4 {
		t.Errorf("%v: the reply beyond answers %d in thread %d, want 4 in %d", err, p.ReplyNumber, p.ReplyThread, first.Thread)
	}
	heldIn(t, m)
}

// shownPosts is a thread with all that an import may change of its posts, a line each.
func shownPosts(t *testing.T, m *moot, id forum.ThreadID) (lines []string) {
	t.Helper()
	hours := func(at time.Time) string {
		switch {
		case at.IsZero():
			return "0h"
		case at.Year() > 2020:
			return "here"
		}
		return fmt.Sprintf("%dh", at.Hour())
	}
	eachPost(t, m, func(_ forum.Thread, p forum.Post) {
		if p.Thread != id {
			return
		}
		revisions, err := m.Revisions(t.Context(), operator, id, p.Number)
		if err != nil {
			t.Fatal(err)
		}
		var earlier []string
		for _, r := range revisions {
			earlier = append(earlier, fmt.Sprintf("%d %s %q %s", r.Revision, r.Editor.Name, r.Body, hours(r.CreatedAt)))
		}
		reactions := map[string]int64{}
		for _, reaction := range p.Reactions {
			reactions[reaction.Kind] = reaction.N
		}
		line := fmt.Sprintf("%d %s %d %q %s [%s] %v", p.Number, p.Author.Name, p.ReplyNumber, p.Body, hours(p.EditedAt), strings.Join(earlier, "; "), reactions)
		if p.Solution {
			line += " solution"
		}
		if p.Replies > 0 {
			line += fmt.Sprintf(", %d replies", p.Replies)
		}
		lines = append(lines, line)
	})
	return lines
}
