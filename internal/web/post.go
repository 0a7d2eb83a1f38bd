package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// postActs says what actor may do with a post of a page besides editing it. The first post stands
// for its thread, whose acts are the page's own.
func postActs(actor forum.Actor, thread *forum.Thread, post *forum.Post) ui.PostActs {
	if !actor.SignedIn() {
		return ui.PostActs{}
	}
	mark := func(mark forum.Mark, set bool) bool { return forum.CanMarkPost(actor, thread, post, mark, set) == nil }
	acts := ui.PostActs{
		Reply:   forum.CanReply(actor, thread) == nil && post.State == forum.Visible,
		History: forum.CanSeeRevisions(actor, thread, post) == nil,
		React:   forum.CanReact(actor, thread, post) == nil,
	}
	if post.Number == 1 {
		return acts
	}
	deletion := forum.DeletionMark(actor, post.Author.ID)
	acts.Delete = mayDelete(post.Marks, deletion, func(m forum.Mark) error { return forum.CanMarkPost(actor, thread, post, m, true) })
	acts.Restore = mayRestore(actor, post.Marks, post.Author.ID, thread.Category.Access,
		func(m forum.Mark) error { return forum.CanMarkPost(actor, thread, post, m, false) })
	acts.Hide = post.Marks.ModHiddenAt.IsZero() && post.State != forum.Deleted && mark(forum.MarkModHidden, true)
	acts.Unhide = !post.Marks.ModHiddenAt.IsZero() && mark(forum.MarkModHidden, false)
	return acts
}

// mayDelete reports whether deleting is allowed and not done yet.
func mayDelete(marks forum.Marks, deletion forum.Mark, can func(forum.Mark) error) bool {
	done := !marks.ModDeletedAt.IsZero()
	if deletion == forum.MarkAuthorDeleted {
		done = !marks.AuthorDeletedAt.IsZero()
	}
	return !done && can(deletion) == nil
}

// mayRestore reports whether there is a deletion, or what flags hid, that actor may undo.
func mayRestore(actor forum.Actor, marks forum.Marks, author forum.UserID, access forum.Access, can func(forum.Mark) error) bool {
	mark := forum.RestoringMark(actor, marks, author, access)
	return mark != "" && mark != forum.MarkModHidden && can(mark) == nil
}

// replyForm is the form for a reply, on the thread's page and on its own where it could not be accepted.
type replyForm struct {
	Thread  forum.ThreadID
	Form    ui.Form
	Parent  *forum.Post // the post it answers, nil where it answers the thread
	Excerpt string      // of that post
	Cancel  string      // where the same form answers the thread
}

// answer makes a form one for a reply to a post, where there is such a post.
func (s *server) answer(r *http.Request, form *replyForm, number int64) error {
	if number == 0 {
		return nil
	}
	thread, post, err := s.service.Post(r.Context(), actorOf(r), form.Thread, number)
	if forum.KindOf(err) == forum.NotFound && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	if thread.ID == form.Thread { // it was not moved away
		form.Parent, form.Excerpt = &post, s.service.Text.Excerpt(post.Body, excerptLength)
		form.Cancel = ui.ThreadPagePath(thread.ID, thread.Slug, pageStart(r)) + "#reply"
	}
	return nil
}

// excerptLength is enough to know a post again by.
const excerptLength = 240

// pageStart is where the page begins that the request asks for, 1 where that is malformed.
func pageStart(r *http.Request) int64 { return max(positive(r.URL.Query().Get("from")), 1) }

// replyPage is the form for a reply alone: what was typed could not be accepted.
type replyPage struct {
	Thread forum.Thread
	Reply  *replyForm
}

func (p replyPage) title() string { return "Reply to " + p.Thread.Title }

func (s *server) createPost(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Posting)
	if err != nil {
		return err
	}
	post, err := s.service.CreatePost(r.Context(), actorOf(r), forum.NewPost{
		Thread:  threadID(r),
		Body:    in.Get("body"),
		ReplyTo: chosen(in, "reply_to"),
		Key:     in.Get("key"),
	})
	if invalid(err) {
		return s.showReply(w, r, in, err)
	}
	if err != nil {
		return err
	}
	s.kit.Accepted(w, r)
	return seeOther(w, r, ui.PostPath(post.Thread, post.Number))
}

// showReply shows a reply that could not be accepted, and why.
func (s *server) showReply(w http.ResponseWriter, r *http.Request, in url.Values, wrong error) error {
	thread, err := s.service.Thread(r.Context(), actorOf(r), threadID(r))
	if err != nil {
		return err
	}
	p := replyPage{Thread: thread, Reply: &replyForm{Thread: thread.ID, Form: again(r, in, wrong)}}
	if err := s.answer(r, p.Reply, positive(in.Get("reply_to"))); err != nil {
		return err
	}
	return s.showStatus(w, r, httpkit.Status(forum.Invalid), p)
}

// editPostPage is the form for a post's text.
type editPostPage struct {
	Thread  forum.Thread
	Post    forum.Post
	Form    ui.Form
	Changed bool // somebody else changed the post since the form was first shown
}

func (p editPostPage) title() string { return "Edit post " + strconv.FormatInt(p.Post.Number, 10) }

func (s *server) editPost(w http.ResponseWriter, r *http.Request) error {
	thread, post, err := s.editable(r)
	if err != nil {
		return err
	}
	form := newForm(r)
	form.Values = url.Values{"body": {post.Body}, "version": {strconv.FormatInt(post.Version, 10)}}
	return s.show(w, r, editPostPage{Thread: thread, Post: post, Form: form})
}

// editable loads the post of the address, where who asks may edit it.
func (s *server) editable(r *http.Request) (forum.Thread, forum.Post, error) {
	actor := actorOf(r)
	thread, post, err := s.service.Post(r.Context(), actor, threadID(r), pathID(r, "number"))
	if err == nil {
		err = s.service.CanEditPost(r.Context(), actor, &thread, &post)
	}
	return thread, post, err
}

func (s *server) updatePost(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Editing)
	if err != nil {
		return err
	}
	post, err := s.service.EditPost(r.Context(), actorOf(r), threadID(r), pathID(r, "number"), forum.PostEdit{
		Body:      in.Get("body"),
		IfVersion: chosen(in, "version"), // none that is malformed is the present one
		Key:       in.Get("key"),
	})
	if kind := forum.KindOf(err); err != nil && (kind == forum.Invalid || kind == forum.PreconditionFailed) {
		return s.showEditAgain(w, r, in, err)
	}
	if err != nil {
		return err
	}
	s.kit.Accepted(w, r)
	return seeOther(w, r, ui.PostPath(post.Thread, post.Number))
}

// showEditAgain shows an edit that could not be accepted. Where somebody else changed the post
// meanwhile, it shows their text too, and the next attempt is one on top of theirs.
func (s *server) showEditAgain(w http.ResponseWriter, r *http.Request, in url.Values, wrong error) error {
	thread, post, err := s.editable(r)
	if err != nil {
		return err
	}
	p := editPostPage{Thread: thread, Post: post, Form: again(r, in, wrong)}
	if forum.KindOf(wrong) == forum.PreconditionFailed {
		p.Changed = true
		p.Form.Key = newKey()
		in.Set("version", strconv.FormatInt(post.Version, 10))
	}
	return s.showStatus(w, r, httpkit.Status(forum.KindOf(wrong)), p)
}

// historyPage is a post's texts, the newest first, each with what it changed.
type historyPage struct {
	Thread forum.Thread
	Post   forum.Post
	Texts  []textVersion
}

// textVersion is one of a post's texts.
type textVersion struct {
	Number  int64
	Editor  forum.Author
	At      time.Time
	Changes []change // from the text before; of the first, the text
}

func (p historyPage) title() string {
	return "History of post " + strconv.FormatInt(p.Post.Number, 10)
}

func (s *server) showHistory(w http.ResponseWriter, r *http.Request) error {
	thread, post, err := s.service.Post(r.Context(), actorOf(r), threadID(r), pathID(r, "number"))
	if err != nil {
		return err
	}
	revisions, err := s.service.Revisions(r.Context(), actorOf(r), thread.ID, post.Number)
	if err != nil {
		return err
	}
	return s.show(w, r, historyPage{thread, post, textVersions(&post, revisions)})
}

// textVersions are the texts of a post, the newest first.
func textVersions(post *forum.Post, revisions []forum.Revision) []textVersion {
	now := forum.Revision{Revision: int64(len(revisions)) + 1, Editor: post.Author, Body: post.Body, CreatedAt: post.CreatedAt}
	if !post.EditedAt.IsZero() {
		now.Editor, now.CreatedAt = forum.Author{}, post.EditedAt // who it was is not told before the next text
	}
	revisions = append(slices.Clone(revisions), now)
	var versions []textVersion
	for i, revision := range revisions {
		version := textVersion{revision.Revision, revision.Editor, revision.CreatedAt, []change{{Text: revision.Body}}}
		if i > 0 {
			version.Changes = changes(revisions[i-1].Body, revision.Body)
		}
		versions = append(versions, version)
	}
	slices.Reverse(versions)
	return versions
}

// deletePage asks whether a post shall really be deleted.
type deletePage struct {
	Thread  forum.Thread
	Post    forum.Post
	Excerpt string
	Key     string
	Own     bool // by who reads
}

func (p deletePage) title() string { return "Delete " + p.what() }

// what is to be deleted: the first post stands for its thread.
func (p deletePage) what() string {
	if p.Post.Number == 1 {
		return "this thread"
	}
	return "post " + strconv.FormatInt(p.Post.Number, 10)
}

func (s *server) confirmDeletion(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r)
	thread, post, err := s.service.Post(r.Context(), actor, threadID(r), pathID(r, "number"))
	if err != nil {
		return err
	}
	if err := canDelete(actor, &thread, &post); err != nil {
		return err
	}
	return s.show(w, r, deletePage{Thread: thread, Post: post, Excerpt: s.service.Text.Excerpt(post.Body, excerptLength),
		Key: newKey(), Own: post.Author.ID == actor.User})
}

func canDelete(actor forum.Actor, thread *forum.Thread, post *forum.Post) error {
	mark := forum.DeletionMark(actor, post.Author.ID)
	if post.Number == 1 {
		return forum.CanMarkThread(actor, thread, mark, true)
	}
	return forum.CanMarkPost(actor, thread, post, mark, true)
}

// postChange is something done with a post as a whole, under an idempotency key.
type postChange func(ctx context.Context, actor forum.Actor, thread forum.ThreadID, number int64, key string) (forum.Receipt, error)

func (s *server) deletePost(w http.ResponseWriter, r *http.Request) error {
	return s.changePost(w, r, s.service.DeletePost)
}

func (s *server) restorePost(w http.ResponseWriter, r *http.Request) error {
	return s.changePost(w, r, s.service.RestorePost)
}

func (s *server) hidePost(w http.ResponseWriter, r *http.Request) error {
	return s.changePost(w, r, s.marking(forum.MarkModHidden, true))
}

func (s *server) unhidePost(w http.ResponseWriter, r *http.Request) error {
	return s.changePost(w, r, s.marking(forum.MarkModHidden, false))
}

func (s *server) marking(mark forum.Mark, set bool) postChange {
	return func(ctx context.Context, actor forum.Actor, thread forum.ThreadID, number int64, key string) (forum.Receipt, error) {
		return s.service.MarkPost(ctx, actor, thread, number, mark, set, key)
	}
}

// changePost does what the form asks for and leads back to the post.
func (s *server) changePost(w http.ResponseWriter, r *http.Request, change postChange) error {
	in, err := s.receive(r, &httpkit.Editing)
	if err != nil {
		return err
	}
	thread, number := threadID(r), pathID(r, "number")
	if _, err := change(r.Context(), actorOf(r), thread, number, keyFor(in, r.URL.Path)); err != nil {
		return err
	}
	return seeOther(w, r, ui.PostPath(thread, number))
}

// messageOf is what an error says to a person.
func messageOf(err error) string {
	var known *forum.Error
	if errors.As(err, &known) {
		return ui.Sentence(known.Message)
	}
	return ""
}

func (f *replyForm) heading() string {
	if f.Parent != nil {
		return "Reply to post " + strconv.FormatInt(f.Parent.Number, 10)
	}
	return "Reply"
}
