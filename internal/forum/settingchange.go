package forum

import (
	"context"
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
