package main

import (
	"context"
	"fmt"

	"folkmoot/internal/forum"
)

type tokenCommand struct {
	Create tokenCreateCommand `cmd:"" help:"Make an API token and print its secret, alone, on standard output."`
}

type tokenCreateCommand struct {
	dataFlag
	User  string      `required:"" placeholder:"NAME" help:"Who the token acts as."`
	Scope forum.Scope `default:"write" enum:"read,write,moderate" help:"What it may do: ${enum} (${default})."`
	Name  string      `default:"command line" help:"What it is for, as lists show it (${default})."`
}

// Run makes the token.
func (c *tokenCreateCommand) Run(ctx context.Context, std *console) error {
	m, err := openService(ctx, c.dataFlag)
	if err != nil {
		return err
	}
	defer m.Close()
	user, err := m.Service.User(ctx, c.User)
	if err != nil {
		return fmt.Errorf("person %q: %w", c.User, err)
	}
	_, secret, err := m.CreateToken(ctx, user.Actor(), c.Name, c.Scope, "")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, secret)
	return err
}
