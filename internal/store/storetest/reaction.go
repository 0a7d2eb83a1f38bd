package storetest

import (
	"context"
	"slices"
	"testing"

	"folkmoot/internal/forum"
)

// react gives a reaction instead of an earlier one, or withdraws it.
type react struct {
	by     asker
	thread forum.ThreadID
	number int64
	kind   string // "": withdraw
	key    string
}

func (tr react) asker() asker { return tr.by }

func (tr react) refused(m *model) error {
	th, p, err := m.unseenPost(tr.by, tr.thread, tr.number)
	switch {
	case err != nil:
		return err
	case m.unable(tr.by) != nil:
		return m.unable(tr.by)
	case th.effective(p) >= forum.Hidden:
		return refuse(forum.Conflict)
	}
	return nil
}

func (tr react) ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error) {
	_, err := c.React(ctx, actor, tr.thread, tr.number, tr.kind, tr.key)
	return forum.Receipt{}, err
}

func (tr react) done(m *model, _ forum.Receipt) forum.Receipt {
	th := m.thread(tr.thread)
	p := th.post(tr.number)
	if p.reactions[tr.by.name] == tr.kind {
		return th.receipt(tr.number)
	}
	if p.reactions == nil {
		p.reactions = map[string]string{}
	}
	p.reactions[tr.by.name] = tr.kind
	if tr.kind == "" {
		delete(p.reactions, tr.by.name)
	}
	p.touched(th)
	return th.receipt(tr.number)
}

func reacting(number int64, kind string) func(asker, place, *community) transition {
	return func(by asker, at place, _ *community) transition {
		return react{by: by, thread: at.thread, number: number, kind: kind}
	}
}

var reactionCases = slices.Concat(cases(
	attempt{"react", nil, reacting(3, "up"), unableToWrite},
	attempt{"react to the first post", nil, reacting(1, "heart"), unableToWrite},
	attempt{"change", nil, reacting(2, "laugh"), unableToWrite},
	attempt{"withdraw", nil, reacting(2, ""), unableToWrite},
	attempt{"react, locked", moderated(forum.MarkLocked), reacting(3, "up"), unableToWrite},
	attempt{"react, unlisted", moderated(forum.MarkUnlisted), reacting(3, "up"), unableToWrite},
	attempt{"react to a hidden post", postMarked(forum.MarkModHidden), reacting(3, "up"),
		unseenByMembers.and(forum.Conflict, moderator, "moderator with moderate", admin)},
	attempt{"withdraw from a deleted post", ownDeleted, reacting(3, ""),
		unseenByMembers.and(forum.Conflict, author, "author with write", moderator, "moderator with moderate", admin).and(forum.Forbidden, "author with read")},
	attempt{"react in a hidden thread", moderated(forum.MarkModHidden), reacting(3, "up"),
		unseenByMembers.and(forum.Conflict, moderator, "moderator with moderate", admin)},
), []testCase{
	{"the same twice moves nothing", reactionTwice},
	{"received while hidden", reactionHidden},
	{"no such kind", reactionUnknown},
})

func reactionTwice(t *testing.T, c *community) {
	at := c.place(t)
	for _, kind := range []string{"up", "down", "down", "", ""} {
		c.step(t, react{by: as(other), thread: at.thread, number: 3, kind: kind})
		before := c.rows(t)
		c.step(t, react{by: as(other), thread: at.thread, number: 3, kind: kind})
		differ(t, "rows after "+kind+" again", before, c.rows(t))
	}
}

// reactionHidden: reactions stay with a post that is hidden, and count for nobody meanwhile.
func reactionHidden(t *testing.T, c *community) {
	at := c.place(t)
	received := func() int64 {
		profile, err := c.Profile(t.Context(), forum.Actor{}, other)
		if err != nil {
			t.Fatal(err)
		}
		return profile.ReactionsReceived
	}
	c.step(t, react{by: as(moderator), thread: at.thread, number: 2, kind: "up"})
	steps := []struct {
		tr   transition
		want int64
	}{
		{mark{by: as(moderator), thread: at.thread, number: 2, mark: forum.MarkModHidden, set: true}, 0},
		{mark{by: as(moderator), thread: at.thread, number: 2, mark: forum.MarkModHidden}, 2},
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkUnlisted, set: true}, 0},
		{react{by: as(author), thread: at.thread, number: 2}, 0},
		{mark{by: as(moderator), thread: at.thread, mark: forum.MarkUnlisted}, 1},
		{editThread{by: as(moderator), thread: at.thread, category: c.staff}, 0},
		{editThread{by: as(moderator), thread: at.thread, category: c.workshop}, 1},
	}
	for _, step := range steps {
		c.step(t, step.tr)
		differ(t, "received after "+describe(step.tr), step.want, received())
	}
}

func reactionUnknown(t *testing.T, c *community) {
	at := c.place(t)
	before := c.rows(t)
	for _, kind := range []string{"UP", "up ", "\x00", "'; --", "thumbs up"} {
		if _, err := c.React(t.Context(), c.must(t, other), at.thread, 2, kind, ""); forum.KindOf(err) != forum.Invalid {
			t.Errorf("reaction %q: got %v, want invalid", kind, err)
		}
	}
	differ(t, "rows after reactions there are none of", before, c.rows(t))
}
