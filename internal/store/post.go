package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"folkmoot/internal/forum"
)

// lockedPostColumns are a post's own columns, as transitions hold them; without its texts.
const lockedPostColumns = `
	p.thread_id, p.number, p.author_id, p.author_name, p.reply_thread_id, p.reply_number, p.state,
	p.flag_hidden_at, p.mod_hidden_at, p.mod_hidden_by, p.author_deleted_at, p.mod_deleted_at, p.mod_deleted_by,
	p.replies, p.revisions, p.reactions, p.created_at, p.edited_at, p.version, p.text_version, p.html_version`

func lockedPostDest(p *forum.Post) []any {
	m := &p.Marks
	return []any{
		&p.Thread, &p.Number, &p.Author.ID, &p.Author.Name, &p.ReplyThread, &p.ReplyNumber, &p.State,
		&m.FlagHiddenAt, &m.ModHiddenAt, &m.ModHiddenBy, &m.AuthorDeletedAt, &m.ModDeletedAt, &m.ModDeletedBy,
		&p.Replies, &p.Revisions, &p.ReactionCount, &p.CreatedAt, &p.EditedAt, &p.Version, &p.TextVersion, &p.HTMLVersion}
}

// A post as readers see it: with texts, its author's name, who wrote what it answers (where that is
// in the same thread and visible), and its reactions: how often each kind was given, and the reader's own.
const (
	postColumns = lockedPostColumns + `, p.body, p.html, coalesce(u.name, p.author_name),
	CASE WHEN u.state = 'active' AND u.role <> 'member' THEN u.role ELSE '' END,
	coalesce((SELECT coalesce(ru.name, rp.author_name) FROM posts rp LEFT JOIN users ru ON ru.id = rp.author_id
		WHERE rp.thread_id = p.reply_thread_id AND rp.number = p.reply_number
		AND rp.state = 'visible' AND p.reply_thread_id = p.thread_id), ''),
	p.number = coalesce(t.solution_number, 0),
	CASE WHEN p.reactions > 0 THEN (SELECT string_agg(r.n || ' ' || r.kind, '` + listSeparator + `') FROM post_reactions r
		WHERE r.thread_id = p.thread_id AND r.number = p.number AND r.n > 0) END,
	CASE WHEN p.reactions > 0 THEN (SELECT m.kind FROM reactions m
		WHERE m.thread_id = p.thread_id AND m.number = p.number AND m.user_id = $2) END,` + attachmentsColumn

	// listedPostColumns are postColumns with the thread, which a page of one thread has already.
	listedPostColumns = postColumns + `, t.title, t.slug, t.category_id `

	postTables = ` posts p JOIN threads t ON t.id = p.thread_id ` + joinAccess + ` LEFT JOIN users u ON u.id = p.author_id `

	// listSeparator stands between the items of a list in one column: a control character, which no name holds.
	listSeparator = "\x1f"
)

// splitReactions returns the kinds, those given most often first.
func splitReactions(joined string) []forum.ReactionCount {
	var reactions []forum.ReactionCount
	eachNumbered(joined, func(n int64, kind string) { reactions = append(reactions, forum.ReactionCount{Kind: kind, N: n}) })
	slices.SortFunc(reactions, func(a, b forum.ReactionCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Kind, b.Kind))
	})
	return reactions
}

// eachNumbered takes a list in one column apart, whose items are a number and a text each.
func eachNumbered(joined string, each func(n int64, text string)) {
	if joined == "" {
		return
	}
	for item := range strings.SplitSeq(joined, listSeparator) {
		first, text, _ := strings.Cut(item, " ")
		if n, err := strconv.ParseInt(first, 10, 64); err == nil {
			each(n, text)
		}
	}
}

// appendPosts collects posts of listedPostColumns. All rows are read into one, since a list of places to
// read into costs more than the reading.
func appendPosts(posts *[]forum.Post) func(Row) error {
	var p forum.Post
	var reactions, attachments string
	dest := append(lockedPostDest(&p), &p.Body, &p.HTML, &p.Author.Name, &p.AuthorRole, &p.ReplyAuthor, &p.Solution,
		&reactions, &p.MyReaction, &attachments, &p.ThreadTitle, &p.ThreadSlug, &p.CategoryID)
	return func(row Row) error {
		if err := scan(row, dest...); err != nil {
			return err
		}
		p.Reactions, p.Attachments = splitReactions(reactions), splitAttachments(attachments)
		if *posts == nil {
			*posts = make([]forum.Post, 0, forum.PageSize+1)
		}
		*posts = append(*posts, p)
		return nil
	}
}

// postList is the one builder of what a page of a thread holds: posts from a number on, that the reader sees.
type postList struct {
	reader forum.Visibility
	thread forum.ThreadID
	from   int64
	limit  int
}

func (l postList) args(limit int) []any {
	return readerArgs(l.reader, l.thread, l.from, int64(limit))
}

// posts reads the page and one post more.
func (l postList) posts(posts *[]forum.Post) Query {
	return Query{`SELECT ` + postColumns + `, '', '', 0 FROM ` + postTables + `
		WHERE p.thread_id = $3 AND p.number >= $4 AND a.see AND ` + seesPost + ` ORDER BY p.number LIMIT $5`,
		l.args(l.limit + 1), appendPosts(posts)}
}

// edges finds where the page before this one begins, and where the last one does; 0 where there is none.
func (l postList) edges(previous, last *int64) Query {
	return Query{`SELECT ` + complete + `, t.next_number - 1,
		CASE WHEN ` + complete + ` THEN 0 ELSE ` + edge(`p.number < $4`) + ` END,
		CASE WHEN ` + complete + ` THEN 0 ELSE ` + edge(`1 = 1`) + ` END
		FROM threads t ` + joinAccess + ` WHERE t.id = $3 AND ` + seesThread,
		l.args(l.limit), func(row Row) error {
			var all bool
			var n int64
			if err := scan(row, &all, &n, previous, last); err != nil || !all {
				return err
			}
			*previous, *last = l.startBefore(min(l.from-1, n)), l.startBefore(n)
			return nil
		}}
}

// complete is a thread of which every post there ever was is visible to whoever sees the thread:
// then the posts lie in it without a gap, and no row need be read to know where a page begins.
const complete = ` t.posts_visible = t.next_number - 1 `

// startBefore is where a page begins that ends with this number, in a thread without gaps.
func (l postList) startBefore(end int64) int64 {
	if end < 1 {
		return 0
	}
	return max(end-int64(l.limit)+1, 1)
}

// edge is the smallest of the last numbers, as many as a page holds, that meet a condition on p.number and $4.
func edge(condition string) string {
	return `(SELECT coalesce(min(number), 0) FROM (SELECT p.number FROM posts p
		WHERE p.thread_id = t.id AND ` + condition + ` AND ` + seesPost + `
		ORDER BY p.number DESC LIMIT $5) AS edge)`
}

// since finds the first visible post of or after a time, by halving: numbers and times rise together,
// but for late posts, which are passed over.
func (l postList) since(at time.Time, number *int64) Query {
	const reached = ` coalesce((SELECT p.created_at FROM posts p WHERE p.thread_id = $3 AND NOT p.late
		AND p.number >= (h.low + h.high) / 2 AND p.number < h.high ORDER BY p.number LIMIT 1), $4) >= $4 `
	return Query{`WITH RECURSIVE halved (low, high) AS (
			SELECT CAST(1 AS BIGINT), t.next_number FROM threads t WHERE t.id = $3
			UNION ALL
			SELECT CASE WHEN ` + reached + ` THEN h.low ELSE (h.low + h.high) / 2 + 1 END,
				CASE WHEN ` + reached + ` THEN (h.low + h.high) / 2 ELSE h.high END
			FROM halved h WHERE h.low < h.high
		)
		SELECT p.number FROM posts p JOIN threads t ON t.id = p.thread_id ` + joinAccess + `
		WHERE p.thread_id = $3 AND p.number >= (SELECT h.low FROM halved h WHERE h.low = h.high)
			AND NOT p.late AND p.state = 'visible' AND ` + seesThread + `
		ORDER BY p.number LIMIT 1`,
		readerArgs(l.reader, l.thread, at), func(row Row) error { return scan(row, number) }}
}

// Post returns one post with its thread; a moved one answers with its new address.
func (s *Store) Post(ctx context.Context, reader forum.Visibility, id forum.ThreadID, number int64) (forum.Thread, forum.Post, error) {
	var thread forum.Thread
	var posts []forum.Post
	found, moved := false, false
	var toThread forum.ThreadID
	var toNumber int64
	queries := []Query{
		threadQuery(reader, id, &thread, &found),
		{`SELECT ` + listedPostColumns + ` FROM ` + postTables + ` WHERE p.thread_id = $3 AND p.number = $4 AND a.see AND ` + seesPost,
			readerArgs(reader, id, number), appendPosts(&posts)},
		{`SELECT to_thread, to_number FROM post_moves WHERE from_thread = $1 AND from_number = $2`, []any{id, number},
			one(&moved, &toThread, &toNumber)},
	}
	if err := s.read(ctx, queries...); err != nil {
		return forum.Thread{}, forum.Post{}, fmt.Errorf("post %d of thread %d: %w", number, id, err)
	}
	switch {
	case moved && toThread != 0:
		return s.Post(ctx, reader, toThread, toNumber)
	case !found, len(posts) == 0:
		return forum.Thread{}, forum.Post{}, forum.ErrNotFound
	}
	return thread, posts[0], nil
}

// UserPosts returns a person's posts that the reader may see in lists, newest first.
func (s *Store) UserPosts(ctx context.Context, reader forum.Visibility, author forum.UserID, before forum.Cursor, limit int) ([]forum.Post, forum.Cursor, error) {
	var posts []forum.Post
	args := readerArgs(reader, author, int64(limit+1))
	older := ""
	if before != (forum.Cursor{}) {
		older = ` AND (p.created_at, p.thread_id * 2147483648 + p.number) < ($5, $6) `
		args = append(args, before.At, before.ID)
	}
	err := s.read(ctx, Query{`SELECT ` + listedPostColumns + ` FROM ` + postTables + `
		WHERE p.author_id = $3 AND p.state = 'visible' AND ` + listsThread + older + `
		ORDER BY p.created_at DESC, p.thread_id * 2147483648 + p.number DESC LIMIT $4`, args, appendPosts(&posts)})
	if err != nil {
		return nil, forum.Cursor{}, fmt.Errorf("posts of person %d: %w", author, err)
	}
	if len(posts) <= limit {
		return posts, forum.Cursor{}, nil
	}
	last := posts[limit-1]
	return posts[:limit], forum.Cursor{At: last.CreatedAt, ID: postID(last.Thread, last.Number)}, nil
}

// Revisions returns the earlier texts of a post that the reader sees.
func (s *Store) Revisions(ctx context.Context, reader forum.Visibility, id forum.ThreadID, number int64) ([]forum.Revision, error) {
	var revisions []forum.Revision
	found := false
	err := s.read(ctx,
		Query{`SELECT 1 FROM ` + postTables + ` WHERE p.thread_id = $3 AND p.number = $4 AND ` + seesThread + ` AND ` + seesPost,
			readerArgs(reader, id, number), one(&found)},
		Query{`SELECT r.revision, r.editor_id, coalesce(u.name, r.editor_name), r.body, r.created_at
			FROM revisions r LEFT JOIN users u ON u.id = r.editor_id
			WHERE r.thread_id = $1 AND r.number = $2 ORDER BY r.revision`,
			[]any{id, number}, func(row Row) error {
				var r forum.Revision
				err := scan(row, &r.Revision, &r.Editor.ID, &r.Editor.Name, &r.Body, &r.CreatedAt)
				revisions = append(revisions, r)
				return err
			}})
	switch {
	case err != nil:
		return nil, fmt.Errorf("revisions of post %d of thread %d: %w", number, id, err)
	case !found:
		return nil, forum.ErrNotFound
	}
	return revisions, nil
}

// CreatePost appends a post.
func (s *Store) CreatePost(ctx context.Context, change forum.Change, new forum.Post) (forum.Receipt, error) {
	return s.combine(ctx, change, len(new.Body)+len(new.HTML), func(t *tx) (forum.Receipt, error) {
		thread, err := t.thread(change.Thread)
		if err != nil {
			return forum.Receipt{}, err
		}
		post := new
		post.CreatedAt = t.stamp(thread)
		if err := t.appendPost(thread, &post); err != nil {
			return forum.Receipt{}, err
		}
		return thread.receipt(post.Number, post.CreatedAt), nil
	})
}

// appendPost gives a post the thread's next number (or keeps an imported one), stores and counts it.
func (t *tx) appendPost(thread *thread, post *forum.Post) error {
	post.Thread, post.Number = thread.ID, max(post.Number, thread.NextNumber)
	thread.NextNumber = post.Number + 1
	late := post.CreatedAt.Before(thread.LastStampedAt)
	if !late {
		thread.LastStampedAt = post.CreatedAt
	}
	t.touch(thread)
	post.Version = thread.Version
	err := t.later(`
		INSERT INTO posts (thread_id, number, author_id, author_name, reply_thread_id, reply_number,
			created_at, late, edited_at, version, text_version, html_version, body, html)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)`,
		thread.ID, post.Number, post.Author.ID, bareName(post.Author), post.ReplyThread, number(post.ReplyNumber),
		post.CreatedAt, late, post.EditedAt, post.Version, post.HTMLVersion, post.Body, post.HTML)
	if err != nil {
		return err
	}
	t.count(1, forum.PostContribution(post, &thread.Thread))
	thread.showPost(post)
	return t.queueText(thread.ID, post.Number)
}

// showPost takes a post that is visible now into what the thread says of its visible posts.
func (thread *thread) showPost(post *forum.Post) {
	if post.State != forum.Visible {
		return
	}
	first := thread.FirstNumber == 0
	if first || post.Number < thread.FirstNumber {
		thread.FirstNumber = post.Number
	}
	if post.Number > thread.LastNumber {
		thread.LastNumber, thread.LastAuthor = post.Number, post.Author
	}
	if first || post.CreatedAt.After(thread.LastActivityAt) {
		thread.LastActivityAt = post.CreatedAt
	}
}

// unshowPost finds anew what the thread says of its visible posts, after one that is stored as
// not visible any more. Last activity then moves back.
func (t *tx) unshowPost(thread *thread, post *forum.Post) error {
	id := []any{thread.ID}
	if post.Number == thread.FirstNumber {
		thread.FirstNumber = 0
		err := t.conn.Query(`SELECT number FROM posts WHERE thread_id = $1 AND state = 'visible' ORDER BY number LIMIT 1`, id,
			func(row Row) error { return scan(row, &thread.FirstNumber) })
		if err != nil {
			return err
		}
	}
	if post.Number == thread.LastNumber {
		thread.LastNumber, thread.LastAuthor = 0, forum.Author{}
		err := t.conn.Query(`SELECT number, author_id, author_name FROM posts WHERE thread_id = $1 AND state = 'visible' ORDER BY number DESC LIMIT 1`, id,
			func(row Row) error {
				return scan(row, &thread.LastNumber, &thread.LastAuthor.ID, &thread.LastAuthor.Name)
			})
		if err != nil {
			return err
		}
	}
	if !post.CreatedAt.Before(thread.LastActivityAt) {
		return t.conn.Query(`SELECT coalesce(max(created_at), $2) FROM (
				SELECT created_at FROM (SELECT created_at FROM posts WHERE thread_id = $1 AND state = 'visible' AND NOT late
					ORDER BY number DESC LIMIT 1) AS in_order
				UNION ALL
				SELECT created_at FROM (SELECT created_at FROM posts WHERE thread_id = $1 AND state = 'visible' AND late
					ORDER BY created_at DESC LIMIT 1) AS late
			) AS latest`, []any{thread.ID, thread.CreatedAt},
			func(row Row) error { return scan(row, &thread.LastActivityAt) })
	}
	return nil
}

// post reads a post's row, without its texts, under its thread's lock.
func (t *tx) post(id forum.ThreadID, number int64) (forum.Post, error) {
	var post forum.Post
	found := false
	err := t.conn.Query(`SELECT `+lockedPostColumns+` FROM posts p WHERE p.thread_id = $1 AND p.number = $2`,
		[]any{id, number}, one(&found, lockedPostDest(&post)...))
	if err == nil && !found {
		err = forum.ErrNotFound
	}
	return post, err
}

// postToChange reads a thread and a post of it, and asks the decision again of both.
func (t *tx) postToChange(change forum.Change, number int64, still forum.Still) (*thread, forum.Post, error) {
	thread, err := t.thread(change.Thread)
	if err != nil {
		return nil, forum.Post{}, err
	}
	if err := t.flushPost(change.Thread, number); err != nil {
		return nil, forum.Post{}, err
	}
	post, err := t.post(change.Thread, number)
	if err != nil {
		return nil, forum.Post{}, err
	}
	asked := thread.Thread
	if asked.Category.Access, err = t.access(change); err != nil {
		return nil, forum.Post{}, err
	}
	return thread, post, still(&asked, &post)
}

// flushPost writes the counters gathered so far where one of this post is among them: its row is
// about to be read.
func (t *tx) flushPost(id forum.ThreadID, number int64) error {
	for counter, n := range t.counts {
		if n != 0 && counter.Of == forum.OfPost && counter.A == int64(id) && counter.B == number {
			return t.flushThreads()
		}
	}
	return nil
}

// access is what the one who changes something may do in the category, as it stands now.
func (t *tx) access(change forum.Change) (forum.Access, error) {
	var access forum.Access
	err := t.conn.Query(`
		SELECT a.see, a.reply, a.start, a.moderate FROM category_access a
		WHERE a.category_id = $1 AND a.role = $2`, []any{change.Category, change.Role},
		func(row Row) error { return scan(row, &access.See, &access.Reply, &access.Start, &access.Moderate) })
	return access, err
}

// EditPost replaces the text and keeps the earlier one as a revision.
func (s *Store) EditPost(ctx context.Context, change forum.Change, new forum.Post, ifVersion int64, still forum.Still) (forum.Receipt, error) {
	return s.combine(ctx, change, len(new.Body)+len(new.HTML), func(t *tx) (forum.Receipt, error) {
		thread, post, err := t.postToChange(change, new.Number, still)
		if err != nil {
			return forum.Receipt{}, err
		}
		if ifVersion != 0 && post.TextVersion > ifVersion {
			return forum.Receipt{}, errVersion
		}
		return t.editPost(thread, &post, new, change.Actor)
	})
}

func (t *tx) editPost(thread *thread, post *forum.Post, new forum.Post, editor forum.UserID) (forum.Receipt, error) {
	same := false
	err := t.conn.Query(`SELECT body = $3 FROM posts WHERE thread_id = $1 AND number = $2`, []any{thread.ID, post.Number, new.Body},
		func(row Row) error { return scan(row, &same) })
	if err != nil || same {
		return thread.receipt(post.Number, t.now), err
	}
	_, err = t.exec(`
		INSERT INTO revisions (thread_id, number, revision, editor_id, editor_name, body, created_at)
		SELECT thread_id, number, $3, coalesce(edited_by, author_id), author_name, body, coalesce(edited_at, created_at)
		FROM posts WHERE thread_id = $1 AND number = $2`, thread.ID, post.Number, post.Revisions+1)
	if err != nil {
		return forum.Receipt{}, err
	}
	t.touch(thread)
	_, err = t.exec(`
		UPDATE posts SET body = $3, html = $4, html_version = $5, edited_at = $6, edited_by = $7, version = $8
		WHERE thread_id = $1 AND number = $2`,
		thread.ID, post.Number, new.Body, new.HTML, new.HTMLVersion, t.now, editor, thread.Version)
	if err != nil {
		return forum.Receipt{}, err
	}
	t.count(1, []forum.Count{{Counter: forum.Counter{Of: forum.OfPost, A: int64(thread.ID), B: post.Number, Column: forum.Revisions}, N: 1}})
	return thread.receipt(post.Number, t.now), t.textChanged(thread, post.Number)
}

// MarkPost sets or clears a mark of a post.
func (s *Store) MarkPost(ctx context.Context, change forum.Change, number int64, at time.Time, choose forum.Choice) (forum.Receipt, error) {
	return s.combine(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		var mark forum.Mark
		thread, post, err := t.postToChange(change, number, func(thread *forum.Thread, post *forum.Post) (err error) {
			mark, err = choose(thread, post)
			return err
		})
		if err != nil {
			return forum.Receipt{}, err
		}
		marks, changed := post.Marks.With(mark, change.Actor, at)
		if !changed {
			return thread.receipt(number, t.now), nil
		}
		if err := t.markPost(thread, post, marks); err != nil {
			return forum.Receipt{}, err
		}
		return thread.receipt(number, t.now), nil
	})
}

// markPost gives a post new marks, and moves every number that follows from its state.
func (t *tx) markPost(thread *thread, before forum.Post, marks forum.Marks) error {
	after := before
	after.Marks, after.State = marks, marks.State()
	t.touch(thread)
	changed, err := t.exec(`
		UPDATE posts SET state = $3, version = $4,
			flag_hidden_at = $5, mod_hidden_at = $6, mod_hidden_by = $7, author_deleted_at = $8, mod_deleted_at = $9, mod_deleted_by = $10
		WHERE thread_id = $1 AND number = $2 AND state = $11`,
		thread.ID, after.Number, after.State, thread.Version,
		marks.FlagHiddenAt, marks.ModHiddenAt, marks.ModHiddenBy, marks.AuthorDeletedAt, marks.ModDeletedAt, marks.ModDeletedBy,
		before.State)
	switch {
	case err != nil:
		return err
	case changed != 1:
		return fmt.Errorf("post %d of thread %d is not as it was read under its lock", after.Number, thread.ID)
	}
	t.move(forum.PostContribution(&before, &thread.Thread), forum.PostContribution(&after, &thread.Thread))
	switch {
	case before.State == forum.Visible && after.State != forum.Visible:
		return t.unshowPost(thread, &after)
	case after.State == forum.Visible:
		thread.showPost(&after)
	}
	return nil
}

// postID is a post's address as one number, in the order of addresses.
func postID(thread forum.ThreadID, number int64) int64 { return int64(thread)<<31 | number }

// textChanged says that the words of a post are other ones: it is indexed again, and not found by the old ones.
func (t *tx) textChanged(thread *thread, number int64) error {
	_, err := t.exec(`UPDATE posts SET text_version = $3, version = $3 WHERE thread_id = $1 AND number = $2`, thread.ID, number, thread.Version)
	if err != nil {
		return err
	}
	return t.queueText(thread.ID, number)
}

// queueText asks for a post to be indexed, in the same transaction.
func (t *tx) queueText(thread forum.ThreadID, number int64) error {
	return t.later(`INSERT INTO search_queue (thread_id, number) VALUES ($1, $2)`, thread, number)
}
