package proof

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The server is killed in the middle of its work, again and again, on one data folder. What it
// acknowledged is there exactly once, what it refused is not, and what it left unanswered is
// there once or not at all, and exactly once when it was asked again under its key.
func TestKilledAgainAndAgain(t *testing.T) { onBoth(t, proveKilledAgainAndAgain) }

func proveKilledAgainAndAgain(t *testing.T, on engine) {
	crashes := 20
	if on == onPostgreSQL {
		crashes = 8 // the file is not the program's own: what could be torn is TestDatabaseServerGoesAndComes's
	}
	if testing.Short() {
		crashes = 3
	}
	plan := Plan{Mix: MixAll, Clients: 16, Threads: 3, Posts: 5, Body: 200, Seed: seed(t)}
	random := rand.New(rand.NewPCG(plan.Seed, 2))
	site := newSite(t, on, plan)
	var histories []*History
	var restarts []time.Duration
	var unanswered, happened int64
	for crash := range crashes {
		moment := 300*time.Millisecond + time.Duration(random.Int64N(int64(700*time.Millisecond)))
		killed := time.AfterFunc(moment, site.Server.Kill)
		history := Load{Site: site, Mix: plan.Mix, Duration: time.Minute, Body: plan.Body, Seed: plan.Seed + uint64(crash)}.Run(t.Context())
		if killed.Stop() {
			t.Fatalf("the server ended by itself:\n%s", site.Server.Output())
		}
		histories = append(histories, history)
		site.Reopen(serve(t, site.Program))
		restarts = append(restarts, site.Server.Started)

		audit := mustAudit(t, site, histories...)
		unanswered, happened = unanswered+audit.Unknown, happened+audit.Happened
		if err := history.Settle(site); err != nil {
			t.Errorf("crash %d: %v", crash+1, err)
		}
		if t.Failed() {
			t.Fatalf("crash %d after %v", crash+1, moment)
		}
	}
	audit := mustAudit(t, site, histories...)
	if slowest := slices.Max(restarts); slowest > 2*time.Second {
		t.Errorf("a restart took %v, want at most 2 s", slowest)
	}
	if audit.Acknowledged == 0 || audit.Refused == 0 || unanswered == 0 {
		t.Errorf("acknowledged %d, refused %d, unanswered %d: want some of each, or nothing was proven", audit.Acknowledged, audit.Refused, unanswered)
	}
	slices.Sort(restarts)
	t.Logf("%d crashes: %d posts acknowledged, %d refused, %d unanswered (%d of them stored) and asked again; lost %d, duplicated %d, refused but stored %d; restart %v in the middle, %v at most",
		crashes, audit.Acknowledged, audit.Refused, unanswered, happened, audit.Lost, audit.Duplicated, audit.Ghosts, restarts[len(restarts)/2], restarts[len(restarts)-1])
}
