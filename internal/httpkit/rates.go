package httpkit

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"folkmoot/internal/forum"
)

// Ration is how often something may be done by whoever it is counted for: Quota times at once,
// and as often again in each Window, spread evenly (a token bucket).
type Ration struct {
	Act    string // as the RateLimit headers name it
	By     By
	Quota  int
	Window time.Duration
	Reason string

	pieces int // in which servers that share it take it; 0: each counts for itself
}

// The pieces in which servers take what they share (decision 18).
const (
	inPieces = 16      // what a server has taken and does not use is at most this part of a quota
	oneByOne = 1 << 30 // what is rare, or whose work is far dearer than asking
)

// By says for whom a ration is counted.
type By uint8

// Whom a ration is counted for.
const (
	ByPerson         By = iota // the person, or the address of a visitor
	ByAddress                  // the address (of IPv6 the /64: a household has that many)
	ByName                     // the name somebody wants to sign in with
	ByNameAndAddress           // the same from one address
)

// The table of rations. They are sized so that no person meets one, however lively the evening,
// and a script that went wrong does not fill the forum.
var (
	Posting   = Ration{"posts", ByPerson, int(forum.BoundPosts.Standard), 5 * time.Minute, "a post a second is more than anybody writes, for five minutes on end; a bridge to another program may catch up. Archives are imported", inPieces}
	Starting  = Ration{"threads", ByPerson, int(forum.BoundThreads.Standard), 5 * time.Minute, forum.BoundThreads.Reason, inPieces}
	Editing   = Ration{"changes", ByPerson, 120, time.Minute, "edits, deletions, marks: tidying up goes quickly, and each keeps a row", 0}
	Previews  = Ration{"previews", ByPerson, 120, time.Minute, "looking at a text now and then while writing it; each is rendered as if it were sent", 0}
	Reacting  = Ration{"reactions", ByPerson, 120, time.Minute, "a click each while reading a long thread", 0}
	Searching = Ration{"searches", ByPerson, 60, time.Minute, "the dearest thing a visitor can ask for: up to 40 ms of work", 0}
	SigningUp = Ration{"sign-ups", ByAddress, int(forum.BoundSignUps.Standard), time.Hour, forum.BoundSignUps.Reason, oneByOne}

	signingInHere  = Ration{"sign-ins", ByNameAndAddress, 10, 5 * time.Minute, "mistyping; guessing from one place gets 120 tries an hour", oneByOne}
	signingInFrom  = Ration{"sign-ins-address", ByAddress, 100, 10 * time.Minute, "a class behind one address; one place trying many names", oneByOne}
	signingInNamed = Ration{"sign-ins-name", ByName, 300, time.Hour, "many places guessing one password. Generous, since it also holds back its owner (signed in elsewhere they stay)", oneByOne}
)

// Rations returns the table, for documentation and tests.
func Rations() []*Ration {
	return []*Ration{&Posting, &Starting, &Editing, &Previews, &Reacting, &Searching, &SigningUp,
		&signingInHere, &signingInFrom, &signingInNamed}
}

// asSet is the ration with the quota that the community has set for it, where it can.
func (k *Kit) asSet(ctx context.Context, ration *Ration) *Ration {
	of := quotaOf[ration]
	if of == nil || k.Rates == nil || k.Rates.factor == 0 {
		return ration
	}
	set := *ration
	set.Quota = int(of(k.rules(ctx)))
	return &set
}

// quotaOf are the rations that a community sets, by the rule that says so.
var quotaOf = map[*Ration]func(forum.Rules) int64{
	&Posting:   func(r forum.Rules) int64 { return r.Posts },
	&Starting:  func(r forum.Rules) int64 { return r.Threads },
	&SigningUp: func(r forum.Rules) int64 { return r.SignUps },
}

// rulesLife is how long the community's rules are kept for its rates, which are no promise to anybody.
const rulesLife = time.Second

// lastRules are the community's rules as they were read last, the standard ones where they never were.
type lastRules struct {
	asked time.Time // when it was known whether they can be read
	forum.Rules
}

// rules returns the community's rules as they were a moment ago; where they cannot be read, as they
// were when they could. One reads them, and is not waited for; that they could not be read is
// remembered as long as they are: what a ration guards cannot be done then either, and says so itself.
func (k *Kit) rules(ctx context.Context) forum.Rules {
	s := k.Rates
	last := s.rules.Load()
	if age := s.clock.Now().Sub(last.asked); 0 <= age && age < rulesLife || !s.readingRules.TryLock() {
		return last.Rules
	}
	defer s.readingRules.Unlock()
	ctx, cancel := context.WithTimeout(ctx, shareWithin)
	defer cancel()
	next := *last
	if rules, err := k.Service.Rules(ctx); err == nil {
		next.Rules = rules
	}
	next.asked = s.clock.Now()
	s.rules.Store(&next)
	return next.Rules
}

// Rates keeps the rations. It is safe for concurrent use, and bounded: where more people than it
// can hold act at once, it forgets some, never refuses them.
type Rates struct {
	// Shared has what several servers allow together, and is set before the first request; nil: this
	// one server counts everything in its memory.
	Shared forum.RateStore

	clock  forum.Clock
	factor float64
	seed   maphash.Seed
	shards [rateShards]rateShard
	shared sharing

	rules        atomic.Pointer[lastRules]
	readingRules sync.Mutex // tried, never waited for
}

const (
	rateShards   = 16
	rateShardMax = 8 << 10 // 128 Ki people and addresses in all, some 6 MiB
)

// rateShard holds what is known of each subject.
type rateShard struct {
	mu   sync.Mutex
	held map[uint64]held
}

// held is when a ration is whole again, and of a shared one how many this server has taken and not
// spent: they end as the ration fills.
type held struct {
	whole  time.Time
	unused int64
}

// subject is for whom a ration is counted.
type subject struct {
	act, text string
	id        uint64
}

func (s subject) String() string { return strconv.FormatUint(s.id, 10) + " " + s.text }

// NewRates returns Rates by clock. Every quota is multiplied by factor: 1 is as the table says,
// more is for load generators; 0 switches all of them off.
func NewRates(clock forum.Clock, factor float64) *Rates {
	rates := &Rates{clock: clock, factor: factor, seed: maphash.MakeSeed()}
	rates.rules.Store(&lastRules{Rules: forum.StandardRules()})
	for i := range rates.shards {
		rates.shards[i].held = map[uint64]held{}
	}
	return rates
}

// Spend takes one of the ration of whoever asks, and says in the answer what is left of it. It
// is a TooMany error where nothing is. With the idempotency key of a person's write, "" elsewhere,
// the error is the Actor's instead: Service answers what it knows under the key, and does nothing
// else. (So a retry takes one too while there are any, and is never refused.) Moderators are not rationed, whatever their token may do:
// clearing up after a script must be as quick as the script.
func (k *Kit) Spend(ctx context.Context, ration *Ration, key string) error {
	x := exchangeOf(ctx)
	if role := x.actor.Role; !x.actor.Suspended && (role == forum.Moderator || role == forum.Admin) {
		return nil
	}
	ration = k.asSet(ctx, ration)
	if ration.By == ByPerson && x.actor.SignedIn() {
		err := k.Rates.spend(ctx, x.Header(), ration, "", uint64(x.actor.User))
		if key != "" {
			x.actor.Refused, err = err, nil
		}
		return err
	}
	return k.spendAddress(ctx, x, ration, "")
}

// SpendSignIn takes one of each ration of signing in with a name. The name's own, which holds back
// its owner too, comes last: what is refused to one address does not count against it, and the answer
// says of it only that it is spent, not how often others try.
func (k *Kit) SpendSignIn(ctx context.Context, name string) error {
	x := exchangeOf(ctx)
	name = k.Service.Text.Fold(name)
	if err := k.spendAddress(ctx, x, &signingInFrom, ""); err != nil {
		return err
	}
	if err := k.spendAddress(ctx, x, &signingInHere, name); err != nil {
		return err
	}
	header := http.Header{}
	err := k.Rates.spend(ctx, header, &signingInNamed, name, 0)
	if err != nil {
		maps.Copy(x.Header(), header)
	}
	return err
}

// SpendSignUp takes one of each ration of signing up with a name. A repeated sign-up is answered
// like signing in, and would otherwise be a way to try passwords past their rations.
func (k *Kit) SpendSignUp(ctx context.Context, name string) error {
	if err := k.Spend(ctx, &SigningUp, ""); err != nil {
		return err
	}
	return k.SpendSignIn(ctx, name)
}

// spendAddress counts for an address. Those of the machine itself are not counted: behind them
// is its owner, or a proxy that does not say for whom it asks, and all people in one.
func (k *Kit) spendAddress(ctx context.Context, x *exchange, ration *Ration, name string) error {
	address := k.Address(x.request)
	if address.IsLoopback() {
		return nil
	}
	if address.Is6() {
		network, _ := address.Prefix(64)
		address = network.Addr()
	}
	return k.Rates.spend(ctx, x.Header(), ration, name+" "+address.String(), 0)
}

func (s *Rates) spend(ctx context.Context, header http.Header, ration *Ration, text string, id uint64) error {
	if s == nil || s.factor == 0 {
		return nil
	}
	left, whole, wait := s.take(ctx, ration, subject{ration.Act, text, id})
	s.say(header, ration, left, whole)
	if wait > 0 {
		return &forum.Error{Kind: forum.TooMany, RetryAfter: wait,
			Message: fmt.Sprintf("too many %s in a short time; please come back in %s", ration.plain(), inWords(wait))}
	}
	return nil
}

// say writes the headers of draft-ietf-httpapi-ratelimit-headers. The older triple of Limit,
// Remaining and Reset would be understood by more clients, but cannot name the ration it speaks
// of, and an act can have several; Retry-After, which all understand, is there too.
func (s *Rates) say(header http.Header, ration *Ration, left int64, whole time.Duration) {
	policy := `"` + ration.Act + `";q=` + strconv.Itoa(s.quota(ration)) + ";w=" + strconv.Itoa(int(ration.Window/time.Second))
	state := `"` + ration.Act + `";r=` + strconv.FormatInt(left, 10) + ";t=" + strconv.FormatInt(ceilSeconds(whole), 10)
	header.Set("RateLimit-Policy", policy)
	header.Set("RateLimit", state)
}

func (s *Rates) quota(ration *Ration) int { return max(1, int(float64(ration.Quota)*s.factor)) }

// take takes one, and returns how many are left, in how long the ration is whole, and how long
// there is to wait where none was left.
func (s *Rates) take(ctx context.Context, ration *Ration, of subject) (left int64, whole, wait time.Duration) {
	rate := forum.Rate{Quota: int64(s.quota(ration)), Window: ration.Window}
	at := maphash.Comparable(s.seed, of)
	shard := &s.shards[at%rateShards]
	if s.Shared == nil || ration.pieces == 0 {
		return shard.take(at, rate, s.clock.Now())
	}
	return s.takeShared(ctx, shard, at, forum.Taking{Rate: rate, Act: of.act, Subject: of.String(),
		Want: max(1, rate.Quota/int64(ration.pieces))})
}

// take takes one of what is counted here.
func (shard *rateShard) take(at uint64, rate forum.Rate, now time.Time) (left int64, whole, wait time.Duration) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	known := shard.held[at]
	taken, then := rate.Take(known.whole, now, 1)
	if taken == 0 {
		return 0, known.whole.Sub(now), rate.Wait(known.whole, now)
	}
	known.whole = then
	shard.makeRoom(now)
	shard.held[at] = known
	return rate.Left(then, now), then.Sub(now), 0
}

// makeRoom forgets those whose ration is whole, and where that is not enough any eighth.
func (s *rateShard) makeRoom(now time.Time) {
	if len(s.held) < rateShardMax {
		return
	}
	for subject, known := range s.held {
		if !known.whole.After(now) {
			delete(s.held, subject)
		}
	}
	for subject := range s.held {
		if len(s.held) <= rateShardMax*7/8 {
			return
		}
		delete(s.held, subject)
	}
}

func (r *Ration) plain() string {
	act, _, _ := strings.Cut(r.Act, "-address")
	act, _, _ = strings.Cut(act, "-name")
	return act
}

func inWords(wait time.Duration) string {
	if wait <= time.Second {
		return "a second"
	}
	if wait < 2*time.Minute {
		return fmt.Sprintf("%d seconds", ceilSeconds(wait))
	}
	return fmt.Sprintf("%d minutes", (wait+time.Minute-1)/time.Minute)
}
