package web

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/assets"
	"folkmoot/internal/web/ui"
)

// maxPageBytes is the most that a page of twenty posts may have besides the posts' own text,
// before it is compressed: performance.md of the specification.
const maxPageBytes = 24_000

func TestThreadPageSize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		actor forum.Actor
		limit int
	}{
		{"visitor", forum.Actor{}, maxPageBytes},
		{"member", forum.Actor{User: 7, Name: "somebody-with-a-name", Role: forum.Member}, maxPageBytes},
		{"moderator", forum.Actor{User: 8, Name: "somebody-with-a-name", Role: forum.Moderator}, maxPageBytes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := fullPage(tt.actor)
			html, text := renderPage(t, tt.actor, found), 0
			for _, post := range found.Posts {
				text += len(post.HTML)
			}
			if got := len(html) - text; got > tt.limit {
				t.Errorf("page has %d bytes besides the posts' text, want at most %d", got, tt.limit)
			} else {
				t.Logf("%d bytes besides the posts' text", got)
			}
		})
	}
}

// fullPage is a page of a long thread as it is usual: every post is one of different people,
// some are edited, answer others, and got reactions.
func fullPage(actor forum.Actor) forum.ThreadPage {
	at := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	page := forum.ThreadPage{First: 1, Previous: 21, Next: 61, Last: 1981,
		Path: []forum.Category{{Name: "Workshop", Slug: "workshop"}, {Name: "Wheels and tyres", Slug: "wheels-and-tyres"}},
		Thread: forum.Thread{ID: 123456, Title: "How often do you true a wheel that is ridden every day?", Slug: "how-often-do-you-true-a-wheel-that-is-ridden-every-day",
			Tags: []forum.Tag{{Name: "wheels"}, {Name: "maintenance"}, {Name: "commuting"}}, LastActivityAt: at}}
	page.Thread.Posts[forum.Visible] = 2000
	page.Thread.Category.Access = forum.EffectiveAccess(actor.EffectiveRole(), nil, false, forum.DefaultAccess(forum.Admin))
	if actor.Role == forum.Moderator {
		page.Thread.Category.Access = forum.DefaultAccess(forum.Moderator)
	}
	for i := range int64(forum.PageSize) {
		post := forum.Post{Thread: page.Thread.ID, Number: 41 + i, CreatedAt: at, HTML: strings.Repeat("<p>Some words about it.</p>", 20),
			Author: forum.Author{ID: forum.UserID(i + 1), Name: fmt.Sprintf("person-%d", i)}}
		if i%2 == 0 {
			post.ReplyThread, post.ReplyNumber, post.ReplyAuthor = post.Thread, post.Number-3, "another-person"
			post.Reactions = []forum.ReactionCount{{Kind: "up", N: 12}, {Kind: "heart", N: 3}}
		}
		if i%5 == 0 {
			post.EditedAt = at
		}
		page.Posts = append(page.Posts, post)
	}
	return page
}

func renderPage(tb testing.TB, actor forum.Actor, found forum.ThreadPage) []byte {
	tb.Helper()
	p := newThreadPage(actor, found, 41)
	html, err := render(context.Background(), ui.Frame{Site: "The Spoke", Actor: actor, Here: "/t/123456"}, p)
	if err != nil {
		tb.Fatal(err)
	}
	return html
}

func BenchmarkRenderThreadPage(b *testing.B) {
	for _, actor := range []forum.Actor{{}, {User: 7, Name: "mia", Role: forum.Member}} {
		b.Run(string(actor.EffectiveRole()), func(b *testing.B) {
			found := fullPage(actor)
			b.SetBytes(int64(len(renderPage(b, actor, found))))
			b.ReportAllocs()
			for b.Loop() {
				renderPage(b, actor, found)
			}
		})
	}
}

// The budgets of what browsers load once, compressed.
const maxScriptBytes, maxStyleBytes = 30_000, 12_000

func TestAssetSizes(t *testing.T) {
	t.Parallel()
	sizes := assets.Sizes()
	scripts, styles := sizes[".js"], sizes[".css"]
	t.Logf("scripts %d bytes, styles %d", scripts, styles)
	if scripts == 0 || scripts > maxScriptBytes {
		t.Errorf("scripts have %d bytes, want some and at most %d", scripts, maxScriptBytes)
	}
	if styles == 0 || styles > maxStyleBytes {
		t.Errorf("styles have %d bytes, want some and at most %d", styles, maxStyleBytes)
	}
}
