package forum

import (
	"testing"
	"time"
)

func TestRateTake(t *testing.T) {
	t.Parallel()
	rate := Rate{Quota: 6, Window: time.Minute}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	in := func(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	tests := []struct {
		name  string
		whole time.Time
		want  int64
		taken int64
		then  time.Time
		wait  time.Duration // for one, before
	}{
		{"never used", time.Time{}, 1, 1, in(10), 0},
		{"whole long ago", in(-3600), 2, 2, in(20), 0},
		{"all of it", now, 6, 6, in(60), 0},
		{"more than there is", now, 60, 6, in(60), 0},
		{"half used", in(30), 2, 2, in(50), 0},
		{"the last", in(50), 4, 1, in(60), 0},
		{"nearly one", in(51), 4, 0, in(51), time.Second},
		{"nothing left", in(60), 1, 0, in(60), 10 * time.Second},
		{"nothing wanted", in(30), 0, 0, in(30), 0},
		{"by a clock ahead", in(60 + 59), 1, 0, in(60 + 59), 69 * time.Second},
		{"by a clock that was set back", in(60 + 61), 1, 1, in(10), 0},
	}
	for _, tt := range tests {
		if wait := rate.Wait(tt.whole, now); wait != tt.wait {
			t.Errorf("%s: to wait is %v, want %v", tt.name, wait, tt.wait)
		}
		if taken, then := rate.Take(tt.whole, now, tt.want); taken != tt.taken || !then.Equal(tt.then) {
			t.Errorf("%s: took %d, whole at %v, want %d, %v", tt.name, taken, then, tt.taken, tt.then)
		}
	}
}

// However it is taken, in the time of n windows nobody gets more than n+1 quotas.
func TestRateHolds(t *testing.T) {
	t.Parallel()
	rate := Rate{Quota: 7, Window: time.Minute} // which 60 s cannot be divided by
	begin := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	var whole time.Time
	got := int64(0)
	for now := begin; now.Before(begin.Add(10 * time.Minute)); now = now.Add(777 * time.Millisecond) {
		var taken int64
		taken, whole = rate.Take(whole, now, 3)
		got += taken
	}
	if want := int64(77); got > want || got < want-1 {
		t.Errorf("%d were taken in ten windows, want %d", got, want)
	}
}
