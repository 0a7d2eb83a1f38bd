package web

import (
	"net/http"

	"folkmoot/internal/forum"
)

// tagPage is the threads with a tag.
type tagPage struct {
	Name string
	List threadList
}

func (p tagPage) title() string { return p.Name }

func (s *server) showTag(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if forum.LimitTag.Check(name) != nil {
		return forum.ErrNotFound
	}
	if name = s.service.Text.Tag(name); name == "" {
		return forum.ErrNotFound
	}
	list, err := s.threads(r, forum.ThreadFilter{Tag: name}, moderatesAny(actorOf(r)))
	if err != nil {
		return err
	}
	if list.Total == 0 && list.State == forum.Visible {
		return forum.ErrNotFound // a tag is there as far as threads are that the reader may see
	}
	return s.show(w, r, tagPage{name, list})
}
