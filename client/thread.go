package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Author is who wrote something.
type Author struct {
	ID   int64  `json:"id,omitempty"` // 0: nobody with an account is behind the name
	Name string `json:"name"`
}

// Thread is a thread as one may see it. Its numbers are exact, but for Views.
type Thread struct {
	ID             int64            `json:"id"`
	CategoryID     int64            `json:"category_id"`
	Title          string           `json:"title"`
	Slug           string           `json:"slug"` // of the page's address: /t/{id}/{slug}
	Author         Author           `json:"author"`
	State          string           `json:"state"` // visible, unlisted, hidden, deleted
	Marks          []string         `json:"marks,omitempty"`
	Tags           []string         `json:"tags"`
	PinnedAt       time.Time        `json:"pinned_at,omitzero"` // zero: it is not
	LockedAt       time.Time        `json:"locked_at,omitzero"` // zero: it is not
	CreatedAt      time.Time        `json:"created_at"`
	LastActivityAt time.Time        `json:"last_activity_at"`
	LastAuthor     Author           `json:"last_author"`
	PostCount      int64            `json:"post_count"`
	PostsByState   map[string]int64 `json:"posts_by_state,omitempty"`
	FirstNumber    int64            `json:"first_number"`
	LastNumber     int64            `json:"last_number"`
	SolutionNumber int64            `json:"solution_number,omitempty"`
	Reactions      int64            `json:"reactions"`
	Views          int64            `json:"views"` // approximate
	Version        int64            `json:"version"`
}

// ThreadNumbers are a thread's numbers as they stood right after a change.
type ThreadNumbers struct {
	ID             int64     `json:"id"`
	PostCount      int64     `json:"post_count"`
	LastActivityAt time.Time `json:"last_activity_at"`
	Version        int64     `json:"version"`
}

// Changed says what a change made of a thread.
type Changed struct {
	Thread ThreadNumbers `json:"thread"`
}

// ThreadList is a part of a list of threads.
type ThreadList struct {
	Threads    []Thread `json:"threads"`
	Pinned     []Thread `json:"pinned,omitempty"` // with the first part of a category's list
	Total      int64    `json:"total"`            // of the whole list
	NextCursor string   `json:"next_cursor,omitempty"`
}

// ThreadFilter says which threads a list holds. Zero is all that are visible.
type ThreadFilter struct {
	CategoryID int64
	Tag        string
	Author     string
	State      string // other than visible: where one moderates
	Limit      int    // of a part; 0 is the server's own
}

func (f ThreadFilter) query(cursor string) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"tag": f.Tag, "author": f.Author, "state": f.State, "cursor": cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if f.CategoryID != 0 {
		query.Set("category_id", digits(f.CategoryID))
	}
	if f.Limit > 0 {
		query.Set("limit", strconv.Itoa(f.Limit))
	}
	return query
}

// NewThread is a thread to start.
type NewThread struct {
	CategoryID int64    `json:"category_id"`
	Title      string   `json:"title"`
	Body       string   `json:"body"` // Markdown
	Tags       []string `json:"tags,omitempty"`
}

// ThreadChange is what to change of a thread; nil leaves it.
type ThreadChange struct {
	Title      *string   `json:"title,omitempty"`
	Tags       *[]string `json:"tags,omitempty"`
	CategoryID *int64    `json:"category_id,omitempty"`
}

// ListThreads returns a part of a list: the first where cursor is "", else the one that the
// NextCursor of the part before names.
func (c *Client) ListThreads(ctx context.Context, filter ThreadFilter, cursor string) (ThreadList, error) {
	return get[ThreadList](ctx, c, "/threads", filter.query(cursor))
}

// Threads goes through a list, newest activity first; those pinned in a category come before.
func (c *Client) Threads(ctx context.Context, filter ThreadFilter) iter.Seq2[Thread, error] {
	return parts(func(cursor string) ([]Thread, string, error) {
		list, err := c.ListThreads(ctx, filter, cursor)
		return append(list.Pinned, list.Threads...), list.NextCursor, err
	})
}

// parts goes through a list that comes in parts. After an error it ends.
func parts[T any](next func(cursor string) (part []T, cursorAfter string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := ""; ; {
			part, after, err := next(cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range part {
				if !yield(item, nil) {
					return
				}
			}
			if after == "" {
				return
			}
			cursor = after
		}
	}
}

// Thread returns a thread.
func (c *Client) Thread(ctx context.Context, id int64) (Thread, error) {
	return get[Thread](ctx, c, threadPath(id), nil)
}

// CreateThread starts a thread and returns its first post.
func (c *Client) CreateThread(ctx context.Context, thread NewThread) (Post, error) {
	return change[Post](ctx, c, http.MethodPost, "/threads", thread)
}

// EditThread renames, tags or moves a thread.
func (c *Client) EditThread(ctx context.Context, id int64, to ThreadChange) (Thread, error) {
	return change[Thread](ctx, c, http.MethodPatch, threadPath(id), to)
}

// MarkThread sets or clears a mark: deleted, hidden, unlisted, pinned, locked.
func (c *Client) MarkThread(ctx context.Context, id int64, mark string, set bool) (ThreadNumbers, error) {
	changed, err := change[Changed](ctx, c, putOrDelete(set), threadPath(id)+"/marks/"+url.PathEscape(mark), nil)
	return changed.Thread, err
}

func putOrDelete(set bool) string {
	if set {
		return http.MethodPut
	}
	return http.MethodDelete
}

func threadPath(id int64) string { return "/threads/" + digits(id) }
