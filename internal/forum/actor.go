package forum

// Role is what a person is in the whole community. The zero Role is a visitor.
type Role string

// The roles, from the least to the most allowed.
const (
	Visitor   Role = "visitor"
	Member    Role = "member"
	Moderator Role = "moderator"
	Admin     Role = "admin"
)

// Roles lists every role, the least allowed first.
var Roles = []Role{Visitor, Member, Moderator, Admin}

// Scope is what a token lets its holder do; a session has all of them.
type Scope string

// The scopes of a token.
const (
	ScopeRead     Scope = "read"     // read as the person
	ScopeWrite    Scope = "write"    // and post, edit, react
	ScopeModerate Scope = "moderate" // and use what a moderator or administrator may
)

// Actor is who asks: explicit in every call. The zero Actor is a visitor.
type Actor struct {
	User      UserID
	Name      string
	Role      Role
	Suspended bool
	Scope     Scope // "" (a session, the command line) is everything
	Rev       int64 // of the person, as read with the credentials
	Renewed   bool  // the session they came by is being extended
	Refused   error // why nothing new may be done now, a rate say; what is known under a key is still answered

	remembered Secret // by which the actor was not read but remembered
}

// Visibility is what lists and pages may hold for an actor. Every query takes one.
type Visibility struct {
	Role Role
	User UserID
}

// SignedIn reports whether a person is behind the request.
func (a Actor) SignedIn() bool { return a.User != 0 }

// EffectiveRole is the role that decides: a visitor without a person, a member while
// suspended or with a token that may not moderate.
func (a Actor) EffectiveRole() Role {
	switch {
	case a.User == 0:
		return Visitor
	case a.Role == "":
		return Member
	case a.Suspended, a.Scope == ScopeRead, a.Scope == ScopeWrite:
		return Member
	}
	return a.Role
}

// Visibility returns what a may see.
func (a Actor) Visibility() Visibility {
	return Visibility{Role: a.EffectiveRole(), User: a.User}
}

// CanWrite decides whether a may change anything at all.
func CanWrite(a Actor) error {
	switch {
	case !a.SignedIn():
		return errSignIn
	case a.Suspended:
		return forbidden("your account is suspended: you can read, but not write")
	case a.Scope == ScopeRead:
		return forbidden("this token may only read")
	}
	return nil
}

// CanAdminister decides whether a may change categories, people's roles and settings.
func CanAdminister(a Actor) error {
	if err := CanWrite(a); err != nil {
		return err
	}
	if a.EffectiveRole() != Admin {
		return forbidden("only administrators may do this")
	}
	return nil
}

// CanModeratePeople decides whether a may suspend people.
func CanModeratePeople(a Actor) error {
	if err := CanWrite(a); err != nil {
		return err
	}
	if role := a.EffectiveRole(); role != Moderator && role != Admin {
		return forbidden("only moderators may do this")
	}
	return nil
}
