package web

import (
	"net/http"

	"folkmoot/internal/forum"
)

// aboutPage is the community's numbers, and what is promised of them.
type aboutPage struct{ forum.About }

func (p aboutPage) title() string { return "About" }

func (s *server) showAbout(w http.ResponseWriter, r *http.Request) error {
	about, err := s.service.About(r.Context(), actorOf(r))
	if err != nil {
		return err
	}
	return s.show(w, r, aboutPage{about})
}
