package storetest

import (
	"sync"
	"testing"

	"folkmoot/internal/forum"
)

var staleCases = []testCase{
	{"decision and commit apart", staleDecisions},
	{"decided again, and allowed", staleAllowed},
	{"changed again and again", staleTwice},
	{"the place a thread is moved to", staleTarget},
}

// staleDecisions: what was allowed when it was decided, and is no more when it is written, is
// refused as it would be now, and stores nothing.
func staleDecisions(t *testing.T, c *community) {
	reply := func(at place) transition { return createPost{by: as(author), thread: at.thread} }
	edit := func(at place) transition {
		return editPost{by: as(author), thread: at.thread, number: 3, body: "Other words."}
	}
	remove := func(at place) transition { return deletePost{by: as(author), thread: at.thread, number: 3} }
	like := func(at place) transition { return react{by: as(author), thread: at.thread, number: 2, kind: "up"} }
	rename := func(at place) transition { return editThread{by: as(author), thread: at.thread, title: "Renamed"} }
	start := func(place) transition { return createThread{by: as(author), category: c.general, title: "New"} }
	lock := func(by string) func(place) transition {
		return func(at place) transition {
			return mark{by: as(by), thread: at.thread, mark: forum.MarkLocked, set: true}
		}
	}
	newCategory := func(place) transition { return createCategory{by: as(admin), name: "New"} }

	locked := lock(moderator)
	hidden := func(at place) transition {
		return mark{by: as(moderator), thread: at.thread, mark: forum.MarkModHidden, set: true}
	}
	deleted := func(at place) transition { return deletePost{by: as(moderator), thread: at.thread, number: 1} }
	removed := func(number int64) func(place) transition {
		return func(at place) transition { return deletePost{by: as(moderator), thread: at.thread, number: number} }
	}
	movedAway := func(at place) transition {
		return editThread{by: as(moderator), thread: at.thread, category: c.staff}
	}
	categoryHidden := func(place) transition { return hideCategory{by: as(admin), id: c.general, hide: true} }
	readOnly := func(place) transition {
		return permit{by: as(admin), id: c.general, own: forum.Permissions{forum.Member: {See: true}}}
	}
	suspended := func(place) transition { return suspend{by: as(moderator), person: author, set: true} }
	moderatorSuspended := func(place) transition { return suspend{by: as(admin), person: moderator, set: true} }
	moderatorNoMore := func(place) transition { return setRole{by: as(admin), person: moderator, role: forum.Member} }
	adminNoMore := func(place) transition { return setRole{by: as("second admin"), person: admin, role: forum.Member} }

	c.join(t, "second admin", forum.Admin)
	tests := []struct {
		name    string
		decided func(place) transition
		then    func(place) transition
		want    forum.Kind
	}{
		{"reply, locked", reply, locked, forum.Conflict},
		{"reply, hidden", reply, hidden, forum.NotFound},
		{"reply, deleted", reply, deleted, forum.NotFound},
		{"reply, moved away", reply, movedAway, forum.NotFound},
		{"reply, category hidden", reply, categoryHidden, forum.NotFound},
		{"reply, permission removed", reply, readOnly, forum.Forbidden},
		{"reply, suspended", reply, suspended, forum.Forbidden},
		{"edit, locked", edit, locked, forum.Conflict},
		{"edit, deleted", edit, removed(3), forum.Conflict}, // seen when it was decided, hence told
		{"edit, thread hidden", edit, hidden, forum.NotFound},
		{"edit, suspended", edit, suspended, forum.Forbidden},
		{"delete, locked", remove, locked, forum.Conflict},
		{"delete, suspended", remove, suspended, forum.Forbidden},
		{"react, post deleted", like, removed(2), forum.Conflict},
		{"react, thread deleted", like, deleted, forum.NotFound},
		{"react, category hidden", like, categoryHidden, forum.NotFound},
		{"react, suspended", like, suspended, forum.Forbidden},
		{"rename, locked", rename, locked, forum.Conflict},
		{"rename, suspended", rename, suspended, forum.Forbidden},
		{"start, category hidden", start, categoryHidden, forum.Invalid},
		{"start, permission removed", start, readOnly, forum.Forbidden},
		{"start, suspended", start, suspended, forum.Forbidden},
		{"lock, moderator suspended", lock(moderator), moderatorSuspended, forum.Forbidden},
		{"lock, moderator no more", lock(moderator), moderatorNoMore, forum.Forbidden},
		{"make a category, administrator no more", newCategory, adminNoMore, forum.Forbidden},
	}
	for _, tt := range tests {
		at := c.place(t)
		var once sync.Once
		var after rows
		between := c.interpose(func() {
			once.Do(func() {
				c.do(t, tt.then(at))
				after = c.rows(t)
			})
		})
		_, err := between.ask(t.Context(), tt.decided(at))
		if after == nil {
			t.Fatalf("%s: nothing came between", tt.name)
		}
		if err == nil || forum.KindOf(err) != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.name, sort(err), err, sort(refuse(tt.want)))
		}
		differ(t, tt.name, after, c.rows(t))
		c.restore(t)
	}
}

// restore makes people and General what they were.
func (c *community) restore(t testing.TB) {
	t.Helper()
	c.do(t, setRole{by: as("second admin"), person: admin, role: forum.Admin}, suspend{by: as(admin), person: author}, suspend{by: as(admin), person: moderator},
		setRole{by: as(admin), person: moderator, role: forum.Moderator}, hideCategory{by: as(admin), id: c.general}, permit{by: as(admin), id: c.general})
}

// staleAllowed: what changed meanwhile is no hindrance: it is decided again, and done.
func staleAllowed(t *testing.T, c *community) {
	tests := []struct {
		name string
		by   string
		then func(place) transition
	}{
		{"a moderator replies where it is locked now", moderator, func(at place) transition {
			return mark{by: as(admin), thread: at.thread, mark: forum.MarkLocked, set: true}
		}},
		{"renamed meanwhile", author, func(at place) transition { return editThread{by: as(moderator), thread: at.thread, title: "Renamed"} }},
		{"moved meanwhile", author, func(at place) transition {
			return editThread{by: as(moderator), thread: at.thread, category: c.workshop}
		}},
		{"category with other permissions", author, func(place) transition {
			return permit{by: as(admin), id: c.general, own: forum.Permissions{forum.Visitor: {}}}
		}},
		{"a moderator by now", other, func(place) transition { return setRole{by: as(admin), person: other, role: forum.Moderator} }},
	}
	for _, tt := range tests {
		at := c.place(t)
		var once sync.Once
		between := c.interpose(func() { once.Do(func() { c.do(t, tt.then(at)) }) })
		tr := createPost{by: as(tt.by), thread: at.thread, to: 2}
		receipt, err := between.ask(t.Context(), tr)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		tr.done(c.model, receipt)
		c.check(t, tt.name)
	}
}

// staleTwice: what changes each time it is decided is refused as a conflict in the end.
func staleTwice(t *testing.T, c *community) {
	at := c.place(t)
	set := false
	between := c.interpose(func() {
		set = !set
		c.do(t, mark{by: as(admin), thread: at.thread, mark: forum.MarkPinned, set: set})
	})
	before := len(c.model.thread(at.thread).posts)
	if _, err := between.ask(t.Context(), createPost{by: as(author), thread: at.thread}); forum.KindOf(err) != forum.Conflict {
		t.Errorf("got %v, want conflict", err)
	}
	c.check(t, "a reply that was refused")
	differ(t, "posts", before, len(c.model.thread(at.thread).posts))
}

// staleTarget: the category that a thread goes to is looked at again as well.
func staleTarget(t *testing.T, c *community) {
	at := c.place(t)
	between := c.interpose(func() {
		c.do(t, permit{by: as(admin), id: c.notices, own: forum.Permissions{forum.Moderator: {See: true}}})
	})
	if _, err := between.ask(t.Context(), editThread{by: as(moderator), thread: at.thread, category: c.notices}); forum.KindOf(err) != forum.Forbidden {
		t.Errorf("got %v, want forbidden", err)
	}
	c.check(t, "a move that was refused")
}
