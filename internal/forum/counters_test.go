package forum_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"folkmoot/internal/forum"
)

// amounts adds counts up by counter; what is zero is left out.
func amounts(all ...[]forum.Count) map[forum.Counter]int64 {
	sums := map[forum.Counter]int64{}
	for _, counts := range all {
		for _, count := range counts {
			if sums[count.Counter] += count.N; sums[count.Counter] == 0 {
				delete(sums, count.Counter)
			}
		}
	}
	return sums
}

// minus is what a change writes.
func minus(counts []forum.Count) []forum.Count {
	var negative []forum.Count
	for _, count := range counts {
		negative = append(negative, forum.Count{Counter: count.Counter, N: -count.N})
	}
	return negative
}

var (
	states = rapid.SampledFrom([]forum.State{forum.Visible, forum.Unlisted, forum.Hidden, forum.Deleted})

	threads = rapid.Custom(func(t *rapid.T) forum.Thread {
		th := forum.Thread{ID: 7, CategoryID: forum.CategoryID(rapid.IntRange(1, 3).Draw(t, "category")), State: states.Draw(t, "state"),
			Author: forum.Author{ID: forum.UserID(rapid.IntRange(0, 2).Draw(t, "author"))}}
		for id := range rapid.IntRange(0, 3).Draw(t, "tags") {
			th.Tags = append(th.Tags, forum.Tag{ID: forum.TagID(id + 1)})
		}
		return th
	})

	tallies = rapid.Custom(func(t *rapid.T) forum.Tally {
		tally := forum.Tally{Author: forum.UserID(rapid.IntRange(0, 2).Draw(t, "author")), Reactions: rapid.Int64Range(0, 9).Draw(t, "reactions"),
			Solutions: rapid.Int64Range(0, 1).Draw(t, "solutions")}
		for _, state := range []forum.State{forum.Visible, forum.Hidden, forum.Deleted} {
			tally.Posts[state] = rapid.Int64Range(0, 5).Draw(t, state.String())
		}
		return tally
	})
)

// Whatever becomes of a thread, its posts stay as many: what one state or category loses another gains.
func TestContributionConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally, before := tallies.Draw(t, "tally"), threads.Draw(t, "before")
		after := before
		after.State, after.CategoryID = states.Draw(t, "state after"), forum.CategoryID(rapid.IntRange(1, 3).Draw(t, "category after"))
		moved := amounts(minus(forum.Contribution(tally, &before)), forum.Contribution(tally, &after),
			minus(forum.ThreadContribution(&before)), forum.ThreadContribution(&after))
		sums := map[forum.CounterOf]int64{}
		for counter, n := range moved {
			if counter.Of == forum.OfThread || counter.Of == forum.OfParticipant {
				t.Errorf("%+v moves by %d: a thread's own numbers depend on its posts alone", counter, n)
			}
			if counter.Column < forum.Reactions {
				sums[counter.Of] += n
			}
		}
		for of, n := range sums {
			if n != 0 {
				t.Errorf("counters of kind %d gain %d threads and posts", of, n)
			}
		}
	})
}

// A participant's row counts for what the posts in it count for one by one.
func TestContributionAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, thread := tallies.Draw(t, "a"), tallies.Draw(t, "b"), threads.Draw(t, "thread")
		b.Author = a.Author
		both := forum.Tally{Author: a.Author, Reactions: a.Reactions + b.Reactions, Solutions: a.Solutions + b.Solutions}
		for state := range both.Posts {
			both.Posts[state] = a.Posts[state] + b.Posts[state]
		}
		apart := amounts(forum.Contribution(a, &thread), forum.Contribution(b, &thread))
		if diff := cmp.Diff(apart, amounts(forum.Contribution(both, &thread))); diff != "" {
			t.Errorf("together (-apart +together):\n%s", diff)
		}
	})
}

func TestContribution(t *testing.T) {
	counter := func(of forum.CounterOf, a, b int64, column forum.Column) forum.Counter {
		return forum.Counter{Of: of, A: a, B: b, Column: column}
	}
	posts := func(state forum.State) forum.Column { return forum.PostsIn + forum.Column(state) }
	thread := func(state forum.State) *forum.Thread {
		return &forum.Thread{ID: 7, CategoryID: 3, State: state, SolutionNumber: 2}
	}
	tests := []struct {
		name   string
		post   forum.Post
		thread *forum.Thread
		want   map[forum.Counter]int64
	}{
		{"the accepted answer to a post, with reactions", forum.Post{Number: 2, Author: forum.Author{ID: 9}, ReactionCount: 4, ReplyThread: 7, ReplyNumber: 1}, thread(forum.Visible),
			map[forum.Counter]int64{
				counter(forum.OfThread, 7, 0, posts(forum.Visible)): 1, counter(forum.OfThread, 7, 0, forum.Reactions): 4,
				counter(forum.OfPost, 7, 1, forum.Replies):               1,
				counter(forum.OfParticipant, 7, 9, posts(forum.Visible)): 1, counter(forum.OfParticipant, 7, 9, forum.Reactions): 4, counter(forum.OfParticipant, 7, 9, forum.Solutions): 1,
				counter(forum.OfUserInCategory, 9, 3, posts(forum.Visible)): 1, counter(forum.OfUserInCategory, 9, 3, forum.Reactions): 4, counter(forum.OfUserInCategory, 9, 3, forum.Solutions): 1,
				counter(forum.OfCategory, 3, 0, posts(forum.Visible)): 1}},
		{"the same in an unlisted thread", forum.Post{Number: 2, Author: forum.Author{ID: 9}, ReactionCount: 4}, thread(forum.Unlisted),
			map[forum.Counter]int64{
				counter(forum.OfThread, 7, 0, posts(forum.Visible)): 1, counter(forum.OfThread, 7, 0, forum.Reactions): 4,
				counter(forum.OfParticipant, 7, 9, posts(forum.Visible)): 1, counter(forum.OfParticipant, 7, 9, forum.Reactions): 4, counter(forum.OfParticipant, 7, 9, forum.Solutions): 1,
				counter(forum.OfUserInCategory, 9, 3, posts(forum.Unlisted)): 1,
				counter(forum.OfCategory, 3, 0, posts(forum.Unlisted)):       1}},
		{"hidden in a deleted thread", forum.Post{Number: 2, State: forum.Hidden, Author: forum.Author{ID: 9}, ReactionCount: 4, ReplyThread: 7, ReplyNumber: 1}, thread(forum.Deleted),
			map[forum.Counter]int64{
				counter(forum.OfThread, 7, 0, posts(forum.Hidden)): 1, counter(forum.OfParticipant, 7, 9, posts(forum.Hidden)): 1,
				counter(forum.OfUserInCategory, 9, 3, posts(forum.Deleted)): 1, counter(forum.OfCategory, 3, 0, posts(forum.Deleted)): 1}},
		{"nobody's", forum.Post{Number: 3, Author: forum.Author{Name: "Somebody"}, ReactionCount: 1}, thread(forum.Visible),
			map[forum.Counter]int64{
				counter(forum.OfThread, 7, 0, posts(forum.Visible)): 1, counter(forum.OfThread, 7, 0, forum.Reactions): 1,
				counter(forum.OfCategory, 3, 0, posts(forum.Visible)): 1}},
		{"in a thread that is being purged", forum.Post{Number: 2, Author: forum.Author{ID: 9}, ReplyThread: 7, ReplyNumber: 1},
			&forum.Thread{ID: 7, CategoryID: 3, Marks: forum.ThreadMarks{PurgingAt: time.Unix(1, 0)}}, map[forum.Counter]int64{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, amounts(forum.PostContribution(&tt.post, tt.thread))); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThreadContribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		thread := threads.Draw(t, "thread")
		want := map[forum.CounterOf]int64{forum.OfCategory: 1}
		if thread.Author.ID != 0 {
			want[forum.OfUserInCategory] = 1
		}
		if len(thread.Tags) > 0 {
			want[forum.OfTagInCategory] = int64(len(thread.Tags))
		}
		got := map[forum.CounterOf]int64{}
		for _, count := range forum.ThreadContribution(&thread) {
			if count.Column != forum.ThreadsIn+forum.Column(thread.State) {
				t.Errorf("a %s thread counts in column %d", thread.State, count.Column)
			}
			got[count.Of] += count.N
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		thread.Marks.PurgingAt = time.Unix(1, 0)
		if counts := forum.ThreadContribution(&thread); counts != nil {
			t.Errorf("being purged it counts %v", counts)
		}
	})
}

func TestUserContribution(t *testing.T) {
	user := forum.User{ID: 3}
	before := forum.UserContribution(&user)
	user.SuspendedAt = time.Unix(1, 0)
	want := map[forum.Counter]int64{
		{Of: forum.OfPeople, Kind: "active", Column: forum.Number}:    -1,
		{Of: forum.OfPeople, Kind: "suspended", Column: forum.Number}: 1,
	}
	if diff := cmp.Diff(want, amounts(minus(before), forum.UserContribution(&user))); diff != "" {
		t.Errorf("a suspension moves (-want +got):\n%s", diff)
	}
}
