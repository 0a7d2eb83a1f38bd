package forum

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// SessionLifetime is how long a session lasts after it was last used.
const SessionLifetime = 60 * 24 * time.Hour

// sessionStep is how much of its time a session in use loses before it is extended: a write a day.
const sessionStep = 24 * time.Hour

// Secret is what a session or token is presented by. Only its hash is stored.
type Secret string

const secretBytes = 32

// newSecret makes a secret of 256 random bits; prefix tells what it is to whoever finds it.
func (s *Service) newSecret(prefix string) (Secret, error) {
	random := make([]byte, secretBytes)
	if _, err := io.ReadFull(s.Random, random); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	return Secret(prefix + base64.RawURLEncoding.EncodeToString(random)), nil
}

// Hash is what is stored of a secret.
func (s Secret) Hash() string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:])
}

// APIToken lets a script act as a person.
type APIToken struct {
	ID        int64
	User      UserID
	Name      string
	Scope     Scope
	CreatedAt time.Time
}

// CredentialStore is what signing in needs of the store.
type CredentialStore interface {
	// Password returns a person by folded name and the hash of the password ("" for none).
	Password(ctx context.Context, folded string) (User, string, error)
	// SetPassword replaces it and ends every session and token of the person.
	SetPassword(ctx context.Context, id UserID, hash string) error
	// ChangePassword replaces the password whose hash is was, and ends every session of the person but
	// the one of the hash session; ErrStale where another took its place meanwhile.
	ChangePassword(ctx context.Context, id UserID, was, hash, session string) error
	CreateSession(ctx context.Context, hash string, user UserID, now, expires time.Time) error
	// SessionUser returns the person of a session not expired at now, and when it expires.
	SessionUser(ctx context.Context, hash string, now time.Time) (User, time.Time, error)
	// ExtendSession has a session expire then, if it has not by now and does not later.
	ExtendSession(ctx context.Context, hash string, now, then time.Time) error
	DeleteSession(ctx context.Context, hash string) error
	// DeleteOtherSessions ends every session of the person but the one of that hash.
	DeleteOtherSessions(ctx context.Context, user UserID, hash string) error
	// CreateToken makes a token. The receipt's ID is its id; Replayed where the key was known.
	CreateToken(ctx context.Context, change Change, token APIToken, hash string) (Receipt, error)
	// TokenUser returns the token of that hash and its person.
	TokenUser(ctx context.Context, hash string) (APIToken, User, error)
	// Tokens returns a person's tokens, the oldest first.
	Tokens(ctx context.Context, user UserID) ([]APIToken, error)
	// DeleteToken ends one of the person's tokens; NotFound where it is not theirs.
	DeleteToken(ctx context.Context, user UserID, id int64) error
}

var errWrongPassword = &Error{Kind: Invalid, Message: "name or password is wrong",
	Fields: []FieldError{{Field: "password", Message: "or name is wrong"}}}

// SignIn checks name and password and opens a session.
func (s *Service) SignIn(ctx context.Context, name, password string) (Secret, User, error) {
	user, err := s.checkPassword(ctx, name, password)
	if err != nil {
		return "", User{}, err
	}
	secret, err := s.OpenSession(ctx, user.ID)
	return secret, user, err
}

// checkPassword takes equally long whether the name or the password is wrong.
func (s *Service) checkPassword(ctx context.Context, name, password string) (User, error) {
	if LimitUserName.Check(name) != nil || LimitPassword.Check(password) != nil && len(password) > LimitPassword.Bytes {
		return User{}, errWrongPassword
	}
	user, hash, err := s.Store.Password(ctx, s.Text.Fold(name))
	if err != nil && KindOf(err) != NotFound {
		return User{}, err
	}
	right, err := s.Passwords.Verify(ctx, hash, password)
	switch {
	case err != nil:
		return User{}, err
	case !right:
		return User{}, errWrongPassword
	}
	return user, nil
}

// OpenSession signs a person in who has shown who they are.
func (s *Service) OpenSession(ctx context.Context, user UserID) (Secret, error) {
	secret, err := s.newSecret(sessionPrefix)
	if err != nil {
		return "", err
	}
	now := s.Clock.Now()
	return secret, s.Store.CreateSession(ctx, secret.Hash(), user, now, now.Add(SessionLifetime))
}

// Prefixes by which secrets tell what they are.
const (
	sessionPrefix = "fms_"
	tokenPrefix   = "fmt_"
)

// IsSession tells the secret of a session from that of a token.
func (s Secret) IsSession() bool { return strings.HasPrefix(string(s), sessionPrefix) }

// WellFormed tells a secret that might be one of ours from any other text.
func (s Secret) WellFormed() bool { return s.IsSession() || strings.HasPrefix(string(s), tokenPrefix) }

// ActorOf returns who holds a secret, of a session or a token; Unauthenticated where nobody does.
func (s *Service) ActorOf(ctx context.Context, secret Secret) (Actor, error) {
	read := s.TokenActor
	if secret.IsSession() {
		read = s.SessionActor
	}
	actor, err := read(ctx, secret)
	if err != nil || actor.Renewed {
		s.memory.actors.forget(secret)
		return actor, err
	}
	s.memory.actors.put(secret, knownActor{actor, s.Clock.Now().Add(sessionStep)})
	return actor, nil
}

// ReplyingActor is ActorOf for CreatePost alone: it may remember who held the secret lately, since
// that is checked again where the post is written.
func (s *Service) ReplyingActor(ctx context.Context, secret Secret) (Actor, error) {
	if known, ok := s.memory.actors.get(secret); ok && s.Clock.Now().Before(known.until) {
		known.remembered = secret
		return known.Actor, nil
	}
	return s.ActorOf(ctx, secret)
}

// SessionActor returns who holds a session; Unauthenticated where nobody does. The session is noted
// to be extended where it has not been for a while.
func (s *Service) SessionActor(ctx context.Context, secret Secret) (Actor, error) {
	now := s.Clock.Now()
	user, expires, err := s.Store.SessionUser(ctx, secret.Hash(), now)
	if err != nil {
		return Actor{}, notSignedIn(err)
	}
	actor := user.Actor()
	if actor.Renewed = expires.Before(now.Add(SessionLifetime - sessionStep)); actor.Renewed {
		s.used.Add(secret.Hash())
	}
	return actor, nil
}

// ExtendSessions extends those that were used since the last call, as far as they have not ended.
func (s *Service) ExtendSessions(ctx context.Context) error {
	for hash := range s.used.take() {
		now := s.Clock.Now()
		if err := s.Store.ExtendSession(ctx, hash, now, now.Add(SessionLifetime)); err != nil {
			return err
		}
	}
	return nil
}

// TokenActor returns who holds a token; Unauthenticated where nobody does.
func (s *Service) TokenActor(ctx context.Context, secret Secret) (Actor, error) {
	token, user, err := s.Store.TokenUser(ctx, secret.Hash())
	if err != nil {
		return Actor{}, notSignedIn(err)
	}
	actor := user.Actor()
	actor.Scope = token.Scope
	return actor, nil
}

func notSignedIn(err error) error {
	if KindOf(err) == NotFound {
		return &Error{Kind: Unauthenticated, Message: "this session or token is not valid any more: please sign in again"}
	}
	return err
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, secret Secret) error {
	return s.Store.DeleteSession(ctx, secret.Hash())
}

// CanKeepSessions decides whether a may change the password and end sessions elsewhere. Who came with a
// token may not: one that leaked could shut its owner out. The suspended may: a password can have leaked.
func CanKeepSessions(a Actor) error {
	switch {
	case !a.SignedIn():
		return errSignIn
	case a.Scope != "":
		return forbidden("a token may not change the password or end sessions: sign in for that")
	}
	return nil
}

// SignOutElsewhere ends every session of actor's but the one they came with.
func (s *Service) SignOutElsewhere(ctx context.Context, actor Actor, session Secret) error {
	if err := CanKeepSessions(actor); err != nil {
		return err
	}
	return s.Store.DeleteOtherSessions(ctx, actor.User, session.Hash())
}

// ChangePassword gives actor, who knows the present password, a new one, and ends every session of
// theirs but the one they came with. Tokens stay: they are not made of the password.
func (s *Service) ChangePassword(ctx context.Context, actor Actor, session Secret, present, password string) error {
	if err := CanKeepSessions(actor); err != nil {
		return err
	}
	_, was, err := s.Store.Password(ctx, s.Text.Fold(actor.Name))
	if err != nil {
		return err
	}
	right := false
	if len(present) <= LimitPassword.Bytes {
		if right, err = s.Passwords.Verify(ctx, was, present); err != nil {
			return err
		}
	}
	var wrong fields
	if !right {
		wrong.add("present_password", "is wrong")
	}
	wrong.check(LimitPassword, password)
	if err := wrong.err(); err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	err = s.Store.ChangePassword(ctx, actor.User, was, hash, session.Hash())
	if errors.Is(err, ErrStale) {
		wrong.add("present_password", "is wrong: it was changed a moment ago")
		return wrong.err()
	}
	return err
}

// SetPassword gives a person a new password and ends all sessions and tokens: for the command line.
func (s *Service) SetPassword(ctx context.Context, name, password string) error {
	var wrong fields
	wrong.check(LimitPassword, password)
	if err := wrong.err(); err != nil {
		return err
	}
	user, err := s.User(ctx, name)
	if err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.Store.SetPassword(ctx, user.ID, hash)
}

// CanKeepTokens decides whether a may make, list and end tokens. Who came with a token may not: one
// that leaked could make another, which outlives it, and end those its owner still has.
func CanKeepTokens(a Actor) error {
	switch {
	case !a.SignedIn():
		return errSignIn
	case a.Scope != "":
		return forbidden("a token may not make, list or end tokens: sign in for that")
	}
	return nil
}

// CreateToken makes a token for actor. The secret is shown once: a replay of its key answers
// with Conflict, since it is not stored.
func (s *Service) CreateToken(ctx context.Context, actor Actor, name string, scope Scope, key string) (APIToken, Secret, error) {
	if err := CanKeepTokens(actor); err != nil {
		return APIToken{}, "", err
	}
	var wrong fields
	wrong.check(LimitTokenName, name)
	if scope != ScopeRead && scope != ScopeWrite && scope != ScopeModerate {
		wrong.add("scope", "must be read, write or moderate")
	}
	if err := wrong.err(); err != nil {
		return APIToken{}, "", err
	}
	secret, err := s.newSecret(tokenPrefix)
	if err != nil {
		return APIToken{}, "", err
	}
	token := APIToken{User: actor.User, Name: trim(name), Scope: scope, CreatedAt: s.Clock.Now()}
	change := s.change(actor, "create token", key, []any{name, scope})
	receipt, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanWrite(actor); err != nil {
			return Receipt{}, err
		}
		return s.Store.CreateToken(ctx, change, token, secret.Hash())
	})
	switch {
	case err != nil:
		return APIToken{}, "", err
	case receipt.Replayed:
		return APIToken{}, "", conflict("this token was made already and its secret shown once; revoke it and make another")
	}
	token.ID = receipt.ID
	return token, secret, nil
}

// Tokens returns actor's tokens, without their secrets.
func (s *Service) Tokens(ctx context.Context, actor Actor) ([]APIToken, error) {
	if err := CanKeepTokens(actor); err != nil {
		return nil, err
	}
	return s.Store.Tokens(ctx, actor.User)
}

// DeleteToken ends one of actor's tokens. The suspended may: a secret can have leaked.
func (s *Service) DeleteToken(ctx context.Context, actor Actor, id int64) error {
	if err := CanKeepTokens(actor); err != nil {
		return err
	}
	if actor.Refused != nil {
		return actor.Refused
	}
	return s.Store.DeleteToken(ctx, actor.User, id)
}
