package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"html"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

// community is a forum with a few people and categories, the model of it, and a clock set by hand.
type community struct {
	*forum.Service
	open   Open
	store  *store.Store
	db     *sql.DB
	clock  *clock
	model  *model
	checks int  // so far
	broken bool // damaged or closed by its case: there is nothing to recount at the end

	general   forum.CategoryID // everybody reads, members write
	workshop  forum.CategoryID // below general
	notices   forum.CategoryID // everybody reads, moderators write
	staff     forum.CategoryID // moderators only
	staffRoom forum.CategoryID // below staff, with permissions that would open it
}

// The people of every community, by the names they ask under (see asker).
const (
	visitor            = ""
	admin              = "admin"
	moderator          = "moderator"
	author             = "author" // of the places that cases are tried on
	other              = "other"
	suspended          = "suspended"
	suspendedModerator = "suspended moderator"
	bystander          = "bystander" // asks for nothing
)

// everybody is who a transition is tried by.
var everybody = []string{
	visitor, author, "author with read", "author with write", other, suspended,
	moderator, "moderator with read", "moderator with write", "moderator with moderate", suspendedModerator,
	admin, "admin with write",
}

// viewers are those whose pages are compared after each step.
var viewers = []string{visitor, author, moderator}

func newCommunity(t testing.TB, open Open) *community {
	t.Helper()
	clock := &clock{now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	st, db := open(t, clock)
	c := &community{open: open, store: st, db: db, clock: clock, model: &model{clock: clock}}
	c.Service = c.service(st)
	t.Cleanup(func() {
		if !c.broken && !t.Failed() {
			c.recount(t, "the whole case")
		}
	})
	for _, p := range []person{{name: admin, role: forum.Admin}, {name: moderator, role: forum.Moderator}, {name: author, role: forum.Member},
		{name: other, role: forum.Member}, {name: suspended, role: forum.Member}, {name: suspendedModerator, role: forum.Moderator}, {name: bystander, role: forum.Member}} {
		c.join(t, p.name, p.role)
	}
	c.general = c.newCategory(t, 0, "General", nil)
	c.workshop = c.newCategory(t, c.general, "Workshop", nil)
	c.notices = c.newCategory(t, 0, "Notices", forum.Permissions{forum.Member: {See: true}})
	c.staff = c.newCategory(t, 0, "Staff", forum.Permissions{forum.Visitor: {}, forum.Member: {}})
	c.staffRoom = c.newCategory(t, c.staff, "Staff room", forum.Permissions{
		forum.Visitor: {See: true}, forum.Member: {See: true, Reply: true, Start: true}})
	c.do(t, suspend{by: as(admin), person: suspended, set: true})
	c.do(t, suspend{by: as(admin), person: suspendedModerator, set: true})
	return c
}

// service is a service of the community's on a store.
func (c *community) service(st forum.Store) *forum.Service {
	return &forum.Service{Store: st, Clock: c.clock, Random: rand.Reader, Text: plainText{}, Passwords: openPasswords{}, Views: &forum.Views{}}
}

// join makes an account.
func (c *community) join(t testing.TB, name string, role forum.Role) {
	t.Helper()
	user, err := c.CreateUser(t.Context(), forum.SignUp{Name: accountName(name), Password: "password of " + name, Role: role})
	if err != nil {
		t.Fatalf("account of %s: %v", name, err)
	}
	c.model.people = append(c.model.people, &person{id: user.ID, name: name, role: role})
}

// accountName is the name of an account: those we ask under have spaces.
func accountName(name string) string { return strings.ReplaceAll(name, " ", "-") }

func (c *community) newCategory(t testing.TB, parent forum.CategoryID, name string, own forum.Permissions) forum.CategoryID {
	t.Helper()
	c.do(t, createCategory{by: as(admin), parent: parent, name: name, own: own})
	return c.model.categories[len(c.model.categories)-1].id
}

// asker is who asks: a person by name ("" is a visitor), and the scope of the token used for it.
type asker struct {
	name  string
	scope forum.Scope // "": signed in
}

// as reads who asks of "moderator" or "moderator with write".
func as(who string) asker {
	name, scope, _ := strings.Cut(who, " with ")
	return asker{name: name, scope: forum.Scope(scope)}
}

func (a asker) String() string {
	switch {
	case a.name == visitor:
		return "visitor"
	case a.scope != "":
		return a.name + " with " + string(a.scope)
	}
	return a.name
}

// actor is the asker as the service knows them at this moment.
func (c *community) actor(ctx context.Context, by asker) (forum.Actor, error) {
	if by.name == visitor {
		return forum.Actor{}, nil
	}
	user, err := c.User(ctx, accountName(by.name))
	actor := user.Actor()
	actor.Scope = by.scope
	return actor, err
}

// must returns the actor of that name, for calls that are no transition.
func (c *community) must(t testing.TB, who string) forum.Actor {
	t.Helper()
	actor, err := c.actor(t.Context(), as(who))
	if err != nil {
		t.Fatalf("actor %s: %v", who, err)
	}
	return actor
}

// place is a thread of the author in General: post 1 the author's, post 2 the other's answer to
// it with a reaction of the author, post 3 the author's answer to that.
type place struct {
	thread forum.ThreadID
}

func (c *community) place(t testing.TB) place {
	t.Helper()
	return c.placeIn(t, c.general)
}

func (c *community) placeIn(t testing.TB, category forum.CategoryID) place {
	t.Helper()
	starter, second := author, other
	if !c.model.may(as(author), c.model.category(category)).Start {
		starter, second = moderator, admin
	}
	c.do(t, createThread{by: as(starter), category: category, title: "A true wheel", tags: []string{"Wheels", "spokes"}})
	at := place{c.model.lastThread().id}
	c.do(t, createPost{by: as(second), thread: at.thread, to: 1})
	c.do(t, createPost{by: as(starter), thread: at.thread, to: 2})
	c.do(t, react{by: as(starter), thread: at.thread, number: 2, kind: "heart"})
	return at
}

// clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
	// step is how far each question moves it.
	step time.Duration
}

// Now returns the time it is set to.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now
	c.now = c.now.Add(c.step)
	return now
}

// move sets it forward, or back.
func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func (c *clock) ticking(step time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step = step
}

// plainText is a forum.Text that knows no Markdown: what a text looks like is not a store's concern.
type plainText struct{}

func (plainText) Render(body string) string { return "<p>" + html.EscapeString(body) + "</p>" }
func (plainText) Version() int64            { return 1 }
func (plainText) Fold(name string) string   { return strings.ToLower(name) }
func (plainText) Tag(name string) string    { return strings.TrimSpace(strings.ToLower(name)) }

func (plainText) Excerpt(body string, runes int) string {
	all := []rune(body)
	return string(all[:min(len(all), runes)])
}

func (plainText) Slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return "t-" + strings.Join(words, "-")
}

// openPasswords keeps passwords as they are.
type openPasswords struct{}

func (openPasswords) Hash(_ context.Context, password string) (string, error) { return password, nil }

func (openPasswords) Verify(_ context.Context, hash, password string) (bool, error) {
	return hash != "" && hash == password, nil
}

// differ fails with what is different, named.
func differ(t testing.TB, what string, want, got any, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
