package storetest

import (
	"fmt"
	"testing"

	"folkmoot/internal/forum"
)

// Bench measures what performance.md bounds, on an engine: `go test -bench . ./internal/store/...`.
func Bench(b *testing.B, open Open) {
	b.Run("CreatePost/hot thread", func(b *testing.B) { benchCreatePost(b, newCommunity(b, open)) })
	b.Run("ThreadPage", func(b *testing.B) { benchThreadPage(b, newCommunity(b, open)) })
	b.Run("PageVersion", func(b *testing.B) { benchPageVersion(b, newCommunity(b, open)) })
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

// benchThreadPage reads pages of twenty of a thread of a thousand: the first, the last, one between.
func benchThreadPage(b *testing.B, c *community) {
	id := c.filled(b, 1000)
	for name, at := range map[string]forum.PageAt{"first": {}, "middle": {Number: 500}, "last": {Last: true}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := c.ThreadPage(b.Context(), forum.Actor{}, id, at)
				if err != nil || len(page.Posts) != forum.PageSize {
					b.Fatalf("%d posts, %v", len(page.Posts), err)
				}
			}
		})
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

func benchVerify(b *testing.B, c *community) {
	c.filled(b, 2000)
	for b.Loop() {
		report := c.verify(b)
		b.ReportMetric(float64(report.Rows)/report.Took.Seconds(), "rows/s")
	}
}

// filled is a thread of n posts.
func (c *community) filled(b *testing.B, n int) forum.ThreadID {
	b.Helper()
	at, actor := c.place(b), c.must(b, author)
	for i := range n - 3 {
		if _, err := c.CreatePost(b.Context(), actor, forum.NewPost{Thread: at.thread, Body: fmt.Sprint("Some words of post ", i)}); err != nil {
			b.Fatal(err)
		}
	}
	return at.thread
}
