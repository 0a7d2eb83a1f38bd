package forum

import (
	"context"
	"time"
)

// An import brings what another forum holds, in chunks that are each one transaction. Every
// thing carries its key in the source. What an earlier import brought is not made again; threads
// and posts are brought up to date, as far as nobody here changed the same.

// ImportedUser is a person of the source. It has no password: it is claimed later.
type ImportedUser struct {
	Key       string // in the source
	Name      string // as the source shows it
	About     string // Markdown
	CreatedAt time.Time
	Paths     []string // old addresses that shall lead here
}

// ImportedPost is a post of the source.
type ImportedPost struct {
	Key        string // in the source
	AuthorKey  string // of an ImportedUser; "" where nobody is behind it
	AuthorName string // where AuthorKey is "" or unknown
	ReplyTo    int64  // which of its thread's posts it answers: an earlier one, counted from 1; 0 for none
	Revisions  []ImportedRevision
	Body       string // Markdown
	CreatedAt  time.Time
	EditedAt   time.Time       // when Body was written, zero where that was with the post
	EditorKey  string          // who wrote Body then; "" is the author
	Reactions  []ReactionCount // whose givers the source does not name
	Solution   bool
	Paths      []string
}

// ImportedRevision is an earlier text of a post of the source. They come the oldest first.
type ImportedRevision struct {
	EditorKey  string // like an author's
	EditorName string
	Body       string
	WrittenAt  time.Time
}

// ImportedThread is a thread of the source with all its posts. They get their numbers in this
// order; those that come to a known thread, the next ones.
type ImportedThread struct {
	Key      string
	Title    string
	Tags     []string
	Views    int64
	LockedAt time.Time
	Posts    []ImportedPost
	Paths    []string
}

// ImportedAttachment is a file of a post of the source, which an import brought before.
type ImportedAttachment struct {
	Key  string // in the source
	Post string // key of its post; of a first post, of its thread
	Attachment
	Content []byte
}

// ImportResult is what became of one chunk.
type ImportResult struct {
	Made    int64  // now
	Present int64  // by an earlier import
	Updated int64  // of those present: with newer texts, other reactions, or as the solution
	Left    []Left // what was not brought
}

// Left is something about a known thread or post that the forum keeps as it has it, since it
// may have been changed here. One of the fields after Key is set.
type Left struct {
	Key      string    // of the thread or post
	Title    string    // that the source has
	Tag      string    // that the source has besides
	Text     time.Time // when a text of the source was written that is not here
	Solution bool      // another post is the solution here
}

// ImportStore is what importing needs of the store.
type ImportStore interface {
	// ImportCategory returns the category of that key, which it makes where it is missing.
	ImportCategory(ctx context.Context, source, key string, category Category) (CategoryID, error)
	// ImportUsers makes those people that are missing. Folded names that are taken get a number behind them.
	ImportUsers(ctx context.Context, source string, users []UserImport) (ImportResult, error)
	// ImportThreads makes those threads that are missing, and in the others the posts that are;
	// those that are there it brings up to date. The result counts posts.
	ImportThreads(ctx context.Context, source string, category CategoryID, threads []ThreadImport) (ImportResult, error)
	// ImportAttachments makes those files that are missing.
	ImportAttachments(ctx context.Context, source string, attachments []ImportedAttachment) (ImportResult, error)
	// ImportRedirects makes old addresses of tags lead to them.
	ImportRedirects(ctx context.Context, paths map[string]Address) error
}

// UserImport is an ImportedUser ready for the store.
type UserImport struct {
	Key   string
	User  User
	Fold  func(string) string
	Paths []string
}

// ThreadImport is an ImportedThread ready for the store.
type ThreadImport struct {
	Key    string
	Thread Thread
	Tags   []string
	Posts  []PostImport
	Paths  []string
}

// PostImport is an ImportedPost ready for the store.
type PostImport struct {
	Key       string
	Post      Post // without number; ReplyNumber is ImportedPost.ReplyTo
	AuthorKey string
	EditorKey string
	Revisions []RevisionImport
	Paths     []string
}

// RevisionImport is an ImportedRevision ready for the store.
type RevisionImport struct {
	Revision  Revision
	EditorKey string
}

// ImportCategory makes or finds the category an import goes into.
func (s *Service) ImportCategory(ctx context.Context, source, key, name, description string) (CategoryID, error) {
	category := Category{Name: name, Slug: s.Text.Slug(name), Description: description, CreatedAt: s.Clock.Now()}
	return s.Store.ImportCategory(ctx, source, key, category)
}

// ImportUsers brings people, as one transaction.
func (s *Service) ImportUsers(ctx context.Context, source string, users []ImportedUser) (ImportResult, error) {
	ready := make([]UserImport, 0, len(users))
	for _, user := range users {
		name := UserNameFrom(user.Name)
		ready = append(ready, UserImport{Key: user.Key, Paths: user.Paths, Fold: s.Text.Fold,
			User: User{Name: name, Role: Member, About: user.About, AboutHTML: s.Text.Render(user.About),
				CreatedAt: s.notLater(user.CreatedAt), ImportedFrom: source}})
	}
	return s.Store.ImportUsers(ctx, source, ready)
}

// ImportThreads brings threads, as one transaction. Whoever calls it bounds their size, and has
// checked titles, bodies (of revisions as well) and tags against the limits.
func (s *Service) ImportThreads(ctx context.Context, source string, category CategoryID, threads []ImportedThread) (ImportResult, error) {
	ready := make([]ThreadImport, 0, len(threads))
	for _, thread := range threads {
		ready = append(ready, s.threadImport(category, thread))
	}
	return s.Store.ImportThreads(ctx, source, category, ready)
}

// ImportAttachments brings files of posts, as one transaction. Whoever calls it bounds their size
// together.
func (s *Service) ImportAttachments(ctx context.Context, source string, attachments []ImportedAttachment) (ImportResult, error) {
	for i := range attachments {
		if err := attachments[i].check(); err != nil {
			return ImportResult{}, err
		}
	}
	return s.Store.ImportAttachments(ctx, source, attachments)
}

func (s *Service) threadImport(category CategoryID, in ImportedThread) ThreadImport {
	var wrong fields
	out := ThreadImport{Key: in.Key, Paths: in.Paths, Tags: wrong.tags(s.Text, in.Tags),
		Thread: Thread{CategoryID: category, Title: in.Title, Slug: s.Text.Slug(in.Title), LockedAt: in.LockedAt, Views: in.Views}}
	for _, post := range in.Posts {
		out.Posts = append(out.Posts, s.postImport(post))
	}
	return out
}

func (s *Service) postImport(in ImportedPost) PostImport {
	out := PostImport{Key: in.Key, AuthorKey: in.AuthorKey, EditorKey: in.EditorKey, Paths: in.Paths, Post: Post{
		Author: Author{Name: in.AuthorName}, ReplyNumber: in.ReplyTo,
		Body: in.Body, HTML: s.Text.Render(in.Body), HTMLVersion: s.Text.Version(),
		CreatedAt: s.notLater(in.CreatedAt), Reactions: in.Reactions, Solution: in.Solution}}
	if !in.EditedAt.IsZero() {
		out.Post.EditedAt = s.notLater(in.EditedAt)
	}
	for i, revision := range in.Revisions {
		out.Revisions = append(out.Revisions, RevisionImport{EditorKey: revision.EditorKey, Revision: Revision{Revision: int64(i) + 1,
			Editor: Author{Name: revision.EditorName}, Body: revision.Body, CreatedAt: s.notLater(revision.WrittenAt)}})
	}
	return out
}

// ImportRedirects makes old addresses of tags lead to them.
func (s *Service) ImportRedirects(ctx context.Context, paths map[string]Address) error {
	ready := make(map[string]Address, len(paths))
	for path, to := range paths {
		to.Tag = s.Text.Tag(to.Tag)
		ready[path] = to
	}
	return s.Store.ImportRedirects(ctx, ready)
}

// notLater keeps an imported time from lying in the future.
func (s *Service) notLater(at time.Time) time.Time {
	at = at.UTC().Truncate(time.Microsecond)
	if now := s.Clock.Now(); at.After(now) || at.IsZero() {
		return now
	}
	return at
}

// UserNameFrom makes an acceptable name of any: what may not stand in one becomes "_".
func UserNameFrom(shown string) string {
	var name []rune
	for _, r := range trim(shown) {
		if CheckName("a"+string(r)+"a") != nil {
			r = '_'
		}
		if r == '_' && (len(name) == 0 || name[len(name)-1] == '_') {
			continue
		}
		if name = append(name, r); len(name) == LimitUserName.Max-6 {
			break
		}
	}
	for len(name) > 0 && CheckName("a"+string(name[len(name)-1])) != nil {
		name = name[:len(name)-1]
	}
	for len(name) > 0 && CheckName(string(name[0])+"a") != nil {
		name = name[1:]
	}
	if len(name) < LimitUserName.Min {
		return "person" + string(name)
	}
	return string(name)
}
