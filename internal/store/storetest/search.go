package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"folkmoot/internal/forum"
)

var searchCases = []testCase{
	{"words, phrases, authors and categories", searchQueries},
	{"any text is a query", searchAnything},
	{"found by the present words only", searchEdited},
	{"found by the present title only", searchRenamed},
	{"what is out of sight is not found", searchUnseen},
	{"the queue drains", searchDrains},
	{"hits are walked without gap or double", searchWalk},
}

// indexAll runs the background work until every post is known to the search.
func (c *community) indexAll(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		c.store.Run(ctx)
		close(stopped)
	}()
	for began := time.Now(); c.pending(t) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("%d posts are still not indexed", c.pending(t))
		}
	}
	cancel()
	<-stopped
}

func (c *community) pending(t testing.TB) int64 {
	t.Helper()
	pending, err := c.store.PendingSearch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pending
}

// searchAll walks all hits, as sorted "thread/number".
func (c *community) searchAll(t testing.TB, actor forum.Actor, query string) []string {
	t.Helper()
	var found []string
	for {
		result, err := c.Search(t.Context(), actor, query, 0, len(found))
		if err != nil {
			t.Fatalf("search for %q: %v", query, err)
		}
		for _, hit := range result.Hits {
			found = append(found, fmt.Sprintf("%d/%d", hit.Post.Thread, hit.Post.Number))
		}
		if !result.More {
			slices.Sort(found)
			return found
		}
	}
}

func searchQueries(t *testing.T, c *community) {
	c.do(t,
		createThread{by: as(author), category: c.general, title: "Truing wheels"},
		createPost{by: as(other), thread: 1, body: "Turn the spoke nipple, a quarter turn at a time."},
		createPost{by: as(author), thread: 1, body: "The nipple spoke to me. Quarter by quarter!"},
		createThread{by: as(other), category: c.workshop, title: "Spoke tension"},
		createPost{by: as(author), thread: 2, body: "Measure twice; *nipple* once. Ünïcode 自転車 42 H₂O"})
	c.indexAll(t)
	tests := []struct {
		query    string
		category forum.CategoryID
		want     []string
	}{
		{"nipple", 0, []string{"1/2", "1/3", "2/2"}},
		{"NIPPLE", 0, []string{"1/2", "1/3", "2/2"}},
		{"nipple quarter", 0, []string{"1/2", "1/3"}},
		{"quarter, nipple!", 0, []string{"1/2", "1/3"}},
		{`"spoke nipple"`, 0, []string{"1/2"}},
		{`"nipple spoke"`, 0, []string{"1/3"}},
		{`"spoke nipple" time`, 0, []string{"1/2"}},
		{"wheels", 0, []string{"1/1"}},
		{"spoke", 0, []string{"1/2", "1/3", "2/1"}},
		{"spoke", c.workshop, []string{"2/1"}},
		{"nipple user:author", 0, []string{"1/3", "2/2"}},
		{"user:AUTHOR", 0, []string{"1/1", "1/3", "2/2"}},
		{"user:author", c.workshop, []string{"2/2"}},
		{"user:nobody nipple", 0, nil},
		{"nipple -quarter", 0, []string{"1/2", "1/3"}}, // there are no operators but the quotes
		{"nipple OR measure", 0, nil},
		{"nip*", 0, nil},
		{"ünïcode", 0, []string{"2/2"}},
		{"42", 0, []string{"2/2"}},
		{"h₂o", 0, []string{"2/2"}},
		{"自転車", 0, []string{"2/2"}},
		{"absent", 0, nil},
	}
	for _, tt := range tests {
		result, err := c.Search(t.Context(), forum.Actor{}, tt.query, tt.category, 0)
		if err != nil {
			t.Errorf("%q: %v", tt.query, err)
			continue
		}
		var got []string
		for _, hit := range result.Hits {
			got = append(got, fmt.Sprintf("%d/%d", hit.Post.Thread, hit.Post.Number))
			if hit.Post.ThreadTitle == "" || hit.Post.Author.Name == "" || hit.Excerpt == "" {
				t.Errorf("%q: a hit without its place: %+v", tt.query, hit)
			}
		}
		slices.Sort(got)
		differ(t, tt.query, tt.want, got)
	}
}

// searchAnything: no text is an error but one without a word, and none finds what it should not.
func searchAnything(t *testing.T, c *community) {
	c.place(t)
	c.indexAll(t)
	ask := func(text string) {
		_, err := c.Search(t.Context(), forum.Actor{}, text, 0, 0)
		if err != nil && forum.KindOf(err) != forum.Invalid {
			t.Errorf("search for %q: %v", text, err)
		}
	}
	for _, text := range []string{`"`, `""`, `"words`, `' OR 1=1 --`, `NEAR(words, 5)`, `title:words`, `{title body}: words`, `words^`, `^words`, `-words`,
		`+`, `AND`, `NOT words`, `*`, `"*"`, `user:`, `user:"x y"`, "a\x00b", "\xff", "\u0301", `"` + "\u0301" + `"`, "\u200b", strings.Repeat("a ", 99), strings.Repeat("字", 200)} {
		ask(text)
	}
	rapid.Check(t, func(t *rapid.T) { ask(rapid.StringN(0, 200, 800).Draw(t, "query")) })
	for _, offset := range []int{-1, 0, 1000, 1 << 40} {
		if _, err := c.Search(t.Context(), forum.Actor{}, "words", 0, offset); err != nil {
			t.Errorf("from hit %d: %v", offset, err)
		}
	}
}

func searchEdited(t *testing.T, c *community) {
	at := c.place(t)
	c.do(t, editPost{by: as(author), thread: at.thread, number: 3, body: "Formerly vulcanized."})
	c.indexAll(t)
	address := []string{fmt.Sprintf("%d/3", at.thread)}
	differ(t, "found before", address, c.searchAll(t, forum.Actor{}, "vulcanized"))
	c.do(t, editPost{by: as(author), thread: at.thread, number: 3, body: "Presently pneumatic."})
	for _, indexed := range []bool{false, true} {
		differ(t, "found by the old word", []string(nil), c.searchAll(t, forum.Actor{}, "vulcanized"))
		want := []string(nil)
		if indexed {
			want = address
		}
		differ(t, "found by the new word", want, c.searchAll(t, forum.Actor{}, "pneumatic"))
		c.indexAll(t)
	}
	c.do(t, react{by: as(other), thread: at.thread, number: 3, kind: "up"}, createPost{by: as(other), thread: at.thread, to: 3})
	differ(t, "found after a reaction", address, c.searchAll(t, forum.Actor{}, "pneumatic"))
}

func searchRenamed(t *testing.T, c *community) {
	at := c.place(t)
	c.indexAll(t)
	address := []string{fmt.Sprintf("%d/1", at.thread)}
	differ(t, "found by the title", address, c.searchAll(t, forum.Actor{}, "true wheel"))
	c.do(t, editThread{by: as(author), thread: at.thread, title: "A false hub"})
	differ(t, "found by the old title", []string(nil), c.searchAll(t, forum.Actor{}, "true wheel"))
	c.indexAll(t)
	differ(t, "found by the old title", []string(nil), c.searchAll(t, forum.Actor{}, "true wheel"))
	differ(t, "found by the new title", address, c.searchAll(t, forum.Actor{}, "false hub first words"))
}

// searchUnseen: hits follow every change at once, without being indexed anew.
func searchUnseen(t *testing.T, c *community) {
	at := c.place(t)
	c.do(t, editPost{by: as(author), thread: at.thread, number: 3, body: "Secret gearbox."})
	c.indexAll(t)
	found := []string{fmt.Sprintf("%d/3", at.thread)}
	for _, p := range pairs(at, c) {
		c.do(t, p.do)
		for _, who := range everybody {
			by := as(who)
			th := c.model.thread(at.thread)
			want := []string(nil)
			if c.model.mayIn(by, th).See && th.effective(th.post(3)) == forum.Visible {
				want = found
			}
			differ(t, fmt.Sprintf("what %s finds after %s", by, describe(p.do)), want, c.searchAll(t, c.must(t, who), "gearbox"))
		}
		c.do(t, p.undo)
	}
}

func searchDrains(t *testing.T, c *community) {
	known := c.number(t, `SELECT count(*) FROM search_docs`)
	c.longThread(t, 450) // more than a piece
	before := c.pending(t)
	if before != 450 {
		t.Errorf("%d posts wait, want 450", before)
	}
	result, err := c.Search(t.Context(), forum.Actor{}, "words", 0, 0)
	if err != nil || result.Pending != before || len(result.Hits) != 0 {
		t.Errorf("before: %d hits, %d pending, %v", len(result.Hits), result.Pending, err)
	}
	c.indexAll(t)
	about, err := c.About(t.Context(), forum.Actor{})
	if err != nil || about.Pending != 0 {
		t.Errorf("after: %d pending, %v", about.Pending, err)
	}
	differ(t, "posts known", int64(450), c.number(t, `SELECT count(*) FROM search_docs`)-known)
}

func searchWalk(t *testing.T, c *community) {
	id := c.longThread(t, 55)
	c.do(t, deletePost{by: as(moderator), thread: id, number: 30})
	c.indexAll(t)
	var want []string
	for number := 1; number <= 55; number++ {
		if number != 30 {
			want = append(want, fmt.Sprintf("%d/%d", id, number))
		}
	}
	slices.Sort(want)
	differ(t, "hits", want, c.searchAll(t, forum.Actor{}, "words"))
}
