package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// adminCategoriesPage is the tree of categories, to be put in order.
type adminCategoriesPage struct {
	adminFrame
	Categories []categoryRow
	Key        string
}

func (p adminCategoriesPage) title() string { return "Categories" }

func (s *server) showAdminCategories(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r)
	if err := forum.CanAdminister(actor); err != nil {
		return err
	}
	top, err := s.service.Categories(r.Context(), actor)
	if err != nil {
		return err
	}
	return s.show(w, r, adminCategoriesPage{newAdminFrame(r, "/admin/categories"), categoryRows(top), newKey()})
}

// newCategoryPage is the form for a category.
type newCategoryPage struct {
	adminFrame
	Form    ui.Form
	Parents []ui.Option
}

func (p newCategoryPage) title() string { return "New category" }

func (s *server) newCategory(w http.ResponseWriter, r *http.Request) error {
	form := newForm(r)
	form.Values = url.Values{"parent_id": {r.URL.Query().Get("parent")}}
	return s.showNewCategory(w, r, http.StatusOK, form)
}

func (s *server) showNewCategory(w http.ResponseWriter, r *http.Request, status int, form ui.Form) error {
	if err := forum.CanAdminister(actorOf(r)); err != nil {
		return err
	}
	parents, err := s.parentOptions(r)
	if err != nil {
		return err
	}
	return s.showStatus(w, r, status, newCategoryPage{newAdminFrame(r, "/admin/categories"), form, parents})
}

func (s *server) createCategory(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	made, err := s.makeCategory(r, in)
	if invalid(err) {
		return s.showNewCategory(w, r, httpkit.Status(forum.Invalid), again(r, in, err))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.CategoryPath(made.Slug))
}

func (s *server) makeCategory(r *http.Request, in url.Values) (*forum.CategoryBranch, error) {
	permissions, err := audiencePermissions(in.Get("audience"))
	if err != nil {
		return nil, err
	}
	return s.service.CreateCategory(r.Context(), actorOf(r), forum.NewCategory{
		ParentID:    forum.CategoryID(chosen(in, "parent_id")),
		Name:        in.Get("name"),
		Description: in.Get("description"),
		Permissions: permissions,
		Key:         in.Get("key"),
	})
}

// The audiences that a new category is usually made for. Its settings allow any mixture.
const (
	forEverybody = "everybody"
	forReading   = "reading"
	forMembers   = "members"
	forStaff     = "staff"
)

func audienceOptions() []ui.Option {
	return []ui.Option{
		{Value: forEverybody, Label: "everybody reads, members write"},
		{Value: forReading, Label: "everybody reads, members reply, moderators start threads"},
		{Value: forMembers, Label: "members only"},
		{Value: forStaff, Label: "moderators only"},
	}
}

func audiencePermissions(audience string) (forum.Permissions, error) {
	switch audience {
	case forEverybody:
		return nil, nil
	case forReading:
		return forum.Permissions{forum.Member: {See: true, Reply: true}}, nil
	case forMembers:
		return forum.Permissions{forum.Visitor: {}}, nil
	case forStaff:
		return forum.Permissions{forum.Visitor: {}, forum.Member: {}}, nil
	}
	return nil, wrongField("audience", "is none of those there are")
}

// categoryAdminPage is a category's settings.
type categoryAdminPage struct {
	adminFrame
	Category    categoryRow
	Form        ui.Form // name and description
	Move        ui.Form // into another one
	Parents     []ui.Option
	Key         string // of the other forms
	Permissions []permissionRow
}

func (p categoryAdminPage) title() string { return "Settings of " + p.Category.Name }

// permissionRow is what a role may do by the category's own table.
type permissionRow struct {
	Role   forum.Role
	Rights []right
}

// right is one thing that may be allowed.
type right struct {
	Name    string // of the check box
	Label   string
	Allowed bool
	Offered bool // makes sense for this role
}

func (s *server) editCategory(w http.ResponseWriter, r *http.Request) error {
	category, err := s.category(r)
	if err != nil {
		return err
	}
	return s.showCategorySettings(w, r, http.StatusOK, category, func(*categoryAdminPage) {})
}

// category loads the category of the address, for administrators.
func (s *server) category(r *http.Request) (*forum.CategoryBranch, error) {
	actor := actorOf(r)
	if err := forum.CanAdminister(actor); err != nil {
		return nil, err
	}
	return s.service.CategoryByID(r.Context(), actor, forum.CategoryID(pathID(r, "id")))
}

// showCategorySettings shows a category's settings, with a form that could not be accepted put in place.
func (s *server) showCategorySettings(w http.ResponseWriter, r *http.Request, status int, category *forum.CategoryBranch, put func(*categoryAdminPage)) error {
	own, err := s.service.CategoryPermissions(r.Context(), actorOf(r), category.ID)
	if err != nil {
		return err
	}
	parents, err := s.parentOptions(r)
	if err != nil {
		return err
	}
	p := categoryAdminPage{newAdminFrame(r, "/admin/categories"), categoryRow{category}, newForm(r), newForm(r), parents, newKey(), permissionRows(own)}
	p.Form.Values = url.Values{"name": {category.Name}, "description": {category.Description}}
	p.Move.Values = url.Values{"parent_id": {""}}
	if category.ParentID != 0 {
		p.Move.Values.Set("parent_id", formatID(category.ParentID))
	}
	put(&p)
	return s.showStatus(w, r, status, p)
}

// parentOptions are the places where a category can stand.
func (s *server) parentOptions(r *http.Request) ([]ui.Option, error) {
	top, err := s.service.Categories(r.Context(), actorOf(r))
	parents := []ui.Option{{Value: "", Label: "none: at the top"}}
	return append(parents, categoryOptions(top, func(*forum.Category) bool { return true })...), err
}

// configurable are the roles that a category's table speaks of; an administrator may do everything.
var configurable = []forum.Role{forum.Visitor, forum.Member, forum.Moderator}

func permissionRows(own forum.Permissions) []permissionRow {
	var rows []permissionRow
	for _, role := range configurable {
		access := own[role]
		name := func(act string) string { return string(role) + "." + act }
		rows = append(rows, permissionRow{role, []right{
			{name("see"), "see", access.See, true},
			{name("reply"), "reply", access.Reply, role != forum.Visitor},
			{name("start"), "start threads", access.Start, role != forum.Visitor},
			{name("moderate"), "moderate", access.Moderate, role == forum.Moderator},
		}})
	}
	return rows
}

func (s *server) updateCategory(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	category, err := s.category(r)
	if err != nil {
		return err
	}
	_, err = s.service.EditCategory(r.Context(), actorOf(r), category.ID,
		forum.NewCategory{Name: in.Get("name"), Description: in.Get("description"), Key: in.Get("key")})
	if invalid(err) {
		return s.showCategorySettings(w, r, httpkit.Status(forum.Invalid), category, func(p *categoryAdminPage) { p.Form = again(r, in, err) })
	}
	return backToCategory(w, r, category.ID, err)
}

// backToCategory leads to the category's settings after a change.
func backToCategory(w http.ResponseWriter, r *http.Request, id forum.CategoryID, err error) error {
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.CategoryAdminPath(id))
}

func (s *server) setPermissions(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	if err := forum.CanAdminister(actorOf(r)); err != nil { // whoever may not is not told about the table
		return err
	}
	id := forum.CategoryID(pathID(r, "id"))
	own, err := permissionsOf(in)
	if err == nil {
		err = s.service.SetCategoryPermissions(r.Context(), actorOf(r), id, own, keyFor(in, r.URL.Path))
	}
	return backToCategory(w, r, id, err)
}

// permissionsOf reads the whole table: a box that is not ticked is a right that is not given. A box
// that the table has not, or a value that its boxes have not, is a table that did not arrive as it was.
func permissionsOf(in url.Values) (forum.Permissions, error) {
	own := forum.Permissions{}
	known := map[string]bool{"key": true}
	for _, role := range configurable {
		allowed := func(act string) bool {
			name := string(role) + "." + act
			known[name] = true
			return in.Has(name)
		}
		own[role] = forum.Access{See: allowed("see"), Reply: allowed("reply"), Start: allowed("start"), Moderate: allowed("moderate")}
	}
	for name, values := range in {
		if !known[name] || name != "key" && !slices.Equal(values, []string{"yes"}) {
			return nil, &forum.Error{Kind: forum.Invalid, Message: fmt.Sprintf("the table of who may do what has no box %.80q", name+"="+in.Get(name))}
		}
	}
	return own, nil
}

func (s *server) hideCategory(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	if err := forum.CanAdminister(actorOf(r)); err != nil {
		return err
	}
	hide := in.Get("hidden")
	if hide != "yes" && hide != "no" {
		return wrongField("hidden", "must be yes or no")
	}
	id := forum.CategoryID(pathID(r, "id"))
	err = s.service.HideCategory(r.Context(), actorOf(r), id, hide == "yes", keyFor(in, r.URL.Path))
	return backToCategory(w, r, id, err)
}

// orderCategory gives the category and its siblings the order that the form names: the whole of
// it, so that doing it twice is the same as once.
func (s *server) orderCategory(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	category, err := s.category(r)
	if err != nil {
		return err
	}
	var ids []forum.CategoryID
	for id := range strings.SplitSeq(in.Get("order"), " ") {
		ids = append(ids, forum.CategoryID(positive(id)))
	}
	err = s.service.OrderCategories(r.Context(), actorOf(r), category.ParentID, ids, keyFor(in, r.URL.Path))
	if err != nil {
		return err
	}
	return seeOther(w, r, "/admin/categories#"+categoryAnchor(category.ID))
}

// categoryAnchor is the id of a category's row among all.
func categoryAnchor(id forum.CategoryID) string { return "c-" + formatID(id) }

// moveCategory puts a category into another one.
func (s *server) moveCategory(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	category, err := s.category(r)
	if err != nil {
		return err
	}
	parent := forum.CategoryID(chosen(in, "parent_id"))
	err = s.service.MoveCategory(r.Context(), actorOf(r), category.ID, parent, in.Get("key"))
	if invalid(err) {
		return s.showCategorySettings(w, r, httpkit.Status(forum.Invalid), category, func(p *categoryAdminPage) { p.Move = again(r, in, err) })
	}
	return backToCategory(w, r, category.ID, err)
}

// swapped is the order of siblings in which two neighbours have changed places.
func swapped(siblings []categoryRow, first int) string {
	ids := make([]string, 0, len(siblings))
	for _, sibling := range siblings {
		ids = append(ids, formatID(sibling.ID))
	}
	ids[first], ids[first+1] = ids[first+1], ids[first]
	return strings.Join(ids, " ")
}
