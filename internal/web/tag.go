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
	folded := s.service.Text.Fold(name)
	list, err := s.threads(r, forum.ThreadFilter{Tag: folded}, moderatesAny(actorOf(r)))
	if err != nil {
		return err
	}
	if list.Total == 0 && list.State == forum.Visible {
		return forum.ErrNotFound // a tag is there as far as threads are that the reader may see
	}
	return s.show(w, r, tagPage{s.tagAsShown(folded, list), list})
}

// tagAsShown is the tag as its threads show it, however the address wrote it.
func (s *server) tagAsShown(folded string, list threadList) string {
	for _, thread := range list.Threads {
		for _, tag := range thread.Tags {
			if s.service.Text.Fold(tag.Name) == folded {
				return tag.Name
			}
		}
	}
	return folded
}
