package web

import (
	"net/http"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// showRedirect answers addresses that are no page of ours. Those that an import brought from the
// community's former forum lead to where their content is now, if the reader may see it.
func (s *server) showRedirect(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return forum.ErrNotFound
	}
	actor := actorOf(r)
	address, err := s.service.Redirect(r.Context(), actor, r.URL.RequestURI())
	if forum.KindOf(err) == forum.NotFound && r.URL.RawQuery != "" {
		address, err = s.service.Redirect(r.Context(), actor, r.URL.EscapedPath())
	}
	if err != nil {
		return err
	}
	return moved(w, r, pathOf(address))
}

// pathOf is where an address leads.
func pathOf(a forum.Address) string {
	switch {
	case a.User != "":
		return ui.UserPath(a.User)
	case a.Tag != "":
		return ui.TagPath(a.Tag)
	case a.Number > 1:
		return ui.PostPlace(a.Thread, a.Slug, a.Number)
	}
	return ui.ThreadPath(a.Thread, a.Slug)
}
