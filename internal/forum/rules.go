package forum

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// SignUpPolicy says who may make an account.
type SignUpPolicy string

// The policies there are.
const (
	SignUpOpen    SignUpPolicy = "open"    // everybody
	SignUpInvited SignUpPolicy = "invited" // who has an invitation
	SignUpClosed  SignUpPolicy = "closed"  // nobody: the command line makes accounts
)

// SignUpPolicies are the policies there are, the most open first.
var SignUpPolicies = []SignUpPolicy{SignUpOpen, SignUpInvited, SignUpClosed}

// Rules are what a community has set for those who write in it.
type Rules struct {
	SignUp     SignUpPolicy
	Reactions  []string // the kinds offered, in the order of ReactionKinds; what was given of others stays
	PostLength int64    // characters of a post at most
	EditHours  int64    // how long authors may change their posts; 0: for ever
	Posts      int64    // of a person in five minutes
	Threads    int64    // of a person in five minutes
	SignUps    int64    // from one address in an hour
}

// StandardRules are those of a community that has set none.
func StandardRules() Rules {
	rules := Rules{SignUp: SignUpOpen, PostLength: BoundPostLength.Standard, EditHours: BoundEditHours.Standard,
		Posts: BoundPosts.Standard, Threads: BoundThreads.Standard, SignUps: BoundSignUps.Standard}
	for _, kind := range ReactionKinds {
		if kind.Standard {
			rules.Reactions = append(rules.Reactions, kind.Kind)
		}
	}
	return rules
}

// Offered are the kinds of reactions that the rules offer.
func (r Rules) Offered() []ReactionKind {
	var offered []ReactionKind
	for _, kind := range ReactionKinds {
		if slices.Contains(r.Reactions, kind.Kind) {
			offered = append(offered, kind)
		}
	}
	return offered
}

// check says what is wrong with rules, and puts the reactions in their order.
func (r *Rules) check() error {
	var wrong fields
	if !slices.Contains(SignUpPolicies, r.SignUp) {
		wrong.add("sign_up", "must be open, by invitation or closed")
	}
	for _, kind := range r.Reactions {
		if _, known := KnownReaction(kind); !known {
			wrong.add("reactions", "hold one that there is not")
			break
		}
	}
	wrong.within(BoundPostLength, r.PostLength)
	wrong.within(BoundEditHours, r.EditHours)
	wrong.within(BoundPosts, r.Posts)
	wrong.within(BoundThreads, r.Threads)
	wrong.within(BoundSignUps, r.SignUps)
	var ordered []string
	for _, kind := range r.Offered() {
		ordered = append(ordered, kind.Kind)
	}
	r.Reactions = ordered
	return wrong.err()
}

// canEditNow decides whether an author may still change a post; moderators may at any time.
func (r Rules) canEditNow(thread *Thread, post *Post, now time.Time) error {
	if r.EditHours == 0 || thread.Category.Access.Moderate || now.Before(post.CreatedAt.Add(time.Duration(r.EditHours)*time.Hour)) {
		return nil
	}
	return conflict("posts here can be changed for %s after they were written", inHours(r.EditHours))
}

// RulesStore is what the rules need of the store.
type RulesStore interface {
	// Rules returns what the community has set; where it has set none, StandardRules.
	Rules(ctx context.Context) (Rules, error)
	// SetRules replaces them. Each that changes is kept as a SettingChange in the same transaction.
	// ErrSettingsChanged where one was changed since change.Settings.
	SetRules(ctx context.Context, change Change, rules Rules) (Receipt, error)
}

// Rules returns what the community has set.
func (s *Service) Rules(ctx context.Context) (Rules, error) { return s.Store.Rules(ctx) }

// SetRules replaces what the community has set. Administrators only. Numbers out of their bounds
// are Invalid, and then nothing is changed. version is as of SetSite.
func (s *Service) SetRules(ctx context.Context, actor Actor, rules Rules, version int64, key string) error {
	change := s.change(actor, "set rules", key, rules)
	change.Settings = version
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanAdminister(actor); err != nil {
			return Receipt{}, err
		}
		if err := rules.check(); err != nil {
			return Receipt{}, err
		}
		return s.Store.SetRules(ctx, change, rules)
	})
	return err
}

// limitBody is LimitBody as the community has set it. A text that the strictest community would
// take is not worth a look at the rules.
func (s *Service) limitBody(ctx context.Context, body string) (Limit, error) {
	limit := LimitBody
	if int64(len(body)) <= BoundPostLength.Min {
		return limit, nil
	}
	rules, err := s.Rules(ctx)
	limit.Max = int(rules.PostLength)
	return limit, err
}

// CanEditPost is the function CanEditPost, and whether the community's time to change a post is over.
func (s *Service) CanEditPost(ctx context.Context, actor Actor, thread *Thread, post *Post) error {
	if err := CanEditPost(actor, thread, post); err != nil {
		return err
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return err
	}
	return rules.canEditNow(thread, post, s.Clock.Now())
}

// EditablePosts returns which posts of a page actor may edit now, by their numbers.
func (s *Service) EditablePosts(ctx context.Context, actor Actor, page *ThreadPage) (map[int64]bool, error) {
	var posts []*Post // that they might, were it not for the time
	for i := range page.Posts {
		if CanEditPost(actor, &page.Thread, &page.Posts[i]) == nil {
			posts = append(posts, &page.Posts[i])
		}
	}
	if len(posts) == 0 {
		return nil, nil
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return nil, err
	}
	now, editable := s.Clock.Now(), map[int64]bool{}
	for _, post := range posts {
		editable[post.Number] = rules.canEditNow(&page.Thread, post, now) == nil
	}
	return editable, nil
}

// inHours says hours as people do.
func inHours(hours int64) string {
	switch {
	case hours == 1:
		return "an hour"
	case hours%24 != 0:
		return fmt.Sprintf("%d hours", hours)
	case hours == 24:
		return "a day"
	}
	return fmt.Sprintf("%d days", hours/24)
}
