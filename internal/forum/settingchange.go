package forum

import (
	"context"
	"slices"
	"time"
)

// SettingChange is one line of what administrators changed. It never holds a secret.
type SettingChange struct {
	ID       int64
	At       time.Time
	By       Author
	Setting  string     // "name", "sign_up", "post_length"; of a category "permissions", "hidden", "parent"
	Category CategoryID // whose setting it is; 0: the community's
	Place    string     // that category's name by now
	Before   string
	After    string
}

// The settings of the community that are set together, as their changes name them.
var (
	SiteSettings = []string{"name", "description"}
	LookSettings = []string{"accent", "logo_name"}
	RuleSettings = []string{"sign_up", "reactions", "post_length", "edit_hours", "posts", "threads", "sign_ups"}
)

// ErrSettingsChanged refuses a setting that was made on what somebody has changed meanwhile.
var ErrSettingsChanged = &Error{Kind: Conflict, Message: "somebody else changed this meanwhile"}

// SettingChangeStore is what the record of changes needs of the store, which writes it.
type SettingChangeStore interface {
	// SettingChanges returns the newest changes, those before the one of that id (0: from the newest).
	SettingChanges(ctx context.Context, before int64, limit int) ([]SettingChange, error)
}

// SettingChanges returns what was changed of the settings, the newest first. Administrators only.
func (s *Service) SettingChanges(ctx context.Context, actor Actor, before int64, limit int) ([]SettingChange, error) {
	if err := CanAdminister(actor); err != nil {
		return nil, err
	}
	return s.Store.SettingChanges(ctx, before, bounded(limit, ListSize))
}

// SettingsVersion rises with every change of a setting: 1 where nothing was ever changed. Administrators only.
func (s *Service) SettingsVersion(ctx context.Context, actor Actor) (int64, error) {
	newest, err := s.SettingChanges(ctx, actor, 0, 1)
	if err != nil || len(newest) == 0 {
		return 1, err
	}
	return newest[0].ID + 1, nil
}

// SettingsChanged returns which of some settings of the community were changed since a version, the
// newest change first, as far as one list of changes goes back. Administrators only.
func (s *Service) SettingsChanged(ctx context.Context, actor Actor, settings []string, version int64) ([]SettingChange, error) {
	all, err := s.SettingChanges(ctx, actor, 0, ListSize)
	return slices.DeleteFunc(all, func(x SettingChange) bool {
		return x.ID < version || x.Category != 0 || !slices.Contains(settings, x.Setting)
	}), err
}
