package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"folkmoot/internal/forum"
)

// SettingChanges returns the newest changes of settings.
func (s *Store) SettingChanges(ctx context.Context, before int64, limit int) ([]forum.SettingChange, error) {
	var changes []forum.SettingChange
	err := s.read(ctx, Query{`
		SELECT x.id, x.setting, x.category_id, coalesce(c.name, ''), x.before_value, x.after_value, x.changed_by, coalesce(u.name, ''), x.changed_at
		FROM setting_changes x
		LEFT JOIN categories c ON c.id = x.category_id
		LEFT JOIN users u ON u.id = x.changed_by
		WHERE CAST($1 AS BIGINT) = 0 OR x.id < $1 ORDER BY x.id DESC LIMIT $2`, []any{before, int64(limit)}, func(row Row) error {
		var x forum.SettingChange
		err := scan(row, &x.ID, &x.Setting, &x.Category, &x.Place, &x.Before, &x.After, &x.By.ID, &x.By.Name, &x.At)
		changes = append(changes, x)
		return err
	}})
	if err != nil {
		return nil, fmt.Errorf("changes of settings: %w", err)
	}
	return changes, nil
}

// unchanged refuses where one of some settings was changed since the version that the change rests on.
// It locks those that were ever set: nobody changes one before the commit.
func (t *tx) unchanged(change forum.Change, settings []string, locked ...string) error {
	if change.Settings == 0 {
		return nil
	}
	for _, key := range locked {
		if _, err := t.setting(key); err != nil {
			return err
		}
	}
	changed := false
	err := t.conn.Query(`SELECT setting FROM setting_changes WHERE id >= $1 AND category_id IS NULL`, []any{change.Settings}, func(row Row) error {
		changed = changed || slices.Contains(settings, row.Text(0))
		return nil
	})
	if err == nil && changed {
		err = forum.ErrSettingsChanged
	}
	return err
}

// keepChange writes down that a setting was changed, of a category or, where that is 0, of the
// community. What is as it was is no change.
func (t *tx) keepChange(by forum.UserID, category forum.CategoryID, setting, before, after string) error {
	if before == after {
		return nil
	}
	_, err := t.exec(`INSERT INTO setting_changes (setting, category_id, before_value, after_value, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		setting, category, before, after, by, t.now)
	return err
}

// change sets a setting that nobody need hide, and writes down what it was.
func (t *tx) change(by forum.UserID, key, value string) error {
	before, err := t.setting(key)
	if err != nil || before == value {
		return err
	}
	if err := t.keepChange(by, 0, key, before, value); err != nil {
		return err
	}
	return t.set(key, value)
}

// setting reads and locks a setting, "" where it was never set.
func (t *tx) setting(key string) (string, error) {
	var value string
	err := t.conn.Query(`SELECT value FROM settings WHERE key = $1 FOR NO KEY UPDATE`, []any{key}, func(row Row) error { return scan(row, &value) })
	return value, err
}

// inWords writes what each role may do in a category, for the record: "member: see, reply".
func inWords(own forum.Permissions) string {
	var roles []string
	for _, role := range forum.Roles[:3] {
		access, given := own[role]
		if !given {
			access = forum.DefaultAccess(role)
		}
		var acts []string
		for _, act := range []struct {
			may  bool
			name string
		}{{access.See, "see"}, {access.Reply, "reply"}, {access.Start, "start threads"}, {access.Moderate, "moderate"}} {
			if act.may {
				acts = append(acts, act.name)
			}
		}
		if acts == nil {
			acts = []string{"nothing"}
		}
		roles = append(roles, string(role)+": "+strings.Join(acts, ", "))
	}
	return strings.Join(roles, "; ")
}
