// Package demo makes a community that can be looked at: people, categories, threads of a few
// months. All of it is written through forum.Service, as people would have written it, at times
// that a clock of its own gives; the same words and the same order each time.
package demo

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"folkmoot/internal/forum"
)

// Clock is the time at which the demo is written: its maker sets it. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time that the demo is at.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now.UTC().Truncate(time.Microsecond)
}

// Admin is the name of the demo's administrator.
const Admin = "Ada"

// months is how far back the demo begins.
const months = 7

// seed makes the demo the same each time.
const seed = 1867

// maker writes the demo.
type maker struct {
	*forum.Service
	clock      *Clock
	random     *rand.Rand
	password   func() string // for each account
	begin, end time.Time
	people     map[string]forum.Actor
	categories map[string]forum.CategoryID
	acts       []act
}

// act is something that somebody does at a time.
type act struct {
	at time.Time
	do func(ctx context.Context) error
}

// Fill fills the empty community of a service, whose clock and whose store's clock must be clock,
// with what people did until now. password gives each account a password of its own.
// Conflict where the community is not empty.
func Fill(ctx context.Context, service *forum.Service, clock *Clock, now time.Time, password func() string) error {
	m := &maker{Service: service, clock: clock, random: rand.New(rand.NewPCG(seed, seed)), password: password,
		begin: now.AddDate(0, -months, 0), end: now, people: map[string]forum.Actor{}, categories: map[string]forum.CategoryID{}}
	clock.set(m.begin)
	if err := service.BeginDemo(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{m.makePeople, m.makeCategories, m.writeThreads, m.tidyUp} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("making the demo: %w", err)
		}
	}
	clock.set(now)
	return service.EndDemo(ctx)
}

// makePeople makes the accounts; who they are they say themselves.
func (m *maker) makePeople(ctx context.Context) error {
	for i, p := range people {
		m.clock.set(m.begin.Add(time.Duration(i) * 37 * time.Minute))
		role := p.role
		if role == "" {
			role = forum.Member
		}
		user, err := m.CreateUser(ctx, forum.SignUp{Name: p.name, Password: m.password(), Role: role})
		if err != nil {
			return err
		}
		m.people[p.name] = user.Actor()
		if p.about != "" {
			if err := m.EditProfile(ctx, user.Actor(), p.about, ""); err != nil {
				return err
			}
		}
	}
	return m.SetSite(ctx, m.people[Admin], "The Spoke", "People who mend their own bicycles, and those who would like to.", 0, "")
}

func (m *maker) makeCategories(ctx context.Context) error {
	for _, c := range categories {
		made, err := m.CreateCategory(ctx, m.people[Admin], forum.NewCategory{ParentID: m.categories[c.parent], Name: c.name,
			Description: c.description, Permissions: c.permissions})
		if err != nil {
			return err
		}
		m.categories[c.name] = made.ID
	}
	return nil
}

// writeThreads plans when everything is written, and then writes it in that order.
func (m *maker) writeThreads(ctx context.Context) error {
	for _, t := range append(slices.Clone(threads), diary()) {
		m.plan(t)
	}
	slices.SortStableFunc(m.acts, func(a, b act) int { return a.at.Compare(b.at) })
	for _, a := range m.acts {
		m.clock.set(a.at)
		if err := a.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// plan says when each post of a thread is written, and how people react to it.
func (m *maker) plan(t thread) {
	id := new(forum.ThreadID)
	at := m.begin.Add(time.Duration(t.day*24)*time.Hour + time.Duration(m.random.IntN(14*60)+7*60)*time.Minute)
	for i, p := range t.posts {
		if i > 0 {
			at = at.Add(m.pause(t.pace))
		}
		at = earlier(at, m.end.Add(-time.Duration(len(t.posts)-i)*11*time.Minute))
		number := int64(i + 1)
		m.acts = append(m.acts, act{at, func(ctx context.Context) error { return m.write(ctx, id, t, p, number) }})
		for _, kind := range slices.Sorted(maps.Keys(p.reactions)) {
			m.planReactions(id, number, kind, p.reactions[kind], p.by, at)
		}
		if p.edited != "" {
			m.acts = append(m.acts, act{earlier(at.Add(50*time.Minute), m.end), func(ctx context.Context) error {
				_, err := m.EditPost(ctx, m.people[p.by], *id, number, forum.PostEdit{Body: p.edited})
				return err
			}})
		}
		if p.then != nil {
			m.acts = append(m.acts, act{earlier(at.Add(20*time.Minute), m.end), func(ctx context.Context) error { return p.then(ctx, m, *id, number) }})
		}
	}
	for _, mark := range t.marks {
		m.acts = append(m.acts, act{at.Add(5 * time.Minute), func(ctx context.Context) error {
			_, err := m.MarkThread(ctx, m.people[Admin], *id, mark, true, "")
			return err
		}})
	}
}

// pause is how long people think before the next post: mostly hours, sometimes minutes, sometimes days.
func (m *maker) pause(pace time.Duration) time.Duration {
	if pace == 0 {
		pace = 3 * time.Hour
	}
	return time.Duration(float64(pace) * (0.1 + 2.5*m.random.Float64()*m.random.Float64()))
}

func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

func (m *maker) write(ctx context.Context, id *forum.ThreadID, t thread, p post, number int64) error {
	by := m.people[p.by]
	if number == 1 {
		made, err := m.CreateThread(ctx, by, forum.NewThread{CategoryID: m.categories[t.category], Title: t.title, Body: p.body, Tags: t.tags})
		*id = made.Thread
		return err
	}
	_, err := m.CreatePost(ctx, by, forum.NewPost{Thread: *id, Body: p.body, ReplyTo: p.to})
	return err
}

// planReactions has n people react, none of them the author.
func (m *maker) planReactions(id *forum.ThreadID, number int64, kind string, n int, author string, at time.Time) {
	for _, i := range m.random.Perm(len(people)) {
		if n == 0 {
			return
		}
		who := people[i]
		if who.name == author || who.suspended || kind == "heart" && i%2 == 0 {
			continue
		}
		n--
		when := earlier(at.Add(time.Duration(m.random.IntN(40*60)+2)*time.Minute), m.end)
		m.acts = append(m.acts, act{when, func(ctx context.Context) error {
			_, err := m.React(ctx, m.people[who.name], *id, number, kind, "")
			return err
		}})
	}
}

// tidyUp is what moderators did last.
func (m *maker) tidyUp(ctx context.Context) error {
	m.clock.set(m.end)
	for _, p := range people {
		if p.suspended {
			if err := m.SuspendUser(ctx, m.people["Max"], p.name, "Advertising, after two warnings.", ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// hide has a moderator hide the post.
func hide(ctx context.Context, m *maker, id forum.ThreadID, number int64) error {
	_, err := m.MarkPost(ctx, m.people["Max"], id, number, forum.MarkModHidden, true, "")
	return err
}

// takeBack has its author delete the post.
func takeBack(by string) func(context.Context, *maker, forum.ThreadID, int64) error {
	return func(ctx context.Context, m *maker, id forum.ThreadID, number int64) error {
		_, err := m.DeletePost(ctx, m.people[by], id, number, "")
		return err
	}
}

// diary is the long thread: everybody says what they rode.
func diary() thread {
	random := rand.New(rand.NewPCG(seed, 2))
	t := thread{category: "Rides", title: "What did you ride today?", tags: []string{"diary"}, day: 3, pace: 57 * time.Hour,
		posts: []post{{by: "Noor", body: "One thread for the small ones: to work, to the shop, once round the lake. Say where, how far, and **one thing you saw**.\n\nI begin: 11 km to work and back, and a heron on the weir that did not mind me at all.", reactions: map[string]int{"heart": 6, "up": 4}}}}
	last := ""
	for i := range diaryPosts {
		by := riders[random.IntN(len(riders))]
		for by == last {
			by = riders[random.IntN(len(riders))]
		}
		last = by
		body := fmt.Sprintf("%d km, %s. %s", 3+random.IntN(70), where[(i*7)%len(where)], saw[(i*5)%len(saw)])
		if i%6 == 3 {
			body += "\n\n" + after[(i/6)%len(after)]
		}
		p := post{by: by, body: body}
		if i%4 == 1 {
			p.reactions = map[string]int{"up": 1 + random.IntN(5)}
		}
		if i%9 == 5 {
			p.to = int64(i + 1)
			p.body = strings.TrimSpace(answers[(i/9)%len(answers)])
		}
		t.posts = append(t.posts, p)
	}
	return t
}
