package httpkit

import (
	"net/http"
	"strings"
)

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// AllowedMethods returns the methods for which mux has a route to the address of a request, "/"
// apart, and says them in Allow; none where the address is none.
func AllowedMethods(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) []string {
	var allowed []string
	for _, method := range methods {
		probe := *r
		probe.Method = method
		if _, pattern := mux.Handler(&probe); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		w.Header().Set("Cache-Control", "no-store")
	}
	return allowed
}
