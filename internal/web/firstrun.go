package web

import (
	"net/http"
	"net/url"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// firstRunPage makes the first administrator and names the community.
type firstRunPage struct{ Form ui.Form }

func (p firstRunPage) title() string { return "First run" }

func (s *server) showFirstRun(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	if err := s.service.CheckFirstRun(r.Context(), forum.Secret(token)); err != nil {
		return err
	}
	return s.showSecret(w, r, firstRunPage{ui.Form{Values: url.Values{"token": {token},
		"sign_up": {string(forum.SignUpOpen)}, "categories": {"Announcements\nGeneral\nHelp"}}}})
}

// showSecret shows a page that holds a secret: nothing keeps it, and no address is told to others.
func (s *server) showSecret(w http.ResponseWriter, r *http.Request, p page) error {
	setSecret(w)
	return s.show(w, r, p)
}

// setSecret says that an answer holds a secret.
func setSecret(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
}

func (s *server) firstRun(w http.ResponseWriter, r *http.Request) error {
	in, err := readForm(r)
	if err != nil {
		return err
	}
	secret, _, err := s.service.FirstRun(r.Context(), forum.Secret(in.Get("token")), forum.FirstRun{SiteName: in.Get("site_name"),
		Description: in.Get("description"), SignUp: forum.SignUpPolicy(in.Get("sign_up")), Categories: lines(in.Get("categories")),
		Admin: forum.SignUp{Name: in.Get("name"), Password: in.Get("password")}})
	if kind := forum.KindOf(err); err != nil && (kind == forum.Invalid || kind == forum.Conflict) {
		return s.showStatus(w, r, httpkit.Status(kind), firstRunPage{again(r, in, err)})
	}
	if err != nil {
		return err
	}
	s.kit.OpenSession(w, r, secret)
	return seeOther(w, r, "/admin")
}

// lines are the lines of a text that hold something.
func lines(text string) []string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
