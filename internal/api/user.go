package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Person is somebody with an account.
type Person struct {
	ID               forum.UserID `json:"id"`
	Name             string       `json:"name"`
	Role             string       `json:"role" enum:"member,moderator,admin"`
	State            string       `json:"state" enum:"active,suspended"`
	SuspensionReason string       `json:"suspension_reason,omitempty" doc:"For the person and for moderators."`
	About            string       `json:"about" doc:"Markdown."`
	AboutHTML        string       `json:"about_html"`
	CreatedAt        time.Time    `json:"created_at"`
	ImportedFrom     string       `json:"imported_from,omitempty" doc:"Where an import found this person, who has not signed in here."`
}

// Profile is a person with exact numbers of what the reader may see.
type Profile struct {
	Person
	Counts
	ReactionsReceived int64  `json:"reactions_received"`
	ReactionsGiven    *int64 `json:"reactions_given,omitempty" doc:"Wherever they were given: for the person and for administrators, absent for others."`
	Solutions         int64  `json:"solutions" doc:"Posts that were accepted."`
}

// Me is the person who asks, and what they ask with.
type Me struct {
	Profile
	Scope string `json:"scope,omitempty" enum:"read,write,moderate" doc:"Of the token; absent with a session, which may do everything."`
}

// PersonList is a part of the list of people.
type PersonList struct {
	People     []Person `json:"people"`
	NextCursor string   `json:"next_cursor,omitempty" doc:"Absent at the end."`
}

// PostList is a part of a list of posts.
type PostList struct {
	Posts      []ListedPost `json:"posts"`
	NextCursor string       `json:"next_cursor,omitempty" doc:"Absent at the end."`
}

// newPerson leaves out what is for the person and for moderators where reader is neither.
func newPerson(reader forum.Actor, u *forum.User) Person {
	person := Person{ID: u.ID, Name: u.Name, Role: string(u.Role), State: string(u.State()), About: u.About,
		AboutHTML: u.AboutHTML, CreatedAt: u.CreatedAt, ImportedFrom: u.ImportedFrom}
	if reader.User == u.ID || forum.CanModeratePeople(reader) == nil {
		person.SuspensionReason = u.SuspensionReason
	}
	return person
}

func newProfile(reader forum.Actor, p *forum.Profile) Profile {
	return Profile{Person: newPerson(reader, &p.User), Counts: visible(p.Counts), ReactionsReceived: p.ReactionsReceived,
		ReactionsGiven: p.ReactionsGiven, Solutions: p.Solutions}
}

// PersonQuery names a person.
type PersonQuery struct {
	Name string `path:"name"`
}

func (s *server) listPeople(ctx context.Context, in *PageOf) (*answer[PersonList], error) {
	after, err := readWordCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	actor := httpkit.ActorOf(ctx)
	limit := in.Limit
	if limit == 0 {
		limit = forum.MaxListSize
	}
	users, err := s.service.Users(ctx, actor, forum.UserFilter{After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	list := PersonList{People: make([]Person, len(users))}
	for i := range users {
		list.People[i] = newPerson(actor, &users[i])
	}
	if len(users) == limit {
		list.NextCursor = writeWordCursor(users[limit-1].Name)
	}
	return &answer[PersonList]{list}, nil
}

func (s *server) getPerson(ctx context.Context, in *PersonQuery) (*answer[Profile], error) {
	actor := httpkit.ActorOf(ctx)
	profile, err := s.service.Profile(ctx, actor, in.Name)
	return &answer[Profile]{newProfile(actor, &profile)}, err
}

func (s *server) listPersonPosts(ctx context.Context, in *struct {
	PersonQuery
	PageOf
}) (*answer[PostList], error) {
	before, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	person, err := s.service.User(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	posts, next, err := s.service.UserPosts(ctx, httpkit.ActorOf(ctx), person.ID, before, in.Limit)
	if err != nil {
		return nil, err
	}
	list := PostList{Posts: make([]ListedPost, len(posts)), NextCursor: writeCursor(next)}
	for i := range posts {
		list.Posts[i] = newListedPost(&posts[i])
	}
	return &answer[PostList]{list}, nil
}

type suspensionBody struct {
	Reason string `json:"reason" doc:"Shown to the person and to moderators."`
}

// TransformSchema writes the limits into the document.
func (suspensionBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitReason)
}

func (s *server) suspendPerson(ctx context.Context, in *struct {
	PersonQuery
	Keyed
	Body suspensionBody
}) (*nothing, error) {
	return &nothing{}, s.service.SuspendUser(ctx, httpkit.ActorOf(ctx), in.Name, in.Body.Reason, in.Key)
}

func (s *server) liftSuspension(ctx context.Context, in *struct {
	PersonQuery
	Keyed
}) (*nothing, error) {
	return &nothing{}, s.service.LiftSuspension(ctx, httpkit.ActorOf(ctx), in.Name, in.Key)
}

type roleBody struct {
	Role string `json:"role" enum:"member,moderator,admin"`
}

func (s *server) setRole(ctx context.Context, in *struct {
	PersonQuery
	Keyed
	Body roleBody
}) (*nothing, error) {
	return &nothing{}, s.service.SetRole(ctx, httpkit.ActorOf(ctx), in.Name, forum.Role(in.Body.Role), in.Key)
}

func (s *server) getMe(ctx context.Context, _ *struct{}) (*answer[Me], error) {
	actor := httpkit.ActorOf(ctx)
	if !actor.SignedIn() {
		return nil, errNobody
	}
	profile, err := s.service.Profile(ctx, actor, actor.Name)
	return &answer[Me]{Me{newProfile(actor, &profile), string(actor.Scope)}}, err
}

var errNobody = &forum.Error{Kind: forum.Unauthenticated, Message: "you are not signed in"}

type aboutMeBody struct {
	About string `json:"about" doc:"Markdown."`
}

// TransformSchema writes the limits into the document.
func (aboutMeBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitAbout)
}

func (s *server) editMe(ctx context.Context, in *struct {
	Keyed
	Body aboutMeBody
}) (*answer[Me], error) {
	if err := s.service.EditProfile(ctx, httpkit.ActorOf(ctx), in.Body.About, in.Key); err != nil {
		return nil, err
	}
	return s.getMe(ctx, nil)
}
