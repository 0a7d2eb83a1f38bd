package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"folkmoot/internal/demo"
	"folkmoot/internal/forum"
)

// prepareDemo fills an empty place with a community to look at, or takes the one that an
// earlier call made, and returns how to sign in to it: the administrator's password is a new one
// each time. A place with any other community is refused, and left as it is.
func prepareDemo(ctx context.Context, place dataFlag) (credentials string, err error) {
	clock := &demo.Clock{}
	m, err := openServiceAt(ctx, place, clock)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	begun, whole, err := m.Demo(ctx)
	switch {
	case err != nil:
		return "", err
	case begun && !whole:
		return "", fmt.Errorf("the demo in %s was not finished: remove that and begin again", place)
	case !begun:
		err = demo.Fill(ctx, m.Service, clock, time.Now(), rand.Text)
	}
	if forum.KindOf(err) == forum.Conflict && err != nil {
		return "", fmt.Errorf("%s holds a community already: --demo fills an empty place only", place)
	}
	if err != nil {
		return "", err
	}
	password := rand.Text()
	if err := m.SetPassword(ctx, demo.Admin, password); err != nil {
		return "", err
	}
	return fmt.Sprintf("This is a demo. Sign in as %s with the password %s\n", demo.Admin, password), nil
}
