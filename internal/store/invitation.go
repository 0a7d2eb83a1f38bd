package store

import (
	"context"
	"fmt"

	"folkmoot/internal/forum"
)

// invitations selects them with what is counted of each: one is void once who made it could not make another.
const invitations = `
	SELECT i.id, i.made_by, u.name, i.note, i.uses, (SELECT count(*) FROM invited x WHERE x.invitation_id = i.id), i.created_at, i.ends_at,
		CASE WHEN u.state <> 'active' OR u.role = 'member' THEN 1 ELSE 0 END
	FROM invitations i JOIN users u ON u.id = i.made_by `

func invitationDest(i *forum.Invitation) []any {
	return []any{&i.ID, &i.By.ID, &i.By.Name, &i.Note, &i.Uses, &i.Used, &i.CreatedAt, &i.EndsAt, &i.Void}
}

// CreateInvitation stores an invitation by its secret's hash.
func (s *Store) CreateInvitation(ctx context.Context, change forum.Change, in forum.Invitation, hash string) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		id, err := t.insertID(`INSERT INTO invitations (hash, made_by, note, uses, created_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			[]byte(hash), change.Actor, in.Note, in.Uses, in.CreatedAt, in.EndsAt)
		return forum.Receipt{ID: id, At: t.now}, err
	})
}

func invitationQuery(hash string, found *bool, to *forum.Invitation) Query {
	return Query{invitations + `WHERE i.hash = $1`, []any{[]byte(hash)}, one(found, invitationDest(to)...)}
}

// Invitation returns an invitation by its secret's hash.
func (s *Store) Invitation(ctx context.Context, hash string) (forum.Invitation, error) {
	var invitation forum.Invitation
	found := false
	err := s.read(ctx, invitationQuery(hash, &found, &invitation))
	switch {
	case err != nil:
		return forum.Invitation{}, fmt.Errorf("invitation: %w", err)
	case !found:
		return forum.Invitation{}, forum.ErrNotFound
	}
	return invitation, nil
}

// Invitations returns the newest invitations.
func (s *Store) Invitations(ctx context.Context, before int64, limit int) ([]forum.Invitation, error) {
	var all []forum.Invitation
	err := s.read(ctx, Query{invitations + `WHERE CAST($1 AS BIGINT) = 0 OR i.id < $1 ORDER BY i.id DESC LIMIT $2`, []any{before, int64(limit)}, func(row Row) error {
		var invitation forum.Invitation
		err := scan(row, invitationDest(&invitation)...)
		all = append(all, invitation)
		return err
	}})
	if err != nil {
		return nil, fmt.Errorf("invitations: %w", err)
	}
	return all, nil
}

// EndInvitation ends an invitation now; one that has ended stays as it is.
func (s *Store) EndInvitation(ctx context.Context, change forum.Change, id int64) (forum.Receipt, error) {
	return s.write(ctx, change, 0, func(t *tx) (forum.Receipt, error) {
		found := false
		if err := t.conn.Query(`SELECT 1 FROM invitations WHERE id = $1`, []any{id}, one(&found)); err != nil {
			return forum.Receipt{}, err
		}
		if !found {
			return forum.Receipt{}, forum.ErrNotFound
		}
		_, err := t.exec(`UPDATE invitations SET ends_at = $2 WHERE id = $1 AND ends_at > $2`, id, t.now)
		return forum.Receipt{ID: id, At: t.now}, err
	})
}

// SignUp makes an account where the policy and the invitation let it, and uses the invitation
// where the policy asks for one.
func (s *Store) SignUp(ctx context.Context, user forum.User, folded, passwordHash, invitation string,
	may func(forum.SignUpPolicy, *forum.Invitation) error) (forum.UserID, error) {
	receipt, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		stored, err := t.setting(rulesSetting)
		if err != nil {
			return forum.Receipt{}, err
		}
		rules, err := parseRules(stored)
		if err != nil {
			return forum.Receipt{}, err
		}
		with, err := t.invitation(invitation)
		if err != nil {
			return forum.Receipt{}, err
		}
		if err := may(rules.SignUp, with); err != nil {
			return forum.Receipt{}, err
		}
		id, err := t.insertUser(user, folded, passwordHash)
		if err == nil && with != nil && rules.SignUp == forum.SignUpInvited {
			_, err = t.exec(`INSERT INTO invited (user_id, invitation_id) VALUES ($1, $2)`, id, with.ID)
		}
		return forum.Receipt{ID: int64(id)}, err
	})
	return forum.UserID(receipt.ID), err
}

// invitation reads and locks an invitation in the transaction; nil where there is none of that hash.
func (t *tx) invitation(hash string) (*forum.Invitation, error) {
	var invitation forum.Invitation
	found := false
	if err := t.conn.Query(`SELECT id FROM invitations WHERE hash = $1 FOR NO KEY UPDATE`, []any{[]byte(hash)}, one(&found)); err != nil || !found {
		return nil, err
	}
	found = false
	query := invitationQuery(hash, &found, &invitation)
	if err := t.conn.Query(query.Text, query.Args, query.Each); err != nil || !found {
		return nil, err
	}
	return &invitation, nil
}
