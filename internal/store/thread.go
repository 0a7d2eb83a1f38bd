package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"folkmoot/internal/forum"
)

// lockedThreadColumns are a thread's own columns, as transitions hold them.
const lockedThreadColumns = `
	t.id, t.category_id, t.author_id, t.author_name, t.title, t.slug, t.state,
	t.flag_hidden_at, t.mod_hidden_at, t.mod_hidden_by, t.author_deleted_at, t.mod_deleted_at, t.mod_deleted_by,
	t.unlisted_at, t.unlisted_by, t.purging_at, t.pinned_at, t.locked_at, t.created_at,
	t.posts_visible, t.posts_hidden, t.posts_deleted, t.reactions, t.next_number,
	t.first_post_number, t.last_post_number, t.last_author_id, t.last_author_name,
	t.last_activity_at, t.last_stamped_at, t.solution_number, t.version, t.changed_version, t.rev`

func lockedThreadDest(t *forum.Thread) []any {
	m := &t.Marks
	return []any{
		&t.ID, &t.CategoryID, &t.Author.ID, &t.Author.Name, &t.Title, &t.Slug, &t.State,
		&m.FlagHiddenAt, &m.ModHiddenAt, &m.ModHiddenBy, &m.AuthorDeletedAt, &m.ModDeletedAt, &m.ModDeletedBy,
		&m.UnlistedAt, &m.UnlistedBy, &m.PurgingAt, &t.PinnedAt, &t.LockedAt, &t.CreatedAt,
		&t.Posts[forum.Visible], &t.Posts[forum.Hidden], &t.Posts[forum.Deleted], &t.Reactions, &t.NextNumber,
		&t.FirstNumber, &t.LastNumber, &t.LastAuthor.ID, &t.LastAuthor.Name,
		&t.LastActivityAt, &t.LastStampedAt, &t.SolutionNumber, &t.Version, &t.ChangedVersion, &t.Rev}
}

// A thread as readers see it: with names, category, what the reader may do there, and tags.
const (
	threadColumns = lockedThreadColumns + `,
	coalesce(au.name, t.author_name), coalesce(lu.name, t.last_author_name),
	c.name, c.slug, c.parent_id, c.rev, c.version, a.see, a.reply, a.start, a.moderate,
	coalesce((SELECT v.n FROM thread_views v WHERE v.thread_id = t.id), 0),
	(SELECT string_agg(g.id || ' ' || g.name, '` + listSeparator + `') FROM thread_tags tt JOIN tags g ON g.id = tt.tag_id WHERE tt.thread_id = t.id)`

	threadTables = `
	threads t ` + joinAccess + `
	JOIN categories c ON c.id = t.category_id
	LEFT JOIN users au ON au.id = t.author_id
	LEFT JOIN users lu ON lu.id = t.last_author_id`
)

// scanThread reads threadColumns, and the columns after them into more, as far as the reader may know them.
func scanThread(row Row, t *forum.Thread, more ...any) error {
	if err := scanWholeThread(row, t, more...); err != nil {
		return err
	}
	hideNumbers(t)
	return nil
}

// hideNumbers takes away what the reader may not count, since they may not see it.
func hideNumbers(t *forum.Thread) {
	if !t.Category.Access.Moderate {
		clear(t.Posts[forum.Visible+1:])
	}
}

func scanWholeThread(row Row, t *forum.Thread, more ...any) error {
	var tags string
	c := &t.Category
	dest := append(lockedThreadDest(t), &t.Author.Name, &t.LastAuthor.Name,
		&c.Name, &c.Slug, &c.ParentID, &c.Rev, &c.Version, &c.Access.See, &c.Access.Reply, &c.Access.Start, &c.Access.Moderate,
		&t.Views, &tags)
	if err := scan(row, append(dest, more...)...); err != nil {
		return err
	}
	c.ID = t.CategoryID
	t.Tags = splitTags(tags)
	return nil
}

func splitTags(joined string) []forum.Tag {
	var tags []forum.Tag
	eachNumbered(joined, func(id int64, name string) { tags = append(tags, forum.Tag{ID: forum.TagID(id), Name: name}) })
	slices.SortFunc(tags, func(a, b forum.Tag) int { return strings.Compare(a.Name, b.Name) })
	return tags
}

func threadQuery(reader forum.Visibility, id forum.ThreadID, thread *forum.Thread, found *bool) Query {
	return Query{`SELECT ` + threadColumns + ` FROM ` + threadTables + ` WHERE t.id = $3 AND ` + seesThread,
		readerArgs(reader, id), func(row Row) error {
			*found = true
			return scanThread(row, thread)
		}}
}

// Thread returns one that the reader may see. Who asks for a thread alone is often about to write in it: so
// its row is remembered for that.
func (s *Store) Thread(ctx context.Context, reader forum.Visibility, id forum.ThreadID) (forum.Thread, error) {
	var read forum.Thread
	found, reconnected := false, s.engine.Reconnected()
	query := threadQuery(reader, id, &read, &found)
	query.Each = func(row Row) error {
		found = true
		return scanWholeThread(row, &read)
	}
	if err := s.read(ctx, query); err != nil {
		return forum.Thread{}, fmt.Errorf("thread %d: %w", id, err)
	}
	if !found {
		return forum.Thread{}, forum.ErrNotFound
	}
	s.combiner.queue.remember(&read, reconnected)
	hideNumbers(&read)
	return read, nil
}

// asLocked is a thread as readers see it as lockedThreadColumns alone have it.
func asLocked(read *forum.Thread) *thread {
	locked := &thread{Thread: *read}
	locked.Author.Name, locked.LastAuthor.Name = bareName(read.Author), bareName(read.LastAuthor)
	locked.Category, locked.Tags, locked.Views = forum.Category{}, nil, 0
	return locked
}

// Threads returns a list, its pinned threads and its total, from one snapshot.
func (s *Store) Threads(ctx context.Context, reader forum.Visibility, filter forum.ThreadFilter) (forum.ThreadList, error) {
	var list forum.ThreadList
	builder := listOf(reader, filter)
	queries := []Query{builder.page(&list), builder.total(&list.Total)}
	if builder.pinnedFirst() && filter.Before == (forum.Cursor{}) {
		queries = append(queries, builder.pinned(&list))
	}
	if err := s.read(ctx, queries...); err != nil {
		return forum.ThreadList{}, fmt.Errorf("threads: %w", err)
	}
	if len(list.Threads) > filter.Limit {
		list.Threads = list.Threads[:filter.Limit]
		last := list.Threads[filter.Limit-1]
		list.Next = forum.Cursor{At: last.LastActivityAt, ID: int64(last.ID)}
	}
	return list, nil
}

// Activity returns when the newest visible posts of threads were written. It looks at the last
// numbers of each, however long the thread is.
func (s *Store) Activity(ctx context.Context, reader forum.Visibility, ids []forum.ThreadID) (map[forum.ThreadID]forum.Activity, error) {
	args, places := readerArgs(reader), make([]string, len(ids))
	for i, id := range ids {
		args = append(args, id)
		places[i] = fmt.Sprintf("$%d", len(args))
	}
	found := map[forum.ThreadID]forum.Activity{}
	err := s.read(ctx, Query{fmt.Sprintf(`
		SELECT t.id, t.version, (SELECT string_agg(newest.created_at || '', ' ') FROM (
			SELECT p.created_at FROM posts p
			WHERE p.thread_id = t.id AND p.number >= t.next_number - %d AND p.state = 'visible'
			ORDER BY p.number DESC LIMIT %d) newest)
		FROM threads t `+joinAccess+` WHERE t.id IN (`+strings.Join(places, ", ")+`) AND `+seesThread,
		5*forum.ActivityPosts, forum.ActivityPosts), args, func(row Row) error {
		var id forum.ThreadID
		var activity forum.Activity
		var times string
		if err := scan(row, &id, &activity.Version, &times); err != nil {
			return err
		}
		activity.Times = splitTimes(times)
		found[id] = activity
		return nil
	}})
	if err != nil {
		return nil, fmt.Errorf("activity of %d threads: %w", len(ids), err)
	}
	return found, nil
}

func splitTimes(joined string) []time.Time {
	var times []time.Time
	for part := range strings.FieldsSeq(joined) {
		micros, _ := strconv.ParseInt(part, 10, 64) // the store wrote it
		times = append(times, fromMicros(micros))
	}
	return times
}

// threadList is the one builder of a list and of its count.
type threadList struct {
	reader forum.Visibility
	filter forum.ThreadFilter
	first  string // joins the first post, where it is wanted or says whose thread it is
	where  []string
	args   []any
}

func listOf(reader forum.Visibility, filter forum.ThreadFilter) *threadList {
	l := &threadList{reader: reader, filter: filter, args: readerArgs(reader)}
	l.where = []string{listsThread}
	if filter.State != forum.Visible {
		l.where = []string{`a.moderate AND t.purging_at IS NULL AND t.state = ` + l.bind(filter.State)}
	}
	if filter.Category != 0 {
		l.where = append(l.where, `t.category_id = `+l.bind(filter.Category))
	}
	switch {
	case filter.Author != 0:
		// A query of its own, in this order: PostgreSQL may else go through everybody's threads for one person's.
		l.first = ` JOIN (SELECT thread_id, html, edited_at FROM posts WHERE number = 1 AND author_id = ` + l.bind(filter.Author) + `
			ORDER BY thread_id DESC) first ON first.thread_id = t.id `
	case filter.First:
		l.first = ` JOIN posts first ON first.thread_id = t.id AND first.number = 1 `
	}
	if filter.Tag != "" {
		l.where = append(l.where, `t.id IN (SELECT tt.thread_id FROM thread_tags tt JOIN tags g ON g.id = tt.tag_id WHERE g.name = `+l.bind(filter.Tag)+`)`)
	}
	return l
}

func (l *threadList) bind(arg any) string {
	l.args = append(l.args, arg)
	return fmt.Sprintf("$%d", len(l.args))
}

// pinnedFirst: pinned threads stand apart only in the list of one category.
func (l *threadList) pinnedFirst() bool {
	return l.filter.Category != 0 && l.filter.Tag == "" && l.filter.Author == 0 && l.filter.State == forum.Visible
}

func (l *threadList) page(list *forum.ThreadList) Query {
	page := *l
	page.where = slices.Clone(l.where)
	page.args = slices.Clone(l.args)
	if l.pinnedFirst() {
		page.where = append(page.where, `t.pinned_at IS NULL`)
	}
	before := l.filter.Before
	if l.filter.Author != 0 { // the newest first: their index need not change with every reply
		if before != (forum.Cursor{}) {
			page.where = append(page.where, `first.thread_id < `+page.bind(before.ID))
		}
		return page.rows(` ORDER BY first.thread_id DESC LIMIT `+page.bind(l.filter.Limit+1), &list.Threads)
	}
	if before != (forum.Cursor{}) {
		page.where = append(page.where, `(t.last_activity_at, t.id) < (`+page.bind(before.At)+`, `+page.bind(before.ID)+`)`)
	}
	return page.rows(` ORDER BY t.last_activity_at DESC, t.id DESC LIMIT `+page.bind(l.filter.Limit+1), &list.Threads)
}

func (l *threadList) pinned(list *forum.ThreadList) Query {
	pinned := *l
	pinned.where = append(slices.Clone(l.where), `t.pinned_at IS NOT NULL`)
	return pinned.rows(` ORDER BY t.pinned_at DESC, t.id DESC`, &list.Pinned)
}

func (l *threadList) rows(order string, threads *[]forum.Thread) Query {
	columns := threadColumns + `, '', 0`
	who := ` 'visitor' ` // see what a visitor sees: nobody is told more of it
	if l.reader.Role != forum.Visitor {
		who = seers
	}
	if l.filter.First { // it stands for its thread: whoever sees one sees the other
		columns = threadColumns + `, first.html, first.edited_at`
	}
	text := `SELECT ` + columns + `, ` + who + ` FROM ` + threadTables + l.first + ` WHERE ` + strings.Join(l.where, ` AND `) + order
	return Query{text, l.args, func(row Row) error {
		var thread forum.Thread
		var seers string
		if err := scanThread(row, &thread, &thread.FirstHTML, &thread.FirstEditedAt, &seers); err != nil {
			return err
		}
		thread.Category.Audience = audience(seers)
		*threads = append(*threads, thread)
		return nil
	}}
}

// total counts the whole list: from the stored numbers where they say it, else the rows.
func (l *threadList) total(total *int64) Query {
	see := ` a.see `
	if l.filter.State != forum.Visible {
		see = ` a.moderate `
	}
	column, filter := "threads_"+l.filter.State.String(), l.filter
	var text string
	args := []any{l.reader.Role}
	switch {
	case filter.Tag == "" && filter.Author == 0:
		text = `SELECT coalesce(sum(n.` + column + `), 0) FROM category_counts n`
	case filter.Tag == "":
		text = `SELECT coalesce(sum(n.` + column + `), 0) FROM user_category_counts n`
		see += ` AND n.user_id = $2 `
		args = append(args, filter.Author)
	case filter.Author == 0:
		text = `SELECT coalesce(sum(n.` + column + `), 0) FROM tags g JOIN tag_category_counts n ON n.tag_id = g.id`
		see += ` AND g.name = $2 `
		args = append(args, filter.Tag)
	default:
		return Query{`SELECT count(*) FROM ` + threadTables + l.first + ` WHERE ` + strings.Join(l.where, ` AND `), l.args,
			func(row Row) error { return scan(row, total) }}
	}
	if filter.Category != 0 {
		args = append(args, filter.Category)
		see += fmt.Sprintf(` AND n.category_id = $%d `, len(args))
	}
	return Query{text + ` JOIN category_access a ON a.category_id = n.category_id AND a.role = $1 WHERE ` + see, args,
		func(row Row) error { return scan(row, total) }}
}

// ThreadPage returns a page of posts, all from one snapshot.
func (s *Store) ThreadPage(ctx context.Context, reader forum.Visibility, id forum.ThreadID, at forum.PageAt) (forum.ThreadPage, error) {
	from, err := s.pageStart(ctx, reader, id, at)
	if err != nil {
		return forum.ThreadPage{}, err
	}
	var page forum.ThreadPage
	found := false
	list := postList{reader: reader, thread: id, from: from, limit: at.Limit}
	queries := []Query{
		threadQuery(reader, id, &page.Thread, &found),
		pathQuery(id, &page.Path),
		list.posts(&page.Posts),
		list.edges(&page.Previous, &page.Last),
	}
	if err := s.read(ctx, queries...); err != nil {
		return forum.ThreadPage{}, fmt.Errorf("page of thread %d: %w", id, err)
	}
	if !found {
		return forum.ThreadPage{}, forum.ErrNotFound
	}
	if len(page.Posts) == 0 && page.Last != 0 && !at.Last { // a number past the end
		return s.ThreadPage(ctx, reader, id, forum.PageAt{Last: true, Limit: at.Limit})
	}
	trimPage(&page, at.Limit)
	page.First = firstNumber(&page.Thread)
	return page, nil
}

// pageStart finds the number at which a page begins. The snapshot of the page itself is a later
// one; the number is but a place in it.
func (s *Store) pageStart(ctx context.Context, reader forum.Visibility, id forum.ThreadID, at forum.PageAt) (int64, error) {
	list := postList{reader: reader, thread: id, from: max(at.Number, 1), limit: at.Limit}
	var start, previous, last int64
	switch {
	case at.Last:
		err := s.read(ctx, list.edges(&previous, &last))
		return max(last, 1), err
	case !at.Time.IsZero():
		err := s.read(ctx, list.since(at.Time, &start), list.edges(&previous, &last))
		if start == 0 {
			start = last
		}
		return max(start, 1), err
	}
	return list.from, nil
}

// firstNumber is the first post that the reader sees: a moderator every one there is.
func firstNumber(thread *forum.Thread) int64 {
	if thread.Category.Access.Moderate {
		return 1
	}
	return thread.FirstNumber
}

// trimPage takes off the post that was read to see whether there is a next page.
func trimPage(page *forum.ThreadPage, limit int) {
	if len(page.Posts) > limit {
		page.Next = page.Posts[limit].Number
		page.Posts = page.Posts[:limit]
	}
}

// pathQuery reads the categories above a thread and its own, from the top.
func pathQuery(id forum.ThreadID, path *[]forum.Category) Query {
	return Query{`
		WITH RECURSIVE up (id, parent_id, name, slug, height) AS (
			SELECT c.id, c.parent_id, c.name, c.slug, 0
			FROM threads t JOIN categories c ON c.id = t.category_id WHERE t.id = $1
			UNION ALL
			SELECT c.id, c.parent_id, c.name, c.slug, up.height + 1
			FROM up JOIN categories c ON c.id = up.parent_id
		)
		SELECT c.id, c.parent_id, c.name, c.slug, ` + seers + ` FROM up c ORDER BY c.height DESC`,
		[]any{id}, func(row Row) error {
			var c forum.Category
			var seers string
			if err := scan(row, &c.ID, &c.ParentID, &c.Name, &c.Slug, &seers); err != nil {
				return err
			}
			c.Audience = audience(seers)
			*path = append(*path, c)
			return nil
		}}
}

// PageVersion returns the numbers that a visitor's cached page stands on, by one indexed query.
func (s *Store) PageVersion(ctx context.Context, id forum.ThreadID) (forum.PageVersion, error) {
	var version forum.PageVersion
	var shown string
	found := false
	err := s.read(ctx, Query{`
		SELECT t.version, c.version, sv.value, se.value
		FROM threads t ` + joinAccess + `
		JOIN categories c ON c.id = t.category_id
		JOIN settings sv ON sv.key = 'shown_version'
		JOIN settings se ON se.key = 'epoch'
		WHERE t.id = $3 AND ` + seesThread, readerArgs(forum.Visibility{Role: forum.Visitor}, id),
		one(&found, &version.Thread, &version.Category, &shown, &version.Epoch)})
	switch {
	case err != nil:
		return forum.PageVersion{}, fmt.Errorf("version of thread %d: %w", id, err)
	case !found:
		return forum.PageVersion{}, forum.ErrNotFound
	}
	version.Shown, err = strconv.ParseInt(shown, 10, 64)
	return version, err
}

// CreateThread makes a thread and its first post.
func (s *Store) CreateThread(ctx context.Context, change forum.Change, new forum.Thread, tags []string, first forum.Post) (forum.Receipt, error) {
	return s.combine(ctx, change, len(first.Body)+len(first.HTML), func(t *tx) (forum.Receipt, error) {
		thread, err := t.insertThread(new, tags, t.now)
		if err != nil {
			return forum.Receipt{}, err
		}
		post := first
		post.CreatedAt = t.now
		if err := t.appendPost(thread, &post); err != nil {
			return forum.Receipt{}, err
		}
		return thread.receipt(post.Number, post.CreatedAt), nil
	})
}

// insertThread makes an empty thread and counts it. Its row is in hand afterwards.
func (t *tx) insertThread(new forum.Thread, tags []string, at time.Time) (*thread, error) {
	id, err := t.insertID(`
		INSERT INTO threads (category_id, author_id, author_name, title, slug, locked_at, created_at, last_activity_at, last_stamped_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, 0) RETURNING id`,
		new.CategoryID, new.Author.ID, bareName(new.Author), new.Title, new.Slug, new.LockedAt, at, at.Add(-time.Microsecond))
	if err != nil {
		return nil, err
	}
	thread, err := t.thread(forum.ThreadID(id))
	if err != nil {
		return nil, err
	}
	if thread.Tags, err = t.setTags(thread.ID, tags); err != nil {
		return nil, err
	}
	t.count(1, forum.ThreadContribution(&thread.Thread))
	return thread, nil
}

// bareName is the name to store: only where nobody is behind it.
func bareName(author forum.Author) string {
	if author.ID != 0 {
		return ""
	}
	return author.Name
}

// setTags gives a thread without tags these; unknown ones are made.
func (t *tx) setTags(id forum.ThreadID, names []string) ([]forum.Tag, error) {
	var tags []forum.Tag
	for _, name := range names {
		tag, err := t.tag(name)
		if err != nil {
			return nil, err
		}
		if _, err := t.exec(`INSERT INTO thread_tags (thread_id, tag_id) VALUES ($1, $2)`, id, tag.ID); err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// tag finds or makes a tag.
func (t *tx) tag(name string) (forum.Tag, error) {
	tag := forum.Tag{Name: name}
	found := false
	err := t.conn.Query(`SELECT id FROM tags WHERE name = $1`, []any{name}, one(&found, &tag.ID))
	if err != nil || found {
		return tag, err
	}
	id, err := t.insertID(`INSERT INTO tags (name) VALUES ($1) RETURNING id`, name)
	tag.ID = forum.TagID(id)
	return tag, err
}

// MarkThread sets or clears a mark of a thread.
func (s *Store) MarkThread(ctx context.Context, change forum.Change, mark forum.Mark, at time.Time) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		thread, err := t.thread(change.Thread)
		if err != nil {
			return forum.Receipt{}, err
		}
		if !thread.set(mark, change.Actor, at) {
			return thread.receipt(1, t.now), nil
		}
		return t.changeThread(thread, func(after *forum.Thread) error {
			setThreadMark(after, mark, change.Actor, at)
			return nil
		})
	})
}

// set reports whether setting the mark would change anything.
func (thread *thread) set(mark forum.Mark, by forum.UserID, at time.Time) bool {
	after := thread.Thread
	setThreadMark(&after, mark, by, at)
	return after.Marks != thread.Marks || after.PinnedAt != thread.PinnedAt || after.LockedAt != thread.LockedAt
}

// setThreadMark carries a mark out; one that is set keeps its time.
func setThreadMark(thread *forum.Thread, mark forum.Mark, by forum.UserID, at time.Time) {
	once := func(current time.Time) time.Time {
		if !current.IsZero() && !at.IsZero() {
			return current
		}
		return at
	}
	switch mark {
	case forum.MarkPinned:
		thread.PinnedAt = once(thread.PinnedAt)
	case forum.MarkLocked:
		thread.LockedAt = once(thread.LockedAt)
	case forum.MarkUnlisted:
		if thread.Marks.UnlistedAt.IsZero() != at.IsZero() {
			thread.Marks.UnlistedAt, thread.Marks.UnlistedBy = at, by
		}
		if at.IsZero() {
			thread.Marks.UnlistedBy = 0
		}
	default:
		thread.Marks.Marks, _ = thread.Marks.With(mark, by, at)
	}
	thread.State = thread.Marks.State()
}

// changeThread applies change to the thread and moves every number that follows from it: the
// thread's own, and by its participants' rows those of all who wrote in it.
func (t *tx) changeThread(thread *thread, change func(*forum.Thread) error) (forum.Receipt, error) {
	before := thread.Thread
	before.Tags = nil
	if err := t.threadTags(&before); err != nil {
		return forum.Receipt{}, err
	}
	after := before
	if err := change(&after); err != nil {
		return forum.Receipt{}, err
	}
	if after.State != before.State || after.CategoryID != before.CategoryID {
		tallies, err := t.tallies(&before)
		if err != nil {
			return forum.Receipt{}, err
		}
		for _, tally := range tallies {
			t.move(forum.Contribution(tally, &before), forum.Contribution(tally, &after))
		}
	}
	t.move(forum.ThreadContribution(&before), forum.ThreadContribution(&after))
	after.Posts, after.Reactions = thread.Posts, thread.Reactions
	thread.Thread = after
	thread.Rev++
	t.touch(thread)
	thread.ChangedVersion = thread.Version
	return thread.receipt(1, t.now), t.saveMarks(thread)
}

// threadTags loads a thread's tags where they count.
func (t *tx) threadTags(thread *forum.Thread) error {
	return t.conn.Query(`SELECT g.id, g.name FROM thread_tags tt JOIN tags g ON g.id = tt.tag_id WHERE tt.thread_id = $1 ORDER BY g.id`,
		[]any{thread.ID}, func(row Row) error {
			var tag forum.Tag
			err := scan(row, &tag.ID, &tag.Name)
			thread.Tags = append(thread.Tags, tag)
			return err
		})
}

// tallies returns what each participant's posts in a thread add up to, and nobody's.
func (t *tx) tallies(thread *forum.Thread) ([]forum.Tally, error) {
	if err := t.flushThreads(); err != nil {
		return nil, err
	}
	nobodys := forum.Tally{Posts: thread.Posts, Reactions: thread.Reactions}
	var tallies []forum.Tally
	err := t.conn.Query(`
		SELECT user_id, posts_visible, posts_hidden, posts_deleted, reactions_received, solutions
		FROM participants WHERE thread_id = $1 ORDER BY user_id`,
		[]any{thread.ID}, func(row Row) error {
			var tally forum.Tally
			p := &tally.Posts
			err := scan(row, &tally.Author, &p[forum.Visible], &p[forum.Hidden], &p[forum.Deleted], &tally.Reactions, &tally.Solutions)
			for state := range p {
				nobodys.Posts[state] -= p[state]
			}
			nobodys.Reactions -= tally.Reactions
			tallies = append(tallies, tally)
			return err
		})
	return append(tallies, nobodys), err
}

// saveMarks writes what flush does not: a thread's marks, name and place, which only transitions
// of the thread change.
func (t *tx) saveMarks(thread *thread) error {
	m := &thread.Marks
	_, err := t.exec(`
		UPDATE threads SET category_id = $2, title = $3, slug = $4, state = $5,
			flag_hidden_at = $6, mod_hidden_at = $7, mod_hidden_by = $8, author_deleted_at = $9, mod_deleted_at = $10, mod_deleted_by = $11,
			unlisted_at = $12, unlisted_by = $13, pinned_at = $14, locked_at = $15
		WHERE id = $1`,
		thread.ID, thread.CategoryID, thread.Title, thread.Slug, thread.State,
		m.FlagHiddenAt, m.ModHiddenAt, m.ModHiddenBy, m.AuthorDeletedAt, m.ModDeletedAt, m.ModDeletedBy,
		m.UnlistedAt, m.UnlistedBy, thread.PinnedAt, thread.LockedAt)
	return err
}

// writeThread writes what posts change of a thread: its numbers as additions, the rest as in hand.
func (t *tx) writeThread(thread *thread, added *[forum.ColumnCount]int64) error {
	return t.conn.Later(`
		UPDATE threads SET
			posts_visible = posts_visible + $2, posts_hidden = posts_hidden + $3, posts_deleted = posts_deleted + $4,
			reactions = reactions + $5,
			next_number = $6, first_post_number = $7, last_post_number = $8, last_author_id = $9, last_author_name = $10,
			last_activity_at = $11, last_stamped_at = $12, solution_number = $13, version = $14, changed_version = $15, rev = $16
		WHERE id = $1`,
		thread.ID, added[forum.PostsIn+forum.Column(forum.Visible)], added[forum.PostsIn+forum.Column(forum.Hidden)],
		added[forum.PostsIn+forum.Column(forum.Deleted)], added[forum.Reactions],
		thread.NextNumber, number(thread.FirstNumber), number(thread.LastNumber), thread.LastAuthor.ID, bareName(thread.LastAuthor),
		thread.LastActivityAt, thread.LastStampedAt, number(thread.SolutionNumber), thread.Version, thread.ChangedVersion, thread.Rev)
}

// EditThread changes title, tags and category.
func (s *Store) EditThread(ctx context.Context, change forum.Change, edit forum.ThreadEdit) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		thread, err := t.thread(change.Thread)
		if err != nil {
			return forum.Receipt{}, err
		}
		if edit.IfVersion != 0 && thread.ChangedVersion > edit.IfVersion {
			return forum.Receipt{}, errVersion
		}
		if edit.Category != 0 {
			if err := t.checkCategory(edit.Category, edit.CatRev); err != nil {
				return forum.Receipt{}, err
			}
		}
		return t.editThread(thread, edit)
	})
}

// errVersion answers an edit of a text that somebody else changed meanwhile.
var errVersion = &forum.Error{Kind: forum.PreconditionFailed, Message: "this was changed since you opened it: look at the new version before you save"}

func (t *tx) editThread(thread *thread, edit forum.ThreadEdit) (forum.Receipt, error) {
	renamed := edit.Title != "" && edit.Title != thread.Title
	moved := edit.Category != 0 && edit.Category != thread.CategoryID
	if !renamed && !moved && !edit.SetTags {
		return thread.receipt(1, t.now), nil
	}
	receipt, err := t.changeThread(thread, func(after *forum.Thread) error {
		if renamed {
			after.Title, after.Slug = edit.Title, edit.Slug
		}
		if moved {
			after.CategoryID = edit.Category
		}
		if !edit.SetTags {
			return nil
		}
		if _, err := t.exec(`DELETE FROM thread_tags WHERE thread_id = $1`, thread.ID); err != nil {
			return err
		}
		var err error
		after.Tags, err = t.setTags(thread.ID, edit.Tags)
		return err
	})
	if err == nil && renamed {
		err = t.textChanged(thread, 1)
	}
	return receipt, err
}

// viewsBatch is how many threads' views one member writes: a few milliseconds of the writer.
const viewsBatch = 200

// AddViews adds to the approximate numbers of views, in pieces that hold nobody up; threads that
// are gone are passed over.
func (s *Store) AddViews(ctx context.Context, views map[forum.ThreadID]int64) error {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(views)), viewsBatch) {
		_, err := s.combine(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
			return forum.Receipt{}, t.addViews(ids, views)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) addViews(ids []forum.ThreadID, views map[forum.ThreadID]int64) error {
	sets, there := make([][]any, len(ids)), make([]forum.ThreadID, 0, len(ids))
	for i, id := range ids {
		sets[i] = []any{id}
	}
	err := t.conn.QueryMany(Many{`SELECT id FROM threads WHERE id = $1`, sets, func(set int, _ Row) error {
		there = append(there, ids[set])
		return nil
	}})
	if err != nil {
		return err
	}
	for _, id := range there {
		err := t.later(`
			INSERT INTO thread_views (thread_id, n) VALUES ($1, $2)
			ON CONFLICT (thread_id) DO UPDATE SET n = thread_views.n + excluded.n`, id, views[id])
		if err != nil {
			return err
		}
	}
	return nil
}

// Redirect returns where an imported address leads, as far as the reader may see it: to a tag, where
// they see a thread that has it.
func (s *Store) Redirect(ctx context.Context, reader forum.Visibility, path string) (forum.Address, error) {
	var to forum.Address
	found, seen := false, false
	var user, tag string
	err := s.read(ctx, Query{`
		SELECT r.thread_id, r.number, coalesce(u.name, ''), coalesce(g.name, '')
		FROM redirects r LEFT JOIN users u ON u.id = r.user_id LEFT JOIN tags g ON g.id = r.tag_id
		WHERE r.path = $1`, []any{path}, one(&found, &to.Thread, &to.Number, &user, &tag)})
	if err != nil {
		return forum.Address{}, fmt.Errorf("redirect of %q: %w", path, err)
	}
	to.User, to.Tag = user, tag
	if !found {
		return forum.Address{}, forum.ErrNotFound
	}
	switch {
	case to.User != "":
		return to, nil
	case to.Tag != "":
		err = s.read(ctx, Query{`
			SELECT 1 FROM tags g
			JOIN tag_category_counts n ON n.tag_id = g.id
			JOIN category_access a ON a.category_id = n.category_id AND a.role = $1
			WHERE g.name = $2 AND n.threads_visible > 0 AND a.see LIMIT 1`, []any{reader.Role, to.Tag}, one(&seen)})
	default:
		err = s.read(ctx, Query{`
			SELECT t.slug FROM threads t ` + joinAccess + ` JOIN posts p ON p.thread_id = t.id
			WHERE t.id = $3 AND p.number = $4 AND ` + seesThread + ` AND ` + seesPost,
			readerArgs(reader, to.Thread, to.Number), one(&seen, &to.Slug)})
	}
	switch {
	case err != nil:
		return forum.Address{}, fmt.Errorf("redirect of %q: %w", path, err)
	case !seen:
		return forum.Address{}, forum.ErrNotFound
	}
	return to, nil
}
