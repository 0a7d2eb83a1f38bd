package web

import (
	"cmp"
	"net/http"
	"net/url"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// adminFrame is what the pages of administration have in common. Moderators see the part of it
// that is about people.
type adminFrame struct {
	Here     string // the address of the part
	Arranges bool   // may change the community itself
}

func newAdminFrame(r *http.Request, here string) adminFrame {
	return adminFrame{here, forum.CanAdminister(actorOf(r)) == nil}
}

// adminParts are the parts of administration by their addresses.
var adminParts = []struct {
	Path, Name string
	Arranges   bool // for administrators only
}{
	{"/admin", "Overview", false},
	{"/admin/settings", "Settings", true},
	{"/admin/categories", "Categories", true},
	{"/admin/people", "People", false},
	{"/admin/invitations", "Invitations", false},
	{"/admin/changes", "Changes", true},
}

// adminPage is where administration begins: how the community is, and what was changed last.
type adminPage struct {
	adminFrame
	forum.About
	Backup  forum.Backup
	Changes []forum.SettingChange
}

// recentChanges are shown where administration begins.
const recentChanges = 5

func (p adminPage) title() string { return "Administration" }

func (s *server) showAdmin(w http.ResponseWriter, r *http.Request) error {
	ctx, actor := r.Context(), actorOf(r)
	if err := forum.CanModeratePeople(actor); err != nil {
		return err
	}
	p := adminPage{adminFrame: newAdminFrame(r, "/admin")}
	var err error
	if p.About, err = s.service.About(ctx, actor); err != nil {
		return err
	}
	if p.Arranges {
		if p.Backup, err = s.service.LastBackup(ctx, actor); err != nil {
			return err
		}
		if p.Changes, err = s.service.SettingChanges(ctx, actor, 0, recentChanges); err != nil {
			return err
		}
	}
	return s.show(w, r, p)
}

// peoplePage lists people by name, for moderators, and finds one.
type peoplePage struct {
	adminFrame
	People []forum.User
	Asked  string // a name that nobody has: the list begins after it
	Which  string // "staff", "suspended" or "" for all
	More   string // where it goes on, "" at the end
}

func (p peoplePage) title() string { return "People" }

// whichPeople are the lists of people there are.
var whichPeople = []ui.Option{{Value: "", Label: "Everybody"}, {Value: "staff", Label: "Staff"}, {Value: "suspended", Label: "Suspended"}}

// peoplePath is the address of a list of people, after a name.
func peoplePath(which, after string) string {
	query := url.Values{}
	if which != "" {
		query.Set("which", which)
	}
	if after != "" {
		query.Set("after", after)
	}
	if len(query) == 0 {
		return "/admin/people"
	}
	return "/admin/people?" + query.Encode()
}

func (s *server) showPeople(w http.ResponseWriter, r *http.Request) error {
	actor, query := actorOf(r), r.URL.Query()
	asked := query.Get("name")
	if user, err := s.service.User(r.Context(), asked); err == nil && forum.CanModeratePeople(actor) == nil {
		return leadOn(w, r, ui.UserPath(user.Name))
	}
	p := peoplePage{adminFrame: newAdminFrame(r, "/admin/people"), Asked: asked, Which: query.Get("which")}
	var err error
	p.People, err = s.service.Users(r.Context(), actor, forum.UserFilter{After: cmp.Or(asked, query.Get("after")),
		Staff: p.Which == "staff", Suspended: p.Which == "suspended"})
	if err != nil {
		return err
	}
	if len(p.People) == forum.MaxListSize {
		p.More = peoplePath(p.Which, p.People[len(p.People)-1].Name)
	}
	return s.show(w, r, p)
}
