package api

import (
	"context"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// markDeleted stands for the mark that fits who deletes, and for whatever restoring clears.
const markDeleted forum.Mark = "deleted"

// marksByName are the marks as addresses name them.
var marksByName = map[string]forum.Mark{
	"deleted":        markDeleted,
	"author_deleted": forum.MarkAuthorDeleted,
	"mod_deleted":    forum.MarkModDeleted,
	"hidden":         forum.MarkModHidden,
	"mod_hidden":     forum.MarkModHidden,
	"flag_hidden":    forum.MarkFlagHidden,
	"unlisted":       forum.MarkUnlisted,
	"pinned":         forum.MarkPinned,
	"locked":         forum.MarkLocked,
}

// onPosts are those of them that a post can have.
var onPosts = map[forum.Mark]bool{markDeleted: true, forum.MarkAuthorDeleted: true, forum.MarkModDeleted: true,
	forum.MarkModHidden: true, forum.MarkFlagHidden: true}

// setDeleted deletes or restores a post; the first stands for its thread.
func (s *server) setDeleted(ctx context.Context, thread forum.ThreadID, number int64, set bool, key string) (*answer[Changed], error) {
	if set {
		return s.changed(s.service.DeletePost(ctx, httpkit.ActorOf(ctx), thread, number, key))
	}
	return s.changed(s.service.RestorePost(ctx, httpkit.ActorOf(ctx), thread, number, key))
}

// marks names the marks that are set.
func marks(m *forum.Marks) []string {
	var names []string
	if !m.AuthorDeletedAt.IsZero() {
		names = append(names, string(forum.MarkAuthorDeleted))
	}
	if !m.ModDeletedAt.IsZero() {
		names = append(names, string(forum.MarkModDeleted))
	}
	if !m.ModHiddenAt.IsZero() {
		names = append(names, string(forum.MarkModHidden))
	}
	if !m.FlagHiddenAt.IsZero() {
		names = append(names, string(forum.MarkFlagHidden))
	}
	return names
}

func threadMarks(m *forum.ThreadMarks) []string {
	names := marks(&m.Marks)
	if !m.UnlistedAt.IsZero() {
		names = append(names, string(forum.MarkUnlisted))
	}
	return names
}
