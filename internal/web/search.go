package web

import (
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

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
	Words      []string
	ByID       map[forum.CategoryID]forum.Category
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
	p.Asked, p.First, p.ByID = true, offset+1, byID(top)
	p.Words = strings.Fields(strings.Join(forum.ParseSearch(query.Get("q")).Words, " ")) // those of phrases too
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

// byID are all categories of a tree.
func byID(branches []*forum.CategoryBranch) map[forum.CategoryID]forum.Category {
	all := map[forum.CategoryID]forum.Category{}
	for _, branch := range branches {
		all[branch.ID] = branch.Category
		maps.Copy(all, byID(branch.Children))
	}
	return all
}

// piece is a part of an excerpt: one of the words that were searched for, or what stands between them.
type piece struct {
	Text  string
	Found bool
}

// pieces takes an excerpt apart at the words that were searched for, whatever their case.
func pieces(excerpt string, words []string) []piece {
	var all []piece
	rest := 0
	for start, end := range eachWord(excerpt) {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, excerpt[start:end]) }) {
			continue
		}
		if start > rest {
			all = append(all, piece{excerpt[rest:start], false})
		}
		all, rest = append(all, piece{excerpt[start:end], true}), end
	}
	return append(all, piece{excerpt[rest:], false})
}

// eachWord yields where each word of a text begins and ends.
func eachWord(text string) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		start := -1
		for at, r := range text + " " {
			switch inside := unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r); {
			case inside && start < 0:
				start = at
			case !inside && start >= 0:
				if !yield(start, at) {
					return
				}
				start = -1
			}
		}
	}
}
