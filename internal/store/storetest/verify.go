package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

var verifyCases = []testCase{
	{"every stored number, one too many", verifyNumbers},
	{"damaged rows", verifyRows},
	{"progress and size", verifyProgress},
}

// damagePlace is a community in which every stored number is above zero somewhere: thread 1 is a
// place of its author (person 3) and the other (4), thread 2 was brought by oldtimer (8) and veteran (9).
func damagePlace(t testing.TB, c *community) {
	t.Helper()
	c.broken = true
	at := c.place(t)
	c.do(t, importUser{"oldtimer"}, importUser{"veteran"}, aThread(c.workshop),
		createPost{by: as(author), thread: at.thread, to: 1},
		createPost{by: as(author), thread: at.thread, to: 1},
		mark{by: as(moderator), thread: at.thread, number: 4, mark: forum.MarkModHidden, set: true},
		deletePost{by: as(author), thread: at.thread, number: 5},
		editPost{by: as(other), thread: at.thread, number: 2, body: "Edited."})
	for _, name := range []forum.Mark{forum.MarkUnlisted, forum.MarkModHidden, forum.MarkModDeleted} {
		other := c.place(t)
		c.do(t, mark{by: as(moderator), thread: other.thread, mark: name, set: true})
	}
	c.indexAll(t)
	c.recount(t, "nothing that was damaged")
}

// verifyNumbers: one more in any one column is found as that, and nothing else.
func verifyNumbers(t *testing.T, c *community) {
	damagePlace(t, c)
	perState := func(prefixes ...string) []string {
		var columns []string
		for _, prefix := range prefixes {
			for _, state := range []string{"visible", "unlisted", "hidden", "deleted"} {
				columns = append(columns, prefix+state)
			}
		}
		return columns
	}
	received := []string{"reactions_received", "solutions"}
	own := []string{"posts_visible", "posts_hidden", "posts_deleted"}
	tests := []struct {
		number, table string
		columns       []string
		where, key    string
	}{
		{"thread posts", "threads", append(slices.Clone(own), "reactions"), "id = 1", "thread 1"},
		{"thread ends", "threads", []string{"last_activity_at", "first_post_number"}, "id = 1", "thread 1"},
		{"participant", "participants", append(own, received...), "thread_id = 1 AND user_id = 3", "thread 1, person 3"},
		{"category", "category_counts", perState("threads_", "posts_"), "category_id = 1", "category 1"},
		{"person in category", "user_category_counts", append(perState("threads_", "posts_"), received...), "user_id = 3 AND category_id = 1", "person 3, category 1"},
		{"tag in category", "tag_category_counts", perState("threads_"), "tag_id = 1 AND category_id = 1", "tag 1, category 1"},
		{"person", "user_counts", []string{"reactions_given"}, "user_id = 3", "person 3"},
		{"people", "people_counts", []string{"n"}, "state = 'active'", "state active"},
		{"reactions of a kind", "post_reactions", []string{"n"}, "thread_id = 1 AND number = 2 AND kind = 'heart'", "thread 1, post 2, kind heart"},
		{"post replies", "posts", []string{"replies"}, "thread_id = 1 AND number = 1", "thread 1, post 1"},
		{"post revisions", "posts", []string{"revisions"}, "thread_id = 1 AND number = 2", "thread 1, post 2"},
		{"post attachments", "posts", []string{"attachments"}, "thread_id = 1 AND number = 2", "thread 1, post 2"},
	}
	for _, tt := range tests {
		for _, column := range tt.columns {
			restore := c.keep(t, tt.table)
			c.damage(t, fmt.Sprintf("UPDATE %s SET %s = %s + 1 WHERE %s", tt.table, column, column, tt.where))
			report := c.verify(t)
			want := []store.Difference{{Number: tt.number, Column: column, Key: tt.key}}
			if len(report.Differences) == 1 {
				got := report.Differences[0]
				if got.Stored != got.Counted+1 {
					t.Errorf("%s.%s: stored %d, counted %d", tt.table, column, got.Stored, got.Counted)
				}
				want[0].Stored, want[0].Counted = got.Stored, got.Counted
			}
			differ(t, tt.table+"."+column, want, report.Differences)
			restore()
		}
	}
	c.recount(t, "everything was put back")
}

// verifyRows: rows that are there or not, or say something else than others. What follows is
// named number by number, as "number column (key)".
func verifyRows(t *testing.T, c *community) {
	damagePlace(t, c)
	oneByte := c.either(`x'78'`, `'\x78'`)
	indexed := c.either(`doc = (SELECT doc FROM posts WHERE thread_id = 1 AND number = %d)`, `thread_id = 1 AND number = %d`)
	tests := []struct {
		name, table, plant string
		want               []string
	}{
		{"a participant too few", "participants", `DELETE FROM participants WHERE thread_id = 1 AND user_id = 4`,
			[]string{"participant posts_visible (thread 1, person 4)", "participant reactions_received (thread 1, person 4)"}},
		{"a participant too many", "participants", `INSERT INTO participants (thread_id, user_id, posts_visible) VALUES (1, 1, 1)`,
			[]string{"participant posts_visible (thread 1, person 1)"}},
		{"a participant of no thread", "participants", `INSERT INTO participants (thread_id, user_id, posts_visible) VALUES (99, 1, 1)`,
			[]string{"rows whose post, thread or person is gone rows (kind participant, thread 99, post 0)"}},
		{"a category's numbers too many", "category_counts", `INSERT INTO category_counts (category_id, posts_visible) VALUES (5, 2)`,
			[]string{"category posts_visible (category 5)"}},
		{"a category's numbers too few", "category_counts", `DELETE FROM category_counts WHERE category_id = 2`,
			[]string{"category threads_visible (category 2)", "category posts_visible (category 2)"}},
		{"a state of accounts too many", "people_counts", `INSERT INTO people_counts (state, n) VALUES ('lost', 1)`, []string{"people n (state lost)"}},
		{"a kind of reactions too many", "post_reactions", `INSERT INTO post_reactions (thread_id, number, kind, n) VALUES (1, 2, 'up', 1)`,
			[]string{"reactions of a kind n (thread 1, post 2, kind up)"}},
		{"last post by number", "threads", `UPDATE threads SET last_post_number = 1 WHERE id = 1`, []string{"thread ends last_post_number (thread 1)"}},
		{"last author", "threads", `UPDATE threads SET last_author_id = 4 WHERE id = 1`, []string{"thread last author last_author_id (thread 1)"}},
		{"next number", "threads", `UPDATE threads SET next_number = 3 WHERE id = 1`, []string{"next number, version and time above all given next_number (thread 1)"}},
		{"version", "threads", `UPDATE threads SET version = 2 WHERE id = 1`, []string{"next number, version and time above all given version (thread 1)"}},
		{"last time given", "threads", `UPDATE threads SET last_stamped_at = last_stamped_at - 10000000 WHERE id = 1`,
			[]string{"next number, version and time above all given last_stamped_at (thread 1)"}},
		{"a post before its time", "posts", `UPDATE posts SET created_at = created_at - 100000000000 WHERE thread_id = 1 AND number = 2`,
			[]string{"posts in order of time late (thread 1, post 2)"}},
		{"a thread's state without its mark", "threads", `UPDATE threads SET state = 'visible' WHERE state = 'unlisted'`, []string{
			"category threads_visible (category 1)", "category threads_unlisted (category 1)", "category posts_visible (category 1)", "category posts_unlisted (category 1)",
			"person in category threads_visible (person 3, category 1)", "person in category threads_unlisted (person 3, category 1)",
			"person in category posts_visible (person 3, category 1)", "person in category posts_unlisted (person 3, category 1)",
			"person in category posts_visible (person 4, category 1)", "person in category posts_unlisted (person 4, category 1)",
			"person in category reactions_received (person 4, category 1)",
			"tag in category threads_visible (tag 1, category 1)", "tag in category threads_unlisted (tag 1, category 1)",
			"tag in category threads_visible (tag 2, category 1)", "tag in category threads_unlisted (tag 2, category 1)",
			"thread state is (thread 3, state visible)"}},
		{"a thread's mark without its state", "threads", `UPDATE threads SET mod_hidden_at = 1 WHERE id = 1`, []string{"thread state is (thread 1, state visible)"}},
		{"a post's mark without its state", "posts", `UPDATE posts SET author_deleted_at = 1 WHERE thread_id = 1 AND number = 2`,
			[]string{"post state is (thread 1, post 2, state visible)"}},
		{"a post's state without its mark", "posts", `UPDATE posts SET mod_hidden_at = NULL WHERE thread_id = 1 AND number = 4`,
			[]string{"post state is (thread 1, post 4, state hidden)"}},
		{"an account's state", "users", `UPDATE users SET suspended_at = NULL WHERE id = 5`, []string{"account state is (person 5, state suspended)"}},
		{"an account too few", "users", `DELETE FROM users WHERE id = 6`, []string{"people n (state suspended)"}},
		{"an author lost", "users", `DELETE FROM users WHERE id = 9`, []string{"people n (state active)",
			"rows whose post, thread or person is gone rows (kind author, thread 2, post 4)"}},
		{"a post's reactions", "posts", `UPDATE posts SET reactions = reactions + 1 WHERE thread_id = 1 AND number = 2`, []string{
			"thread posts reactions (thread 1)", "participant reactions_received (thread 1, person 4)",
			"person in category reactions_received (person 4, category 1)", "post reactions reactions (thread 1, post 2)"}},
		{"a reaction lost", "reactions", `DELETE FROM reactions WHERE thread_id = 1`, []string{"person reactions_given (person 3)",
			"reactions of a kind n (thread 1, post 2, kind heart)", "post reactions reactions (thread 1, post 2)"}},
		{"an imported reaction changed", "imported_reactions", `UPDATE imported_reactions SET n = 8 WHERE kind = 'up' AND number = 1`,
			[]string{"reactions of a kind n (thread 2, post 1, kind up)", "post reactions reactions (thread 2, post 1)"}},
		{"a revision lost", "revisions", `DELETE FROM revisions`, []string{"post revisions revisions (thread 1, post 2)"}},
		{"an answer to another post", "posts", `UPDATE posts SET reply_number = 1 WHERE thread_id = 1 AND number = 3`,
			[]string{"post replies replies (thread 1, post 1)", "post replies replies (thread 1, post 2)"}},
		{"another solution", "threads", `UPDATE threads SET solution_number = 4 WHERE id = 2`, []string{
			"participant solutions (thread 2, person 8)", "participant solutions (thread 2, person 9)",
			"person in category solutions (person 8, category 2)", "person in category solutions (person 9, category 2)"}},
		{"a tag lost", "thread_tags", `DELETE FROM thread_tags WHERE thread_id = 1 AND tag_id = 1`, []string{"tag in category threads_visible (tag 1, category 1)"}},
		{"a former slug of no category", "former_slugs", `INSERT INTO former_slugs (slug, category_id) VALUES ('was', 99)`,
			[]string{"former slug leads to a category wrong (slug was)"}},
		{"a former slug in use", "former_slugs", `INSERT INTO former_slugs (slug, category_id) SELECT slug, 2 FROM categories WHERE id = 1`,
			[]string{"former slug leads to a category wrong (slug t-general)"}},
		{"a first post lost", "posts", `DELETE FROM posts WHERE thread_id = 5 AND number = 1`, []string{
			"thread posts posts_visible (thread 5)", "thread ends first_post_number (thread 5)", "participant posts_visible (thread 5, person 3)",
			"category posts_deleted (category 1)", "person in category posts_deleted (person 3, category 1)", "first post of each thread there (thread 5)",
			"first post like its thread author_id (thread 5)", "post replies replies (thread 5, post 1)"}},
		{"a first post with a mark of its own", "posts", `UPDATE posts SET state = 'hidden', mod_hidden_at = 1 WHERE thread_id = 4 AND number = 1`, []string{
			"thread posts posts_visible (thread 4)", "thread posts posts_hidden (thread 4)", "thread ends first_post_number (thread 4)",
			"participant posts_visible (thread 4, person 3)", "participant posts_hidden (thread 4, person 3)", "first post like its thread own marks (thread 4)"}},
		{"a first post of another author", "threads", `UPDATE threads SET author_id = 4 WHERE id = 5`, []string{
			"person in category threads_deleted (person 3, category 1)", "person in category threads_deleted (person 4, category 1)",
			"first post like its thread author_id (thread 5)"}},
		{"a reaction to no post", "reactions", `INSERT INTO reactions (thread_id, number, user_id, kind, created_at) VALUES (1, 99, 3, 'up', 1)`, []string{
			"person reactions_given (person 3)", "reactions of a kind n (thread 1, post 99, kind up)", "post reactions reactions (thread 1, post 99)",
			"rows whose post, thread or person is gone rows (kind reaction, thread 1, post 99)"}},
		{"an imported reaction to no post", "imported_reactions", `INSERT INTO imported_reactions (thread_id, number, kind, n) VALUES (99, 1, 'up', 1)`, []string{
			"reactions of a kind n (thread 99, post 1, kind up)", "post reactions reactions (thread 99, post 1)",
			"rows whose post, thread or person is gone rows (kind imported reaction, thread 99, post 1)"}},
		{"a revision of no post", "revisions", `INSERT INTO revisions (thread_id, number, revision, body, created_at) VALUES (1, 99, 1, 'x', 1)`, []string{
			"post revisions revisions (thread 1, post 99)", "rows whose post, thread or person is gone rows (kind revision, thread 1, post 99)"}},
		{"a file of no post", "attachments", `INSERT INTO attachments (thread_id, number, position, name, type, bytes, content) VALUES (1, 99, 1, 'a', 'b', 1, ` + oneByte + `)`,
			[]string{"post attachments attachments (thread 1, post 99)", "rows whose post, thread or person is gone rows (kind attachment, thread 1, post 99)"}},
		{"a file cut short", "attachments", `INSERT INTO attachments (thread_id, number, position, name, type, bytes, content) VALUES (1, 2, 1, 'a', 'b', 2, ` + oneByte + `)`,
			[]string{"post attachments attachments (thread 1, post 2)", "attachment bytes (thread 1, post 2, position 1)"}},
		{"a tag of no thread", "thread_tags", `INSERT INTO thread_tags (thread_id, tag_id) VALUES (99, 1)`,
			[]string{"rows whose post, thread or person is gone rows (kind tag, thread 99, post 0)"}},
		{"a post of no thread", "posts", `UPDATE posts SET thread_id = 99 WHERE thread_id = 5 AND number = 3`, []string{
			"thread posts posts_visible (thread 5)", "thread ends last_post_number (thread 5)", "thread ends last_activity_at (thread 5)",
			"thread last author last_author_id (thread 5)", "participant posts_visible (thread 5, person 3)", "category posts_deleted (category 1)",
			"person in category posts_deleted (person 3, category 1)", "post replies replies (thread 5, post 2)",
			"rows whose post, thread or person is gone rows (kind post, thread 99, post 3)"}},
		{"a thread in no category", "threads", `UPDATE threads SET category_id = 99 WHERE id = 2`, []string{
			"category threads_visible (category 2)", "category posts_visible (category 2)", "category threads_visible (category 99)", "category posts_visible (category 99)",
			"person in category threads_visible (person 8, category 2)", "person in category posts_visible (person 8, category 2)",
			"person in category reactions_received (person 8, category 2)", "person in category solutions (person 8, category 2)",
			"person in category threads_visible (person 8, category 99)", "person in category posts_visible (person 8, category 99)",
			"person in category reactions_received (person 8, category 99)", "person in category solutions (person 8, category 99)",
			"person in category posts_visible (person 9, category 2)", "person in category posts_visible (person 9, category 99)",
			"tag in category threads_visible (tag 1, category 2)", "tag in category threads_visible (tag 1, category 99)",
			"tag in category threads_visible (tag 3, category 2)", "tag in category threads_visible (tag 3, category 99)"}},
		{"access that was not given", "category_access", `UPDATE category_access SET see = true WHERE category_id = 4 AND role = 'member'`,
			[]string{"access to category see, reply, start, moderate (category 4, member)"}},
		{"access lost", "category_access", `DELETE FROM category_access WHERE category_id = 1 AND role = 'visitor'`,
			[]string{"access to category see, reply, start, moderate (category 1, visitor)"}},
		{"permissions changed", "category_permissions", `UPDATE category_permissions SET reply = true WHERE category_id = 3 AND role = 'member'`,
			[]string{"access to category see, reply, start, moderate (category 3, member)"}},
		{"a category hidden by hand", "categories", `UPDATE categories SET hidden_at = 1 WHERE id = 2`, []string{
			"access to category see, reply, start, moderate (category 2, member)", "access to category see, reply, start, moderate (category 2, visitor)"}},
		{"a text that search does not know", "search_docs", `DELETE FROM search_docs WHERE ` + fmt.Sprintf(indexed, 3),
			[]string{"search knows or waits for each post text_version (thread 1, post 3)"}},
		{"a text that search knows as it was", "search_docs", `UPDATE search_docs SET text_version = text_version - 1 WHERE ` + fmt.Sprintf(indexed, 2),
			[]string{"search knows or waits for each post text_version (thread 1, post 2)"}},
	}
	for _, tt := range tests {
		restore := c.keep(t, tt.table)
		c.damage(t, tt.plant)
		report := c.verify(t)
		var got []string
		for _, d := range report.Differences {
			got = append(got, fmt.Sprintf("%s %s (%s)", d.Number, d.Column, d.Key))
			if d.Stored == d.Counted {
				t.Errorf("%s: stored and counted are both %d", tt.name, d.Stored)
			}
		}
		if tt.name == "a post of no thread" && c.either("sqlite", "postgres") == "postgres" { // its index goes by address
			tt.want = append(tt.want, "search knows or waits for each post text_version (thread 99, post 3)")
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		differ(t, tt.name, tt.want, got)
		differ(t, tt.name+", all of them", int64(len(tt.want)), report.Wrong)
		restore()
	}
	c.recount(t, "everything was put back")
}

// damage changes rows past the store.
func (c *community) damage(t testing.TB, statement string) {
	t.Helper()
	result, err := c.db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if changed, err := result.RowsAffected(); err != nil || changed == 0 {
		t.Fatalf("%s changed %d rows, %v", statement, changed, err)
	}
}

// keep remembers a table's rows; restore puts them back.
func (c *community) keep(t testing.TB, table string) (restore func()) {
	t.Helper()
	var kept []map[string]any
	c.eachRow(t, `SELECT * FROM `+table, func(row map[string]any) { kept = append(kept, row) })
	return func() {
		t.Helper()
		if _, err := c.db.ExecContext(t.Context(), `DELETE FROM `+table); err != nil {
			t.Fatal(err)
		}
		for _, row := range kept {
			var names, marks []string
			var values []any
			for name, value := range row {
				names, values = append(names, name), append(values, value)
				marks = append(marks, fmt.Sprintf("$%d", len(values)))
			}
			statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(marks, ", "))
			if _, err := c.db.ExecContext(t.Context(), statement, values...); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
}

func verifyProgress(t *testing.T, c *community) {
	c.place(t)
	var seen []store.Progress
	report, err := c.store.Verify(t.Context(), func(p store.Progress) { seen = append(seen, p) })
	if err != nil {
		t.Fatal(err)
	}
	if report.Checks != len(seen) || report.Rows == 0 || report.Wrong != 0 || !report.At.Equal(c.clock.now) || report.Took <= 0 || report.Took > time.Minute {
		t.Errorf("report %+v after %d steps", report, len(seen))
	}
	for i, p := range seen {
		if p.Done != i || p.Total != len(seen) || p.Check == "" {
			t.Errorf("step %d: %+v", i, p)
		}
	}
}
