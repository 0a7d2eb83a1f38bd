package httpkit

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"folkmoot/internal/forum"
)

// sharing is how this server gets at what it shares with others.
type sharing struct {
	asking singleflight.Group // by subject
	silent atomic.Int64       // until when the database is not asked, since it did not answer; microseconds
}

const (
	// shareWithin is how long the database may take to say what is left.
	shareWithin = 2 * time.Second
	// silentFor is how long it is not asked after it did not answer.
	silentFor = time.Second
)

// takeShared takes one of what several servers allow together. Each takes a piece for several acts,
// so that the database is asked once for them; what is known to be spent is not asked for.
//
// Where the database does not answer, this server counts alone: what a ration guards, a post or a
// sign-in, cannot be done then either, and whoever asks shall be told that and not to be slower.
func (s *Rates) takeShared(ctx context.Context, shard *rateShard, at uint64, taking forum.Taking) (left int64, whole, wait time.Duration) {
	for {
		now := s.clock.Now()
		if left, whole, wait, known := shard.spend(at, taking.Rate, now); known {
			return left, whole, wait
		}
		if now.UnixMicro() < s.shared.silent.Load() {
			return shard.take(at, taking.Rate, now)
		}
		got := false
		_, err, _ := s.shared.asking.Do(strconv.FormatUint(at, 36), func() (any, error) {
			taken, err := s.ask(ctx, taking)
			if err == nil {
				got = taken.N > 0
				shard.keep(at, held{taken.Whole, max(0, taken.N-1)}, now)
			}
			return nil, err
		})
		switch {
		case err != nil:
			return shard.take(at, taking.Rate, now)
		case got:
			return shard.left(at, taking.Rate, now)
		} // else nothing is left, or somebody asked at the same moment: there may be one of theirs
	}
}

// ask takes a piece of what all servers have together.
func (s *Rates) ask(ctx context.Context, taking forum.Taking) (forum.Taken, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shareWithin)
	defer cancel()
	taken, err := s.Shared.TakeRate(ctx, taking)
	if err != nil {
		slog.Warn("the database does not say what other servers allowed: this one counts alone", "act", taking.Act, "cause", err)
		s.shared.silent.Store(s.clock.Now().Add(silentFor).UnixMicro())
	}
	return taken, err
}

// spend spends one of what this server has taken already. known is false where only the database can
// tell: there is none, and the ration was not used up when it was last asked.
func (shard *rateShard) spend(at uint64, rate forum.Rate, now time.Time) (left int64, whole, wait time.Duration, known bool) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	has := shard.held[at]
	if unused := has.valid(rate, now); unused > 0 {
		has.unused = unused - 1
		shard.held[at] = has
		return has.unused + rate.Left(has.whole, now), has.whole.Sub(now), 0, true
	}
	wait = rate.Wait(has.whole, now)
	return 0, has.whole.Sub(now), wait, wait > 0
}

// valid is how many were taken, not spent, and not filled up again since: what fills up anybody may take.
func (h held) valid(rate forum.Rate, now time.Time) int64 {
	if rate.Fresh(h.whole, now) {
		return 0
	}
	return min(h.unused, int64(h.whole.Sub(now)/rate.Each()))
}

func (shard *rateShard) keep(at uint64, has held, now time.Time) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.makeRoom(now)
	shard.held[at] = has
}

// left is what the answer to somebody says who has just spent one.
func (shard *rateShard) left(at uint64, rate forum.Rate, now time.Time) (left int64, whole, wait time.Duration) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	has := shard.held[at]
	return has.valid(rate, now) + rate.Left(has.whole, now), max(0, has.whole.Sub(now)), 0
}
