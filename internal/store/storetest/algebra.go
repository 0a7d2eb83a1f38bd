package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var algebraCases = []testCase{
	{"do and undo", algebraUndo},
	{"in either order", algebraCommute},
}

// substance is what is stored up to what every change raises: versions, revs, the last time
// given, and rows that only say that something happened or that hold nothing but zeros.
func (c *community) substance(t testing.TB) rows {
	t.Helper()
	all := c.rows(t, "version", "changed_version", "text_version", "rev", "last_stamped_at", "next_number", "edited_at", "edited_by")
	for _, table := range []string{"former_slugs", "idempotency", "revisions", "search_queue", "setting_changes", "settings", "tags"} {
		delete(all, table)
	}
	for _, table := range []string{"participants", "user_category_counts", "tag_category_counts", "category_counts", "user_counts", "people_counts", "post_reactions"} {
		all[table] = slices.DeleteFunc(all[table], empty)
	}
	for table, list := range all {
		if len(list) == 0 {
			delete(all, table)
		}
	}
	return all
}

// empty tells a row of numbers in which everything but its key is zero.
func empty(row string) bool {
	for value := range strings.FieldsSeq(row) {
		name, n, _ := strings.Cut(value, "=")
		key := strings.HasSuffix(name, "_id") || name == "state" || name == "kind" || name == "number"
		if !key && n != "0" {
			return false
		}
	}
	return true
}

// pair is something done and undone. An edit is none: it leaves a revision behind.
type pair struct{ do, undo transition }

func pairs(at place, c *community) []pair {
	of := func(by string, name forum.Mark, number int64) pair {
		return pair{mark{by: as(by), thread: at.thread, number: number, mark: name, set: true}, mark{by: as(by), thread: at.thread, number: number, mark: name}}
	}
	return []pair{
		of(author, forum.MarkAuthorDeleted, 0), of(moderator, forum.MarkModDeleted, 0), of(moderator, forum.MarkModHidden, 0),
		of(moderator, forum.MarkUnlisted, 0), of(moderator, forum.MarkPinned, 0), of(moderator, forum.MarkLocked, 0),
		of(author, forum.MarkAuthorDeleted, 3), of(moderator, forum.MarkModDeleted, 3), of(moderator, forum.MarkModHidden, 3),
		of(moderator, forum.MarkModHidden, 2), of(moderator, forum.MarkModDeleted, 2),
		{deletePost{by: as(other), thread: at.thread, number: 2}, restorePost{by: as(other), thread: at.thread, number: 2}},
		{deletePost{by: as(moderator), thread: at.thread, number: 1}, restorePost{by: as(moderator), thread: at.thread, number: 1}},
		{react{by: as(other), thread: at.thread, number: 3, kind: "up"}, react{by: as(other), thread: at.thread, number: 3}},
		{editThread{by: as(moderator), thread: at.thread, category: c.workshop}, editThread{by: as(moderator), thread: at.thread, category: c.general}},
		{editThread{by: as(author), thread: at.thread, tags: []string{"Rims"}}, editThread{by: as(author), thread: at.thread, tags: []string{"Wheels", "spokes"}}},
		{editThread{by: as(author), thread: at.thread, title: "Renamed"}, editThread{by: as(author), thread: at.thread, title: "A true wheel"}},
		{suspend{by: as(moderator), person: other, set: true}, suspend{by: as(moderator), person: other}},
		{setRole{by: as(admin), person: other, role: forum.Moderator}, setRole{by: as(admin), person: other, role: forum.Member}},
		{hideCategory{by: as(admin), id: c.general, hide: true}, hideCategory{by: as(admin), id: c.general}},
		{permit{by: as(admin), id: c.general, own: forum.Permissions{forum.Member: {See: true}}}, permit{by: as(admin), id: c.general}},
		{editCategory{by: as(admin), id: c.general, name: "Everything"}, editCategory{by: as(admin), id: c.general, name: "General"}},
		{orderCategories{by: as(admin), ids: []forum.CategoryID{c.staff, c.general, c.notices}}, orderCategories{by: as(admin), ids: []forum.CategoryID{c.general, c.notices, c.staff}}},
	}
}

// algebraUndo: undoing gives back every row as it was, marks, who and when included, also where
// other things hold: a thread hidden, moved or deleted before.
func algebraUndo(t *testing.T, c *community) {
	for i, given := range []func(place) []transition{
		moderated(), moderated(forum.MarkModHidden), moderated(forum.MarkModDeleted, forum.MarkUnlisted), postMarked(forum.MarkModHidden),
	} {
		at := c.place(t)
		c.do(t, given(at)...)
		for _, p := range pairs(at, c) {
			if i > 0 && p.do.refused(c.model) != nil {
				continue // not allowed there
			}
			before := c.substance(t)
			c.clock.move(time.Minute)
			c.step(t, p.do)
			if equal(before, c.substance(t)) {
				if i == 0 {
					t.Errorf("%s changed nothing", describe(p.do))
				}
				continue // it was so before
			}
			c.clock.move(time.Minute)
			c.step(t, p.undo)
			differ(t, describe(p.do)+", then "+describe(p.undo), before, c.substance(t))
		}
	}
}

func equal(a, b rows) bool {
	for _, table := range Tables {
		if !slices.Equal(a[table], b[table]) {
			return false
		}
	}
	return true
}

// commuting are transitions of which none stands in another's way.
func commuting(at place, c *community) []transition {
	return []transition{
		mark{by: as(admin), thread: at.thread, mark: forum.MarkModHidden, set: true},
		mark{by: as(admin), thread: at.thread, mark: forum.MarkUnlisted, set: true},
		mark{by: as(admin), thread: at.thread, number: 3, mark: forum.MarkModHidden, set: true},
		deletePost{by: as(admin), thread: at.thread, number: 3},
		deletePost{by: as(admin), thread: at.thread, number: 2},
		editThread{by: as(admin), thread: at.thread, category: c.workshop},
		editThread{by: as(admin), thread: at.thread, tags: []string{"Rims", "Wheels"}},
		editPost{by: as(admin), thread: at.thread, number: 2, body: "Edited."},
		suspend{by: as(moderator), person: other, set: true},
		hideCategory{by: as(admin), id: c.workshop, hide: true},
	}
}

// algebraCommute: two transitions leave the same rows in either order.
func algebraCommute(t *testing.T, c *community) {
	all := commuting(c.place(t), c)
	for i := range all {
		for j := range i {
			t.Run(fmt.Sprintf("%d and %d", i, j), func(t *testing.T) {
				differ(t, describe(all[i])+" and "+describe(all[j]), outcome(t, c.open, i, j), outcome(t, c.open, j, i))
			})
		}
	}
}

// outcome is what a community amounts to after two of the transitions.
func outcome(t *testing.T, open Open, order ...int) rows {
	t.Helper()
	c := newCommunity(t, open)
	all := commuting(c.place(t), c)
	for _, i := range order {
		c.do(t, all[i])
	}
	c.check(t, "two transitions")
	return c.substance(t)
}
