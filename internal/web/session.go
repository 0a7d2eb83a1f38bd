package web

import (
	"net/http"
	"net/url"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// signInPage is the form to sign in with.
type signInPage struct{ Form ui.Form }

func (p signInPage) title() string { return "Sign in" }

// passwordHint is what people are told who choose a password.
const passwordHint = "At least ten characters. A few words are easier to remember than signs."

// signUpPage is the form to make an account with.
type signUpPage struct {
	Form    ui.Form
	Invited bool   // an invitation is asked for
	Closed  string // why nobody can sign up, "" where somebody can
}

func (p signUpPage) title() string { return "Sign up" }

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("next")
	if actorOf(r).SignedIn() {
		return seeOther(w, r, localPath(next))
	}
	return s.show(w, r, signInPage{ui.Form{Values: url.Values{"next": {next}}}})
}

// signIn opens a session and goes on where the person was; what they had typed there comes along.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	if err := s.kit.SpendSignIn(r.Context(), in.Get("name")); err != nil {
		return err
	}
	secret, _, err := s.service.SignIn(r.Context(), in.Get("name"), in.Get("password"))
	if invalid(err) {
		return s.refuseSignIn(w, r, in, err)
	}
	if err != nil {
		return err
	}
	s.kit.OpenSession(w, r, secret)
	next := localPath(in.Get("next"))
	if kept := welcome(in, next); kept.anything() {
		return s.showAs(w, r, secret, kept)
	}
	return seeOther(w, r, next)
}

// refuseSignIn shows the form again, with what it carries along.
func (s *server) refuseSignIn(w http.ResponseWriter, r *http.Request, in url.Values, wrong error) error {
	status, form := httpkit.Status(forum.Invalid), again(r, in, wrong)
	if kept := carriedAlong(in, form); kept.anything() {
		return s.showStatus(w, r, status, kept)
	}
	return s.showStatus(w, r, status, signInPage{form})
}

// showAs shows a page to the person who just signed in.
func (s *server) showAs(w http.ResponseWriter, r *http.Request, secret forum.Secret, p page) error {
	actor, err := s.service.SessionActor(r.Context(), secret)
	if err != nil {
		return err
	}
	frame, err := s.frame(r)
	if err != nil {
		return err
	}
	frame.Actor = actor
	return s.send(w, r, http.StatusOK, frame, p)
}

func (s *server) showSignUp(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	if actorOf(r).SignedIn() {
		return seeOther(w, r, localPath(query.Get("next")))
	}
	invitation := forum.InvitationIn(query.Get("invitation"))
	form := ui.Form{Values: url.Values{"next": {query.Get("next")}, "invitation": {string(invitation)}}}
	if query.Has("invitation") {
		err := s.service.CanSignUp(r.Context(), invitation)
		if err != nil && !invalid(err) && forum.KindOf(err) != forum.Forbidden {
			return err
		}
		if invalid(err) {
			form = form.Wrong(err)
		}
		setSecret(w)
	}
	return s.showSignUpForm(w, r, http.StatusOK, form)
}

// showSignUpForm shows the form as it stands, as far as people can sign up.
func (s *server) showSignUpForm(w http.ResponseWriter, r *http.Request, status int, form ui.Form) error {
	site, err := s.service.Site(r.Context())
	if err != nil {
		return err
	}
	p := signUpPage{Form: form, Invited: site.SignUp == forum.SignUpInvited}
	if site.SignUp == forum.SignUpClosed {
		p.Closed = messageOf(forum.CanSignUp(site.SignUp, nil, time.Time{}))
	}
	return s.showStatus(w, r, status, p)
}

func (s *server) signUp(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	if err := s.kit.SpendSignUp(r.Context(), in.Get("name")); err != nil {
		return err
	}
	user, err := s.service.SignUp(r.Context(), forum.SignUp{Name: in.Get("name"), Password: in.Get("password"),
		Invitation: forum.InvitationIn(in.Get("invitation"))})
	if kind := forum.KindOf(err); err != nil && (kind == forum.Invalid || kind == forum.Conflict) {
		return s.showSignUpForm(w, r, httpkit.Status(kind), again(r, in, err))
	}
	if err != nil {
		return err
	}
	secret, err := s.service.OpenSession(r.Context(), user.ID)
	if err != nil {
		return err
	}
	s.kit.OpenSession(w, r, secret)
	return seeOther(w, r, localPath(in.Get("next")))
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.kit.CloseSession(w, r); err != nil {
		return err
	}
	return seeOther(w, r, "/")
}
