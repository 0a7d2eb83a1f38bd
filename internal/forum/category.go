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

	Access   Access         // of the actor who asked
	Audience Role           // the least role that sees it; Visitor is everybody. In lists, trees and paths
	Counts   CategoryCounts // its own, as stored; sums over the tree are CategoryTree's
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
	// FormerSlug returns the category that had a slug which none has now; NotFound where none had.
	FormerSlug(ctx context.Context, slug string) (CategoryID, error)
	// CategoryPermissions returns a category's own table, without defaults.
	CategoryPermissions(ctx context.Context, id CategoryID) (Permissions, error)
	// CreateCategory makes one at the end of its siblings. The slug is made unique by a suffix.
	CreateCategory(ctx context.Context, change Change, category Category, own Permissions) (Receipt, error)
	// EditCategory changes name, slug and description. The slug it had becomes a former one.
	EditCategory(ctx context.Context, change Change, category Category) (Receipt, error)
	// HideCategory sets (at not zero) or clears the mark, for the whole subtree.
	HideCategory(ctx context.Context, change Change, id CategoryID, at time.Time) (Receipt, error)
	// OrderCategories gives the named siblings the positions 1..n in their order.
	OrderCategories(ctx context.Context, change Change, parent CategoryID, ids []CategoryID) (Receipt, error)
	// MoveCategory puts a category and all below it behind the children of parent (0: at the top).
	// may is asked of the whole tree, as parents by category, in the transaction.
	MoveCategory(ctx context.Context, change Change, id, parent CategoryID, may func(parents map[CategoryID]CategoryID) error) (Receipt, error)
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

// Category returns one category, with its subtree, by slug, or by one that it had before it was
// renamed; NotFound where actor may not see it.
func (s *Service) Category(ctx context.Context, actor Actor, slug string) (*CategoryBranch, error) {
	found, err := s.findCategory(ctx, actor, func(c *Category) bool { return c.Slug == slug })
	if err == nil || KindOf(err) != NotFound {
		return found, err
	}
	id, err := s.Store.FormerSlug(ctx, slug)
	if err != nil {
		return nil, err
	}
	return s.CategoryByID(ctx, actor, id)
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
	change := s.change(actor, "create category", in.Key, []any{in.ParentID, in.Name, in.Description, in.Permissions})
	receipt, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanAdminister(actor); err != nil {
			return Receipt{}, err
		}
		if err := in.check(); err != nil {
			return Receipt{}, err
		}
		if err := s.checkParent(ctx, actor, in.ParentID); err != nil {
			return Receipt{}, err
		}
		category := Category{ParentID: in.ParentID, Name: in.Name, Slug: s.Text.Slug(in.Name), Description: in.Description}
		return s.Store.CreateCategory(ctx, change, category, in.Permissions)
	})
	if err != nil {
		return nil, err
	}
	return s.CategoryByID(ctx, actor, CategoryID(receipt.ID))
}

// checkParent says whether a category can stand below parent (0: at the top).
func (s *Service) checkParent(ctx context.Context, actor Actor, parent CategoryID) error {
	if parent == 0 {
		return nil
	}
	wrong := FieldError{Field: "parent_id", Message: "must be a category that you can see"}
	above, err := s.CategoryByID(ctx, actor, parent)
	switch {
	case err == nil && above.Depth+1 < MaxCategoryDepth:
		return nil
	case err == nil:
		wrong.Message, wrong.Limit = "is nested too deeply", MaxCategoryDepth
	case KindOf(err) != NotFound:
		return err
	}
	return &Error{Kind: Invalid, Message: "the category cannot stand there", Fields: []FieldError{wrong}}
}

func (in *NewCategory) check() error {
	var wrong fields
	in.Name, in.Description = trim(in.Name), trim(in.Description)
	wrong.check(LimitCategory, in.Name)
	wrong.check(LimitDescription, in.Description)
	if err := wrong.err(); err != nil {
		return err
	}
	return in.Permissions.check()
}

// check refuses roles that have no permissions of their own: an administrator may do everything.
func (p Permissions) check() error {
	var wrong fields
	for role := range p {
		if !role.known() || role == Admin {
			wrong.add("permissions", "name the role %q, which has none of its own", role)
		}
	}
	return wrong.err()
}

// EditCategory renames a category and changes its description. Administrators only.
func (s *Service) EditCategory(ctx context.Context, actor Actor, id CategoryID, in NewCategory) (*CategoryBranch, error) {
	err := s.administer(ctx, actor, id, "edit category", in.Key, []any{in.Name, in.Description}, func(change Change) (Receipt, error) {
		if err := in.check(); err != nil {
			return Receipt{}, err
		}
		return s.Store.EditCategory(ctx, change, Category{ID: id, Name: in.Name, Slug: s.Text.Slug(in.Name), Description: in.Description})
	})
	if err != nil {
		return nil, err
	}
	return s.CategoryByID(ctx, actor, id)
}

// HideCategory hides a category and all below it from everybody but moderators, or shows it again.
func (s *Service) HideCategory(ctx context.Context, actor Actor, id CategoryID, hide bool, key string) error {
	return s.administer(ctx, actor, id, "hide category", key, hide, func(change Change) (Receipt, error) {
		return s.Store.HideCategory(ctx, change, id, s.markTime(hide))
	})
}

// OrderCategories gives the children of parent (0: the top) the order of ids, which must name each of them once.
func (s *Service) OrderCategories(ctx context.Context, actor Actor, parent CategoryID, ids []CategoryID, key string) error {
	change := s.change(actor, "order categories", key, []any{parent, ids})
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanAdminister(actor); err != nil {
			return Receipt{}, err
		}
		return s.Store.OrderCategories(ctx, change, parent, ids)
	})
	return err
}

// MoveCategory puts a category, and all below it, into another one (0: at the top), behind what is
// there. Inside of itself, or deeper than categories go, is Invalid.
func (s *Service) MoveCategory(ctx context.Context, actor Actor, id, parent CategoryID, key string) error {
	return s.administer(ctx, actor, id, "move category", key, parent, func(change Change) (Receipt, error) {
		if err := s.checkParent(ctx, actor, parent); err != nil {
			return Receipt{}, err
		}
		may := func(parents map[CategoryID]CategoryID) error { return canStand(parents, id, parent) }
		return s.Store.MoveCategory(ctx, change, id, parent, may)
	})
}

// canStand decides whether a category can be moved below parent, by the parents of all.
func canStand(parents map[CategoryID]CategoryID, id, parent CategoryID) error {
	refuse := func(message string) error {
		return &Error{Kind: Invalid, Message: "the category cannot stand there", Fields: []FieldError{{Field: "parent_id", Message: message}}}
	}
	depth := 0 // of the category, by the ways down to everything below it
	for at := range parents {
		steps := 0
		for ; at != 0 && at != id; at = parents[at] {
			steps++
		}
		if at == id {
			depth = max(depth, steps)
		}
	}
	for at := parent; at != 0; at = parents[at] {
		if at == id {
			return refuse("must not be the category itself or one inside of it")
		}
		depth++
	}
	if depth >= MaxCategoryDepth {
		return refuse("would nest it too deeply")
	}
	return nil
}

// CategoryPermissions returns what each role below administrator may do by the category's own table. Administrators only.
func (s *Service) CategoryPermissions(ctx context.Context, actor Actor, id CategoryID) (Permissions, error) {
	if err := CanAdminister(actor); err != nil {
		return nil, err
	}
	if _, err := s.CategoryByID(ctx, actor, id); err != nil {
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
	return s.administer(ctx, actor, id, "set category permissions", key, own, func(change Change) (Receipt, error) {
		if err := own.check(); err != nil {
			return Receipt{}, err
		}
		return s.Store.SetCategoryPermissions(ctx, change, id, own)
	})
}

// administer changes a category where actor may.
func (s *Service) administer(ctx context.Context, actor Actor, id CategoryID, operation, key string, request any, write func(Change) (Receipt, error)) error {
	change := s.change(actor, operation, key, []any{id, request})
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanAdminister(actor); err != nil {
			return Receipt{}, err
		}
		if _, err := s.CategoryByID(ctx, actor, id); err != nil {
			return Receipt{}, err
		}
		return write(change)
	})
	return err
}

func (r Role) known() bool {
	for _, role := range Roles {
		if r == role {
			return true
		}
	}
	return false
}
