package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"folkmoot/client"
)

type threadCommand struct {
	List   threadListCommand   `cmd:"" help:"List threads of a running forum, newest activity first."`
	Create threadCreateCommand `cmd:"" help:"Start a thread; its first post is read from standard input."`
}

type threadListCommand struct {
	remoteFlag
	Category int64  `placeholder:"ID" help:"Threads of this category."`
	Tag      string `help:"Threads with this tag."`
	Author   string `placeholder:"NAME" help:"Threads that this person started."`
	Limit    int    `default:"30" help:"How many at most (${default}); 0 is all."`
}

// Run lists threads.
func (c *threadListCommand) Run(ctx context.Context, std *console) error {
	forum, err := c.client()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	defer table.Flush()
	listed := 0
	for thread, err := range forum.Threads(ctx, client.ThreadFilter{CategoryID: c.Category, Tag: c.Tag, Author: c.Author, Limit: min(c.Limit, 100)}) {
		if err != nil {
			return err
		}
		if err := c.print(std, table, &thread); err != nil {
			return err
		}
		if listed++; listed == c.Limit {
			return nil
		}
	}
	return nil
}

func (c *threadListCommand) print(std *console, table *tabwriter.Writer, thread *client.Thread) error {
	if c.JSON {
		return json.NewEncoder(std.out).Encode(thread)
	}
	_, err := fmt.Fprintf(table, "%d\t%s\t%d\t%s\t%s\n", thread.ID, minute(thread.LastActivityAt), thread.PostCount, thread.Author.Name, thread.Title)
	return err
}

type threadCreateCommand struct {
	remoteFlag
	keyFlag
	Category int64    `required:"" placeholder:"ID" help:"Where to start it."`
	Title    string   `required:"" help:"What it is about, in one line."`
	Tag      []string `help:"A tag; several with commas between."`
}

// Run starts a thread and prints where it is.
func (c *threadCreateCommand) Run(ctx context.Context, std *console) error {
	forum, err := c.client()
	if err != nil {
		return err
	}
	body, err := readBody(std)
	if err != nil {
		return err
	}
	first, err := forum.CreateThread(c.context(ctx), client.NewThread{CategoryID: c.Category, Title: c.Title, Body: body, Tags: c.Tag})
	if err != nil {
		return err
	}
	return c.printPost(std, first)
}
