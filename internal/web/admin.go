package web

import (
	"cmp"
	"net/http"
	"net/url"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// adminPage is where administration begins. Moderators see the way to the people only.
type adminPage struct {
	Site       ui.Form
	Look       lookForm
	Categories []categoryRow
	Arranges   bool // may change the community itself
	Backup     forum.Backup
}

func (p adminPage) title() string { return "Administration" }

func (s *server) showAdmin(w http.ResponseWriter, r *http.Request) error {
	p, err := s.adminPage(r)
	if err != nil {
		return err
	}
	return s.show(w, r, p)
}

// adminPage loads the page as it is.
func (s *server) adminPage(r *http.Request) (adminPage, error) {
	actor := actorOf(r)
	if err := forum.CanModeratePeople(actor); err != nil {
		return adminPage{}, err
	}
	site, err := s.service.Site(r.Context())
	if err != nil {
		return adminPage{}, err
	}
	top, err := s.service.Categories(r.Context(), actor)
	if err != nil {
		return adminPage{}, err
	}
	form := newForm(r)
	form.Values = url.Values{"name": {site.Name}, "description": {site.Description}}
	p := adminPage{Site: form, Look: newLookForm(r, site), Categories: categoryRows(top), Arranges: forum.CanAdminister(actor) == nil}
	if p.Arranges {
		if p.Backup, err = s.service.LastBackup(r.Context(), actor); err != nil {
			return adminPage{}, err
		}
	}
	return p, nil
}

func (s *server) updateSite(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	err = s.service.SetSite(r.Context(), actorOf(r), in.Get("name"), in.Get("description"), in.Get("key"))
	if invalid(err) {
		p, loadErr := s.adminPage(r)
		if loadErr != nil {
			return loadErr
		}
		p.Site = again(r, in, err)
		return s.showStatus(w, r, httpkit.Status(forum.Invalid), p)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/admin")
}

// peoplePage lists people by name, for moderators, and finds one.
type peoplePage struct {
	People []forum.User
	Asked  string // a name that nobody has: the list begins after it
	More   string // where it goes on, "" at the end
}

func (p peoplePage) title() string { return "People" }

func (s *server) showPeople(w http.ResponseWriter, r *http.Request) error {
	actor, query := actorOf(r), r.URL.Query()
	asked := query.Get("name")
	if user, err := s.service.User(r.Context(), asked); err == nil && forum.CanModeratePeople(actor) == nil {
		return leadOn(w, r, ui.UserPath(user.Name))
	}
	people, err := s.service.Users(r.Context(), actor, cmp.Or(asked, query.Get("after")), forum.MaxListSize)
	if err != nil {
		return err
	}
	p := peoplePage{People: people, Asked: asked}
	if len(people) == forum.MaxListSize {
		p.More = "/admin/people?" + url.Values{"after": {people[len(people)-1].Name}}.Encode()
	}
	return s.show(w, r, p)
}
