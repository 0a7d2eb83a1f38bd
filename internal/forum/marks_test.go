package forum_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"folkmoot/internal/forum"
)

// postMarks are those that a post can have.
var postMarks = []forum.Mark{forum.MarkAuthorDeleted, forum.MarkModDeleted, forum.MarkModHidden, forum.MarkFlagHidden}

// has tells which marks are set.
func has(m forum.Marks) map[forum.Mark]bool {
	return map[forum.Mark]bool{forum.MarkAuthorDeleted: !m.AuthorDeletedAt.IsZero(), forum.MarkModDeleted: !m.ModDeletedAt.IsZero(),
		forum.MarkModHidden: !m.ModHiddenAt.IsZero(), forum.MarkFlagHidden: !m.FlagHiddenAt.IsZero()}
}

// Setting and clearing touch one mark, the first who set it stays, and the gravest decides the state.
func TestMarks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m forum.Marks
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			mark := rapid.SampledFrom(postMarks).Draw(t, "mark")
			var at time.Time
			if rapid.Bool().Draw(t, "set") {
				at = time.Unix(int64(step+1), 0)
			}
			by := forum.UserID(step + 1)
			before := m
			after, changed := m.With(mark, by, at)
			if was := has(before)[mark]; changed != (was == at.IsZero()) {
				t.Fatalf("%s set %v, wanted %v: changed %v", mark, was, !at.IsZero(), changed)
			}
			if !changed && after != before {
				t.Fatalf("unchanged %+v became %+v", before, after)
			}
			for _, name := range postMarks {
				want := has(before)[name]
				if name == mark {
					want = !at.IsZero()
				}
				if has(after)[name] != want {
					t.Fatalf("%s: %s is %v", mark, name, !want)
				}
			}
			if back, _ := after.With(mark, by, time.Time{}); at.IsZero() == false && changed {
				if cleared, _ := before.With(mark, by, time.Time{}); back != cleared {
					t.Fatalf("set and cleared %+v became %+v", before, back)
				}
			}
			m = after
		}
		set := has(m)
		want := forum.Visible
		switch {
		case set[forum.MarkAuthorDeleted] || set[forum.MarkModDeleted]:
			want = forum.Deleted
		case set[forum.MarkModHidden] || set[forum.MarkFlagHidden]:
			want = forum.Hidden
		}
		if m.State() != want {
			t.Errorf("%+v is %s, want %s", m, m.State(), want)
		}
		only := set[forum.MarkAuthorDeleted] && !set[forum.MarkModDeleted] && !set[forum.MarkModHidden] && !set[forum.MarkFlagHidden]
		if m.DeletedByAuthorOnly() != only {
			t.Errorf("%+v: deleted by its author only %v, want %v", m, m.DeletedByAuthorOnly(), only)
		}
	})
}

func TestThreadState(t *testing.T) {
	at := time.Unix(1, 0)
	tests := []struct {
		name  string
		marks forum.ThreadMarks
		want  forum.State
	}{
		{"none", forum.ThreadMarks{}, forum.Visible},
		{"unlisted", forum.ThreadMarks{UnlistedAt: at}, forum.Unlisted},
		{"unlisted and hidden", forum.ThreadMarks{UnlistedAt: at, Marks: forum.Marks{ModHiddenAt: at}}, forum.Hidden},
		{"unlisted, hidden and deleted", forum.ThreadMarks{UnlistedAt: at, Marks: forum.Marks{FlagHiddenAt: at, AuthorDeletedAt: at}}, forum.Deleted},
	}
	for _, tt := range tests {
		if got := tt.marks.State(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestStates(t *testing.T) {
	for state := range forum.State(forum.StateCount) {
		if parsed, ok := forum.ParseState(state.String()); !ok || parsed != state {
			t.Errorf("%s parses as %s, %v", state, parsed, ok)
		}
		for other := range forum.State(forum.StateCount) {
			if got, want := forum.Effective(state, other), max(state, other); got != want {
				t.Errorf("%s in %s is %s, want %s", state, other, got, want)
			}
		}
	}
	if state, ok := forum.ParseState("gone"); ok {
		t.Errorf("gone parses as %s", state)
	}
}
