package web

import (
	"net/http"

	"folkmoot/internal/forum"
)

// latestPage is the start: the threads of all categories, newest activity first.
type latestPage struct {
	List        threadList
	Description string // of the community
	MayStart    bool
	FirstRun    bool // nobody administers it yet
}

func (p latestPage) title() string { return "" }

func (s *server) showLatest(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r)
	list, err := s.threads(r, forum.ThreadFilter{}, moderatesAny(actor))
	if err != nil {
		return err
	}
	site, err := s.service.Site(r.Context())
	if err != nil {
		return err
	}
	return s.show(w, r, latestPage{List: list, Description: site.Description,
		MayStart: forum.CanWrite(actor) == nil, FirstRun: !site.HasAdmin})
}
