package store

import (
	"context"
	"errors"
	"fmt"

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

// ImportThreads makes those threads that are missing, whole.
func (s *Store) ImportThreads(ctx context.Context, source string, category forum.CategoryID, threads []forum.ThreadImport) (forum.ImportResult, error) {
	var result forum.ImportResult
	bytes := 0
	for _, thread := range threads {
		for _, post := range thread.Posts {
			bytes += len(post.Post.Body) + len(post.Post.HTML)
		}
	}
	_, err := s.write(ctx, forum.Change{}, bytes, func(t *tx) (forum.Receipt, error) {
		result = forum.ImportResult{}
		for _, thread := range threads {
			id, err := t.imported(source, thread.Key)
			switch {
			case err != nil:
			case id != 0:
				result.Present += int64(len(thread.Posts))
			default:
				result.Made += int64(len(thread.Posts))
				err = t.importThread(source, category, thread)
			}
			if err != nil {
				return forum.Receipt{}, fmt.Errorf("thread %s: %w", thread.Key, err)
			}
		}
		return forum.Receipt{}, nil
	})
	return result, err
}

func (t *tx) importThread(source string, category forum.CategoryID, in forum.ThreadImport) error {
	if len(in.Posts) == 0 {
		return &forum.Error{Kind: forum.Invalid, Message: "a thread needs a post"}
	}
	in.Thread.CategoryID = category
	author, err := t.importedAuthor(source, in.Posts[0])
	if err != nil {
		return err
	}
	in.Thread.Author = author
	thread, err := t.insertThread(in.Thread, in.Tags, in.Posts[0].Post.CreatedAt)
	if err != nil {
		return err
	}
	for i := range in.Posts {
		if err := t.importPost(source, thread, in.Posts[i]); err != nil {
			return fmt.Errorf("post %d: %w", i+1, err)
		}
	}
	if in.Thread.Views > 0 {
		if _, err := t.exec(`INSERT INTO thread_views (thread_id, n) VALUES ($1, $2)`, thread.ID, in.Thread.Views); err != nil {
			return err
		}
	}
	return t.remember(source, in.Key, int64(thread.ID), in.Paths, forum.Address{Thread: thread.ID, Number: 1}, 0)
}

func (t *tx) importedAuthor(source string, post forum.PostImport) (forum.Author, error) {
	author := post.Post.Author
	if post.AuthorKey == "" {
		return author, nil
	}
	id, err := t.imported(source, post.AuthorKey)
	author.ID = forum.UserID(id)
	return author, err
}

func (t *tx) importPost(source string, thread *thread, in forum.PostImport) error {
	post := in.Post
	var err error
	if post.Author, err = t.importedAuthor(source, in); err != nil {
		return err
	}
	if post.ReplyNumber != 0 {
		post.ReplyThread = thread.ID
	}
	if post.Solution {
		thread.SolutionNumber = max(post.Number, thread.NextNumber)
	}
	if err := t.appendPost(thread, &post); err != nil {
		return err
	}
	if err := t.importReactions(thread, post); err != nil {
		return err
	}
	for _, path := range in.Paths {
		if err := t.redirect(path, forum.Address{Thread: thread.ID, Number: post.Number}, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// importReactions stores reactions whose givers are not known, and counts them with the post.
func (t *tx) importReactions(thread *thread, post forum.Post) error {
	before, after := post, post
	before.ReactionCount, after.ReactionCount = 0, 0
	for _, reaction := range post.Reactions {
		if reaction.N <= 0 {
			continue
		}
		_, err := t.exec(`INSERT INTO imported_reactions (thread_id, number, kind, n) VALUES ($1, $2, $3, $4)`,
			thread.ID, post.Number, reaction.Kind, reaction.N)
		if err != nil {
			return err
		}
		after.ReactionCount += reaction.N
		t.count(reaction.N, []forum.Count{{Counter: forum.Counter{Of: forum.OfPostReaction,
			A: int64(thread.ID), B: post.Number, Kind: reaction.Kind, Column: forum.Number}, N: 1}})
	}
	if after.ReactionCount == 0 {
		return nil
	}
	return t.reactionsChanged(thread, before, after)
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
