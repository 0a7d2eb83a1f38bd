package web

import (
	"net/http"

	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// react sets who asks' one reaction to a post to the kind that the form names, or to none: doing
// it twice is the same as once.
func (s *server) react(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Reacting)
	if err != nil {
		return err
	}
	actor, thread, number := actorOf(r), threadID(r), pathID(r, "number")
	post, err := s.service.React(r.Context(), actor, thread, number, in.Get("kind"), keyFor(in, r.URL.Path))
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.PostPath(post.Thread, post.Number))
}
