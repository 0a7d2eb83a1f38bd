package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var invitationCases = []testCase{
	{"who may make and end them", invitationRights},
	{"signing up by invitation", invitationSignUp},
	{"of many at once as many as it is for", invitationRace},
	{"its secret is shown once", invitationSecret},
	{"nobody signs up where that is closed", invitationClosed},
	{"the list, part by part", invitationList},
}

// invite makes an invitation for so many.
func (c *community) invite(t testing.TB, who string, uses int64) (forum.Invitation, forum.Secret) {
	t.Helper()
	made, secret, err := c.CreateInvitation(t.Context(), c.must(t, who), forum.NewInvitation{Note: "a friend", Uses: uses, Days: 7})
	if err != nil {
		t.Fatal(err)
	}
	return made, secret
}

// signUp signs up with an invitation.
func (c *community) signUp(ctx context.Context, name string, invitation forum.Secret) error {
	_, err := c.SignUp(ctx, forum.SignUp{Name: name, Password: "password of " + name, Invitation: invitation})
	return err
}

func invitationRights(t *testing.T, c *community) {
	ctx := t.Context()
	made, _ := c.invite(t, moderator, 1)
	for _, who := range everybody {
		kind, refused := notModerator[who]
		before := c.rows(t)
		_, _, err := c.CreateInvitation(ctx, c.must(t, who), forum.NewInvitation{Uses: 1, Days: 1})
		if refused != (err != nil) || refused && forum.KindOf(err) != kind {
			t.Errorf("%q makes one: %v", who, err)
		}
		if refused {
			if err := c.EndInvitation(ctx, c.must(t, who), made.ID, ""); forum.KindOf(err) != kind || err == nil {
				t.Errorf("%q ends one: %v", who, err)
			}
			if who != "moderator with read" {
				if _, err := c.Invitations(ctx, c.must(t, who), 0, 0); forum.KindOf(err) != kind || err == nil {
					t.Errorf("%q lists them: %v", who, err)
				}
			}
			differ(t, "rows after refusals of "+who, before, c.rows(t))
		}
	}
	before := c.rows(t)
	for name, in := range map[string]forum.NewInvitation{
		"for nobody": {Uses: 0, Days: 1}, "for everybody": {Uses: forum.BoundInvitationUses.Max + 1, Days: 1},
		"for no time": {Uses: 1}, "for ever": {Uses: 1, Days: forum.BoundInvitationDays.Max + 1},
		"a long note": {Uses: 1, Days: 1, Note: strings.Repeat("x", forum.LimitNote.Max+1)},
	} {
		if _, _, err := c.CreateInvitation(ctx, c.must(t, admin), in); forum.KindOf(err) != forum.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.EndInvitation(ctx, c.must(t, admin), 999, ""); forum.KindOf(err) != forum.NotFound || err == nil {
		t.Errorf("ending none: %v", err)
	}
	differ(t, "rows after refusals", before, c.rows(t))
}

func invitationSignUp(t *testing.T, c *community) {
	ctx := t.Context()
	c.setRules(t, func(r *forum.Rules) { r.SignUp = forum.SignUpInvited })
	refused := func(name string, secret forum.Secret) {
		t.Helper()
		before := c.rows(t)
		if err := c.signUp(ctx, name, secret); forum.KindOf(err) != forum.Invalid || err == nil || !strings.Contains(err.Error(), "invitation is not valid") {
			t.Errorf("%s signs up: %v", name, err)
		}
		if err := c.CanSignUp(ctx, secret); forum.KindOf(err) != forum.Invalid || err == nil {
			t.Errorf("%s could sign up: %v", name, err)
		}
		differ(t, "rows after "+name+" was refused", before, c.rows(t))
	}
	_, secret := c.invite(t, moderator, 2)
	refused("without", "")
	refused("wrong", secret[:len(secret)-1])
	for _, name := range []string{"first", "second"} {
		if err := c.CanSignUp(ctx, secret); err != nil {
			t.Errorf("%s could not sign up: %v", name, err)
		}
		if err := c.signUp(ctx, name, secret); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.signUp(ctx, "first", secret); err != nil {
		t.Errorf("the answer that got lost: %v", err)
	}
	refused("third", secret)
	all, err := c.Invitations(ctx, c.must(t, admin), 0, 0)
	if err != nil || len(all) != 1 || all[0].Used != 2 || all[0].Uses != 2 || all[0].Note != "a friend" || all[0].By.ID != c.model.person(moderator).id {
		t.Errorf("invitations %+v, %v", all, err)
	}

	ended, secret := c.invite(t, moderator, 1)
	if err := c.EndInvitation(ctx, c.must(t, admin), ended.ID, ""); err != nil {
		t.Fatal(err)
	}
	refused("after-the-end", secret)
	_, secret = c.invite(t, moderator, 1)
	c.clock.move(7 * 24 * time.Hour)
	refused("past-its-days", secret)
	_, secret = c.invite(t, moderator, 1)
	c.do(t, suspend{by: as(admin), person: moderator, set: true})
	refused("of-the-suspended", secret)
	c.do(t, suspend{by: as(admin), person: moderator}, setRole{by: as(admin), person: moderator, role: forum.Member})
	refused("of-a-member", secret)
	c.do(t, setRole{by: as(admin), person: moderator, role: forum.Moderator})
	if err := c.signUp(ctx, "last", secret); err != nil {
		t.Error(err)
	}
}

func invitationRace(t *testing.T, c *community) {
	c.setRules(t, func(r *forum.Rules) { r.SignUp = forum.SignUpInvited })
	_, secret := c.invite(t, admin, 3)
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		all.Go(func() { errs[i] = c.signUp(t.Context(), fmt.Sprintf("racer%d", i), secret) })
	}
	all.Wait()
	signed := 0
	for _, err := range errs {
		if err == nil {
			signed++
		} else if forum.KindOf(err) != forum.Invalid {
			t.Error(err)
		}
	}
	if signed != 3 || c.number(t, `SELECT count(*) FROM invited`) != 3 {
		t.Errorf("%d signed up, want 3", signed)
	}
}

func invitationSecret(t *testing.T, c *community) {
	ctx := t.Context()
	in := forum.NewInvitation{Uses: 1, Days: 1, Key: "key"}
	_, secret, err := c.CreateInvitation(ctx, c.must(t, admin), in)
	if err != nil {
		t.Fatal(err)
	}
	before := c.rows(t)
	if _, again, err := c.CreateInvitation(ctx, c.must(t, admin), in); forum.KindOf(err) != forum.Conflict || again != "" {
		t.Errorf("made again: %q, %v; want conflict", again, err)
	}
	differ(t, "rows after the retry", before, c.rows(t))
	for table, all := range before {
		for _, row := range all {
			if strings.Contains(row, string(secret)) {
				t.Errorf("%s holds the secret: %s", table, row)
			}
		}
	}
	if got := forum.InvitationIn(" https://forum.example/sign-up?invitation=" + string(secret) + "&next=%2F "); got != secret {
		t.Errorf("in the link is %q, want %q", got, secret)
	}
	if secret.WellFormed() {
		t.Error("an invitation can be a credential")
	}
}

func invitationClosed(t *testing.T, c *community) {
	_, secret := c.invite(t, admin, 1)
	c.setRules(t, func(r *forum.Rules) { r.SignUp = forum.SignUpClosed })
	before := c.rows(t)
	if err := c.signUp(t.Context(), "late", secret); forum.KindOf(err) != forum.Forbidden || err == nil {
		t.Errorf("signing up: %v", err)
	}
	if err := c.CanSignUp(t.Context(), secret); forum.KindOf(err) != forum.Forbidden || err == nil {
		t.Errorf("whether one could: %v", err)
	}
	differ(t, "rows after the refusal", before, c.rows(t))
	if err := c.signUp(t.Context(), author, secret); err != nil {
		t.Errorf("who has an account: %v", err)
	}
}

func invitationList(t *testing.T, c *community) {
	for range 5 {
		c.invite(t, admin, 1)
	}
	var got []int64
	for before := int64(0); ; {
		part, err := c.Invitations(t.Context(), c.must(t, moderator), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			break
		}
		for _, i := range part {
			got = append(got, i.ID)
		}
		before = part[len(part)-1].ID
	}
	differ(t, "invitations", []int64{5, 4, 3, 2, 1}, got)
}
