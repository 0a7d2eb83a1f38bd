package ui

import "folkmoot/internal/forum"

// Crumb is a step on the way from the top to a page.
type Crumb struct {
	Name, Path string
	Audience   forum.Role // of a category
}

// CategoryCrumbs is the way to and with the last of categories that lie in each other.
func CategoryCrumbs(path []forum.Category) []Crumb {
	way := []Crumb{{Name: "Categories", Path: "/categories"}}
	for _, category := range path {
		way = append(way, Crumb{category.Name, CategoryPath(category.Slug), category.Audience})
	}
	return way
}
