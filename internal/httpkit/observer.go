package httpkit

import "time"

// Observer is told what a server does. It is called by many goroutines at once, and must be quick.
type Observer interface {
	// Answered tells of a request. Route is the pattern it matched, of which there are few.
	Answered(route string, status int, took time.Duration)
	// PageAsked tells whether a page that visitors share was at hand.
	PageAsked(cached bool)
}

// PageAsked tells the observer, where there is one.
func (k *Kit) PageAsked(cached bool) {
	if k.Observer != nil {
		k.Observer.PageAsked(cached)
	}
}
