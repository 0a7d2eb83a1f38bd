package storetest

import (
	"strings"
	"testing"

	"folkmoot/internal/forum"
)

var attachmentCases = []testCase{
	{"files of posts", attachmentRead},
	{"brought twice is there once", attachmentTwice},
	{"a file that cannot be brought leaves nothing", attachmentRefused},
	{"a file is seen with its post only", attachmentHidden},
}

// files are some of a source, for the posts of source(nil).
func files() []forum.ImportedAttachment {
	file := func(key, post, name, content string) forum.ImportedAttachment {
		return forum.ImportedAttachment{Key: key, Post: post, Content: []byte(content),
			Attachment: forum.Attachment{Name: name, Type: "image/png"}}
	}
	return []forum.ImportedAttachment{file("f1", "thread", "a.png", "first\x00\xff"), file("f2", "3", "b.png", ""), file("f3", "thread", "ä/b.png", "third")}
}

// withFiles brings a thread of three posts with files at the first and the third.
func (c *community) withFiles(t testing.TB) {
	t.Helper()
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"})
	c.bring(t, c.source(nil))
	result, err := c.ImportAttachments(t.Context(), "elsewhere", files())
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "what was brought", forum.ImportResult{Made: 3}, result)
	c.recount(t, "an import of files")
}

func attachmentRead(t *testing.T, c *community) {
	ctx := t.Context()
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"})
	c.bring(t, c.source(nil))
	before, err := c.PageVersion(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ImportAttachments(ctx, "elsewhere", files()); err != nil {
		t.Fatal(err)
	}
	want := map[int64][]forum.Attachment{
		1: {{Position: 1, Name: "a.png", Type: "image/png", Bytes: 7}, {Position: 2, Name: "ä/b.png", Type: "image/png", Bytes: 5}},
		3: {{Position: 1, Name: "b.png", Type: "image/png"}},
	}
	page, err := c.ThreadPage(ctx, forum.Actor{}, 1, forum.PageAt{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64][]forum.Attachment{}
	for _, p := range page.Posts {
		if p.Attachments != nil {
			got[p.Number] = p.Attachments
		}
	}
	differ(t, "files of the page", want, got)
	_, post, err := c.Post(ctx, forum.Actor{}, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "files of the post", want[1], post.Attachments)
	file, content, err := c.Attachment(ctx, forum.Actor{}, 1, 1, 1)
	if err != nil || content != "first\x00\xff" {
		t.Errorf("the file holds %q, %v", content, err)
	}
	differ(t, "the file", want[1][0], file)
	if after, err := c.PageVersion(ctx, 1); err != nil || after == before {
		t.Errorf("a cached page without the files stays good: %v, %v", after, err)
	}
	for _, at := range [][3]int64{{1, 1, 3}, {1, 2, 1}, {1, 99, 1}, {99, 1, 1}, {1, 1, 0}, {1, 1, -1}} {
		if _, _, err := c.Attachment(ctx, forum.Actor{}, forum.ThreadID(at[0]), at[1], at[2]); forum.KindOf(err) != forum.NotFound {
			t.Errorf("file %v: %v, want not found", at, err)
		}
	}
}

func attachmentTwice(t *testing.T, c *community) {
	c.withFiles(t)
	before := c.rows(t)
	result, err := c.ImportAttachments(t.Context(), "elsewhere", files())
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "the second time", forum.ImportResult{Present: 3}, result)
	differ(t, "rows after the second time", before, c.rows(t))
}

func attachmentRefused(t *testing.T, c *community) {
	c.withFiles(t)
	before := c.rows(t)
	for name, change := range map[string]func(*forum.ImportedAttachment){
		"a file of no post":   func(in *forum.ImportedAttachment) { in.Post = "nowhere" },
		"a file without name": func(in *forum.ImportedAttachment) { in.Name = "" },
		"a name too long":     func(in *forum.ImportedAttachment) { in.Name = strings.Repeat("n", 201) },
		"a file too large":    func(in *forum.ImportedAttachment) { in.Content = make([]byte, forum.MaxAttachmentBytes+1) },
	} {
		two := files()[:2]
		two[0].Key, two[1].Key = "new1", "new2"
		change(&two[1])
		if _, err := c.ImportAttachments(t.Context(), "elsewhere", two); forum.KindOf(err) != forum.Invalid {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
		differ(t, "rows after "+name, before, c.rows(t))
	}
}

func attachmentHidden(t *testing.T, c *community) {
	c.withFiles(t)
	ctx, moderator := t.Context(), c.must(t, moderator)
	seen := func(want bool, who forum.Actor, number int64) {
		t.Helper()
		_, _, err := c.Attachment(ctx, who, 1, number, 1)
		if (err == nil) != want || err != nil && forum.KindOf(err) != forum.NotFound {
			t.Errorf("the file of post %d for %+v: %v, want seen %v", number, who.Role, err, want)
		}
	}
	seen(true, forum.Actor{}, 3)
	if _, err := c.MarkPost(ctx, moderator, 1, 3, forum.MarkModHidden, true, ""); err != nil {
		t.Fatal(err)
	}
	seen(false, forum.Actor{}, 3)
	seen(true, moderator, 3)
	page, err := c.ThreadPage(ctx, forum.Actor{}, 1, forum.PageAt{})
	if err != nil || len(page.Posts) != 2 || len(page.Posts[0].Attachments) != 2 || len(page.Posts[1].Attachments) != 0 {
		t.Errorf("a visitor's page has %+v, %v", page.Posts, err)
	}
	if _, err := c.MarkThread(ctx, moderator, 1, forum.MarkModDeleted, true, ""); err != nil {
		t.Fatal(err)
	}
	seen(false, forum.Actor{}, 1)
	seen(false, c.must(t, author), 1)
	seen(true, moderator, 1)
}
