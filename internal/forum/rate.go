package forum

import (
	"context"
	"time"
)

// Rate is how often something may be done: Quota times at once, and as often again in each Window,
// spread evenly (a token bucket). What is left of it is told by one time: when it is whole again.
type Rate struct {
	Quota  int64
	Window time.Duration
}

// clocksWithin is how far the clocks of several servers may be apart. A rate that is whole later than
// this after its window was left by a clock that was set back since, and begins anew.
const clocksWithin = time.Minute

// Each is in how long one more is there.
func (r Rate) Each() time.Duration { return max(r.Window/time.Duration(r.Quota), 1) }

// Take takes up to want of a rate that is whole at a time, zero where it was never used. It returns
// how many that are, 0 where nothing is left, and when the rate is whole then.
func (r Rate) Take(whole, now time.Time, want int64) (taken int64, then time.Time) {
	if r.Fresh(whole, now) {
		whole = now
	}
	taken = min(want, r.Left(whole, now))
	return taken, whole.Add(time.Duration(taken) * r.Each())
}

// Fresh tells whether a rate that is whole at a time has nothing taken of it, or no word can be believed of it.
func (r Rate) Fresh(whole, now time.Time) bool {
	return !whole.After(now) || whole.Sub(now) > r.Window+clocksWithin
}

// Left is how many can be taken of a rate that is whole at a time.
func (r Rate) Left(whole, now time.Time) int64 {
	if r.Fresh(whole, now) {
		return r.Quota
	}
	return max(0, int64((r.Window-whole.Sub(now))/r.Each()))
}

// Wait is how long nothing can be taken of a rate that is whole at a time, 0 where something can.
func (r Rate) Wait(whole, now time.Time) time.Duration {
	if r.Left(whole, now) > 0 {
		return 0
	}
	return whole.Sub(now) + r.Each() - r.Window
}

// Taking is what a server wants of a rate that it shares with others.
type Taking struct {
	Rate
	Act     string // what may be done
	Subject string // by whom: only a keyed hash of both is stored
	Want    int64
}

// Taken is what it was given.
type Taken struct {
	N     int64 // 0: nothing was left
	Whole time.Time
}

// RateStore is what servers need that share a database, so that together they allow no more than one would.
type RateStore interface {
	// TakeRate takes up to what is wanted, of what all servers have left together. A crash of the
	// database may forget what was taken.
	TakeRate(ctx context.Context, taking Taking) (Taken, error)
}
