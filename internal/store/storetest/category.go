package storetest

import (
	"context"
	"slices"
	"testing"

	"folkmoot/internal/forum"
)

// mayAdminister is what all changes of categories and roles ask.
func (m *model) mayAdminister(by asker) error {
	if err := m.unable(by); err != nil {
		return err
	}
	if m.role(by) != forum.Admin {
		return refuse(forum.Forbidden)
	}
	return nil
}

// mayChange asks it for a category that must be there.
func (m *model) mayChange(by asker, id forum.CategoryID) error {
	if err := m.mayAdminister(by); err != nil {
		return err
	}
	if m.category(id) == nil {
		return refuse(forum.NotFound)
	}
	return nil
}

// createCategory makes a category behind its siblings.
type createCategory struct {
	by     asker
	parent forum.CategoryID
	name   string
	own    forum.Permissions
	key    string
}

func (tr createCategory) asker() asker { return tr.by }

func (tr createCategory) refused(m *model) error {
	if err := m.mayAdminister(tr.by); err != nil {
		return err
	}
	depth := 1
	for at := m.category(tr.parent); at != nil; at = m.category(at.parent) {
		depth++
	}
	if tr.parent != 0 && m.category(tr.parent) == nil || depth > forum.MaxCategoryDepth {
		return refuse(forum.Invalid)
	}
	return nil
}

func (tr createCategory) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	made, err := c.CreateCategory(ctx, actor, forum.NewCategory{ParentID: tr.parent, Name: tr.name, Permissions: tr.own, Key: tr.key})
	if err != nil {
		return forum.Receipt{}, err
	}
	return forum.Receipt{ID: int64(made.ID)}, nil
}

func (tr createCategory) done(m *model, receipt forum.Receipt) forum.Receipt {
	position := int64(1)
	for _, c := range m.categories {
		if c.parent == tr.parent {
			position = max(position, c.position+1)
		}
	}
	m.categories = append(m.categories, &category{id: forum.CategoryID(receipt.ID), parent: tr.parent, position: position, own: tr.own})
	return forum.Receipt{}
}

// editCategory renames a category.
type editCategory struct {
	by   asker
	id   forum.CategoryID
	name string
}

func (tr editCategory) asker() asker           { return tr.by }
func (tr editCategory) refused(m *model) error { return m.mayChange(tr.by, tr.id) }

func (tr editCategory) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	_, err := c.EditCategory(ctx, actor, tr.id, forum.NewCategory{Name: tr.name})
	return forum.Receipt{}, err
}

func (tr editCategory) done(*model, forum.Receipt) forum.Receipt { return forum.Receipt{} }

// hideCategory hides a category and all below it, or shows it again.
type hideCategory struct {
	by   asker
	id   forum.CategoryID
	hide bool
	key  string
}

func (tr hideCategory) asker() asker           { return tr.by }
func (tr hideCategory) refused(m *model) error { return m.mayChange(tr.by, tr.id) }

func (tr hideCategory) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	return forum.Receipt{}, c.HideCategory(ctx, actor, tr.id, tr.hide, tr.key)
}

func (tr hideCategory) done(m *model, _ forum.Receipt) forum.Receipt {
	m.category(tr.id).hidden = tr.hide
	return forum.Receipt{}
}

// moveCategory puts a category and all below it into another.
type moveCategory struct {
	by         asker
	id, parent forum.CategoryID
}

func (tr moveCategory) asker() asker { return tr.by }

func (tr moveCategory) refused(m *model) error {
	if err := m.mayChange(tr.by, tr.id); err != nil {
		return err
	}
	if tr.parent != 0 && m.category(tr.parent) == nil {
		return refuse(forum.Invalid)
	}
	if tr.parent == m.category(tr.id).parent {
		return nil
	}
	above := m.depth(tr.parent)
	for at := m.category(tr.parent); at != nil; at = m.category(at.parent) {
		if at.id == tr.id {
			return refuse(forum.Invalid)
		}
	}
	for _, c := range m.categories {
		below := 1
		for at := c; at != nil; at = m.category(at.parent) {
			if at.id == tr.id && above+below > forum.MaxCategoryDepth {
				return refuse(forum.Invalid)
			}
			below++
		}
	}
	return nil
}

// depth is how many categories there are from the top to one, itself included.
func (m *model) depth(id forum.CategoryID) int {
	depth := 0
	for at := m.category(id); at != nil; at = m.category(at.parent) {
		depth++
	}
	return depth
}

func (tr moveCategory) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	return forum.Receipt{}, c.MoveCategory(ctx, actor, tr.id, tr.parent, "")
}

func (tr moveCategory) done(m *model, _ forum.Receipt) forum.Receipt {
	moved := m.category(tr.id)
	if moved.parent == tr.parent {
		return forum.Receipt{}
	}
	moved.position = 1
	for _, c := range m.categories {
		if c.parent == tr.parent {
			moved.position = max(moved.position, c.position+1)
		}
	}
	moved.parent = tr.parent
	return forum.Receipt{}
}

// permit replaces a category's own permissions.
type permit struct {
	by  asker
	id  forum.CategoryID
	own forum.Permissions
}

func (tr permit) asker() asker           { return tr.by }
func (tr permit) refused(m *model) error { return m.mayChange(tr.by, tr.id) }

func (tr permit) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	return forum.Receipt{}, c.SetCategoryPermissions(ctx, actor, tr.id, tr.own, "")
}

func (tr permit) done(m *model, _ forum.Receipt) forum.Receipt {
	m.category(tr.id).own = tr.own
	return forum.Receipt{}
}

// orderCategories gives the children of a category a new order.
type orderCategories struct {
	by     asker
	parent forum.CategoryID
	ids    []forum.CategoryID
}

func (tr orderCategories) asker() asker { return tr.by }

func (tr orderCategories) refused(m *model) error {
	if err := m.mayAdminister(tr.by); err != nil {
		return err
	}
	given := slices.Clone(tr.ids)
	slices.Sort(given)
	var there []forum.CategoryID
	for _, c := range m.categories {
		if c.parent == tr.parent {
			there = append(there, c.id)
		}
	}
	if !slices.Equal(given, there) {
		return refuse(forum.Invalid)
	}
	return nil
}

func (tr orderCategories) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	return forum.Receipt{}, c.OrderCategories(ctx, actor, tr.parent, tr.ids, "")
}

func (tr orderCategories) done(m *model, _ forum.Receipt) forum.Receipt {
	for i, id := range tr.ids {
		m.category(id).position = int64(i + 1)
	}
	return forum.Receipt{}
}

var categoryCases = slices.Concat(cases(
	attempt{"create", nil, func(by asker, _ place, c *community) transition {
		return createCategory{by: by, parent: c.workshop, name: "Tools", own: forum.Permissions{forum.Member: {See: true, Reply: true}}}
	}, notAdmin},
	attempt{"create below none", nil, func(by asker, _ place, _ *community) transition {
		return createCategory{by: by, parent: 999, name: "Nowhere"}
	}, notAdmin.and(forum.Invalid, admin)},
	attempt{"rename", nil, func(by asker, _ place, c *community) transition {
		return editCategory{by: by, id: c.general, name: "Everything"}
	}, notAdmin},
	attempt{"rename none", nil, func(by asker, _ place, _ *community) transition {
		return editCategory{by: by, id: 999, name: "Nothing"}
	}, notAdmin.and(forum.NotFound, admin)},
	attempt{"hide", nil, func(by asker, _ place, c *community) transition {
		return hideCategory{by: by, id: c.notices, hide: true}
	}, notAdmin},
	attempt{"move", nil, func(by asker, at place, c *community) transition {
		parents := []forum.CategoryID{c.notices, c.staff, 0}
		return moveCategory{by: by, id: c.workshop, parent: parents[int(at.thread)%len(parents)]}
	}, notAdmin},
	attempt{"move into itself", nil, func(by asker, _ place, c *community) transition {
		return moveCategory{by: by, id: c.general, parent: c.general}
	}, notAdmin.and(forum.Invalid, admin)},
	attempt{"move into one inside of it", nil, func(by asker, _ place, c *community) transition {
		return moveCategory{by: by, id: c.general, parent: c.workshop}
	}, notAdmin.and(forum.Invalid, admin)},
	attempt{"move into none", nil, func(by asker, _ place, c *community) transition {
		return moveCategory{by: by, id: c.general, parent: 999}
	}, notAdmin.and(forum.Invalid, admin)},
	attempt{"permit", nil, func(by asker, _ place, c *community) transition {
		return permit{by: by, id: c.notices, own: forum.Permissions{forum.Visitor: {}, forum.Moderator: {See: true, Reply: true}}}
	}, notAdmin},
	attempt{"order", nil, func(by asker, _ place, c *community) transition {
		return orderCategories{by: by, ids: []forum.CategoryID{c.staff, c.general, c.notices}}
	}, notAdmin},
	attempt{"order without one", nil, func(by asker, _ place, c *community) transition {
		return orderCategories{by: by, ids: []forum.CategoryID{c.staff, c.general, c.general}}
	}, notAdmin.and(forum.Invalid, admin)},
), []testCase{
	{"hiding takes its numbers out of sight", categoryHidden},
	{"moving takes all below it along", categoryMoved},
	{"a child never opens what its parent closes", categoryClosed},
	{"a moderator without permission to moderate", categoryUnmoderated},
	{"nested as deep as can be", categoryDepth},
	{"names alike get different slugs", categorySlugs},
	{"a former slug leads to its category", categoryFormerSlugs},
	{"what pages stand on", categoryVersions},
})

// categoryHidden: totals, profiles and lists of those who do not see it are without it.
func categoryHidden(t *testing.T, c *community) {
	c.place(t)
	c.placeIn(t, c.workshop)
	count := func() int64 {
		about, err := c.About(t.Context(), forum.Actor{})
		if err != nil {
			t.Fatal(err)
		}
		return about.Counts.Posts[forum.Visible]
	}
	steps := []struct {
		tr   transition
		want int64
	}{
		{hideCategory{by: as(admin), id: c.workshop, hide: true}, 3},
		{hideCategory{by: as(admin), id: c.general, hide: true}, 0},
		{hideCategory{by: as(admin), id: c.workshop}, 0},
		{hideCategory{by: as(admin), id: c.general}, 6},
	}
	for _, step := range steps {
		c.step(t, step.tr)
		differ(t, "posts that a visitor counts after "+describe(step.tr), step.want, count())
	}
}

func categoryClosed(t *testing.T, c *community) {
	c.placeIn(t, c.staffRoom)
	for _, who := range everybody {
		c.compare(t, "a thread in a closed category", as(who))
	}
	c.step(t, permit{by: as(admin), id: c.staff}, permit{by: as(admin), id: c.staff, own: forum.Permissions{forum.Member: {}, forum.Moderator: {See: true, Moderate: true}}})
	for _, who := range everybody {
		c.compare(t, "other permissions above", as(who))
	}
}

// categoryUnmoderated: moderators are what their category's table says, in the subtree too.
func categoryUnmoderated(t *testing.T, c *community) {
	at := c.placeIn(t, c.workshop)
	c.do(t, mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden, set: true})
	c.step(t, permit{by: as(admin), id: c.general, own: forum.Permissions{forum.Moderator: {See: true, Reply: true, Start: true}}})
	for _, tr := range []transition{
		mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden},
		mark{by: as(moderator), thread: at.thread, mark: forum.MarkLocked, set: true},
		editThread{by: as(moderator), thread: at.thread, category: c.notices},
		editPost{by: as(moderator), thread: at.thread, number: 2, body: "Better words."},
	} {
		if err := c.try(t, tr); err == nil {
			t.Errorf("%s was allowed", describe(tr))
		}
	}
	c.step(t, editThread{by: as(admin), thread: at.thread, category: c.notices}, mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden})
}

func categoryDepth(t *testing.T, c *community) {
	parent := c.workshop // the second level
	for range forum.MaxCategoryDepth - 2 {
		parent = c.newCategory(t, parent, "Deeper", nil)
	}
	if err := c.try(t, createCategory{by: as(admin), parent: parent, name: "Too deep"}); forum.KindOf(err) != forum.Invalid {
		t.Errorf("got %v, want invalid", err)
	}
	c.placeIn(t, parent)
	c.check(t, "a thread at the bottom")
}

func categorySlugs(t *testing.T, c *community) {
	seen := map[string]bool{}
	for range 3 {
		made, err := c.CreateCategory(t.Context(), c.must(t, admin), forum.NewCategory{Name: "The same"})
		if err != nil || seen[made.Slug] {
			t.Fatalf("slug %v, %v", made, err)
		}
		seen[made.Slug] = true
		found, err := c.Category(t.Context(), forum.Actor{}, made.Slug)
		if err != nil || found.ID != made.ID {
			t.Errorf("category %q: %v, %v", made.Slug, found, err)
		}
	}
}

func categoryFormerSlugs(t *testing.T, c *community) {
	former := c.Text.Slug("General")
	want := func(after string, who string, id forum.CategoryID) {
		t.Helper()
		found, err := c.Category(t.Context(), c.must(t, who), former)
		switch {
		case id == 0 && forum.KindOf(err) != forum.NotFound:
			t.Errorf("%s: %q leads %q to %+v, %v; want not found", after, former, who, found, err)
		case id != 0 && (err != nil || found.ID != id):
			t.Errorf("%s: %q leads %q to %+v, %v; want category %d", after, former, who, found, err, id)
		}
	}
	rename := func(id forum.CategoryID, name string) {
		t.Helper()
		c.step(t, editCategory{by: as(admin), id: id, name: name})
	}
	rename(c.general, "Everything")
	want("renamed", visitor, c.general)
	rename(c.general, "All of it")
	want("renamed twice", visitor, c.general)
	rename(c.general, "General")
	want("renamed back", visitor, c.general)
	rename(c.general, "Everything")
	c.step(t, hideCategory{by: as(admin), id: c.general, hide: true})
	want("hidden", visitor, 0)
	want("hidden", author, 0)
	want("hidden", moderator, c.general)
	c.step(t, hideCategory{by: as(admin), id: c.general})
	rename(c.notices, "General")
	want("taken by another", visitor, c.notices)
	rename(c.notices, "Notices")
	want("left by another", visitor, c.notices)
	c.step(t, createCategory{by: as(admin), name: "General"})
	made, err := c.Category(t.Context(), c.must(t, admin), former)
	if err != nil || made.ID == c.general || made.ID == c.notices {
		t.Errorf("a new category of that name: %q leads to %+v, %v", former, made, err)
	}
	c.recount(t, "renaming")
}

// categoryVersions: whatever a visitor's cached page shows raises one of the numbers it stands on.
func categoryVersions(t *testing.T, c *community) {
	at := c.placeIn(t, c.workshop)
	var before forum.PageVersion
	risen := func(after string) {
		t.Helper()
		version, err := c.PageVersion(t.Context(), at.thread)
		if err != nil || version == before || version.Thread < before.Thread || version.Category < before.Category || version.Shown < before.Shown {
			t.Errorf("%s: %+v after %+v, %v", after, version, before, err)
		}
		before = version
	}
	risen("the start")
	for _, tr := range []transition{
		createPost{by: as(other), thread: at.thread},
		editPost{by: as(author), thread: at.thread, number: 1, body: "Edited."},
		react{by: as(other), thread: at.thread, number: 1, kind: "up"},
		mark{by: as(moderator), thread: at.thread, number: 2, mark: forum.MarkModHidden, set: true},
		mark{by: as(moderator), thread: at.thread, mark: forum.MarkLocked, set: true},
		editThread{by: as(moderator), thread: at.thread, title: "Another title"},
		editThread{by: as(moderator), thread: at.thread, tags: []string{"Rims"}},
		editCategory{by: as(admin), id: c.workshop, name: "Shop"},
		editCategory{by: as(admin), id: c.general, name: "Everything"},
		permit{by: as(admin), id: c.general, own: forum.Permissions{forum.Member: {See: true}}},
	} {
		c.do(t, tr)
		risen(describe(tr))
	}
	if err := c.SetSite(t.Context(), c.must(t, admin), "Wheelwrights", "All about wheels", 0, ""); err != nil {
		t.Fatal(err)
	}
	risen("another name of the site")
	c.do(t, hideCategory{by: as(admin), id: c.general, hide: true})
	if _, err := c.PageVersion(t.Context(), at.thread); forum.KindOf(err) != forum.NotFound {
		t.Errorf("hidden: %v, want not found", err)
	}
}

// categoryMoved: what is below a category that nobody else sees is seen by nobody else, and no
// move nests anything deeper than it could have been made.
func categoryMoved(t *testing.T, c *community) {
	c.placeIn(t, c.workshop)
	c.place(t)
	c.step(t,
		moveCategory{by: as(admin), id: c.general, parent: c.staffRoom},
		moveCategory{by: as(admin), id: c.general, parent: c.staffRoom},
		moveCategory{by: as(admin), id: c.workshop, parent: c.notices},
		moveCategory{by: as(admin), id: c.general},
		moveCategory{by: as(admin), id: c.staff, parent: c.general},
	)
	deepest := c.staffRoom
	for c.model.depth(deepest) < forum.MaxCategoryDepth {
		deepest = c.newCategory(t, deepest, "Deeper", nil)
	}
	if err := c.try(t, moveCategory{by: as(admin), id: c.general, parent: c.notices}); forum.KindOf(err) != forum.Invalid {
		t.Errorf("nesting too deeply: %v", err)
	}
	if err := c.try(t, moveCategory{by: as(admin), id: c.notices, parent: deepest}); forum.KindOf(err) != forum.Invalid {
		t.Errorf("below the deepest: %v", err)
	}
	c.step(t, moveCategory{by: as(admin), id: c.staff}, moveCategory{by: as(admin), id: c.general, parent: c.notices})
}
