package httpkit

import (
	"net/http"
	"strings"
)

// securityHeaders stand on every answer. Pages replace the policy, which allows nothing, with their own.
var securityHeaders = []struct {
	name  string
	value []string
}{
	{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}},
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"Permissions-Policy", []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}},
}

var strictTransport = []string{"max-age=31536000"}

// setSecurityHeaders shares the values between answers: they are replaced, never appended to.
func setSecurityHeaders(header http.Header, secure bool) {
	for _, h := range securityHeaders {
		header[h.name] = h.value
	}
	if secure {
		header["Strict-Transport-Security"] = strictTransport
	}
}

// NotModified gives the answer its entity tag (with its quotes) and tells whether the browser
// has it already; the answer is then complete.
func NotModified(w http.ResponseWriter, r *http.Request, etag string) bool {
	w.Header().Set("ETag", etag)
	if !MatchETag(r.Header.Get("If-None-Match"), etag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// MatchETag reports whether a list of entity tags, as If-None-Match has it, holds etag. Tags are
// compared weakly: what a proxy compressed is still the same.
func MatchETag(list, etag string) bool {
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag != "" && (tag == etag || tag == "*") {
			return true
		}
	}
	return false
}
