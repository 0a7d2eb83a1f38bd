package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Author is who wrote something.
type Author struct {
	ID   forum.UserID `json:"id,omitzero" doc:"Absent where nobody with an account is behind the name."`
	Name string       `json:"name"`
}

// Thread is a thread as its reader may see it.
type Thread struct {
	ID             forum.ThreadID   `json:"id"`
	CategoryID     forum.CategoryID `json:"category_id"`
	Title          string           `json:"title"`
	Slug           string           `json:"slug" doc:"Of the page's address: /t/{id}/{slug}"`
	Author         Author           `json:"author"`
	State          string           `json:"state" enum:"visible,unlisted,hidden,deleted"`
	Marks          []string         `json:"marks,omitempty" doc:"Why it is not visible."`
	Tags           []string         `json:"tags"`
	PinnedAt       time.Time        `json:"pinned_at" nullable:"true"`
	LockedAt       time.Time        `json:"locked_at" nullable:"true"`
	CreatedAt      time.Time        `json:"created_at"`
	LastActivityAt time.Time        `json:"last_activity_at" doc:"The greatest time of a visible post."`
	LastAuthor     Author           `json:"last_author" doc:"Of the last visible post."`
	PostCount      int64            `json:"post_count" doc:"Visible posts."`
	PostsByState   map[string]int64 `json:"posts_by_state,omitempty" doc:"All posts; for moderators."`
	FirstNumber    int64            `json:"first_number" doc:"Of the first visible post; 0 where there is none."`
	LastNumber     int64            `json:"last_number" doc:"Of the last visible post; 0 where there is none."`
	SolutionNumber int64            `json:"solution_number,omitzero" doc:"Of the accepted post."`
	Reactions      int64            `json:"reactions" doc:"On visible posts."`
	Views          int64            `json:"views" doc:"Approximate: the one number here that is."`
	Version        int64            `json:"version" doc:"Rises by one with every change."`
}

// ThreadNumbers are a thread's numbers as they stood right after a change.
type ThreadNumbers struct {
	ID             forum.ThreadID `json:"id"`
	PostCount      int64          `json:"post_count"`
	LastActivityAt time.Time      `json:"last_activity_at"`
	Version        int64          `json:"version"`
}

// Changed says what a change made of a thread.
type Changed struct {
	Thread ThreadNumbers `json:"thread"`
}

// ThreadList is a part of a list of threads.
type ThreadList struct {
	Threads    []Thread `json:"threads"`
	Pinned     []Thread `json:"pinned,omitempty" doc:"With the first part of a category: threads that stand first there."`
	Total      int64    `json:"total" doc:"Threads in the whole list, from the same snapshot."`
	NextCursor string   `json:"next_cursor,omitempty" doc:"Absent at the end."`
}

func newThread(t *forum.Thread) Thread {
	thread := Thread{ID: t.ID, CategoryID: t.CategoryID, Title: t.Title, Slug: t.Slug, Author: Author(t.Author),
		State: t.State.String(), Marks: threadMarks(&t.Marks), Tags: make([]string, len(t.Tags)),
		PinnedAt: t.PinnedAt, LockedAt: t.LockedAt, CreatedAt: t.CreatedAt, LastActivityAt: t.LastActivityAt,
		LastAuthor: Author(t.LastAuthor), PostCount: t.PostCount(), FirstNumber: t.FirstNumber, LastNumber: t.LastNumber,
		SolutionNumber: t.SolutionNumber, Reactions: t.Reactions, Views: t.Views, Version: t.Version}
	for i, tag := range t.Tags {
		thread.Tags[i] = tag.Name
	}
	if t.Category.Access.Moderate {
		thread.PostsByState = byState(t.Posts)
	}
	return thread
}

func newThreads(threads []forum.Thread) []Thread {
	list := make([]Thread, len(threads))
	for i := range threads {
		list[i] = newThread(&threads[i])
	}
	return list
}

func newNumbers(receipt forum.Receipt) ThreadNumbers {
	return ThreadNumbers{ID: receipt.Thread, PostCount: receipt.PostCount, LastActivityAt: receipt.LastActivityAt, Version: receipt.Version}
}

func byState(n [forum.StateCount]int64) map[string]int64 {
	named := make(map[string]int64, len(n))
	for state, count := range n {
		named[forum.State(state).String()] = count
	}
	return named
}

// ThreadQuery names a thread. (Huma documents what exported types hold, and passes over others.)
type ThreadQuery struct {
	ThreadID id `path:"thread_id"`
}

// Keyed is a write that a retry must not do twice.
type Keyed struct {
	Key string `header:"Idempotency-Key" doc:"Any text that you give to one request only, a UUID say. Sent again within 48 hours with the same request, it gets the first answer, and nothing is done twice."`
}

// Matching is a change of one version and no other.
type Matching struct {
	IfMatch string `header:"If-Match" doc:"The ETag of the version to change; another version is left alone, and answered 412."`
}

type listThreadsQuery struct {
	PageOf
	CategoryID id     `query:"category_id" doc:"Threads of this category."`
	Tag        string `query:"tag" doc:"Threads with this tag."`
	Author     string `query:"author" doc:"Threads that this person started."`
	State      string `query:"state" enum:"visible,unlisted,hidden,deleted" doc:"Other states than visible: where you moderate."`
}

func (s *server) listThreads(ctx context.Context, in *listThreadsQuery) (*answer[ThreadList], error) {
	filter, err := s.threadFilter(ctx, in)
	if err != nil {
		return nil, err
	}
	list, err := s.service.Threads(ctx, httpkit.ActorOf(ctx), filter)
	if err != nil {
		return nil, err
	}
	return &answer[ThreadList]{ThreadList{Threads: newThreads(list.Threads), Pinned: newThreads(list.Pinned),
		Total: list.Total, NextCursor: writeCursor(list.Next)}}, nil
}

func (s *server) threadFilter(ctx context.Context, in *listThreadsQuery) (filter forum.ThreadFilter, err error) {
	filter = forum.ThreadFilter{Category: forum.CategoryID(in.CategoryID), Tag: in.Tag, Limit: in.Limit}
	if filter.Before, err = readCursor(in.Cursor); err != nil {
		return filter, err
	}
	if in.State != "" {
		state, known := forum.ParseState(in.State)
		if !known {
			return filter, invalid("state", "must be visible, unlisted, hidden or deleted")
		}
		filter.State = state
	}
	if filter.Category != 0 {
		if _, err := s.service.CategoryByID(ctx, httpkit.ActorOf(ctx), filter.Category); err != nil {
			return filter, err
		}
	}
	if in.Author != "" {
		author, err := s.service.User(ctx, in.Author)
		if err != nil {
			return filter, err
		}
		filter.Author = author.ID
	}
	return filter, nil
}

type newThreadBody struct {
	CategoryID forum.CategoryID `json:"category_id"`
	Title      string           `json:"title"`
	Body       string           `json:"body" doc:"Markdown."`
	Tags       []string         `json:"tags,omitempty" maxItems:"5" doc:"Without commas and slashes, and not dots alone."`
}

// TransformSchema writes the limits into the document.
func (newThreadBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitTitle, forum.LimitBody, forum.LimitTag)
}

func (s *server) createThread(ctx context.Context, in *struct {
	Keyed
	Body newThreadBody
}) (*created[Post], error) {
	first, err := s.service.CreateThread(ctx, httpkit.ActorOf(ctx), forum.NewThread{CategoryID: in.Body.CategoryID,
		Title: in.Body.Title, Body: in.Body.Body, Tags: in.Body.Tags, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &created[Post]{Location: threadPath(first.Thread), Body: newPost(&first)}, nil
}

func (s *server) getThread(ctx context.Context, in *ThreadQuery) (*tagged[Thread], error) {
	thread, err := s.service.Thread(ctx, httpkit.ActorOf(ctx), forum.ThreadID(in.ThreadID))
	if err != nil {
		return nil, err
	}
	return s.taggedThread(ctx, &thread)
}

func (s *server) taggedThread(ctx context.Context, thread *forum.Thread) (*tagged[Thread], error) {
	etag, err := s.etag(ctx, thread.Version, thread.Category.Rev)
	return &tagged[Thread]{ETag: etag, Body: newThread(thread)}, err
}

type threadChangeBody struct {
	Title      *string           `json:"title,omitempty"`
	Tags       *[]string         `json:"tags,omitempty" maxItems:"5" doc:"Without commas and slashes, and not dots alone."`
	CategoryID *forum.CategoryID `json:"category_id,omitempty" doc:"Moves the thread there; for moderators of both categories."`
}

// TransformSchema writes the limits into the document.
func (threadChangeBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitTitle, forum.LimitTag)
}

func (s *server) editThread(ctx context.Context, in *struct {
	ThreadQuery
	Keyed
	Matching
	Body threadChangeBody
}) (*tagged[Thread], error) {
	version, err := s.ifMatch(ctx, in.IfMatch)
	if err != nil {
		return nil, err
	}
	thread, err := s.service.EditThread(ctx, httpkit.ActorOf(ctx), forum.ThreadID(in.ThreadID), forum.ThreadChange{
		Title: in.Body.Title, Tags: in.Body.Tags, CategoryID: in.Body.CategoryID, IfVersion: version, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return s.taggedThread(ctx, &thread)
}

func (s *server) deleteThread(ctx context.Context, in *struct {
	ThreadQuery
	Keyed
}) (*answer[Changed], error) {
	return s.changed(s.service.DeletePost(ctx, httpkit.ActorOf(ctx), forum.ThreadID(in.ThreadID), 1, in.Key))
}

type threadMarkQuery struct {
	ThreadQuery
	Keyed
	Mark string `path:"mark" enum:"deleted,hidden,unlisted,pinned,locked,author_deleted,mod_deleted,mod_hidden,flag_hidden" doc:"deleted is author_deleted for the author and mod_deleted for moderators; hidden is mod_hidden."`
}

func (s *server) markThread(ctx context.Context, in *threadMarkQuery) (*answer[Changed], error) {
	return s.setThreadMark(ctx, in, true)
}

func (s *server) unmarkThread(ctx context.Context, in *threadMarkQuery) (*answer[Changed], error) {
	return s.setThreadMark(ctx, in, false)
}

func (s *server) setThreadMark(ctx context.Context, in *threadMarkQuery, set bool) (*answer[Changed], error) {
	mark, known := marksByName[in.Mark]
	if !known {
		return nil, forum.ErrNotFound
	}
	if mark == markDeleted {
		return s.setDeleted(ctx, forum.ThreadID(in.ThreadID), 1, set, in.Key)
	}
	return s.changed(s.service.MarkThread(ctx, httpkit.ActorOf(ctx), forum.ThreadID(in.ThreadID), mark, set, in.Key))
}

func (s *server) changed(receipt forum.Receipt, err error) (*answer[Changed], error) {
	if err != nil {
		return nil, err
	}
	return &answer[Changed]{Changed{newNumbers(receipt)}}, nil
}
