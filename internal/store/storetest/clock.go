package storetest

import (
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var clockCases = []testCase{
	{"posts of one moment are a microsecond apart", clockStands},
	{"set back a little", clockBack},
	{"set back by an hour", clockFarBack},
	{"set forward", clockForward},
	{"deleted posts count for times given", clockDeleted},
	{"last activity moves back by deletion only", clockLastActivity},
}

// replyTimes replies n times and returns what time each got after the thread's start.
func (c *community) replyTimes(t testing.TB, id forum.ThreadID, n int) []time.Duration {
	t.Helper()
	var times []time.Duration
	for range n {
		c.step(t, createPost{by: as(other), thread: id})
		th := c.model.thread(id)
		times = append(times, th.posts[len(th.posts)-1].created.Sub(th.created))
	}
	return times
}

func clockStands(t *testing.T, c *community) {
	id := c.longThread(t, 1)
	differ(t, "times", []time.Duration{time.Microsecond, 2 * time.Microsecond, 3 * time.Microsecond}, c.replyTimes(t, id, 3))
}

func clockBack(t *testing.T, c *community) {
	id := c.longThread(t, 1)
	c.clock.move(-5 * time.Minute)
	differ(t, "times", []time.Duration{time.Microsecond}, c.replyTimes(t, id, 1))
	c.clock.move(4 * time.Minute)
	differ(t, "times", []time.Duration{2 * time.Microsecond}, c.replyTimes(t, id, 1))
	c.clock.move(2 * time.Minute)
	differ(t, "times", []time.Duration{time.Minute}, c.replyTimes(t, id, 1))
}

// clockFarBack: the last time was given by a clock that was wrong; the present one is believed.
func clockFarBack(t *testing.T, c *community) {
	for _, back := range []time.Duration{time.Hour, 10 * time.Minute} {
		id := c.longThread(t, 1)
		c.clock.move(-back)
		differ(t, "times", []time.Duration{-back}, c.replyTimes(t, id, 1))
		th, err := c.Thread(t.Context(), forum.Actor{}, id)
		if err != nil || !th.LastActivityAt.Equal(th.CreatedAt) || th.LastNumber != 2 {
			t.Errorf("last activity %v of post %d, %v: the greatest time and the last number are two things", th.LastActivityAt, th.LastNumber, err)
		}
		c.clock.move(2 * back)
	}
}

func clockForward(t *testing.T, c *community) {
	id := c.longThread(t, 1)
	c.clock.move(24 * time.Hour)
	differ(t, "times", []time.Duration{24 * time.Hour, 24*time.Hour + time.Microsecond}, c.replyTimes(t, id, 2))
}

func clockDeleted(t *testing.T, c *community) {
	id := c.longThread(t, 3)
	c.do(t, deletePost{by: as(other), thread: id, number: 3}, deletePost{by: as(other), thread: id, number: 2})
	c.clock.move(-time.Minute)
	differ(t, "times", []time.Duration{2*time.Minute + time.Microsecond}, c.replyTimes(t, id, 1))
}

func clockLastActivity(t *testing.T, c *community) {
	id := c.longThread(t, 3)
	last := func() time.Time {
		th, err := c.Thread(t.Context(), forum.Actor{}, id)
		if err != nil {
			t.Fatal(err)
		}
		return th.LastActivityAt
	}
	before := last()
	for _, tr := range []transition{
		createPost{by: as(author), thread: id},
		editPost{by: as(other), thread: id, number: 2, body: "Edited."},
		react{by: as(author), thread: id, number: 2, kind: "up"},
		mark{by: as(moderator), thread: id, number: 2, mark: forum.MarkModHidden, set: true},
		mark{by: as(moderator), thread: id, number: 2, mark: forum.MarkModHidden},
		editThread{by: as(moderator), thread: id, title: "Renamed", category: c.workshop},
	} {
		c.clock.move(-time.Minute)
		c.step(t, tr)
		if after := last(); after.Before(before) {
			t.Errorf("%s moved last activity from %v to %v", describe(tr), before, after)
		} else {
			before = after
		}
	}
	c.step(t, deletePost{by: as(author), thread: id, number: 4})
	if after := last(); !after.Before(before) {
		t.Errorf("last activity is still %v after its post was deleted", after)
	}
}
