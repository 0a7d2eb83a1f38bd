package web

import (
	"errors"
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

	// Changed is what others changed of a form's settings since it was made, by the form's anchor.
	Changed map[string][]forum.SettingChange
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
	version, err := s.service.SettingsVersion(r.Context(), actorOf(r)) // before what is of that version
	if err != nil {
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
	p := adminSettingsPage{adminFrame: newAdminFrame(r, "/admin/settings"), Site: newForm(r), Look: newLookForm(r, site), Rules: newForm(r)}
	p.Site.Values = url.Values{"name": {site.Name}, "description": {site.Description}}
	p.Rules.Values = url.Values{"sign_up": {string(rules.SignUp)}, "reactions": rules.Reactions,
		"post_length": {formatNumber(rules.PostLength)}, "edit_hours": {formatNumber(rules.EditHours)},
		"posts": {formatNumber(rules.Posts)}, "threads": {formatNumber(rules.Threads)}, "sign_ups": {formatNumber(rules.SignUps)}}
	for _, values := range []url.Values{p.Site.Values, p.Look.Form.Values, p.Rules.Values} {
		values.Set("version", formatNumber(version))
	}
	return p, nil
}

// settingsSaved is the page after something was saved, from its beginning: the forms ask to be shown
// at themselves, for when something is wrong.
const settingsSaved = "/admin/settings?saved#main"

// settingsForm is one of the page's forms, as it was sent.
type settingsForm struct {
	anchor   string
	settings []string                          // that it holds
	version  int64                             // of the settings that it was made from
	on       func(*adminSettingsPage) *ui.Form // where it stands
	kept     func(*ui.Form)                    // puts into it what was typed
}

// savedSettings leads on after a form of the page was sent, or shows it again with what was wrong.
// Where others changed what it holds, it says what, and the next attempt is one on top of theirs.
func (s *server) savedSettings(w http.ResponseWriter, r *http.Request, err error, sent settingsForm) error {
	changed := errors.Is(err, forum.ErrSettingsChanged)
	switch {
	case err == nil:
		return seeOther(w, r, settingsSaved)
	case !invalid(err) && !changed:
		return err
	}
	p, loadErr := s.adminSettings(r)
	if loadErr != nil {
		return loadErr
	}
	form := sent.on(&p)
	key, version := form.Key, form.Value("version")
	sent.kept(form)
	*form = form.Wrong(err)
	if changed {
		form.Key = key
		form.Values.Set("version", version)
		since, loadErr := s.service.SettingsChanged(r.Context(), actorOf(r), sent.settings, sent.version)
		if loadErr != nil {
			return loadErr
		}
		p.Changed = map[string][]forum.SettingChange{sent.anchor: since}
	}
	return s.showStatus(w, r, httpkit.Status(forum.KindOf(err)), p)
}

func (s *server) updateSite(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	version := chosen(in, "version")
	err = s.service.SetSite(r.Context(), actorOf(r), in.Get("name"), in.Get("description"), version, in.Get("key"))
	return s.savedSettings(w, r, err, settingsForm{"site", forum.SiteSettings, version,
		func(p *adminSettingsPage) *ui.Form { return &p.Site }, func(f *ui.Form) { *f = again(r, in, nil) }})
}

func (s *server) updateRules(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	version := chosen(in, "version")
	err = s.service.SetRules(r.Context(), actorOf(r), rulesOf(in), version, in.Get("key"))
	return s.savedSettings(w, r, err, settingsForm{"rules", forum.RuleSettings, version,
		func(p *adminSettingsPage) *ui.Form { return &p.Rules }, func(f *ui.Form) { *f = again(r, in, nil) }})
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
