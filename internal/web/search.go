package web

import (
	"net/http"
	"net/url"
	"strconv"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// searchPage is the form to search with, and what was found.
type searchPage struct {
	Form       ui.Form
	Categories []ui.Option
	Asked      bool
	Result     forum.SearchResult
	First      int    // the place of the first hit shown, from 1
	More       string // where further hits are
}

func (p searchPage) title() string {
	if p.Asked {
		return "Search: " + p.Form.Value("q")
	}
	return "Search"
}

func (s *server) search(w http.ResponseWriter, r *http.Request) error {
	actor, query := actorOf(r), r.URL.Query()
	top, err := s.service.Categories(r.Context(), actor)
	if err != nil {
		return err
	}
	everywhere := []ui.Option{{Value: "", Label: "all categories"}}
	p := searchPage{Form: ui.Form{Values: query}, First: 1,
		Categories: append(everywhere, categoryOptions(top, func(*forum.Category) bool { return true })...)}
	if query.Get("q") == "" {
		return s.show(w, r, p)
	}
	if err := s.kit.Spend(r.Context(), &httpkit.Searching, ""); err != nil {
		return err
	}
	offset := int(min(positive(query.Get("after")), forum.MaxSearchHits))
	category := chosen(query, "category")
	if category < 0 {
		err = wrongField("category", "must be a category that you can see")
	} else {
		p.Result, err = s.service.Search(r.Context(), actor, query.Get("q"), forum.CategoryID(category), offset)
	}
	if invalid(err) {
		p.Form = p.Form.Wrong(err)
		return s.showStatus(w, r, httpkit.Status(forum.Invalid), p)
	}
	if err != nil {
		return err
	}
	p.Asked, p.First = true, offset+1
	if p.Result.More {
		p.More = moreHits(query, offset+len(p.Result.Hits))
	}
	return s.show(w, r, p)
}

func moreHits(query url.Values, after int) string {
	next := url.Values{"q": {query.Get("q")}, "after": {strconv.Itoa(after)}}
	if category := query.Get("category"); category != "" {
		next.Set("category", category)
	}
	return "/search?" + next.Encode()
}
