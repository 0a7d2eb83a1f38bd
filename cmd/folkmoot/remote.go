package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/term"

	"folkmoot/client"
	"folkmoot/internal/forum"
)

// remoteFlag is of every command that asks a running server.
type remoteFlag struct {
	URL   string `default:"http://127.0.0.1:8080" env:"FOLKMOOT_URL" placeholder:"URL" help:"Where the forum is (${default})."`
	Token string `env:"FOLKMOOT_TOKEN" placeholder:"TOKEN" help:"Of an API token; without one the command asks as a visitor. Better given in the environment: command lines can be seen."`
	JSON  bool   `name:"json" help:"JSON, an object a line."`
}

// client is one of that server.
func (f *remoteFlag) client() (*client.Client, error) { return client.New(f.URL, f.Token) }

// keyFlag is of every command that makes something.
type keyFlag struct {
	Key string `placeholder:"TEXT" help:"Names what is made, for scripts that are run again: with the same key it is made once."`
}

func (f *keyFlag) context(ctx context.Context) context.Context { return client.WithKey(ctx, f.Key) }

// readBody reads what is to be written from standard input, to the end.
func readBody(std *console) (string, error) {
	if term.IsTerminal(int(std.in.Fd())) {
		fmt.Fprintln(std.err, "Write the text in Markdown; Ctrl+D on an empty line ends it.")
	}
	body, err := io.ReadAll(io.LimitReader(std.in, forum.MaxRequestBytes+1))
	if err != nil {
		return "", fmt.Errorf("reading the text: %w", err)
	}
	return string(body), nil
}

// printPost says where a post is that was made, or prints all of it as JSON.
func (f *remoteFlag) printPost(std *console, post client.Post) error {
	if f.JSON {
		return json.NewEncoder(std.out).Encode(post)
	}
	_, err := fmt.Fprintf(std.out, "%s/t/%d/%d\n", strings.TrimSuffix(f.URL, "/"), post.ThreadID, post.Number)
	return err
}

// refusedByServer reports whether a server answered that it will not do what was asked, now or later.
func refusedByServer(err error) bool {
	var problem *client.Problem
	return errors.As(err, &problem) && problem.Status >= 400 && problem.Status < 500 && problem.Status != http.StatusTooManyRequests
}

// minute is a time in tables.
func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") }
