package storetest

import (
	"fmt"
	"strings"
	"testing"

	"folkmoot/internal/forum"
)

// Bench measures what performance.md bounds, on an engine: `go test -bench . ./internal/store/...`.
func Bench(b *testing.B, open Open) {
	b.Run("CreatePost/hot thread", func(b *testing.B) { benchCreatePost(b, newCommunity(b, open)) })
	b.Run("ThreadPage", func(b *testing.B) { benchThreadPage(b, newCommunity(b, open)) })
	b.Run("PageVersion", func(b *testing.B) { benchPageVersion(b, newCommunity(b, open)) })
	b.Run("Search", func(b *testing.B) { benchSearch(b, newCommunity(b, open)) })
	b.Run("Verify", func(b *testing.B) { benchVerify(b, newCommunity(b, open)) })
}

// benchClients is how many people write at once for each processor.
const benchClients = 25

func benchCreatePost(b *testing.B, c *community) {
	at, actor := c.place(b), c.must(b, author)
	b.SetParallelism(benchClients)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.CreatePost(b.Context(), actor, forum.NewPost{Thread: at.thread, Body: "Some words of a post."}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// benchThreadPage reads pages of twenty of threads of a hundred and of a million posts: the first,
// one between, the last, and the last where a post was deleted, so that rows say where it begins.
func benchThreadPage(b *testing.B, c *community) {
	many := 1_000_000
	if testing.Short() {
		many = 10_000
	}
	for _, posts := range []int{100, many} {
		id := c.filled(b, posts)
		read := func(name string, at forum.PageAt) {
			b.Run(fmt.Sprintf("%s of %d posts", name, posts), func(b *testing.B) {
				for b.Loop() {
					page, err := c.ThreadPage(b.Context(), forum.Actor{}, id, at)
					if err != nil || len(page.Posts) != forum.PageSize {
						b.Fatalf("%d posts, %v", len(page.Posts), err)
					}
				}
			})
		}
		read("first", forum.PageAt{})
		read("middle", forum.PageAt{Number: int64(posts / 2)})
		read("last", forum.PageAt{Last: true})
		if _, err := c.DeletePost(b.Context(), c.must(b, moderator), id, int64(posts)-1, ""); err != nil {
			b.Fatal(err)
		}
		read("last after a deletion", forum.PageAt{Last: true})
	}
}

func benchPageVersion(b *testing.B, c *community) {
	at := c.place(b)
	for b.Loop() {
		if _, err := c.PageVersion(b.Context(), at.thread); err != nil {
			b.Fatal(err)
		}
	}
}

// benchSearch looks for a word of every post, of one, and for two that no post holds together. What
// it takes must not rise with how many posts hold a word.
func benchSearch(b *testing.B, c *community) {
	posts := 100_000
	if testing.Short() {
		posts = 2_000
	}
	c.filled(b, posts)
	c.indexAll(b)
	if _, err := c.db.ExecContext(b.Context(), c.either(`SELECT 1`, `ANALYZE`)); err != nil { // as it does by itself within a minute
		b.Fatal(err)
	}
	for _, search := range []struct {
		name  string
		words []string
		found bool
	}{{"every post", []string{"words"}, true}, {"one post", []string{"1234"}, true}, {"none", []string{"1234", "1235"}, false}} {
		b.Run(fmt.Sprintf("%s of %d", search.name, posts), func(b *testing.B) {
			for b.Loop() {
				hits, _, err := c.store.Search(b.Context(), forum.Visibility{Role: forum.Visitor}, forum.SearchQuery{Words: search.words, Limit: 20})
				if err != nil || len(hits) > 0 != search.found {
					b.Fatal(len(hits), err)
				}
			}
		})
	}
}

func benchVerify(b *testing.B, c *community) {
	c.filled(b, 2000)
	for b.Loop() {
		report := c.verify(b)
		b.ReportMetric(float64(report.Rows)/report.Took.Seconds(), "rows/s")
	}
}

// filled is a thread of n posts, brought in pieces.
func (c *community) filled(b *testing.B, n int) forum.ThreadID {
	b.Helper()
	const piece = 5000
	thread := forum.ImportedThread{Key: fmt.Sprint("filled with ", n), Title: fmt.Sprintf("A thread of %d posts", n), Paths: []string{fmt.Sprint("/filled/", n)}}
	for done := 0; done < n; done += piece {
		thread.Posts = thread.Posts[:min(done, 1)] // a piece begins with the first post, which tells the thread
		for i := done; i < min(done+piece, n); i++ {
			thread.Posts = append(thread.Posts, forum.ImportedPost{Key: fmt.Sprintf("post %d of %d", i, n), AuthorName: "Somebody",
				Body: fmt.Sprintf("Some words of post %d. %s", i, strings.Repeat("And so on. ", 25)), CreatedAt: c.clock.Now()})
		}
		if _, err := c.ImportThreads(b.Context(), "elsewhere", c.general, []forum.ImportedThread{thread}); err != nil {
			b.Fatal(err)
		}
	}
	address, err := c.Redirect(b.Context(), forum.Actor{}, thread.Paths[0])
	if err != nil {
		b.Fatal(err)
	}
	return address.Thread
}
