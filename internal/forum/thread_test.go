package forum_test

import (
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// The decisions about one thread and post, by who asks and how things stand. Person 3 wrote both.
func TestDecisions(t *testing.T) {
	var (
		at        = time.Unix(1, 0)
		author    = forum.Actor{User: 3, Role: forum.Member}
		other     = forum.Actor{User: 4, Role: forum.Member}
		moderator = forum.Actor{User: 5, Role: forum.Moderator}
		visitor   = forum.Actor{}
	)
	type standing struct{ locked, deleted, hidden, readOnly bool }
	tests := []struct {
		name  string
		actor forum.Actor
		standing
		reply, rename, edit, react, hide, deleteOwn, deleteAs, restoreOwn string
	}{
		{"visitor", visitor, standing{}, "sign in", "sign in", "sign in", "sign in", "sign in", "sign in", "sign in", "sign in"},
		{"author", author, standing{}, "yes", "yes", "yes", "yes", "forbidden", "yes", "forbidden", "yes"},
		{"other", other, standing{}, "yes", "forbidden", "forbidden", "yes", "forbidden", "forbidden", "forbidden", "forbidden"},
		{"moderator", moderator, standing{}, "yes", "yes", "yes", "yes", "yes", "forbidden", "yes", "yes"},
		{"author, locked", author, standing{locked: true}, "conflict", "conflict", "conflict", "yes", "forbidden", "conflict", "forbidden", "conflict"},
		{"other, locked", other, standing{locked: true}, "conflict", "forbidden", "forbidden", "yes", "forbidden", "forbidden", "forbidden", "forbidden"},
		{"moderator, locked", moderator, standing{locked: true}, "yes", "yes", "yes", "yes", "yes", "forbidden", "yes", "yes"},
		{"author, thread deleted", author, standing{deleted: true}, "conflict", "conflict", "conflict", "conflict", "forbidden", "yes", "forbidden", "yes"},
		{"moderator, thread deleted", moderator, standing{deleted: true}, "conflict", "yes", "yes", "conflict", "yes", "forbidden", "yes", "yes"},
		{"moderator, thread hidden", moderator, standing{hidden: true}, "yes", "yes", "yes", "conflict", "yes", "forbidden", "yes", "yes"},
		{"author, read only", author, standing{readOnly: true}, "forbidden", "yes", "yes", "yes", "forbidden", "yes", "forbidden", "yes"},
	}
	for _, tt := range tests {
		thread := forum.Thread{ID: 7, Author: forum.Author{ID: 3}}
		thread.Category.Access = forum.DefaultAccess(tt.actor.EffectiveRole())
		thread.Category.Access.Reply = thread.Category.Access.Reply && !tt.readOnly
		if tt.locked {
			thread.LockedAt = at
		}
		if tt.deleted {
			thread.State, thread.Marks.AuthorDeletedAt = forum.Deleted, at
		}
		if tt.hidden {
			thread.State, thread.Marks.ModHiddenAt = forum.Hidden, at
		}
		post := forum.Post{Thread: 7, Number: 2, Author: forum.Author{ID: 3}}
		mark := func(name forum.Mark, set bool) string {
			onPost, onThread := forum.CanMarkPost(tt.actor, &thread, &post, name, set), forum.CanMarkThread(tt.actor, &thread, name, set)
			if allowed(onPost) != allowed(onThread) {
				t.Errorf("%s: %s of a post %s, of its thread %s", tt.name, name, allowed(onPost), allowed(onThread))
			}
			return allowed(onPost)
		}
		got := [8]string{allowed(forum.CanReply(tt.actor, &thread)), allowed(forum.CanEditThread(tt.actor, &thread)),
			allowed(forum.CanEditPost(tt.actor, &thread, &post)), allowed(forum.CanReact(tt.actor, &thread, &post)),
			mark(forum.MarkModHidden, true), mark(forum.MarkAuthorDeleted, true), mark(forum.MarkModDeleted, true), mark(forum.MarkAuthorDeleted, false)}
		want := [8]string{tt.reply, tt.rename, tt.edit, tt.react, tt.hide, tt.deleteOwn, tt.deleteAs, tt.restoreOwn}
		if got != want {
			t.Errorf("%s (reply, rename, edit, react, hide, delete own, delete as moderator, restore own):\n got %v\nwant %v", tt.name, got, want)
		}
	}
}

func TestMarksNobodySets(t *testing.T) {
	admin := forum.Actor{User: 1, Role: forum.Admin}
	thread := forum.Thread{Category: forum.Category{Access: forum.DefaultAccess(forum.Admin)}}
	for name, err := range map[string]error{
		"flags hide a thread": forum.CanMarkThread(admin, &thread, forum.MarkFlagHidden, true),
		"flags hide a post":   forum.CanMarkPost(admin, &thread, &forum.Post{}, forum.MarkFlagHidden, true),
		"a pinned post":       forum.CanMarkPost(admin, &thread, &forum.Post{}, forum.MarkPinned, true),
		"a locked post":       forum.CanMarkPost(admin, &thread, &forum.Post{}, forum.MarkLocked, true),
		"no such mark":        forum.CanMarkPost(admin, &thread, &forum.Post{}, "lost", true),
	} {
		if err == nil {
			t.Errorf("%s: an administrator may", name)
		}
	}
}

// Restoring clears the gravest mark that one may clear, the moderators' first.
func TestRestoringMark(t *testing.T) {
	at := time.Unix(1, 0)
	author, moderator, other := forum.Actor{User: 3}, forum.Actor{User: 5}, forum.Actor{User: 4}
	moderates := forum.Access{Moderate: true}
	all := forum.Marks{FlagHiddenAt: at, ModHiddenAt: at, AuthorDeletedAt: at, ModDeletedAt: at}
	tests := []struct {
		name   string
		actor  forum.Actor
		marks  forum.Marks
		access forum.Access
		want   forum.Mark
	}{
		{"moderator, all", moderator, all, moderates, forum.MarkModDeleted},
		{"moderator, the author's and hidden", moderator, forum.Marks{ModHiddenAt: at, AuthorDeletedAt: at}, moderates, forum.MarkAuthorDeleted},
		{"moderator, hidden", moderator, forum.Marks{ModHiddenAt: at, FlagHiddenAt: at}, moderates, forum.MarkModHidden},
		{"moderator, by flags", moderator, forum.Marks{FlagHiddenAt: at}, moderates, forum.MarkFlagHidden},
		{"moderator, none", moderator, forum.Marks{}, moderates, ""},
		{"author, all", author, all, forum.Access{}, forum.MarkAuthorDeleted},
		{"author, a moderator's", author, forum.Marks{ModDeletedAt: at, ModHiddenAt: at}, forum.Access{}, ""},
		{"other", other, all, forum.Access{}, ""},
	}
	for _, tt := range tests {
		if got := forum.RestoringMark(tt.actor, tt.marks, 3, tt.access); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if forum.DeletionMark(author, 3) != forum.MarkAuthorDeleted || forum.DeletionMark(moderator, 3) != forum.MarkModDeleted {
		t.Error("the author's deletion is the author's mark, and only theirs")
	}
}
