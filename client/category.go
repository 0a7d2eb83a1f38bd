package client

import (
	"context"
	"strconv"
	"time"
)

// Access is what one may do in a category.
type Access struct {
	See      bool `json:"see"`
	Reply    bool `json:"reply"`
	Start    bool `json:"start"` // threads
	Moderate bool `json:"moderate"`
}

// Counts are visible threads and posts, exactly.
type Counts struct {
	Threads int64 `json:"threads"`
	Posts   int64 `json:"posts"`
}

// Category is a category with what is below it, as far as one may see it.
type Category struct {
	ID             int64            `json:"id"`
	ParentID       int64            `json:"parent_id,omitempty"` // 0: at the top
	Name           string           `json:"name"`
	Slug           string           `json:"slug"`
	Description    string           `json:"description"`
	Position       int64            `json:"position"`           // among its siblings
	HiddenAt       time.Time        `json:"hidden_at,omitzero"` // zero: it is not
	CreatedAt      time.Time        `json:"created_at"`
	Version        int64            `json:"version"`
	Access         Access           `json:"access"` // of who asked
	Counts         Counts           `json:"counts"` // its own
	Total          Counts           `json:"total"`  // with those below it
	ThreadsByState map[string]int64 `json:"threads_by_state,omitempty"`
	PostsByState   map[string]int64 `json:"posts_by_state,omitempty"`
	Children       []Category       `json:"children"`
}

// CategoryList is the tree of categories.
type CategoryList struct {
	Categories []Category `json:"categories"`
}

// Categories returns the tree of categories.
func (c *Client) Categories(ctx context.Context) ([]Category, error) {
	list, err := get[CategoryList](ctx, c, "/categories", nil)
	return list.Categories, err
}

// Category returns a category with what is below it.
func (c *Client) Category(ctx context.Context, id int64) (Category, error) {
	return get[Category](ctx, c, "/categories/"+digits(id), nil)
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
