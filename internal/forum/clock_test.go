package forum_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"folkmoot/internal/forum"
)

func TestStamp(t *testing.T) {
	last := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		now    time.Duration // after last
		want   time.Duration
		skewed bool
	}{
		{"later", time.Second, time.Second, false},
		{"a microsecond later", time.Microsecond, time.Microsecond, false},
		{"the same moment", 0, time.Microsecond, false},
		{"set back a little", -time.Minute, time.Microsecond, false},
		{"set back as far as is believed", -5 * time.Minute, time.Microsecond, false},
		{"set back further", -5*time.Minute - time.Microsecond, -5*time.Minute - time.Microsecond, true},
		{"set back by a year", -365 * 24 * time.Hour, -365 * 24 * time.Hour, true},
		{"set forward by a year", 365 * 24 * time.Hour, 365 * 24 * time.Hour, false},
	}
	for _, tt := range tests {
		at, skewed := forum.Stamp(last.Add(tt.now), last)
		if at.Sub(last) != tt.want || skewed != tt.skewed {
			t.Errorf("%s: %v, skewed %v; want %v, %v", tt.name, at.Sub(last), skewed, tt.want, tt.skewed)
		}
	}
}

// Times rise, unless the last one lay so far ahead that the clock must have been wrong.
func TestStampRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(t, "last"))
		now := last.Add(time.Duration(rapid.Int64Range(-3600_000_000, 3600_000_000).Draw(t, "after")) * time.Microsecond)
		at, skewed := forum.Stamp(now, last)
		if skewed != (last.Sub(now) > 5*time.Minute) {
			t.Errorf("%v after the last: skewed %v", now.Sub(last), skewed)
		}
		if at.Before(now) || !skewed && !at.After(last) || skewed && !at.Equal(now) {
			t.Errorf("%v after the last is stamped %v after it", now.Sub(last), at.Sub(last))
		}
	})
}

func TestSystemClock(t *testing.T) {
	now := forum.SystemClock{}.Now()
	if now.Location() != time.UTC || now != now.Truncate(time.Microsecond) || time.Since(now) > time.Minute {
		t.Errorf("now is %v", now)
	}
}
