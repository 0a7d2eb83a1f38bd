package web

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// showRedirect answers addresses that are no page of ours. Those that an import brought from the
// community's former forum lead to where their content is now, if the reader may see it.
func (s *server) showRedirect(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return forum.ErrNotFound
	}
	for _, path := range oldPaths(r) {
		address, err := s.service.Redirect(r.Context(), actorOf(r), path)
		if err == nil {
			return moved(w, r, pathOf(address))
		}
		if forum.KindOf(err) != forum.NotFound {
			return err
		}
	}
	return forum.ErrNotFound
}

// oldPaths are the addresses that a request may mean, the whole one first: without what follows
// the "?", by what its end names ("/questions/12/the-title/13" is answer 13), and without what
// other forums write for people at the end ("/questions/12/the-title").
func oldPaths(r *http.Request) []string {
	path := strings.TrimSuffix(r.URL.EscapedPath(), "/")
	paths := []string{r.URL.RequestURI(), path}
	if answer := answerOfQuestion.FindStringSubmatch(path); answer != nil {
		paths = append(paths, "/a/"+answer[1])
	}
	for range maxDecoration {
		cut := strings.LastIndexByte(path, '/')
		if cut < 1 || strings.IndexByte(path, '/') == cut {
			break
		}
		path = path[:cut]
		paths = append(paths, path)
	}
	return slices.Compact(paths)
}

// answerOfQuestion is the longer address that Stack Exchange has for /a/13.
var answerOfQuestion = regexp.MustCompile(`^/questions/\d+/[^/]+/(\d+)$`)

// maxDecoration is how many parts at the end of an old address may be there for people only:
// "/questions/12/the-title/13" has two.
const maxDecoration = 2

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
