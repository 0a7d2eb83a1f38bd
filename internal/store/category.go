package store

import (
	"context"
	"fmt"
	"time"

	"folkmoot/internal/forum"
)

// Categories returns all that the reader may see with their own numbers, from one snapshot.
func (s *Store) Categories(ctx context.Context, reader forum.Visibility) ([]forum.Category, error) {
	var categories []forum.Category
	err := s.read(ctx, Query{`
		SELECT c.id, c.parent_id, c.name, c.slug, c.description, c.position, c.hidden_at, c.hidden_by, c.created_at, c.version, c.rev,
			a.see, a.reply, a.start, a.moderate,` + seers + `,
			n.threads_visible, n.threads_unlisted, n.threads_hidden, n.threads_deleted,
			n.posts_visible, n.posts_unlisted, n.posts_hidden, n.posts_deleted
		FROM categories c
		JOIN category_access a ON a.category_id = c.id AND a.role = $1
		LEFT JOIN category_counts n ON n.category_id = c.id
		WHERE a.see ORDER BY c.position, c.id`, []any{reader.Role}, func(row Row) error {
		var c forum.Category
		var seers string
		threads, posts := &c.Counts.Threads, &c.Counts.Posts
		err := scan(row, &c.ID, &c.ParentID, &c.Name, &c.Slug, &c.Description, &c.Position, &c.HiddenAt, &c.HiddenBy, &c.CreatedAt, &c.Version, &c.Rev,
			&c.Access.See, &c.Access.Reply, &c.Access.Start, &c.Access.Moderate, &seers,
			&threads[0], &threads[1], &threads[2], &threads[3], &posts[0], &posts[1], &posts[2], &posts[3])
		if !c.Access.Moderate { // what one may not see, one may not count
			clear(threads[1:])
			clear(posts[1:])
		}
		c.Audience = audience(seers)
		categories = append(categories, c)
		return err
	}})
	if err != nil {
		return nil, fmt.Errorf("categories: %w", err)
	}
	return categories, nil
}

// FormerSlug returns the category that had a slug which none has now.
func (s *Store) FormerSlug(ctx context.Context, slug string) (forum.CategoryID, error) {
	var id forum.CategoryID
	found := false
	err := s.read(ctx, Query{`SELECT category_id FROM former_slugs WHERE slug = $1`, []any{slug}, one(&found, &id)})
	switch {
	case err != nil:
		return 0, fmt.Errorf("former slug %q: %w", slug, err)
	case !found:
		return 0, forum.ErrNotFound
	}
	return id, nil
}

// CategoryPermissions returns a category's own table.
func (s *Store) CategoryPermissions(ctx context.Context, id forum.CategoryID) (forum.Permissions, error) {
	own := map[forum.CategoryID]forum.Permissions{}
	err := s.read(ctx, permissionsQuery(own))
	if err != nil {
		return nil, fmt.Errorf("permissions of category %d: %w", id, err)
	}
	if own[id] == nil {
		return forum.Permissions{}, nil
	}
	return own[id], nil
}

func permissionsQuery(own map[forum.CategoryID]forum.Permissions) Query {
	return Query{`SELECT category_id, role, see, reply, start, moderate FROM category_permissions`, nil, func(row Row) error {
		var id forum.CategoryID
		var role forum.Role
		var access forum.Access
		if err := scan(row, &id, &role, &access.See, &access.Reply, &access.Start, &access.Moderate); err != nil {
			return err
		}
		if own[id] == nil {
			own[id] = forum.Permissions{}
		}
		own[id][role] = access
		return nil
	}}
}

// CreateCategory makes a category at the end of its siblings.
func (s *Store) CreateCategory(ctx context.Context, change forum.Change, category forum.Category, own forum.Permissions) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		id, err := t.insertCategory(category, own)
		return forum.Receipt{ID: int64(id), At: t.now}, err
	})
}

// lockTree holds every category until the commit, and counts them: what follows from the tree is
// derived by one transaction at a time.
func (t *tx) lockTree() (all int64, err error) {
	err = t.conn.Query(`SELECT id FROM categories ORDER BY id FOR NO KEY UPDATE`, nil, func(Row) error { all++; return nil })
	return all, err
}

func (t *tx) insertCategory(category forum.Category, own forum.Permissions) (forum.CategoryID, error) {
	all, err := t.lockTree()
	if err != nil {
		return 0, err
	}
	if all >= forum.MaxCategories {
		return 0, &forum.Error{Kind: forum.Conflict, Message: fmt.Sprintf("there are %d categories already, which is the most there can be", all)}
	}
	slug, err := t.freeSlug(category.Slug, 0)
	if err != nil {
		return 0, err
	}
	id, err := t.insertID(`
		INSERT INTO categories (parent_id, name, slug, description, position, created_at)
		VALUES ($1, $2, $3, $4, (SELECT coalesce(max(position), 0) + 1 FROM categories WHERE coalesce(parent_id, 0) = $5), $6) RETURNING id`,
		category.ParentID, category.Name, slug, category.Description, int64(category.ParentID), t.now)
	if err != nil {
		return 0, err
	}
	if err := t.takeSlug(forum.CategoryID(id), slug, slug); err != nil {
		return 0, err
	}
	if err := t.storePermissions(forum.CategoryID(id), own); err != nil {
		return 0, err
	}
	return forum.CategoryID(id), t.accessChanged(forum.CategoryID(id))
}

// freeSlug returns slug, or slug with the first number behind it that makes it unique.
func (t *tx) freeSlug(slug string, except forum.CategoryID) (string, error) {
	for n := 1; ; n++ {
		candidate := slug
		if n > 1 {
			candidate = fmt.Sprintf("%s-%d", slug, n)
		}
		taken := false
		err := t.conn.Query(`SELECT 1 FROM categories WHERE slug = $1 AND id <> $2`, []any{candidate, int64(except)}, one(&taken))
		if err != nil || !taken {
			return candidate, err
		}
	}
}

// takeSlug makes the slug that a category had until now lead to it, and the one that it has taken
// lead nowhere else.
func (t *tx) takeSlug(id forum.CategoryID, before, taken string) error {
	if before != taken {
		_, err := t.exec(`INSERT INTO former_slugs (slug, category_id) VALUES ($1, $2)
			ON CONFLICT (slug) DO UPDATE SET category_id = excluded.category_id`, before, id)
		if err != nil {
			return err
		}
	}
	_, err := t.exec(`DELETE FROM former_slugs WHERE slug = $1`, taken)
	return err
}

func (t *tx) storePermissions(id forum.CategoryID, own forum.Permissions) error {
	if _, err := t.exec(`DELETE FROM category_permissions WHERE category_id = $1`, id); err != nil {
		return err
	}
	for _, role := range forum.Roles {
		access, given := own[role]
		if !given {
			continue
		}
		_, err := t.exec(`INSERT INTO category_permissions (category_id, role, see, reply, start, moderate) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, role, access.See, access.Reply, access.Start, access.Moderate)
		if err != nil {
			return err
		}
	}
	return nil
}

// EditCategory changes name, slug and description. The slug it had leads to it from now on.
func (s *Store) EditCategory(ctx context.Context, change forum.Change, category forum.Category) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		if _, err := t.lockTree(); err != nil {
			return forum.Receipt{}, err
		}
		slug, err := t.freeSlug(category.Slug, category.ID)
		if err != nil {
			return forum.Receipt{}, err
		}
		var before, name, description string
		err = t.conn.Query(`SELECT slug, name, description FROM categories WHERE id = $1`, []any{category.ID},
			func(row Row) error { return scan(row, &before, &name, &description) })
		if err != nil {
			return forum.Receipt{}, err
		}
		if err := t.keepChange(change.Actor, category.ID, "name", name, category.Name); err != nil {
			return forum.Receipt{}, err
		}
		if err := t.keepChange(change.Actor, category.ID, "description", description, category.Description); err != nil {
			return forum.Receipt{}, err
		}
		_, err = t.exec(`UPDATE categories SET name = $2, slug = $3, description = $4 WHERE id = $1`,
			category.ID, category.Name, slug, category.Description)
		if err != nil {
			return forum.Receipt{}, err
		}
		if err := t.takeSlug(category.ID, before, slug); err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{ID: int64(category.ID), At: t.now}, t.categoryShown(category.ID)
	})
}

// HideCategory sets or clears the mark, for the whole subtree.
func (s *Store) HideCategory(ctx context.Context, change forum.Change, id forum.CategoryID, at time.Time) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		if _, err := t.lockTree(); err != nil {
			return forum.Receipt{}, err
		}
		by := change.Actor
		if at.IsZero() {
			by = 0
		}
		changed, err := t.exec(`UPDATE categories SET hidden_at = $2, hidden_by = $3 WHERE id = $1 AND (hidden_at IS NULL) <> $4`,
			id, at, by, at.IsZero())
		if err != nil || changed == 0 {
			return forum.Receipt{ID: int64(id), At: t.now}, err
		}
		was, is := "no", "yes"
		if at.IsZero() {
			was, is = is, was
		}
		if err := t.keepChange(change.Actor, id, "hidden", was, is); err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{ID: int64(id), At: t.now}, t.accessChanged(id)
	})
}

// SetCategoryPermissions replaces a category's own table, for the whole subtree.
func (s *Store) SetCategoryPermissions(ctx context.Context, change forum.Change, id forum.CategoryID, own forum.Permissions) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		if _, err := t.lockTree(); err != nil {
			return forum.Receipt{}, err
		}
		all := map[forum.CategoryID]forum.Permissions{}
		before := permissionsQuery(all)
		if err := t.conn.Query(before.Text, before.Args, before.Each); err != nil {
			return forum.Receipt{}, err
		}
		if err := t.keepChange(change.Actor, id, "permissions", inWords(all[id]), inWords(own)); err != nil {
			return forum.Receipt{}, err
		}
		if err := t.storePermissions(id, own); err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{ID: int64(id), At: t.now}, t.accessChanged(id)
	})
}

// MoveCategory puts a category and all below it behind the children of another.
func (s *Store) MoveCategory(ctx context.Context, change forum.Change, id, parent forum.CategoryID,
	may func(map[forum.CategoryID]forum.CategoryID) error) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		receipt := forum.Receipt{ID: int64(id), At: t.now}
		if _, err := t.lockTree(); err != nil {
			return receipt, err
		}
		parents, names, err := t.categoryTree()
		if err != nil || parents[id] == parent {
			return receipt, err
		}
		if err := may(parents); err != nil {
			return receipt, err
		}
		_, err = t.exec(`UPDATE categories SET parent_id = $2,
			position = (SELECT coalesce(max(position), 0) + 1 FROM categories WHERE coalesce(parent_id, 0) = $3) WHERE id = $1`,
			id, parent, int64(parent))
		if err != nil {
			return receipt, err
		}
		if err := t.keepChange(change.Actor, id, "parent", names[parents[id]], names[parent]); err != nil {
			return receipt, err
		}
		return receipt, t.accessChanged(id)
	})
}

// categoryTree reads the parent (0: none) and the name of every category.
func (t *tx) categoryTree() (parents map[forum.CategoryID]forum.CategoryID, names map[forum.CategoryID]string, err error) {
	parents, names = map[forum.CategoryID]forum.CategoryID{}, map[forum.CategoryID]string{0: "the top"}
	err = t.conn.Query(`SELECT id, parent_id, name FROM categories`, nil, func(row Row) error {
		var id, parent forum.CategoryID
		var name string
		if err := scan(row, &id, &parent, &name); err != nil {
			return err
		}
		parents[id], names[id] = parent, name
		return nil
	})
	return parents, names, err
}

// OrderCategories gives siblings the positions 1..n.
func (s *Store) OrderCategories(ctx context.Context, change forum.Change, parent forum.CategoryID, ids []forum.CategoryID) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		if _, err := t.lockTree(); err != nil {
			return forum.Receipt{}, err
		}
		siblings := map[forum.CategoryID]bool{}
		err := t.conn.Query(`SELECT id FROM categories WHERE coalesce(parent_id, 0) = $1`, []any{int64(parent)}, func(row Row) error {
			siblings[forum.CategoryID(row.Int64(0))] = true
			return nil
		})
		if err != nil {
			return forum.Receipt{}, err
		}
		if err := sameMembers(siblings, ids); err != nil {
			return forum.Receipt{}, err
		}
		for i, id := range ids {
			if _, err := t.exec(`UPDATE categories SET position = $2 WHERE id = $1`, id, int64(i+1)); err != nil {
				return forum.Receipt{}, err
			}
		}
		return forum.Receipt{At: t.now}, nil
	})
}

func sameMembers(siblings map[forum.CategoryID]bool, ids []forum.CategoryID) error {
	wrong := len(ids) != len(siblings)
	seen := map[forum.CategoryID]bool{}
	for _, id := range ids {
		wrong = wrong || !siblings[id] || seen[id]
		seen[id] = true
	}
	if wrong {
		return &forum.Error{Kind: forum.Invalid, Message: "the order cannot be set",
			Fields: []forum.FieldError{{Field: "ids", Message: "must name each category that stands there once"}}}
	}
	return nil
}

// subtree is the ids of a category and all below it.
const subtree = `
	WITH RECURSIVE below (id) AS (
		SELECT id FROM categories WHERE id = $1
		UNION ALL
		SELECT c.id FROM below JOIN categories c ON c.parent_id = below.id
	) `

// categoryShown raises the version of a category and all below it: pages show the path.
func (t *tx) categoryShown(id forum.CategoryID) error {
	_, err := t.exec(subtree+`UPDATE categories SET version = version + 1 WHERE id IN (SELECT id FROM below)`, id)
	return err
}

// accessChanged derives what each role may do in a category and all below it, and raises
// their rev and version, so that no decision rests on what was before.
func (t *tx) accessChanged(id forum.CategoryID) error {
	if _, err := t.exec(subtree+`UPDATE categories SET rev = rev + 1, version = version + 1 WHERE id IN (SELECT id FROM below)`, id); err != nil {
		return err
	}
	clear(t.catRevs)
	if _, err := t.exec(subtree+`DELETE FROM category_access WHERE category_id IN (SELECT id FROM below)`, id); err != nil {
		return err
	}
	access, err := effectiveAccess(t.conn)
	if err != nil {
		return err
	}
	for category, roles := range access {
		for _, role := range forum.Roles {
			a := roles[role]
			_, err := t.exec(`INSERT INTO category_access (category_id, role, see, reply, start, moderate) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (category_id, role) DO NOTHING`, category, role, a.See, a.Reply, a.Start, a.Moderate)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// effectiveAccess derives the whole table from the tree, the marks and the permissions.
func effectiveAccess(conn Conn) (map[forum.CategoryID]map[forum.Role]forum.Access, error) {
	own := map[forum.CategoryID]forum.Permissions{}
	permissions := permissionsQuery(own)
	if err := conn.Query(permissions.Text, permissions.Args, permissions.Each); err != nil {
		return nil, err
	}
	access := map[forum.CategoryID]map[forum.Role]forum.Access{}
	err := conn.Query(`
		WITH RECURSIVE down (id, parent_id, hidden_at, depth) AS (
			SELECT id, parent_id, hidden_at, 0 FROM categories WHERE parent_id IS NULL
			UNION ALL
			SELECT c.id, c.parent_id, c.hidden_at, down.depth + 1 FROM down JOIN categories c ON c.parent_id = down.id
		)
		SELECT id, parent_id, hidden_at FROM down ORDER BY depth, id`, nil, func(row Row) error {
		var id, parent forum.CategoryID
		var hidden time.Time
		if err := scan(row, &id, &parent, &hidden); err != nil {
			return err
		}
		access[id] = map[forum.Role]forum.Access{}
		for _, role := range forum.Roles {
			above, nested := access[parent][role]
			if !nested {
				above = forum.Access{See: true, Reply: true, Start: true, Moderate: true}
			}
			access[id][role] = forum.EffectiveAccess(role, own[id], !hidden.IsZero(), above)
		}
		return nil
	})
	return access, err
}
