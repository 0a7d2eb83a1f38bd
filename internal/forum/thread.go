package forum

import (
	"context"
	"slices"
	"strings"
	"time"
)

// ThreadID identifies a thread. Ids are never reused.
type ThreadID int64

// TagID identifies a tag.
type TagID int64

// Tag is a word that threads of any category share. There is one way to write it (Text.Tag): else
// everybody would be shown how the first wrote it, in a category that they do not see perhaps.
type Tag struct {
	ID   TagID
	Name string
}

// Author is who wrote something: a person, or a bare name where nobody is behind it
// (imports, deleted people).
type Author struct {
	ID   UserID // 0: nobody
	Name string
}

// Thread is a first post and what follows it.
type Thread struct {
	ID         ThreadID
	CategoryID CategoryID
	Author     Author
	Title      string
	Slug       string
	State      State // derived from Marks
	Marks      ThreadMarks
	PinnedAt   time.Time
	LockedAt   time.Time
	CreatedAt  time.Time
	Tags       []Tag // by name

	Posts          [StateCount]int64 // by own state; Posts[Visible] is the shown post_count
	Reactions      int64             // on visible posts
	NextNumber     int64             // of the next post
	FirstNumber    int64             // of the first visible post, 0 where none is
	LastNumber     int64             // of the last visible post by number, 0 where none is
	LastAuthor     Author            // of that post
	LastActivityAt time.Time         // the greatest time of a visible post, else CreatedAt
	LastStampedAt  time.Time         // the last time given here, deleted posts included
	SolutionNumber int64             // the accepted post, 0 where none is
	Version        int64             // rises by one with every change
	ChangedVersion int64             // Version at the last change of the thread itself: not of its posts
	Rev            int64             // rises when a decision could change
	Views          int64             // approximate by contract
	Activity       []time.Time       // of the newest visible posts, ActivityPosts at most, where a list asks for it
	FirstHTML      string            // of the first post, where a list asks for it
	FirstEditedAt  time.Time         // likewise; zero: never

	Category Category // as far as a thread's page shows it, with the Access of the actor who asked
}

// PostCount is the number shown: visible posts.
func (t *Thread) PostCount() int64 { return t.Posts[Visible] }

// Locked reports whether only moderators may reply.
func (t *Thread) Locked() bool { return !t.LockedAt.IsZero() }

// Pinned reports whether it stands first in its category.
func (t *Thread) Pinned() bool { return !t.PinnedAt.IsZero() }

// CanStartThread decides whether actor may start a thread in a category that actor sees.
func CanStartThread(actor Actor, category *Category) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	if !category.Access.Start {
		return forbidden("you may not start threads in this category")
	}
	return nil
}

// CanReply decides whether actor may reply to a thread that actor sees.
func CanReply(actor Actor, thread *Thread) error { return groundOf(thread).canReply(actor) }

// ground is what decisions in a thread rest on that its revs stand for, without what only readers need.
type ground struct {
	thread      ThreadID
	category    CategoryID
	threadRev   int64
	categoryRev int64
	state       State
	locked      bool
	access      Access
}

func groundOf(thread *Thread) ground {
	return ground{thread: thread.ID, category: thread.CategoryID, threadRev: thread.Rev, categoryRev: thread.Category.Rev,
		state: thread.State, locked: thread.Locked(), access: thread.Category.Access}
}

func (g ground) canReply(actor Actor) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	switch {
	case !g.access.Reply:
		return forbidden("you may not reply in this category")
	case g.state == Deleted:
		return conflict("this thread is deleted: restore it before replying")
	case g.locked && !g.access.Moderate:
		return conflict("this thread is locked: nobody but moderators can reply")
	}
	return nil
}

// CanEditThread decides whether actor may rename and tag a thread that actor sees.
func CanEditThread(actor Actor, thread *Thread) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	switch {
	case thread.Category.Access.Moderate:
		return nil
	case thread.Author.ID != actor.User:
		return forbidden("only its author and moderators may change a thread")
	case thread.Locked():
		return conflict("this thread is locked: only moderators can change it")
	case thread.State == Deleted:
		return conflict("this thread is deleted: restore it before changing it")
	}
	return nil
}

// CanMoveThread decides whether actor may move a thread that actor sees to a category that actor sees.
func CanMoveThread(actor Actor, thread *Thread, to *Category) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	if !thread.Category.Access.Moderate || !to.Access.Moderate {
		return forbidden("only moderators of both categories may move a thread")
	}
	return nil
}

// CanMarkThread decides whether actor may set or clear a mark of a thread that actor sees.
func CanMarkThread(actor Actor, thread *Thread, mark Mark, set bool) error {
	if err := CanWrite(actor); err != nil {
		return err
	}
	if mark == MarkAuthorDeleted {
		return canMarkAuthorDeleted(actor, thread, thread.Author.ID, set)
	}
	if mark == MarkFlagHidden && set {
		return forbidden("only flags hide a thread in this way")
	}
	if !thread.Category.Access.Moderate {
		return forbidden("only moderators may do this")
	}
	return nil
}

// canMarkAuthorDeleted: an author deletes and restores what is theirs; a moderator only restores it.
// In a locked thread an author does neither: to lock is to have it stay as it stands, and restoring
// would be a way to say something there by deleting it in time.
func canMarkAuthorDeleted(actor Actor, thread *Thread, author UserID, set bool) error {
	moderates := thread.Category.Access.Moderate
	switch {
	case author != actor.User && set:
		return forbidden("only its author may delete it as such")
	case author != actor.User && !moderates:
		return forbidden("only its author and moderators may do this")
	case thread.Locked() && !moderates:
		return conflict("this thread is locked: only moderators can delete and restore here")
	}
	return nil
}

// DeletionMark is the mark by which actor deletes what author wrote.
func DeletionMark(actor Actor, author UserID) Mark {
	if author == actor.User {
		return MarkAuthorDeleted
	}
	return MarkModDeleted
}

// RestoringMark is the mark that restoring clears next: the gravest that actor may clear, the
// moderators' before the author's. It is "" where there is none.
func RestoringMark(actor Actor, marks Marks, author UserID, access Access) Mark {
	switch {
	case !marks.ModDeletedAt.IsZero() && access.Moderate:
		return MarkModDeleted
	case !marks.AuthorDeletedAt.IsZero() && (access.Moderate || author == actor.User):
		return MarkAuthorDeleted
	case !marks.ModHiddenAt.IsZero() && access.Moderate:
		return MarkModHidden
	case !marks.FlagHiddenAt.IsZero() && access.Moderate:
		return MarkFlagHidden
	}
	return ""
}

// ThreadFilter says which threads a list holds.
type ThreadFilter struct {
	Category CategoryID // without those below it; 0: every category
	Tag      string     // as it is shown; the store compares it folded
	Author   UserID     // whose threads come the newest first, not by activity
	State    State      // Visible lists for everybody; another state only where the reader moderates
	Before   Cursor     // zero: from the newest activity
	Limit    int        // 1 to MaxListSize; 0 is ListSize
	Activity bool       // also when the newest posts of each thread were written: Thread.Activity
	First    bool       // also the first post of each thread: Thread.FirstHTML
}

// Cursor is a place in a list ordered by activity, then id, both falling.
type Cursor struct {
	At time.Time
	ID int64
}

// Activity is when the newest visible posts of a thread were written, by their numbers and
// ActivityPosts at most: what moderators hid is passed over, but not without bound. It is the same
// for everybody who sees the thread, and holds as long as that has the version.
type Activity struct {
	Version int64
	Times   []time.Time
}

// ThreadList is a part of a list of threads with the numbers of the whole, from one snapshot.
type ThreadList struct {
	Threads []Thread
	Pinned  []Thread // of a category's first part; they are not in Threads
	Total   int64    // threads that the whole list holds
	Next    Cursor   // zero where this is the end
}

// ThreadPage is a page of a thread's posts, all from one snapshot.
type ThreadPage struct {
	Thread   Thread
	Path     []Category // from the top to the thread's category
	Posts    []Post     // by number
	First    int64      // number of the first post the reader may see
	Previous int64      // where the page before begins, 0 where this is the first
	Next     int64      // where the next page begins, 0 where this is the last
	Last     int64      // where the last page begins
}

// PageAt says where a page of a thread begins: at a number, or with the first post of or after
// a time, or with the last page.
type PageAt struct {
	Number int64
	Time   time.Time
	Last   bool
	Limit  int // 1 to MaxListSize; 0 is PageSize
}

// NewThread is a thread to be made.
type NewThread struct {
	CategoryID CategoryID
	Title      string
	Body       string
	Tags       []string
	Key        string
}

// ThreadChange is what to change of a thread; nil leaves it.
type ThreadChange struct {
	Title      *string
	Tags       *[]string
	CategoryID *CategoryID
	IfVersion  int64 // 0: in any case; else only if the thread itself has not changed since that version
	Key        string
}

// ThreadStore is what the rules about threads need of the store.
type ThreadStore interface {
	// Thread returns one that the reader may see, else NotFound.
	Thread(ctx context.Context, reader Visibility, id ThreadID) (Thread, error)
	// Threads returns a list and its total, from one snapshot.
	Threads(ctx context.Context, reader Visibility, filter ThreadFilter) (ThreadList, error)
	// Activity returns that of threads; those that the reader may not see are left out.
	Activity(ctx context.Context, reader Visibility, ids []ThreadID) (map[ThreadID]Activity, error)
	// ThreadPage returns a page, in one snapshot and one round trip.
	ThreadPage(ctx context.Context, reader Visibility, id ThreadID, at PageAt) (ThreadPage, error)
	// PageVersion returns the numbers that a visitor's cached thread page stands on; NotFound where a visitor may not see it.
	PageVersion(ctx context.Context, id ThreadID) (PageVersion, error)
	// CreateThread makes a thread and its first post.
	CreateThread(ctx context.Context, change Change, thread Thread, tags []string, first Post) (Receipt, error)
	// MarkThread sets (at not zero) or clears a mark, by change.Actor.
	MarkThread(ctx context.Context, change Change, mark Mark, at time.Time) (Receipt, error)
	// EditThread changes title (with slug), tags and category, as far as they are given.
	EditThread(ctx context.Context, change Change, edit ThreadEdit) (Receipt, error)
	// AddViews adds to the approximate numbers of views, in pieces: of an error some may be written.
	AddViews(ctx context.Context, views map[ThreadID]int64) error
	// Receipt returns what was stored under the change's key. known is false where nothing was;
	// the error is ErrKeyReused where another request was.
	Receipt(ctx context.Context, change Change) (receipt Receipt, known bool, err error)
	// Redirect returns the present address for an imported one ("/questions/12").
	Redirect(ctx context.Context, reader Visibility, path string) (Address, error)
}

// ThreadEdit is a ThreadChange as the store carries it out.
type ThreadEdit struct {
	Title     string // "": as it is
	Slug      string
	Tags      []string // only where SetTags
	SetTags   bool
	Category  CategoryID // 0: as it is
	CatRev    int64      // of that category
	IfVersion int64
}

// PageVersion is what a cached page for visitors stands on.
type PageVersion struct {
	Epoch    string // of the database
	Thread   int64
	Category int64
	Shown    int64 // raised by anything else shown on pages
}

// Address is where something is now. Thread or User is set.
type Address struct {
	Thread ThreadID
	Number int64
	Slug   string
	User   string
	Tag    string
}

// Thread returns a thread that actor may see.
func (s *Service) Thread(ctx context.Context, actor Actor, id ThreadID) (Thread, error) {
	return s.Store.Thread(ctx, actor.Visibility(), id)
}

// Threads returns a list of the threads that actor may see, newest activity first.
func (s *Service) Threads(ctx context.Context, actor Actor, filter ThreadFilter) (ThreadList, error) {
	filter.Limit = bounded(filter.Limit, ListSize)
	if filter.Tag != "" {
		if filter.Tag = s.Text.Tag(filter.Tag); filter.Tag == "" {
			return ThreadList{}, nil // no thread has a tag of which nothing can be seen
		}
	}
	list, err := s.Store.Threads(ctx, actor.Visibility(), filter)
	if err != nil || !filter.Activity {
		return list, err
	}
	return list, s.addActivity(ctx, actor, list.Pinned, list.Threads)
}

// addActivity adds to threads that actor was shown when their newest posts were written: as
// remembered for a thread's version, or read.
func (s *Service) addActivity(ctx context.Context, actor Actor, lists ...[]Thread) error {
	var unknown []ThreadID
	for _, list := range lists {
		for i := range list {
			known, ok := s.memory.activity.get(list[i].ID)
			if list[i].Activity = known.Times; !ok || known.Version != list[i].Version {
				unknown = append(unknown, list[i].ID)
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	read, err := s.Store.Activity(ctx, actor.Visibility(), unknown)
	if err != nil {
		return err
	}
	for id, activity := range read {
		s.memory.activity.put(id, activity)
	}
	for _, list := range lists {
		for i := range list {
			if activity, ok := read[list[i].ID]; ok {
				list[i].Activity = activity.Times
			}
		}
	}
	return nil
}

// ThreadPage returns a page of a thread that actor may see.
func (s *Service) ThreadPage(ctx context.Context, actor Actor, id ThreadID, at PageAt) (ThreadPage, error) {
	at.Limit = bounded(at.Limit, PageSize)
	return s.Store.ThreadPage(ctx, actor.Visibility(), id, at)
}

func bounded(limit, standard int) int {
	if limit <= 0 {
		return standard
	}
	return min(limit, MaxListSize)
}

// PageVersion returns what a visitor's page of a thread stands on, for caches.
func (s *Service) PageVersion(ctx context.Context, id ThreadID) (PageVersion, error) {
	return s.Store.PageVersion(ctx, id)
}

// Redirect finds what an imported address points to now, as far as actor may see it.
func (s *Service) Redirect(ctx context.Context, actor Actor, path string) (Address, error) {
	return s.Store.Redirect(ctx, actor.Visibility(), path)
}

// CreateThread starts a thread. The Post returned is its first.
func (s *Service) CreateThread(ctx context.Context, actor Actor, in NewThread) (Post, error) {
	var first Post
	change := s.change(actor, "create thread", in.Key, []any{in.CategoryID, in.Title, in.Body, in.Tags})
	receipt, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		thread, tags, err := s.newThread(ctx, actor, in)
		if err != nil {
			return Receipt{}, err
		}
		change.Category, change.CatRev = thread.CategoryID, thread.Category.Rev
		body := trimBody(in.Body)
		first = Post{Author: thread.Author, Body: body, HTML: s.Text.Render(body), HTMLVersion: s.Text.Version(),
			ThreadTitle: thread.Title, ThreadSlug: thread.Slug}
		return s.Store.CreateThread(ctx, change, thread, tags, first)
	})
	return s.created(ctx, actor, first, receipt, err)
}

// newThread decides about a thread; its Category is the one it goes into.
func (s *Service) newThread(ctx context.Context, actor Actor, in NewThread) (Thread, []string, error) {
	var wrong fields
	title := trim(in.Title)
	wrong.check(LimitTitle, title)
	body := trimBody(in.Body)
	limit, err := s.limitBody(ctx, body)
	if err != nil {
		return Thread{}, nil, err
	}
	wrong.check(limit, body)
	tags := wrong.tags(s.Text, in.Tags)
	category, err := s.CategoryByID(ctx, actor, in.CategoryID)
	if KindOf(err) == NotFound && err != nil {
		wrong.add("category_id", "must be a category that you can see")
	} else if err != nil {
		return Thread{}, nil, err
	}
	if err := wrong.err(); err != nil {
		return Thread{}, nil, err
	}
	if err := CanStartThread(actor, &category.Category); err != nil {
		return Thread{}, nil, err
	}
	return Thread{CategoryID: category.ID, Category: category.Category, Title: title, Slug: s.Text.Slug(title),
		Author: Author{ID: actor.User, Name: actor.Name}}, tags, nil
}

// CheckTag says what is wrong with a tag as it is written (Text.Tag). Its address must lead to it:
// browsers take "." and ".." for folders, and proxies part addresses at "/". And it must be possible
// to type it among others, with commas between.
func CheckTag(tag string) *FieldError {
	switch wrong := LimitTag.Check(tag); {
	case wrong != nil:
		return wrong
	case strings.ContainsAny(tag, ",/"):
		return &FieldError{Field: "tags", Message: "must not hold a comma or a slash"}
	case tag == ".", tag == "..":
		return &FieldError{Field: "tags", Message: "must not be dots alone"}
	}
	return nil
}

// tags checks tags, as typed and as they are written, and drops repeated ones.
func (f *fields) tags(text Text, names []string) []string {
	var tags []string
	for _, name := range names {
		tag := text.Tag(name)
		wrong := LimitTag.Check(name)
		if wrong == nil {
			wrong = CheckTag(tag)
		}
		switch {
		case wrong != nil:
			*f = append(*f, *wrong)
		case !slices.Contains(tags, tag):
			tags = append(tags, tag)
		}
	}
	if len(tags) > MaxTags {
		*f = append(*f, FieldError{Field: "tags", Message: "are too many", Limit: MaxTags})
	}
	return tags
}

// EditThread renames, tags and moves a thread, as far as in says.
func (s *Service) EditThread(ctx context.Context, actor Actor, id ThreadID, in ThreadChange) (Thread, error) {
	change := s.change(actor, "edit thread", in.Key, []any{id, in.Title, in.Tags, in.CategoryID})
	receipt, err := s.once(ctx, &actor, &change, func() (Receipt, error) { return s.editThread(ctx, actor, change, id, in) })
	if err != nil {
		return Thread{}, err
	}
	thread, err := s.Thread(ctx, actor, id)
	if err == nil { // the numbers are those after this change, not after others' since
		thread.Posts[Visible], thread.LastActivityAt, thread.Version = receipt.PostCount, receipt.LastActivityAt, receipt.Version
	}
	return thread, err
}

func (s *Service) editThread(ctx context.Context, actor Actor, change Change, id ThreadID, in ThreadChange) (Receipt, error) {
	thread, err := s.Thread(ctx, actor, id)
	if err != nil {
		return Receipt{}, err
	}
	edit, err := s.threadEdit(in)
	if err != nil {
		return Receipt{}, err
	}
	if in.Title != nil || in.Tags != nil {
		if err := CanEditThread(actor, &thread); err != nil {
			return Receipt{}, err
		}
	}
	if in.CategoryID != nil {
		to, err := s.CategoryByID(ctx, actor, *in.CategoryID)
		if err != nil && KindOf(err) != NotFound {
			return Receipt{}, err
		}
		if err != nil {
			return Receipt{}, &Error{Kind: Invalid, Message: "the thread cannot go there",
				Fields: []FieldError{{Field: "category_id", Message: "must be a category that you can see"}}}
		}
		if err := CanMoveThread(actor, &thread, &to.Category); err != nil {
			return Receipt{}, err
		}
		edit.Category, edit.CatRev = to.ID, to.Rev
	}
	return s.Store.EditThread(ctx, change.on(&thread), edit)
}

func (s *Service) threadEdit(in ThreadChange) (ThreadEdit, error) {
	var wrong fields
	edit := ThreadEdit{IfVersion: in.IfVersion}
	if in.Title != nil {
		edit.Title = trim(*in.Title)
		wrong.check(LimitTitle, edit.Title)
		edit.Slug = s.Text.Slug(edit.Title)
	}
	if in.Tags != nil {
		edit.SetTags, edit.Tags = true, wrong.tags(s.Text, *in.Tags)
	}
	return edit, wrong.err()
}

// MarkThread sets or clears a mark of a thread: deleting, hiding, unlisting, pinning, locking and their opposites.
func (s *Service) MarkThread(ctx context.Context, actor Actor, id ThreadID, mark Mark, set bool, key string) (Receipt, error) {
	return s.MarkPost(ctx, actor, id, 1, mark, set, key)
}

// markTime is the time at which a mark is set, zero where it is cleared.
func (s *Service) markTime(set bool) time.Time {
	if set {
		return s.Clock.Now()
	}
	return time.Time{}
}
