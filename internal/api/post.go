package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Post is a post as its reader may see it, addressed by thread and number.
type Post struct {
	ThreadID      forum.ThreadID   `json:"thread_id"`
	Number        int64            `json:"number" doc:"From 1; never reused, never changed."`
	Author        Author           `json:"author"`
	Body          string           `json:"body" doc:"Markdown, as it was written."`
	HTML          string           `json:"html" doc:"The body rendered; safe to show."`
	CreatedAt     time.Time        `json:"created_at"`
	EditedAt      time.Time        `json:"edited_at" nullable:"true" doc:"null: never."`
	ReplyTo       *int64           `json:"reply_to" doc:"The number of the post this one answers; null: it answers the thread."`
	ReplyThreadID *forum.ThreadID  `json:"reply_thread_id,omitempty" doc:"Where that post is, if not in the same thread."`
	State         string           `json:"state" enum:"visible,hidden,deleted"`
	Marks         []string         `json:"marks,omitempty" doc:"Why it is not visible."`
	Version       int64            `json:"version" doc:"The thread's at this post's last change."`
	Replies       int64            `json:"replies" doc:"Visible posts that answer it."`
	Revisions     int64            `json:"revisions" doc:"Earlier texts that are kept."`
	Reactions     map[string]int64 `json:"reactions" doc:"How often each kind was given."`
	MyReaction    string           `json:"my_reaction,omitempty" doc:"The kind you gave."`
	Solution      bool             `json:"solution" doc:"It is the thread's accepted post."`
	Thread        *ThreadNumbers   `json:"thread,omitempty" doc:"With the answer to a change: the thread's numbers, from the same transaction."`
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
	First    int64  `json:"first" doc:"The number of the first post you may see."`
	Previous int64  `json:"previous,omitzero" doc:"Where the page before begins; absent on the first."`
	Next     int64  `json:"next,omitzero" doc:"Where the next page begins; absent on the last."`
	Last     int64  `json:"last" doc:"Where the last page begins."`
}

// Revision is an earlier text of a post.
type Revision struct {
	Revision  int64     `json:"revision" doc:"From 1, the original."`
	Editor    Author    `json:"editor"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at" doc:"When this text was written."`
}

// RevisionList is the earlier texts of a post, the original first.
type RevisionList struct {
	Revisions []Revision `json:"revisions"`
}

func newPost(p *forum.Post) Post {
	post := Post{ThreadID: p.Thread, Number: p.Number, Author: Author(p.Author), Body: p.Body, HTML: p.HTML,
		CreatedAt: p.CreatedAt, EditedAt: p.EditedAt, State: p.State.String(), Marks: marks(&p.Marks), Version: p.Version,
		Replies: p.Replies, Revisions: p.Revisions, MyReaction: p.MyReaction, Solution: p.Solution}
	if p.ReplyNumber != 0 {
		post.ReplyTo = &p.ReplyNumber
		if p.ReplyThread != p.Thread {
			post.ReplyThreadID = &p.ReplyThread
		}
	}
	if len(p.Reactions) > 0 {
		post.Reactions = make(map[string]int64, len(p.Reactions))
		for _, reaction := range p.Reactions {
			post.Reactions[reaction.Kind] = reaction.N
		}
	}
	if p.ThreadNumbers != (forum.Receipt{}) {
		numbers := newNumbers(p.ThreadNumbers)
		post.Thread = &numbers
	}
	return post
}

func newListedPost(p *forum.Post) ListedPost {
	return ListedPost{Post: newPost(p), ThreadTitle: p.ThreadTitle, ThreadSlug: p.ThreadSlug}
}

func threadPath(thread forum.ThreadID) string {
	return Prefix + "/threads/" + strconv.FormatInt(int64(thread), 10)
}

func postPath(thread forum.ThreadID, number int64) string {
	return threadPath(thread) + "/posts/" + strconv.FormatInt(number, 10)
}

// PostQuery names a post.
type PostQuery struct {
	ThreadQuery
	Number id `path:"number"`
}

func (q *PostQuery) address() (forum.ThreadID, int64) {
	return forum.ThreadID(q.ThreadID), int64(q.Number)
}

func (s *server) listPosts(ctx context.Context, in *struct {
	ThreadQuery
	From  int64 `query:"from" minimum:"1" doc:"The number from which the page goes on; none: from the first post."`
	Limit int   `query:"limit" minimum:"1" maximum:"100" doc:"How many at most."`
}) (*tagged[PostPage], error) {
	page, err := s.service.ThreadPage(ctx, httpkit.ActorOf(ctx), forum.ThreadID(in.ThreadID), forum.PageAt{Number: in.From, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	posts := make([]Post, len(page.Posts))
	for i := range page.Posts {
		posts[i] = newPost(&page.Posts[i])
	}
	etag, err := s.etag(ctx, page.Thread.Version, page.Thread.Category.Rev, in.From, int64(in.Limit))
	return &tagged[PostPage]{ETag: etag, Body: PostPage{Thread: newThread(&page.Thread), Posts: posts,
		First: page.First, Previous: page.Previous, Next: page.Next, Last: page.Last}}, err
}

type newPostBody struct {
	Body    string `json:"body" doc:"Markdown."`
	ReplyTo int64  `json:"reply_to,omitempty" doc:"The number of the post to answer; none: the thread."`
}

// TransformSchema writes the limits into the document.
func (newPostBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitBody)
}

type newPostInput struct {
	ThreadQuery
	Keyed
	Body newPostBody
}

func (s *server) createPost(ctx context.Context, in *newPostInput) (*created[Post], error) {
	post, err := s.service.CreatePost(ctx, httpkit.ActorOf(ctx), forum.NewPost{Thread: forum.ThreadID(in.ThreadID),
		Body: in.Body.Body, ReplyTo: in.Body.ReplyTo, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &created[Post]{Location: postPath(post.Thread, post.Number), Body: newPost(&post)}, nil
}

func (s *server) getPost(ctx context.Context, in *PostQuery) (*tagged[Post], error) {
	thread, number := in.address()
	_, post, err := s.service.Post(ctx, httpkit.ActorOf(ctx), thread, number)
	if err != nil {
		return nil, err
	}
	return s.taggedPost(ctx, &post)
}

// taggedPost adds to the version the replies, whose number rises without the post being changed.
func (s *server) taggedPost(ctx context.Context, post *forum.Post) (*tagged[Post], error) {
	etag, err := s.etag(ctx, post.Version, post.Replies)
	return &tagged[Post]{ETag: etag, Body: newPost(post)}, err
}

type postChangeBody struct {
	Body string `json:"body" doc:"Markdown."`
}

// TransformSchema writes the limits into the document.
func (postChangeBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitBody)
}

func (s *server) editPost(ctx context.Context, in *struct {
	PostQuery
	Keyed
	Matching
	Body postChangeBody
}) (*tagged[Post], error) {
	version, err := s.ifMatch(ctx, in.IfMatch)
	if err != nil {
		return nil, err
	}
	thread, number := in.address()
	post, err := s.service.EditPost(ctx, httpkit.ActorOf(ctx), thread, number,
		forum.PostEdit{Body: in.Body.Body, IfVersion: version, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return s.taggedPost(ctx, &post)
}

func (s *server) deletePost(ctx context.Context, in *struct {
	PostQuery
	Keyed
}) (*answer[Changed], error) {
	thread, number := in.address()
	return s.setDeleted(ctx, thread, number, true, in.Key)
}

type postMarkQuery struct {
	PostQuery
	Keyed
	Mark string `path:"mark" enum:"deleted,hidden,author_deleted,mod_deleted,mod_hidden,flag_hidden" doc:"deleted is author_deleted for the author and mod_deleted for moderators; hidden is mod_hidden."`
}

func (s *server) markPost(ctx context.Context, in *postMarkQuery) (*answer[Changed], error) {
	return s.setPostMark(ctx, in, true)
}

func (s *server) unmarkPost(ctx context.Context, in *postMarkQuery) (*answer[Changed], error) {
	return s.setPostMark(ctx, in, false)
}

func (s *server) setPostMark(ctx context.Context, in *postMarkQuery, set bool) (*answer[Changed], error) {
	mark := marksByName[in.Mark]
	if !onPosts[mark] {
		return nil, forum.ErrNotFound
	}
	thread, number := in.address()
	if mark == markDeleted {
		return s.setDeleted(ctx, thread, number, set, in.Key)
	}
	return s.changed(s.service.MarkPost(ctx, httpkit.ActorOf(ctx), thread, number, mark, set, in.Key))
}

func (s *server) listRevisions(ctx context.Context, in *PostQuery) (*answer[RevisionList], error) {
	thread, number := in.address()
	revisions, err := s.service.Revisions(ctx, httpkit.ActorOf(ctx), thread, number)
	if err != nil {
		return nil, err
	}
	list := RevisionList{Revisions: make([]Revision, len(revisions))}
	for i, r := range revisions {
		list.Revisions[i] = Revision{Revision: r.Revision, Editor: Author(r.Editor), Body: r.Body, CreatedAt: r.CreatedAt}
	}
	return &answer[RevisionList]{list}, nil
}
