package httpkit

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

func newRates(factor float64) (*Rates, *stillClock) {
	clock := &stillClock{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	return NewRates(clock, factor), clock
}

var few = Ration{Act: "tries", Quota: 3, Window: time.Minute}

func TestRationIsSpentAndFilledAgain(t *testing.T) {
	t.Parallel()
	rates, clock := newRates(1)
	steps := []struct {
		after  time.Duration
		state  string
		wait   time.Duration
		policy string
	}{
		{0, `"tries";r=2;t=20`, 0, ""},
		{0, `"tries";r=1;t=40`, 0, ""},
		{0, `"tries";r=0;t=60`, 0, ""},
		{0, `"tries";r=0;t=60`, 20 * time.Second, ""},
		{19 * time.Second, `"tries";r=0;t=41`, time.Second, ""},
		{time.Second, `"tries";r=0;t=60`, 0, ""},
		{time.Hour, `"tries";r=2;t=20`, 0, ""},
		{-24 * time.Hour, `"tries";r=2;t=20`, 0, ""}, // the clock was set back: nobody waits a day
	}
	for i, step := range steps {
		clock.now = clock.now.Add(step.after)
		header := http.Header{}
		err := rates.spend(t.Context(), header, &few, "ann", 0)
		if got := header.Get("RateLimit"); got != step.state {
			t.Errorf("step %d: RateLimit is %s, want %s", i, got, step.state)
		}
		if got := header.Get("RateLimit-Policy"); got != `"tries";q=3;w=60` {
			t.Errorf("step %d: RateLimit-Policy is %s", i, got)
		}
		var wait time.Duration
		if tooMany, ok := err.(*forum.Error); ok && tooMany.Kind == forum.TooMany {
			wait = tooMany.RetryAfter
		}
		if wait != step.wait {
			t.Errorf("step %d: to wait is %v, want %v (%v)", i, wait, step.wait, err)
		}
	}
}

func TestRationsAreApart(t *testing.T) {
	t.Parallel()
	rates, _ := newRates(1)
	other := few
	other.Act = "others"
	for range 3 {
		_ = rates.spend(t.Context(), http.Header{}, &few, "ann", 0)
	}
	for name, err := range map[string]error{
		"another person": rates.spend(t.Context(), http.Header{}, &few, "ben", 0),
		"an id":          rates.spend(t.Context(), http.Header{}, &few, "", 1),
		"another act":    rates.spend(t.Context(), http.Header{}, &other, "ann", 0),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRateFactor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		factor float64
		tries  int // that go through
		header bool
	}{
		{1, 3, true}, {2, 6, true}, {0.5, 1, true}, {0.01, 1, true}, {0, 100, false}, {1e9, 100, true},
	} {
		rates, _ := newRates(tt.factor)
		through, header := 0, http.Header{}
		for range 100 {
			if rates.spend(t.Context(), header, &few, "ann", 0) == nil {
				through++
			}
		}
		if through != tt.tries || (header.Get("RateLimit") != "") != tt.header {
			t.Errorf("factor %v: %d went through with headers %v, want %d", tt.factor, through, header, tt.tries)
		}
	}
}

func TestRatesAreBounded(t *testing.T) {
	t.Parallel()
	rates, _ := newRates(1)
	for i := range 3 * rateShards * rateShardMax {
		if err := rates.spend(t.Context(), http.Header{}, &few, "", uint64(i)); err != nil {
			t.Fatalf("a first try was refused: %v", err)
		}
	}
	held := 0
	for i := range rates.shards {
		held += len(rates.shards[i].held)
	}
	if held > rateShards*rateShardMax {
		t.Errorf("%d are held, want at most %d", held, rateShards*rateShardMax)
	}
}

func TestSpendCountsWhoAsks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, remote, token string
		role                forum.Role
		ration              Ration
		again               func(*http.Request) // changes the second request
		want                int
	}{
		{name: "a person", token: annSession, ration: Ration{Act: "x", Quota: 1, Window: time.Hour}, want: 429},
		{name: "a person from elsewhere", token: annSession, ration: Ration{Act: "x", Quota: 1, Window: time.Hour},
			again: func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1" }, want: 429},
		{name: "a moderator", token: annSession, role: forum.Moderator, ration: Ration{Act: "x", Quota: 1, Window: time.Hour}, want: 200},
		{name: "a moderator's token for less", token: annToken, role: forum.Moderator, ration: Ration{Act: "x", Quota: 1, Window: time.Hour}, want: 200},
		{name: "a visitor", remote: "203.0.113.9:1", ration: Ration{Act: "x", Quota: 1, Window: time.Hour}, want: 429},
		{name: "another visitor", remote: "203.0.113.9:1", ration: Ration{Act: "x", Quota: 1, Window: time.Hour},
			again: func(r *http.Request) { r.RemoteAddr = "203.0.113.10:1" }, want: 200},
		{name: "a neighbour in the same /64", remote: "[2001:db8::1]:1", ration: Ration{Act: "x", Quota: 1, Window: time.Hour},
			again: func(r *http.Request) { r.RemoteAddr = "[2001:db8::2]:1" }, want: 429},
		{name: "this machine", remote: "127.0.0.1:1", ration: Ration{Act: "x", Quota: 1, Window: time.Hour}, want: 200},
		{name: "a visitor behind a proxy", remote: "127.0.0.1:1", ration: Ration{Act: "x", Quota: 1, Window: time.Hour},
			again: func(r *http.Request) { r.Header.Set("X-Forwarded-For", "198.51.100.7") }, want: 200},
		{name: "a person, by address", remote: "203.0.113.9:1", token: annSession, ration: Ration{Act: "x", By: ByAddress, Quota: 1, Window: time.Hour}, want: 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, _ := newKit(t)
			k.Rates, _ = newRates(1)
			ann := k.Service.Store.(*sessions).users[forum.Secret(annSession).Hash()]
			ann.Role = tt.role
			k.Service.Store.(*sessions).users[forum.Secret(annSession).Hash()] = ann
			k.Service.Store.(*sessions).users[forum.Secret(annToken).Hash()] = ann
			spend := func(change func(*http.Request)) int {
				r := httptest.NewRequest("POST", "/", nil)
				r.RemoteAddr = cmpOr(tt.remote, "203.0.113.9:1")
				if tt.token != "" {
					r.Header.Set("Authorization", "Bearer "+tt.token)
				}
				if change != nil {
					change(r)
				}
				return serve(k, r, func(_ http.ResponseWriter, r *http.Request) error { return k.Spend(r.Context(), &tt.ration, "") }).Code
			}
			if got := spend(nil); got != 200 {
				t.Fatalf("the first time: got %d", got)
			}
			if got := spend(tt.again); got != tt.want {
				t.Errorf("the second time: got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestSignInIsRationed(t *testing.T) {
	t.Parallel()
	k, _ := newKit(t)
	k.Rates, _ = newRates(1)
	try := func(address, name string) int {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = address + ":1"
		return serve(k, r, func(_ http.ResponseWriter, r *http.Request) error { return k.SpendSignIn(r.Context(), name) }).Code
	}
	for range signingInHere.Quota {
		if got := try("203.0.113.9", "Ann"); got != 200 {
			t.Fatalf("got %d within the ration", got)
		}
	}
	if got := try("203.0.113.9", "aNN"); got != 429 {
		t.Errorf("one name from one address too often: got %d, want 429", got)
	}
	if got := try("198.51.100.7", "ann"); got != 200 {
		t.Errorf("the same person elsewhere is held back: got %d", got)
	}
	if got := try("203.0.113.9", "ben"); got != 200 {
		t.Errorf("another person at the same address is held back: got %d", got)
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.RemoteAddr = "203.0.113.9:1"
	signUp := func(_ http.ResponseWriter, r *http.Request) error { return k.SpendSignUp(r.Context(), "ann") }
	if got := serve(k, r, signUp).Code; got != 429 {
		t.Errorf("signing up is a way around the rations of signing in: got %d, want 429", got)
	}
	refused := 0
	for i := range 400 {
		if try(fmt.Sprintf("192.0.2.%d", i%250), "carl") == 429 {
			refused++
		}
	}
	if want := 400 - signingInNamed.Quota; refused != want {
		t.Errorf("one name from many addresses: %d refused, want %d", refused, want)
	}
	for range 2 * signingInNamed.Quota {
		try("203.0.113.9", "dora")
	}
	if got := try("198.51.100.7", "dora"); got != 200 {
		t.Errorf("one address locks a person out everywhere: got %d", got)
	}
	refused = 0
	for i := range 200 {
		if try("192.0.2.251", fmt.Sprint("name", i)) == 429 {
			refused++
		}
	}
	if want := 200 - signingInFrom.Quota; refused != want {
		t.Errorf("many names from one address: %d refused, want %d", refused, want)
	}
}

// A community sets some rations itself; what it sets holds a moment later, and while its rules
// cannot be read those hold that were read last.
func TestRationsAsSet(t *testing.T) {
	t.Parallel()
	k, _ := newKit(t)
	rates, clock := newRates(1)
	k.Rates = rates
	kept := k.Service.Store.(*sessions)
	policy := func(ration *Ration) string {
		t.Helper()
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = "203.0.113.9:1"
		return serve(k, r, func(_ http.ResponseWriter, r *http.Request) error { return k.Spend(r.Context(), ration, "") }).Header().Get("RateLimit-Policy")
	}
	want := func(ration *Ration, want string) {
		t.Helper()
		if got := policy(ration); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	want(&Posting, `"posts";q=300;w=300`)
	kept.rules = forum.Rules{SignUp: forum.SignUpOpen, Posts: 6, Threads: 2, SignUps: 4}
	clock.now = clock.now.Add(rulesLife)
	want(&Posting, `"posts";q=6;w=300`)
	want(&Starting, `"threads";q=2;w=300`)
	want(&SigningUp, `"sign-ups";q=4;w=3600`)
	want(&Editing, `"changes";q=120;w=60`)
	kept.fault = &forum.Error{Kind: forum.Unavailable}
	clock.now = clock.now.Add(time.Hour)
	want(&Starting, `"threads";q=2;w=300`)
}

// heldRules are told when the test says so, and with what error.
type heldRules struct {
	forum.Store
	asked  chan struct{}
	answer chan error
}

func (h *heldRules) Rules(context.Context) (forum.Rules, error) {
	h.asked <- struct{}{}
	return forum.StandardRules(), <-h.answer
}

// Nobody waits while somebody else reads the rules, and where they cannot be read that is not tried
// for everybody anew.
func TestRulesAreReadByOne(t *testing.T) {
	t.Parallel()
	k, _ := newKit(t)
	rates, clock := newRates(1)
	store := &heldRules{asked: make(chan struct{}, 10), answer: make(chan error)}
	k.Rates, k.Service.Store = rates, store
	read := make(chan forum.Rules)
	ask := func() { read <- k.rules(t.Context()) }
	wait := func() {
		t.Helper()
		select {
		case <-read:
		case <-time.After(20 * time.Second):
			t.Fatal("waits for the database")
		}
	}
	for range 2 {
		go ask()
		<-store.asked
		go ask()
		wait() // while the first reads
		store.answer <- &forum.Error{Kind: forum.Unavailable}
		wait()
		go ask()
		wait() // what failed is not tried again
		if n := len(store.asked); n != 0 {
			t.Fatalf("asked %d times more", n)
		}
		clock.now = clock.now.Add(rulesLife)
	}
}

func TestRationsSayWhy(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, ration := range Rations() {
		if ration.Reason == "" || ration.Quota < 1 || ration.Window < time.Second || seen[ration.Act] {
			t.Errorf("%+v: needs a reason, a quota, a window and a name of its own", ration)
		}
		if strings.ContainsAny(ration.Act, ` ";,`) {
			t.Errorf("%q cannot stand in a header as it is", ration.Act)
		}
		seen[ration.Act] = true
	}
}

// BenchmarkSpend is what rationing adds to each post.
func BenchmarkSpend(b *testing.B) {
	rates := NewRates(forum.SystemClock{}, 1e9)
	header := http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		if err := rates.spend(b.Context(), header, &Posting, "", 7); err != nil {
			b.Fatal(err)
		}
	}
}

// docs/operating.md shows the table as it is.
func TestRationsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, ration := range Rations() {
		by := []string{"the person, or a visitor's address", "the address", "the name", "the name from one address"}[ration.By]
		line := fmt.Sprintf("| %s | %s | %d in %s | %s |", ration.Act, by, ration.Quota, inWords(ration.Window), ration.Reason)
		if !strings.Contains(string(text), line) {
			t.Errorf("docs/operating.md lacks the line\n%s", line)
		}
	}
}
