package ui

import (
	"cmp"

	"folkmoot/internal/forum"
)

// Frame is what stands around the content of every page.
type Frame struct {
	Site    string // the community's name
	About   string // a sentence about it, "" where it has none
	Logo    string // the address of its picture, "" where it has none
	Accent  string // one of forum.Accents, "" for the standard
	Title   string // of the page; "" is the site's own
	Section string // the entry of the navigation this page belongs to: its address
	Here    string // path and query to come back to after signing in, "" for the start
	Query   string // what was searched for
	Actor   forum.Actor
	Closed  bool // nobody can sign up
	Demo    bool // the community was made to be looked at
	Found   Found

	// Absolute is the builder of absolute addresses, nil where nobody said the public origin.
	Absolute func(path string) string
}

func (f Frame) title() string {
	if f.Title == "" {
		return f.Site
	}
	return f.Title + " · " + f.Site
}

// description is what a search engine may show under the title.
func (f Frame) description() string {
	if f.Found.Description != "" {
		return f.Found.Description
	}
	if f.Title == "" || f.About == "" {
		return cmp.Or(f.About, f.title())
	}
	return f.Title + ". " + f.About
}

func (f Frame) signInPath() string {
	if f.Here == "" {
		return "/sign-in"
	}
	return SignInPath(f.Here)
}

func (f Frame) staff() bool {
	role := f.Actor.EffectiveRole()
	return role == forum.Moderator || role == forum.Admin
}
