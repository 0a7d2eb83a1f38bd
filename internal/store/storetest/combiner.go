package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

var combinerCases = []testCase{
	{"fifty posts committed together", combinerFifty},
	{"twenty times one request together", combinerTwenty},
	{"one that cannot be stored among fifty", combinerPoisoned},
	{"threads of every kind together", combinerMixed},
	{"a caller who gives up", combinerCancelled},
	{"everybody reads what they wrote", combinerReadYourWrites},
	{"closed", combinerClosed},
}

// combinerFifty: answers are in the order of numbers, as if each had been alone.
func combinerFifty(t *testing.T, c *community) {
	n, batched := 50, 50
	if c.either("SQLite", "PostgreSQL") == "PostgreSQL" {
		n = 2 * batched // half of those inside are a batch, decision 26
	}
	for range 5 { // it may take a second try until all of them wait in time
		at := c.place(t)
		start := *c.model.thread(at.thread)
		var together atomic.Bool
		c.store.Observe(func(batch store.Batch) {
			if batch.Err == nil && batch.Members >= batched {
				together.Store(true)
			}
		})
		posts := make([]forum.Post, n)
		c.together(t, at, n, func(c *community, i int) {
			var err error
			posts[i], err = c.CreatePost(t.Context(), c.must(t, author), forum.NewPost{Thread: at.thread, Body: fmt.Sprint("Post ", i)})
			if err != nil {
				t.Errorf("post %d: %v", i, err)
			}
		})
		slices.SortFunc(posts, func(a, b forum.Post) int { return cmp.Compare(a.Number, b.Number) })
		for i, p := range posts {
			k := int64(i + 1)
			want := forum.Receipt{Thread: at.thread, Number: 3 + k, PostCount: 3 + k, LastActivityAt: p.CreatedAt, Version: start.version + k, At: p.CreatedAt}
			differ(t, fmt.Sprintf("answer to post %d", k), want, p.ThreadNumbers)
			if i > 0 && !p.CreatedAt.After(posts[i-1].CreatedAt) {
				t.Errorf("post %d is of %v, the one before of %v", p.Number, p.CreatedAt, posts[i-1].CreatedAt)
			}
		}
		if t.Failed() || together.Load() {
			return
		}
	}
	t.Error("posts that waited together were never committed together")
}

// combinerTwenty: retries in flight at once, all in one batch, are one request.
func combinerTwenty(t *testing.T, c *community) {
	at := c.place(t)
	const n = 20
	var posts [n]forum.Post
	c.together(t, at, n, func(c *community, i int) {
		var err error
		posts[i], err = c.CreatePost(t.Context(), c.must(t, author), forum.NewPost{Thread: at.thread, Body: "Once.", Key: "at once"})
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	})
	made := 0
	for i := range posts {
		if !posts[i].ThreadNumbers.Replayed {
			made++
		}
		posts[i].ThreadNumbers.Replayed = false
		if posts[i].Number != 4 || posts[i].ThreadNumbers != posts[0].ThreadNumbers {
			t.Errorf("answer %d: %+v, want %+v", i, posts[i].ThreadNumbers, posts[0].ThreadNumbers)
		}
	}
	if stored := c.number(t, `SELECT count(*) FROM posts WHERE thread_id = $1`, int64(at.thread)); made != 1 || stored != 4 {
		t.Errorf("made %d times, %d posts stored; want once, 4", made, stored)
	}
}

// combinerPoisoned: what a statement refuses takes nobody with it, whether it runs first, last or in the middle.
func combinerPoisoned(t *testing.T, c *community) {
	at := c.place(t)
	const n = 50
	var errs [n]error
	c.together(t, at, n, func(c *community, i int) {
		if i%25 == 7 {
			nowhere := forum.Thread{CategoryID: 999, Title: "Nowhere", Slug: "nowhere"}
			_, errs[i] = c.Service.Store.CreateThread(t.Context(), forum.Change{}, nowhere, []string{"lost"}, forum.Post{Body: "x"})
			return
		}
		_, errs[i] = c.CreatePost(t.Context(), c.must(t, author), forum.NewPost{Thread: at.thread, Body: "x", ReplyTo: 1})
	})
	for i, err := range errs {
		if poisoned := i%25 == 7; poisoned != (err != nil) {
			t.Errorf("member %d: %v", i, err)
		}
	}
	stored := c.number(t, `SELECT count(*) FROM posts WHERE thread_id = $1`, int64(at.thread))
	lost := c.number(t, `SELECT count(*) FROM tags WHERE name = 'lost'`)
	if stored != 3+n-2 || lost != 0 {
		t.Errorf("%d posts stored, %d tags of what was refused; want %d, 0", stored, lost, 3+n-2)
	}
}

// combinerMixed: transitions of one thread in one batch each see what those before them did.
func combinerMixed(t *testing.T, c *community) {
	at := c.place(t)
	writes := []transition{
		createPost{by: as(other), thread: at.thread, to: 3},
		react{by: as(other), thread: at.thread, number: 3, kind: "up"},
		react{by: as(moderator), thread: at.thread, number: 3, kind: "heart"},
		editPost{by: as(author), thread: at.thread, number: 3, body: "Edited."},
		editPost{by: as(moderator), thread: at.thread, number: 3, body: "Edited again."},
		mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden, set: true},
		mark{by: as(admin), thread: at.thread, number: 3, mark: forum.MarkModHidden, set: true},
		deletePost{by: as(author), thread: at.thread, number: 3},
		deletePost{by: as(author), thread: at.thread, number: 3},
		mark{by: as(moderator), thread: at.thread, mark: forum.MarkModHidden, set: true},
		mark{by: as(admin), thread: at.thread, mark: forum.MarkUnlisted, set: true},
		editThread{by: as(moderator), thread: at.thread, category: c.workshop},
		editThread{by: as(admin), thread: at.thread, category: c.notices, tags: []string{"Rims"}},
		createThread{by: as(other), category: c.general, title: "Another", tags: []string{"Rims", "Wheels"}},
		suspend{by: as(moderator), person: other, set: true},
		hideCategory{by: as(admin), id: c.general, hide: true},
	}
	c.together(t, at, len(writes), func(c *community, i int) {
		if _, err := c.ask(t.Context(), writes[i]); err != nil && forum.KindOf(err) == forum.Internal {
			t.Errorf("%s: %v", describe(writes[i]), err)
		}
	})
	c.recount(t, "sixteen transitions at once")
	for _, who := range everybody {
		c.consistent(t, as(who))
	}
}

// combinerCancelled: what is committed is not undone by a caller who gave up; the key tells on a retry.
func combinerCancelled(t *testing.T, c *community) {
	at := c.place(t)
	release := c.hold(t, at)
	ctx, cancel := context.WithCancel(t.Context())
	actor := c.must(t, author)
	in := forum.NewPost{Thread: at.thread, Body: "Given up.", Key: "given up"}
	answer := make(chan error)
	decided := make(chan struct{})
	between := c.interpose(func() { close(decided) })
	go func() {
		_, err := between.CreatePost(ctx, actor, in)
		answer <- err
	}()
	<-decided
	time.Sleep(20 * time.Millisecond)
	cancel()
	if err := <-answer; forum.KindOf(err) != forum.Unavailable {
		t.Errorf("given up: %v, want unavailable", err)
	}
	release()
	post, err := c.CreatePost(t.Context(), actor, in)
	if err != nil || !post.ThreadNumbers.Replayed || post.Number != 4 {
		t.Errorf("the retry got %+v, %v", post.ThreadNumbers, err)
	}
}

// combinerReadYourWrites: the next read of whoever wrote is never older than the answer.
func combinerReadYourWrites(t *testing.T, c *community) {
	at := c.place(t)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			actor := c.must(t, everybody[1])
			for i := range 20 {
				post, err := c.CreatePost(t.Context(), actor, forum.NewPost{Thread: at.thread, Body: fmt.Sprint("Post ", w, i)})
				if err != nil {
					t.Error(err)
					return
				}
				th, err := c.Thread(t.Context(), forum.Actor{}, at.thread)
				if err != nil || th.Version < post.ThreadNumbers.Version || th.PostCount() < post.ThreadNumbers.PostCount || th.LastActivityAt.Before(post.CreatedAt) {
					t.Errorf("after %+v the thread reads %d posts, version %d, %v", post.ThreadNumbers, th.PostCount(), th.Version, err)
				}
				if _, read, err := c.Post(t.Context(), forum.Actor{}, post.Thread, post.Number); err != nil || read.Body != post.Body {
					t.Errorf("post %d reads %q, %v; want %q", post.Number, read.Body, err, post.Body)
				}
			}
		})
	}
	writers.Wait()
	differ(t, "posts", int64(3+8*20), c.number(t, `SELECT posts_visible FROM threads WHERE id = $1`, int64(at.thread)))
}

// combinerClosed: whoever waits when the store closes is served, and whoever comes later told so.
func combinerClosed(t *testing.T, c *community) {
	at := c.place(t)
	actor := c.must(t, author)
	if err := c.store.Health(); err != nil {
		t.Errorf("health: %v", err)
	}
	release := c.hold(t, at)
	const n = 10
	answers := make(chan error, n)
	var decided sync.WaitGroup
	decided.Add(n)
	between := c.interpose(decided.Done)
	for range n {
		go func() {
			_, err := between.CreatePost(context.WithoutCancel(t.Context()), actor, forum.NewPost{Thread: at.thread, Body: "In time."})
			answers <- err
		}()
	}
	decided.Wait()
	time.Sleep(20 * time.Millisecond)
	closed := make(chan error)
	go func() { closed <- c.store.Close() }()
	time.Sleep(20 * time.Millisecond)
	release()
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	for range n {
		if err := <-answers; err != nil {
			t.Errorf("who waited: %v", err)
		}
	}
	c.broken = true
	_, err := c.store.CreatePost(t.Context(), forum.Change{Thread: at.thread}, forum.Post{Body: "Late."})
	if forum.KindOf(err) != forum.Unavailable {
		t.Errorf("after closing: %v, want unavailable", err)
	}
	if stored := c.number(t, `SELECT count(*) FROM posts WHERE thread_id = $1`, int64(at.thread)); stored != 3+n {
		t.Errorf("%d posts stored, want %d", stored, 3+n)
	}
}
