package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var pageCases = []testCase{
	{"first, previous, next and last", pageEdges},
	{"a hole of deleted posts", pageHole},
	{"jumps to a number", pageNumbers},
	{"jumps to a date", pageDates},
	{"posts that came later than their time", pageLate},
	{"posts that came later than their time", pageLate},
	{"walked forward and back", pageWalk},
	{"path of categories", pagePath},
}

// longThread is a thread of n posts, a minute apart.
func (c *community) longThread(t testing.TB, n int) forum.ThreadID {
	t.Helper()
	c.do(t, createThread{by: as(author), category: c.general, title: "A long one"})
	id := c.model.lastThread().id
	for range n - 1 {
		c.clock.move(time.Minute)
		c.do(t, createPost{by: as(other), thread: id})
	}
	return id
}

// edges are the numbers by which one goes on from a page, and those of its posts.
type edges struct{ First, Previous, Next, Last, From, To int64 }

func (c *community) edges(t testing.TB, who string, id forum.ThreadID, at forum.PageAt) edges {
	t.Helper()
	at.Limit = 5
	page, err := c.ThreadPage(t.Context(), c.must(t, who), id, at)
	if err != nil || len(page.Posts) == 0 {
		t.Fatalf("page %+v: %d posts, %v", at, len(page.Posts), err)
	}
	return edges{page.First, page.Previous, page.Next, page.Last, page.Posts[0].Number, page.Posts[len(page.Posts)-1].Number}
}

func pageEdges(t *testing.T, c *community) {
	long, short, exact := c.longThread(t, 13), c.longThread(t, 1), c.longThread(t, 5)
	tests := []struct {
		name string
		id   forum.ThreadID
		at   forum.PageAt
		want edges
	}{
		{"first", long, forum.PageAt{}, edges{1, 0, 6, 9, 1, 5}},
		{"second", long, forum.PageAt{Number: 6}, edges{1, 1, 11, 9, 6, 10}},
		{"the rest", long, forum.PageAt{Number: 11}, edges{1, 6, 0, 9, 11, 13}},
		{"last", long, forum.PageAt{Last: true}, edges{1, 4, 0, 9, 9, 13}},
		{"before it a page is not full", long, forum.PageAt{Number: 3}, edges{1, 1, 8, 9, 3, 7}},
		{"one post", short, forum.PageAt{}, edges{1, 0, 0, 1, 1, 1}},
		{"one post, last", short, forum.PageAt{Last: true}, edges{1, 0, 0, 1, 1, 1}},
		{"exactly a page", exact, forum.PageAt{}, edges{1, 0, 0, 1, 1, 5}},
		{"exactly a page, last", exact, forum.PageAt{Last: true}, edges{1, 0, 0, 1, 1, 5}},
	}
	for _, tt := range tests {
		differ(t, tt.name, tt.want, c.edges(t, visitor, tt.id, tt.at))
	}
}

// pageHole: posts 4 to 11 of 13 are deleted; whoever does not see them passes over them.
func pageHole(t *testing.T, c *community) {
	id := c.longThread(t, 13)
	for number := int64(4); number <= 11; number++ {
		c.do(t, deletePost{by: as(moderator), thread: id, number: number})
	}
	tests := []struct {
		who  string
		at   forum.PageAt
		want edges
	}{
		{visitor, forum.PageAt{}, edges{1, 0, 0, 1, 1, 13}},
		{visitor, forum.PageAt{Number: 7}, edges{1, 1, 0, 1, 12, 13}},
		{visitor, forum.PageAt{Last: true}, edges{1, 0, 0, 1, 1, 13}},
		{moderator, forum.PageAt{Number: 7}, edges{1, 2, 12, 9, 7, 11}},
	}
	for _, tt := range tests {
		differ(t, fmt.Sprintf("%q at %+v", tt.who, tt.at), tt.want, c.edges(t, tt.who, id, tt.at))
	}
}

func pageNumbers(t *testing.T, c *community) {
	id := c.longThread(t, 7)
	for number, want := range map[int64]edges{
		-5:      {1, 0, 6, 3, 1, 5},
		0:       {1, 0, 6, 3, 1, 5},
		7:       {1, 2, 0, 3, 7, 7},
		8:       {1, 1, 0, 3, 3, 7}, // past the end: the last page
		1 << 60: {1, 1, 0, 3, 3, 7},
	} {
		differ(t, fmt.Sprintf("at %d", number), want, c.edges(t, visitor, id, forum.PageAt{Number: number}))
	}
}

// pageDates: a page begins with the first visible post of or after a time, else it is the last.
func pageDates(t *testing.T, c *community) {
	id := c.longThread(t, 8)
	start := c.model.thread(id).created
	c.do(t, deletePost{by: as(moderator), thread: id, number: 4}) // that of minute 3
	for at, want := range map[time.Duration]int64{
		-time.Hour:                  1,
		0:                           1,
		time.Microsecond:            2,
		2 * time.Minute:             3,
		2*time.Minute + time.Second: 5,
		7 * time.Minute:             8,
	} {
		got := c.edges(t, visitor, id, forum.PageAt{Time: start.Add(at)})
		differ(t, fmt.Sprintf("begins at %v", at), want, got.From)
	}
	differ(t, "after the end", int64(3), c.edges(t, visitor, id, forum.PageAt{Time: start.Add(time.Hour)}).From)
}

// pageLate: posts that came later than their time are passed over by a jump to a date, and last
// activity knows them.
func pageLate(t *testing.T, c *community) {
	old, recent := 300*time.Hour, 100*time.Hour
	c.do(t, importThread{category: c.general, key: "late", posts: []importedPost{{age: old}, {age: recent}, {age: 250 * time.Hour}, {age: 200 * time.Hour}, {age: recent / 2}}})
	id := forum.ThreadID(1)
	now := c.clock.Now()
	for age, want := range map[time.Duration]int64{old + time.Hour: 1, 260 * time.Hour: 2, 220 * time.Hour: 2, recent - time.Hour: 5} {
		differ(t, fmt.Sprintf("begins %v ago", age), want, c.edges(t, visitor, id, forum.PageAt{Time: now.Add(-age)}).From)
	}
	for _, number := range []int64{5, 2, 4, 3} { // the rest of what is last activity, in turn
		c.do(t, deletePost{by: as(moderator), thread: id, number: number})
	}
}

// pageWalk: from any start, forward by Next and back by Previous, every post that is seen comes once.
func pageWalk(t *testing.T, c *community) {
	id := c.longThread(t, 23)
	for _, number := range []int64{2, 3, 7, 8, 9, 10, 11, 12, 22, 23} {
		c.do(t, deletePost{by: as(moderator), thread: id, number: number})
	}
	for _, who := range []string{visitor, moderator} {
		all := c.walk(t, who, id, 1, 100)
		for limit := 1; limit <= 24; limit++ {
			differ(t, fmt.Sprintf("walked %d at a time as %q", limit, who), all, c.walk(t, who, id, 1, limit))
			differ(t, fmt.Sprintf("walked back %d at a time as %q", limit, who), all, c.walkBack(t, who, id, limit))
		}
	}
}

func (c *community) walk(t testing.TB, who string, id forum.ThreadID, from int64, limit int) []int64 {
	t.Helper()
	var got []int64
	for from != 0 {
		page, err := c.ThreadPage(t.Context(), c.must(t, who), id, forum.PageAt{Number: from, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, numbersOf(page.Posts)...)
		from = page.Next
	}
	return got
}

// walkBack goes from the last page to the first: the pages fit together without a gap.
func (c *community) walkBack(t testing.TB, who string, id forum.ThreadID, limit int) []int64 {
	t.Helper()
	var got []int64
	end := int64(1 << 40) // of what is not yet walked
	for at := (forum.PageAt{Last: true, Limit: limit}); ; {
		page, err := c.ThreadPage(t.Context(), c.must(t, who), id, at)
		if err != nil {
			t.Fatal(err)
		}
		numbers := numbersOf(page.Posts)
		numbers = slices.DeleteFunc(numbers, func(n int64) bool { return n >= end })
		got = append(numbers, got...)
		if page.Previous == 0 {
			return got
		}
		end = got[0]
		at = forum.PageAt{Number: page.Previous, Limit: limit}
	}
}

func numbersOf(posts []forum.Post) []int64 {
	var numbers []int64
	for i := range posts {
		numbers = append(numbers, posts[i].Number)
	}
	return numbers
}

func pagePath(t *testing.T, c *community) {
	at := c.placeIn(t, c.workshop)
	page, err := c.ThreadPage(t.Context(), forum.Actor{}, at.thread, forum.PageAt{})
	if err != nil {
		t.Fatal(err)
	}
	var got []forum.CategoryID
	for _, category := range page.Path {
		got = append(got, category.ID)
	}
	differ(t, "path", []forum.CategoryID{c.general, c.workshop}, got)
}
