package storetest

import (
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var receiptCases = []testCase{
	{"the same request gets the same answer", receiptAgain},
	{"another request under the key", receiptReused},
	{"a key is its person's", receiptPersons},
	{"the key wins over rights", receiptBeforeRights},
	{"a refusal uses no key up", receiptRefused},
	{"keys outside the limits", receiptLimits},
}

// keyed are transitions with a key, in an order in which each is allowed.
func keyed(at place, c *community) []transition {
	return []transition{
		createThread{by: as(author), category: c.general, title: "With a key", tags: []string{"Wheels"}, key: "1"},
		createPost{by: as(author), thread: at.thread, to: 2, key: "2"},
		editPost{by: as(author), thread: at.thread, number: 3, body: "Other words.", key: "3"},
		deletePost{by: as(author), thread: at.thread, number: 3, key: "4"},
		restorePost{by: as(author), thread: at.thread, number: 3, key: "5"},
		mark{by: as(author), thread: at.thread, number: 3, mark: forum.MarkAuthorDeleted, set: true, key: "6"},
		mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModDeleted, set: true, key: "7"},
		restorePost{by: as(moderator), thread: at.thread, number: 3, key: "8"},
		restorePost{by: as(moderator), thread: at.thread, number: 3, key: "9"},
		mark{by: as(moderator), thread: at.thread, mark: forum.MarkUnlisted, set: true, key: "10"},
		editThread{by: as(moderator), thread: at.thread, title: "Renamed", category: c.workshop, key: "11"},
		react{by: as(other), thread: at.thread, number: 1, kind: "up", key: "12"},
		deletePost{by: as(moderator), thread: at.thread, number: 2, key: "13"},
		createCategory{by: as(admin), name: "New", key: "14"},
		hideCategory{by: as(admin), id: c.notices, hide: true, key: "15"},
		suspend{by: as(moderator), person: other, set: true, key: "16"},
		suspend{by: as(moderator), person: other, key: "17"},
	}
}

// receiptAgain: whatever happened meanwhile, the answer is the first one, with the numbers as
// they stood, and nothing is done.
func receiptAgain(t *testing.T, c *community) {
	at := c.place(t)
	for _, tr := range keyed(at, c) {
		before, err := c.ask(t.Context(), tr)
		if err != nil {
			t.Fatalf("%s: %v", describe(tr), err)
		}
		c.clock.move(time.Minute)
		if _, err := c.ask(t.Context(), createPost{by: as(admin), thread: at.thread}); err != nil {
			t.Fatal(err)
		}
		rows := c.rows(t)
		after, err := c.ask(t.Context(), tr)
		if err != nil {
			t.Errorf("%s again: %v", describe(tr), err)
			continue
		}
		after.Replayed = before.Replayed
		differ(t, "answer to "+describe(tr)+" again", before, after)
		differ(t, "rows after "+describe(tr)+" again", rows, c.rows(t))
	}
}

func receiptReused(t *testing.T, c *community) {
	at := c.place(t)
	c.do(t, createPost{by: as(author), thread: at.thread, key: "used"})
	before := c.rows(t)
	for _, tr := range []transition{
		createPost{by: as(author), thread: at.thread, body: "Other words.", key: "used"},
		createPost{by: as(author), thread: at.thread, to: 1, key: "used"},
		editPost{by: as(author), thread: at.thread, number: 3, body: "Some words.", key: "used"},
		deletePost{by: as(author), thread: at.thread, number: 3, key: "used"},
		restorePost{by: as(author), thread: at.thread, number: 3, key: "used"},
		react{by: as(author), thread: at.thread, number: 3, kind: "up", key: "used"},
		createThread{by: as(author), category: c.general, title: "x", key: "used"},
		mark{by: as(author), thread: at.thread, mark: forum.MarkAuthorDeleted, set: true, key: "used"},
	} {
		if _, err := c.ask(t.Context(), tr); forum.KindOf(err) != forum.KeyReused {
			t.Errorf("%s: got %v, want key reused", describe(tr), err)
		}
	}
	differ(t, "rows after other requests", before, c.rows(t))
}

func receiptPersons(t *testing.T, c *community) {
	at := c.place(t)
	c.step(t, createPost{by: as(author), thread: at.thread, key: "same"}, createPost{by: as(other), thread: at.thread, key: "same"},
		createPost{by: as(moderator), thread: at.thread, body: "Other words.", key: "same"})
	differ(t, "posts", 6, len(c.model.thread(at.thread).posts))
}

// receiptBeforeRights: a retry does not disown what was stored. What may no longer be seen is not shown, though.
func receiptBeforeRights(t *testing.T, c *community) {
	tests := []struct {
		name string
		then transition
		want forum.Kind // without a key; with it, where seen is false
		seen bool
	}{
		{"locked", mark{by: as(moderator), mark: forum.MarkLocked, set: true}, forum.Conflict, true},
		{"suspended", suspend{by: as(moderator), person: author, set: true}, forum.Forbidden, true},
		{"read only by now", permit{by: as(admin), id: c.general, own: forum.Permissions{forum.Member: {See: true}}}, forum.Forbidden, true},
		{"deleted by a moderator", mark{by: as(moderator), mark: forum.MarkModDeleted, set: true}, forum.NotFound, false},
		{"category hidden", hideCategory{by: as(admin), id: c.general, hide: true}, forum.NotFound, false},
	}
	for _, tt := range tests {
		at := c.place(t)
		keyed := createPost{by: as(author), thread: at.thread, key: tt.name}
		first, err := c.ask(t.Context(), keyed)
		if err != nil {
			t.Fatal(err)
		}
		keyed.done(c.model, first)
		if m, ok := tt.then.(mark); ok {
			m.thread = at.thread
			tt.then = m
		}
		c.do(t, tt.then)
		before := c.rows(t)
		again, err := c.ask(t.Context(), keyed)
		if first.Replayed = true; tt.seen && (err != nil || again != first) {
			t.Errorf("%s: the retry got %+v, %v; want %+v", tt.name, again, err, first)
		} else if !tt.seen && forum.KindOf(err) != tt.want {
			t.Errorf("%s: the retry got %v, want not found", tt.name, err)
		}
		if _, err := c.ask(t.Context(), createPost{by: as(author), thread: at.thread}); forum.KindOf(err) != tt.want {
			t.Errorf("%s, without a key: got %v", tt.name, err)
		}
		differ(t, tt.name, before, c.rows(t))
		c.do(t, suspend{by: as(admin), person: author}, hideCategory{by: as(admin), id: c.general}, permit{by: as(admin), id: c.general})
	}
}

func receiptRefused(t *testing.T, c *community) {
	at := c.place(t)
	c.do(t, mark{by: as(moderator), thread: at.thread, mark: forum.MarkLocked, set: true})
	tr := createPost{by: as(author), thread: at.thread, key: "kept for later"}
	if err := c.try(t, tr); forum.KindOf(err) != forum.Conflict {
		t.Fatalf("locked: %v", err)
	}
	c.do(t, mark{by: as(moderator), thread: at.thread, mark: forum.MarkLocked})
	c.step(t, tr)
}

func receiptLimits(t *testing.T, c *community) {
	at := c.place(t)
	before := c.rows(t)
	for _, key := range []string{strings.Repeat("k", 129), "a\x00b", "a\nb", "\xff", " "} {
		if _, err := c.ask(t.Context(), createPost{by: as(author), thread: at.thread, key: key}); forum.KindOf(err) != forum.Invalid {
			t.Errorf("key %q: got %v, want invalid", key, err)
		}
	}
	differ(t, "rows after keys that cannot be", before, c.rows(t))
	c.step(t, createPost{by: as(author), thread: at.thread, key: strings.Repeat("k", 128)})
}
