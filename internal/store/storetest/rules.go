package storetest

import (
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var rulesCases = []testCase{
	{"what is set is what is asked", rulesSet},
	{"out of bounds changes nothing", rulesRefusals},
	{"reactions that are not offered any more", rulesReactions},
	{"how long a post may be", rulesPostLength},
	{"how long a post may be changed", rulesEditHours},
}

// setRules sets rules that differ from the standard ones as change says.
func (c *community) setRules(t testing.TB, change func(*forum.Rules)) {
	t.Helper()
	rules := forum.StandardRules()
	change(&rules)
	if err := c.SetRules(t.Context(), c.must(t, admin), rules, 0, ""); err != nil {
		t.Fatal(err)
	}
}

func rulesSet(t *testing.T, c *community) {
	ctx := t.Context()
	got, err := c.Rules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "the rules nobody set", forum.StandardRules(), got)
	want := forum.Rules{SignUp: forum.SignUpInvited, PostLength: 2_000, EditHours: 24, Posts: 7, Threads: 3, SignUps: 9}
	asked := want
	asked.Reactions, want.Reactions = []string{"down", "up", "up"}, []string{"up", "down"}
	if err := c.SetRules(ctx, c.must(t, admin), asked, 0, "key"); err != nil {
		t.Fatal(err)
	}
	got, err = c.Rules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "the rules set", want, got)
	if site, err := c.Site(ctx); err != nil || site.SignUp != forum.SignUpInvited {
		t.Errorf("site %+v, %v", site, err)
	}
	before := c.rows(t)
	if err := c.SetRules(ctx, c.must(t, admin), asked, 0, "key"); err != nil {
		t.Errorf("the same again: %v", err)
	}
	differ(t, "rows after the retry", before, c.rows(t))
	want.Reactions = nil
	c.setRules(t, func(r *forum.Rules) { *r = want })
	if got, err = c.Rules(ctx); err != nil || len(got.Reactions) != 0 {
		t.Errorf("no reactions: %+v, %v", got, err)
	}
}

func rulesRefusals(t *testing.T, c *community) {
	for _, who := range everybody {
		if kind, refused := notAdmin[who]; refused {
			before := c.rows(t)
			rules := forum.StandardRules()
			rules.SignUp = forum.SignUpClosed
			if err := c.SetRules(t.Context(), c.must(t, who), rules, 0, ""); forum.KindOf(err) != kind || err == nil {
				t.Errorf("as %q: %v", who, err)
			}
			differ(t, "rows after a refusal of "+who, before, c.rows(t))
		}
	}
	before := c.rows(t)
	for name, change := range map[string]func(*forum.Rules){
		"no policy":           func(r *forum.Rules) { r.SignUp = "" },
		"an unknown policy":   func(r *forum.Rules) { r.SignUp = "sometimes" },
		"an unknown reaction": func(r *forum.Rules) { r.Reactions = []string{"up", "sideways"} },
		"posts too short":     func(r *forum.Rules) { r.PostLength = forum.BoundPostLength.Min - 1 },
		"posts too long":      func(r *forum.Rules) { r.PostLength = forum.BoundPostLength.Max + 1 },
		"time that runs back": func(r *forum.Rules) { r.EditHours = -1 },
		"time without end":    func(r *forum.Rules) { r.EditHours = forum.BoundEditHours.Max + 1 },
		"no posts":            func(r *forum.Rules) { r.Posts = 0 },
		"too many threads":    func(r *forum.Rules) { r.Threads = forum.BoundThreads.Max + 1 },
		"no sign-ups":         func(r *forum.Rules) { r.SignUps = 0 },
	} {
		rules := forum.StandardRules()
		change(&rules)
		if err := c.SetRules(t.Context(), c.must(t, admin), rules, 0, ""); forum.KindOf(err) != forum.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	differ(t, "rows after refusals", before, c.rows(t))
}

// rulesReactions: what was given stays, can be withdrawn, and is not given anew.
func rulesReactions(t *testing.T, c *community) {
	at := c.place(t)
	c.step(t, react{by: as(other), thread: at.thread, number: 1, kind: "heart"})
	c.setRules(t, func(r *forum.Rules) { r.Reactions = []string{"up"} })
	ctx := t.Context()
	if _, err := c.React(ctx, c.must(t, moderator), at.thread, 1, "heart", ""); forum.KindOf(err) != forum.Invalid {
		t.Errorf("a reaction that is not offered: %v", err)
	}
	post, err := c.React(ctx, c.must(t, other), at.thread, 1, "heart", "")
	if err != nil || len(post.Reactions) != 1 || post.Reactions[0] != (forum.ReactionCount{Kind: "heart", N: 1}) || post.MyReaction != "heart" {
		t.Errorf("what was given: %+v of mine %q, %v", post.Reactions, post.MyReaction, err)
	}
	c.step(t, react{by: as(moderator), thread: at.thread, number: 1, kind: "up"}, react{by: as(other), thread: at.thread, number: 1})
	if _, err := c.React(ctx, c.must(t, other), at.thread, 1, "heart", ""); forum.KindOf(err) != forum.Invalid {
		t.Errorf("given anew: %v", err)
	}
}

func rulesPostLength(t *testing.T, c *community) {
	at := c.place(t)
	ctx := t.Context()
	c.setRules(t, func(r *forum.Rules) { r.PostLength = 1_500 })
	fits, long := strings.Repeat("ä", 1_500), strings.Repeat("ä", 1_501)
	for name, write := range map[string]func(body string) error{
		"a reply": func(body string) error {
			_, err := c.CreatePost(ctx, c.must(t, author), forum.NewPost{Thread: at.thread, Body: body})
			return err
		},
		"a thread": func(body string) error {
			_, err := c.CreateThread(ctx, c.must(t, author), forum.NewThread{CategoryID: c.staff, Title: "T", Body: body})
			return err
		},
		"an edit": func(body string) error {
			_, err := c.EditPost(ctx, c.must(t, author), at.thread, 1, forum.PostEdit{Body: body})
			return err
		},
		"a look at it": func(body string) error { _, err := c.Preview(ctx, c.must(t, author), body); return err },
	} {
		tooLong := func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "1501 characters, at most 1500")
		}
		if err := write(long); !tooLong(err) {
			t.Errorf("%s of 1501: %v", name, err)
		}
		if err := write(fits); tooLong(err) || name != "a thread" && err != nil {
			t.Errorf("%s of 1500: %v", name, err)
		}
	}
}

func rulesEditHours(t *testing.T, c *community) {
	at := c.place(t)
	ctx := t.Context()
	edit := func(who string, n int) error {
		t.Helper()
		page, err := c.ThreadPage(ctx, c.must(t, who), at.thread, forum.PageAt{})
		if err != nil {
			t.Fatal(err)
		}
		offered, err := c.EditablePosts(ctx, c.must(t, who), &page)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.EditPost(ctx, c.must(t, who), at.thread, 1, forum.PostEdit{Body: strings.Repeat("Again. ", n)})
		if offered[1] != (err == nil) {
			t.Errorf("the post can be edited by %s: %v as its page has it, the answer was %v", who, offered[1], err)
		}
		return err
	}
	c.setRules(t, func(r *forum.Rules) { r.EditHours = 2 })
	c.clock.move(2*time.Hour - time.Second)
	if err := edit(author, 1); err != nil {
		t.Errorf("within its time: %v", err)
	}
	c.clock.move(time.Second)
	before := c.rows(t)
	if err := edit(author, 2); forum.KindOf(err) != forum.Conflict || !strings.Contains(err.Error(), "2 hours") {
		t.Errorf("past its time: %v", err)
	}
	differ(t, "rows after the refusal", before, c.rows(t))
	if err := edit(moderator, 3); err != nil {
		t.Errorf("by a moderator: %v", err)
	}
	c.setRules(t, func(r *forum.Rules) { r.EditHours = 0 })
	if err := edit(author, 4); err != nil {
		t.Errorf("without a time: %v", err)
	}
}
