//go:build !linux

package markup

import "time"

var processStart = time.Now()

// processorTime is the time of the clock, where the processor's is not known.
func processorTime() time.Duration { return time.Since(processStart) }
