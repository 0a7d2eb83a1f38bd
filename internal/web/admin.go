package web

import (
	"net/http"
	"net/url"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// adminPage is where administration begins. Moderators see the way to the people only.
type adminPage struct {
	Site       ui.Form
	Categories []categoryRow
	Arranges   bool // may change the community itself
}

func (p adminPage) title() string { return "Administration" }

func (s *server) showAdmin(w http.ResponseWriter, r *http.Request) error {
	site, err := s.service.Site(r.Context())
	if err != nil {
		return err
	}
	form := newForm(r)
	form.Values = url.Values{"name": {site.Name}, "description": {site.Description}}
	return s.showAdminForm(w, r, http.StatusOK, form)
}

func (s *server) showAdminForm(w http.ResponseWriter, r *http.Request, status int, form ui.Form) error {
	actor := httpkit.ActorOf(r.Context())
	if err := forum.CanModeratePeople(actor); err != nil {
		return err
	}
	top, err := s.service.Categories(r.Context(), actor)
	if err != nil {
		return err
	}
	return s.showStatus(w, r, status, adminPage{form, categoryRows(top), forum.CanAdminister(actor) == nil})
}

func (s *server) updateSite(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	err = s.service.SetSite(r.Context(), httpkit.ActorOf(r.Context()), in.Get("name"), in.Get("description"), in.Get("key"))
	if invalid(err) {
		return s.showAdminForm(w, r, httpkit.Status(forum.Invalid), again(r, in, err))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/admin")
}

// peoplePage lists people by name, for moderators.
type peoplePage struct {
	People []forum.User
	After  string // the name the list begins after
	More   string // where it goes on, "" at the end
}

func (p peoplePage) title() string { return "People" }

func (s *server) showPeople(w http.ResponseWriter, r *http.Request) error {
	after := r.URL.Query().Get("after")
	people, err := s.service.Users(r.Context(), httpkit.ActorOf(r.Context()), after, forum.MaxListSize)
	if err != nil {
		return err
	}
	p := peoplePage{People: people, After: after}
	if len(people) == forum.MaxListSize {
		p.More = "/admin/people?" + url.Values{"after": {people[len(people)-1].Name}}.Encode()
	}
	return s.show(w, r, p)
}
