package forum

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
)

// Service is the one way in: pages, API, jobs and commands call it and nothing beside it.
// Its fields are set once, before the first call.
type Service struct {
	Store     Store
	Clock     Clock
	Random    io.Reader // cryptographically secure
	Text      Text
	Passwords Passwords
	Views     *Views

	memory memory
	used   gathering[string] // hashes of the sessions that are to be extended
}

// Text turns what people write into what is stored beside it.
type Text interface {
	// Render returns safe HTML of a Markdown body.
	Render(body string) string
	// Version rises when Render's output changes.
	Version() int64
	// Excerpt is the body's beginning as plain text, at most runes long.
	Excerpt(body string, runes int) string
	// Fold makes names that differ only in case or form alike.
	Fold(name string) string
	// Tag is the one way in which a tag is written, "" where nothing of it can be seen.
	Tag(name string) string
	// Slug makes an address of a title: never empty nor all digits.
	Slug(title string) string
}

// Passwords hashes and checks passwords, within a bound on concurrent work.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether password belongs to hash. An empty hash takes as long and is false.
	Verify(ctx context.Context, hash, password string) (bool, error)
}

// Store is everything the rules need of a store. Each method is one promise: it opens,
// commits and translates errors itself. Reads take the reader's Visibility; writes take a Change.
type Store interface {
	CategoryStore
	ThreadStore
	PostStore
	ReactionStore
	AttachmentStore
	UserStore
	CredentialStore
	SearchStore
	SettingStore
	SitemapStore
	LookStore
	RulesStore
	InvitationStore
	SettingChangeStore
	ImportStore
	RateStore
}

// Change says who changes something, on what the decision rested, and under which key.
// The store refuses with ErrStale where a rev is no longer as the decision saw it.
type Change struct {
	Actor      UserID
	ActorRev   int64
	Credential Secret     // that the actor was remembered by, and which must still be valid; "" where it was read
	Role       Role       // by which the decision was made
	Category   CategoryID // whose permissions decided; 0 where none did
	CatRev     int64
	Thread     ThreadID // 0 where none was loaded
	ThreadRev  int64
	Settings   int64  // SettingsVersion that the decision rested on; 0: whatever it is by now
	Key        string // idempotency key; "" where neither the person nor the server made one
	Hash       string // of operation and request, to tell a retry from a reuse
}

// Receipt is what a change left behind: where it is, and the thread's numbers as they stood
// right after it in the order of changes. It is stored under the idempotency key.
type Receipt struct {
	ID             int64 // of the category, person or token made
	Thread         ThreadID
	Number         int64
	PostCount      int64
	LastActivityAt time.Time
	Version        int64
	At             time.Time // the time the change was given
	Replayed       bool      // the key was known: nothing was done now
}

// change prepares what a write says of itself. The key is bound to the operation and the request.
func (s *Service) change(actor Actor, operation, key string, request any) Change {
	change := Change{Actor: actor.User, ActorRev: actor.Rev, Credential: actor.remembered, Role: actor.EffectiveRole(), Key: key}
	if key != "" {
		text, _ := json.Marshal([]any{operation, request})
		sum := sha256.Sum256(text)
		change.Hash = string(sum[:])
	}
	return change
}

// on adds the thread that the decision rested on.
func (c Change) on(thread *Thread) Change { return c.onGround(groundOf(thread)) }

func (c Change) onGround(g ground) Change {
	c.Thread, c.ThreadRev, c.Category, c.CatRev = g.thread, g.threadRev, g.category, g.categoryRev
	return c
}

// once decides and changes, at most once for a key: what is known under it is the answer, whatever
// actor may do by now. The transaction looks the key up before anything else; here it is looked up
// where a decision refused before there was a transaction, and where nothing new may be done at all:
// that costs one look-up, whatever is asked for.
func (s *Service) once(ctx context.Context, actor *Actor, change *Change, decide func() (Receipt, error)) (Receipt, error) {
	switch {
	case change.Key == "" && actor.Refused != nil:
		return Receipt{}, actor.Refused
	case change.Key == "":
		return s.decide(ctx, actor, change, decide)
	}
	if wrong := LimitKey.Check(change.Key); wrong != nil {
		return Receipt{}, fields{*wrong}.err()
	}
	if actor.Refused != nil {
		return s.known(ctx, change, actor.Refused)
	}
	receipt, err := s.decide(ctx, actor, change, decide)
	if err == nil || errors.Is(err, ErrKeyReused) {
		return receipt, err
	}
	return s.known(ctx, change, err)
}

// known is what is known under the change's key, else the refusal.
func (s *Service) known(ctx context.Context, change *Change, refusal error) (Receipt, error) {
	kept, known, err := s.Store.Receipt(ctx, *change)
	if known || err != nil && ctx.Err() == nil {
		return kept, err
	}
	return Receipt{}, refusal
}

// maxDecisions is how often a write is decided before somebody is told that others were faster. Of
// those who change one thread at once one is written in each round, and the others decide again: ten
// rounds are more than any number of people at one thread needs (docs/decisions/0016), and keep who
// never gets through from asking for ever.
const maxDecisions = 10

// decide runs decide, and again where what it rested on changed before the write. The actor and the
// change are then as the actor is by now; decide must read both anew.
func (s *Service) decide(ctx context.Context, actor *Actor, change *Change, decide func() (Receipt, error)) (Receipt, error) {
	for range maxDecisions - 1 {
		receipt, err := decide()
		if !errors.Is(err, ErrStale) {
			return receipt, err
		}
		if err := s.refresh(ctx, actor, change); err != nil {
			return Receipt{}, err
		}
	}
	receipt, err := decide()
	if errors.Is(err, ErrStale) {
		return Receipt{}, errChanged
	}
	return receipt, err
}

// refresh makes actor what the person is by now: suspended, or of another role.
func (s *Service) refresh(ctx context.Context, actor *Actor, change *Change) error {
	fresh, err := s.readAgain(ctx, *actor)
	if err != nil {
		return err
	}
	*actor = fresh
	change.ActorRev, change.Role, change.Credential = actor.Rev, actor.EffectiveRole(), ""
	return nil
}

// readAgain reads who actor is: by the credential where the actor was but remembered by it.
func (s *Service) readAgain(ctx context.Context, actor Actor) (Actor, error) {
	if actor.remembered != "" {
		return s.ActorOf(ctx, actor.remembered)
	}
	if !actor.SignedIn() {
		return actor, nil
	}
	user, err := s.Store.UserByID(ctx, actor.User)
	fresh := user.Actor()
	fresh.Scope = actor.Scope
	return fresh, err
}

func trim(text string) string { return strings.TrimSpace(text) }

// trimBody keeps leading spaces, which mean something in Markdown, and unifies line ends.
func trimBody(body string) string {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	body = strings.ReplaceAll(body, "\r", "\n")
	return strings.TrimRight(strings.TrimLeft(body, "\n"), " \t\n")
}
