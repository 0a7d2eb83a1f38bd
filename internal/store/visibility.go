package store

import (
	"slices"
	"strings"

	"folkmoot/internal/forum"
)

// The one predicate. Every query that reaches threads or posts joins categoryAccess and ends in
// one of these; $1 is the reader's role, $2 the reader (null for a visitor).
const (
	// joinAccess brings in what the reader may do in the category of thread t.
	joinAccess = ` JOIN category_access a ON a.category_id = t.category_id AND a.role = $1 `

	// listsThread: in a list of visible threads.
	listsThread = ` a.see AND t.purging_at IS NULL AND t.state = 'visible' `

	// seesThread: by its address.
	seesThread = ` a.see AND t.purging_at IS NULL AND (t.state IN ('visible', 'unlisted') OR a.moderate
		OR t.author_id = $2 AND t.author_deleted_at IS NOT NULL
			AND t.mod_deleted_at IS NULL AND t.mod_hidden_at IS NULL AND t.flag_hidden_at IS NULL) `

	// seesPost: in a thread that the reader sees.
	seesPost = ` (p.state = 'visible' OR a.moderate
		OR p.author_id = $2 AND p.author_deleted_at IS NOT NULL
			AND p.mod_deleted_at IS NULL AND p.mod_hidden_at IS NULL AND p.flag_hidden_at IS NULL) `
)

// seers are the roles that see category c, with spaces between; audience takes the least of them.
const seers = ` (SELECT string_agg(s.role, ' ') FROM category_access s WHERE s.category_id = c.id AND s.see) `

func audience(seers string) forum.Role {
	see := strings.Fields(seers)
	for _, role := range forum.Roles {
		if slices.Contains(see, string(role)) {
			return role
		}
	}
	return forum.Admin
}

// readerArgs are $1 and $2 of the predicate, and what follows them.
func readerArgs(reader forum.Visibility, rest ...any) []any {
	return append([]any{reader.Role, reader.User}, rest...)
}
