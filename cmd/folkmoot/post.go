package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"folkmoot/client"
)

type postCommand struct {
	List   postListCommand   `cmd:"" help:"Print the posts of a thread of a running forum."`
	Create postCreateCommand `cmd:"" help:"Reply to a thread; the text is read from standard input."`
}

type postListCommand struct {
	remoteFlag
	Thread int64 `arg:"" help:"The thread's id."`
	From   int64 `default:"1" help:"The number to begin at (${default})."`
}

// Run prints posts.
func (c *postListCommand) Run(ctx context.Context, std *console) error {
	forum, err := c.client()
	if err != nil {
		return err
	}
	for post, err := range forum.Posts(ctx, c.Thread, c.From) {
		if err != nil {
			return err
		}
		if err := c.print(std, &post); err != nil {
			return err
		}
	}
	return nil
}

func (c *postListCommand) print(std *console, post *client.Post) error {
	if c.JSON {
		return json.NewEncoder(std.out).Encode(post)
	}
	_, err := fmt.Fprintf(std.out, "#%d  %s  %s\n\n%s\n\n", post.Number, post.Author.Name, minute(post.CreatedAt), strings.TrimSpace(post.Body))
	return err
}

type postCreateCommand struct {
	remoteFlag
	keyFlag
	Thread  int64 `arg:"" help:"The thread's id."`
	ReplyTo int64 `placeholder:"NUMBER" help:"The post to answer; without it, the thread."`
}

// Run replies and prints where the post is.
func (c *postCreateCommand) Run(ctx context.Context, std *console) error {
	forum, err := c.client()
	if err != nil {
		return err
	}
	body, err := readBody(std)
	if err != nil {
		return err
	}
	post, err := forum.CreatePost(c.context(ctx), c.Thread, client.NewPost{Body: body, ReplyTo: c.ReplyTo})
	if err != nil {
		return err
	}
	return c.printPost(std, post)
}
