package store

import (
	"context"

	"folkmoot/internal/forum"
)

// React sets the actor's one reaction to a post, or withdraws it.
func (s *Store) React(ctx context.Context, change forum.Change, number int64, kind string, still forum.Still) (forum.Receipt, error) {
	return s.combine(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		thread, post, err := t.postToChange(change, number, still)
		if err != nil {
			return forum.Receipt{}, err
		}
		if err := t.react(thread, post, change.Actor, kind); err != nil {
			return forum.Receipt{}, err
		}
		return thread.receipt(number, t.now), nil
	})
}

func (t *tx) react(thread *thread, before forum.Post, by forum.UserID, kind string) error {
	given := ""
	err := t.conn.Query(`SELECT kind FROM reactions WHERE thread_id = $1 AND number = $2 AND user_id = $3`,
		[]any{thread.ID, before.Number, by}, func(row Row) error { return scan(row, &given) })
	if err != nil || given == kind {
		return err
	}
	if err := t.storeReaction(thread.ID, before.Number, by, kind); err != nil {
		return err
	}
	after := before
	if given != "" {
		after.ReactionCount--
		t.count(-1, forum.ReactionContribution(thread.ID, before.Number, given, by))
	}
	if kind != "" {
		after.ReactionCount++
		t.count(1, forum.ReactionContribution(thread.ID, before.Number, kind, by))
	}
	return t.reactionsChanged(thread, before, after)
}

func (t *tx) storeReaction(id forum.ThreadID, number int64, by forum.UserID, kind string) error {
	if kind == "" {
		_, err := t.exec(`DELETE FROM reactions WHERE thread_id = $1 AND number = $2 AND user_id = $3`, id, number, by)
		return err
	}
	_, err := t.exec(`
		INSERT INTO reactions (thread_id, number, user_id, kind, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (thread_id, number, user_id) DO UPDATE SET kind = excluded.kind, created_at = excluded.created_at`,
		id, number, by, kind, t.now)
	return err
}

// reactionsChanged moves what a post counts for from its old number of reactions to its new one.
func (t *tx) reactionsChanged(thread *thread, before, after forum.Post) error {
	t.count(after.ReactionCount-before.ReactionCount, []forum.Count{{
		Counter: forum.Counter{Of: forum.OfPost, A: int64(thread.ID), B: after.Number, Column: forum.Reactions}, N: 1}})
	t.move(forum.PostContribution(&before, &thread.Thread), forum.PostContribution(&after, &thread.Thread))
	t.touch(thread)
	_, err := t.exec(`UPDATE posts SET version = $3 WHERE thread_id = $1 AND number = $2`, thread.ID, after.Number, thread.Version)
	return err
}
