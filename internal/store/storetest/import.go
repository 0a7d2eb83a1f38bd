package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// importUser brings a person of the source.
type importUser struct{ name string }

func (tr importUser) asker() asker         { return asker{} }
func (tr importUser) refused(*model) error { return nil }

func (tr importUser) ask(ctx context.Context, c *community, _ forum.Actor) (forum.Receipt, error) {
	_, err := c.ImportUsers(ctx, "elsewhere", []forum.ImportedUser{{Key: "user:" + tr.name, Name: tr.name,
		CreatedAt: c.clock.Now().Add(-1000 * time.Hour), Paths: []string{"/users/" + tr.name}}})
	if err != nil {
		return forum.Receipt{}, err
	}
	user, err := c.User(ctx, tr.name)
	return forum.Receipt{ID: int64(user.ID)}, err
}

func (tr importUser) done(m *model, receipt forum.Receipt) forum.Receipt {
	if m.person(tr.name) == nil {
		m.people = append(m.people, &person{id: forum.UserID(receipt.ID), name: tr.name, role: forum.Member})
	}
	return forum.Receipt{}
}

// importThread brings a thread of the source; what was brought is not brought again.
type importThread struct {
	category forum.CategoryID
	key      string
	tags     []string
	locked   bool
	posts    []importedPost
}

// importedPost is a post of the source.
type importedPost struct {
	author    string // imported, "" where nobody is behind it
	to        int64
	age       time.Duration // before now; less than nothing is in the future
	reactions map[string]int64
	solution  bool
}

func (tr importThread) asker() asker         { return asker{} }
func (tr importThread) refused(*model) error { return nil }

func (tr importThread) ask(ctx context.Context, c *community, _ forum.Actor) (forum.Receipt, error) {
	in := forum.ImportedThread{Key: "thread:" + tr.key, Title: "Brought " + tr.key, Tags: tr.tags, Views: 5, Paths: []string{"/questions/" + tr.key}}
	if tr.locked {
		in.LockedAt = c.clock.Now()
	}
	for i, p := range tr.posts {
		post := forum.ImportedPost{Key: fmt.Sprintf("post:%s:%d", tr.key, i+1), AuthorName: "Somebody", ReplyTo: p.to, Body: fmt.Sprintf("Brought words %d.", i+1),
			CreatedAt: c.clock.Now().Add(-p.age), Solution: p.solution, Paths: []string{fmt.Sprintf("/a/%s/%d", tr.key, i+1)}}
		if p.author != "" {
			post.AuthorKey = "user:" + p.author
		}
		for kind, n := range p.reactions {
			post.Reactions = append(post.Reactions, forum.ReactionCount{Kind: kind, N: n})
		}
		in.Posts = append(in.Posts, post)
	}
	if _, err := c.ImportThreads(ctx, "elsewhere", tr.category, []forum.ImportedThread{in}); err != nil {
		return forum.Receipt{}, err
	}
	address, err := c.Redirect(ctx, forum.Actor{User: 1, Role: forum.Admin}, "/questions/"+tr.key)
	return forum.Receipt{ID: int64(address.Thread)}, err
}

func (tr importThread) done(m *model, receipt forum.Receipt) forum.Receipt {
	if m.thread(forum.ThreadID(receipt.ID)) != nil {
		return forum.Receipt{}
	}
	th := &thread{id: forum.ThreadID(receipt.ID), category: tr.category, title: "Brought " + tr.key, locked: tr.locked, views: 5}
	th.setTags(tr.tags)
	for i, in := range tr.posts {
		p := th.add(&post{author: in.writer(), replyTo: in.to, body: fmt.Sprintf("Brought words %d.", i+1), created: in.at(m), imported: in.reactions})
		if p.reactionCount() > 0 {
			p.touched(th)
		}
		if in.solution {
			th.solution = p.number
		}
	}
	th.author, th.created = th.posts[0].author, th.posts[0].created
	m.threads = append(m.threads, th)
	return forum.Receipt{}
}

func (p importedPost) writer() writer {
	if p.author == "" {
		return writer{name: "Somebody", nobody: true}
	}
	return writer{name: p.author}
}

// at is the post's own time, at most now.
func (p importedPost) at(m *model) time.Time { return m.clock.now.Add(-max(p.age, 0)) }

// aThread is one of the source, with everything one can have.
func aThread(category forum.CategoryID) importThread {
	return importThread{category: category, key: "12", tags: []string{"Wheels", "old"}, posts: []importedPost{
		{author: "oldtimer", age: 500 * time.Hour, reactions: map[string]int64{"up": 7, "down": 2}},
		{to: 1, age: 400 * time.Hour},
		{author: "oldtimer", to: 2, age: 450 * time.Hour, reactions: map[string]int64{"up": 3}, solution: true},
		{author: "veteran", to: 3, age: -time.Hour},
	}}
}

var importCases = []testCase{
	{"people, threads and their numbers", importAll},
	{"brought twice is there once", importTwice},
	{"brought again with what is new", importUpdated},
	{"what was changed here stays", importKept},
	{"a beginning that comes later", importBefore},
	{"a part without its beginning", importPart},
	{"names that are taken", importNames},
	{"what was brought lives on", importThenMark},
	{"old addresses", importRedirects},
	{"a thread that cannot be brought leaves nothing", importRefused},
	{"a category is made once", importCategory},
}

func importAll(t *testing.T, c *community) {
	c.step(t, importUser{"oldtimer"}, importUser{"veteran"}, aThread(c.workshop))
	profile, err := c.Profile(t.Context(), forum.Actor{}, "oldtimer")
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "oldtimer's numbers", [4]int64{2, 12, 1, 1},
		[4]int64{profile.Counts.Posts[forum.Visible], profile.ReactionsReceived, profile.Solutions, profile.Counts.Threads[forum.Visible]})
	th, err := c.Thread(t.Context(), forum.Actor{}, c.model.lastThread().id)
	if err != nil {
		t.Fatal(err)
	}
	if !th.LastActivityAt.Equal(c.clock.Now()) || th.LastAuthor.Name != "veteran" || !th.CreatedAt.Equal(c.clock.now.Add(-500*time.Hour)) {
		t.Errorf("created %v, last %v by %s", th.CreatedAt, th.LastActivityAt, th.LastAuthor.Name)
	}
	if _, _, err := c.SignIn(t.Context(), "oldtimer", ""); err == nil {
		t.Error("an imported person signs in without a password")
	}
}

func importTwice(t *testing.T, c *community) {
	c.step(t, importUser{"oldtimer"}, importUser{"veteran"}, aThread(c.general))
	before := c.rows(t)
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"}, aThread(c.general))
	differ(t, "rows after the second import", before, c.rows(t))
}

// source is a thread of three posts as forum.Service takes it; change makes it a later state.
func (c *community) source(change func(*forum.ImportedThread)) []forum.ImportedThread {
	at := c.clock.Now().Add(-100 * time.Hour)
	in := forum.ImportedThread{Key: "thread", Title: "Brought", Tags: []string{"old"}, Posts: []forum.ImportedPost{
		{Key: "1", AuthorKey: "user:oldtimer", Body: "First.", CreatedAt: at, Reactions: []forum.ReactionCount{{Kind: "up", N: 2}}},
		{Key: "2", AuthorKey: "user:veteran", Body: "Second.", CreatedAt: at.Add(time.Hour), ReplyTo: 1},
		{Key: "3", AuthorKey: "user:oldtimer", Body: "Third.", CreatedAt: at.Add(2 * time.Hour), Reactions: []forum.ReactionCount{{Kind: "up", N: 1}, {Kind: "down", N: 1}}}}}
	if change != nil {
		change(&in)
	}
	return []forum.ImportedThread{in}
}

func (c *community) bring(t testing.TB, threads []forum.ImportedThread) forum.ImportResult {
	t.Helper()
	result, err := c.ImportThreads(t.Context(), "elsewhere", c.general, threads)
	if err != nil {
		t.Fatal(err)
	}
	c.recount(t, "an import")
	return result
}

// newer is what the source has later: another text with one between, other reactions, an accepted
// answer, and a post more.
func newer(in *forum.ImportedThread) {
	at := in.Posts[0].CreatedAt
	second, third := &in.Posts[1], &in.Posts[2]
	second.Revisions = []forum.ImportedRevision{{EditorKey: "user:veteran", Body: "Second.", WrittenAt: second.CreatedAt},
		{EditorKey: "user:oldtimer", Body: "Better.", WrittenAt: at.Add(3 * time.Hour)}}
	second.Body, second.EditedAt, second.Solution = "Best.", at.Add(4*time.Hour), true
	third.Reactions = []forum.ReactionCount{{Kind: "up", N: 5}}
	in.Posts = append(in.Posts, forum.ImportedPost{Key: "4", AuthorName: "Somebody", Body: "Fourth.", CreatedAt: at.Add(5 * time.Hour), ReplyTo: 3})
}

func importUpdated(t *testing.T, c *community) {
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"})
	differ(t, "the first time", forum.ImportResult{Made: 3}, c.bring(t, c.source(nil)))
	differ(t, "with what is new", forum.ImportResult{Made: 1, Present: 3, Updated: 2}, c.bring(t, c.source(newer)))
	before := c.rows(t)
	differ(t, "the same again", forum.ImportResult{Present: 4}, c.bring(t, c.source(newer)))
	differ(t, "rows after the same again", before, c.rows(t))
	page, err := c.ThreadPage(t.Context(), forum.Actor{}, 1, forum.PageAt{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range page.Posts {
		got = append(got, fmt.Sprintf("%d %s %d %v %d %v", p.Number, p.Body, p.Revisions, p.Reactions, p.Replies, p.Solution))
	}
	differ(t, "posts", []string{"1 First. 0 [{up 2}] 1 false", "2 Best. 2 [] 0 true", "3 Third. 0 [{up 5}] 1 false", "4 Fourth. 0 [] 0 false"}, got)
	profile, err := c.Profile(t.Context(), forum.Actor{}, "oldtimer")
	if err != nil || profile.ReactionsReceived != 7 || page.Thread.SolutionNumber != 2 || page.Thread.LastAuthor.Name != "Somebody" {
		t.Errorf("received %d, solution %d, last author %s, %v", profile.ReactionsReceived, page.Thread.SolutionNumber, page.Thread.LastAuthor.Name, err)
	}
}

// importBefore: a post that began a thread stays there when the source knows what it answers, and
// so do new answers to it; what is new otherwise begins another.
func importBefore(t *testing.T, c *community) {
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"})
	post := func(key string, to int64) forum.ImportedPost {
		return forum.ImportedPost{Key: key, AuthorName: "Somebody", Body: "Words of " + key, CreatedAt: c.clock.Now(), ReplyTo: to}
	}
	thread := func(posts ...forum.ImportedPost) []forum.ImportedThread {
		return []forum.ImportedThread{{Key: posts[0].Key, Title: "About " + posts[0].Key, Posts: posts}}
	}
	c.bring(t, thread(post("b", 0), post("c", 1)))
	later := thread(post("a", 0), post("b", 1), post("c", 2), post("d", 3), post("e", 1))
	differ(t, "with what came before", forum.ImportResult{Made: 3, Present: 2}, c.bring(t, later))
	before := c.rows(t)
	differ(t, "the same again", forum.ImportResult{Present: 5}, c.bring(t, later))
	differ(t, "rows after the same again", before, c.rows(t))
	var got []string
	for id := range forum.ThreadID(2) {
		page, err := c.ThreadPage(t.Context(), forum.Actor{}, id+1, forum.PageAt{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Posts {
			got = append(got, fmt.Sprintf("%d/%d %s to %d/%d", p.Thread, p.Number, p.Body, p.ReplyThread, p.ReplyNumber))
		}
	}
	differ(t, "posts", []string{"1/1 Words of b to 0/0", "1/2 Words of c to 1/1", "1/3 Words of d to 1/2", "2/1 Words of a to 0/0", "2/2 Words of e to 2/1"}, got)
}

// importPart: what came as a reply may begin what a source gives later; it goes on where it is.
func importPart(t *testing.T, c *community) {
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"})
	c.bring(t, c.source(nil))
	in := c.source(nil)[0]
	in.Key, in.Title, in.Posts = "2", "Re: Brought", in.Posts[1:]
	in.Posts[0].ReplyTo = 0
	in.Posts = append(in.Posts, forum.ImportedPost{Key: "4", AuthorName: "Somebody", Body: "Fourth.", CreatedAt: c.clock.Now(), ReplyTo: 1})
	differ(t, "a part", forum.ImportResult{Made: 1, Present: 2}, c.bring(t, []forum.ImportedThread{in}))
	_, post, err := c.Post(t.Context(), forum.Actor{}, 1, 4)
	if err != nil || post.Body != "Fourth." || post.ReplyNumber != 2 {
		t.Errorf("post 4 is %q and answers %d, %v", post.Body, post.ReplyNumber, err)
	}
}

// importKept: texts, titles, tags and marks of this place are not overwritten, and said to be left;
// numbers move on where the posts are hidden.
func importKept(t *testing.T, c *community) {
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"})
	c.bring(t, c.source(nil))
	moderator := c.must(t, moderator)
	ctx := t.Context()
	title := "Another title"
	_, err1 := c.EditThread(ctx, moderator, 1, forum.ThreadChange{Title: &title, Tags: &[]string{"Wheels"}})
	_, err2 := c.EditPost(ctx, moderator, 1, 2, forum.PostEdit{Body: "Moderated."})
	_, err3 := c.MarkPost(ctx, moderator, 1, 3, forum.MarkModHidden, true, "")
	_, err4 := c.MarkThread(ctx, moderator, 1, forum.MarkModHidden, true, "")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	result := c.bring(t, c.source(newer))
	if result.Made != 1 || result.Present != 3 || result.Updated != 2 || len(result.Left) != 4 {
		t.Errorf("%+v: want 1 made, 3 present, 2 of them updated, 4 things left", result)
	}
	th, post, err := c.Post(ctx, moderator, 1, 2)
	if err != nil || th.Title != title || post.Body != "Moderated." || th.State != forum.Hidden {
		t.Errorf("thread %q is %s, post 2 %q, %v", th.Title, th.State, post.Body, err)
	}
	if _, err := c.MarkThread(ctx, moderator, 1, forum.MarkModHidden, false, ""); err != nil {
		t.Fatal(err)
	}
}

func importNames(t *testing.T, c *community) {
	ctx := t.Context()
	result, err := c.ImportUsers(ctx, "elsewhere", []forum.ImportedUser{
		{Key: "1", Name: "Author"}, {Key: "2", Name: "author"}, {Key: "3", Name: " ~~ "}, {Key: "4", Name: ""}, {Key: "5", Name: "The Wheel Builder"}})
	if err != nil || result.Made != 5 {
		t.Fatalf("%+v, %v", result, err)
	}
	for _, name := range []string{"Author2", "author3", "person", "person2", "The_Wheel_Builder"} {
		if _, err := c.User(ctx, name); err != nil {
			t.Errorf("person %s: %v", name, err)
		}
	}
}

// importThenMark: posts of nobody, reactions of nobody and solutions move like all others.
func importThenMark(t *testing.T, c *community) {
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"}, aThread(c.general))
	id := c.model.lastThread().id
	for _, tr := range []transition{
		mark{by: as(moderator), thread: id, number: 3, mark: forum.MarkModDeleted, set: true},
		mark{by: as(moderator), thread: id, number: 2, mark: forum.MarkModHidden, set: true},
		mark{by: as(moderator), thread: id, number: 4, mark: forum.MarkModHidden, set: true},
		mark{by: as(moderator), thread: id, mark: forum.MarkModHidden, set: true},
		editThread{by: as(moderator), thread: id, category: c.workshop, tags: []string{"old"}},
		mark{by: as(moderator), thread: id, mark: forum.MarkModHidden},
		mark{by: as(moderator), thread: id, number: 3, mark: forum.MarkModDeleted},
		mark{by: as(moderator), thread: id, number: 4, mark: forum.MarkModHidden},
		react{by: as(author), thread: id, number: 3, kind: "up"},
		react{by: as(author), thread: id, number: 3},
		createPost{by: as(author), thread: id, to: 4},
		editPost{by: as(moderator), thread: id, number: 1, body: "Better words."},
	} {
		c.step(t, tr)
	}
}

func importRedirects(t *testing.T, c *community) {
	ctx := t.Context()
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"}, aThread(c.general))
	id := c.model.lastThread().id
	if err := c.ImportRedirects(ctx, map[string]forum.Address{"/tags/old": {Tag: "Old"}, "/tags/none": {Tag: "none"}}); err != nil {
		t.Fatal(err)
	}
	slug := c.Text.Slug("Brought 12")
	for path, want := range map[string]forum.Address{
		"/questions/12":   {Thread: id, Number: 1, Slug: slug},
		"/a/12/3":         {Thread: id, Number: 3, Slug: slug},
		"/users/oldtimer": {User: "oldtimer"},
		"/tags/old":       {Tag: "old"},
	} {
		got, err := c.Redirect(ctx, forum.Actor{}, path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		differ(t, path, want, got)
	}
	c.do(t, mark{by: as(moderator), thread: id, number: 3, mark: forum.MarkModHidden, set: true}, editThread{by: as(moderator), thread: id, category: c.staff})
	for _, path := range []string{"/questions/12", "/a/12/3", "/tags/old", "/tags/none", "/questions/13", ""} {
		if got, err := c.Redirect(ctx, c.must(t, author), path); forum.KindOf(err) != forum.NotFound || got != (forum.Address{}) {
			t.Errorf("%s leads to %+v, %v; want not found", path, got, err)
		}
	}
	if got, err := c.Redirect(ctx, c.must(t, moderator), "/a/12/3"); err != nil || got.Number != 3 {
		t.Errorf("a moderator is led to %+v, %v", got, err)
	}
	if got, err := c.Redirect(ctx, c.must(t, moderator), "/tags/old"); err != nil || got.Tag != "old" {
		t.Errorf("a moderator is led to the tag %+v, %v", got, err)
	}
}

func importRefused(t *testing.T, c *community) {
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"})
	before := c.rows(t)
	wrong := aThread(c.general)
	wrong.posts[1].to = 99
	for name, tr := range map[string]importThread{"a reply to a post that is not there": wrong, "no posts": {category: c.general, key: "13"},
		"no such category": aThread(999)} {
		if _, err := c.ask(t.Context(), tr); err == nil {
			t.Errorf("%s was brought", name)
		}
		differ(t, "rows after "+name, before, c.rows(t))
	}
}

func importCategory(t *testing.T, c *community) {
	ctx := t.Context()
	made, err := c.ImportCategory(ctx, "elsewhere", "site", "Bicycles", "All about them")
	if err != nil {
		t.Fatal(err)
	}
	before := c.rows(t)
	again, err := c.ImportCategory(ctx, "elsewhere", "site", "Another name", "")
	if err != nil || again != made {
		t.Errorf("made %d, then %d, %v", made, again, err)
	}
	differ(t, "rows after the second time", before, c.rows(t))
}
