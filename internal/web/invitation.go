package web

import (
	"net/http"
	"net/url"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// invitationsPage makes and ends invitations.
type invitationsPage struct {
	adminFrame
	Form        ui.Form
	Link        string // of one just made: shown this once
	Invitations []forum.Invitation
	Older       string // where the list goes on, "" at the end
	SignUp      forum.SignUpPolicy
	Now         time.Time
	Key         string // of the other forms
}

func (p invitationsPage) title() string { return "Invitations" }

func (s *server) showInvitations(w http.ResponseWriter, r *http.Request) error {
	p, err := s.invitations(r)
	if err != nil {
		return err
	}
	return s.show(w, r, p)
}

// invitations loads the page as it is.
func (s *server) invitations(r *http.Request) (invitationsPage, error) {
	all, err := s.service.Invitations(r.Context(), actorOf(r), positive(r.URL.Query().Get("before")), forum.ListSize)
	if err != nil {
		return invitationsPage{}, err
	}
	site, err := s.service.Site(r.Context())
	if err != nil {
		return invitationsPage{}, err
	}
	p := invitationsPage{adminFrame: newAdminFrame(r, "/admin/invitations"), Form: newForm(r), Invitations: all,
		SignUp: site.SignUp, Now: s.service.Clock.Now(), Key: newKey()}
	p.Form.Values = url.Values{"uses": {formatNumber(forum.BoundInvitationUses.Standard)}, "days": {formatNumber(forum.BoundInvitationDays.Standard)}}
	if len(all) == forum.ListSize {
		p.Older = "/admin/invitations?before=" + formatNumber(all[len(all)-1].ID)
	}
	return p, nil
}

func (s *server) createInvitation(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	_, secret, err := s.service.CreateInvitation(r.Context(), actorOf(r), forum.NewInvitation{Note: in.Get("note"),
		Uses: figure(in, "uses"), Days: figure(in, "days"), Key: in.Get("key")})
	if err != nil && !invalid(err) {
		return err
	}
	p, loadErr := s.invitations(r)
	if loadErr != nil {
		return loadErr
	}
	if err != nil {
		p.Form = again(r, in, err)
		return s.showStatus(w, r, httpkit.Status(forum.Invalid), p)
	}
	p.Link = s.kit.AbsoluteFor(r, ui.InvitationPath(secret))
	return s.showSecret(w, r, p)
}

func (s *server) endInvitation(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	if err := s.service.EndInvitation(r.Context(), actorOf(r), pathID(r, "id"), keyFor(in, r.URL.Path)); err != nil {
		return err
	}
	return seeOther(w, r, "/admin/invitations")
}

// invitationState says how an invitation stands.
func (p invitationsPage) invitationState(i forum.Invitation) string {
	switch {
	case i.Open(p.Now):
		return "open"
	case i.Used >= i.Uses:
		return "used up"
	case i.Void:
		return "void"
	}
	return "ended"
}

// label names an invitation.
func (p invitationsPage) label(i forum.Invitation) string {
	if i.Note != "" {
		return i.Note
	}
	return "Invitation " + formatNumber(i.ID)
}
