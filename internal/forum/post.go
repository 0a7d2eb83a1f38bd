package forum

import (
	"context"
	"time"
)

// Post is one contribution to a thread, addressed by thread and number.
type Post struct {
	Thread        ThreadID
	Number        int64 // from 1, never reused, never renumbered
	Author        Author
	AuthorRole    Role     // that holds now, where it is more than a member's; "" otherwise
	ReplyThread   ThreadID // of the post this one answers; 0 where it answers none
	ReplyNumber   int64
	ReplyAuthor   string // who wrote that, where the reader may see it
	State         State  // own, derived from Marks
	Marks         Marks
	Body          string // Markdown
	HTML          string // rendered and sanitized
	HTMLVersion   int64
	CreatedAt     time.Time
	EditedAt      time.Time // zero: never
	Version       int64     // the thread's at this post's last change
	TextVersion   int64     // the thread's at the last change of its words
	Replies       int64     // visible posts that answer it
	Revisions     int64     // earlier texts kept
	ReactionCount int64     // of all kinds
	Reactions     []ReactionCount
	MyReaction    string // of the reader, "" where none
	Solution      bool   // the thread's accepted post
	Attachments   []Attachment

	ThreadNumbers Receipt // of the thread, right after the change that made this answer; zero on reads
	ThreadTitle   string  // where posts of several threads are listed
	ThreadSlug    string
	CategoryID    CategoryID
}

// ReactionCount is how often one kind of reaction was given.
type ReactionCount struct {
	Kind string
	N    int64
}

// Revision is an earlier text of a post.
type Revision struct {
	Revision  int64 // from 1, the original
	Editor    Author
	Body      string
	CreatedAt time.Time // when this text was written
}

// CanEditPost decides whether actor may edit a post.
func CanEditPost(actor Actor, thread *Thread, post *Post) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	switch {
	case thread.Category.Access.Moderate:
		return nil
	case post.Author.ID != actor.User:
		return forbidden("only its author and moderators may edit a post")
	case Effective(post.State, thread.State) == Deleted:
		return conflict("this post is deleted: restore it before editing")
	case thread.Locked():
		return conflict("this thread is locked: only moderators can edit here")
	}
	return nil
}

// CanMarkPost decides whether actor may set or clear a mark of a post that actor sees.
// The marks of the first post are its thread's.
func CanMarkPost(actor Actor, thread *Thread, post *Post, mark Mark, set bool) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	switch {
	case mark == MarkAuthorDeleted:
		return canMarkAuthorDeleted(actor, thread, post.Author.ID, set)
	case mark == MarkFlagHidden && set:
		return forbidden("only flags hide a post in this way")
	case mark != MarkModDeleted && mark != MarkModHidden && mark != MarkFlagHidden:
		return &Error{Kind: Invalid, Message: "a post has no such mark"}
	case !thread.Category.Access.Moderate:
		return forbidden("only moderators may do this")
	}
	return nil
}

// CanReact decides whether actor may react to a post that actor sees.
func CanReact(actor Actor, thread *Thread, post *Post) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	if Effective(post.State, thread.State) >= Hidden {
		return conflict("this post is not visible any more")
	}
	return nil
}

// NewPost is a reply to be made.
type NewPost struct {
	Thread  ThreadID
	Body    string
	ReplyTo int64 // number in the same thread; 0 answers the thread
	Key     string
}

// PostEdit is a new text for a post.
type PostEdit struct {
	Body      string
	IfVersion int64 // 0: in any case; else only if the text has not changed since that version
	Key       string
}

// PostStore is what the rules about posts need of the store.
type PostStore interface {
	// Post returns one that the reader may see with its thread, else NotFound. A moved post answers with its new address.
	Post(ctx context.Context, reader Visibility, thread ThreadID, number int64) (Thread, Post, error)
	// UserPosts returns a person's posts that the reader may see, newest first.
	UserPosts(ctx context.Context, reader Visibility, author UserID, before Cursor, limit int) ([]Post, Cursor, error)
	// Revisions returns the earlier texts of a post, the original first.
	Revisions(ctx context.Context, reader Visibility, thread ThreadID, number int64) ([]Revision, error)
	// CreatePost appends a post: number and time are given under the thread's lock.
	CreatePost(ctx context.Context, change Change, post Post) (Receipt, error)
	// EditPost replaces the text and keeps the earlier one. still is asked again under the lock.
	EditPost(ctx context.Context, change Change, post Post, ifVersion int64, still Still) (Receipt, error)
	// MarkPost sets (at not zero) or clears a mark of a post other than the first: the one that choose names under the lock.
	MarkPost(ctx context.Context, change Change, number int64, at time.Time, choose Choice) (Receipt, error)
}

// Choice decides about a post, and which mark of it to set or clear, on the rows under their lock.
type Choice func(thread *Thread, post *Post) (Mark, error)

// Still is a decision about a post, asked again of the rows under their lock.
type Still func(thread *Thread, post *Post) error

// Post returns a post that actor may see, and its thread.
func (s *Service) Post(ctx context.Context, actor Actor, thread ThreadID, number int64) (Thread, Post, error) {
	return s.Store.Post(ctx, actor.Visibility(), thread, number)
}

// UserPosts returns a person's posts that actor may see, newest first.
func (s *Service) UserPosts(ctx context.Context, actor Actor, author UserID, before Cursor, limit int) ([]Post, Cursor, error) {
	return s.Store.UserPosts(ctx, actor.Visibility(), author, before, bounded(limit, PageSize))
}

// CanSeeRevisions decides whether actor may see the earlier texts of a post that actor sees: what
// somebody took back is not for everybody.
func CanSeeRevisions(actor Actor, thread *Thread, post *Post) error {
	switch {
	case thread.Category.Access.Moderate:
		return nil
	case !actor.SignedIn():
		return errSignIn
	case post.Author.ID != actor.User:
		return forbidden("only its author and moderators may see the earlier texts of a post")
	}
	return nil
}

// Revisions returns the earlier texts of a post, the original first, to its author and moderators.
func (s *Service) Revisions(ctx context.Context, actor Actor, thread ThreadID, number int64) ([]Revision, error) {
	where, post, err := s.Post(ctx, actor, thread, number)
	if err != nil {
		return nil, err
	}
	if err := CanSeeRevisions(actor, &where, &post); err != nil {
		return nil, err
	}
	return s.Store.Revisions(ctx, actor.Visibility(), thread, number)
}

// CreatePost replies. The answer's ThreadNumbers come from the same transaction.
func (s *Service) CreatePost(ctx context.Context, actor Actor, in NewPost) (Post, error) {
	var post Post
	remember := true // the second decision rests on what is read anew
	change := s.change(actor, "create post", in.Key, []any{in.Thread, in.Body, in.ReplyTo})
	receipt, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		g, remembered, err := s.groundToReply(ctx, actor, in.Thread, remember)
		remember = false
		if err == nil {
			post, err = s.newPost(ctx, actor, g, in)
		}
		if err == nil {
			var receipt Receipt
			if receipt, err = s.Store.CreatePost(ctx, change.onGround(g), post); err == nil {
				return receipt, nil
			}
		}
		if remembered || actor.remembered != "" {
			err = again(err)
		}
		return Receipt{}, err
	})
	return s.created(ctx, actor, post, receipt, err)
}

// again makes a refusal that rested on memory ErrStale: it is decided again on what is read anew.
func again(err error) error {
	if kind := KindOf(err); kind == Unavailable || kind == KeyReused {
		return err
	}
	return ErrStale
}

// groundToReply returns what a reply to a thread rests on: as remembered, where that will do, or read.
func (s *Service) groundToReply(ctx context.Context, actor Actor, id ThreadID, remember bool) (g ground, remembered bool, err error) {
	key := threadFor{id, actor.EffectiveRole()}
	if g, known := s.memory.grounds.get(key); known && remember {
		return g, true, nil
	}
	thread, err := s.Thread(ctx, actor, id)
	g = groundOf(&thread)
	if err == nil && thread.State <= Unlisted { // the same for everybody of the role
		s.memory.grounds.put(key, g)
	} else {
		s.memory.grounds.forget(key)
	}
	return g, false, err
}

// newPost decides about a reply and renders it.
func (s *Service) newPost(ctx context.Context, actor Actor, g ground, in NewPost) (Post, error) {
	if err := g.canReply(actor); err != nil {
		return Post{}, err
	}
	body, err := s.checkBody(ctx, in.Body)
	if err != nil {
		return Post{}, err
	}
	post := Post{Thread: g.thread, Author: Author{ID: actor.User, Name: actor.Name}, Body: body,
		HTML: s.Text.Render(body), HTMLVersion: s.Text.Version()}
	if in.ReplyTo != 0 {
		_, parent, err := s.Post(ctx, actor, g.thread, in.ReplyTo)
		if err != nil && KindOf(err) != NotFound {
			return Post{}, err
		}
		if err != nil {
			return Post{}, &Error{Kind: Invalid, Message: "the reply cannot be placed",
				Fields: []FieldError{{Field: "reply_to", Message: "is no post of this thread that you can see"}}}
		}
		post.ReplyThread, post.ReplyNumber, post.ReplyAuthor = parent.Thread, parent.Number, parent.Author.Name
	}
	return post, nil
}

func (s *Service) checkBody(ctx context.Context, body string) (string, error) {
	var wrong fields
	body = trimBody(body)
	limit, err := s.limitBody(ctx, body)
	if err != nil {
		return "", err
	}
	wrong.check(limit, body)
	return body, wrong.err()
}

// created completes a post just made from its receipt; a replayed one is loaded, as actor may see it.
func (s *Service) created(ctx context.Context, actor Actor, post Post, receipt Receipt, err error) (Post, error) {
	if err != nil {
		return Post{}, err
	}
	if receipt.Replayed {
		if actor, err = s.readAgain(ctx, actor); err != nil {
			return Post{}, err
		}
		if _, post, err = s.Post(ctx, actor, receipt.Thread, receipt.Number); err != nil {
			return Post{}, err
		}
	} else {
		post.Thread, post.Number, post.CreatedAt, post.Version, post.TextVersion = receipt.Thread, receipt.Number, receipt.At, receipt.Version, receipt.Version
	}
	post.ThreadNumbers = receipt
	return post, nil
}

// Preview renders a text as it would be stored. Nothing is written.
func (s *Service) Preview(ctx context.Context, actor Actor, body string) (html string, err error) {
	if err := CanWrite(actor); err != nil {
		return "", err
	}
	if body, err = s.checkBody(ctx, body); err != nil {
		return "", err
	}
	return s.Text.Render(body), nil
}

// EditPost replaces a post's text; the earlier one is kept as a revision.
func (s *Service) EditPost(ctx context.Context, actor Actor, thread ThreadID, number int64, in PostEdit) (Post, error) {
	change := s.change(actor, "edit post", in.Key, []any{thread, number, in.Body})
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		where, post, err := s.Post(ctx, actor, thread, number)
		if err != nil {
			return Receipt{}, err
		}
		may := func(thread *Thread, post *Post) error { return CanEditPost(actor, thread, post) }
		if err := s.CanEditPost(ctx, actor, &where, &post); err != nil {
			return Receipt{}, err
		}
		if post.Body, err = s.checkBody(ctx, in.Body); err != nil {
			return Receipt{}, err
		}
		post.HTML, post.HTMLVersion = s.Text.Render(post.Body), s.Text.Version()
		return s.Store.EditPost(ctx, change.on(&where), post, in.IfVersion, may)
	})
	if err != nil {
		return Post{}, err
	}
	_, post, err := s.Post(ctx, actor, thread, number)
	return post, err
}

// MarkPost sets or clears a mark of a post: deleting, hiding and their opposites. The first
// post stands for its thread: the mark is then set there.
func (s *Service) MarkPost(ctx context.Context, actor Actor, thread ThreadID, number int64, mark Mark, set bool, key string) (Receipt, error) {
	change := s.change(actor, "mark post", key, []any{thread, number, mark, set})
	return s.mark(ctx, actor, change, thread, number, set, func(Actor, *Thread, *Post) (Mark, error) { return mark, nil })
}

// DeletePost deletes a post by the mark that fits who actor is to it: its author's or a moderator's.
func (s *Service) DeletePost(ctx context.Context, actor Actor, thread ThreadID, number int64, key string) (Receipt, error) {
	change := s.change(actor, "delete post", key, []any{thread, number})
	return s.mark(ctx, actor, change, thread, number, true, func(actor Actor, _ *Thread, post *Post) (Mark, error) {
		return DeletionMark(actor, post.Author.ID), nil
	})
}

// RestorePost clears the gravest mark of a post that actor may clear.
func (s *Service) RestorePost(ctx context.Context, actor Actor, thread ThreadID, number int64, key string) (Receipt, error) {
	change := s.change(actor, "restore post", key, []any{thread, number})
	return s.mark(ctx, actor, change, thread, number, false, func(actor Actor, where *Thread, post *Post) (Mark, error) {
		if err := CanWrite(actor); err != nil {
			return "", err
		}
		mark := RestoringMark(actor, post.Marks, post.Author.ID, where.Category.Access)
		if mark == "" {
			return "", conflict("there is nothing here that you could restore")
		}
		return mark, nil
	})
}

// mark sets or clears the mark that choose names, of a post or, by its first post, of a thread.
func (s *Service) mark(ctx context.Context, actor Actor, change Change, id ThreadID, number int64, set bool,
	choose func(Actor, *Thread, *Post) (Mark, error)) (Receipt, error) {
	return s.once(ctx, &actor, &change, func() (Receipt, error) {
		thread, post, err := s.Post(ctx, actor, id, number)
		if err != nil {
			return Receipt{}, err
		}
		if number == 1 {
			post.Marks = thread.Marks.Marks
		}
		decide := func(thread *Thread, post *Post) (Mark, error) {
			mark, err := choose(actor, thread, post)
			switch {
			case err != nil:
				return "", err
			case number == 1:
				return mark, CanMarkThread(actor, thread, mark, set)
			}
			return mark, CanMarkPost(actor, thread, post, mark, set)
		}
		mark, err := decide(&thread, &post)
		switch {
		case err != nil:
			return Receipt{}, err
		case number == 1: // whose marks are the thread's, and raise its rev
			return s.Store.MarkThread(ctx, change.on(&thread), mark, s.markTime(set))
		}
		return s.Store.MarkPost(ctx, change.on(&thread), number, s.markTime(set), func(thread *Thread, post *Post) (Mark, error) {
			if !seesPost(actor, thread, post) {
				return "", ErrStale // decided again, it is one that is not there
			}
			return decide(thread, post)
		})
	})
}

// seesPost tells of a post in a thread that actor sees what the store's predicate tells in queries.
func seesPost(actor Actor, thread *Thread, post *Post) bool {
	return post.State == Visible || thread.Category.Access.Moderate ||
		post.Author.ID == actor.User && post.Marks.DeletedByAuthorOnly()
}
