package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Access is what somebody may do in a category.
type Access struct {
	See      bool `json:"see"`
	Reply    bool `json:"reply"`
	Start    bool `json:"start" doc:"Threads."`
	Moderate bool `json:"moderate"`
}

// Counts are visible threads and posts.
type Counts struct {
	Threads int64 `json:"threads"`
	Posts   int64 `json:"posts"`
}

// Category is a category with what is below it, as far as its reader may see it.
type Category struct {
	ID             forum.CategoryID `json:"id"`
	ParentID       forum.CategoryID `json:"parent_id,omitzero" doc:"Absent at the top."`
	Name           string           `json:"name"`
	Slug           string           `json:"slug" doc:"Of the page's address: /c/{slug}"`
	Description    string           `json:"description"`
	Position       int64            `json:"position" doc:"Among its siblings."`
	HiddenAt       time.Time        `json:"hidden_at" nullable:"true"`
	CreatedAt      time.Time        `json:"created_at"`
	Version        int64            `json:"version"`
	Access         Access           `json:"access" doc:"What you may do here."`
	Counts         Counts           `json:"counts" doc:"Its own."`
	Total          Counts           `json:"total" doc:"Its own and those of the categories below it that you may see."`
	ThreadsByState map[string]int64 `json:"threads_by_state,omitempty" doc:"Its own threads; for moderators."`
	PostsByState   map[string]int64 `json:"posts_by_state,omitempty" doc:"Its own posts; for moderators."`
	Children       []Category       `json:"children"`
}

// CategoryList is the tree of categories.
type CategoryList struct {
	Categories []Category `json:"categories"`
}

// Permissions are what each role may do in a category: visitor, member, moderator.
type Permissions struct {
	Permissions map[string]Access `json:"permissions" doc:"By role: visitor, member, moderator. A role that is not named has the defaults."`
}

func newCategory(branch *forum.CategoryBranch) Category {
	c := Category{ID: branch.ID, ParentID: branch.ParentID, Name: branch.Name, Slug: branch.Slug, Description: branch.Description,
		Position: branch.Position, HiddenAt: branch.HiddenAt, CreatedAt: branch.CreatedAt, Version: branch.Version,
		Access: Access(branch.Access), Counts: visible(branch.Counts), Total: visible(branch.Total), Children: newCategories(branch.Children)}
	if branch.Access.Moderate {
		c.ThreadsByState, c.PostsByState = byState(branch.Counts.Threads), byState(branch.Counts.Posts)
	}
	return c
}

func newCategories(branches []*forum.CategoryBranch) []Category {
	list := make([]Category, len(branches))
	for i, branch := range branches {
		list[i] = newCategory(branch)
	}
	return list
}

func visible(c forum.CategoryCounts) Counts {
	return Counts{Threads: c.Threads[forum.Visible], Posts: c.Posts[forum.Visible]}
}

func categoryPath(id forum.CategoryID) string {
	return Prefix + "/categories/" + strconv.FormatInt(int64(id), 10)
}

// CategoryQuery names a category.
type CategoryQuery struct {
	CategoryID id `path:"category_id"`
}

func (q *CategoryQuery) id() forum.CategoryID { return forum.CategoryID(q.CategoryID) }

func (s *server) listCategories(ctx context.Context, _ *struct{}) (*answer[CategoryList], error) {
	top, err := s.service.Categories(ctx, httpkit.ActorOf(ctx))
	return &answer[CategoryList]{CategoryList{newCategories(top)}}, err
}

func (s *server) getCategory(ctx context.Context, in *CategoryQuery) (*answer[Category], error) {
	return answerCategory(s.service.CategoryByID(ctx, httpkit.ActorOf(ctx), in.id()))
}

func answerCategory(branch *forum.CategoryBranch, err error) (*answer[Category], error) {
	if err != nil {
		return nil, err
	}
	return &answer[Category]{newCategory(branch)}, nil
}

type newCategoryBody struct {
	ParentID    forum.CategoryID  `json:"parent_id,omitempty" doc:"None: at the top. It cannot be changed later."`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Permissions map[string]Access `json:"permissions,omitempty" doc:"By role: visitor, member, moderator. A role that is not named has the defaults."`
}

// TransformSchema writes the limits into the document.
func (newCategoryBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitCategory, forum.LimitDescription)
}

func (s *server) createCategory(ctx context.Context, in *struct {
	Keyed
	Body newCategoryBody
}) (*created[Category], error) {
	branch, err := s.service.CreateCategory(ctx, httpkit.ActorOf(ctx), forum.NewCategory{ParentID: in.Body.ParentID,
		Name: in.Body.Name, Description: in.Body.Description, Permissions: permissions(in.Body.Permissions), Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &created[Category]{Location: categoryPath(branch.ID), Body: newCategory(branch)}, nil
}

func permissions(in map[string]Access) forum.Permissions {
	if in == nil {
		return nil
	}
	own := make(forum.Permissions, len(in))
	for role, access := range in {
		own[forum.Role(role)] = forum.Access(access)
	}
	return own
}

type categoryChangeBody struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

// TransformSchema writes the limits into the document.
func (categoryChangeBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitCategory, forum.LimitDescription)
}

func (s *server) editCategory(ctx context.Context, in *struct {
	CategoryQuery
	Keyed
	Body categoryChangeBody
}) (*answer[Category], error) {
	branch, err := s.service.CategoryByID(ctx, httpkit.ActorOf(ctx), in.id())
	if err != nil {
		return nil, err
	}
	change := forum.NewCategory{Name: branch.Name, Description: branch.Description, Key: in.Key}
	if in.Body.Name != nil {
		change.Name = *in.Body.Name
	}
	if in.Body.Description != nil {
		change.Description = *in.Body.Description
	}
	return answerCategory(s.service.EditCategory(ctx, httpkit.ActorOf(ctx), in.id(), change))
}

type keyedCategoryQuery struct {
	CategoryQuery
	Keyed
}

func (s *server) hideCategory(ctx context.Context, in *keyedCategoryQuery) (*nothing, error) {
	return &nothing{}, s.service.HideCategory(ctx, httpkit.ActorOf(ctx), in.id(), true, in.Key)
}

func (s *server) showCategory(ctx context.Context, in *keyedCategoryQuery) (*nothing, error) {
	return &nothing{}, s.service.HideCategory(ctx, httpkit.ActorOf(ctx), in.id(), false, in.Key)
}

type categoryOrderBody struct {
	ParentID forum.CategoryID   `json:"parent_id,omitempty" doc:"None: the categories at the top."`
	IDs      []forum.CategoryID `json:"ids" maxItems:"500" doc:"All categories directly below it, in the new order."`
}

func (s *server) orderCategories(ctx context.Context, in *struct {
	Keyed
	Body categoryOrderBody
}) (*nothing, error) {
	return &nothing{}, s.service.OrderCategories(ctx, httpkit.ActorOf(ctx), in.Body.ParentID, in.Body.IDs, in.Key)
}

func (s *server) getCategoryPermissions(ctx context.Context, in *CategoryQuery) (*answer[Permissions], error) {
	own, err := s.service.CategoryPermissions(ctx, httpkit.ActorOf(ctx), in.id())
	named := make(map[string]Access, len(own))
	for role, access := range own {
		named[string(role)] = Access(access)
	}
	return &answer[Permissions]{Permissions{named}}, err
}

func (s *server) setCategoryPermissions(ctx context.Context, in *struct {
	CategoryQuery
	Keyed
	Body Permissions
}) (*nothing, error) {
	return &nothing{}, s.service.SetCategoryPermissions(ctx, httpkit.ActorOf(ctx), in.id(), permissions(in.Body.Permissions), in.Key)
}
