package web

import (
	"net/http"
	"net/url"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// settingsPage is what a person sets for themselves.
type settingsPage struct {
	Name     string
	About    ui.Form
	Password ui.Form
	Token    ui.Form
	Tokens   []forum.APIToken
	Secret   forum.Secret // of a token just made: shown this once
	Done     string       // what was done last, "" where nothing was
}

func (p settingsPage) title() string { return "Settings" }

func (s *server) showSettings(w http.ResponseWriter, r *http.Request) error {
	p, err := s.settings(r)
	if err != nil {
		return err
	}
	p.Done = settingsDone[r.URL.Query().Get("done")]
	return s.show(w, r, p)
}

// settingsDone is what the page says after something was done.
var settingsDone = map[string]string{
	"password":           "Your password was changed, and you were signed out everywhere else. Tokens still work: revoke those that may be in strangers' hands.",
	"sign-out-elsewhere": "You were signed out everywhere else.",
}

// settings loads the page as it is.
func (s *server) settings(r *http.Request) (settingsPage, error) {
	actor := actorOf(r)
	tokens, err := s.service.Tokens(r.Context(), actor)
	if err != nil {
		return settingsPage{}, err
	}
	user, err := s.service.User(r.Context(), actor.Name)
	if err != nil {
		return settingsPage{}, err
	}
	p := settingsPage{Name: user.Name, About: newForm(r), Token: newForm(r), Tokens: tokens}
	p.About.Values = url.Values{"about": {user.About}}
	p.Token.Values = url.Values{"scope": {string(forum.ScopeRead)}}
	return p, nil
}

func (s *server) updateAbout(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Editing)
	if err != nil {
		return err
	}
	actor := actorOf(r)
	err = s.service.EditProfile(r.Context(), actor, in.Get("about"), in.Get("key"))
	if invalid(err) {
		return s.refuseSettings(w, r, func(p *settingsPage) { p.About = again(r, in, err) })
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.UserPath(actor.Name))
}

// refuseSettings shows the page with the form that could not be accepted.
func (s *server) refuseSettings(w http.ResponseWriter, r *http.Request, put func(*settingsPage)) error {
	p, err := s.settings(r)
	if err != nil {
		return err
	}
	put(&p)
	return s.showStatus(w, r, httpkit.Status(forum.Invalid), p)
}

func (s *server) changePassword(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	err = s.kit.ChangePassword(r.Context(), in.Get("present_password"), in.Get("password"))
	if invalid(err) {
		return s.refuseSettings(w, r, func(p *settingsPage) { p.Password = p.Password.Wrong(err) })
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/settings?done=password#main")
}

func (s *server) signOutElsewhere(w http.ResponseWriter, r *http.Request) error {
	if err := s.kit.SignOutElsewhere(r.Context()); err != nil {
		return err
	}
	return seeOther(w, r, "/settings?done=sign-out-elsewhere#main")
}

func (s *server) createToken(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Editing)
	if err != nil {
		return err
	}
	_, secret, err := s.service.CreateToken(r.Context(), actorOf(r), in.Get("name"), forum.Scope(in.Get("scope")), in.Get("key"))
	if invalid(err) {
		return s.refuseSettings(w, r, func(p *settingsPage) { p.Token = again(r, in, err) })
	}
	if err != nil {
		return err
	}
	p, err := s.settings(r)
	if err != nil {
		return err
	}
	p.Secret = secret
	return s.showSecret(w, r, p)
}

func (s *server) revokeToken(w http.ResponseWriter, r *http.Request) error {
	err := s.service.DeleteToken(r.Context(), actorOf(r), pathID(r, "id"))
	if err != nil {
		return err
	}
	return seeOther(w, r, "/settings")
}

// scopeOptions are what a token can be allowed.
func scopeOptions() []ui.Option {
	return []ui.Option{
		{Value: string(forum.ScopeRead), Label: "read what you may read"},
		{Value: string(forum.ScopeWrite), Label: "and write in your name"},
		{Value: string(forum.ScopeModerate), Label: "and moderate, where you may"},
	}
}
