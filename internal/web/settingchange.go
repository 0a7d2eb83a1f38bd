package web

import (
	"cmp"
	"net/http"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// changesPage lists what was changed of the settings, the newest first.
type changesPage struct {
	adminFrame
	Changes []forum.SettingChange
	Older   string // where it goes on, "" at the end
}

func (p changesPage) title() string { return "Changes" }

func (s *server) showChanges(w http.ResponseWriter, r *http.Request) error {
	changes, err := s.service.SettingChanges(r.Context(), actorOf(r), positive(r.URL.Query().Get("before")), forum.ListSize)
	if err != nil {
		return err
	}
	p := changesPage{newAdminFrame(r, "/admin/changes"), changes, ""}
	if len(changes) == forum.ListSize {
		p.Older = "/admin/changes?before=" + formatNumber(changes[len(changes)-1].ID)
	}
	return s.show(w, r, p)
}

// settingNames are the settings as people know them.
var settingNames = map[string]string{
	"name": "Name", "description": "Description", "accent": "Colour", "logo_name": "Logo",
	"sign_up": "Who may sign up", "reactions": "Reactions", "post_length": "Length of a post", "edit_hours": "Hours to change a post",
	"posts": "Posts in five minutes", "threads": "New threads in five minutes", "sign_ups": "Sign-ups in an hour",
	"permissions": "Who may do what", "hidden": "Hidden", "parent": "Place",
}

func settingName(x forum.SettingChange) string { return cmp.Or(settingNames[x.Setting], x.Setting) }

// settingValue is a value as people read it.
func settingValue(setting, value string) string {
	switch setting {
	case "accent":
		return cmp.Or(value, standardAccent)
	case "logo_name":
		if value != "" {
			return "a picture"
		}
	case "edit_hours":
		if value == "0" {
			return "no end"
		}
	case "sign_up":
		for _, option := range signUpOptions() {
			if option.Value == value {
				return option.Label
			}
		}
	case "reactions":
		var signs []string
		for kind := range strings.SplitSeq(value, ", ") {
			signs = append(signs, ui.ReactionEmoji(kind))
		}
		value = strings.Join(signs, " ")
	}
	return cmp.Or(value, "nothing")
}
