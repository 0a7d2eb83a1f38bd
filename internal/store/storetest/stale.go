package storetest

import (
	"strings"
	"sync"
	"testing"

	"folkmoot/internal/forum"
)

var staleCases = []testCase{
	{"decision and commit apart", staleDecisions},
	{"decided again, and allowed", staleAllowed},
	{"changed eight times", staleOften},
	{"changed again and again", staleAlways},
	{"the place a thread is moved to", staleTarget},
	{"decided by memory", staleMemory},
	{"restored by two at once", staleRestoring},
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
	concealed := func(number int64) func(place) transition {
		return func(at place) transition {
			return mark{by: as(moderator), thread: at.thread, number: number, mark: forum.MarkModHidden, set: true}
		}
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
		{"delete, hidden", remove, concealed(3), forum.NotFound},
		{"delete, deleted by a moderator", remove, removed(3), forum.NotFound},
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

// staleOften: what changes less often than a write is decided does not reach who asked, and rights
// that change in the last of those moments are still asked about.
func staleOften(t *testing.T, c *community) {
	at := c.place(t)
	changes := 0
	pin := func() {
		if changes++; changes < 9 {
			c.do(t, mark{by: as(admin), thread: at.thread, mark: forum.MarkPinned, set: changes%2 == 1})
		}
	}
	tr := createPost{by: as(author), thread: at.thread}
	receipt, err := c.interpose(pin).ask(t.Context(), tr)
	if err != nil {
		t.Fatalf("after eight changes: %v", err)
	}
	tr.done(c.model, receipt)
	c.check(t, "a reply that was overtaken eight times")

	changes = 0
	lockLast := func() {
		if pin(); changes == 8 {
			c.do(t, mark{by: as(admin), thread: at.thread, mark: forum.MarkLocked, set: true})
		}
	}
	if _, err := c.interpose(lockLast).ask(t.Context(), tr); forum.KindOf(err) != forum.Conflict || !strings.Contains(err.Error(), "locked") {
		t.Errorf("locked in the last moment: got %v, want that it is locked", err)
	}
	c.check(t, "a reply to what was locked in the last moment")
}

// staleAlways: what changes each time it is decided is refused as a conflict in the end.
func staleAlways(t *testing.T, c *community) {
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

// staleRestoring: of moderators who restore at once each clears the gravest mark that then is there,
// and whoever finds none any more is told so.
func staleRestoring(t *testing.T, c *community) {
	c.join(t, "second moderator", forum.Moderator)
	deletedBy := func(who string) func(place, int64) transition {
		return func(at place, number int64) transition {
			return deletePost{by: as(who), thread: at.thread, number: number}
		}
	}
	restoredBy := func(who string) func(place, int64) transition {
		return func(at place, number int64) transition {
			return restorePost{by: as(who), thread: at.thread, number: number}
		}
	}
	tests := []struct {
		name   string
		before []func(place, int64) transition
		then   func(place, int64) transition
	}{
		{"restored by another", []func(place, int64) transition{deletedBy(author), deletedBy(moderator)}, restoredBy("second moderator")},
		{"the one mark restored by another", []func(place, int64) transition{deletedBy(moderator)}, restoredBy("second moderator")},
		{"deleted by another", []func(place, int64) transition{deletedBy(author)}, deletedBy("second moderator")},
	}
	for _, tt := range tests {
		for _, number := range []int64{1, 3} {
			at := c.place(t)
			for _, tr := range tt.before {
				c.do(t, tr(at, number))
			}
			var once sync.Once
			between := c.interpose(func() { once.Do(func() { c.do(t, tt.then(at, number)) }) })
			tr := restoredBy(moderator)(at, number)
			receipt, err := between.ask(t.Context(), tr)
			if want := tr.refused(c.model); sort(err) != sort(want) {
				t.Errorf("%s, post %d: got %s (%v), want %s", tt.name, number, sort(err), err, sort(want))
			}
			if err == nil {
				tr.done(c.model, receipt)
			}
			c.check(t, tt.name)
		}
	}
}

// staleMemory: a reply may be decided on who held the credential and how the thread stood a moment
// ago; it is refused, or done, as things stand when it is written.
func staleMemory(t *testing.T, c *community) {
	ctx := t.Context()
	expire := func(place, forum.Secret) error { c.clock.move(forum.SessionLifetime); return nil }
	signOut := func(_ place, secret forum.Secret) error { return c.SignOut(ctx, secret) }
	newPassword := func(place, forum.Secret) error { return c.SetPassword(ctx, other, "password of other") }
	revoke := func(place, forum.Secret) error {
		tokens, err := c.Tokens(ctx, c.must(t, other))
		if err != nil {
			return err
		}
		return c.DeleteToken(ctx, c.must(t, other), tokens[len(tokens)-1].ID)
	}
	does := func(tr func(place) transition) func(place, forum.Secret) error {
		return func(at place, _ forum.Secret) error {
			c.do(t, tr(at))
			return nil
		}
	}
	marked := func(name forum.Mark) func(place, forum.Secret) error {
		return does(func(at place) transition { return mark{by: as(moderator), thread: at.thread, mark: name, set: true} })
	}
	tests := []struct {
		name  string
		token bool
		then  func(place, forum.Secret) error
		want  error
	}{
		{"nothing", false, func(place, forum.Secret) error { return nil }, nil},
		{"nothing, by token", true, func(place, forum.Secret) error { return nil }, nil},
		{"pinned", false, marked(forum.MarkPinned), nil},
		{"unlisted", true, marked(forum.MarkUnlisted), nil},
		{"moved", false, does(func(at place) transition {
			return editThread{by: as(moderator), thread: at.thread, category: c.workshop}
		}), nil},
		{"moved away", false, does(func(at place) transition { return editThread{by: as(moderator), thread: at.thread, category: c.staff} }), refuse(forum.NotFound)},
		{"locked", false, marked(forum.MarkLocked), refuse(forum.Conflict)},
		{"hidden", true, marked(forum.MarkModHidden), refuse(forum.NotFound)},
		{"category hidden", false, does(func(place) transition { return hideCategory{by: as(admin), id: c.general, hide: true} }), refuse(forum.NotFound)},
		{"read only", true, does(func(place) transition {
			return permit{by: as(admin), id: c.general, own: forum.Permissions{forum.Member: {See: true}}}
		}), refuse(forum.Forbidden)},
		{"suspended", false, does(func(place) transition { return suspend{by: as(moderator), person: other, set: true} }), refuse(forum.Forbidden)},
		{"signed out", false, signOut, refuse(forum.Unauthenticated)},
		{"expired", false, expire, refuse(forum.Unauthenticated)},
		{"revoked", true, revoke, refuse(forum.Unauthenticated)},
		{"another password", false, newPassword, refuse(forum.Unauthenticated)},
		{"another password, by token", true, newPassword, refuse(forum.Unauthenticated)},
	}
	for _, tt := range tests {
		at := c.place(t)
		secret := c.credential(t, other, tt.token)
		reply := func(key string) error {
			actor, err := c.ReplyingActor(ctx, secret)
			if err != nil {
				return err
			}
			post, err := c.CreatePost(ctx, actor, forum.NewPost{Thread: at.thread, Body: "Some words.", Key: key})
			if err == nil && !post.ThreadNumbers.Replayed {
				(createPost{by: as(other), thread: at.thread}).done(c.model, post.ThreadNumbers)
			}
			return err
		}
		if err := reply(""); err != nil {
			t.Fatalf("%s, before: %v", tt.name, err)
		}
		if err := reply("first " + tt.name); err != nil {
			t.Fatalf("%s, before, with a key: %v", tt.name, err)
		}
		if err := tt.then(at, secret); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		before := c.number(t, `SELECT count(*) FROM posts`)
		if err := reply("second " + tt.name); sort(err) != sort(tt.want) {
			t.Errorf("%s: got %s (%v), want %s", tt.name, sort(err), err, sort(tt.want))
		}
		if made := c.number(t, `SELECT count(*) FROM posts`) - before; (made == 1) != (tt.want == nil) {
			t.Errorf("%s: %d posts made", tt.name, made)
		}
		if kind := forum.KindOf(tt.want); tt.want != nil && (kind == forum.Unauthenticated || kind == forum.NotFound) {
			if err := reply("first " + tt.name); sort(err) != sort(tt.want) {
				t.Errorf("%s: the retry of what is not to be seen any more got %v", tt.name, err)
			}
		}
		c.do(t, suspend{by: as(admin), person: other}, hideCategory{by: as(admin), id: c.general}, permit{by: as(admin), id: c.general})
	}
}

// credential signs a person in, or makes a token.
func (c *community) credential(t testing.TB, name string, token bool) forum.Secret {
	t.Helper()
	if !token {
		secret, _, err := c.SignIn(t.Context(), name, "password of "+name)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	_, secret, err := c.CreateToken(t.Context(), c.must(t, name), "script", forum.ScopeWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	return secret
}
