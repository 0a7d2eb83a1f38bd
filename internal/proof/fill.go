package proof

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"folkmoot/internal/forum"
)

// Fill makes a large community quickly, in the way an import does: many posts a transaction.
type Fill struct {
	Service  *forum.Service
	Posts    int
	Threads  int // 0: of twenty posts each, as forums have them
	People   int // 0: one for a hundred posts, a thousand at most
	Body     int // bytes of a post
	Seed     uint64
	Progress func(done, all int)
}

const (
	fillSource      = "loadtest"
	fillBatch       = 2_000 // posts of a transaction: long enough to be quick, short enough for others to write between
	postsOfAThread  = 20
	maxFillPeople   = 1_000
	secondsPerReply = 40
)

// Run makes it all. A second run on the same folder adds to the first.
func (f Fill) Run(ctx context.Context) error {
	if f.Threads == 0 {
		f.Threads = max(f.Posts/postsOfAThread, 1)
	}
	if f.People == 0 {
		f.People = min(f.Posts/100+1, maxFillPeople)
	}
	run := runName()
	if err := f.people(ctx, run); err != nil {
		return err
	}
	category, err := f.Service.ImportCategory(ctx, fillSource, "filled", "Filled", "Made by folkmoot loadtest fill.")
	if err != nil {
		return fmt.Errorf("making the category: %w", err)
	}
	writer := filling{Fill: f, run: run, texts: newTexts(run, f.Body, f.Seed), random: rand.New(rand.NewPCG(f.Seed, 1))}
	return writer.threads(ctx, category)
}

func (f Fill) people(ctx context.Context, run string) error {
	people := make([]forum.ImportedUser, 0, f.People)
	for i := range f.People {
		people = append(people, forum.ImportedUser{Key: personKey(run, i), Name: personName(run, i),
			CreatedAt: f.Service.Clock.Now().AddDate(-1, 0, 0)})
	}
	if _, err := f.Service.ImportUsers(ctx, fillSource, people); err != nil {
		return fmt.Errorf("making %d people: %w", f.People, err)
	}
	return nil
}

func personKey(run string, i int) string  { return fmt.Sprintf("person %s-%d", run, i) }
func personName(run string, i int) string { return fmt.Sprintf("%s-%d", run, i) }

// filling is a Fill at work.
type filling struct {
	Fill
	run    string
	texts  *texts
	random *rand.Rand
}

// threads makes the threads in batches. A thread that is larger than a batch is one transaction of its own.
func (f *filling) threads(ctx context.Context, category forum.CategoryID) error {
	var batch []forum.ImportedThread
	done, waiting := 0, 0
	for i := range f.Threads {
		posts := f.Posts/f.Threads + min(1, max(0, f.Posts%f.Threads-i))
		if posts == 0 {
			continue
		}
		batch, waiting = append(batch, f.thread(i, posts)), waiting+posts
		if waiting < fillBatch && i < f.Threads-1 {
			continue
		}
		if _, err := f.Service.ImportThreads(ctx, fillSource, category, batch); err != nil {
			return fmt.Errorf("making threads up to %d: %w", i, err)
		}
		done, waiting, batch = done+waiting, 0, batch[:0]
		if f.Progress != nil {
			f.Progress(done, f.Posts)
		}
	}
	return nil
}

// thread makes one whose posts come at a forum's pace and end before now. Some answer an earlier post, some carry reactions.
func (f *filling) thread(i, posts int) forum.ImportedThread {
	key := fmt.Sprintf("thread %s-%d", f.run, i)
	at := f.Service.Clock.Now().Add(-time.Duration(posts+f.random.IntN(posts*10+1)) * secondsPerReply * time.Second)
	thread := forum.ImportedThread{Key: key, Title: fmt.Sprintf("Thread %d of %s", i, f.run), Views: int64(f.random.IntN(1000))}
	for n := range posts {
		at = at.Add(time.Duration(1+f.random.IntN(secondsPerReply)) * time.Second)
		post := forum.ImportedPost{Key: fmt.Sprintf("%s post %d", key, n), AuthorKey: personKey(f.run, f.random.IntN(f.People)),
			Body: f.texts.body(i, n), CreatedAt: at}
		if n > 0 && f.random.IntN(4) == 0 {
			post.ReplyTo = int64(f.random.IntN(n)) + 1
		}
		if f.random.IntN(10) == 0 {
			post.Reactions = []forum.ReactionCount{{Kind: reactionKinds[0], N: int64(1 + f.random.IntN(9))}}
		}
		thread.Posts = append(thread.Posts, post)
	}
	return thread
}
