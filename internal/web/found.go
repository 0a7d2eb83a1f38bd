package web

import (
	"html"
	"strings"
	"time"
	"unicode/utf8"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// foundPage is a page that search engines and previews may show. Any other asks them not to.
type foundPage interface {
	// found is zero where this one is not for them after all.
	found() ui.Found
}

func foundOf(p page) ui.Found {
	if public, ok := p.(foundPage); ok {
		return public.found()
	}
	return ui.Found{}
}

func (p latestPage) found() ui.Found {
	if p.List.Part || p.List.State != forum.Visible {
		return ui.Found{}
	}
	return ui.Found{Path: "/", Description: p.Description, Feed: "/feed.atom"}
}

func (p categoriesPage) found() ui.Found { return ui.Found{Path: "/categories"} }

func (p categoryPage) found() ui.Found {
	if p.List.Part || p.List.State != forum.Visible || !p.Category.HiddenAt.IsZero() {
		return ui.Found{}
	}
	return ui.Found{Path: ui.CategoryPath(p.Category.Slug), Description: p.Category.Description, Feed: ui.CategoryFeedPath(p.Category.Slug)}
}

func (p tagPage) found() ui.Found {
	if p.List.Part || p.List.State != forum.Visible {
		return ui.Found{}
	}
	return ui.Found{Path: ui.TagPath(p.Name)}
}

func (p userPage) found() ui.Found { return ui.Found{Path: ui.UserPath(p.Profile.Name)} }

func (p aboutPage) found() ui.Found { return ui.Found{Path: "/about"} }

func (p signInPage) found() ui.Found { return ui.Found{Path: "/sign-in"} }

func (p signUpPage) found() ui.Found { return ui.Found{Path: "/sign-up"} }

// longestDescription is about what search engines and previews show of one.
const longestDescription = 200

func (p *threadPage) found() ui.Found {
	if p.Thread.State != forum.Visible || len(p.ThreadPage.Posts) == 0 {
		return ui.Found{}
	}
	first := &p.ThreadPage.Posts[0]
	found := ui.Found{Path: ui.ThreadPagePath(p.Thread.ID, p.Thread.Slug, p.From), Article: true, Feed: ui.ThreadFeedPath(p.Thread.ID)}
	text := plain(first.HTML)
	found.Description = shorten(text, longestDescription)
	if first.Number == 1 && first.State == forum.Visible {
		found.Data = func(absolute func(string) string) any { return newPosting(&p.Thread, first, text, absolute) }
	}
	return found
}

// posting is a thread as schema.org describes one. The page that holds the first post carries it.
type posting struct {
	Context       string            `json:"@context"`
	Type          string            `json:"@type"`
	URL           string            `json:"url"`
	Headline      string            `json:"headline"`
	Text          string            `json:"text"`
	Author        postingAuthor     `json:"author"`
	DatePublished time.Time         `json:"datePublished"`
	DateModified  *time.Time        `json:"dateModified,omitempty"`
	CommentCount  int64             `json:"commentCount"` // visible posts after the first
	Statistics    []postingCounter  `json:"interactionStatistic"`
	Keywords      []string          `json:"keywords,omitempty"`
	PartOf        postingCollection `json:"isPartOf"`
}

type postingAuthor struct {
	Type string `json:"@type"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type postingCounter struct {
	Type  string `json:"@type"`
	Act   string `json:"interactionType"`
	Count int64  `json:"userInteractionCount"`
}

type postingCollection struct {
	Type string `json:"@type"`
	Name string `json:"name"`
	URL  string `json:"url"`
}

func newPosting(thread *forum.Thread, first *forum.Post, text string, absolute func(string) string) posting {
	p := posting{
		Context:       "https://schema.org",
		Type:          "DiscussionForumPosting",
		URL:           absolute(ui.ThreadPath(thread.ID, thread.Slug)),
		Headline:      thread.Title,
		Text:          text,
		Author:        postingAuthor{Type: "Person", Name: first.Author.Name},
		DatePublished: first.CreatedAt,
		CommentCount:  thread.PostCount() - 1,
		PartOf:        postingCollection{"CollectionPage", thread.Category.Name, absolute(ui.CategoryPath(thread.Category.Slug))},
	}
	if first.Author.ID != 0 {
		p.Author.URL = absolute(ui.UserPath(first.Author.Name))
	}
	if !first.EditedAt.IsZero() {
		p.DateModified = &first.EditedAt
	}
	var reactions int64
	for _, reaction := range first.Reactions {
		reactions += reaction.N
	}
	p.Statistics = []postingCounter{{"InteractionCounter", "https://schema.org/LikeAction", reactions}}
	for _, tag := range thread.Tags {
		p.Keywords = append(p.Keywords, tag.Name)
	}
	return p
}

// plain is what HTML that markup wrote says, on one line. It reads what was made of a text rather
// than the text again, which takes a hundred times as long.
func plain(rendered string) string {
	var text strings.Builder
	text.Grow(len(rendered))
	for rendered != "" {
		at := strings.IndexByte(rendered, '<')
		if at < 0 {
			at = len(rendered)
		}
		text.WriteString(rendered[:at])
		if rendered = rendered[at:]; rendered == "" {
			break
		}
		end := strings.IndexByte(rendered, '>') + 1 // markup escapes it in attributes
		if end == 0 {
			break
		}
		if separates(rendered[1:end]) {
			text.WriteByte(' ')
		}
		rendered = rendered[end:]
	}
	return strings.Join(strings.Fields(html.UnescapeString(text.String())), " ")
}

// separates tells elements that stand apart from those within a line.
func separates(tag string) bool {
	name := strings.TrimPrefix(tag, "/")
	if end := strings.IndexAny(name, " >"); end >= 0 {
		name = name[:end]
	}
	switch name {
	case "a", "em", "strong", "del", "code", "span", "label", "input", "img":
		return false
	}
	return true
}

// shorten cuts a text at a word, to at most limit runes.
func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	cut := string([]rune(text)[:limit-1])
	if at := strings.LastIndexByte(cut, ' '); at > limit/2 {
		cut = cut[:at]
	}
	return cut + "…"
}
