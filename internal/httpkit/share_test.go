package httpkit

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// sharedRates is the part of a store that servers share. It counts who asks and can be made to fail.
// (What the store itself means by it says storetest.)
type sharedRates struct {
	clock forum.Clock
	mu    sync.Mutex
	whole map[string]time.Time
	asked int
	fault error
}

func (s *sharedRates) TakeRate(_ context.Context, taking forum.Taking) (forum.Taken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fault != nil {
		return forum.Taken{}, s.fault
	}
	who := taking.Act + " " + taking.Subject
	n, whole := taking.Take(s.whole[who], s.clock.Now(), taking.Want)
	s.whole[who] = whole
	return forum.Taken{N: n, Whole: whole}, nil
}

// newServers are the Rates of several servers on one database, by one clock.
func newServers(n int) ([]*Rates, *sharedRates, *stillClock) {
	clock := &stillClock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	shared := &sharedRates{clock: clock, whole: map[string]time.Time{}}
	servers := make([]*Rates, n)
	for i := range servers {
		servers[i] = NewRates(clock, 1)
		servers[i].Shared = shared
	}
	return servers, shared, clock
}

// through is how many of n tries by ann go through.
func (s *Rates) through(t *testing.T, ration *Ration, n int) int {
	t.Helper()
	through := 0
	for range n {
		if s.spend(t.Context(), http.Header{}, ration, "ann", 0) == nil {
			through++
		}
	}
	return through
}

func TestServersShareARation(t *testing.T) {
	t.Parallel()
	for _, ration := range []*Ration{&Posting, &Starting, &SigningUp, &signingInHere, &signingInFrom, &signingInNamed} {
		servers, shared, clock := newServers(2)
		through := 0
		for range 2 * ration.Quota {
			for _, server := range servers {
				through += server.through(t, ration, 1)
			}
		}
		if through != ration.Quota {
			t.Errorf("%s: two servers let %d through, want %d", ration.Act, through, ration.Quota)
		}
		piece := max(1, ration.Quota/ration.pieces)
		if most := ration.Quota/piece + 2*len(servers); shared.asked > most {
			t.Errorf("%s: the database was asked %d times, want at most %d", ration.Act, shared.asked, most)
		}
		clock.now = clock.now.Add(ration.Window)
		if through := servers[0].through(t, ration, 2*ration.Quota); through != ration.Quota {
			t.Errorf("%s: %d went through after its window, want %d", ration.Act, through, ration.Quota)
		}
		if through := servers[1].through(t, ration, 1); through != 0 {
			t.Errorf("%s: the other server lets %d more through", ration.Act, through)
		}
	}
}

// What one server has taken and not spent is nobody's twice: it ends as fast as the ration fills.
func TestUnusedPiecesEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after time.Duration
		first int // that the first server can still spend
	}{{0, 17}, {5 * time.Second, 13}, {17 * time.Second, 1}, {18 * time.Second, 0}, {time.Minute, 0}} {
		servers, _, clock := newServers(2)
		servers[0].through(t, &Posting, 1) // a piece of 18 is taken, whole again in 18 seconds
		clock.now = clock.now.Add(tt.after)
		other := servers[1].through(t, &Posting, 1000)
		first := servers[0].through(t, &Posting, 1000)
		if first != tt.first {
			t.Errorf("after %v: the first spent %d more, want %d", tt.after, first, tt.first)
		}
		// What was spent 18 seconds ago has filled up again; until then a second gives one back.
		if all, want := first+other, min(Posting.Quota-1+int(tt.after/time.Second), Posting.Quota); all != want {
			t.Errorf("after %v: both spent %d, want %d", tt.after, all, want)
		}
	}
}

func TestServersShareWhatManyAskFor(t *testing.T) {
	t.Parallel()
	servers, _, _ := newServers(3)
	ration := &Ration{Act: "posts", Quota: 60, Window: time.Hour, pieces: inPieces}
	var through atomic.Int64
	var asking sync.WaitGroup
	for i := range 240 {
		asking.Go(func() { through.Add(int64(servers[i%3].through(t, ration, 1))) })
	}
	asking.Wait()
	if through.Load() != int64(ration.Quota) {
		t.Errorf("%d went through, want %d", through.Load(), ration.Quota)
	}
}

// A database that does not answer is not waited for again and again; this server counts alone
// meanwhile, and what the others spent is known again when it answers.
func TestServerCountsAlone(t *testing.T) {
	t.Parallel()
	servers, shared, clock := newServers(2)
	if through := servers[1].through(t, &few10, 4); through != 4 {
		t.Fatalf("%d went through, want 4", through)
	}
	shared.fault = errors.New("nobody answers")
	shared.asked = 0
	if through := servers[0].through(t, &few10, 100); through != 10 {
		t.Errorf("alone %d went through, want 10", through)
	}
	if asked := shared.asked; asked != 1 {
		t.Errorf("a silent database was asked %d times, want once", asked)
	}
	shared.fault = nil
	clock.now = clock.now.Add(10 * time.Minute) // here it is whole again, and there
	servers[1].through(t, &few10, 7)
	if through := servers[0].through(t, &few10, 100); through != 3 {
		t.Errorf("%d went through where the other left 3", through)
	}
}

var few10 = Ration{Act: "tries", Quota: 10, Window: 5 * time.Minute, pieces: oneByOne}
