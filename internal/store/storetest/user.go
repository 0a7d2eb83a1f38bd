package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

// suspend suspends a person, or lifts the suspension.
type suspend struct {
	by     asker
	person string
	set    bool
	key    string
}

func (tr suspend) asker() asker { return tr.by }

func (tr suspend) refused(m *model) error {
	if err := m.unable(tr.by); err != nil {
		return err
	}
	role := m.role(tr.by)
	if role != forum.Moderator && role != forum.Admin {
		return refuse(forum.Forbidden)
	}
	p := m.person(tr.person)
	switch {
	case p == nil:
		return refuse(forum.NotFound)
	case !tr.set && (role == forum.Admin || p.role == forum.Member):
		return nil
	case p.name == tr.by.name:
		return refuse(forum.Conflict)
	case p.role == forum.Admin, p.role == forum.Moderator && role != forum.Admin:
		return refuse(forum.Forbidden)
	}
	return nil
}

func (tr suspend) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	if tr.set {
		return forum.Receipt{}, c.SuspendUser(ctx, actor, accountName(tr.person), "a reason", tr.key)
	}
	return forum.Receipt{}, c.LiftSuspension(ctx, actor, accountName(tr.person), tr.key)
}

func (tr suspend) done(m *model, _ forum.Receipt) forum.Receipt {
	m.person(tr.person).suspended = tr.set
	return forum.Receipt{}
}

// setRole gives a person a role.
type setRole struct {
	by     asker
	person string
	role   forum.Role
}

func (tr setRole) asker() asker { return tr.by }

func (tr setRole) refused(m *model) error {
	if err := m.mayAdminister(tr.by); err != nil {
		return err
	}
	p := m.person(tr.person)
	if p == nil {
		return refuse(forum.NotFound)
	}
	if p.role == forum.Admin && tr.role != forum.Admin && !p.suspended && m.activeAdmins() == 1 {
		return refuse(forum.Conflict)
	}
	return nil
}

// activeAdmins are those who can administer.
func (m *model) activeAdmins() int {
	n := 0
	for _, p := range m.people {
		if p.role == forum.Admin && !p.suspended {
			n++
		}
	}
	return n
}

func (tr setRole) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	return forum.Receipt{}, c.SetRole(ctx, actor, accountName(tr.person), tr.role, "")
}

func (tr setRole) done(m *model, _ forum.Receipt) forum.Receipt {
	m.person(tr.person).role = tr.role
	return forum.Receipt{}
}

func suspending(person string, set bool) func(asker, place, *community) transition {
	return func(by asker, _ place, _ *community) transition { return suspend{by: by, person: person, set: set} }
}

var userCases = slices.Concat(cases(
	attempt{"suspend", nil, suspending(bystander, true), notModerator},
	attempt{"suspend who is suspended", nil, suspending(suspended, true), notModerator},
	attempt{"lift", nil, suspending(suspended, false), notModerator},
	attempt{"suspend a moderator", nil, suspending(suspendedModerator, true), notAdmin},
	attempt{"lift a moderator's", nil, suspending(suspendedModerator, false), notAdmin},
	attempt{"suspend an administrator", nil, suspending(admin, true), notAdmin.and(forum.Conflict, admin)},
	attempt{"suspend nobody", nil, suspending("nobody", true), notModerator.and(forum.NotFound, moderator, "moderator with moderate", admin)},
	attempt{"make a moderator", nil, func(by asker, _ place, _ *community) transition {
		return setRole{by: by, person: "suspended", role: forum.Moderator}
	}, notAdmin},
	attempt{"take the last administrator's role", nil, func(by asker, _ place, _ *community) transition {
		return setRole{by: by, person: admin, role: forum.Member}
	}, notAdmin.and(forum.Conflict, admin)},
), []testCase{
	{"suspended people are told so, and read on", userSuspended},
	{"a role changes what is seen and counted", userRoles},
	{"an administrator who is suspended steps down", userSuspendedAdmin},
	{"the first administrator is made once", userFirstAdmin},
	{"accounts of a name", userNames},
	{"people are listed by name", userList},
	{"about oneself", userAbout},
	{"many are changed at once", userManyAtOnce},
})

func userSuspended(t *testing.T, c *community) {
	at := c.place(t)
	c.step(t, suspend{by: as(moderator), person: author, set: true})
	for _, tr := range []transition{
		createPost{by: as(author), thread: at.thread},
		editPost{by: as(author), thread: at.thread, number: 3, body: "No."},
		deletePost{by: as(author), thread: at.thread, number: 3},
		react{by: as(author), thread: at.thread, number: 2},
	} {
		if err := c.try(t, tr); forum.KindOf(err) != forum.Forbidden {
			t.Errorf("%s: got %v, want forbidden", describe(tr), err)
		}
	}
	user, err := c.User(t.Context(), author)
	if err != nil || user.SuspensionReason != "a reason" || user.SuspendedBy != c.model.person(moderator).id || user.SuspendedAt != c.clock.Now() {
		t.Errorf("suspended person: %+v, %v", user, err)
	}
	c.step(t, suspend{by: as(moderator), person: author}, createPost{by: as(author), thread: at.thread})
}

func userRoles(t *testing.T, c *community) {
	at := c.placeIn(t, c.staff)
	c.do(t, mark{by: as(moderator), thread: at.thread, number: 3, mark: forum.MarkModHidden, set: true})
	for _, role := range []forum.Role{forum.Moderator, forum.Admin, forum.Member} {
		c.do(t, setRole{by: as(admin), person: other, role: role})
		c.compare(t, "the role "+string(role), as(other))
	}
	before := c.rows(t)
	c.do(t, setRole{by: as(admin), person: other, role: forum.Member})
	differ(t, "the same role again", before, c.rows(t))
}

// userSuspendedAdmin: whoever cannot administer anyway is not the last who can.
func userSuspendedAdmin(t *testing.T, c *community) {
	c.step(t, setRole{by: as(admin), person: suspended, role: forum.Admin})
	if err := c.try(t, setRole{by: as(admin), person: admin, role: forum.Member}); forum.KindOf(err) != forum.Conflict {
		t.Errorf("the last active administrator steps down: %v", err)
	}
	c.step(t, setRole{by: as(admin), person: suspended, role: forum.Member})
}

// personByID returns a person who must be there.
func (m *model) personByID(id forum.UserID) *person {
	return m.people[slices.IndexFunc(m.people, func(p *person) bool { return p.id == id })]
}

func userFirstAdmin(t *testing.T, c *community) {
	ctx := t.Context()
	if token, err := c.NewFirstRun(ctx); token != "" || err != nil {
		t.Errorf("a token where an administrator exists: %q, %v", token, err)
	}
	_, err := c.store.CreateFirstAdmin(ctx, forum.User{Name: "late", Role: forum.Admin, CreatedAt: c.clock.Now()}, "late", "", forum.Beginning{Name: "Mine"})
	if forum.KindOf(err) != forum.Conflict {
		t.Errorf("a second first administrator: got %v, want conflict", err)
	}
}

func userNames(t *testing.T, c *community) {
	ctx := t.Context()
	before := c.rows(t)
	for _, name := range []string{"Author", "AUTHOR", "a", "", "no spaces", "trailing-", ".leading", "a\x00b", "a\xff", strings.Repeat("x", 41)} {
		if _, err := c.CreateUser(ctx, forum.SignUp{Name: name, Password: "long enough", Role: forum.Member}); err == nil {
			t.Errorf("an account named %q was made", name)
		}
	}
	differ(t, "rows after names that cannot be", before, c.rows(t))
	again, err := c.SignUp(ctx, forum.SignUp{Name: author, Password: "password of author"})
	if err != nil || again.ID != c.model.person(author).id {
		t.Errorf("repeated sign-up with the right password: %+v, %v", again, err)
	}
	if _, err := c.SignUp(ctx, forum.SignUp{Name: author, Password: "another password"}); forum.KindOf(err) != forum.Conflict {
		t.Errorf("sign-up under a name that is taken: %v, want conflict", err)
	}
	made, err := c.SignUp(ctx, forum.SignUp{Name: "newcomer", Password: "long enough", Role: forum.Admin})
	if err != nil || made.Role != forum.Member {
		t.Errorf("sign-up: %+v, %v", made, err)
	}
	if stored, err := c.User(ctx, "Newcomer"); err != nil || stored.Actor() != made.Actor() {
		t.Errorf("the account made is %+v, stored is %+v, %v", made, stored, err)
	}
	if _, err := c.User(ctx, "nobody-of-that-name"); forum.KindOf(err) != forum.NotFound {
		t.Errorf("absent person: %v", err)
	}
}

func userList(t *testing.T, c *community) {
	for i := range 5 {
		c.join(t, fmt.Sprintf("Person%d", i), forum.Member)
	}
	whole, err := c.Users(t.Context(), c.must(t, moderator), forum.UserFilter{Limit: 100})
	if err != nil || len(whole) != len(c.model.people) {
		t.Fatalf("%d people, %v; want %d", len(whole), err, len(c.model.people))
	}
	for limit := 1; limit <= len(whole)+1; limit++ {
		var got []forum.User
		after := ""
		for {
			part, err := c.Users(t.Context(), c.must(t, moderator), forum.UserFilter{After: after, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, part...); len(part) < limit {
				break
			}
			after = part[len(part)-1].Name
		}
		differ(t, fmt.Sprintf("people walked %d at a time", limit), whole, got)
	}
	for what, list := range map[string]struct {
		filter forum.UserFilter
		is     func(*person) bool
	}{
		"staff":                         {forum.UserFilter{Staff: true}, func(p *person) bool { return p.role != forum.Member }},
		"the suspended":                 {forum.UserFilter{Suspended: true}, func(p *person) bool { return p.suspended }},
		"the suspended among the staff": {forum.UserFilter{Staff: true, Suspended: true}, func(p *person) bool { return p.suspended && p.role != forum.Member }},
	} {
		got, err := c.Users(t.Context(), c.must(t, moderator), list.filter)
		var want []forum.User
		for i := range whole {
			if list.is(c.model.personByID(whole[i].ID)) {
				want = append(want, whole[i])
			}
		}
		if err != nil || len(want) == 0 {
			t.Errorf("%s: %d wanted, %v", what, len(want), err)
		}
		differ(t, what, want, got)
	}
	for _, who := range []string{visitor, author, suspendedModerator} {
		if _, err := c.Users(t.Context(), c.must(t, who), forum.UserFilter{}); err == nil {
			t.Errorf("%q lists people", who)
		}
	}
}

func userAbout(t *testing.T, c *community) {
	for _, who := range everybody {
		err := c.EditProfile(t.Context(), c.must(t, who), "I am "+who, "")
		want, refused := unableToWrite[who]
		if refused != (err != nil) || refused && forum.KindOf(err) != want {
			t.Errorf("as %q: %v", who, err)
		}
	}
	profile, err := c.Profile(t.Context(), forum.Actor{}, "Moderator")
	if err != nil || profile.About != "I am moderator with moderate" || !strings.Contains(profile.AboutHTML, "I am") {
		t.Errorf("profile %+v, %v", profile, err)
	}
	if err := c.EditProfile(t.Context(), c.must(t, author), "a\x00b", ""); forum.KindOf(err) != forum.Invalid {
		t.Errorf("NUL: %v, want invalid", err)
	}
}

// userManyAtOnce: administrators who change many people, and each other, at the same moment wait for one
// another in one order, and never each for the other.
func userManyAtOnce(t *testing.T, c *community) {
	c.do(t, setRole{by: as(admin), person: other, role: forum.Admin})
	c.store.Observe(func(batch store.Batch) {
		if batch.Err != nil {
			t.Errorf("a transaction was given up: %v", batch.Err)
		}
	})
	var changing sync.WaitGroup
	for i := range 12 {
		by := as(pick([]string{admin, other}, i))
		actor := c.must(t, by.name)
		for _, tr := range []transition{
			setRole{by: by, person: pick([]string{author, bystander, moderator}, i), role: pick(stepRoles[:2], i/2)},
			suspend{by: by, person: pick([]string{bystander, suspended}, i), set: i%3 == 0},
		} {
			changing.Go(func() {
				if _, err := tr.ask(t.Context(), c, actor); err != nil {
					t.Errorf("%s: %v", describe(tr), err)
				}
			})
		}
		changing.Go(func() {
			if _, _, err := c.CreateToken(t.Context(), actor, fmt.Sprint("token ", i), forum.ScopeRead, ""); err != nil {
				t.Errorf("token %d of %s: %v", i, by, err)
			}
		})
	}
	changing.Wait()
}
