package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"folkmoot/internal/forum"
)

type userCommand struct {
	Create   userCreateCommand   `cmd:"" help:"Make an account. The password is asked for, or read from standard input; where that is empty one is made and printed."`
	Password userPasswordCommand `cmd:"" help:"Give a person a new password, and end all their sessions and tokens. The password is read as with create."`
	List     userListCommand     `cmd:"" help:"List people by name."`
}

type userCreateCommand struct {
	dataFlag
	Name      string `arg:"" help:"Name of the person."`
	Admin     bool   `xor:"role" help:"The person administers the forum."`
	Moderator bool   `xor:"role" help:"The person moderates."`
}

// Run makes the account.
func (c *userCreateCommand) Run(ctx context.Context, std *console) error {
	return withPassword(ctx, c.dataFlag, std, func(m *moot, password string) error {
		user, err := m.CreateUser(ctx, forum.SignUp{Name: c.Name, Password: password, Role: c.role()})
		if err != nil {
			return err
		}
		fmt.Fprintf(std.err, "%s is here now, as %s\n", user.Name, user.Role)
		return nil
	})
}

func (c *userCreateCommand) role() forum.Role {
	switch {
	case c.Admin:
		return forum.Admin
	case c.Moderator:
		return forum.Moderator
	}
	return forum.Member
}

type userPasswordCommand struct {
	dataFlag
	Name string `arg:"" help:"Name of the person."`
}

// Run sets the password.
func (c *userPasswordCommand) Run(ctx context.Context, std *console) error {
	return withPassword(ctx, c.dataFlag, std, func(m *moot, password string) error {
		if err := m.SetPassword(ctx, c.Name, password); err != nil {
			return err
		}
		fmt.Fprintf(std.err, "%s has a new password, and must sign in again everywhere\n", c.Name)
		return nil
	})
}

// withPassword opens the forum and reads a password for do. One that it made is printed when it counts.
func withPassword(ctx context.Context, place dataFlag, std *console, do func(*moot, string) error) error {
	m, err := openService(ctx, place)
	if err != nil {
		return err
	}
	defer m.Close()
	password, made, err := readPassword(std)
	if err != nil {
		return err
	}
	if err := do(m, password); err != nil {
		return err
	}
	if made {
		fmt.Fprintln(std.out, password)
	}
	return nil
}

// readPassword asks at a terminal, without echo, and reads a line from anything else. Where there
// is none it makes a password.
func readPassword(std *console) (password string, made bool, err error) {
	if fd := int(std.in.Fd()); term.IsTerminal(fd) {
		fmt.Fprint(std.err, "Password: ")
		typed, err := term.ReadPassword(fd)
		fmt.Fprintln(std.err)
		return string(typed), false, err
	}
	line, err := bufio.NewReader(std.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("reading the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line != "" {
		return line, false, nil
	}
	return rand.Text(), true, nil
}

type userListCommand struct {
	dataFlag
	Admin bool `help:"Administrators only."`
	JSON  bool `name:"json" help:"A JSON object a line."`
}

// listedUser is a line of user list --json.
type listedUser struct {
	ID           forum.UserID `json:"id"`
	Name         string       `json:"name"`
	Role         forum.Role   `json:"role"`
	State        string       `json:"state"`
	CreatedAt    time.Time    `json:"created_at"`
	ImportedFrom string       `json:"imported_from,omitempty"`
}

// Run lists people.
func (c *userListCommand) Run(ctx context.Context, std *console) error {
	m, err := openService(ctx, c.dataFlag)
	if err != nil {
		return err
	}
	defer m.Close()
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	defer table.Flush()
	return eachUser(ctx, m.Service, func(u *forum.User) error {
		if c.Admin && u.Role != forum.Admin {
			return nil
		}
		listed := listedUser{u.ID, u.Name, u.Role, string(u.State()), u.CreatedAt, u.ImportedFrom}
		if c.JSON {
			return json.NewEncoder(std.out).Encode(listed)
		}
		_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", listed.Name, listed.Role, listed.State, listed.CreatedAt.Format(time.DateOnly))
		return err
	})
}

func eachUser(ctx context.Context, service *forum.Service, do func(*forum.User) error) error {
	for after := ""; ; {
		users, err := service.Users(ctx, operator, forum.UserFilter{After: after})
		if err != nil {
			return err
		}
		for i := range users {
			if err := do(&users[i]); err != nil {
				return err
			}
		}
		if len(users) < forum.MaxListSize {
			return nil
		}
		after = users[len(users)-1].Name
	}
}
