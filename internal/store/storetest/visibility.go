package storetest

import (
	"fmt"
	"slices"
	"testing"

	"folkmoot/internal/forum"
)

var visibilityCases = []testCase{
	{"nothing unseen in any view", visibilityPopulation},
	{"what is shown counts for who is shown it", visibilityConsistent},
}

// population makes a thread of every kind in a category of every kind, each with a post of every
// kind. Words of the posts are "everywhere", and their address as in "w12n3".
func (c *community) population(t testing.TB) {
	t.Helper()
	hidden := c.newCategory(t, 0, "Hidden", nil)
	below := c.newCategory(t, hidden, "Below hidden", nil)
	unmoderated := c.newCategory(t, c.general, "Unmoderated", forum.Permissions{forum.Moderator: {See: true, Reply: true}})
	members := c.newCategory(t, 0, "Members", forum.Permissions{forum.Visitor: {}})
	c.do(t, hideCategory{by: as(admin), id: hidden, hide: true})
	for _, category := range []forum.CategoryID{c.general, c.workshop, c.notices, c.staff, c.staffRoom, hidden, below, unmoderated, members} {
		for _, names := range [][]forum.Mark{
			{}, {forum.MarkUnlisted}, {forum.MarkModHidden}, {forum.MarkAuthorDeleted}, {forum.MarkModDeleted}, {forum.MarkFlagHidden},
			{forum.MarkAuthorDeleted, forum.MarkModHidden}, {forum.MarkAuthorDeleted, forum.MarkUnlisted}, {forum.MarkPinned, forum.MarkLocked},
		} {
			c.populate(t, category, names)
		}
	}
}

// populate makes one thread of the author's and puts it into a category with marks.
func (c *community) populate(t testing.TB, category forum.CategoryID, names []forum.Mark) {
	t.Helper()
	c.do(t, createThread{by: as(author), category: c.general, title: "everywhere", tags: []string{"Wheels"}})
	id := c.model.lastThread().id
	writers := []string{other, author, other, author, author, author, author, other}
	for i, name := range writers {
		c.do(t, createPost{by: as(name), thread: id, to: int64(i%3 + 1), body: fmt.Sprintf("everywhere w%dn%d", id, i+2)})
	}
	for number := int64(1); number <= 4; number++ {
		c.do(t, editPost{by: as(moderator), thread: id, number: number, body: fmt.Sprintf("everywhere w%dn%d edited", id, number)},
			react{by: as(moderator), thread: id, number: number, kind: "up"})
	}
	post := func(by string, number int64, name forum.Mark) transition {
		return mark{by: as(by), thread: id, number: number, mark: name, set: true}
	}
	c.do(t, post(author, 3, forum.MarkAuthorDeleted), post(moderator, 4, forum.MarkModHidden), post(moderator, 5, forum.MarkModDeleted),
		post(author, 7, forum.MarkAuthorDeleted), post(moderator, 7, forum.MarkModHidden))
	c.flag(t, id, 6)
	for _, name := range names {
		switch name {
		case forum.MarkFlagHidden:
			c.flag(t, id, 0)
		case forum.MarkAuthorDeleted:
			c.do(t, mark{by: as(author), thread: id, mark: name, set: true})
		default:
			c.do(t, mark{by: as(admin), thread: id, mark: name, set: true})
		}
	}
	if category != c.general {
		c.do(t, editThread{by: as(admin), thread: id, category: category})
	}
}

// visibilityPopulation: every view agrees about every post, for everybody.
func visibilityPopulation(t *testing.T, c *community) {
	c.population(t)
	c.plantRedirects(t)
	c.plantAttachments(t)
	c.indexAll(t)
	for _, who := range everybody {
		by := as(who)
		c.compare(t, "the whole population", by)
		actor := c.must(t, who)
		var found []string
		for _, th := range c.model.threads {
			for _, p := range th.posts {
				c.checkPost(t, actor, by, th, p)
				if c.model.mayIn(by, th).See && th.effective(p) == forum.Visible {
					found = append(found, fmt.Sprintf("%d/%d", th.id, p.number))
				}
			}
		}
		got := c.searchAll(t, actor, "everywhere")
		slices.Sort(found)
		differ(t, "what "+by.String()+" finds", found, got)
	}
}

// plantRedirects makes an old address for every post.
func (c *community) plantRedirects(t testing.TB) {
	t.Helper()
	_, err := c.db.ExecContext(t.Context(), `INSERT INTO redirects (path, thread_id, number) SELECT '/old/' || thread_id || '/' || number, thread_id, number FROM posts`)
	if err != nil {
		t.Fatal(err)
	}
}

// plantAttachments gives every post a file.
func (c *community) plantAttachments(t testing.TB) {
	t.Helper()
	_, err := c.db.ExecContext(t.Context(), `INSERT INTO attachments (thread_id, number, position, name, type, bytes, content)
		SELECT thread_id, number, 1, 'a.txt', 'text/plain', 1, $1 FROM posts`, []byte("x"))
	if err == nil {
		_, err = c.db.ExecContext(t.Context(), `UPDATE posts SET attachments = 1`)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkPost asks every view of one post whether it is there, and every decision about it.
func (c *community) checkPost(t testing.TB, actor forum.Actor, by asker, th *thread, p *post) {
	t.Helper()
	ctx := t.Context()
	thread, post, err := c.Post(ctx, actor, th.id, p.number)
	_, revisionsErr := c.Revisions(ctx, actor, th.id, p.number)
	_, redirectErr := c.Redirect(ctx, actor, fmt.Sprintf("/old/%d/%d", th.id, p.number))
	_, _, fileErr := c.Attachment(ctx, actor, th.id, p.number, 1)
	want := error(nil)
	if !c.model.seesPost(by, th, p) {
		want = refuse(forum.NotFound)
	}
	wantEarlier := want
	if want == nil {
		wantEarlier = c.model.refusedEarlier(by, th, p)
	}
	for view, err := range map[string]struct{ got, want error }{
		"post": {err, want}, "revisions": {revisionsErr, wantEarlier}, "redirect": {redirectErr, want}, "attachment": {fileErr, want},
	} {
		if sort(err.got) != sort(err.want) {
			t.Errorf("%s of %d/%d for %s: %s, want %s", view, th.id, p.number, by, sort(err.got), sort(err.want))
		}
	}
	if want != nil {
		return
	}
	for name, decision := range map[string]struct{ got, want error }{
		"edit":   {forum.CanEditPost(actor, &thread, &post), editPost{by: by, thread: th.id, number: p.number}.refused(c.model)},
		"react":  {forum.CanReact(actor, &thread, &post), react{by: by, thread: th.id, number: p.number}.refused(c.model)},
		"reply":  {forum.CanReply(actor, &thread), createPost{by: by, thread: th.id}.refused(c.model)},
		"rename": {forum.CanEditThread(actor, &thread), editThread{by: by, thread: th.id, title: "x"}.refused(c.model)},
		"hide": {forum.CanMarkPost(actor, &thread, &post, forum.MarkModHidden, true),
			mark{by: by, thread: th.id, number: max(p.number, 2), mark: forum.MarkModHidden, set: true}.refusedOnceSeen(c.model)},
	} {
		if sort(decision.got) != sort(decision.want) {
			t.Errorf("may %s %s %d/%d: %s, want %s", by, name, th.id, p.number, sort(decision.got), sort(decision.want))
		}
	}
}

// refusedOnceSeen is refused of a post that is seen.
func (tr mark) refusedOnceSeen(m *model) error {
	th := m.thread(tr.thread)
	return m.mayNotMark(tr, th, th.post(tr.number).author, true)
}

// visibilityConsistent: without a look at the model, lists are as long as their numbers say.
func visibilityConsistent(t *testing.T, c *community) {
	c.population(t)
	for _, who := range everybody {
		c.consistent(t, as(who))
	}
}

// consistent fails where what somebody is shown does not agree with itself.
func (c *community) consistent(t testing.TB, by asker) {
	t.Helper()
	s, err := c.shown(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range s.Lists {
		if list.Total != int64(len(list.IDs)) {
			t.Errorf("%s: the list %q has %d threads and says %d", by, name, len(list.IDs), list.Total)
		}
	}
	var all forum.CategoryCounts
	for _, category := range s.Categories {
		all = sum(all, category.Own)
		list := s.Lists[fmt.Sprintf("category %d", category.ID)]
		if list.Total != category.Own.Threads[forum.Visible] {
			t.Errorf("%s: category %d says %d threads, its list %d", by, category.ID, category.Own.Threads[forum.Visible], list.Total)
		}
	}
	differ(t, by.String()+": the site and the sum of its categories", all, s.Counts)
	for name, person := range s.People {
		if int64(len(person.Posts)) != person.Counts.Posts[forum.Visible] {
			t.Errorf("%s: %s has %d posts listed and %d counted", by, name, len(person.Posts), person.Counts.Posts[forum.Visible])
		}
	}
	for id, th := range s.Threads {
		var posts [forum.StateCount]int64
		for _, p := range th.Page {
			posts[p.State]++
		}
		if th.Posts[forum.Visible] != posts[forum.Visible] {
			t.Errorf("%s: thread %d says %d posts and shows %d", by, id, th.Posts[forum.Visible], posts[forum.Visible])
		}
	}
}
