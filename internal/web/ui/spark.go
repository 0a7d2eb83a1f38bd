package ui

import (
	"math"
	"slices"
	"strconv"
	"time"
)

const (
	minSpark    = 3  // posts: fewer are no curve
	sparkBars   = 12 // of a drawing, as many equal spans of time
	sparkWidth  = 5  // of a bar with the gap after it
	sparkHeight = 24
)

// sparkLabel says what the drawing shows, exactly.
func sparkLabel(times []time.Time) string {
	first, last := span(times)
	from, to := Day(first), Day(last)
	if from == to {
		return Count(int64(len(times)), "post", "posts") + " on " + to
	}
	return "the last " + Count(int64(len(times)), "post", "posts") + ": " + from + " to " + to
}

// span returns the first and the last of times, which is not empty.
func span(times []time.Time) (first, last time.Time) {
	return slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
}

// sparkPath draws a bar for each span of time in which posts were written, the highest where most
// were. Heights are square roots, so that one busy day leaves the others visible.
func sparkPath(times []time.Time) string {
	first, last := span(times)
	var counts [sparkBars]int
	width := last.Sub(first)/sparkBars + 1
	for _, at := range times {
		counts[at.Sub(first)/width]++
	}
	most := slices.Max(counts[:])
	path := append(make([]byte, 0, 16*sparkBars), "M0 23h59v1H0z"...)
	for i, n := range counts {
		if n == 0 {
			continue
		}
		height := int(sparkHeight * math.Sqrt(float64(n)/float64(most)))
		path = append(path, 'M')
		path = strconv.AppendInt(path, int64(i*sparkWidth), 10)
		path = append(path, ' ')
		path = strconv.AppendInt(path, sparkHeight, 10)
		path = append(path, 'v', '-')
		path = strconv.AppendInt(path, int64(height), 10)
		path = append(path, "h4v"...)
		path = strconv.AppendInt(path, int64(height), 10)
		path = append(path, 'z')
	}
	return string(path)
}
