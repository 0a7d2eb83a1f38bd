package forum

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"
)

// Site is what the community says of itself, and what its database is.
type Site struct {
	Name        string
	Description string
	Epoch       string // random per database: renewed by restore and copy
	HasAdmin    bool   // the first run is over
	Accent      Accent
	Logo        string // the name of its picture, which changes with it; "" where it has none
	SignUp      SignUpPolicy
	Demo        bool // it was made to be looked at
}

// Beginning is what a first run sets up besides the first administrator.
type Beginning struct {
	Name        string
	Description string
	SignUp      SignUpPolicy
	Categories  []Category // at the top, in this order
}

// Verification is the outcome of the last recount.
type Verification struct {
	At          time.Time
	Took        time.Duration
	Rows        int64 // read
	Differences int64
}

// Backup is the last backup that was made of this database.
type Backup struct {
	At    time.Time // when it was begun; zero where none was made
	Bytes int64     // of the database in it
}

// About is the page about the community: its numbers, counted for the reader, in one snapshot.
type About struct {
	Site         Site
	Counts       CategoryCounts
	People       map[AccountState]int64
	Verification Verification // zero where none was made
	Pending      int64        // posts that search does not know yet
}

// SettingStore is what settings need of the store.
type SettingStore interface {
	Site(ctx context.Context) (Site, error)
	// About sums the numbers the reader may see, in one snapshot.
	About(ctx context.Context, reader Visibility) (About, error)
	// SetSite changes name and description; ErrSettingsChanged where one was changed since change.Settings.
	SetSite(ctx context.Context, change Change, name, description string) (Receipt, error)
	// FirstRunHash returns the hash of the first-run token, "" where there is none.
	FirstRunHash(ctx context.Context) (string, error)
	SetFirstRunHash(ctx context.Context, hash string) error
	SetVerification(ctx context.Context, outcome Verification) error
	// LastBackup returns what SetBackup kept last, zero where it kept nothing.
	LastBackup(ctx context.Context) (Backup, error)
	SetBackup(ctx context.Context, made Backup) error
	// BeginDemo marks a database that holds nobody and nothing; Conflict where it holds something.
	BeginDemo(ctx context.Context) error
	// EndDemo says that the demo is whole.
	EndDemo(ctx context.Context) error
	// Demo tells whether there is a demo, and whether it is whole.
	Demo(ctx context.Context) (begun, whole bool, err error)
}

// Site returns what the community says of itself.
func (s *Service) Site(ctx context.Context) (Site, error) { return s.Store.Site(ctx) }

// About returns the page about the community as actor may see it.
func (s *Service) About(ctx context.Context, actor Actor) (About, error) {
	return s.Store.About(ctx, actor.Visibility())
}

// SetSite names and describes the community. Administrators only. version is the SettingsVersion that they
// saw, 0 whatever it is: ErrSettingsChanged where somebody changed one of the two since.
func (s *Service) SetSite(ctx context.Context, actor Actor, name, description string, version int64, key string) error {
	var wrong fields
	wrong.check(LimitSiteName, name)
	wrong.check(LimitDescription, description)
	if err := wrong.err(); err != nil {
		return err
	}
	change := s.change(actor, "set site", key, []any{name, description})
	change.Settings = version
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanAdminister(actor); err != nil {
			return Receipt{}, err
		}
		return s.Store.SetSite(ctx, change, trim(name), trim(description))
	})
	return err
}

// LastBackup says when the last backup was made. Administrators only.
func (s *Service) LastBackup(ctx context.Context, actor Actor) (Backup, error) {
	if err := CanAdminister(actor); err != nil {
		return Backup{}, err
	}
	return s.Store.LastBackup(ctx)
}

// NewFirstRun makes a token for the first-run page, in place of an earlier one. It is "" where
// an administrator exists already.
func (s *Service) NewFirstRun(ctx context.Context) (Secret, error) {
	site, err := s.Site(ctx)
	if err != nil || site.HasAdmin {
		return "", err
	}
	secret, err := s.newSecret("")
	if err != nil {
		return "", err
	}
	return secret, s.Store.SetFirstRunHash(ctx, secret.Hash())
}

// CheckFirstRun tells whether a first-run token is the present one; NotFound where it is not, or
// where an administrator was made in another way meanwhile.
func (s *Service) CheckFirstRun(ctx context.Context, token Secret) error {
	site, err := s.Site(ctx)
	if err != nil {
		return err
	}
	hash, err := s.Store.FirstRunHash(ctx)
	if err != nil {
		return err
	}
	if site.HasAdmin || hash == "" || subtle.ConstantTimeCompare([]byte(hash), []byte(token.Hash())) != 1 {
		return ErrNotFound
	}
	return nil
}

// FirstRun is what the first-run page asks for.
type FirstRun struct {
	SiteName    string
	Description string
	SignUp      SignUpPolicy
	Categories  []string // names; they are open to everybody
	Admin       SignUp
}

// FirstRun makes the first administrator, sets up the community and signs in, all or nothing. The
// token is then used up.
func (s *Service) FirstRun(ctx context.Context, token Secret, in FirstRun) (Secret, User, error) {
	if err := s.CheckFirstRun(ctx, token); err != nil {
		return "", User{}, err
	}
	beginning, err := s.beginning(in)
	if err != nil {
		return "", User{}, err
	}
	in.Admin.Role = Admin
	user, hash, err := s.newUser(ctx, in.Admin, nil)
	if err != nil {
		return "", User{}, err
	}
	user.ID, err = s.Store.CreateFirstAdmin(ctx, user, s.Text.Fold(user.Name), hash, beginning)
	if err != nil {
		return "", User{}, err
	}
	secret, err := s.OpenSession(ctx, user.ID)
	return secret, user, err
}

// beginning checks what the first run sets up.
func (s *Service) beginning(in FirstRun) (Beginning, error) {
	var wrong fields
	named := func(limit Limit, field, text string) {
		limit.Field = field
		wrong.check(limit, text)
	}
	named(LimitSiteName, "site_name", in.SiteName)
	wrong.check(LimitDescription, in.Description)
	if !slices.Contains(SignUpPolicies, in.SignUp) {
		wrong.add("sign_up", "must be open, by invitation or closed")
	}
	beginning := Beginning{Name: trim(in.SiteName), Description: trim(in.Description), SignUp: in.SignUp}
	for _, name := range in.Categories {
		named(LimitCategory, "categories", name)
		beginning.Categories = append(beginning.Categories, Category{Name: trim(name), Slug: s.Text.Slug(name)})
	}
	if len(in.Categories) > MaxFirstCategories {
		wrong.add("categories", "are too many to begin with: at most %d", MaxFirstCategories)
	}
	return beginning, wrong.err()
}

// BeginDemo marks an empty database as one to be filled for show; Conflict where it holds anything.
// EndDemo says that it is whole.
func (s *Service) BeginDemo(ctx context.Context) error { return s.Store.BeginDemo(ctx) }

// EndDemo says that the demo is whole: from then on it may be shown.
func (s *Service) EndDemo(ctx context.Context) error { return s.Store.EndDemo(ctx) }

// Demo tells whether there is a demo, and whether it is whole.
func (s *Service) Demo(ctx context.Context) (begun, whole bool, err error) { return s.Store.Demo(ctx) }
