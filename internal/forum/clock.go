package forum

import "time"

// Clock gives the time. It is injected, so that tests set it and a fault in it can be played.
type Clock interface {
	Now() time.Time
}

// SystemClock is the clock of the machine, in UTC and whole microseconds, as they are stored.
type SystemClock struct{}

// Now returns the machine's time in UTC, in whole microseconds.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// maxAhead is how far a thread's last time may lie ahead of the clock and still be
// respected: more is a clock that was wrong for a while, not two writes close together.
const maxAhead = 5 * time.Minute

// Stamp returns the time of the next post of a thread whose last time given was last:
// the clock's, but at least a microsecond above last, so that times never run backwards
// in a thread, unless last is more than five minutes ahead of the clock (skewed is then true).
func Stamp(now, last time.Time) (at time.Time, skewed bool) {
	if now.After(last) {
		return now, false
	}
	if last.Sub(now) > maxAhead {
		return now, true
	}
	return last.Add(time.Microsecond), false
}
