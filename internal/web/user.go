package web

import (
	"net/http"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// userPage is a person: what they say of themselves, exact numbers of what the reader may see
// of them, and their posts or threads.
type userPage struct {
	Profile    forum.Profile
	Threads    *threadList // nil where Posts are shown
	Posts      []userPost
	Older      string
	Own        bool
	Form       ui.Form // to suspend, lift and change the role
	MaySuspend bool
	MayLift    bool
	MayPromote bool
	ShowReason bool // of a suspension
}

// userPost is a post in a person's list.
type userPost struct {
	forum.Post
	Excerpt string
}

func (p userPage) title() string { return p.Profile.Name }

func (s *server) showUser(w http.ResponseWriter, r *http.Request) error {
	return s.showUserForm(w, r, http.StatusOK, newForm(r))
}

// showUserForm shows a person's page with the moderators' form as it stands.
func (s *server) showUserForm(w http.ResponseWriter, r *http.Request, status int, form ui.Form) error {
	actor := actorOf(r)
	profile, err := s.service.Profile(r.Context(), actor, r.PathValue("name"))
	if err != nil {
		return err
	}
	p := newUserPage(actor, profile, form)
	if r.URL.Query().Get("show") == "threads" {
		list, err := s.threads(r, forum.ThreadFilter{Author: profile.ID}, false)
		if err != nil {
			return err
		}
		p.Threads = &list
	} else if err := s.addPosts(r, &p); err != nil {
		return err
	}
	return s.showStatus(w, r, status, p)
}

func newUserPage(actor forum.Actor, profile forum.Profile, form ui.Form) userPage {
	suspended := profile.State() == forum.Suspended
	may := forum.CanModeratePeople(actor) == nil && profile.ID != actor.User
	return userPage{
		Profile:    profile,
		Own:        profile.ID == actor.User,
		Form:       form,
		MaySuspend: may && !suspended && profile.Role != forum.Admin,
		MayLift:    may && suspended,
		MayPromote: forum.CanAdminister(actor) == nil,
		ShowReason: suspended && (may || profile.ID == actor.User),
	}
}

// addPosts adds the part of a person's posts that the request asks for.
func (s *server) addPosts(r *http.Request, p *userPage) error {
	before, ok := parseCursor(r.URL.Query().Get("before"))
	if !ok {
		return forum.ErrNotFound
	}
	posts, next, err := s.service.UserPosts(r.Context(), actorOf(r), p.Profile.ID, before, forum.PageSize)
	if err != nil {
		return err
	}
	for _, post := range posts {
		p.Posts = append(p.Posts, userPost{post, s.service.Text.Excerpt(post.Body, excerptLength)})
	}
	p.Older = olderPath(r, next)
	return nil
}

// roleOptions are what an administrator can make of a person.
func (p userPage) roleOptions() []ui.Option {
	var options []ui.Option
	for _, role := range forum.Roles[1:] {
		options = append(options, ui.Option{Value: string(role), Label: ui.RoleName(role)})
	}
	return options
}

// roleForm is the form with the role the person has chosen.
func (p userPage) roleForm() ui.Form {
	form := p.Form
	form.Values = map[string][]string{"role": {string(p.Profile.Role)}}
	return form
}

func (s *server) suspend(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	err = s.service.SuspendUser(r.Context(), actorOf(r), name, in.Get("reason"), keyFor(in, r.URL.Path))
	return s.changedUser(w, r, err)
}

func (s *server) liftSuspension(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	err = s.service.LiftSuspension(r.Context(), actorOf(r), r.PathValue("name"), keyFor(in, r.URL.Path))
	return s.changedUser(w, r, err)
}

func (s *server) setRole(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	name, role := r.PathValue("name"), forum.Role(in.Get("role"))
	err = s.service.SetRole(r.Context(), actorOf(r), name, role, keyFor(in, r.URL.Path))
	return s.changedUser(w, r, err)
}

// changedUser leads back to the person's page, or shows it with what was wrong.
func (s *server) changedUser(w http.ResponseWriter, r *http.Request, err error) error {
	if invalid(err) {
		return s.showUserForm(w, r, httpkit.Status(forum.Invalid), again(r, r.PostForm, err))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.UserPath(r.PathValue("name")))
}
