package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Session is what signing in gives.
type Session struct {
	Token string `json:"token" doc:"Send it as Authorization: Bearer. It lasts until it is not used for 60 days, or you sign out."`
	User  Person `json:"user"`
}

// Token lets a script act as a person.
type Token struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Scope     string    `json:"scope" enum:"read,write,moderate"`
	CreatedAt time.Time `json:"created_at"`
}

// NewToken is a token just made. Its secret is shown this once.
type NewToken struct {
	Token
	Secret string `json:"token" doc:"Send it as Authorization: Bearer."`
}

// TokenList is a person's tokens, the oldest first.
type TokenList struct {
	Tokens []Token `json:"tokens"`
}

type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// TransformSchema writes the limits into the document.
func (credentials) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitUserName, forum.LimitPassword)
}

type signInInput struct {
	Body credentials
}

type newAccount struct {
	Name       string `json:"name"`
	Password   string `json:"password"`
	Invitation string `json:"invitation,omitempty" doc:"Where signing up takes one: its secret, or the link with it."`
}

// TransformSchema writes the limits into the document.
func (newAccount) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitUserName, forum.LimitPassword)
}

func (s *server) signUp(ctx context.Context, in *struct{ Body newAccount }) (*created[Session], error) {
	if err := s.kit.SpendSignUp(ctx, in.Body.Name); err != nil {
		return nil, err
	}
	user, err := s.service.SignUp(ctx, forum.SignUp{Name: in.Body.Name, Password: in.Body.Password, Invitation: forum.InvitationIn(in.Body.Invitation)})
	if err != nil {
		return nil, err
	}
	secret, err := s.service.OpenSession(ctx, user.ID)
	return &created[Session]{Location: Prefix + "/me", Body: Session{string(secret), newPerson(user.Actor(), &user)}}, err
}

func (s *server) signIn(ctx context.Context, in *signInInput) (*answer[Session], error) {
	if err := s.kit.SpendSignIn(ctx, in.Body.Name); err != nil {
		return nil, err
	}
	secret, user, err := s.service.SignIn(ctx, in.Body.Name, in.Body.Password)
	return &answer[Session]{Session{string(secret), newPerson(user.Actor(), &user)}}, err
}

func (s *server) signOut(ctx context.Context, _ *struct{}) (*nothing, error) {
	return &nothing{}, s.kit.SignOut(ctx)
}

type newPassword struct {
	PresentPassword string `json:"present_password" doc:"A wrong one is 422 for this field. Trying is rationed like signing in."`
	Password        string `json:"password" doc:"The new one."`
}

// TransformSchema writes the limits into the document.
func (newPassword) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitPassword)
}

func (s *server) changePassword(ctx context.Context, in *struct{ Body newPassword }) (*nothing, error) {
	return &nothing{}, s.kit.ChangePassword(ctx, in.Body.PresentPassword, in.Body.Password)
}

func newToken(t forum.APIToken) Token {
	return Token{ID: t.ID, Name: t.Name, Scope: string(t.Scope), CreatedAt: t.CreatedAt}
}

func (s *server) listTokens(ctx context.Context, _ *struct{}) (*answer[TokenList], error) {
	tokens, err := s.service.Tokens(ctx, httpkit.ActorOf(ctx))
	list := TokenList{Tokens: make([]Token, len(tokens))}
	for i := range tokens {
		list.Tokens[i] = newToken(tokens[i])
	}
	return &answer[TokenList]{list}, err
}

type newTokenBody struct {
	Name  string `json:"name" doc:"What the token is for."`
	Scope string `json:"scope" enum:"read,write,moderate"`
}

// TransformSchema writes the limits into the document.
func (newTokenBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitTokenName)
}

func (s *server) createToken(ctx context.Context, in *struct {
	Keyed
	Body newTokenBody
}) (*created[NewToken], error) {
	token, secret, err := s.service.CreateToken(ctx, httpkit.ActorOf(ctx), in.Body.Name, forum.Scope(in.Body.Scope), in.Key)
	return &created[NewToken]{Location: Prefix + "/tokens/" + strconv.FormatInt(token.ID, 10),
		Body: NewToken{newToken(token), string(secret)}}, err
}

func (s *server) deleteToken(ctx context.Context, in *struct {
	TokenID id `path:"token_id"`
}) (*nothing, error) {
	return &nothing{}, s.service.DeleteToken(ctx, httpkit.ActorOf(ctx), int64(in.TokenID))
}
