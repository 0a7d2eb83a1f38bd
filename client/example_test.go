package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"folkmoot/client"
)

// The address and the token of a real program come from its configuration.
func address() string           { return forumForExamples.url }
func tokenOf(who string) string { return forumForExamples.tokens[who] }

// Start a thread, reply to it, and read it.
func Example() {
	ctx := context.Background()
	ann, err := client.New(address(), tokenOf("ann"))
	if err != nil {
		log.Fatal(err)
	}
	first, err := ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Title: "Release 2.0", Body: "It is out.", Tags: []string{"releases"}})
	if err != nil {
		log.Fatal(err)
	}
	reply, err := ann.CreatePost(ctx, first.ThreadID, client.NewPost{Body: "The *notes* follow.", ReplyTo: first.Number})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("post", reply.Number, "of", reply.Thread.PostCount)
	for post, err := range ann.Posts(ctx, first.ThreadID, 1) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("#%d %s: %s\n", post.Number, post.Author.Name, post.Body)
	}
	// Output:
	// post 2 of 2
	// #1 ann: It is out.
	// #2 ann: The *notes* follow.
}

// Go through the threads with a tag, as a visitor.
func ExampleClient_Threads() {
	ctx := context.Background()
	ann, err := client.New(address(), tokenOf("ann"))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Title: "How long is a chain?", Body: "Mine is short.", Tags: []string{"chains"}}); err != nil {
		log.Fatal(err)
	}
	visitor, err := client.New(address(), "")
	if err != nil {
		log.Fatal(err)
	}
	for thread, err := range visitor.Threads(ctx, client.ThreadFilter{Tag: "chains"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %d post\n", thread.Title, thread.PostCount)
	}
	// Output:
	// How long is a chain? 1 post
}

// Errors of the server say what they are about.
func ExampleProblem() {
	ctx := context.Background()
	ann, err := client.New(address(), tokenOf("ann"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = ann.Thread(ctx, 404)
	fmt.Println(errors.Is(err, client.ErrNotFound))

	_, err = ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Body: "It has no title."})
	var problem *client.Problem
	if errors.As(err, &problem) {
		for _, field := range problem.Errors {
			fmt.Println(field.Field, field.Message)
		}
	}
	// Output:
	// true
	// title must not be empty
}

// Change a post, but only as one has read it.
func ExampleClient_EditPost() {
	ctx := context.Background()
	ann, err := client.New(address(), tokenOf("ann"))
	if err != nil {
		log.Fatal(err)
	}
	first, err := ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Title: "A list", Body: "- one"})
	if err != nil {
		log.Fatal(err)
	}
	read, err := ann.Post(ctx, first.ThreadID, 1)
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range []string{"two", "three"} { // the second is of a version that is no longer there
		_, err = ann.EditPost(ctx, first.ThreadID, 1, client.PostChange{Body: read.Body + "\n- " + item, ETag: read.ETag})
		fmt.Println(errors.Is(err, client.ErrPreconditionFailed))
	}
	// Output:
	// false
	// true
}

// Send the same request again after a crash: with the same key it is done once.
func ExampleWithKey() {
	ctx := context.Background()
	ann, err := client.New(address(), tokenOf("ann"))
	if err != nil {
		log.Fatal(err)
	}
	first, err := ann.CreateThread(ctx, client.NewThread{CategoryID: 1, Title: "Builds", Body: "Of every night."})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		post, err := ann.CreatePost(client.WithKey(ctx, "build-1234"), first.ThreadID, client.NewPost{Body: "Build 1234 is done."})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(post.Number)
	}
	// Output:
	// 2
	// 2
}

// React to a post.
func ExampleClient_React() {
	ctx := context.Background()
	ben, err := client.New(address(), tokenOf("ben"))
	if err != nil {
		log.Fatal(err)
	}
	first, err := ben.CreateThread(ctx, client.NewThread{CategoryID: 1, Title: "Thanks", Body: "To all of you."})
	if err != nil {
		log.Fatal(err)
	}
	post, err := ben.React(ctx, first.ThreadID, 1, "heart")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(post.Reactions, post.MyReaction)
	// Output:
	// map[heart:1] heart
}
