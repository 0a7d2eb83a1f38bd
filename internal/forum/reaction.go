package forum

import (
	"context"
	"slices"
)

// ReactionKind is one way of reacting to a post.
type ReactionKind struct {
	Kind  string // as stored
	Emoji string
	Label string // as spoken

	Standard bool // offered until an administrator says otherwise
}

// ReactionKinds are the reactions there are, in the order they are offered. A community offers
// those that its Rules name.
var ReactionKinds = []ReactionKind{
	{"up", "👍", "thumbs up", true},
	{"heart", "❤️", "heart", true},
	{"laugh", "😄", "laugh", true},
	{"celebrate", "🎉", "celebrate", true},
	{"think", "🤔", "thinking", true},
	{"thanks", "🙏", "thank you", false},
	{"clap", "👏", "applause", false},
	{"rocket", "🚀", "rocket", false},
	{"eyes", "👀", "eyes", false},
	{"wow", "😮", "surprise", false},
	{"sad", "😢", "sad", false},
	{"down", "👎", "thumbs down", true},
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
// Doing it twice is the same as once. A kind that is not offered is Invalid, except to who gave it
// while it was.
func (s *Service) React(ctx context.Context, actor Actor, thread ThreadID, number int64, kind, key string) (Post, error) {
	if _, known := KnownReaction(kind); !known && kind != "" {
		return Post{}, errNotOffered
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
		if err := s.checkOffered(ctx, kind, post.MyReaction); err != nil {
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

var errNotOffered = &Error{Kind: Invalid, Message: "there is no such reaction",
	Fields: []FieldError{{Field: "kind", Message: "is none of the reactions offered here"}}}

// checkOffered refuses a kind that the community does not offer and that actor has not given yet.
func (s *Service) checkOffered(ctx context.Context, kind, mine string) error {
	if kind == "" || kind == mine {
		return nil
	}
	rules, err := s.Rules(ctx)
	if err == nil && !slices.Contains(rules.Reactions, kind) {
		err = errNotOffered
	}
	return err
}
