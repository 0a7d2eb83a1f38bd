//go:build race

package markup

// raceEnabled says that the race detector makes everything some ten times slower.
const raceEnabled = true
