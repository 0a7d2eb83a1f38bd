package forum

import (
	"context"
	"strings"
	"time"
)

// Invitation lets people sign up where that takes one. Its secret is in the link that is handed on.
type Invitation struct {
	ID        int64
	By        Author
	Note      string // for whom, as who made it wrote it down
	Uses      int64  // how many people may sign up with it
	Used      int64  // how many did
	CreatedAt time.Time
	EndsAt    time.Time
	Void      bool // who made it may not invite any more
}

// Open reports whether somebody may still sign up with it.
func (i *Invitation) Open(now time.Time) bool {
	return !i.Void && i.Used < i.Uses && now.Before(i.EndsAt)
}

// NewInvitation is an invitation to be made.
type NewInvitation struct {
	Note string
	Uses int64
	Days int64 // until it ends
	Key  string
}

// InvitationStore is what invitations need of the store.
type InvitationStore interface {
	// CreateInvitation makes one. The receipt's ID is its id; Replayed where the key was known.
	CreateInvitation(ctx context.Context, change Change, in Invitation, hash string) (Receipt, error)
	// Invitation returns one by the hash of its secret, NotFound where there is none.
	Invitation(ctx context.Context, hash string) (Invitation, error)
	// Invitations returns the newest, those made before the one of that id (0: from the newest).
	Invitations(ctx context.Context, before int64, limit int) ([]Invitation, error)
	// EndInvitation lets nobody sign up with it any more; NotFound where there is none.
	EndInvitation(ctx context.Context, change Change, id int64) (Receipt, error)
	// SignUp is CreateUser for who comes by: may is asked of the policy and of the invitation with
	// that hash (nil where there is none) in the transaction that makes the account and uses it.
	SignUp(ctx context.Context, user User, folded, passwordHash, invitation string, may func(SignUpPolicy, *Invitation) error) (UserID, error)
}

// CanSignUp decides whether somebody may make an account, with an invitation or, where that is
// nil, without.
func CanSignUp(policy SignUpPolicy, invitation *Invitation, now time.Time) error {
	switch {
	case policy == SignUpOpen:
		return nil
	case policy == SignUpClosed:
		return forbidden("nobody can sign up here at present")
	case invitation == nil || !invitation.Open(now):
		return &Error{Kind: Invalid, Message: "signing up takes an invitation",
			Fields: []FieldError{{Field: "invitation", Message: "is not valid, or not any more: please ask for another one"}}}
	}
	return nil
}

const invitationPrefix = "fmi_"

// InvitationIn finds the secret of an invitation in what somebody typed or followed: the secret
// itself, or the link with it. It is "" where there is none.
func InvitationIn(text string) Secret {
	at := strings.Index(text, invitationPrefix)
	if at < 0 {
		return ""
	}
	secret, _, _ := strings.Cut(trim(text[at:]), "&")
	return Secret(secret)
}

// CreateInvitation makes an invitation. Moderators only. The secret is shown once: a replay of its
// key answers with Conflict, since it is not stored.
func (s *Service) CreateInvitation(ctx context.Context, actor Actor, in NewInvitation) (Invitation, Secret, error) {
	var wrong fields
	wrong.check(LimitNote, in.Note)
	wrong.within(BoundInvitationUses, in.Uses)
	wrong.within(BoundInvitationDays, in.Days)
	if err := wrong.err(); err != nil {
		return Invitation{}, "", err
	}
	secret, err := s.newSecret(invitationPrefix)
	if err != nil {
		return Invitation{}, "", err
	}
	now := s.Clock.Now()
	made := Invitation{By: Author{actor.User, actor.Name}, Note: trim(in.Note), Uses: in.Uses, CreatedAt: now, EndsAt: now.AddDate(0, 0, int(in.Days))}
	change := s.change(actor, "create invitation", in.Key, []any{in.Note, in.Uses, in.Days})
	receipt, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanModeratePeople(actor); err != nil {
			return Receipt{}, err
		}
		return s.Store.CreateInvitation(ctx, change, made, secret.Hash())
	})
	switch {
	case err != nil:
		return Invitation{}, "", err
	case receipt.Replayed:
		return Invitation{}, "", conflict("this invitation was made already and its link shown once; end it and make another")
	}
	made.ID = receipt.ID
	return made, secret, nil
}

// Invitations returns the newest invitations, without their secrets. Moderators only.
func (s *Service) Invitations(ctx context.Context, actor Actor, before int64, limit int) ([]Invitation, error) {
	if err := CanModeratePeople(actor); err != nil {
		return nil, err
	}
	return s.Store.Invitations(ctx, before, bounded(limit, ListSize))
}

// EndInvitation ends an invitation, whoever made it. Moderators only.
func (s *Service) EndInvitation(ctx context.Context, actor Actor, id int64, key string) error {
	change := s.change(actor, "end invitation", key, id)
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanModeratePeople(actor); err != nil {
			return Receipt{}, err
		}
		return s.Store.EndInvitation(ctx, change, id)
	})
	return err
}

// CanSignUp tells before anything is typed whether an account can be made with an invitation, ""
// for none; SignUp asks again.
func (s *Service) CanSignUp(ctx context.Context, invitation Secret) error {
	rules, err := s.Rules(ctx)
	if err != nil || rules.SignUp == SignUpOpen {
		return err
	}
	found, err := s.Store.Invitation(ctx, invitation.Hash())
	if KindOf(err) == NotFound && err != nil {
		return CanSignUp(rules.SignUp, nil, s.Clock.Now())
	}
	if err != nil {
		return err
	}
	return CanSignUp(rules.SignUp, &found, s.Clock.Now())
}
