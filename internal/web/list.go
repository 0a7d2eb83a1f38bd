package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// threadList is a part of a list of threads, as several pages show it.
type threadList struct {
	forum.ThreadList
	ShowCategory bool
	Older        string      // where the next part is, "" at the end
	Part         bool        // not the first
	State        forum.State // of the threads listed
	States       []listState // the lists of other states, where the reader moderates
}

// listState leads to the list of threads of a state.
type listState struct {
	Name, Path string
	Here       bool
}

// threads loads the part of a list that the request asks for.
func (s *server) threads(r *http.Request, filter forum.ThreadFilter, moderates bool) (threadList, error) {
	query := r.URL.Query()
	var ok bool
	if filter.Before, ok = parseCursor(query.Get("before")); !ok {
		return threadList{}, forum.ErrNotFound
	}
	if state, known := forum.ParseState(query.Get("state")); known && moderates {
		filter.State = state
	}
	filter.Activity = true
	found, err := s.service.Threads(r.Context(), actorOf(r), filter)
	if err != nil {
		return threadList{}, err
	}
	list := threadList{ThreadList: found, ShowCategory: filter.Category == 0, Part: filter.Before != forum.Cursor{},
		State: filter.State, Older: olderPath(r, found.Next)}
	if moderates {
		list.States = listStates(r.URL.Path, filter.State)
	}
	return list, nil
}

func listStates(path string, current forum.State) []listState {
	states := []listState{
		{"Visible", path, current == forum.Visible},
		{"Unlisted", path + "?state=unlisted", current == forum.Unlisted},
		{"Hidden", path + "?state=hidden", current == forum.Hidden},
		{"Deleted", path + "?state=deleted", current == forum.Deleted},
	}
	return states
}

// moderatesAny reports whether actor moderates some category: the lists then offer what others do not see.
func moderatesAny(actor forum.Actor) bool {
	role := actor.EffectiveRole()
	return role == forum.Moderator || role == forum.Admin
}

// olderPath is the address of the part of a list that begins after next.
func olderPath(r *http.Request, next forum.Cursor) string {
	if next == (forum.Cursor{}) {
		return ""
	}
	query := url.Values{}
	for _, name := range []string{"state", "show"} {
		if value := r.URL.Query().Get(name); value != "" {
			query.Set(name, value)
		}
	}
	query.Set("before", formatCursor(next))
	return r.URL.EscapedPath() + "?" + query.Encode()
}

// formatCursor writes a place in a list: microseconds and id.
func formatCursor(c forum.Cursor) string {
	return strconv.FormatInt(c.At.UnixMicro(), 10) + "-" + strconv.FormatInt(c.ID, 10)
}

// parseCursor reads what formatCursor wrote; "" is the beginning of the list.
func parseCursor(text string) (forum.Cursor, bool) {
	if text == "" {
		return forum.Cursor{}, true
	}
	micros, id, found := strings.Cut(text, "-")
	at, err := strconv.ParseInt(micros, 10, 64)
	if !found || err != nil || positive(id) == 0 {
		return forum.Cursor{}, false
	}
	return forum.Cursor{At: time.UnixMicro(at).UTC(), ID: positive(id)}, true
}

// count says how many threads the whole list holds: "453 threads", "3 hidden threads".
func (l threadList) count() string {
	if l.State == forum.Visible {
		return ui.Count(l.Total, "thread", "threads")
	}
	return ui.Count(l.Total, l.State.String()+" thread", l.State.String()+" threads")
}
