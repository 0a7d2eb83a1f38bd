package web

import (
	"net/http"
	"net/url"
	"strconv"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// adminSettingsPage is what administrators set for the community.
type adminSettingsPage struct {
	adminFrame
	Site  ui.Form
	Look  lookForm
	Rules ui.Form
	Saved bool // what was sent last
}

func (p adminSettingsPage) title() string { return "Settings of the community" }

func (s *server) showAdminSettings(w http.ResponseWriter, r *http.Request) error {
	p, err := s.adminSettings(r)
	if err != nil {
		return err
	}
	p.Saved = r.URL.Query().Has("saved")
	return s.show(w, r, p)
}

// adminSettings loads the page as it is.
func (s *server) adminSettings(r *http.Request) (adminSettingsPage, error) {
	if err := forum.CanAdminister(actorOf(r)); err != nil {
		return adminSettingsPage{}, err
	}
	site, err := s.service.Site(r.Context())
	if err != nil {
		return adminSettingsPage{}, err
	}
	rules, err := s.service.Rules(r.Context())
	if err != nil {
		return adminSettingsPage{}, err
	}
	p := adminSettingsPage{newAdminFrame(r, "/admin/settings"), newForm(r), newLookForm(r, site), newForm(r), false}
	p.Site.Values = url.Values{"name": {site.Name}, "description": {site.Description}}
	p.Rules.Values = url.Values{"sign_up": {string(rules.SignUp)}, "reactions": rules.Reactions,
		"post_length": {formatNumber(rules.PostLength)}, "edit_hours": {formatNumber(rules.EditHours)},
		"posts": {formatNumber(rules.Posts)}, "threads": {formatNumber(rules.Threads)}, "sign_ups": {formatNumber(rules.SignUps)}}
	return p, nil
}

// settingsSaved is the page after something was saved, from its beginning: the forms ask to be shown
// at themselves, for when something is wrong.
const settingsSaved = "/admin/settings?saved#main"

// savedSettings leads on after a form of the page was sent, or shows it again with what was wrong.
func (s *server) savedSettings(w http.ResponseWriter, r *http.Request, err error, put func(*adminSettingsPage)) error {
	if !invalid(err) {
		if err != nil {
			return err
		}
		return seeOther(w, r, settingsSaved)
	}
	p, loadErr := s.adminSettings(r)
	if loadErr != nil {
		return loadErr
	}
	put(&p)
	return s.showStatus(w, r, httpkit.Status(forum.Invalid), p)
}

func (s *server) updateSite(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	err = s.service.SetSite(r.Context(), actorOf(r), in.Get("name"), in.Get("description"), in.Get("key"))
	return s.savedSettings(w, r, err, func(p *adminSettingsPage) { p.Site = again(r, in, err) })
}

func (s *server) updateRules(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	err = s.service.SetRules(r.Context(), actorOf(r), rulesOf(in), in.Get("key"))
	return s.savedSettings(w, r, err, func(p *adminSettingsPage) { p.Rules = again(r, in, err) })
}

func rulesOf(in url.Values) forum.Rules {
	return forum.Rules{SignUp: forum.SignUpPolicy(in.Get("sign_up")), Reactions: in["reactions"],
		PostLength: figure(in, "post_length"), EditHours: figure(in, "edit_hours"),
		Posts: figure(in, "posts"), Threads: figure(in, "threads"), SignUps: figure(in, "sign_ups")}
}

// figure reads a number that somebody typed; what is none is below every bound.
func figure(in url.Values, name string) int64 {
	n, err := strconv.ParseInt(in.Get(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// signUpOptions are who may sign up.
func signUpOptions() []ui.Option {
	return []ui.Option{
		{Value: string(forum.SignUpOpen), Label: "everybody"},
		{Value: string(forum.SignUpInvited), Label: "who has an invitation"},
		{Value: string(forum.SignUpClosed), Label: "nobody"},
	}
}

// reactionOptions are the reactions that can be offered.
func reactionOptions() []ui.Option {
	var options []ui.Option
	for _, kind := range forum.ReactionKinds {
		options = append(options, ui.Option{Value: kind.Kind, Label: kind.Emoji + " " + kind.Label})
	}
	return options
}
