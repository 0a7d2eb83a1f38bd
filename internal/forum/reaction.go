package forum

import "context"

// ReactionKind is one way of reacting to a post.
type ReactionKind struct {
	Kind  string // as stored
	Emoji string
	Label string // as spoken
}

// ReactionKinds are the reactions there are, in the order they are offered.
var ReactionKinds = []ReactionKind{
	{"up", "👍", "thumbs up"},
	{"heart", "❤️", "heart"},
	{"laugh", "😄", "laugh"},
	{"celebrate", "🎉", "celebrate"},
	{"think", "🤔", "thinking"},
	{"down", "👎", "thumbs down"},
}

// KnownReaction returns the kind of that name.
func KnownReaction(kind string) (ReactionKind, bool) {
	for _, known := range ReactionKinds {
		if known.Kind == kind {
			return known, true
		}
	}
	return ReactionKind{}, false
}

// ReactionStore is what reacting needs of the store.
type ReactionStore interface {
	// React sets the actor's one reaction to a post; "" withdraws it. still is asked again under the lock.
	React(ctx context.Context, change Change, number int64, kind string, still Still) (Receipt, error)
}

// React gives a post the actor's reaction, instead of an earlier one; "" withdraws it.
// Doing it twice is the same as once.
func (s *Service) React(ctx context.Context, actor Actor, thread ThreadID, number int64, kind, key string) (Post, error) {
	if _, known := KnownReaction(kind); !known && kind != "" {
		return Post{}, &Error{Kind: Invalid, Message: "there is no such reaction",
			Fields: []FieldError{{Field: "kind", Message: "is none of the reactions offered here"}}}
	}
	change := s.change(actor, "react", key, []any{thread, number, kind})
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		where, post, err := s.Post(ctx, actor, thread, number)
		if err != nil {
			return Receipt{}, err
		}
		may := func(thread *Thread, post *Post) error { return CanReact(actor, thread, post) }
		if err := may(&where, &post); err != nil {
			return Receipt{}, err
		}
		return s.Store.React(ctx, change.on(&where), number, kind, may)
	})
	if err != nil {
		return Post{}, err
	}
	_, post, err := s.Post(ctx, actor, thread, number)
	return post, err
}
