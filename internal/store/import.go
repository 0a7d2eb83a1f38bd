package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"folkmoot/internal/forum"
)

// imported looks up what an earlier import made of a key; 0 where none did.
func (t *tx) imported(source, key string) (int64, error) {
	var id int64
	err := t.conn.Query(`SELECT made_id FROM imported WHERE source = $1 AND key = $2`, []any{source, key}, func(row Row) error { return scan(row, &id) })
	return id, err
}

// remember keeps what was made of a key, and where its old addresses lead.
func (t *tx) remember(source, key string, id int64, paths []string, to forum.Address, user forum.UserID) error {
	if _, err := t.exec(`INSERT INTO imported (source, key, made_id) VALUES ($1, $2, $3)`, source, key, id); err != nil {
		return err
	}
	for _, path := range paths {
		if err := t.redirect(path, to, user, 0); err != nil {
			return err
		}
	}
	return nil
}

// redirect makes an old address lead somewhere; the first to claim it keeps it.
func (t *tx) redirect(path string, to forum.Address, user forum.UserID, tag forum.TagID) error {
	_, err := t.exec(`INSERT INTO redirects (path, thread_id, number, user_id, tag_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (path) DO NOTHING`,
		path, to.Thread, number(to.Number), user, tag)
	return err
}

// ImportCategory returns the category of that key, which it makes where it is missing.
func (s *Store) ImportCategory(ctx context.Context, source, key string, category forum.Category) (forum.CategoryID, error) {
	receipt, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		id, err := t.imported(source, key)
		if err != nil || id != 0 {
			return forum.Receipt{ID: id}, err
		}
		made, err := t.insertCategory(category, nil)
		if err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{ID: int64(made)}, t.remember(source, key, int64(made), nil, forum.Address{}, 0)
	})
	return forum.CategoryID(receipt.ID), err
}

// ImportUsers makes those people that are missing.
func (s *Store) ImportUsers(ctx context.Context, source string, users []forum.UserImport) (forum.ImportResult, error) {
	var result forum.ImportResult
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		result = forum.ImportResult{}
		for _, user := range users {
			id, err := t.imported(source, user.Key)
			if err == nil && id == 0 {
				result.Made++
				err = t.importUser(source, user)
			} else {
				result.Present++
			}
			if err != nil {
				return forum.Receipt{}, fmt.Errorf("person %s: %w", user.Key, err)
			}
		}
		return forum.Receipt{}, nil
	})
	return result, err
}

// importUser makes a person; a name that is taken gets the first number behind it that makes it unique.
func (t *tx) importUser(source string, in forum.UserImport) error {
	name := in.User.Name
	for n := 2; ; n++ {
		id, err := t.insertUser(in.User, in.Fold(in.User.Name), "")
		if err == nil {
			return t.remember(source, in.Key, int64(id), in.Paths, forum.Address{}, id)
		}
		if !errors.Is(err, errNameTaken) {
			return err
		}
		in.User.Name = fmt.Sprintf("%s%d", name, n)
	}
}

// ImportThreads makes those threads that are missing, and brings the others up to date.
func (s *Store) ImportThreads(ctx context.Context, source string, category forum.CategoryID, threads []forum.ThreadImport) (forum.ImportResult, error) {
	var result forum.ImportResult
	bytes := 0
	for i := range threads {
		size, err := checkImport(&threads[i])
		if err != nil {
			return forum.ImportResult{}, fmt.Errorf("thread %s: %w", threads[i].Key, err)
		}
		bytes += size
	}
	_, err := s.write(ctx, forum.Change{}, bytes, func(t *tx) (forum.Receipt, error) {
		result = forum.ImportResult{}
		for _, in := range threads {
			im := threadImport{tx: t, source: source, in: in, result: &result}
			if err := im.run(category); err != nil {
				return forum.Receipt{}, fmt.Errorf("thread %s: %w", in.Key, err)
			}
		}
		return forum.Receipt{}, nil
	})
	if err != nil {
		return forum.ImportResult{}, err
	}
	return result, nil
}

// checkImport refuses a thread without posts, and replies to none that came before. It returns
// the size of the texts.
func checkImport(in *forum.ThreadImport) (bytes int, err error) {
	if len(in.Posts) == 0 {
		return 0, &forum.Error{Kind: forum.Invalid, Message: "a thread needs a post"}
	}
	for i, post := range in.Posts {
		if to := post.Post.ReplyNumber; to < 0 || to > int64(i) {
			return 0, &forum.Error{Kind: forum.Invalid, Message: fmt.Sprintf("post %s answers none that came before", post.Key)}
		}
		bytes += len(post.Post.Body) + len(post.Post.HTML)
		for _, revision := range post.Revisions {
			bytes += len(revision.Revision.Body)
		}
	}
	return bytes, nil
}

// threadImport is a thread of a source on its way in.
type threadImport struct {
	*tx
	source string
	in     forum.ThreadImport
	into   *thread
	first  forum.Address   // where its first post is here
	places []forum.Address // where in.Posts are here, as far as they have come
	result *forum.ImportResult
}

func (im *threadImport) run(category forum.CategoryID) error {
	var known bool
	var err error
	if im.first, known, err = im.placeOf(im.source, im.in.Key); err != nil {
		return err
	}
	if known {
		err = im.resume(im.first)
	} else {
		err = im.begin(category)
	}
	if err != nil {
		return err
	}
	for i := range im.in.Posts {
		if err := im.bring(&im.in.Posts[i], known); err != nil {
			return fmt.Errorf("post %s: %w", im.in.Posts[i].Key, err)
		}
	}
	return nil
}

// begin makes the thread, without posts.
func (im *threadImport) begin(category forum.CategoryID) error {
	new, first := im.in.Thread, im.in.Posts[0]
	new.CategoryID = category
	var err error
	if new.Author, err = im.person(first.AuthorKey, first.Post.Author); err != nil {
		return err
	}
	if im.into, err = im.insertThread(new, im.in.Tags, first.Post.CreatedAt); err != nil {
		return err
	}
	if new.Views > 0 {
		if _, err := im.exec(`INSERT INTO thread_views (thread_id, n) VALUES ($1, $2)`, im.into.ID, new.Views); err != nil {
			return err
		}
	}
	im.first = forum.Address{Thread: im.into.ID, Number: 1}
	return im.remember(im.source, im.in.Key, int64(im.into.ID), im.in.Paths, im.first, 0)
}

// resume takes up a known thread, which keeps the title and the tags that it has; or one that
// goes on from a post that came as another's reply then.
func (im *threadImport) resume(at forum.Address) (err error) {
	if im.into, err = im.thread(at.Thread); err != nil || at.Number > 1 {
		return err
	}
	id := at.Thread
	if im.into.Title != im.in.Thread.Title {
		im.leave(forum.Left{Key: im.in.Key, Title: im.in.Thread.Title})
	}
	tags := map[string]bool{}
	err = im.conn.Query(`SELECT g.name FROM thread_tags tt JOIN tags g ON g.id = tt.tag_id WHERE tt.thread_id = $1`, []any{id},
		func(row Row) error {
			tags[row.Text(0)] = true
			return nil
		})
	for _, tag := range im.in.Tags {
		if !tags[tag] {
			im.leave(forum.Left{Key: im.in.Key, Tag: tag})
		}
	}
	return err
}

func (im *threadImport) leave(left forum.Left) { im.result.Left = append(im.result.Left, left) }

// bring makes a post or, where it is known, brings it up to date. The first post is known by its thread.
func (im *threadImport) bring(in *forum.PostImport, threadKnown bool) (err error) {
	place, known := im.first, threadKnown
	if len(im.places) > 0 {
		place, known, err = im.placeOf(im.source, in.Key)
	}
	switch {
	case err != nil:
		return err
	case known:
		im.result.Present++
		err = im.update(place, in)
	default:
		im.result.Made++
		place, err = im.add(in)
	}
	im.places = append(im.places, place)
	return err
}

// placeOf looks up where an earlier import put a post. It is remembered by its postID, one that
// began a thread by that.
func (t *tx) placeOf(source, key string) (place forum.Address, known bool, err error) {
	id, err := t.imported(source, key)
	if id>>31 == 0 {
		return forum.Address{Thread: forum.ThreadID(id), Number: 1}, id != 0, err
	}
	return forum.Address{Thread: forum.ThreadID(id >> 31), Number: id & (1<<31 - 1)}, true, err
}

// person is who stands behind a key, or else a bare name.
func (im *threadImport) person(key string, named forum.Author) (forum.Author, error) {
	if key == "" {
		return named, nil
	}
	id, err := im.imported(im.source, key)
	named.ID = forum.UserID(id)
	return named, err
}

// add appends a post.
func (im *threadImport) add(in *forum.PostImport) (place forum.Address, err error) {
	post, into := in.Post, im.into
	if post.Author, err = im.person(in.AuthorKey, post.Author); err != nil {
		return place, err
	}
	if post.ReplyNumber != 0 {
		parent := im.places[post.ReplyNumber-1]
		post.ReplyThread, post.ReplyNumber = parent.Thread, parent.Number
		if into, err = im.thread(parent.Thread); err != nil { // which an earlier import may have put elsewhere
			return place, err
		}
	}
	if post.Solution && into.SolutionNumber == 0 {
		into.SolutionNumber = into.NextNumber
	} else if post.Solution {
		im.leave(forum.Left{Key: in.Key, Solution: true})
	}
	if err := im.appendPost(into, &post); err != nil {
		return place, err
	}
	if err := im.addRevisions(&post, in.Revisions); err != nil {
		return place, err
	}
	if err := im.setEditor(&post, in.EditorKey); err != nil {
		return place, err
	}
	if err := im.setReactions(into, post, nil, in.Post.Reactions); err != nil {
		return place, err
	}
	place = forum.Address{Thread: into.ID, Number: post.Number}
	return place, im.rememberPost(in, place)
}

func (im *threadImport) rememberPost(in *forum.PostImport, place forum.Address) error {
	if len(im.places) > 0 {
		return im.remember(im.source, in.Key, postID(place.Thread, place.Number), in.Paths, place, 0)
	}
	for _, path := range in.Paths {
		if err := im.redirect(path, place, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// addRevisions stores earlier texts of a post after those that it has, and counts them.
func (im *threadImport) addRevisions(post *forum.Post, revisions []forum.RevisionImport) error {
	for _, in := range revisions {
		editor, err := im.person(in.EditorKey, in.Revision.Editor)
		if err != nil {
			return err
		}
		post.Revisions++
		_, err = im.exec(`INSERT INTO revisions (thread_id, number, revision, editor_id, editor_name, body, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			post.Thread, post.Number, post.Revisions, editor.ID, bareName(editor), in.Revision.Body, in.Revision.CreatedAt)
		if err != nil {
			return err
		}
		im.countRevision(post)
	}
	return nil
}

func (im *threadImport) countRevision(post *forum.Post) {
	im.count(1, []forum.Count{{Counter: forum.Counter{Of: forum.OfPost, A: int64(post.Thread), B: post.Number, Column: forum.Revisions}, N: 1}})
}

// setEditor says who wrote the present text.
func (im *threadImport) setEditor(post *forum.Post, key string) error {
	editor, err := im.person(key, forum.Author{})
	if err != nil || editor.ID == 0 {
		return err
	}
	_, err = im.exec(`UPDATE posts SET edited_by = $3 WHERE thread_id = $1 AND number = $2`, post.Thread, post.Number, editor.ID)
	return err
}

// update brings a known post up to date.
func (im *threadImport) update(place forum.Address, in *forum.PostImport) error {
	into, err := im.thread(place.Thread)
	if err != nil {
		return err
	}
	if err := im.flushPost(place.Thread, place.Number); err != nil {
		return err
	}
	post, err := im.post(place.Thread, place.Number)
	if err != nil {
		return err
	}
	version := into.Version
	if err := im.updateTexts(into, post, in); err != nil {
		return err
	}
	if err := im.updateReactions(into, post, in.Post.Reactions); err != nil {
		return err
	}
	if err := im.updateSolution(into, post, in); err != nil {
		return err
	}
	if into.Version != version {
		im.result.Updated++
	}
	return nil
}

// updateTexts appends the texts that a known post was given at the source since. Texts are told
// apart by when they were written. A post that was changed here keeps the texts it has.
func (im *threadImport) updateTexts(into *thread, post forum.Post, in *forum.PostImport) error {
	written := in.Post.EditedAt
	if written.IsZero() {
		written = in.Post.CreatedAt
	}
	texts := append(slices.Clone(in.Revisions), forum.RevisionImport{Revision: forum.Revision{CreatedAt: written}})
	present := presentText(&post, texts)
	switch present {
	case -1:
		return im.leaveTexts(&post, in.Key, texts)
	case len(texts) - 1:
		return nil
	}
	_, err := im.exec(`
		INSERT INTO revisions (thread_id, number, revision, editor_id, editor_name, body, created_at)
		SELECT thread_id, number, $3, coalesce(edited_by, author_id), author_name, body, coalesce(edited_at, created_at)
		FROM posts WHERE thread_id = $1 AND number = $2`, post.Thread, post.Number, post.Revisions+1)
	if err != nil {
		return err
	}
	post.Revisions++
	im.countRevision(&post)
	if err := im.addRevisions(&post, in.Revisions[present+1:]); err != nil {
		return err
	}
	_, err = im.exec(`
		UPDATE posts SET body = $3, html = $4, html_version = $5, edited_at = $6, edited_by = NULL
		WHERE thread_id = $1 AND number = $2`,
		post.Thread, post.Number, in.Post.Body, in.Post.HTML, in.Post.HTMLVersion, in.Post.EditedAt)
	if err != nil {
		return err
	}
	if err := im.setEditor(&post, in.EditorKey); err != nil {
		return err
	}
	im.touch(into)
	return im.textChanged(into, post.Number)
}

// presentText finds which of a source's texts a post has now; -1 where it is none of them.
func presentText(post *forum.Post, texts []forum.RevisionImport) int {
	for i := len(texts) - 1; i >= 0; i-- {
		at := texts[i].Revision.CreatedAt
		if at.Equal(post.EditedAt) || post.EditedAt.IsZero() && !at.After(post.CreatedAt) {
			return i
		}
	}
	return -1
}

// leaveTexts says which of a source's texts a post has neither had.
func (im *threadImport) leaveTexts(post *forum.Post, key string, texts []forum.RevisionImport) error {
	had := map[int64]bool{}
	err := im.conn.Query(`SELECT created_at FROM revisions WHERE thread_id = $1 AND number = $2`, []any{post.Thread, post.Number},
		func(row Row) error {
			had[row.Int64(0)] = true
			return nil
		})
	for _, text := range texts {
		if at := text.Revision.CreatedAt; !had[at.UnixMicro()] {
			im.leave(forum.Left{Key: key, Text: at})
		}
	}
	return err
}

func (im *threadImport) updateReactions(into *thread, post forum.Post, given []forum.ReactionCount) error {
	var stored []forum.ReactionCount
	err := im.conn.Query(`SELECT kind, n FROM imported_reactions WHERE thread_id = $1 AND number = $2 ORDER BY kind`, []any{post.Thread, post.Number},
		func(row Row) error {
			stored = append(stored, forum.ReactionCount{Kind: row.Text(0), N: row.Int64(1)})
			return nil
		})
	if err != nil {
		return err
	}
	return im.setReactions(into, post, stored, given)
}

// setReactions puts reactions whose givers are not known in place of those stored, and counts
// them with the post.
func (im *threadImport) setReactions(into *thread, before forum.Post, stored, given []forum.ReactionCount) error {
	type change struct{ was, is int64 }
	kinds := map[string]change{}
	for _, reaction := range stored {
		kinds[reaction.Kind] = change{was: reaction.N}
	}
	for _, reaction := range given {
		kinds[reaction.Kind] = change{kinds[reaction.Kind].was, max(reaction.N, 0)}
	}
	after, changed := before, false
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		was, is := kinds[kind].was, kinds[kind].is
		if was == is {
			continue
		}
		if err := im.storeReactions(&after, kind, is); err != nil {
			return err
		}
		changed = true
		after.ReactionCount += is - was
		im.count(is-was, []forum.Count{{Counter: forum.Counter{Of: forum.OfPostReaction,
			A: int64(after.Thread), B: after.Number, Kind: kind, Column: forum.Number}, N: 1}})
	}
	if !changed {
		return nil
	}
	return im.reactionsChanged(into, before, after)
}

func (im *threadImport) storeReactions(post *forum.Post, kind string, n int64) error {
	text, args := `
		INSERT INTO imported_reactions (thread_id, number, kind, n) VALUES ($1, $2, $3, $4)
		ON CONFLICT (thread_id, number, kind) DO UPDATE SET n = excluded.n`, []any{post.Thread, post.Number, kind, n}
	if n == 0 {
		text, args = `DELETE FROM imported_reactions WHERE thread_id = $1 AND number = $2 AND kind = $3`, args[:3]
	}
	_, err := im.exec(text, args...)
	return err
}

// updateSolution makes a known post the solution, if its thread has none.
func (im *threadImport) updateSolution(into *thread, post forum.Post, in *forum.PostImport) error {
	switch {
	case !in.Post.Solution, into == im.into && into.SolutionNumber == post.Number:
		return nil
	case into != im.into, into.SolutionNumber != 0:
		im.leave(forum.Left{Key: in.Key, Solution: true})
		return nil
	}
	before := forum.PostContribution(&post, &into.Thread)
	into.SolutionNumber = post.Number
	im.move(before, forum.PostContribution(&post, &into.Thread))
	im.touch(into)
	_, err := im.exec(`UPDATE posts SET version = $3 WHERE thread_id = $1 AND number = $2`, post.Thread, post.Number, into.Version)
	return err
}

// ImportAttachments makes those files that are missing.
func (s *Store) ImportAttachments(ctx context.Context, source string, attachments []forum.ImportedAttachment) (forum.ImportResult, error) {
	var result forum.ImportResult
	bytes := 0
	for i := range attachments {
		bytes += len(attachments[i].Content)
	}
	_, err := s.write(ctx, forum.Change{}, bytes, func(t *tx) (forum.Receipt, error) {
		result = forum.ImportResult{}
		for i := range attachments {
			if err := t.importAttachment(source, &attachments[i], &result); err != nil {
				return forum.Receipt{}, fmt.Errorf("attachment %s: %w", attachments[i].Key, err)
			}
		}
		return forum.Receipt{}, nil
	})
	return result, err
}

func (t *tx) importAttachment(source string, in *forum.ImportedAttachment, result *forum.ImportResult) error {
	id, err := t.imported(source, in.Key)
	if err != nil || id != 0 {
		result.Present++
		return err
	}
	place, known, err := t.placeOf(source, in.Post)
	if err != nil {
		return err
	}
	if !known {
		return &forum.Error{Kind: forum.Invalid, Message: "its post is not here"}
	}
	into, err := t.thread(place.Thread)
	if err != nil {
		return err
	}
	t.touch(into)
	_, err = t.exec(`UPDATE posts SET version = $3 WHERE thread_id = $1 AND number = $2`, place.Thread, place.Number, into.Version)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT INTO attachments (thread_id, number, position, name, type, bytes, content)
		VALUES ($1, $2, (SELECT coalesce(max(f.position), 0) + 1 FROM attachments f WHERE f.thread_id = $1 AND f.number = $2), $3, $4, $5, $6)`,
		place.Thread, place.Number, in.Name, in.Type, int64(len(in.Content)), in.Content)
	if err != nil {
		return err
	}
	t.count(1, []forum.Count{{Counter: forum.Counter{Of: forum.OfPost, A: int64(place.Thread), B: place.Number, Column: forum.Attachments}, N: 1}})
	result.Made++
	return t.remember(source, in.Key, postID(place.Thread, place.Number), nil, forum.Address{}, 0)
}

// ImportRedirects makes old addresses lead to tags.
func (s *Store) ImportRedirects(ctx context.Context, paths map[string]forum.Address) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		for path, to := range paths {
			var tag forum.TagID
			err := t.conn.Query(`SELECT id FROM tags WHERE name = $1`, []any{to.Tag}, func(row Row) error { return scan(row, &tag) })
			if err != nil {
				return forum.Receipt{}, err
			}
			if tag == 0 && to.Thread == 0 {
				continue
			}
			if err := t.redirect(path, to, 0, tag); err != nil {
				return forum.Receipt{}, err
			}
		}
		return forum.Receipt{}, nil
	})
	return err
}
