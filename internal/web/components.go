package web

import (
	"net/http"
	"net/url"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// componentsPage shows every component in every state, for administrators who choose a look and
// for the tests of it. What it shows is made up: nothing here is stored.
type componentsPage struct {
	Threads  []forum.Thread
	Posts    []ui.Post
	Category forum.Category
	Text     string
	Form     ui.Form
	Wrong    ui.Form
}

func (p componentsPage) title() string { return "Components" }

func (s *server) showComponents(w http.ResponseWriter, r *http.Request) error {
	if err := forum.CanAdminister(actorOf(r)); err != nil {
		return err
	}
	return s.show(w, r, newComponentsPage(s.service.Text))
}

func newComponentsPage(text forum.Text) componentsPage {
	wrong := &forum.Error{Kind: forum.Invalid, Message: "some of the input cannot be accepted",
		Fields: []forum.FieldError{{Field: "wrong-title", Message: "must not be empty"}, {Field: "wrong-choice", Message: "is none of those"}}}
	p := componentsPage{
		Category: forum.Category{ID: 3, Name: "Workshop", Slug: "workshop"},
		Text:     text.Render(sampleText),
		Form:     ui.Form{Values: url.Values{"title": {"Truing a wheel"}, "choice": {"2"}}},
		Wrong:    ui.Form{Values: url.Values{}}.Wrong(wrong),
	}
	at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	p.Threads = sampleThreads(p.Category, at)
	p.Posts = samplePosts(text, at)
	return p
}

func sampleThreads(category forum.Category, at time.Time) []forum.Thread {
	thread := func(title string, posts int64) forum.Thread {
		t := forum.Thread{ID: 1, Title: title, Slug: "a-thread", Category: category, LastNumber: posts, LastActivityAt: at.AddDate(0, 0, 40),
			Author: forum.Author{Name: "Noor"}, LastAuthor: forum.Author{Name: "Tomás"}}
		t.Posts[forum.Visible] = posts
		return t
	}
	busy, pinned, closed, long := thread("A busy one", 3872), thread("Pinned and solved", 4), thread("Locked and hidden", 1), thread("A very long title that goes on and on, because somebody wanted to put the whole question and its history into one line", 12)
	for i := range forum.ActivityPosts {
		busy.Activity = append(busy.Activity, at.Add(time.Duration(i*i)*time.Hour))
	}
	busy.Tags = []forum.Tag{{Name: "wheels"}, {Name: "beginner"}}
	pinned.PinnedAt, pinned.SolutionNumber = at, 2
	closed.LockedAt, closed.Marks.ModHiddenAt = at, at
	long.Tags = []forum.Tag{{Name: "دراجة"}, {Name: "a-tag-that-is-as-long-as-tags-can-be"}}
	return []forum.Thread{busy, pinned, closed, long}
}

func samplePosts(text forum.Text, at time.Time) []ui.Post {
	every := ui.PostActs{Reply: true, Edit: true, History: true, Delete: true, Hide: true, React: true}
	post := func(number int64, name string, acts ui.PostActs) ui.Post {
		return ui.Post{From: 1, Acts: acts, Post: &forum.Post{Thread: 1, Number: number, Author: forum.Author{ID: 1, Name: name}, CreatedAt: at,
			HTML: text.Render("Zip ties on the seat stays are a fine stand.")}}
	}
	plain, mine, hidden, deleted := post(1, "Noor", ui.PostActs{}), post(2, "Tomás", every), post(3, "李雷", ui.PostActs{Unhide: true}), post(4, "ada", ui.PostActs{Restore: true})
	plain.Reactions = []forum.ReactionCount{{Kind: "up", N: 3}}
	mine.Reactions, mine.MyReaction = []forum.ReactionCount{{Kind: "up", N: 12}, {Kind: "heart", N: 1}}, "heart"
	mine.EditedAt, mine.Solution = at, true
	mine.ReplyThread, mine.ReplyNumber, mine.ReplyAuthor = 1, 1, "Noor"
	hidden.State, hidden.Marks.ModHiddenAt = forum.Hidden, at
	deleted.State, deleted.Marks.AuthorDeletedAt = forum.Deleted, at
	return []ui.Post{plain, mine, hidden, deleted}
}

// sampleText holds everything that a text can.
const sampleText = `# A heading
Reading should be a pleasure: a line of some seventy letters, **strong** and *stressed* words, ~~second thoughts~~, a [link](https://example.org) and ` + "`code`" + `.

> Turn the nipple a quarter turn, never more.

1. Work on the worst spot only.
2. Then look again.
   - Loosen one side
   - as much as you tighten the other

- [x] spoke key
- [ ] patience

| spoke | out by | side |
|---:|---:|:---|
| 7 | 1.5 mm | drive |
| 8 | 2.0 mm | drive |

` + "```go\n// Out is in millimetres.\nfor wheel.Out() > 0.5 {\n\twheel.Spoke(\"worst\").Turn(quarter)\n}\n```" + `

---

The end.`
