package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Post is a post as one may see it, addressed by thread and number.
type Post struct {
	ThreadID      int64            `json:"thread_id"`
	Number        int64            `json:"number"` // from 1; never reused, never changed
	Author        Author           `json:"author"`
	Body          string           `json:"body"` // Markdown
	HTML          string           `json:"html"` // safe to show
	CreatedAt     time.Time        `json:"created_at"`
	EditedAt      time.Time        `json:"edited_at,omitzero"`        // zero: never
	ReplyTo       int64            `json:"reply_to"`                  // 0: it answers the thread
	ReplyThreadID int64            `json:"reply_thread_id,omitempty"` // where that post is, if not in the same thread
	State         string           `json:"state"`                     // visible, hidden, deleted
	Marks         []string         `json:"marks,omitempty"`
	Version       int64            `json:"version"`
	Replies       int64            `json:"replies"`
	Revisions     int64            `json:"revisions"`
	Reactions     map[string]int64 `json:"reactions"`
	MyReaction    string           `json:"my_reaction,omitempty"`
	Solution      bool             `json:"solution"`
	Thread        *ThreadNumbers   `json:"thread,omitempty"` // with the answer to a change

	ETag string `json:"-"` // of a post that was asked for alone, for PostChange
}

// ListedPost is a post among those of other threads.
type ListedPost struct {
	Post
	ThreadTitle string `json:"thread_title"`
	ThreadSlug  string `json:"thread_slug"`
}

// PostPage is a page of a thread's posts. Its numbers say where other pages begin.
type PostPage struct {
	Thread   Thread `json:"thread"`
	Posts    []Post `json:"posts"`
	First    int64  `json:"first"`
	Previous int64  `json:"previous,omitempty"` // 0 on the first
	Next     int64  `json:"next,omitempty"`     // 0 on the last
	Last     int64  `json:"last"`
}

// Revision is an earlier text of a post.
type Revision struct {
	Revision  int64     `json:"revision"` // from 1, the original
	Editor    Author    `json:"editor"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
}

// RevisionList is the earlier texts of a post, the original first.
type RevisionList struct {
	Revisions []Revision `json:"revisions"`
}

// NewPost is a reply.
type NewPost struct {
	Body    string `json:"body"`               // Markdown
	ReplyTo int64  `json:"reply_to,omitempty"` // the number of the post to answer; 0: the thread
}

// PostChange is another text of a post.
type PostChange struct {
	Body string `json:"body"`
	ETag string `json:"-"` // of the version to change and no other: else ErrPreconditionFailed; "": in any case
}

// PostPage returns a page of a thread's posts, from a number on; limit 0 is the server's own.
func (c *Client) PostPage(ctx context.Context, thread, from int64, limit int) (PostPage, error) {
	query := url.Values{}
	if from > 0 {
		query.Set("from", digits(from))
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return get[PostPage](ctx, c, threadPath(thread)+"/posts", query)
}

// Posts goes through a thread's posts, from a number on.
func (c *Client) Posts(ctx context.Context, thread, from int64) iter.Seq2[Post, error] {
	return parts(func(cursor string) ([]Post, string, error) {
		if cursor != "" {
			from, _ = strconv.ParseInt(cursor, 10, 64) // ours
		}
		page, err := c.PostPage(ctx, thread, from, 0)
		if err != nil || page.Next == 0 {
			return page.Posts, "", err
		}
		return page.Posts, digits(page.Next), nil
	})
}

// Post returns a post.
func (c *Client) Post(ctx context.Context, thread, number int64) (Post, error) {
	var post Post
	header, err := c.do(ctx, request{method: http.MethodGet, path: postPath(thread, number)}, &post)
	post.ETag = header.Get("ETag")
	return post, err
}

// CreatePost replies to a thread.
func (c *Client) CreatePost(ctx context.Context, thread int64, post NewPost) (Post, error) {
	return change[Post](ctx, c, http.MethodPost, threadPath(thread)+"/posts", post)
}

// EditPost gives a post another text.
func (c *Client) EditPost(ctx context.Context, thread, number int64, to PostChange) (Post, error) {
	var post Post
	header, err := c.do(ctx, request{method: http.MethodPatch, path: postPath(thread, number), body: to, ifMatch: to.ETag}, &post)
	post.ETag = header.Get("ETag")
	return post, err
}

// MarkPost sets or clears a mark: deleted, hidden.
func (c *Client) MarkPost(ctx context.Context, thread, number int64, mark string, set bool) (ThreadNumbers, error) {
	changed, err := change[Changed](ctx, c, putOrDelete(set), postPath(thread, number)+"/marks/"+url.PathEscape(mark), nil)
	return changed.Thread, err
}

// Revisions returns the earlier texts of a post, the original first.
func (c *Client) Revisions(ctx context.Context, thread, number int64) ([]Revision, error) {
	list, err := get[RevisionList](ctx, c, postPath(thread, number)+"/revisions", nil)
	return list.Revisions, err
}

// React gives a post a reaction, instead of an earlier one: up, heart ...
func (c *Client) React(ctx context.Context, thread, number int64, kind string) (Post, error) {
	return change[Post](ctx, c, http.MethodPut, postPath(thread, number)+"/reaction", map[string]string{"kind": kind})
}

// WithdrawReaction takes one's reaction to a post back.
func (c *Client) WithdrawReaction(ctx context.Context, thread, number int64) (Post, error) {
	return change[Post](ctx, c, http.MethodDelete, postPath(thread, number)+"/reaction", nil)
}

func postPath(thread, number int64) string { return threadPath(thread) + "/posts/" + digits(number) }
