package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

var renderCases = []testCase{
	{"posts of an earlier version are rendered anew", renderAnew},
	{"an edit meanwhile stays", renderEdited},
	{"looked for until none is left", renderUntilDone},
}

// renderer is a later version of plainText, before which something happens.
type renderer struct{ before func(body string) }

func (r renderer) Render(body string) string { r.before(body); return later(body) }
func (renderer) Version() int64              { return 2 }

func later(body string) string { return "<p class=later>" + body + "</p>" }

// runUntil does the background work with a later renderer until this many posts are of an earlier
// version and the store says that it is done, or is not.
func (c *community) runUntil(t testing.TB, before func(body string), older int64, done bool) {
	t.Helper()
	c.runWith(t, renderer{before}, older, done)
}

func (c *community) runWith(t testing.TB, with store.Renderer, older int64, done bool) {
	t.Helper()
	c.store.Renderer = with
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.store.Run(ctx) })
	defer running.Wait()
	defer cancel()
	want := fmt.Sprintf("%d older, done %t", older, done)
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		is := fmt.Sprintf("%d older, done %t", c.number(t, `SELECT count(*) FROM posts WHERE html_version < 2`),
			c.number(t, `SELECT count(*) FROM settings WHERE key = 'rendered_version' AND value = '2'`) == 1)
		if is == want {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("still %s, want %s", is, want)
		}
	}
}

// renderAnew: every post is shown as the later version renders it, its thread's pages are other
// ones, and nothing else of it is; so is what people say of themselves.
func renderAnew(t *testing.T, c *community) {
	id := c.longThread(t, 250) // more than two pieces
	c.do(t, deletePost{by: as(moderator), thread: id, number: 7})
	if err := c.EditProfile(t.Context(), c.must(t, author), "I ride.", ""); err != nil {
		t.Fatal(err)
	}
	before := c.pageVersion(t, id)
	c.runUntil(t, func(string) {}, 0, false)
	if profile, err := c.User(t.Context(), author); err != nil || profile.AboutHTML != later("I ride.") {
		t.Errorf("of themselves: got %q (%v), want %q", profile.AboutHTML, err, later("I ride."))
	}
	differ(t, "posts that are not rendered anew", int64(0), c.number(t, `SELECT count(*) FROM posts WHERE html <> '<p class=later>' || body || '</p>'`))
	differ(t, "posts that are other words now, or not of a version of their own", int64(0), c.number(t, `
		SELECT count(*) FROM posts p JOIN threads t ON t.id = p.thread_id
		WHERE p.text_version = p.version OR p.version > t.version OR EXISTS (SELECT 1 FROM posts o WHERE o.thread_id = p.thread_id AND o.number <> p.number AND o.version = p.version)`))
	differ(t, "the version of the thread's pages", before.Thread+250, c.pageVersion(t, id).Thread)
	_, shown, err := c.Post(t.Context(), forum.Actor{}, id, 250)
	if want := later(shown.Body); err != nil || shown.HTML != want {
		t.Errorf("got %q (%v), want %q", shown.HTML, err, want)
	}
}

// renderEdited: what somebody wrote after a text was read for rendering stays, and is rendered anew
// in its turn.
func renderEdited(t *testing.T, c *community) {
	at := c.place(t)
	_, read, err := c.Post(t.Context(), forum.Actor{}, at.thread, 3)
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	c.runUntil(t, func(body string) {
		if body == read.Body {
			once.Do(func() { c.do(t, editPost{by: as(author), thread: at.thread, number: 3, body: "Other words."}) })
		}
	}, 1, false)
	_, edited, err := c.Post(t.Context(), forum.Actor{}, at.thread, 3)
	if want := (plainText{}).Render("Other words."); err != nil || edited.HTML != want {
		t.Errorf("got %q (%v), want %q", edited.HTML, err, want)
	}
	c.runUntil(t, func(string) {}, 0, false)
	_, edited, err = c.Post(t.Context(), forum.Actor{}, at.thread, 3)
	if want := later("Other words."); err != nil || edited.HTML != want {
		t.Errorf("got %q (%v), want %q", edited.HTML, err, want)
	}
}

// renderUntilDone: where nothing of an earlier version was found that is kept, and the program that
// comes after an earlier one looks again.
func renderUntilDone(t *testing.T, c *community) {
	at := c.place(t)
	c.runUntil(t, func(string) {}, 0, false)
	c.runUntil(t, func(body string) { t.Errorf("%q is rendered again", body) }, 0, true)
	if _, err := c.CreatePost(t.Context(), c.must(t, author), forum.NewPost{Thread: at.thread, Body: "By the earlier program."}); err != nil {
		t.Fatal(err)
	}
	c.runWith(t, plainText{}, 1, false)
	c.runUntil(t, func(string) {}, 0, false)
}

func (c *community) pageVersion(t testing.TB, id forum.ThreadID) forum.PageVersion {
	t.Helper()
	version, err := c.PageVersion(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return version
}
