package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// createThread starts a thread.
type createThread struct {
	by       asker
	category forum.CategoryID
	title    string
	tags     []string
	key      string
}

func (tr createThread) asker() asker { return tr.by }

func (tr createThread) refused(m *model) error {
	c := m.category(tr.category)
	if c == nil || !m.may(tr.by, c).See {
		return refuse(forum.Invalid)
	}
	if err := m.unable(tr.by); err != nil {
		return err
	}
	if !m.may(tr.by, c).Start {
		return refuse(forum.Forbidden)
	}
	return nil
}

func (tr createThread) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	first, err := c.CreateThread(ctx, actor, forum.NewThread{CategoryID: tr.category, Title: tr.title, Body: "First words.", Tags: tr.tags, Key: tr.key})
	return first.ThreadNumbers, err
}

func (tr createThread) done(m *model, receipt forum.Receipt) forum.Receipt {
	th := &thread{id: receipt.Thread, category: tr.category, author: writer{name: tr.by.name}, title: tr.title, created: m.clock.now}
	th.setTags(tr.tags)
	th.add(&post{author: th.author, body: "First words.", created: th.created})
	m.threads = append(m.threads, th)
	return th.receipt(1)
}

// setTags keeps tags once each, by name, in small letters.
func (th *thread) setTags(tags []string) {
	th.tags = slices.Clone(tags)
	for i, tag := range th.tags {
		th.tags[i] = strings.ToLower(tag)
	}
	slices.Sort(th.tags)
	th.tags = slices.Compact(th.tags)
}

// editThread renames, tags or moves a thread, or all of it.
type editThread struct {
	by        asker
	thread    forum.ThreadID
	title     string           // "": as it is
	tags      []string         // nil: as they are
	category  forum.CategoryID // 0: where it is
	ifVersion int64
	key       string
}

func (tr editThread) asker() asker { return tr.by }

func (tr editThread) refused(m *model) error {
	th, err := m.unseen(tr.by, tr.thread)
	if err != nil {
		return err
	}
	if err := tr.mayNotChange(m, th); err != nil {
		return err
	}
	if tr.category == 0 {
		return nil
	}
	to := m.category(tr.category)
	switch {
	case to == nil || !m.may(tr.by, to).See:
		return refuse(forum.Invalid)
	case m.unable(tr.by) != nil:
		return m.unable(tr.by)
	case !m.mayIn(tr.by, th).Moderate || !m.may(tr.by, to).Moderate:
		return refuse(forum.Forbidden)
	}
	return nil
}

func (tr editThread) mayNotChange(m *model, th *thread) error {
	switch {
	case tr.title == "" && tr.tags == nil:
		return nil
	case m.unable(tr.by) != nil:
		return m.unable(tr.by)
	case m.mayIn(tr.by, th).Moderate:
		return nil
	case !th.author.is(tr.by):
		return refuse(forum.Forbidden)
	case th.locked, th.marks.state() == forum.Deleted:
		return refuse(forum.Conflict)
	}
	return nil
}

func (tr editThread) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	change := forum.ThreadChange{IfVersion: tr.ifVersion, Key: tr.key}
	if tr.title != "" {
		change.Title = &tr.title
	}
	if tr.tags != nil {
		change.Tags = &tr.tags
	}
	if tr.category != 0 {
		change.CategoryID = &tr.category
	}
	_, err := c.EditThread(ctx, actor, tr.thread, change)
	return forum.Receipt{}, err
}

func (tr editThread) done(m *model, _ forum.Receipt) forum.Receipt {
	th := m.thread(tr.thread)
	renamed := tr.title != "" && tr.title != th.title
	if !renamed && tr.tags == nil && (tr.category == 0 || tr.category == th.category) {
		return th.receipt(1)
	}
	th.touched()
	if tr.category != 0 {
		th.category = tr.category
	}
	if tr.tags != nil {
		th.setTags(tr.tags)
	}
	if renamed {
		th.title = tr.title
		th.posts[0].reworded(th)
	}
	return th.receipt(1)
}

// mark sets or clears a mark: of a thread, or, where a number is given, of a post.
type mark struct {
	by     asker
	thread forum.ThreadID
	number int64 // 0: the thread
	mark   forum.Mark
	set    bool
	key    string
}

func (tr mark) asker() asker { return tr.by }

func (tr mark) refused(m *model) error {
	th, err := m.unseen(tr.by, tr.thread)
	if err != nil {
		return err
	}
	if tr.number > 1 {
		_, p, err := m.unseenPost(tr.by, tr.thread, tr.number)
		if err != nil {
			return err
		}
		return m.mayNotMark(tr, th, p.author, true)
	}
	return m.mayNotMark(tr, th, th.author, false)
}

func (m *model) mayNotMark(tr mark, th *thread, of writer, ofPost bool) error {
	moderates := m.mayIn(tr.by, th).Moderate
	onlyThreads := tr.mark == forum.MarkUnlisted || tr.mark == forum.MarkPinned || tr.mark == forum.MarkLocked
	switch {
	case m.unable(tr.by) != nil:
		return m.unable(tr.by)
	case tr.mark == forum.MarkAuthorDeleted && of.is(tr.by):
		if th.locked && !moderates {
			return refuse(forum.Conflict)
		}
		return nil
	case tr.mark == forum.MarkAuthorDeleted && tr.set, tr.mark == forum.MarkFlagHidden && tr.set:
		return refuse(forum.Forbidden)
	case ofPost && onlyThreads:
		return refuse(forum.Invalid)
	case !moderates:
		return refuse(forum.Forbidden)
	}
	return nil
}

func (tr mark) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	if tr.number == 0 {
		return c.MarkThread(ctx, actor, tr.thread, tr.mark, tr.set, tr.key)
	}
	return c.MarkPost(ctx, actor, tr.thread, tr.number, tr.mark, tr.set, tr.key)
}

func (tr mark) done(m *model, _ forum.Receipt) forum.Receipt {
	th := m.thread(tr.thread)
	if tr.number > 1 {
		if p := th.post(tr.number); p.marks.set(tr.mark, tr.set) {
			p.touched(th)
		}
		return th.receipt(tr.number)
	}
	if th.setMark(tr.mark, tr.set, m.clock.now) {
		th.touched()
	}
	return th.receipt(1)
}

func (th *thread) setMark(mark forum.Mark, set bool, now time.Time) (changed bool) {
	switch mark {
	case forum.MarkLocked:
		changed, th.locked = th.locked != set, set
	case forum.MarkPinned:
		changed = th.pinned.IsZero() == set
		if changed && set {
			th.pinned = now
		} else if !set {
			th.pinned = time.Time{}
		}
	default:
		changed = th.marks.set(mark, set)
	}
	return changed
}

// moderated are transitions of the moderator at a place.
func moderated(marks ...forum.Mark) func(place) []transition {
	return func(at place) []transition {
		var all []transition
		for _, name := range marks {
			all = append(all, mark{by: as(moderator), thread: at.thread, mark: name, set: true})
		}
		return all
	}
}

// deletedByAuthor: the author has deleted the thread.
func deletedByAuthor(at place) []transition {
	return []transition{mark{by: as(author), thread: at.thread, mark: forum.MarkAuthorDeleted, set: true}}
}

func marking(name forum.Mark, set bool) func(asker, place, *community) transition {
	return func(by asker, at place, _ *community) transition {
		return mark{by: by, thread: at.thread, mark: name, set: set}
	}
}

func startingIn(category func(*community) forum.CategoryID) func(asker, place, *community) transition {
	return func(by asker, _ place, c *community) transition {
		return createThread{by: by, category: category(c), title: "A new thread", tags: []string{"Wheels"}}
	}
}

func movingTo(category func(*community) forum.CategoryID) func(asker, place, *community) transition {
	return func(by asker, at place, c *community) transition {
		return editThread{by: by, thread: at.thread, category: category(c)}
	}
}

func renaming(by asker, at place, _ *community) transition {
	return editThread{by: by, thread: at.thread, title: "Another title"}
}

func tagging(by asker, at place, _ *community) transition {
	return editThread{by: by, thread: at.thread, tags: []string{"spokes", "Rims"}}
}

func general(c *community) forum.CategoryID  { return c.general }
func workshop(c *community) forum.CategoryID { return c.workshop }
func notices(c *community) forum.CategoryID  { return c.notices }
func staff(c *community) forum.CategoryID    { return c.staff }
func staffRoom(c *community) forum.CategoryID {
	return c.staffRoom
}

var (
	unseenByMembers = notSeeing(forum.NotFound)
	ownWhileLocked  = notAuthorNorModerator.and(forum.Conflict, author, "author with write")
)

var threadCases = slices.Concat(cases(
	attempt{"create", nil, startingIn(general), unableToWrite},
	attempt{"create below", nil, startingIn(workshop), unableToWrite},
	attempt{"create where only moderators start", nil, startingIn(notices), notModerator},
	attempt{"create in a category unseen", nil, startingIn(staff), notSeeing(forum.Invalid)},
	attempt{"create where the parent is closed", nil, startingIn(staffRoom), notSeeing(forum.Invalid)},

	attempt{"rename", nil, renaming, notAuthorNorModerator},
	attempt{"rename locked", moderated(forum.MarkLocked), renaming, ownWhileLocked},
	attempt{"rename hidden", moderated(forum.MarkModHidden), renaming, unseenByMembers},
	attempt{"rename deleted by its author", deletedByAuthor, renaming,
		unseenByMembers.and(forum.Conflict, author, "author with write").and(forum.Forbidden, "author with read")},
	attempt{"tag", nil, tagging, notAuthorNorModerator},
	attempt{"untag", nil, func(by asker, at place, _ *community) transition {
		return editThread{by: by, thread: at.thread, tags: []string{}}
	}, notAuthorNorModerator},

	attempt{"move", nil, movingTo(workshop), notModerator},
	attempt{"move hidden", moderated(forum.MarkModHidden), movingTo(workshop), unseenByMembers},
	attempt{"move deleted", moderated(forum.MarkModDeleted), movingTo(workshop), unseenByMembers},
	attempt{"move unlisted", moderated(forum.MarkUnlisted), movingTo(notices), notModerator},
	attempt{"move out of sight", nil, movingTo(staff), notSeeing(forum.Invalid)},
	attempt{"move to where it is", nil, movingTo(general), notModerator},
	attempt{"move, rename and tag at once", nil, func(by asker, at place, c *community) transition {
		return editThread{by: by, thread: at.thread, title: "All at once", tags: []string{"Rims"}, category: c.workshop}
	}, notModerator},

	attempt{"delete as the author", nil, marking(forum.MarkAuthorDeleted, true),
		notAuthorNorModerator.and(forum.Forbidden, moderator, "moderator with moderate", admin)},
	attempt{"delete as the author, locked", moderated(forum.MarkLocked), marking(forum.MarkAuthorDeleted, true),
		ownWhileLocked.and(forum.Forbidden, moderator, "moderator with moderate", admin)},
	attempt{"restore what the author deleted", deletedByAuthor, marking(forum.MarkAuthorDeleted, false),
		unseenByMembers.except(author, "author with write").and(forum.Forbidden, "author with read")},
	attempt{"restore what the author deleted, locked",
		func(at place) []transition {
			return append(deletedByAuthor(at), moderated(forum.MarkLocked)(at)...)
		}, marking(forum.MarkAuthorDeleted, false),
		unseenByMembers.except(author, "author with write").and(forum.Forbidden, "author with read").and(forum.Conflict, author, "author with write")},
	attempt{"restore what its author deleted and a moderator hid",
		func(at place) []transition {
			return append(deletedByAuthor(at), moderated(forum.MarkModHidden)(at)...)
		}, marking(forum.MarkAuthorDeleted, false), unseenByMembers},
	attempt{"delete as a moderator", nil, marking(forum.MarkModDeleted, true), notModerator},
	attempt{"restore what a moderator deleted", moderated(forum.MarkModDeleted), marking(forum.MarkModDeleted, false), unseenByMembers},
	attempt{"hide", nil, marking(forum.MarkModHidden, true), notModerator},
	attempt{"unhide", moderated(forum.MarkModHidden), marking(forum.MarkModHidden, false), unseenByMembers},
	attempt{"hide deleted", moderated(forum.MarkModDeleted), marking(forum.MarkModHidden, true), unseenByMembers},
	attempt{"unlist", nil, marking(forum.MarkUnlisted, true), notModerator},
	attempt{"relist", moderated(forum.MarkUnlisted), marking(forum.MarkUnlisted, false), notModerator},
	attempt{"unlist hidden", moderated(forum.MarkModHidden), marking(forum.MarkUnlisted, true), unseenByMembers},
	attempt{"hide as by flags", nil, marking(forum.MarkFlagHidden, true), notModerator.and(forum.Forbidden, moderator, "moderator with moderate", admin)},
	attempt{"pin", nil, marking(forum.MarkPinned, true), notModerator},
	attempt{"unpin", moderated(forum.MarkPinned), marking(forum.MarkPinned, false), notModerator},
	attempt{"lock", nil, marking(forum.MarkLocked, true), notModerator},
	attempt{"unlock", moderated(forum.MarkLocked), marking(forum.MarkLocked, false), notModerator},
), []testCase{
	{"numbers of every state", threadNumbers},
	{"marks are apart", threadMarksApart},
	{"a mark set twice moves nothing", threadMarkedTwice},
	{"edited by another meanwhile", threadIfVersion},
	{"lists are walked without gap or double", threadListWalk},
	{"every pinned thread is listed", threadsPinned},
	{"tags are found as they are shown", threadsByTag},
	{"a list says when posts were written", threadActivity},
	{"absent", threadAbsent},
	{"tags outside the limits", threadTagLimits},
	{"tags are written in one way", threadTagSpelling},
})

// threadNumbers says the numbers of one thread's way through the states in figures.
func threadNumbers(t *testing.T, c *community) {
	at := c.place(t)
	c.do(t, mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden, set: true})
	tests := []struct {
		tr             transition
		threads, posts [forum.StateCount]int64 // of General, as a moderator sees it: visible, unlisted, hidden, deleted
		byOther        int64                   // posts of the other that a visitor counts
	}{
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkUnlisted, set: true}, [4]int64{0, 1, 0, 0}, [4]int64{0, 2, 1, 0}, 0},
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkModHidden, set: true}, [4]int64{0, 0, 1, 0}, [4]int64{0, 0, 3, 0}, 0},
		{mark{by: as(author), thread: at.thread, mark: forum.MarkAuthorDeleted, set: true}, [4]int64{}, [4]int64{}, 0},
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkModDeleted, set: true}, [4]int64{0, 0, 0, 1}, [4]int64{0, 0, 0, 3}, 0},
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkModDeleted, set: false}, [4]int64{0, 0, 1, 0}, [4]int64{0, 0, 3, 0}, 0},
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkModHidden, set: false}, [4]int64{0, 1, 0, 0}, [4]int64{0, 2, 1, 0}, 0},
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkUnlisted, set: false}, [4]int64{1, 0, 0, 0}, [4]int64{2, 0, 1, 0}, 1},
	}
	for _, tt := range tests {
		if tt.threads == ([4]int64{}) { // not to be seen by its author any more
			if err := c.try(t, tt.tr); forum.KindOf(err) != forum.NotFound {
				t.Fatalf("%s: got %v, want not found", describe(tt.tr), err)
			}
			continue
		}
		c.step(t, tt.tr)
		general, err := c.CategoryByID(t.Context(), c.must(t, moderator), c.general)
		if err != nil {
			t.Fatal(err)
		}
		differ(t, "threads after "+describe(tt.tr), tt.threads, general.Counts.Threads)
		differ(t, "posts after "+describe(tt.tr), tt.posts, general.Counts.Posts)
		profile, err := c.Profile(t.Context(), forum.Actor{}, other)
		if err != nil {
			t.Fatal(err)
		}
		differ(t, "posts of the other after "+describe(tt.tr), tt.byOther, profile.Counts.Posts[forum.Visible])
	}
}

// threadMarksApart: clearing one mark clears no other; the gravest left decides.
func threadMarksApart(t *testing.T, c *community) {
	at := c.place(t)
	set := func(who string, name forum.Mark, set bool) transition {
		return mark{by: as(who), thread: at.thread, mark: name, set: set}
	}
	c.step(t, set(author, forum.MarkAuthorDeleted, true))
	c.flag(t, at.thread, 0)
	steps := []struct {
		tr   transition
		want forum.State
	}{
		{set(moderator, forum.MarkModDeleted, true), forum.Deleted},
		{set(moderator, forum.MarkModHidden, true), forum.Deleted},
		{set(moderator, forum.MarkUnlisted, true), forum.Deleted},
		{set(moderator, forum.MarkModDeleted, false), forum.Deleted},
		{set(moderator, forum.MarkAuthorDeleted, false), forum.Hidden},
		{set(moderator, forum.MarkModHidden, false), forum.Hidden},
		{set(moderator, forum.MarkFlagHidden, false), forum.Unlisted},
		{set(moderator, forum.MarkUnlisted, false), forum.Visible},
	}
	for _, step := range steps {
		c.step(t, step.tr)
		got, err := c.Thread(t.Context(), c.must(t, moderator), at.thread)
		if err != nil || got.State != step.want {
			t.Errorf("after %s: %s (%v), want %s", describe(step.tr), got.State, err, step.want)
		}
	}
}

// threadMarkedTwice: what is as wanted is not touched, and keeps who did it and when.
func threadMarkedTwice(t *testing.T, c *community) {
	for _, name := range []forum.Mark{forum.MarkModDeleted, forum.MarkModHidden, forum.MarkUnlisted, forum.MarkPinned, forum.MarkLocked} {
		at := c.place(t)
		for _, set := range []bool{true, false} {
			c.step(t, mark{by: as(moderator), thread: at.thread, mark: name, set: set})
			before := c.rows(t)
			c.clock.move(time.Hour)
			c.step(t, mark{by: as(admin), thread: at.thread, mark: name, set: set})
			differ(t, string(name)+" twice", before, c.rows(t))
		}
	}
}

// threadIfVersion: an edit conflicts with edits of the thread, not with its posts.
func threadIfVersion(t *testing.T, c *community) {
	at := c.place(t)
	seen := c.model.thread(at.thread).version
	c.do(t, createPost{by: as(other), thread: at.thread})
	c.step(t, editThread{by: as(author), thread: at.thread, title: "Renamed once", ifVersion: seen})
	before := c.rows(t)
	_, err := c.ask(t.Context(), editThread{by: as(author), thread: at.thread, title: "Renamed twice", ifVersion: seen})
	if forum.KindOf(err) != forum.PreconditionFailed {
		t.Errorf("edit of a former version: got %v, want precondition failed", err)
	}
	differ(t, "rows after a refused edit", before, c.rows(t))
}

// threadListWalk: pages of any length, joined, are the whole list, and its total.
func threadListWalk(t *testing.T, c *community) {
	for range 7 {
		c.place(t) // all at the same moment: the id decides
	}
	c.clock.move(time.Minute)
	c.do(t, createPost{by: as(other), thread: c.model.threads[2].id})
	c.do(t, editThread{by: as(moderator), thread: c.model.threads[4].id, category: c.workshop})
	whole, err := c.Threads(t.Context(), forum.Actor{}, forum.ThreadFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for limit := 1; limit <= 8; limit++ {
		var got []forum.ThreadID
		filter := forum.ThreadFilter{Limit: limit}
		for {
			list, err := c.Threads(t.Context(), forum.Actor{}, filter)
			if err != nil {
				t.Fatal(err)
			}
			differ(t, "total", int64(7), list.Total)
			got = append(got, threadIDs(list.Threads)...)
			if filter.Before = list.Next; filter.Before == (forum.Cursor{}) {
				break
			}
		}
		differ(t, "threads walked", threadIDs(whole.Threads), got)
	}
}

func threadIDs(threads []forum.Thread) []forum.ThreadID {
	ids := make([]forum.ThreadID, 0, len(threads))
	for _, th := range threads {
		ids = append(ids, th.ID)
	}
	return ids
}

func threadsPinned(t *testing.T, c *community) {
	for range 25 {
		c.do(t, createThread{by: as(author), category: c.general, title: "Rules"})
		c.do(t, mark{by: as(moderator), thread: c.model.lastThread().id, mark: forum.MarkPinned, set: true})
	}
	c.place(t)
	c.check(t, "25 threads pinned")
}

func threadsByTag(t *testing.T, c *community) {
	c.place(t)
	for _, name := range []string{"Wheels", "wheels", "WHEELS", "spokes"} {
		list, err := c.Threads(t.Context(), forum.Actor{}, forum.ThreadFilter{Tag: name})
		if err != nil || list.Total != 1 || len(list.Threads) != 1 {
			t.Errorf("tag %q: total %d, %d threads, %v; want 1", name, list.Total, len(list.Threads), err)
		}
	}
}

// threadTagSpelling: nobody is shown how a tag was written where they see nothing.
func threadTagSpelling(t *testing.T, c *community) {
	c.do(t, createThread{by: as(admin), category: c.staff, title: "Secret", tags: []string{"LayOffs"}},
		createThread{by: as(author), category: c.general, title: "Open", tags: []string{"layoffs"}})
	c.check(t, "a tag first used where few see it")
	list, err := c.Threads(t.Context(), forum.Actor{}, forum.ThreadFilter{Tag: " "})
	if err != nil || list.Total != 0 || len(list.Threads) != 0 {
		t.Errorf("a tag of which nothing can be seen: total %d, %d threads, %v; want none", list.Total, len(list.Threads), err)
	}
}

// threadActivity: the times of the newest visible posts, to everybody the same, and only where asked for.
func threadActivity(t *testing.T, c *community) {
	at := c.place(t)
	var want []time.Time
	for range forum.ActivityPosts + 3 {
		c.clock.move(time.Hour)
		c.do(t, createPost{by: as(other), thread: at.thread})
	}
	thread, err := c.Thread(t.Context(), forum.Actor{}, at.thread)
	if err != nil {
		t.Fatal(err)
	}
	last := thread.LastNumber
	c.do(t, mark{by: as(moderator), thread: at.thread, number: last, mark: forum.MarkModHidden, set: true})
	c.do(t, mark{by: as(moderator), thread: at.thread, number: last - 2, mark: forum.MarkModDeleted, set: true})
	page, err := c.ThreadPage(t.Context(), forum.Actor{}, at.thread, forum.PageAt{Limit: forum.MaxListSize})
	if err != nil {
		t.Fatal(err)
	}
	for _, post := range slices.Backward(page.Posts) {
		want = append(want, post.CreatedAt)
	}
	want = want[:forum.ActivityPosts]
	for _, who := range []string{"", moderator, ""} { // the last from memory
		for _, asked := range []bool{true, false} {
			list, err := c.Threads(t.Context(), c.must(t, who), forum.ThreadFilter{Activity: asked})
			if err != nil {
				t.Fatal(err)
			}
			if !asked {
				differ(t, "times nobody asked for", []time.Time(nil), list.Threads[0].Activity)
				continue
			}
			differ(t, "times", want, list.Threads[0].Activity)
		}
	}
	c.do(t, createPost{by: as(other), thread: at.thread})
	list, err := c.Threads(t.Context(), forum.Actor{}, forum.ThreadFilter{Activity: true})
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "times after another post", list.Threads[0].LastActivityAt, list.Threads[0].Activity[0])

	// Nobody reads it of what they may not see.
	c.do(t, mark{by: as(moderator), thread: at.thread, mark: forum.MarkModHidden, set: true})
	for who, want := range map[string]int{"": 0, moderator: 1} {
		seen, err := c.store.Activity(t.Context(), c.must(t, who).Visibility(), []forum.ThreadID{at.thread, 999})
		if err != nil || len(seen) != want {
			t.Errorf("as %q: activity of %d threads, %v, want %d", who, len(seen), err, want)
		}
	}
}

func threadAbsent(t *testing.T, c *community) {
	at := c.place(t)
	for _, id := range []forum.ThreadID{0, -1, at.thread + 1, 1 << 62} {
		for _, who := range everybody {
			actor := c.must(t, who)
			_, err := c.Thread(t.Context(), actor, id)
			_, pageErr := c.ThreadPage(t.Context(), actor, id, forum.PageAt{})
			_, markErr := c.MarkThread(t.Context(), actor, id, forum.MarkLocked, true, "")
			for _, err := range []error{err, pageErr, markErr} {
				if forum.KindOf(err) != forum.NotFound {
					t.Errorf("thread %d as %q: got %v, want not found", id, who, err)
				}
			}
		}
	}
}

func threadTagLimits(t *testing.T, c *community) {
	tests := []struct {
		name string
		tags []string
		want []string // nil: refused
	}{
		{"as many as there may be", []string{"a", "b", "c", "d", "e"}, []string{"a", "b", "c", "d", "e"}},
		{"one more", []string{"a", "b", "c", "d", "e", "f"}, nil},
		{"twice the same", []string{"Rims", "rims", " rims "}, []string{"rims"}},
		{"empty", []string{""}, nil},
		{"a separator inside", []string{"a\x1f2 b"}, nil},
		{"too long", []string{strings.Repeat("x", forum.LimitTag.Max+1)}, nil},
		{"addresses can hold them", []string{"c#", "what?", "100%", "a\\b", "..."}, []string{"...", "100%", "a\\b", "c#", "what?"}},
		{"a slash", []string{"/"}, nil},
		{"a slash inside", []string{"tcp/ip"}, nil},
		{"a dot", []string{"."}, nil},
		{"two dots", []string{".."}, nil},
		{"a comma", []string{"salt, pepper"}, nil},
	}
	for _, tt := range tests {
		first, err := c.CreateThread(t.Context(), c.must(t, author), forum.NewThread{CategoryID: c.general, Title: tt.name, Body: "x", Tags: tt.tags})
		if tt.want == nil {
			if forum.KindOf(err) != forum.Invalid {
				t.Errorf("%s: got %v, want invalid", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		th, err := c.Thread(t.Context(), forum.Actor{}, first.Thread)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tag := range th.Tags {
			got = append(got, tag.Name)
		}
		differ(t, tt.name, tt.want, got)
	}
}
