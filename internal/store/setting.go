package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"folkmoot/internal/forum"
)

// ensureSettings gives a new database its epoch and its first values. One that was to be a copy, and is
// not whole, is ErrUnfinished.
func (s *Store) ensureSettings(ctx context.Context) error {
	settings, err := s.settings(ctx)
	switch {
	case err != nil:
		return err
	case settings[copyingSetting] != "":
		return ErrUnfinished
	case settings["epoch"] != "":
		return nil
	}
	_, err = s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		for key, value := range map[string]string{
			"epoch": rand.Text(), "shown_version": "1", "name": "Folkmoot", "description": "", "first_run": "",
		} {
			_, err := t.exec(`INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, value)
			if err != nil {
				return forum.Receipt{}, err
			}
		}
		return forum.Receipt{}, nil
	})
	if err != nil {
		return fmt.Errorf("first settings: %w", err)
	}
	return nil
}

func (s *Store) settings(ctx context.Context) (map[string]string, error) {
	settings := map[string]string{}
	err := s.read(ctx, settingsQuery(settings))
	return settings, err
}

func settingsQuery(settings map[string]string) Query {
	return Query{`SELECT key, value FROM settings WHERE key <> $1`, []any{logoSetting}, func(row Row) error {
		settings[row.Text(0)] = row.Text(1)
		return nil
	}}
}

// set writes a setting.
func (t *tx) set(key, value string) error {
	_, err := t.exec(`INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}

// shown says that something that any page may show has changed.
func (t *tx) shown() error {
	_, err := t.exec(`UPDATE settings SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE key = 'shown_version'`)
	return err
}

const hasAdmin = `SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')`

// Site returns what the community says of itself.
func (s *Store) Site(ctx context.Context) (forum.Site, error) {
	settings := map[string]string{}
	var site forum.Site
	err := s.read(ctx, settingsQuery(settings), Query{hasAdmin, nil, func(row Row) error { return scan(row, &site.HasAdmin) }})
	if err == nil {
		err = describe(&site, settings)
	}
	return site, err
}

// describe fills in what the settings say of the community.
func describe(site *forum.Site, settings map[string]string) error {
	site.Name, site.Description, site.Epoch = settings["name"], settings["description"], settings["epoch"]
	site.Accent, site.Logo = forum.Accent(settings["accent"]), settings["logo_name"]
	site.Demo = settings[demoSetting] != ""
	rules, err := parseRules(settings[rulesSetting])
	site.SignUp = rules.SignUp
	return err
}

// About sums the numbers the reader may see.
func (s *Store) About(ctx context.Context, reader forum.Visibility) (forum.About, error) {
	about := forum.About{People: map[forum.AccountState]int64{}}
	settings := map[string]string{}
	threads, posts := &about.Counts.Threads, &about.Counts.Posts
	err := s.read(ctx, settingsQuery(settings),
		Query{hasAdmin, nil, func(row Row) error { return scan(row, &about.Site.HasAdmin) }},
		Query{`SELECT coalesce(sum(n.threads_visible), 0), coalesce(sum(n.posts_visible), 0)
			FROM category_counts n JOIN category_access a ON a.category_id = n.category_id AND a.role = $1 WHERE a.see`,
			[]any{reader.Role}, func(row Row) error { return scan(row, &threads[forum.Visible], &posts[forum.Visible]) }},
		Query{`SELECT coalesce(sum(n.threads_unlisted), 0), coalesce(sum(n.threads_hidden), 0), coalesce(sum(n.threads_deleted), 0),
				coalesce(sum(n.posts_unlisted), 0), coalesce(sum(n.posts_hidden), 0), coalesce(sum(n.posts_deleted), 0)
			FROM category_counts n JOIN category_access a ON a.category_id = n.category_id AND a.role = $1 WHERE a.moderate`,
			[]any{reader.Role}, func(row Row) error {
				return scan(row, &threads[forum.Unlisted], &threads[forum.Hidden], &threads[forum.Deleted],
					&posts[forum.Unlisted], &posts[forum.Hidden], &posts[forum.Deleted])
			}},
		Query{`SELECT state, n FROM people_counts`, nil, func(row Row) error {
			about.People[forum.AccountState(row.Text(0))] = row.Int64(1)
			return nil
		}},
		pendingQuery(&about.Pending))
	if err != nil {
		return forum.About{}, fmt.Errorf("about: %w", err)
	}
	if err := describe(&about.Site, settings); err != nil {
		return forum.About{}, err
	}
	if text := settings["verification"]; text != "" {
		err = json.Unmarshal([]byte(text), &about.Verification)
	}
	return about, err
}

// SetSite changes name and description.
func (s *Store) SetSite(ctx context.Context, change forum.Change, name, description string) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		if err := t.unchanged(change, forum.SiteSettings, forum.SiteSettings...); err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{At: t.now}, t.setSite(change.Actor, name, description)
	})
}

func (t *tx) setSite(by forum.UserID, name, description string) error {
	if err := t.change(by, "name", name); err != nil {
		return err
	}
	if err := t.change(by, "description", description); err != nil {
		return err
	}
	return t.shown()
}

// FirstRunHash returns the hash of the first-run token.
func (s *Store) FirstRunHash(ctx context.Context) (string, error) {
	settings, err := s.settings(ctx)
	if err != nil {
		return "", err
	}
	hash, err := base64.StdEncoding.DecodeString(settings["first_run"])
	return string(hash), err
}

// SetFirstRunHash replaces it.
func (s *Store) SetFirstRunHash(ctx context.Context, hash string) error {
	return s.setAlone(ctx, "first_run", base64.StdEncoding.EncodeToString([]byte(hash)))
}

// SetVerification stores the outcome of a recount.
func (s *Store) SetVerification(ctx context.Context, outcome forum.Verification) error {
	text, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	return s.setAlone(ctx, "verification", string(text))
}

// LastBackup returns the last backup that was made.
func (s *Store) LastBackup(ctx context.Context) (forum.Backup, error) {
	settings, err := s.settings(ctx)
	var made forum.Backup
	if text := settings["backup"]; text != "" && err == nil {
		err = json.Unmarshal([]byte(text), &made)
	}
	return made, err
}

// SetBackup stores that a backup was made.
func (s *Store) SetBackup(ctx context.Context, made forum.Backup) error {
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return s.setAlone(ctx, "backup", string(text))
}

// RenewEpoch says that this database is another one from now on, after it was restored or copied:
// what browsers and programs remember of the old one holds no longer.
func (s *Store) RenewEpoch(ctx context.Context) error {
	return s.setAlone(ctx, "epoch", rand.Text())
}

func (s *Store) setAlone(ctx context.Context, key, value string) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) { return forum.Receipt{}, t.set(key, value) })
	return err
}

// demoSetting marks a community made to be looked at: "begun" while it is made, then "whole".
const demoSetting = "demo"

// BeginDemo marks a database that holds nobody and nothing.
func (s *Store) BeginDemo(ctx context.Context) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		found := false
		err := t.conn.Query(`SELECT 1 WHERE EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM categories) OR EXISTS (SELECT 1 FROM imported)`, nil, one(&found))
		if err == nil && found {
			err = &forum.Error{Kind: forum.Conflict, Message: "there is a community here already"}
		}
		if err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{}, t.set(demoSetting, "begun")
	})
	return err
}

// EndDemo says that the demo is whole.
func (s *Store) EndDemo(ctx context.Context) error { return s.setAlone(ctx, demoSetting, "whole") }

// Demo tells whether there is a demo, and whether it is whole.
func (s *Store) Demo(ctx context.Context) (begun, whole bool, err error) {
	settings, err := s.settings(ctx)
	return settings[demoSetting] != "", settings[demoSetting] == "whole", err
}
