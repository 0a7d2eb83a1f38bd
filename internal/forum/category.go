package forum

import (
	"context"
	"time"
)

// CategoryID identifies a category.
type CategoryID int64

// Category is a place for threads, in a tree.
type Category struct {
	ID          CategoryID
	ParentID    CategoryID // 0 at the top
	Name        string
	Slug        string
	Description string
	Position    int64 // among its siblings
	HiddenAt    time.Time
	HiddenBy    UserID
	CreatedAt   time.Time
	Version     int64 // rises with everything a page shows of it, ancestors included
	Rev         int64 // rises when a decision could change

	Access Access         // of the actor who asked
	Counts CategoryCounts // its own, as stored; sums over the tree are CategoryTree's
}

// CategoryCounts are a category's own threads and posts, by effective state.
type CategoryCounts struct {
	Threads [StateCount]int64
	Posts   [StateCount]int64
}

// Plus adds two sets of counts.
func (c CategoryCounts) Plus(other CategoryCounts) CategoryCounts {
	for state := range StateCount {
		c.Threads[state] += other.Threads[state]
		c.Posts[state] += other.Posts[state]
	}
	return c
}

// Access is what one role may do in a category.
type Access struct {
	See, Reply, Start, Moderate bool
}

// Permissions is a category's own permission table. A role without a row has DefaultAccess.
type Permissions map[Role]Access

// DefaultAccess is what a role may do where nobody said otherwise.
func DefaultAccess(role Role) Access {
	switch role {
	case Member:
		return Access{See: true, Reply: true, Start: true}
	case Moderator, Admin:
		return Access{See: true, Reply: true, Start: true, Moderate: true}
	}
	return Access{See: true}
}

// EffectiveAccess derives what role may do in a category: its own row, or the default,
// narrowed by what the parent allows (a child never opens what the parent closes), and nothing
// for visitors and members while it is hidden. An administrator may do everything everywhere.
func EffectiveAccess(role Role, own Permissions, hidden bool, parent Access) Access {
	if role == Admin {
		return DefaultAccess(Admin)
	}
	access, given := own[role]
	if !given {
		access = DefaultAccess(role)
	}
	see := access.See && parent.See && (!hidden || role == Moderator)
	return Access{
		See:      see,
		Reply:    see && access.Reply && parent.Reply && role != Visitor,
		Start:    see && access.Start && parent.Start && role != Visitor,
		Moderate: see && access.Moderate && parent.Moderate && role == Moderator,
	}
}

// CategoryBranch is a category with its children and the numbers of both together.
type CategoryBranch struct {
	Category
	Children []*CategoryBranch
	Total    CategoryCounts // own and descendants', of those the reader may see
	Depth    int            // 0 at the top
}

// CategoryTree arranges the categories a reader may see, ordered by position and then id.
// A category whose parent is missing from the list stands at the top.
func CategoryTree(categories []Category) []*CategoryBranch {
	nodes := make(map[CategoryID]*CategoryBranch, len(categories))
	for _, category := range categories {
		nodes[category.ID] = &CategoryBranch{Category: category}
	}
	var top []*CategoryBranch
	for _, category := range categories {
		node := nodes[category.ID]
		if parent := nodes[category.ParentID]; parent != nil && parent != node {
			parent.Children = append(parent.Children, node)
			continue
		}
		top = append(top, node)
	}
	for _, node := range top {
		node.sum(0)
	}
	return top
}

func (n *CategoryBranch) sum(depth int) {
	n.Depth, n.Total = depth, n.Counts
	for _, child := range n.Children {
		child.sum(depth + 1)
		n.Total = n.Total.Plus(child.Total)
	}
}

// NewCategory is what a category is made or changed to.
type NewCategory struct {
	ParentID    CategoryID // fixed once made
	Name        string
	Description string
	Permissions Permissions // nil: the defaults
	Key         string
}

// CategoryStore is what the rules about categories need of the store.
type CategoryStore interface {
	// Categories returns all that the reader may see, ordered by position, then id.
	Categories(ctx context.Context, reader Visibility) ([]Category, error)
	// CategoryPermissions returns a category's own table, without defaults.
	CategoryPermissions(ctx context.Context, id CategoryID) (Permissions, error)
	// CreateCategory makes one at the end of its siblings. The slug is made unique by a suffix.
	CreateCategory(ctx context.Context, change Change, category Category, own Permissions) (Receipt, error)
	// EditCategory changes name, slug and description.
	EditCategory(ctx context.Context, change Change, category Category) (Receipt, error)
	// HideCategory sets (at not zero) or clears the mark, for the whole subtree.
	HideCategory(ctx context.Context, change Change, id CategoryID, at time.Time) (Receipt, error)
	// OrderCategories gives the named siblings the positions 1..n in their order.
	OrderCategories(ctx context.Context, change Change, parent CategoryID, ids []CategoryID) (Receipt, error)
	// SetCategoryPermissions replaces a category's own table, for the whole subtree.
	SetCategoryPermissions(ctx context.Context, change Change, id CategoryID, own Permissions) (Receipt, error)
}

// Categories returns the tree that actor may see, each with exact numbers of what actor may see.
func (s *Service) Categories(ctx context.Context, actor Actor) ([]*CategoryBranch, error) {
	categories, err := s.Store.Categories(ctx, actor.Visibility())
	if err != nil {
		return nil, err
	}
	return CategoryTree(categories), nil
}

// Category returns one category, with its subtree, by slug; NotFound where actor may not see it.
func (s *Service) Category(ctx context.Context, actor Actor, slug string) (*CategoryBranch, error) {
	return s.findCategory(ctx, actor, func(c *Category) bool { return c.Slug == slug })
}

// CategoryByID is Category, by id.
func (s *Service) CategoryByID(ctx context.Context, actor Actor, id CategoryID) (*CategoryBranch, error) {
	return s.findCategory(ctx, actor, func(c *Category) bool { return c.ID == id })
}

func (s *Service) findCategory(ctx context.Context, actor Actor, wanted func(*Category) bool) (*CategoryBranch, error) {
	top, err := s.Categories(ctx, actor)
	if err != nil {
		return nil, err
	}
	if node := findBranch(top, wanted); node != nil {
		return node, nil
	}
	return nil, ErrNotFound
}

func findBranch(nodes []*CategoryBranch, wanted func(*Category) bool) *CategoryBranch {
	for _, node := range nodes {
		if wanted(&node.Category) {
			return node
		}
		if found := findBranch(node.Children, wanted); found != nil {
			return found
		}
	}
	return nil
}

// CreateCategory makes a category. Administrators only.
func (s *Service) CreateCategory(ctx context.Context, actor Actor, in NewCategory) (*CategoryBranch, error) {
	if err := CanAdminister(actor); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.ParentID != 0 {
		parent, err := s.CategoryByID(ctx, actor, in.ParentID)
		if err != nil {
			return nil, &Error{Kind: Invalid, Message: "the category cannot stand there",
				Fields: []FieldError{{Field: "parent_id", Message: "is no category that you can see"}}}
		}
		if parent.Depth+1 >= MaxCategoryDepth {
			return nil, &Error{Kind: Invalid, Message: "the category cannot stand there",
				Fields: []FieldError{{Field: "parent_id", Message: "is nested too deeply", Limit: MaxCategoryDepth}}}
		}
	}
	category := Category{ParentID: in.ParentID, Name: in.Name, Slug: s.Text.Slug(in.Name), Description: in.Description}
	receipt, err := s.Store.CreateCategory(ctx, s.change(actor, "create category", in.Key, in.request()), category, in.Permissions)
	if err != nil {
		return nil, err
	}
	return s.CategoryByID(ctx, actor, CategoryID(receipt.ID))
}

func (in *NewCategory) check() error {
	var wrong fields
	in.Name, in.Description = trim(in.Name), trim(in.Description)
	wrong.check(LimitCategory, in.Name)
	wrong.check(LimitDescription, in.Description)
	for role := range in.Permissions {
		if !role.known() || role == Admin {
			wrong.add("permissions", "name the unknown role %q", role)
		}
	}
	return wrong.err()
}

func (in *NewCategory) request() any {
	return []any{in.ParentID, in.Name, in.Description, in.Permissions}
}

// EditCategory renames a category and changes its description. Administrators only.
func (s *Service) EditCategory(ctx context.Context, actor Actor, id CategoryID, in NewCategory) (*CategoryBranch, error) {
	change, err := s.administer(ctx, actor, id, "edit category", in.Key, []any{id, in.Name, in.Description})
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	category := Category{ID: id, Name: in.Name, Slug: s.Text.Slug(in.Name), Description: in.Description}
	if _, err := s.Store.EditCategory(ctx, change, category); err != nil {
		return nil, err
	}
	return s.CategoryByID(ctx, actor, id)
}

// HideCategory hides a category and all below it from everybody but moderators, or shows it again.
func (s *Service) HideCategory(ctx context.Context, actor Actor, id CategoryID, hide bool, key string) error {
	change, err := s.administer(ctx, actor, id, "hide category", key, []any{id, hide})
	if err != nil {
		return err
	}
	var at time.Time
	if hide {
		at = s.Clock.Now()
	}
	_, err = s.Store.HideCategory(ctx, change, id, at)
	return err
}

// OrderCategories gives the children of parent (0: the top) the order of ids, which must name each of them once.
func (s *Service) OrderCategories(ctx context.Context, actor Actor, parent CategoryID, ids []CategoryID, key string) error {
	if err := CanAdminister(actor); err != nil {
		return err
	}
	_, err := s.Store.OrderCategories(ctx, s.change(actor, "order categories", key, []any{parent, ids}), parent, ids)
	return err
}

// CategoryPermissions returns what each role below administrator may do by the category's own table. Administrators only.
func (s *Service) CategoryPermissions(ctx context.Context, actor Actor, id CategoryID) (Permissions, error) {
	if _, err := s.administer(ctx, actor, id, "", "", nil); err != nil {
		return nil, err
	}
	own, err := s.Store.CategoryPermissions(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, role := range Roles[:3] {
		if _, given := own[role]; !given {
			own[role] = DefaultAccess(role)
		}
	}
	return own, nil
}

// SetCategoryPermissions replaces a category's own permission table. Administrators only.
func (s *Service) SetCategoryPermissions(ctx context.Context, actor Actor, id CategoryID, own Permissions, key string) error {
	change, err := s.administer(ctx, actor, id, "set category permissions", key, []any{id, own})
	if err != nil {
		return err
	}
	in := NewCategory{Name: "-", Permissions: own}
	if err := in.check(); err != nil {
		return err
	}
	_, err = s.Store.SetCategoryPermissions(ctx, change, id, own)
	return err
}

// administer decides whether actor may change the category, and returns the change to make.
func (s *Service) administer(ctx context.Context, actor Actor, id CategoryID, operation, key string, request any) (Change, error) {
	if err := CanAdminister(actor); err != nil {
		return Change{}, err
	}
	if _, err := s.CategoryByID(ctx, actor, id); err != nil {
		return Change{}, err
	}
	return s.change(actor, operation, key, request), nil
}

func (r Role) known() bool {
	for _, role := range Roles {
		if r == role {
			return true
		}
	}
	return false
}
