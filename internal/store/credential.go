package store

import (
	"context"
	"time"

	"folkmoot/internal/forum"
)

// CreateSession stores a session by its secret's hash.
func (s *Store) CreateSession(ctx context.Context, hash string, user forum.UserID, now, expires time.Time) error {
	return s.do(ctx, `INSERT INTO sessions (hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		[]byte(hash), user, now, expires)
}

// credentialsChanged says that one that the batch has looked up may not be valid any more: whoever
// comes after it in the batch decides again.
func (t *tx) credentialsChanged() { clear(t.credRevs) }

// do is a write of one statement that nothing rests on.
func (s *Store) do(ctx context.Context, text string, args ...any) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		_, err := t.exec(text, args...)
		return forum.Receipt{}, err
	})
	return err
}

// SessionUser returns the person of a session that has not expired.
func (s *Store) SessionUser(ctx context.Context, hash string, now time.Time) (forum.User, time.Time, error) {
	var expires time.Time
	user, err := s.user(ctx, `, s.expires_at`, `JOIN sessions s ON s.user_id = u.id WHERE s.hash = $1 AND s.expires_at > $2`,
		[]any{[]byte(hash), now}, &expires)
	return user, expires, err
}

// ExtendSession has a session expire later. Whoever has looked it up rests on no more than before.
func (s *Store) ExtendSession(ctx context.Context, hash string, now, then time.Time) error {
	return s.do(ctx, `UPDATE sessions SET expires_at = $1 WHERE hash = $2 AND expires_at > $3 AND expires_at < $4`,
		then, []byte(hash), now, then)
}

// DeleteSession ends a session.
func (s *Store) DeleteSession(ctx context.Context, hash string) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		_, err := t.exec(`DELETE FROM sessions WHERE hash = $1`, []byte(hash))
		t.credentialsChanged()
		return forum.Receipt{}, err
	})
	return err
}

// DeleteOtherSessions ends all sessions of a person but one.
func (s *Store) DeleteOtherSessions(ctx context.Context, user forum.UserID, hash string) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		return forum.Receipt{}, t.deleteOtherSessions(user, hash)
	})
	return err
}

func (t *tx) deleteOtherSessions(user forum.UserID, hash string) error {
	_, err := t.exec(`DELETE FROM sessions WHERE user_id = $1 AND hash <> $2`, user, []byte(hash))
	t.credentialsChanged()
	return err
}

// CreateToken stores a token by its secret's hash.
func (s *Store) CreateToken(ctx context.Context, change forum.Change, token forum.APIToken, hash string) (forum.Receipt, error) {
	return s.writePerson(ctx, change, token.User, false, func(t *tx) (forum.Receipt, error) {
		if _, err := t.userByID(token.User); err != nil { // locks it: their tokens are counted
			return forum.Receipt{}, err
		}
		var all int64
		err := t.conn.Query(`SELECT count(*) FROM tokens WHERE user_id = $1`, []any{token.User}, func(row Row) error { return scan(row, &all) })
		if err != nil {
			return forum.Receipt{}, err
		}
		if all >= forum.MaxTokens {
			return forum.Receipt{}, &forum.Error{Kind: forum.Conflict, Message: "you have as many tokens as there can be: revoke one first"}
		}
		id, err := t.insertID(`INSERT INTO tokens (user_id, hash, name, scope, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			token.User, []byte(hash), token.Name, token.Scope, token.CreatedAt)
		return forum.Receipt{ID: id, At: t.now}, err
	})
}

// TokenUser returns a token and its person.
func (s *Store) TokenUser(ctx context.Context, hash string) (forum.APIToken, forum.User, error) {
	var token forum.APIToken
	user, err := s.user(ctx, `, t.id, t.user_id, t.name, t.scope, t.created_at`, `JOIN tokens t ON t.user_id = u.id WHERE t.hash = $1`,
		[]any{[]byte(hash)}, &token.ID, &token.User, &token.Name, &token.Scope, &token.CreatedAt)
	return token, user, err
}

// Tokens returns a person's tokens.
func (s *Store) Tokens(ctx context.Context, user forum.UserID) ([]forum.APIToken, error) {
	var tokens []forum.APIToken
	err := s.read(ctx, Query{`SELECT id, user_id, name, scope, created_at FROM tokens WHERE user_id = $1 ORDER BY id`, []any{user}, func(row Row) error {
		var token forum.APIToken
		err := scan(row, &token.ID, &token.User, &token.Name, &token.Scope, &token.CreatedAt)
		tokens = append(tokens, token)
		return err
	}})
	return tokens, err
}

// DeleteToken ends a token of the person.
func (s *Store) DeleteToken(ctx context.Context, user forum.UserID, id int64) error {
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		changed, err := t.exec(`DELETE FROM tokens WHERE user_id = $1 AND id = $2`, user, id)
		t.credentialsChanged()
		if err == nil && changed == 0 {
			err = forum.ErrNotFound
		}
		return forum.Receipt{}, err
	})
	return err
}
