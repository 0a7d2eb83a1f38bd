package proof

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Loadtest is one measurement: a run of one mix on a server of its own, with everything that is
// compared and judged around it.
type Loadtest struct {
	Program  Program
	Mix      Mix
	Clients  int
	Threads  int
	Duration time.Duration
	Body     int
	Seed     uint64
	Fill     func(ctx context.Context, posts, threads int) error // makes what the mixes that read need; others do without
	Tell     func(line string)                                   // progress
}

const (
	baselineTime = 3 * time.Second // half before the load and half after it, since machines' speed drifts
	pgbenchTime  = 6 * time.Second // likewise; it counts whole seconds
	drainWithin  = 5 * time.Minute // full text may trail, but not for ever
	// freshPages is how many starts the pages of MixReadFresh have: more than any cache holds and,
	// at today's speeds, more than a run of 20 s reads.
	freshPages = 100_000
	// reactedPosts is how many posts of each thread MixReact reacts to.
	reactedPosts = 50
)

// Run measures. The report tells what is wrong; the error, why there is none.
func (l Loadtest) Run(ctx context.Context) (_ *Report, err error) {
	if err := os.MkdirAll(l.Program.Data, 0o700); err != nil {
		return nil, err
	}
	report := &Report{Mix: l.Mix, Clients: l.Clients, Threads: l.Threads, Body: l.Body, Seed: l.Seed}
	if err := l.fill(ctx); err != nil {
		return nil, err
	}
	before, err := l.baseline(ctx)
	if err != nil {
		return nil, err
	}
	server, err := l.Program.ServeUnlimited(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	report.Started = milliseconds(server.Started)
	report.IdleMemory, _ = server.Memory()
	if err := l.load(ctx, server, report); err != nil {
		return nil, fmt.Errorf("%w\nThe server wrote last:\n%s", err, server.Output())
	}
	if l.Mix.Reads() {
		return report, l.comparePages(ctx, report)
	}
	after, err := l.baseline(ctx)
	report.Baseline = Baseline{PostsPerSecond: (before.PostsPerSecond + after.PostsPerSecond) / 2, Flush: (before.Flush + after.Flush) / 2}
	report.Ratio = report.PostsPerSecond / report.Baseline.PostsPerSecond
	return report, err
}

func (l Loadtest) fill(ctx context.Context) error {
	switch l.Mix {
	case MixRead:
		return l.Fill(ctx, l.Threads*postsOfAThread, l.Threads)
	case MixReadFresh:
		return l.Fill(ctx, freshPages, 1)
	}
	return nil
}

func (l Loadtest) baseline(ctx context.Context) (Baseline, error) {
	if l.Mix.Reads() {
		return Baseline{}, nil
	}
	if l.Program.Database != "" {
		l.Tell("measuring pgbench with as many clients")
		return MeasurePgbench(ctx, l.Program.Database, l.Clients, l.Threads, l.Body, pgbenchTime/2)
	}
	l.Tell("measuring the bare serial loop")
	return MeasureBaseline(ctx, l.Program.Data, baselineTime/2, newTexts(runName(), l.Body, l.Seed).body(0, 0))
}

// load makes the community, runs the clients, reads everything back and recounts it.
func (l Loadtest) load(ctx context.Context, server *Server, report *Report) error {
	l.Tell(fmt.Sprintf("making %d people and %d threads", l.Clients, l.Threads))
	site, err := NewSite(ctx, l.Program, server, l.plan())
	if err != nil {
		return fmt.Errorf("making a community: %w", err)
	}
	defer site.Close()
	if l.Mix.Reads() {
		l.Tell("waiting until full text knows what was filled in")
		if _, err := l.drain(ctx, site); err != nil {
			return err
		}
	}
	history := Load{Site: site, Mix: l.Mix, Duration: l.Duration, Body: l.Body, Seed: l.Seed, Progress: l.Tell}.Run(ctx)
	report.measure(history)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if report.Search, err = l.drain(ctx, site); err != nil {
		return err
	}
	_, report.PeakMemory = server.Memory()
	l.Tell("reading everything back")
	audit, err := site.Audit(ctx, history)
	if err != nil {
		return err
	}
	l.Tell("recounting")
	recount, err := l.Program.Verify(ctx)
	if err != nil {
		return err
	}
	report.judge(history, audit, recount)
	return nil
}

func (l Loadtest) plan() Plan {
	plan := Plan{Mix: l.Mix, Clients: l.Clients, Threads: l.Threads, Posts: 1, Body: l.Body, Seed: l.Seed}
	if l.Mix == MixReact {
		plan.Posts = reactedPosts
	}
	return plan
}

// drain waits until full text has caught up.
func (l Loadtest) drain(ctx context.Context, site *Site) (Search, error) {
	begin := time.Now()
	pending, err := site.Pending()
	search := Search{Pending: pending}
	for pending > 0 && err == nil {
		if time.Since(begin) > drainWithin {
			return search, fmt.Errorf("%d posts still wait for full text after %v", pending, drainWithin)
		}
		select {
		case <-ctx.Done():
			return search, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		pending, err = site.Pending()
	}
	search.Drained = time.Since(begin).Seconds()
	return search, err
}

// comparePages measures a bare server with a body as large as the pages were.
func (l Loadtest) comparePages(ctx context.Context, report *Report) error {
	l.Tell("measuring bare net/http with a body of the same size")
	pages, err := measurePages(ctx, l.Program, l.Clients, report.pageBytes, min(l.Duration, 5*time.Second))
	if err != nil {
		return fmt.Errorf("measuring bare net/http: %w", err)
	}
	report.Pages, report.Ratio = &pages, report.RequestsPerSecond/pages.RequestsPerSecond
	return nil
}
