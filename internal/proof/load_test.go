package proof

import (
	"fmt"
	"testing"
	"time"
)

// loadFor is how long everybody works.
func loadFor(on engine) time.Duration {
	switch {
	case testing.Short():
		return time.Second
	case on == onPostgreSQL:
		return 2 * time.Second
	}
	return 4 * time.Second
}

// The starting scenario of the project: many people reply to one thread at once. Nothing may be
// lost, and every number must be right, during the run and after it.
func TestManyReplyToOneThread(t *testing.T) { onBoth(t, proveManyReplyToOneThread) }

func proveManyReplyToOneThread(t *testing.T, on engine) {
	duration := loadFor(on)
	for _, clients := range []int{50, 200} {
		t.Run(fmt.Sprintf("%d clients", clients), func(t *testing.T) {
			plan := Plan{Mix: MixPost, Clients: clients, Threads: 1, Posts: 1, Body: 300, Seed: seed(t)}
			site := newSite(t, on, plan)
			history := Load{Site: site, Mix: MixPost, Duration: duration, Body: plan.Body, Seed: plan.Seed}.Run(t.Context())
			audit := mustAudit(t, site, history)

			for kind, n := range history.Errors() {
				t.Errorf("%d x %s, want every reply acknowledged", n, kind)
			}
			if audit.Acknowledged == 0 || audit.Stored != audit.Acknowledged || audit.Counted != audit.Rows {
				t.Errorf("acknowledged %d, stored %d, counted %d of %d rows", audit.Acknowledged, audit.Stored, audit.Counted, audit.Rows)
			}
			if history.Samples.Taken == 0 {
				t.Error("nobody looked during the run")
			}
			t.Logf("%d posts acknowledged in %.1f s, %.0f/s, p99 %.1f ms; %d samples", audit.Acknowledged,
				history.Elapsed.Seconds(), float64(audit.Stored)/history.Elapsed.Seconds(), history.Latency().P99, history.Samples.Taken)
		})
	}
}

// Everything at once: replies, deletions, restorations, reactions, moves, and requests to refuse.
func TestEverythingAtOnce(t *testing.T) { onBoth(t, proveEverythingAtOnce) }

func proveEverythingAtOnce(t *testing.T, on engine) {
	duration := loadFor(on)
	for _, mix := range []Mix{MixReplyDelete, MixReact, MixMove, MixAll} {
		t.Run(string(mix), func(t *testing.T) {
			plan := Plan{Mix: mix, Clients: 24, Threads: 3, Posts: 10, Body: 120, Seed: seed(t)}
			site := newSite(t, on, plan)
			history := Load{Site: site, Mix: mix, Duration: duration, Body: plan.Body, Seed: plan.Seed}.Run(t.Context())
			audit := mustAudit(t, site, history)

			if history.Answered() == 0 || audit.Unknown > 0 {
				t.Errorf("%d requests acknowledged, %d posts without an answer", history.Answered(), audit.Unknown)
			}
			t.Logf("%d requests acknowledged, %d posts stored, not acknowledged: %v", history.Answered(), audit.Stored, history.Errors())
		})
	}
}
