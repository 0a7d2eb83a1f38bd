package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var credentialCases = []testCase{
	{"sessions", credentialSessions},
	{"sessions in use", credentialSessionsInUse},
	{"tokens", credentialTokens},
	{"a token is shown once", credentialTokenKey},
	{"a new password ends what was signed in", credentialPassword},
	{"who changes their password stays signed in, here alone", credentialChange},
}

func credentialSessions(t *testing.T, c *community) {
	ctx := t.Context()
	for _, wrong := range [][2]string{{author, "wrong password"}, {"nobody", "password of nobody"}, {"", ""}, {author, ""}} {
		if _, _, err := c.SignIn(ctx, wrong[0], wrong[1]); forum.KindOf(err) != forum.Invalid {
			t.Errorf("signing in as %q with %q: %v", wrong[0], wrong[1], err)
		}
	}
	secret, user, err := c.SignIn(ctx, "AUTHOR", "password of author")
	if err != nil {
		t.Fatal(err)
	}
	actor, err := c.SessionActor(ctx, secret)
	if err != nil || actor != user.Actor() || actor != c.must(t, author) {
		t.Errorf("session: %+v, %v", actor, err)
	}
	c.do(t, suspend{by: as(admin), person: author, set: true})
	if actor, err := c.SessionActor(ctx, secret); err != nil || !actor.Suspended {
		t.Errorf("session of a suspended person: %+v, %v", actor, err)
	}
	c.clock.move(forum.SessionLifetime)
	if _, err := c.SessionActor(ctx, secret); forum.KindOf(err) != forum.Unauthenticated {
		t.Errorf("session past its time: %v", err)
	}
	c.clock.move(-time.Hour)
	if _, err := c.SessionActor(ctx, secret); err != nil {
		t.Errorf("session within its time: %v", err)
	}
	if err := c.SignOut(ctx, secret); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SessionActor(ctx, secret); forum.KindOf(err) != forum.Unauthenticated {
		t.Errorf("session after signing out: %v", err)
	}
}

// credentialSessionsInUse: a session lasts its time after it was last used, within a day, and whatever
// ended it has.
func credentialSessionsInUse(t *testing.T, c *community) {
	ctx := t.Context()
	const day = 24 * time.Hour
	begin := func() forum.Secret {
		secret, _, err := c.SignIn(ctx, author, "password of author")
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	use := func(secret forum.Secret, renewed bool) {
		t.Helper()
		if actor, err := c.ActorOf(ctx, secret); err != nil || actor.Renewed != renewed {
			t.Errorf("extended %v, %v; want %v", actor.Renewed, err, renewed)
		}
	}
	extend := func() {
		t.Helper()
		if err := c.ExtendSessions(ctx); err != nil {
			t.Error(err)
		}
	}
	over := func(secret forum.Secret) {
		t.Helper()
		if _, err := c.ActorOf(ctx, secret); forum.KindOf(err) != forum.Unauthenticated {
			t.Errorf("a session that has ended: %v", err)
		}
	}
	reply := func(secret forum.Secret) {
		t.Helper()
		if _, err := c.ReplyingActor(ctx, secret); err != nil {
			t.Errorf("a session that only replies: %v", err)
		}
	}
	used, replying, unused := begin(), begin(), begin()
	use(used, false)
	before := c.rows(t)
	extend()
	differ(t, "rows after a second use on a day", before, c.rows(t))
	for range 4 {
		c.clock.move(forum.SessionLifetime * 2 / 5)
		use(used, true)
		use(used, true) // until it is written
		reply(replying)
		extend()
		use(used, false)
		reply(replying) // who that is is remembered now
	}
	over(unused)
	use(replying, false)

	use(used, false)
	c.clock.move(2 * day)
	use(used, true)
	if err := c.SignOut(ctx, used); err != nil {
		t.Fatal(err)
	}
	late := begin()
	c.clock.move(forum.SessionLifetime - time.Hour)
	use(late, true)
	c.clock.move(time.Hour)
	extend()
	over(used)
	over(late)
}

func credentialTokens(t *testing.T, c *community) {
	ctx := t.Context()
	for _, who := range everybody {
		_, _, err := c.CreateToken(ctx, c.must(t, who), "script", forum.ScopeRead, "")
		want, refused := unableToWrite[who]
		if strings.Contains(who, " with ") {
			want, refused = forum.Forbidden, true
		}
		if refused != (err != nil) || refused && forum.KindOf(err) != want {
			t.Errorf("token of %q: %v", who, err)
		}
	}
	for _, scope := range []forum.Scope{forum.ScopeRead, forum.ScopeWrite, forum.ScopeModerate} {
		token, secret, err := c.CreateToken(ctx, c.must(t, moderator), "a script", scope, "")
		if err != nil {
			t.Fatal(err)
		}
		want := c.must(t, "moderator with "+string(scope))
		if actor, err := c.TokenActor(ctx, secret); err != nil || actor != want {
			t.Errorf("token to %s: %+v, %v; want %+v", scope, actor, err, want)
		}
		if err := c.DeleteToken(ctx, c.must(t, other), token.ID); forum.KindOf(err) != forum.NotFound {
			t.Errorf("another's token: %v, want not found", err)
		}
		if err := c.DeleteToken(ctx, c.must(t, moderator), token.ID); err != nil {
			t.Error(err)
		}
		if _, err := c.TokenActor(ctx, secret); forum.KindOf(err) != forum.Unauthenticated {
			t.Errorf("a token that is gone: %v", err)
		}
	}
	for _, who := range []string{"author with read", "author with write", "moderator with moderate"} {
		holder := c.must(t, who)
		if tokens, err := c.Tokens(ctx, holder); forum.KindOf(err) != forum.Forbidden || err == nil {
			t.Errorf("%s lists %d tokens, %v; want forbidden", who, len(tokens), err)
		}
		if err := c.DeleteToken(ctx, holder, 1); forum.KindOf(err) != forum.Forbidden || err == nil {
			t.Errorf("%s ends a token: %v, want forbidden", who, err)
		}
	}
	for i := range forum.MaxTokens {
		if _, _, err := c.CreateToken(ctx, c.must(t, admin), fmt.Sprint(i), forum.ScopeRead, ""); err != nil && i < forum.MaxTokens-2 {
			t.Fatalf("token %d: %v", i, err)
		}
	}
	if _, _, err := c.CreateToken(ctx, c.must(t, admin), "one more", forum.ScopeRead, ""); forum.KindOf(err) != forum.Conflict {
		t.Errorf("more tokens than there can be: %v, want conflict", err)
	}
	tokens, err := c.Tokens(ctx, c.must(t, admin))
	if err != nil || len(tokens) != forum.MaxTokens {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
}

func credentialTokenKey(t *testing.T, c *community) {
	ctx := t.Context()
	_, secret, err := c.CreateToken(ctx, c.must(t, author), "a script", forum.ScopeWrite, "key")
	if err != nil {
		t.Fatal(err)
	}
	before := c.rows(t)
	if _, again, err := c.CreateToken(ctx, c.must(t, author), "a script", forum.ScopeWrite, "key"); forum.KindOf(err) != forum.Conflict || again != "" {
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
}

func credentialPassword(t *testing.T, c *community) {
	ctx := t.Context()
	session, _, err := c.SignIn(ctx, author, "password of author")
	if err != nil {
		t.Fatal(err)
	}
	_, token, err := c.CreateToken(ctx, c.must(t, author), "a script", forum.ScopeRead, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetPassword(ctx, author, "another password"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SessionActor(ctx, session); forum.KindOf(err) != forum.Unauthenticated {
		t.Errorf("session: %v", err)
	}
	if _, err := c.TokenActor(ctx, token); forum.KindOf(err) != forum.Unauthenticated {
		t.Errorf("token: %v", err)
	}
	if _, _, err := c.SignIn(ctx, author, "password of author"); err == nil {
		t.Error("the old password still signs in")
	}
	if _, _, err := c.SignIn(ctx, author, "another password"); err != nil {
		t.Error(err)
	}
}

func credentialChange(t *testing.T, c *community) {
	ctx := t.Context()
	signIn := func(name string) forum.Secret {
		t.Helper()
		session, _, err := c.SignIn(ctx, name, "password of "+name)
		if err != nil {
			t.Fatal(err)
		}
		return session
	}
	here, there, anothers := signIn(author), signIn(author), signIn(other)
	_, token, err := c.CreateToken(ctx, c.must(t, author), "a script", forum.ScopeRead, "")
	if err != nil {
		t.Fatal(err)
	}
	signed := func(when string, session forum.Secret, want bool) {
		t.Helper()
		if _, err := c.SessionActor(ctx, session); (err == nil) != want {
			t.Errorf("%s: session: %v, want it valid: %t", when, err, want)
		}
	}
	for _, who := range []string{"author with write", visitor} {
		if err := c.ChangePassword(ctx, c.must(t, who), here, "password of author", "another password"); err == nil {
			t.Errorf("%s changes a password", who)
		}
		if err := c.SignOutElsewhere(ctx, c.must(t, who), here); err == nil {
			t.Errorf("%s ends sessions", who)
		}
	}
	for _, wrong := range []string{"", "password of other", strings.Repeat("x", 1<<16)} {
		if err := c.ChangePassword(ctx, c.must(t, author), here, wrong, "another password"); forum.KindOf(err) != forum.Invalid {
			t.Errorf("with %.20q for the present password: %v, want invalid", wrong, err)
		}
	}
	if err := c.ChangePassword(ctx, c.must(t, author), here, "password of author", "short"); forum.KindOf(err) != forum.Invalid {
		t.Errorf("to a short one: %v, want invalid", err)
	}
	signed("after a refusal", there, true)
	if err := c.ChangePassword(ctx, c.must(t, author), here, "password of author", "another password"); err != nil {
		t.Fatal(err)
	}
	signed("here", here, true)
	signed("there", there, false)
	signed("of another", anothers, true)
	if _, err := c.TokenActor(ctx, token); err != nil {
		t.Errorf("token: %v", err)
	}
	if _, _, err := c.SignIn(ctx, author, "password of author"); err == nil {
		t.Error("the old password still signs in")
	}
	there, _, err = c.SignIn(ctx, author, "another password")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SignOutElsewhere(ctx, c.must(t, author), here); err != nil {
		t.Fatal(err)
	}
	signed("here, signed out elsewhere", here, true)
	signed("there, signed out from here", there, false)
	signed("of another", anothers, true)
	if err := c.Store.ChangePassword(ctx, c.must(t, author).User, "an earlier hash", "hash", here.Hash()); err != forum.ErrStale {
		t.Errorf("on what is not the password any more: %v, want stale", err)
	}
}
