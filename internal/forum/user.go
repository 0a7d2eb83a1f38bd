package forum

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
)

// UserID identifies a person.
type UserID int64

// User is a person with an account.
type User struct {
	ID               UserID
	Name             string
	Role             Role
	About            string // Markdown
	AboutHTML        string
	CreatedAt        time.Time
	SuspendedAt      time.Time
	SuspendedBy      UserID
	SuspensionReason string
	ImportedFrom     string // the source an import made it from, "" otherwise; such an account has no password
	Rev              int64
}

// AccountState is what an account is counted under.
type AccountState string

// The states of an account.
const (
	Active    AccountState = "active"
	Suspended AccountState = "suspended"
)

// State derives the account's state.
func (u *User) State() AccountState {
	if u.SuspendedAt.IsZero() {
		return Active
	}
	return Suspended
}

// Actor returns the person as one who asks, with every scope.
func (u *User) Actor() Actor {
	return Actor{User: u.ID, Name: u.Name, Role: u.Role, Suspended: u.State() == Suspended, Rev: u.Rev}
}

// Profile is a person's page: the person and exact numbers of what the reader may see. How many
// reactions they gave is counted wherever they gave them: that is for themselves and administrators.
type Profile struct {
	User
	Counts            CategoryCounts
	ReactionsReceived int64
	ReactionsGiven    *int64 // nil: not for the reader
	Solutions         int64
}

// SignUp is what a new person says.
type SignUp struct {
	Name       string
	Password   string
	Role       Role   // Member, except where an administrator or the command line makes the account
	Invitation Secret // "" where there is none
}

// UserFilter says which people a list holds.
type UserFilter struct {
	After     string // the name it begins after
	Staff     bool   // moderators and administrators only
	Suspended bool   // the suspended only
	Limit     int    // 1 to MaxListSize; 0 is MaxListSize
}

// UserStore is what the rules about people need of the store.
type UserStore interface {
	// User returns a person by name, compared folded.
	User(ctx context.Context, folded string) (User, error)
	// UserByID returns a person.
	UserByID(ctx context.Context, id UserID) (User, error)
	// Profile returns a person with the numbers that the reader may see.
	Profile(ctx context.Context, reader Visibility, folded string) (Profile, error)
	// Users returns people by name; After is folded.
	Users(ctx context.Context, filter UserFilter) ([]User, error)
	// CreateUser makes an account; Conflict where the folded name is taken.
	CreateUser(ctx context.Context, user User, folded, passwordHash string) (UserID, error)
	// CreateFirstAdmin is CreateUser, which refuses with Conflict where an administrator exists already,
	// sets up the community and ends the first run, all in one transaction.
	CreateFirstAdmin(ctx context.Context, user User, folded, passwordHash string, beginning Beginning) (UserID, error)
	// SuspendUser sets (at not zero) or clears a suspension; sessions stay, and may only read.
	// still is asked again of the person's row in the transaction.
	SuspendUser(ctx context.Context, change Change, id UserID, at time.Time, reason string, still func(*User) error) (Receipt, error)
	// SetRole gives a person a role. Conflict where that would leave no administrator.
	SetRole(ctx context.Context, change Change, id UserID, role Role) (Receipt, error)
	// EditUser changes what a person says of themselves.
	EditUser(ctx context.Context, change Change, user User) (Receipt, error)
}

// CheckName says what is wrong with a person's name: letters, digits, marks and single . - _ inside.
func CheckName(name string) *FieldError {
	if wrong := LimitUserName.Check(name); wrong != nil {
		return wrong
	}
	for i, r := range name {
		inside := i > 0 && i < len(name)-1
		if unicode.IsLetter(r) || unicode.IsDigit(r) || inside && (unicode.IsMark(r) || strings.ContainsRune("._-", r)) {
			continue
		}
		if unicode.IsMark(r) && i > 0 {
			continue
		}
		return &FieldError{Field: "name", Message: "may hold letters and digits, and . - _ between them"}
	}
	return nil
}

// reservedNames speak for the community or its server: nobody takes one who signs up. They are
// compared folded, without . - _ in them.
var reservedNames = []string{"admin", "admins", "administrator", "administrators", "mod", "mods", "moderator", "moderators",
	"staff", "support", "system", "root", "folkmoot"}

// CheckChosenName says what is wrong with a name, folded, that somebody chooses who signs up: besides
// CheckName, it must not pass for somebody else's. Accounts that the operator makes, and imports, may
// be called anything.
func CheckChosenName(folded string) *FieldError {
	if slices.Contains(reservedNames, strings.Map(withoutJoins, folded)) {
		return &FieldError{Field: "name", Message: "is kept for those who run the community"}
	}
	if !ofOneScript(folded) {
		return &FieldError{Field: "name", Message: "mixes letters of different scripts, which can look alike"}
	}
	return nil
}

func withoutJoins(r rune) rune {
	if strings.ContainsRune("._-", r) {
		return -1
	}
	return r
}

// mixtures are the scripts that people write together: "highly restrictive" of Unicode's UTS #39.
var mixtures = [][]string{{"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Bopomofo"}, {"Latin", "Han", "Hangul"}}

// ofOneScript reports whether a text's letters and marks are of one script, or of one of the mixtures.
// What all scripts share (digits, . - _, most marks) counts for none.
func ofOneScript(text string) bool {
	var scripts []string
	for _, r := range text {
		if script := scriptOf(r); script != "" && !slices.Contains(scripts, script) {
			scripts = append(scripts, script)
		}
	}
	return len(scripts) <= 1 || slices.ContainsFunc(mixtures, func(mixture []string) bool {
		return !slices.ContainsFunc(scripts, func(script string) bool { return !slices.Contains(mixture, script) })
	})
}

// scriptOf is the script of a rune, "" where it is of none or of all.
func scriptOf(r rune) string {
	if unicode.In(r, unicode.Common, unicode.Inherited) {
		return ""
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// User returns a person by name.
func (s *Service) User(ctx context.Context, name string) (User, error) {
	return s.Store.User(ctx, s.Text.Fold(name))
}

// Profile returns a person with the numbers of what actor may see.
func (s *Service) Profile(ctx context.Context, actor Actor, name string) (Profile, error) {
	return s.Store.Profile(ctx, actor.Visibility(), s.Text.Fold(name))
}

// Users returns people in the order of their names. Moderators only.
func (s *Service) Users(ctx context.Context, actor Actor, filter UserFilter) ([]User, error) {
	if err := CanModeratePeople(actor); err != nil {
		return nil, err
	}
	filter.After, filter.Limit = s.Text.Fold(filter.After), bounded(filter.Limit, MaxListSize)
	return s.Store.Users(ctx, filter)
}

// SignUp makes an account for a person who comes by, as far as the rules let people sign up. A
// repeated sign-up with the right password answers with the account that is there, whatever has
// become of the invitation.
func (s *Service) SignUp(ctx context.Context, in SignUp) (User, error) {
	in.Role = Member
	user, hash, err := s.newUser(ctx, in, CheckChosenName)
	if err != nil {
		return User{}, err
	}
	may := func(policy SignUpPolicy, invitation *Invitation) error {
		return CanSignUp(policy, invitation, user.CreatedAt)
	}
	user.ID, err = s.Store.SignUp(ctx, user, s.Text.Fold(user.Name), hash, in.Invitation.Hash(), may)
	switch KindOf(err) { // Internal where there is none
	case Conflict, Forbidden, Invalid:
		if known, wrong := s.checkPassword(ctx, in.Name, in.Password); wrong == nil {
			return known, nil
		}
	}
	return user, err
}

// CreateUser makes an account of any role: for the command line and tests, which ask nobody.
func (s *Service) CreateUser(ctx context.Context, in SignUp) (User, error) {
	user, hash, err := s.newUser(ctx, in, nil)
	if err != nil {
		return User{}, err
	}
	user.ID, err = s.Store.CreateUser(ctx, user, s.Text.Fold(user.Name), hash)
	return user, err
}

// newUser makes what is stored of an account. Its name must pass more, too, folded; nil asks nothing.
func (s *Service) newUser(ctx context.Context, in SignUp, more func(folded string) *FieldError) (User, string, error) {
	var wrong fields
	name := trim(in.Name)
	bad := CheckName(name)
	if bad == nil && more != nil {
		bad = more(s.Text.Fold(name))
	}
	if bad != nil {
		wrong = append(wrong, *bad)
	}
	wrong.check(LimitPassword, in.Password)
	if !in.Role.known() || in.Role == Visitor {
		wrong.add("role", "must be member, moderator or admin")
	}
	if err := wrong.err(); err != nil {
		return User{}, "", err
	}
	hash, err := s.Passwords.Hash(ctx, in.Password)
	return User{Name: name, Role: in.Role, CreatedAt: s.Clock.Now(), Rev: 1}, hash, err
}

// SuspendUser suspends a person, who can then read but not write. Moderators suspend members,
// administrators moderators too; nobody themselves.
func (s *Service) SuspendUser(ctx context.Context, actor Actor, name, reason, key string) error {
	return s.suspend(ctx, actor, name, true, reason, key)
}

// LiftSuspension ends a suspension.
func (s *Service) LiftSuspension(ctx context.Context, actor Actor, name, key string) error {
	return s.suspend(ctx, actor, name, false, "", key)
}

func (s *Service) suspend(ctx context.Context, actor Actor, name string, set bool, reason, key string) error {
	var wrong fields
	wrong.check(LimitReason, reason)
	if err := wrong.err(); err != nil {
		return err
	}
	change := s.change(actor, "suspend", key, []any{name, set, reason})
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanModeratePeople(actor); err != nil {
			return Receipt{}, err
		}
		user, err := s.User(ctx, name)
		if err != nil {
			return Receipt{}, err
		}
		may := func(user *User) error { return canSuspend(actor, user, set) }
		if err := may(&user); err != nil {
			return Receipt{}, err
		}
		return s.Store.SuspendUser(ctx, change, user.ID, s.markTime(set), reason, may)
	})
	return err
}

// canSuspend decides whether actor may suspend a person, or (set false) lift it.
func canSuspend(actor Actor, user *User, set bool) error {
	switch {
	case !set && (user.Role == Member || actor.EffectiveRole() == Admin):
		return nil
	case user.ID == actor.User:
		return conflict("nobody can suspend themselves")
	case user.Role == Admin:
		return forbidden("an administrator must lose that role before being suspended")
	case user.Role == Moderator && actor.EffectiveRole() != Admin:
		return forbidden("only administrators may suspend moderators")
	}
	return nil
}

// SetRole gives a person a role. Administrators only; the last one cannot step down.
func (s *Service) SetRole(ctx context.Context, actor Actor, name string, role Role, key string) error {
	if !role.known() || role == Visitor {
		return &Error{Kind: Invalid, Message: "there is no such role", Fields: []FieldError{{Field: "role", Message: "must be member, moderator or admin"}}}
	}
	change := s.change(actor, "set role", key, []any{name, role})
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanAdminister(actor); err != nil {
			return Receipt{}, err
		}
		user, err := s.User(ctx, name)
		if err != nil {
			return Receipt{}, err
		}
		return s.Store.SetRole(ctx, change, user.ID, role)
	})
	return err
}

// EditProfile changes what actor says about themselves.
func (s *Service) EditProfile(ctx context.Context, actor Actor, about, key string) error {
	var wrong fields
	wrong.check(LimitAbout, about)
	if err := wrong.err(); err != nil {
		return err
	}
	change := s.change(actor, "edit profile", key, about)
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanWrite(actor); err != nil {
			return Receipt{}, err
		}
		user := User{ID: actor.User, About: trimBody(about), AboutHTML: s.Text.Render(trimBody(about))}
		return s.Store.EditUser(ctx, change, user)
	})
	return err
}
