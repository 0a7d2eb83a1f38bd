//go:build race

package storetest

// The race detector makes everything some ten times slower.
const (
	raceDetector = true
	checks       = "60"
)
