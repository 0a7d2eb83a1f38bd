package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"folkmoot/internal/forum"
)

// count gathers what something counts for: sign is 1 to add, -1 to take away.
func (t *tx) count(sign int64, counts []forum.Count) {
	if !counted {
		return
	}
	for _, count := range counts {
		t.counts[count.Counter] += sign * count.N
		if count.Of == forum.OfThread {
			t.countThread(count.Counter, sign*count.N)
		}
	}
	t.changes += len(counts)
}

// move gathers Contribution(new) - Contribution(old).
func (t *tx) move(old, new []forum.Count) {
	t.count(-1, old)
	t.count(1, new)
}

// countThread keeps the row in hand as it will be written: the members' answers come from it.
func (t *tx) countThread(counter forum.Counter, n int64) {
	thread := t.threads[forum.ThreadID(counter.A)]
	if thread == nil {
		return
	}
	thread.changed = true
	if counter.Column == forum.Reactions {
		thread.Reactions += n
		return
	}
	thread.Posts[counter.Column-forum.PostsIn] += n
}

// counterTable is how the counters of one kind are stored.
type counterTable struct {
	name    string
	key     []string // columns: A, B, Kind as far as they are used
	columns map[forum.Column]string
	// fixed tables have their rows made by somebody else: a missing row is an error.
	fixed bool
}

var stateColumns = map[forum.Column]string{
	forum.ThreadsIn: "threads_visible", forum.ThreadsIn + 1: "threads_unlisted", forum.ThreadsIn + 2: "threads_hidden", forum.ThreadsIn + 3: "threads_deleted",
	forum.PostsIn: "posts_visible", forum.PostsIn + 1: "posts_unlisted", forum.PostsIn + 2: "posts_hidden", forum.PostsIn + 3: "posts_deleted",
	forum.Reactions: "reactions_received", forum.Solutions: "solutions",
}

var counterTables = map[forum.CounterOf]*counterTable{
	forum.OfThread: {name: "threads", key: []string{"id"}, fixed: true, columns: map[forum.Column]string{
		forum.PostsIn: "posts_visible", forum.PostsIn + 2: "posts_hidden", forum.PostsIn + 3: "posts_deleted", forum.Reactions: "reactions"}},
	forum.OfPost: {name: "posts", key: []string{"thread_id", "number"}, fixed: true, columns: map[forum.Column]string{
		forum.Replies: "replies", forum.Reactions: "reactions", forum.Revisions: "revisions", forum.Attachments: "attachments"}},
	forum.OfPostReaction:   {name: "post_reactions", key: []string{"thread_id", "number", "kind"}, columns: map[forum.Column]string{forum.Number: "n"}},
	forum.OfParticipant:    {name: "participants", key: []string{"thread_id", "user_id"}, columns: stateColumns},
	forum.OfUserInCategory: {name: "user_category_counts", key: []string{"user_id", "category_id"}, columns: stateColumns},
	forum.OfTagInCategory:  {name: "tag_category_counts", key: []string{"tag_id", "category_id"}, columns: stateColumns},
	forum.OfCategory:       {name: "category_counts", key: []string{"category_id"}, columns: stateColumns},
	forum.OfUser:           {name: "user_counts", key: []string{"user_id"}, columns: map[forum.Column]string{forum.ReactionsGiven: "reactions_given"}},
	forum.OfPeople:         {name: "people_counts", key: []string{"state"}, columns: map[forum.Column]string{forum.Number: "n"}},
}

// writeCounters is the only place that writes a counter, of those gathered the kinds up to last. Rows
// are written in the lock order, keys sorted inside each kind, each row once.
func (t *tx) writeCounters(last forum.CounterOf) error {
	counts := make([]forum.Count, 0, len(t.counts))
	for counter, n := range t.counts {
		if counter.Of > last {
			continue
		}
		if n != 0 {
			counts = append(counts, forum.Count{Counter: counter, N: n})
		}
		delete(t.counts, counter)
	}
	slices.SortFunc(counts, func(a, b forum.Count) int {
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B),
			strings.Compare(a.Kind, b.Kind), cmp.Compare(a.Column, b.Column))
	})
	threads, rest := splitThreads(counts)
	if err := t.writeThreads(threads); err != nil {
		return err
	}
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && sameRow(rest[n].Counter, rest[0].Counter) {
			n++
		}
		if err := t.writeRow(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func splitThreads(counts []forum.Count) (threads, rest []forum.Count) {
	n := 0
	for n < len(counts) && counts[n].Of == forum.OfThread {
		n++
	}
	return counts[:n], counts[n:]
}

func sameRow(a, b forum.Counter) bool {
	a.Column, b.Column = 0, 0
	return a == b
}

// writeRow adds to the numbers of one row. A row that does not exist is made where only
// additions are made to it; where something is taken away it must be there.
func (t *tx) writeRow(counts []forum.Count) error {
	table := counterTables[counts[0].Of]
	update := table.fixed
	for _, count := range counts {
		update = update || count.N < 0
	}
	args := keyArgs(table, counts[0].Counter)
	for _, count := range counts {
		args = append(args, count.N)
	}
	if err := t.conn.Later(t.statement(table, counts, update), args...); err != nil {
		return fmt.Errorf("%s of %v: %w", table.name, args[:len(table.key)], err)
	}
	return nil
}

func keyArgs(table *counterTable, counter forum.Counter) []any {
	args := make([]any, 0, 8)
	for _, column := range table.key {
		switch {
		case column == "kind", column == "state":
			args = append(args, counter.Kind)
		case len(args) == 0:
			args = append(args, counter.A)
		default:
			args = append(args, counter.B)
		}
	}
	return args
}

// statement returns the text for these columns of the table, made once for each set of columns.
func (t *tx) statement(table *counterTable, counts []forum.Count, update bool) string {
	id := statementID{of: counts[0].Of, update: update}
	for _, count := range counts {
		id.columns |= 1 << count.Column
	}
	if text, known := t.texts[id]; known {
		return text
	}
	text := table.make(counts, update)
	t.texts[id] = text
	return text
}

// statementID names the text for a set of columns of a table.
type statementID struct {
	of      forum.CounterOf
	columns uint32
	update  bool
}

func (table *counterTable) make(counts []forum.Count, update bool) string {
	var names, values, sets, where []string
	for i, column := range table.key {
		names, values = append(names, column), append(values, fmt.Sprintf("$%d", i+1))
		where = append(where, fmt.Sprintf("%s = $%d", column, i+1))
	}
	for i, count := range counts {
		column, value := table.columns[count.Column], fmt.Sprintf("$%d", len(table.key)+i+1)
		names, values = append(names, column), append(values, value)
		if update {
			sets = append(sets, fmt.Sprintf("%s = %s + %s", column, column, value))
		} else {
			sets = append(sets, fmt.Sprintf("%s = %s.%s + excluded.%s", column, table.name, column, column))
		}
	}
	if update {
		return fmt.Sprintf("UPDATE %s SET %s WHERE %s", table.name, strings.Join(sets, ", "), strings.Join(where, " AND "))
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s", table.name,
		strings.Join(names, ", "), strings.Join(values, ", "), strings.Join(table.key, ", "), strings.Join(sets, ", "))
}

// writeThreads writes the threads' rows that changed: numbers as additions, the rest as it is in hand.
func (t *tx) writeThreads(counts []forum.Count) error {
	added := map[forum.ThreadID]*[forum.ColumnCount]int64{}
	for _, count := range counts {
		id := forum.ThreadID(count.A)
		if added[id] == nil {
			added[id] = new([forum.ColumnCount]int64)
		}
		added[id][count.Column] = count.N
	}
	var changed []*thread
	for _, thread := range t.threads {
		if thread.changed {
			changed = append(changed, thread)
		}
	}
	slices.SortFunc(changed, func(a, b *thread) int { return cmp.Compare(a.ID, b.ID) })
	for _, thread := range changed {
		if added[thread.ID] == nil {
			added[thread.ID] = new([forum.ColumnCount]int64)
		}
		if err := t.writeThread(thread, added[thread.ID]); err != nil {
			return err
		}
		thread.changed = false
		delete(added, thread.ID)
	}
	if len(added) > 0 {
		return fmt.Errorf("numbers of %d threads changed without their rows in hand", len(added))
	}
	return nil
}
