package store_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

// distant is an engine that batches guess of.
type distant struct{ store.Engine }

func (distant) Lanes() int { return 2 }

// What somebody read of a thread is remembered as one who locks it would have read it, whatever they may not see.
func TestReadIsRemembered(t *testing.T) {
	t.Parallel()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "folkmoot.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t, distant{engine})
	defer s.Close()
	if _, err := s.Write(t.Context(), "", func(t store.Tx) error {
		for _, text := range []string{
			`INSERT INTO users (id, name, folded, role, state, created_at) VALUES (11, 'Ann', 'ann', 'member', 'active', 1), (12, 'Bob', 'bob', 'member', 'active', 1)`,
			`INSERT INTO categories (id, name, slug, position, created_at) VALUES (13, 'General', 'general-13', 9, 1)`,
			`INSERT INTO category_access (category_id, role, see, reply, start, moderate) VALUES (13, 'member', 1, 1, 1, 0)`,
			`INSERT INTO threads (id, category_id, author_id, title, slug, state, unlisted_at, unlisted_by, pinned_at, locked_at,
				posts_visible, posts_hidden, posts_deleted, reactions, next_number, first_post_number, last_post_number, last_author_id,
				last_activity_at, last_stamped_at, solution_number, created_at, version, changed_version, rev)
				VALUES (14, 13, 11, 'Which saddle?', 'which-saddle', 'unlisted', 2, 12, 3, 4, 5, 6, 7, 8, 19, 1, 18, 12, 9, 10, 2, 1, 30, 29, 28)`,
			`INSERT INTO tags (id, name) VALUES (15, 'saddles')`,
			`INSERT INTO thread_tags (thread_id, tag_id) VALUES (14, 15)`,
			`INSERT INTO thread_views (thread_id, n) VALUES (14, 16)`,
		} {
			if err := t.Exec(text); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	read, err := s.Thread(t.Context(), forum.Visibility{Role: forum.Member, User: 12}, 14)
	if err != nil {
		t.Fatal(err)
	}
	if read.Posts[forum.Hidden] != 0 || read.LastAuthor.Name != "Bob" || len(read.Tags) != 1 {
		t.Errorf("read as %+v", read)
	}
	want, err := s.Locked(t.Context(), 14)
	if err != nil {
		t.Fatal(err)
	}
	got, known := s.Remembered(14)
	if diff := cmp.Diff(want, got); diff != "" || !known {
		t.Errorf("remembered: %v (-as locked +as remembered):\n%s", known, diff)
	}
}
