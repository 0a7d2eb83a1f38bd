package store

import (
	"context"
	"fmt"
	"time"

	"folkmoot/internal/forum"
)

const userColumns = `u.id, u.name, u.role, u.about, u.about_html, u.created_at, u.suspended_at, u.suspended_by, u.suspension_reason, u.imported_from, u.rev`

func userDest(u *forum.User) []any {
	return []any{&u.ID, &u.Name, &u.Role, &u.About, &u.AboutHTML, &u.CreatedAt, &u.SuspendedAt, &u.SuspendedBy, &u.SuspensionReason, &u.ImportedFrom, &u.Rev}
}

// user runs a query for one person and what else it selects.
func (s *Store) user(ctx context.Context, more, rest string, args []any, dest ...any) (forum.User, error) {
	var user forum.User
	found := false
	err := s.read(ctx, Query{`SELECT ` + userColumns + more + ` FROM users u ` + rest, args, one(&found, append(userDest(&user), dest...)...)})
	if err == nil && !found {
		err = forum.ErrNotFound
	}
	return user, err
}

// User returns a person by folded name.
func (s *Store) User(ctx context.Context, folded string) (forum.User, error) {
	return s.user(ctx, ``, `WHERE u.folded = $1`, []any{folded})
}

// UserByID returns a person.
func (s *Store) UserByID(ctx context.Context, id forum.UserID) (forum.User, error) {
	return s.user(ctx, ``, `WHERE u.id = $1`, []any{id})
}

// Profile returns a person with the numbers of the categories that the reader may see.
func (s *Store) Profile(ctx context.Context, reader forum.Visibility, folded string) (forum.Profile, error) {
	var p forum.Profile
	found := false
	threads, posts := &p.Counts.Threads, &p.Counts.Posts
	err := s.read(ctx,
		Query{`SELECT ` + userColumns + ` FROM users u WHERE u.folded = $1`, []any{folded}, one(&found, userDest(&p.User)...)},
		Query{`
			SELECT coalesce(sum(n.threads_visible), 0), coalesce(sum(n.posts_visible), 0),
				coalesce(sum(n.reactions_received), 0), coalesce(sum(n.solutions), 0)
			FROM users u JOIN user_category_counts n ON n.user_id = u.id
			JOIN category_access a ON a.category_id = n.category_id AND a.role = $1
			WHERE a.see AND u.folded = $2`, []any{reader.Role, folded},
			func(row Row) error {
				return scan(row, &threads[forum.Visible], &posts[forum.Visible], &p.ReactionsReceived, &p.Solutions)
			}},
		Query{`
			SELECT coalesce(sum(n.threads_unlisted), 0), coalesce(sum(n.threads_hidden), 0), coalesce(sum(n.threads_deleted), 0),
				coalesce(sum(n.posts_unlisted), 0), coalesce(sum(n.posts_hidden), 0), coalesce(sum(n.posts_deleted), 0)
			FROM users u JOIN user_category_counts n ON n.user_id = u.id
			JOIN category_access a ON a.category_id = n.category_id AND a.role = $1
			WHERE a.moderate AND u.folded = $2`, []any{reader.Role, folded},
			func(row Row) error {
				return scan(row, &threads[forum.Unlisted], &threads[forum.Hidden], &threads[forum.Deleted],
					&posts[forum.Unlisted], &posts[forum.Hidden], &posts[forum.Deleted])
			}},
		Query{`
			SELECT coalesce(n.reactions_given, 0) FROM users u LEFT JOIN user_counts n ON n.user_id = u.id
			WHERE u.folded = $1 AND (u.id = $2 OR $3)`, []any{folded, reader.User, reader.Role == forum.Admin},
			func(row Row) error { p.ReactionsGiven = new(int64); return scan(row, p.ReactionsGiven) }})
	if err == nil && !found {
		err = forum.ErrNotFound
	}
	return p, err
}

// Users returns people by folded name.
func (s *Store) Users(ctx context.Context, filter forum.UserFilter) ([]forum.User, error) {
	only := ``
	if filter.Staff {
		only += ` AND u.role <> 'member'`
	}
	if filter.Suspended {
		only += ` AND u.state = 'suspended'`
	}
	var users []forum.User
	err := s.read(ctx, Query{`SELECT ` + userColumns + ` FROM users u WHERE u.folded > $1` + only + ` ORDER BY u.folded LIMIT $2`,
		[]any{filter.After, int64(filter.Limit)}, func(row Row) error {
			var user forum.User
			err := scan(row, userDest(&user)...)
			users = append(users, user)
			return err
		}})
	return users, err
}

var errNameTaken = &forum.Error{Kind: forum.Conflict, Message: "this name is taken: please choose another",
	Fields: []forum.FieldError{{Field: "name", Message: "is taken"}}}

// CreateUser makes an account.
func (s *Store) CreateUser(ctx context.Context, user forum.User, folded, passwordHash string) (forum.UserID, error) {
	receipt, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		id, err := t.insertUser(user, folded, passwordHash)
		return forum.Receipt{ID: int64(id)}, err
	})
	return forum.UserID(receipt.ID), err
}

func (t *tx) insertUser(user forum.User, folded, passwordHash string) (forum.UserID, error) {
	taken := false
	err := t.conn.Query(`SELECT 1 FROM users WHERE folded = $1`, []any{folded}, one(&taken))
	switch {
	case err != nil:
		return 0, err
	case taken:
		return 0, errNameTaken
	}
	id, err := t.insertID(`
		INSERT INTO users (name, folded, role, state, password_hash, about, about_html, created_at, imported_from)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		user.Name, folded, user.Role, user.State(), passwordHash, user.About, user.AboutHTML, user.CreatedAt, user.ImportedFrom)
	if err != nil {
		return 0, err
	}
	user.ID = forum.UserID(id)
	t.count(1, forum.UserContribution(&user))
	return user.ID, nil
}

// CreateFirstAdmin makes the first administrator, sets up the community and ends the first run.
func (s *Store) CreateFirstAdmin(ctx context.Context, user forum.User, folded, passwordHash string, beginning forum.Beginning) (forum.UserID, error) {
	receipt, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		if _, err := t.setting("first_run"); err != nil { // locks it: there is one first administrator
			return forum.Receipt{}, err
		}
		admins, err := t.admins()
		switch {
		case err != nil:
			return forum.Receipt{}, err
		case admins > 0:
			return forum.Receipt{}, &forum.Error{Kind: forum.Conflict, Message: "somebody has made the first administrator already"}
		}
		id, err := t.insertUser(user, folded, passwordHash)
		if err != nil {
			return forum.Receipt{}, err
		}
		return forum.Receipt{ID: int64(id)}, t.begin(id, beginning)
	})
	return forum.UserID(receipt.ID), err
}

// begin sets up a community that has its first administrator.
func (t *tx) begin(by forum.UserID, beginning forum.Beginning) error {
	if err := t.setSite(by, beginning.Name, beginning.Description); err != nil {
		return err
	}
	rules := forum.StandardRules()
	rules.SignUp = beginning.SignUp
	if err := t.setRules(by, rules); err != nil {
		return err
	}
	for _, category := range beginning.Categories {
		if _, err := t.insertCategory(category, nil); err != nil {
			return err
		}
	}
	return t.set("first_run", "")
}

// admins counts the administrators who are not suspended; they stay so until the commit.
func (t *tx) admins() (int64, error) {
	var n int64
	err := t.conn.Query(`SELECT suspended_at FROM users WHERE role = 'admin' ORDER BY id FOR NO KEY UPDATE`, nil, func(row Row) error {
		if row.Int64(0) == 0 {
			n++
		}
		return nil
	})
	return n, err
}

// userByID reads and locks a person's row in the transaction.
func (t *tx) userByID(id forum.UserID) (forum.User, error) {
	var user forum.User
	found := false
	err := t.conn.Query(`SELECT `+userColumns+` FROM users u WHERE u.id = $1 FOR NO KEY UPDATE`, []any{id}, one(&found, userDest(&user)...))
	if err == nil && !found {
		err = forum.ErrNotFound
	}
	return user, err
}

// userChanged raises a person's rev: no decision rests on what they were before.
func (t *tx) userChanged(id forum.UserID) error {
	_, err := t.exec(`UPDATE users SET rev = rev + 1 WHERE id = $1`, id)
	delete(t.userRevs, id)
	t.credentialsChanged()
	return err
}

// SuspendUser sets or clears a suspension.
func (s *Store) SuspendUser(ctx context.Context, change forum.Change, id forum.UserID, at time.Time, reason string, still func(*forum.User) error) (forum.Receipt, error) {
	return s.writePerson(ctx, change, id, false, func(t *tx) (forum.Receipt, error) {
		receipt := forum.Receipt{ID: int64(id), At: t.now}
		before, err := t.userByID(id)
		if err != nil || before.SuspendedAt.IsZero() == at.IsZero() {
			return receipt, err
		}
		if err := still(&before); err != nil {
			return receipt, err
		}
		after := before
		after.SuspendedAt, after.SuspendedBy = at, change.Actor
		if at.IsZero() {
			after.SuspendedBy = 0
		}
		_, err = t.exec(`UPDATE users SET state = $2, suspended_at = $3, suspended_by = $4, suspension_reason = $5 WHERE id = $1`,
			id, after.State(), after.SuspendedAt, after.SuspendedBy, reason)
		if err != nil {
			return receipt, err
		}
		t.move(forum.UserContribution(&before), forum.UserContribution(&after))
		if err := t.userChanged(id); err != nil || before.Role == forum.Member {
			return receipt, err
		}
		return receipt, t.shown() // posts say who runs the community
	})
}

// SetRole gives a person a role; the last administrator keeps theirs.
func (s *Store) SetRole(ctx context.Context, change forum.Change, id forum.UserID, role forum.Role) (forum.Receipt, error) {
	return s.writePerson(ctx, change, id, true, func(t *tx) (forum.Receipt, error) {
		receipt := forum.Receipt{ID: int64(id), At: t.now}
		admins, err := t.admins()
		if err != nil {
			return receipt, err
		}
		user, err := t.userByID(id)
		if err != nil || user.Role == role {
			return receipt, err
		}
		if user.Role == forum.Admin && user.State() == forum.Active && admins == 1 {
			return receipt, &forum.Error{Kind: forum.Conflict, Message: "this is the last administrator: make another one first"}
		}
		if _, err := t.exec(`UPDATE users SET role = $2 WHERE id = $1`, id, role); err != nil {
			return receipt, err
		}
		if err := t.userChanged(id); err != nil {
			return receipt, err
		}
		return receipt, t.shown() // posts say who runs the community
	})
}

// EditUser changes what a person says of themselves.
func (s *Store) EditUser(ctx context.Context, change forum.Change, user forum.User) (forum.Receipt, error) {
	return s.writePerson(ctx, change, user.ID, false, func(t *tx) (forum.Receipt, error) {
		_, err := t.exec(`UPDATE users SET about = $2, about_html = $3 WHERE id = $1`, user.ID, user.About, user.AboutHTML)
		return forum.Receipt{ID: int64(user.ID), At: t.now}, err
	})
}

// Password returns a person and the hash of the password.
func (s *Store) Password(ctx context.Context, folded string) (forum.User, string, error) {
	hash := ""
	user, err := s.user(ctx, `, u.password_hash`, `WHERE u.folded = $1`, []any{folded}, &hash)
	return user, hash, err
}

// SetPassword replaces a password and ends all sessions and tokens.
func (s *Store) SetPassword(ctx context.Context, id forum.UserID, hash string) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		for _, text := range []string{
			`UPDATE users SET password_hash = $2 WHERE id = $1`,
			`DELETE FROM sessions WHERE user_id = $1`,
			`DELETE FROM tokens WHERE user_id = $1`,
		} {
			args := []any{id, hash}
			if text[0] == 'D' {
				args = args[:1]
			}
			if _, err := t.exec(text, args...); err != nil {
				return forum.Receipt{}, err
			}
		}
		t.credentialsChanged()
		return forum.Receipt{}, nil
	})
	if err != nil {
		return fmt.Errorf("password of person %d: %w", id, err)
	}
	return nil
}

// ChangePassword replaces a password that is still the one of the hash was, and ends all sessions but one.
func (s *Store) ChangePassword(ctx context.Context, id forum.UserID, was, hash, session string) error {
	_, err := s.writePerson(ctx, forum.Change{}, id, false, func(t *tx) (forum.Receipt, error) {
		changed, err := t.exec(`UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, id, was, hash)
		if err == nil && changed == 0 {
			err = forum.ErrStale
		}
		if err == nil {
			err = t.deleteOtherSessions(id, session)
		}
		return forum.Receipt{}, err
	})
	return err
}
