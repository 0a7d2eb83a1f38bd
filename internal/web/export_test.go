package web

import "folkmoot/internal/httpkit"

// Routes are the patterns of all routes.
func Routes() []string {
	var patterns []string
	new(server).routes(func(pattern string, _ httpkit.HandlerFunc) { patterns = append(patterns, pattern) })
	return patterns
}
