package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// createPost replies.
type createPost struct {
	by     asker
	thread forum.ThreadID
	to     int64 // 0: the thread
	body   string
	key    string
}

func (tr createPost) asker() asker { return tr.by }

func (tr createPost) refused(m *model) error {
	th, err := m.unseen(tr.by, tr.thread)
	if err != nil {
		return err
	}
	may := m.mayIn(tr.by, th)
	switch {
	case m.unable(tr.by) != nil:
		return m.unable(tr.by)
	case !may.Reply:
		return refuse(forum.Forbidden)
	case th.marks.state() == forum.Deleted, th.locked && !may.Moderate:
		return refuse(forum.Conflict)
	}
	if _, _, err := m.unseenPost(tr.by, tr.thread, tr.to); tr.to != 0 && err != nil {
		return refuse(forum.Invalid)
	}
	return nil
}

func (tr createPost) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	post, err := c.CreatePost(ctx, actor, forum.NewPost{Thread: tr.thread, Body: tr.words(), ReplyTo: tr.to, Key: tr.key})
	if err == nil && (post.Thread != tr.thread || post.Number != post.ThreadNumbers.Number || post.Version == 0) {
		err = fmt.Errorf("the post %d/%d of version %d is not what its numbers say: %+v", post.Thread, post.Number, post.Version, post.ThreadNumbers)
	}
	return post.ThreadNumbers, err
}

func (tr createPost) words() string {
	if tr.body == "" {
		return "Some words."
	}
	return tr.body
}

func (tr createPost) done(m *model, _ forum.Receipt) forum.Receipt {
	th := m.thread(tr.thread)
	p := th.add(&post{author: writer{name: tr.by.name}, replyTo: tr.to, body: tr.words(), created: m.stamp(th)})
	return th.receipt(p.number)
}

// editPost replaces a text.
type editPost struct {
	by        asker
	thread    forum.ThreadID
	number    int64
	body      string
	ifVersion int64
	key       string
}

func (tr editPost) asker() asker { return tr.by }

func (tr editPost) refused(m *model) error {
	th, p, err := m.unseenPost(tr.by, tr.thread, tr.number)
	if err != nil {
		return err
	}
	switch {
	case m.unable(tr.by) != nil:
		return m.unable(tr.by)
	case m.mayIn(tr.by, th).Moderate:
	case !p.author.is(tr.by):
		return refuse(forum.Forbidden)
	case th.effective(p) == forum.Deleted, th.locked:
		return refuse(forum.Conflict)
	}
	if tr.ifVersion != 0 && tr.ifVersion < p.text {
		return refuse(forum.PreconditionFailed)
	}
	return nil
}

func (tr editPost) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	_, err := c.EditPost(ctx, actor, tr.thread, tr.number, forum.PostEdit{Body: tr.body, IfVersion: tr.ifVersion, Key: tr.key})
	return forum.Receipt{}, err
}

func (tr editPost) done(m *model, _ forum.Receipt) forum.Receipt {
	th := m.thread(tr.thread)
	p := th.post(tr.number)
	if p.body != tr.body {
		p.earlier, p.body = append(p.earlier, p.body), tr.body
		th.touched()
		p.reworded(th)
	}
	return th.receipt(tr.number)
}

// deletePost deletes a post by the mark that fits who asks; restorePost clears the gravest that they may.
type (
	deletePost struct {
		by     asker
		thread forum.ThreadID
		number int64
		key    string
	}
	restorePost deletePost
)

func (tr deletePost) asker() asker  { return tr.by }
func (tr restorePost) asker() asker { return tr.by }

// marked is the deletion as the mark it sets.
func (tr deletePost) marked(p *post) mark {
	name := forum.MarkModDeleted
	if p.author.is(tr.by) {
		name = forum.MarkAuthorDeleted
	}
	return mark{by: tr.by, thread: tr.thread, number: tr.number, mark: name, set: true}
}

func (tr deletePost) refused(m *model) error {
	_, p, err := m.unseenPost(tr.by, tr.thread, tr.number)
	if err != nil {
		return err
	}
	return tr.marked(p).refused(m)
}

func (tr deletePost) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	return c.DeletePost(ctx, actor, tr.thread, tr.number, tr.key)
}

func (tr deletePost) done(m *model, receipt forum.Receipt) forum.Receipt {
	return tr.marked(m.thread(tr.thread).post(tr.number)).done(m, receipt)
}

// cleared is the restoration as the mark it clears: the gravest that the asker may clear, "" where there is none.
func (tr restorePost) cleared(m *model) mark {
	th := m.thread(tr.thread)
	p := th.post(tr.number)
	at, moderates := p.marks, m.mayIn(tr.by, th).Moderate
	if tr.number == 1 {
		at = th.marks
	}
	for _, name := range []forum.Mark{forum.MarkModDeleted, forum.MarkAuthorDeleted, forum.MarkModHidden, forum.MarkFlagHidden} {
		if at[name] && (moderates || name == forum.MarkAuthorDeleted && p.author.is(tr.by)) {
			return mark{by: tr.by, thread: tr.thread, number: tr.number, mark: name}
		}
	}
	return mark{}
}

func (tr restorePost) refused(m *model) error {
	_, _, err := m.unseenPost(tr.by, tr.thread, tr.number)
	switch {
	case err != nil:
		return err
	case m.unable(tr.by) != nil:
		return m.unable(tr.by)
	case tr.cleared(m).mark == "":
		return refuse(forum.Conflict)
	}
	return tr.cleared(m).refused(m)
}

func (tr restorePost) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	return c.RestorePost(ctx, actor, tr.thread, tr.number, tr.key)
}

func (tr restorePost) done(m *model, receipt forum.Receipt) forum.Receipt {
	return tr.cleared(m).done(m, receipt)
}

// flag hides a post (0: the thread) as flags will: nobody can ask for it yet.
func (c *community) flag(t testing.TB, id forum.ThreadID, number int64) {
	t.Helper()
	th := c.model.thread(id)
	change := forum.Change{Thread: id, ThreadRev: c.number(t, `SELECT rev FROM threads WHERE id = $1`, int64(id))}
	var err error
	if number > 1 {
		byFlags := func(*forum.Thread, *forum.Post) (forum.Mark, error) { return forum.MarkFlagHidden, nil }
		_, err = c.store.MarkPost(t.Context(), change, number, c.clock.Now(), byFlags)
	} else {
		_, err = c.store.MarkThread(t.Context(), change, forum.MarkFlagHidden, c.clock.Now())
	}
	if err != nil {
		t.Fatalf("flagging: %v", err)
	}
	(mark{thread: th.id, number: number, mark: forum.MarkFlagHidden, set: true}).done(c.model, forum.Receipt{})
}

// replying answers the thread, or the post to.
func replying(to int64) func(asker, place, *community) transition {
	return func(by asker, at place, _ *community) transition {
		return createPost{by: by, thread: at.thread, to: to}
	}
}

// replyingIn answers a thread made in a category, whoever may start one there.
func replyingIn(category func(*community) forum.CategoryID) func(asker, place, *community) transition {
	return func(by asker, _ place, c *community) transition {
		start := createThread{by: as(admin), category: category(c), title: "By the administrator"}
		receipt, err := c.ask(context.Background(), start)
		if err != nil {
			panic(err)
		}
		start.done(c.model, receipt)
		return createPost{by: by, thread: receipt.Thread, to: 1}
	}
}

func editing(number int64) func(asker, place, *community) transition {
	return func(by asker, at place, _ *community) transition {
		return editPost{by: by, thread: at.thread, number: number, body: "Other words."}
	}
}

func deleting(number int64) func(asker, place, *community) transition {
	return func(by asker, at place, _ *community) transition {
		return deletePost{by: by, thread: at.thread, number: number}
	}
}

func restoring(number int64) func(asker, place, *community) transition {
	return func(by asker, at place, _ *community) transition {
		return restorePost{by: by, thread: at.thread, number: number}
	}
}

func markingPost(name forum.Mark, set bool) func(asker, place, *community) transition {
	return func(by asker, at place, _ *community) transition {
		return mark{by: by, thread: at.thread, number: 3, mark: name, set: set}
	}
}

// postMarked: the moderator has set marks of post 3.
func postMarked(names ...forum.Mark) func(place) []transition {
	return func(at place) []transition {
		var all []transition
		for _, name := range names {
			all = append(all, mark{by: as(moderator), thread: at.thread, number: 3, mark: name, set: true})
		}
		return all
	}
}

// ownDeleted: the author has deleted post 3.
func ownDeleted(at place) []transition {
	return []transition{deletePost{by: as(author), thread: at.thread, number: 3}}
}

var postCases = slices.Concat(cases(
	attempt{"reply", nil, replying(0), unableToWrite},
	attempt{"reply to a post", nil, replying(2), unableToWrite},
	attempt{"reply to a post that is not there", nil, replying(9), unableToWrite.and(forum.Invalid, author, "author with write", other,
		moderator, "moderator with write", "moderator with moderate", admin, "admin with write")},
	attempt{"reply to a hidden post", postMarked(forum.MarkModHidden), replying(3), unableToWrite.and(forum.Invalid, author, "author with write",
		other, "moderator with write", "admin with write")},
	attempt{"reply, locked", moderated(forum.MarkLocked), replying(0), unableToWrite.and(forum.Conflict, author, "author with write",
		other, "moderator with write", "admin with write")},
	attempt{"reply, unlisted", moderated(forum.MarkUnlisted), replying(0), unableToWrite},
	attempt{"reply, hidden", moderated(forum.MarkModHidden), replying(0), unseenByMembers},
	attempt{"reply, deleted by a moderator", moderated(forum.MarkModDeleted), replying(0),
		unseenByMembers.and(forum.Conflict, moderator, "moderator with moderate", admin)},
	attempt{"reply, deleted by its author", deletedByAuthor, replying(0),
		unseenByMembers.and(forum.Conflict, author, "author with write", moderator, "moderator with moderate", admin).and(forum.Forbidden, "author with read")},
	attempt{"reply where only moderators do", nil, replyingIn(notices), notModerator},
	attempt{"reply in a category unseen", nil, replyingIn(staff), unseenByMembers},

	attempt{"edit", nil, editing(3), notAuthorNorModerator},
	attempt{"edit the first post", nil, editing(1), notAuthorNorModerator},
	attempt{"edit another's", nil, editing(2), notAuthorNorModerator.except(other).and(forum.Forbidden, author, "author with write")},
	attempt{"edit, locked", moderated(forum.MarkLocked), editing(3), ownWhileLocked},
	attempt{"edit what its author deleted", ownDeleted, editing(3),
		unseenByMembers.and(forum.Conflict, author, "author with write").and(forum.Forbidden, "author with read")},
	attempt{"edit what a moderator hid", postMarked(forum.MarkModHidden), editing(3), unseenByMembers},
	attempt{"edit to the same words", nil, func(by asker, at place, _ *community) transition {
		return editPost{by: by, thread: at.thread, number: 3, body: "Some words."}
	}, notAuthorNorModerator},

	attempt{"delete", nil, deleting(3), notAuthorNorModerator},
	attempt{"delete the first post", nil, deleting(1), notAuthorNorModerator},
	attempt{"delete another's", nil, deleting(2), notAuthorNorModerator.except(other).and(forum.Forbidden, author, "author with write")},
	attempt{"delete, locked", moderated(forum.MarkLocked), deleting(3), ownWhileLocked},
	attempt{"delete what is hidden", postMarked(forum.MarkModHidden), deleting(3), unseenByMembers},
	attempt{"restore what its author deleted", ownDeleted, restoring(3),
		unseenByMembers.except(author, "author with write").and(forum.Forbidden, "author with read")},
	attempt{"restore what its author deleted, locked", func(at place) []transition {
		return append(ownDeleted(at), moderated(forum.MarkLocked)(at)...)
	}, restoring(3), unseenByMembers.except(author, "author with write").and(forum.Forbidden, "author with read").and(forum.Conflict, author, "author with write")},
	attempt{"restore a thread by its first post", deletedByAuthor, restoring(1),
		unseenByMembers.except(author, "author with write").and(forum.Forbidden, "author with read")},
	attempt{"restore what a moderator deleted", postMarked(forum.MarkModDeleted), restoring(3), unseenByMembers},
	attempt{"restore what both deleted", func(at place) []transition {
		return append(ownDeleted(at), postMarked(forum.MarkModDeleted)(at)...)
	}, restoring(3), unseenByMembers},
	attempt{"restore what is not deleted", nil, restoring(3), unableToWrite.and(forum.Conflict, author, "author with write", other,
		moderator, "moderator with write", "moderator with moderate", admin, "admin with write")},

	attempt{"delete as the author", nil, markingPost(forum.MarkAuthorDeleted, true),
		notAuthorNorModerator.and(forum.Forbidden, moderator, "moderator with moderate", admin)},
	attempt{"delete as a moderator", nil, markingPost(forum.MarkModDeleted, true), notModerator},
	attempt{"clear a moderator's deletion", postMarked(forum.MarkModDeleted), markingPost(forum.MarkModDeleted, false), unseenByMembers},
	attempt{"hide", nil, markingPost(forum.MarkModHidden, true), notModerator},
	attempt{"unhide", postMarked(forum.MarkModHidden), markingPost(forum.MarkModHidden, false), unseenByMembers},
	attempt{"hide as by flags", nil, markingPost(forum.MarkFlagHidden, true),
		notModerator.and(forum.Forbidden, moderator, "moderator with moderate", admin)},
	attempt{"a mark of threads", nil, markingPost(forum.MarkUnlisted, true), notModerator.and(forum.Invalid, author, "author with write", other,
		moderator, "moderator with write", "moderator with moderate", admin, "admin with write")},
), []testCase{
	{"numbers in figures", postNumbers},
	{"marks are apart", postMarksApart},
	{"a mark set twice moves nothing", postMarkedTwice},
	{"revisions are kept", postRevisions},
	{"edited by another meanwhile", postIfVersion},
	{"bodies outside the limits", postBodyLimits},
	{"posts of a person are walked without gap or double", userPostsWalk},
	{"absent", postAbsent},
	{"moved posts forward", postMoved},
})

// postNumbers says in figures what the first, the last and the middle post of a thread move.
func postNumbers(t *testing.T, c *community) {
	at := c.place(t)
	c.clock.move(time.Minute)
	c.do(t, createPost{by: as(other), thread: at.thread, to: 2})
	start := c.model.thread(at.thread).created
	tests := []struct {
		tr      transition
		count   int64
		last    int64
		active  time.Time
		replies int64 // to post 2
	}{
		{deletePost{by: as(other), thread: at.thread, number: 4}, 3, 3, start.Add(2 * time.Microsecond), 1},
		{deletePost{by: as(author), thread: at.thread, number: 3}, 2, 2, start.Add(time.Microsecond), 0},
		{mark{by: as(moderator), thread: at.thread, number: 2, mark: forum.MarkModHidden, set: true}, 1, 1, start, 0},
		{restorePost{by: as(other), thread: at.thread, number: 4}, 2, 4, start.Add(time.Minute), 1},
		{restorePost{by: as(moderator), thread: at.thread, number: 3}, 3, 4, start.Add(time.Minute), 2},
		{restorePost{by: as(moderator), thread: at.thread, number: 2}, 4, 4, start.Add(time.Minute), 2},
	}
	for _, tt := range tests {
		c.step(t, tt.tr)
		th, err := c.Thread(t.Context(), forum.Actor{}, at.thread)
		if err != nil {
			t.Fatal(err)
		}
		_, second, err := c.Post(t.Context(), c.must(t, moderator), at.thread, 2)
		if err != nil {
			t.Fatal(err)
		}
		differ(t, "numbers after "+describe(tt.tr),
			fmt.Sprint(tt.count, tt.last, tt.active, tt.replies), fmt.Sprint(th.PostCount(), th.LastNumber, th.LastActivityAt, second.Replies))
	}
}

// postMarksApart: hidden, then deleted, then restored is hidden; the author clears their own mark only.
func postMarksApart(t *testing.T, c *community) {
	at := c.place(t)
	post := func(who string, name forum.Mark, set bool) transition {
		return mark{by: as(who), thread: at.thread, number: 3, mark: name, set: set}
	}
	c.step(t, post(author, forum.MarkAuthorDeleted, true))
	c.flag(t, at.thread, 3)
	steps := []struct {
		tr   transition
		want forum.State
	}{
		{post(moderator, forum.MarkModHidden, true), forum.Deleted},
		{post(moderator, forum.MarkAuthorDeleted, false), forum.Hidden},
		{post(moderator, forum.MarkModDeleted, true), forum.Deleted},
		{post(moderator, forum.MarkFlagHidden, false), forum.Deleted},
		{restorePost{by: as(moderator), thread: at.thread, number: 3}, forum.Hidden},
		{restorePost{by: as(moderator), thread: at.thread, number: 3}, forum.Visible},
	}
	for _, step := range steps {
		c.step(t, step.tr)
		_, got, err := c.Post(t.Context(), c.must(t, moderator), at.thread, 3)
		if err != nil || got.State != step.want {
			t.Errorf("after %s: %s (%v), want %s", describe(step.tr), got.State, err, step.want)
		}
	}
}

func postMarkedTwice(t *testing.T, c *community) {
	at := c.place(t)
	for _, name := range []forum.Mark{forum.MarkModDeleted, forum.MarkModHidden} {
		for _, set := range []bool{true, false} {
			c.step(t, mark{by: as(moderator), thread: at.thread, number: 3, mark: name, set: set})
			before := c.rows(t)
			c.clock.move(time.Hour)
			c.step(t, mark{by: as(admin), thread: at.thread, number: 3, mark: name, set: set})
			differ(t, string(name)+" twice", before, c.rows(t))
		}
	}
	c.step(t, deletePost{by: as(author), thread: at.thread, number: 3})
	before := c.rows(t)
	c.step(t, deletePost{by: as(author), thread: at.thread, number: 3})
	differ(t, "deleted by its author twice", before, c.rows(t))
}

func postRevisions(t *testing.T, c *community) {
	at := c.place(t)
	c.step(t, editPost{by: as(author), thread: at.thread, number: 3, body: "Second."},
		editPost{by: as(moderator), thread: at.thread, number: 3, body: "Third."},
		editPost{by: as(moderator), thread: at.thread, number: 3, body: "Third."},
		editPost{by: as(author), thread: at.thread, number: 3, body: "Fourth."})
	got, err := c.Revisions(t.Context(), c.must(t, author), at.thread, 3)
	if err != nil {
		t.Fatal(err)
	}
	type revision struct {
		n            int64
		editor, body string
	}
	var shown []revision
	for _, r := range got {
		shown = append(shown, revision{r.Revision, r.Editor.Name, r.Body})
	}
	want := []revision{{1, author, "Some words."}, {2, author, "Second."}, {3, moderator, "Third."}}
	if !slices.Equal(want, shown) {
		t.Errorf("revisions: got %v, want %v", shown, want)
	}
}

// postIfVersion: an edit conflicts with another edit, not with marks, reactions or replies.
func postIfVersion(t *testing.T, c *community) {
	at := c.place(t)
	seen := c.model.thread(at.thread).post(3).version
	c.do(t, react{by: as(other), thread: at.thread, number: 3, kind: "up"}, createPost{by: as(other), thread: at.thread, to: 3},
		mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden, set: true},
		mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden})
	c.step(t, editPost{by: as(author), thread: at.thread, number: 3, body: "Once.", ifVersion: seen})
	if err := c.try(t, editPost{by: as(author), thread: at.thread, number: 3, body: "Twice.", ifVersion: seen}); forum.KindOf(err) != forum.PreconditionFailed {
		t.Errorf("edit of a former version: got %v", err)
	}
}

func postBodyLimits(t *testing.T, c *community) {
	at := c.place(t)
	tests := []struct{ name, body string }{
		{"empty", ""},
		{"white space", " \n\t\r\n"},
		{"NUL", "a\x00b"},
		{"not UTF-8", "a\xffb"},
		{"a control character", "a\x1bb"},
		{"too many runes", strings.Repeat("ä", forum.LimitBody.Max+1)},
		{"too many bytes", strings.Repeat("𝄞", forum.LimitBody.Bytes/4+1)},
	}
	for _, tt := range tests {
		before := c.rows(t)
		_, err := c.CreatePost(t.Context(), c.must(t, author), forum.NewPost{Thread: at.thread, Body: tt.body, Key: "key " + tt.name})
		if forum.KindOf(err) != forum.Invalid {
			t.Errorf("%s: got %v, want invalid", tt.name, err)
		}
		_, err = c.EditPost(t.Context(), c.must(t, author), at.thread, 3, forum.PostEdit{Body: tt.body})
		if forum.KindOf(err) != forum.Invalid {
			t.Errorf("edit, %s: got %v, want invalid", tt.name, err)
		}
		differ(t, "rows after a body that is "+tt.name, before, c.rows(t))
	}
	c.step(t, createPost{by: as(author), thread: at.thread, body: strings.Repeat("x", forum.LimitBody.Max)})
}

func userPostsWalk(t *testing.T, c *community) {
	for range 3 {
		c.place(t) // posts of several threads at the same moment
	}
	c.do(t, deletePost{by: as(author), thread: c.model.threads[1].id, number: 3})
	id := c.model.person(author).id
	whole, _, err := c.UserPosts(t.Context(), forum.Actor{}, id, forum.Cursor{}, 100)
	if err != nil || len(whole) != 5 {
		t.Fatalf("%d posts, %v; want 5", len(whole), err)
	}
	for limit := 1; limit <= 6; limit++ {
		var got []forum.Post
		for cursor := (forum.Cursor{}); ; {
			posts, next, err := c.UserPosts(t.Context(), forum.Actor{}, id, cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, posts...)
			if cursor = next; cursor == (forum.Cursor{}) {
				break
			}
		}
		differ(t, fmt.Sprintf("posts walked %d at a time", limit), whole, got)
	}
}

func postAbsent(t *testing.T, c *community) {
	at := c.place(t)
	for _, number := range []int64{0, -1, 4, 1 << 40} {
		for _, who := range everybody {
			actor := c.must(t, who)
			_, _, err := c.Post(t.Context(), actor, at.thread, number)
			_, editErr := c.EditPost(t.Context(), actor, at.thread, number, forum.PostEdit{Body: "x"})
			_, deleteErr := c.DeletePost(t.Context(), actor, at.thread, number, "")
			_, reactErr := c.React(t.Context(), actor, at.thread, number, "up", "")
			_, revisionsErr := c.Revisions(t.Context(), actor, at.thread, number)
			for _, err := range []error{err, editErr, deleteErr, reactErr, revisionsErr} {
				if forum.KindOf(err) != forum.NotFound {
					t.Errorf("post %d as %q: got %v, want not found", number, who, err)
				}
			}
		}
	}
}

// postMoved: a forwarding row leads on, as far as its target may be seen; one to nowhere ends.
func postMoved(t *testing.T, c *community) {
	at, hidden := c.place(t), c.placeIn(t, c.staff)
	plant := func(from, thread, number any) {
		if _, err := c.db.ExecContext(t.Context(), `INSERT INTO post_moves (from_thread, from_number, to_thread, to_number, version)
			VALUES ($1, $2, $3, $4, 1)`, int64(at.thread), from, thread, number); err != nil {
			t.Fatal(err)
		}
	}
	plant(10, int64(at.thread), 2)
	plant(11, int64(hidden.thread), 2)
	plant(12, nil, nil)
	_, got, err := c.Post(t.Context(), forum.Actor{}, at.thread, 10)
	if err != nil || got.Number != 2 {
		t.Errorf("moved post: number %d, %v; want 2", got.Number, err)
	}
	for _, number := range []int64{11, 12} {
		if _, _, err := c.Post(t.Context(), forum.Actor{}, at.thread, number); forum.KindOf(err) != forum.NotFound {
			t.Errorf("post moved out of sight, %d: got %v, want not found", number, err)
		}
	}
}
