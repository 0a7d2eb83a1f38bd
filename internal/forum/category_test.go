package forum_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"folkmoot/internal/forum"
)

var access = rapid.Custom(func(t *rapid.T) forum.Access {
	return forum.Access{See: rapid.Bool().Draw(t, "see"), Reply: rapid.Bool().Draw(t, "reply"),
		Start: rapid.Bool().Draw(t, "start"), Moderate: rapid.Bool().Draw(t, "moderate")}
})

// within reports whether a allows nothing that b does not.
func within(a, b forum.Access) bool {
	return (!a.See || b.See) && (!a.Reply || b.Reply) && (!a.Start || b.Start) && (!a.Moderate || b.Moderate)
}

// Down any chain of categories nothing is opened that was closed above, nor given to a role that
// it cannot be given to.
func TestEffectiveAccess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		above := map[forum.Role]forum.Access{}
		for _, role := range forum.Roles {
			above[role] = forum.Access{See: true, Reply: true, Start: true, Moderate: true}
		}
		for range rapid.IntRange(1, forum.MaxCategoryDepth).Draw(t, "depth") {
			own := forum.Permissions(rapid.MapOf(rapid.SampledFrom(forum.Roles[:3]), access).Draw(t, "own"))
			hidden := rapid.Bool().Draw(t, "hidden")
			for _, role := range forum.Roles {
				got := forum.EffectiveAccess(role, own, hidden, above[role])
				checkAccess(t, role, own, hidden, above[role], got)
				above[role] = got
			}
		}
	})
}

func checkAccess(t *rapid.T, role forum.Role, own forum.Permissions, hidden bool, above, got forum.Access) {
	t.Helper()
	all := forum.Access{See: true, Reply: true, Start: true, Moderate: true}
	given, set := own[role]
	switch {
	case role == forum.Admin:
		if got != all {
			t.Errorf("an administrator may only %+v", got)
		}
		return
	case !within(got, above):
		t.Errorf("%s: %+v below %+v", role, got, above)
	case set && !within(got, given):
		t.Errorf("%s: %+v, its own row says %+v", role, got, given)
	case !got.See && got != forum.Access{}:
		t.Errorf("%s: %+v without seeing it", role, got)
	case hidden && role != forum.Moderator && got.See:
		t.Errorf("%s sees what is hidden", role)
	case got.Moderate && role != forum.Moderator:
		t.Errorf("%s moderates", role)
	case role == forum.Visitor && (got.Reply || got.Start):
		t.Error("a visitor writes")
	}
	if want := given; set && !hidden && above == all && role == forum.Moderator && want.See && got != want {
		t.Errorf("a moderator may %+v where nothing stands against %+v", got, want)
	}
}

func TestDefaultAccess(t *testing.T) {
	for role, want := range map[forum.Role]forum.Access{
		forum.Visitor:   {See: true},
		forum.Member:    {See: true, Reply: true, Start: true},
		forum.Moderator: {See: true, Reply: true, Start: true, Moderate: true},
		forum.Admin:     {See: true, Reply: true, Start: true, Moderate: true},
	} {
		if got := forum.DefaultAccess(role); got != want {
			t.Errorf("%s: %+v, want %+v", role, got, want)
		}
	}
}

// Each category stands in the tree once, its total is the sum below it, and order is kept.
func TestCategoryTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []forum.Category
		for id := range rapid.IntRange(0, 12).Draw(t, "categories") {
			c := forum.Category{ID: forum.CategoryID(id + 1), ParentID: forum.CategoryID(rapid.IntRange(0, id).Draw(t, "parent"))}
			c.Counts.Posts[forum.Visible] = rapid.Int64Range(0, 9).Draw(t, "posts")
			c.Counts.Threads[forum.Hidden] = rapid.Int64Range(0, 9).Draw(t, "threads")
			all = append(all, c)
		}
		seen := slices.DeleteFunc(slices.Clone(all), func(forum.Category) bool { return rapid.Bool().Draw(t, "unseen") })
		var found []forum.CategoryID
		var total forum.CategoryCounts
		for _, top := range forum.CategoryTree(seen) {
			total = total.Plus(top.Total)
			found = append(found, checkBranch(t, top, 0)...)
		}
		var want []forum.CategoryID
		var sum forum.CategoryCounts
		for _, c := range seen {
			want = append(want, c.ID)
			sum = sum.Plus(c.Counts)
		}
		slices.Sort(found)
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("categories in the tree (-want +got):\n%s", diff)
		}
		if total != sum {
			t.Errorf("the tree counts %+v, its categories %+v", total, sum)
		}
	})
}

func checkBranch(t *rapid.T, node *forum.CategoryBranch, depth int) []forum.CategoryID {
	t.Helper()
	ids := []forum.CategoryID{node.ID}
	total := node.Counts
	for i, child := range node.Children {
		if child.ParentID != node.ID || i > 0 && child.ID <= node.Children[i-1].ID {
			t.Errorf("category %d at place %d below %d", child.ID, i, node.ID)
		}
		total = total.Plus(child.Total)
		ids = append(ids, checkBranch(t, child, depth+1)...)
	}
	if node.Depth != depth || node.Total != total {
		t.Errorf("category %d at depth %d counts %+v, want %d and %+v", node.ID, node.Depth, node.Total, depth, total)
	}
	return ids
}
