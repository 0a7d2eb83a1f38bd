package web

import (
	"net/http"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// categoriesPage is the tree of categories.
type categoriesPage struct {
	Categories []categoryRow
	MayMake    bool
}

// categoryRow is a category in the tree, or among the children of a category's page.
type categoryRow struct {
	*forum.CategoryBranch
}

func (p categoriesPage) title() string { return "Categories" }

func (s *server) showCategories(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r)
	top, err := s.service.Categories(r.Context(), actor)
	if err != nil {
		return err
	}
	return s.show(w, r, categoriesPage{categoryRows(top), forum.CanAdminister(actor) == nil})
}

func categoryRows(branches []*forum.CategoryBranch) []categoryRow {
	rows := make([]categoryRow, 0, len(branches))
	for _, branch := range branches {
		rows = append(rows, categoryRow{branch})
	}
	return rows
}

func (c categoryRow) children() []categoryRow { return categoryRows(c.Children) }

func (c categoryRow) states() []string {
	var names []string
	if !c.HiddenAt.IsZero() {
		names = append(names, "hidden")
	}
	return names
}

// besides names what a moderator sees beyond the visible: "2 hidden, 1 deleted".
func (c categoryRow) besides() []string {
	if !c.Access.Moderate {
		return nil
	}
	return besides(c.Total.Threads, "thread", "threads")
}

// besides counts what is not visible, by state.
func besides(counts [forum.StateCount]int64, one, many string) []string {
	var named []string
	for state := forum.Unlisted; state < forum.StateCount; state++ {
		if counts[state] > 0 {
			named = append(named, ui.Count(counts[state], state.String()+" "+one, state.String()+" "+many))
		}
	}
	return named
}

// categoryPage is a category: its children and its threads.
type categoryPage struct {
	Category   categoryRow
	Above      []ui.Crumb
	List       threadList
	MayStart   bool
	MayArrange bool
}

func (p categoryPage) title() string { return p.Category.Name }

// besides names what a moderator sees beyond the visible threads of this category itself.
func (p categoryPage) besides() []string {
	if !p.Category.Access.Moderate {
		return nil
	}
	return besides(p.Category.Counts.Threads, "thread", "threads")
}

func (s *server) showCategory(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r)
	top, err := s.service.Categories(r.Context(), actor)
	if err != nil {
		return err
	}
	way := findCategory(top, func(c *forum.CategoryBranch) bool { return c.Slug == r.PathValue("slug") })
	if way == nil {
		return s.leadToCategory(w, r)
	}
	category := way[len(way)-1]
	list, err := s.threads(r, forum.ThreadFilter{Category: category.ID}, category.Access.Moderate)
	if err != nil {
		return err
	}
	return s.show(w, r, categoryPage{Category: categoryRow{category}, Above: crumbsAbove(way), List: list,
		MayStart: forum.CanStartThread(actor, &category.Category) == nil, MayArrange: forum.CanAdminister(actor) == nil})
}

// leadToCategory leads from the address that a category had before it was renamed.
func (s *server) leadToCategory(w http.ResponseWriter, r *http.Request) error {
	category, err := s.service.Category(r.Context(), actorOf(r), r.PathValue("slug"))
	if err != nil {
		return err
	}
	path := ui.CategoryPath(category.Slug)
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return moved(w, r, path)
}

// findCategory returns the way from the top to a category, that one last; nil where there is none.
func findCategory(branches []*forum.CategoryBranch, wanted func(*forum.CategoryBranch) bool) []*forum.CategoryBranch {
	for _, branch := range branches {
		if wanted(branch) {
			return []*forum.CategoryBranch{branch}
		}
		if below := findCategory(branch.Children, wanted); below != nil {
			return append([]*forum.CategoryBranch{branch}, below...)
		}
	}
	return nil
}

func crumbsAbove(way []*forum.CategoryBranch) []ui.Crumb {
	var above []forum.Category
	for _, branch := range way[:len(way)-1] {
		above = append(above, branch.Category)
	}
	return ui.CategoryCrumbs(above)
}
