package web

import (
	"net/http"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// errorPage says why something could not be shown or done.
type errorPage struct {
	Heading string
	Message string
	Wait    time.Duration // until it is worth another try
	SignIn  string        // where to sign in, "" where that would not help
}

func (p errorPage) title() string { return p.Heading }

// fail answers an error with a page. It is the httpkit.FailFunc of all pages.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err *forum.Error) {
	frame, siteErr := s.frame(r)
	if siteErr != nil { // the store is away: the reason is still worth a page
		frame = ui.Frame{Site: "Folkmoot", Actor: actorOf(r)}
	}
	frame.Section = ""
	sendErr := s.send(w, r, httpkit.Status(err.Kind), frame, pageOf(r, err))
	if sendErr != nil {
		http.Error(w, err.Message, httpkit.Status(err.Kind))
	}
}

// pageOf is the page about an error, with what was typed where anything was.
func pageOf(r *http.Request, err *forum.Error) page {
	p := newErrorPage(r, err)
	if r.Method == http.MethodPost {
		if kept := keep(r, p, err.Kind); kept.anything() {
			return kept
		}
	}
	return p
}

func newErrorPage(r *http.Request, err *forum.Error) errorPage {
	p := errorPage{Heading: heading(err.Kind), Message: ui.Sentence(err.Message), Wait: err.RetryAfter}
	switch err.Kind {
	case forum.Unauthenticated:
		p.SignIn = ui.SignInPath(here(r))
	case forum.KeyReused:
		p.Message = "This form was sent before, with something else in it. If this is meant to be another one, send it again."
	}
	return p
}

// heading is the headline of the page about a kind of error.
func heading(kind forum.Kind) string {
	switch kind {
	case forum.NotFound:
		return "Nothing here"
	case forum.Unauthenticated:
		return "Please sign in"
	case forum.Forbidden:
		return "You may not do this"
	case forum.Conflict, forum.PreconditionFailed:
		return "Not as things stand"
	case forum.Invalid, forum.KeyReused:
		return "This could not be accepted"
	case forum.TooLarge:
		return "This is too much at once"
	case forum.TooMany:
		return "A little slower, please"
	case forum.Unavailable:
		return "Not available at the moment"
	}
	return "Something went wrong"
}

// refuse answers what no route does: the method is none of the address's methods, or the address
// is no page of ours, but may be one of the community's former forum.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) error {
	allowed := httpkit.AllowedMethods(w, r, mux)
	switch {
	case len(allowed) == 0:
		return s.showRedirect(w, r)
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return s.showStatus(w, r, http.StatusMethodNotAllowed, errorPage{Heading: "This cannot be done here",
		Message: "There is something at this address, but not to be asked for in this way."})
}
