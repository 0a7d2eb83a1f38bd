package proof

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Act is a kind of request that the generator makes.
type Act uint8

// The acts. All but Reading change something.
const (
	Posting Act = iota
	Deleting
	Restoring
	Reacting
	Moving
	Renaming
	Reading
)

// Outcome is what is known about what a request did.
type Outcome uint8

// The outcomes.
const (
	Unknown      Outcome = iota // no answer, or one that promises nothing: done once or not at all
	Acknowledged                // done, exactly once, and it must stay done
	Refused                     // not done
)

// outcomeOf reads a status as a promise. Of a 5xx answer the server itself may not know more.
func outcomeOf(status int) Outcome {
	switch {
	case status >= 200 && status < 400:
		return Acknowledged
	case status >= 400 && status < 500:
		return Refused
	}
	return Unknown
}

// Op is one request and what it was answered, small enough to keep millions.
type Op struct {
	Act       Act
	Outcome   Outcome
	Arg       uint8  // of Reacting: the kind and one, 0 to withdraw; of Moving: the category
	Status    uint16 // 0: no answer
	Thread    uint32 // index into Site.Threads
	Number    uint32 // of the post made or changed; of Reading: where the page begins
	PostCount uint32 // the thread's numbers as answered
	Version   uint32
	Took      uint32 // microseconds
	Bytes     uint32 // of the answer
	Activity  int64  // last_activity_at, microseconds
}

// History is what the clients of one run asked, in each one's order, and how it was answered.
type History struct {
	Mix     Mix
	texts   *texts
	Clients [][]Op
	Began   time.Time
	Elapsed time.Duration // until the last answer
	CPU     time.Duration // that the server used meanwhile
	OwnCPU  time.Duration // that the clients used meanwhile, on the same processors
	Written int64         // bytes that the server handed to the disk meanwhile
	Samples Samples
}

// Answered counts the requests of those acts that were acknowledged; of all acts where none is named.
func (h *History) Answered(acts ...Act) int64 {
	var n int64
	for _, ops := range h.Clients {
		for _, op := range ops {
			if op.Outcome == Acknowledged && (len(acts) == 0 || slices.Contains(acts, op.Act)) {
				n++
			}
		}
	}
	return n
}

// bytesEach is the average size of the answers.
func (h *History) bytesEach() int {
	var bytes, n int
	for _, ops := range h.Clients {
		for _, op := range ops {
			bytes, n = bytes+int(op.Bytes), n+1
		}
	}
	return bytes / max(n, 1)
}

// Errors counts what was not acknowledged, by its status; "no answer" where there was none.
func (h *History) Errors() map[string]int64 {
	kinds := map[string]int64{}
	for _, ops := range h.Clients {
		for _, op := range ops {
			if op.Outcome == Acknowledged {
				continue
			}
			kind := "no answer"
			if op.Status != 0 {
				kind = strconv.Itoa(int(op.Status)) + " " + http.StatusText(int(op.Status))
			}
			kinds[kind]++
		}
	}
	return kinds
}

// Latency is how long answers took, in milliseconds, exactly: of every request acknowledged.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Latency sums up all clients.
func (h *History) Latency() Latency {
	var took []uint32
	for _, ops := range h.Clients {
		for _, op := range ops {
			if op.Outcome == Acknowledged {
				took = append(took, op.Took)
			}
		}
	}
	return latencyOf(took)
}

func latencyOf(took []uint32) Latency {
	if len(took) == 0 {
		return Latency{}
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(int(share*float64(len(took))), len(took)-1)]) / 1000
	}
	return Latency{P50: at(0.50), P90: at(0.90), P99: at(0.99), Max: at(1)}
}

// Samples is what somebody saw who read the threads again and again during the run.
type Samples struct {
	Taken     int64    `json:"taken"`
	Backwards []string `json:"backwards,omitempty"` // what ran backwards, in words
}
