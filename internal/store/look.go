package store

import (
	"context"
	"encoding/base64"
	"fmt"

	"folkmoot/internal/forum"
)

// SetLook changes the accent and, where it is given, the logo.
func (s *Store) SetLook(ctx context.Context, change forum.Change, accent forum.Accent, logo *forum.Logo) (forum.Receipt, error) {
	size := 0
	if logo != nil {
		size = base64.StdEncoding.EncodedLen(len(logo.PNG))
	}
	return s.write(ctx, change, size, func(t *tx) (forum.Receipt, error) {
		if err := t.unchanged(change, forum.LookSettings, forum.LookSettings...); err != nil {
			return forum.Receipt{}, err
		}
		if err := t.change(change.Actor, "accent", string(accent)); err != nil {
			return forum.Receipt{}, err
		}
		if logo != nil {
			if err := t.change(change.Actor, "logo_name", logo.Name); err != nil {
				return forum.Receipt{}, err
			}
			if err := t.set(logoSetting, base64.StdEncoding.EncodeToString(logo.PNG)); err != nil {
				return forum.Receipt{}, err
			}
		}
		return forum.Receipt{At: t.now}, t.shown()
	})
}

// logoSetting is the one setting that pages do not read: it is long.
const logoSetting = "logo"

// Logo returns the present logo.
func (s *Store) Logo(ctx context.Context) (forum.Logo, error) {
	var logo forum.Logo
	var encoded string
	found := false
	err := s.read(ctx, Query{`
		SELECT n.value, p.value FROM settings n JOIN settings p ON p.key = $1 WHERE n.key = 'logo_name' AND n.value <> ''`,
		[]any{logoSetting}, one(&found, &logo.Name, &encoded)})
	if err != nil {
		return forum.Logo{}, fmt.Errorf("logo: %w", err)
	}
	if !found {
		return forum.Logo{}, forum.ErrNotFound
	}
	logo.PNG, err = base64.StdEncoding.DecodeString(encoded)
	return logo, err
}
