package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Person is somebody with an account.
type Person struct {
	ID               int64     `json:"id"`
	Name             string    `json:"name"`
	Role             string    `json:"role"`  // member, moderator, admin
	State            string    `json:"state"` // active, suspended
	SuspensionReason string    `json:"suspension_reason,omitempty"`
	About            string    `json:"about"` // Markdown
	AboutHTML        string    `json:"about_html"`
	CreatedAt        time.Time `json:"created_at"`
	ImportedFrom     string    `json:"imported_from,omitempty"`
}

// Profile is a person with exact numbers of what one may see.
type Profile struct {
	Person
	Counts
	ReactionsReceived int64  `json:"reactions_received"`
	ReactionsGiven    *int64 `json:"reactions_given,omitempty"` // for the person and for administrators, nil for others
	Solutions         int64  `json:"solutions"`
}

// Me is who asks, and what they ask with.
type Me struct {
	Profile
	Scope string `json:"scope,omitempty"` // of the token: read, write, moderate; "" of a session
}

// PersonList is a part of the list of people.
type PersonList struct {
	People     []Person `json:"people"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

// PostList is a part of a list of posts.
type PostList struct {
	Posts      []ListedPost `json:"posts"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

// Session is what signing in gives.
type Session struct {
	Token string `json:"token"`
	User  Person `json:"user"`
}

type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// People goes through all people by name. For moderators.
func (c *Client) People(ctx context.Context) iter.Seq2[Person, error] {
	return parts(func(cursor string) ([]Person, string, error) {
		list, err := get[PersonList](ctx, c, "/people", cursorQuery(cursor))
		return list.People, list.NextCursor, err
	})
}

// Person returns a person.
func (c *Client) Person(ctx context.Context, name string) (Profile, error) {
	return get[Profile](ctx, c, personPath(name), nil)
}

// PersonPosts goes through a person's posts, the newest first.
func (c *Client) PersonPosts(ctx context.Context, name string) iter.Seq2[ListedPost, error] {
	return parts(func(cursor string) ([]ListedPost, string, error) {
		list, err := get[PostList](ctx, c, personPath(name)+"/posts", cursorQuery(cursor))
		return list.Posts, list.NextCursor, err
	})
}

// SignUp makes an account and asks with it from now on.
func (c *Client) SignUp(ctx context.Context, name, password string) (Person, error) {
	return c.sign(ctx, "/sign-up", name, password)
}

// SignIn signs in, and asks as that person from now on.
func (c *Client) SignIn(ctx context.Context, name, password string) (Person, error) {
	return c.sign(ctx, "/sign-in", name, password)
}

func (c *Client) sign(ctx context.Context, path, name, password string) (Person, error) {
	var session Session
	_, err := c.do(ctx, request{method: http.MethodPost, path: path, body: credentials{name, password}, keyless: true}, &session)
	if err == nil {
		c.Token = session.Token
	}
	return session.User, err
}

// Me returns who asks: ErrUnauthenticated is a visitor.
func (c *Client) Me(ctx context.Context) (Me, error) { return get[Me](ctx, c, "/me", nil) }

// EditMe changes what one says about oneself, in Markdown.
func (c *Client) EditMe(ctx context.Context, about string) (Me, error) {
	return change[Me](ctx, c, http.MethodPatch, "/me", map[string]string{"about": about})
}

func personPath(name string) string { return "/people/" + url.PathEscape(name) }

func cursorQuery(cursor string) url.Values {
	if cursor == "" {
		return nil
	}
	return url.Values{"cursor": {cursor}}
}
