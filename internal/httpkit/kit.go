package httpkit

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"folkmoot/internal/forum"
)

// Kit is what the handlers of one server share. Its fields are set once, before the first request.
type Kit struct {
	Service *forum.Service
	Logger  *slog.Logger
	Origin  *url.URL       // the public origin; nil where nobody said it
	Rates   *Rates         // nil: nobody is held back
	Proxies []netip.Prefix // whose X-Forwarded-For, Forwarded and X-Forwarded-Proto are believed

	Observer     Observer // nil: nobody listens
	LogAddresses bool     // the access log says where requests come from

	crossOrigin http.CrossOriginProtection
}

// Absolute returns the absolute address of a path, for mail, feeds and the like. It is built
// from the configured origin and never from the Host a request names, which anybody can
// choose; without an origin it is the path alone.
func (k *Kit) Absolute(path string) string {
	if k.Origin == nil {
		return path
	}
	return k.Origin.Scheme + "://" + k.Origin.Host + path
}

// AbsoluteFor is Absolute for an answer that only whoever asks will see: without an origin it is by the
// Host that they named, which leads them, and nobody else, where they came from.
func (k *Kit) AbsoluteFor(r *http.Request, path string) string {
	if k.Origin != nil {
		return k.Absolute(path)
	}
	scheme := "http"
	if k.secure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host + path
}

// secure reports whether the browser speaks https: with the public origin where it is known,
// with us, or with a proxy that is believed.
func (k *Kit) secure(r *http.Request) bool {
	switch {
	case k.Origin != nil:
		return k.Origin.Scheme == "https"
	case r.TLS != nil:
		return true
	}
	return r.Header.Get("X-Forwarded-Proto") == "https" && k.believes(peer(r))
}
