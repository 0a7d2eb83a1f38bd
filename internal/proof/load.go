package proof

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Load is a run: every person of the site at work at once.
type Load struct {
	Site     *Site
	Mix      Mix
	Duration time.Duration
	Body     int // bytes of a post
	Seed     uint64
	Persist  bool              // ask again, under the same key, while the answer is that it cannot be served now
	Progress func(line string) // told once a second; nil: nobody
}

// Run lets the clients work for the duration, or until ctx ends or the server is gone, and
// returns what they were answered.
func (l Load) Run(ctx context.Context) *History {
	ctx, cancel := context.WithTimeout(ctx, l.Duration)
	defer cancel()
	history := &History{Mix: l.Mix, texts: newTexts(runName(), l.Body, l.Seed), Began: time.Now()}
	clients := make([]*client, len(l.Site.People))
	for i := range clients {
		clients[i] = newClient(i, l.Site, history.texts, l.Mix, l.Seed)
		defer clients[i].conn.Close()
	}
	var working, watching sync.WaitGroup
	var answered atomic.Int64
	watchCtx, stopWatching := context.WithCancel(context.Background())
	if !l.Mix.Reads() {
		watching.Go(func() { history.Samples = l.sample(watchCtx) })
	}
	watching.Go(func() { l.tell(watchCtx, &answered) })

	cpu, own, written := l.Site.Server.CPU(), ownCPU(), l.Site.Server.Written()
	for _, c := range clients {
		working.Go(func() { l.work(ctx, c, &answered) })
	}
	working.Wait()
	history.Elapsed = time.Since(history.Began)
	history.CPU, history.OwnCPU = l.Site.Server.CPU()-cpu, ownCPU()-own
	history.Written = l.Site.Server.Written() - written
	stopWatching()
	watching.Wait()
	for _, c := range clients {
		history.Clients = append(history.Clients, c.ops)
	}
	return history
}

// work goes on until its time is over or the server is gone.
func (l Load) work(ctx context.Context, c *client, answered *atomic.Int64) {
	for ctx.Err() == nil {
		if op := c.do(l.Mix.next(c), l.Persist); op.Status == 0 {
			select {
			case <-l.Site.Server.Exited():
				return
			case <-time.After(10 * time.Millisecond): // it may be going down just now
			}
			continue
		}
		answered.Add(1)
	}
}

// tell reports progress once a second.
func (l Load) tell(ctx context.Context, answered *atomic.Int64) {
	if l.Progress == nil {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for second, before := 1, int64(0); ; second++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := answered.Load()
		memory, _ := l.Site.Server.Memory()
		l.Progress(fmt.Sprintf("%3d s of %.0f: %d answers/s, %d in all, server %.0f MiB",
			second, l.Duration.Seconds(), now-before, now, memory))
		before = now
	}
}

// sampleEvery is how often somebody looks: often enough to fall between two commits now and then,
// seldom enough not to be a load.
const sampleEvery = 10 * time.Millisecond

// sample reads the threads in turn and notes where a number ran backwards that must not.
func (l Load) sample(ctx context.Context) Samples {
	reader := Dial(l.Site.Server.Address, "")
	defer reader.Close()
	var samples Samples
	last := make([]Op, l.Site.open())
	for tick := time.NewTicker(sampleEvery); ; samples.Taken++ {
		select {
		case <-ctx.Done():
			tick.Stop()
			return samples
		case <-tick.C:
		}
		i := int(samples.Taken) % len(last)
		now, err := readNumbers(reader, l.Site.Threads[i].path)
		if err != nil {
			continue // the clients note that the server is gone
		}
		samples.note(i, last[i], now, l.Mix == MixPost)
		last[i] = now
	}
}

// note compares two looks at one thread. Where posts are only added, nothing may fall; else the version.
func (s *Samples) note(thread int, before, now Op, onlyAdded bool) {
	falls := func(what string, before, now int64) {
		if now < before {
			s.Backwards = append(s.Backwards, fmt.Sprintf("%s of thread %d fell from %d to %d", what, thread, before, now))
		}
	}
	falls("version", int64(before.Version), int64(now.Version))
	if onlyAdded {
		falls("post_count", int64(before.PostCount), int64(now.PostCount))
		falls("last_activity_at", before.Activity, now.Activity)
	}
}
