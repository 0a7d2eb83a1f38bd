package proof

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Report is what a run measured and what became of everything that was asked.
type Report struct {
	Mix     Mix     `json:"mix"`
	Clients int     `json:"clients"`
	Threads int     `json:"threads"`
	Body    int     `json:"body_bytes"`
	Seed    uint64  `json:"seed"`
	Seconds float64 `json:"seconds"`

	PostsPerSecond    float64          `json:"posts_per_s"`    // rows stored by time
	RequestsPerSecond float64          `json:"requests_per_s"` // of all kinds, acknowledged
	Latency           Latency          `json:"latency_ms"`
	Errors            map[string]int64 `json:"errors"`
	CPUPerPost        float64          `json:"cpu_ms_per_post"` // of the server
	WrittenPerPost    float64          `json:"written_kib_per_post"`
	CPUPerRequest     float64          `json:"cpu_ms_per_request"`
	OwnCPUPerRequest  float64          `json:"client_cpu_ms_per_request"` // of the generator, on the same processors
	Started           float64          `json:"start_ms"`                  // until the first answer
	IdleMemory        float64          `json:"idle_memory_mib"`
	PeakMemory        float64          `json:"peak_memory_mib"`

	Acknowledged int64    `json:"acknowledged"`
	Refused      int64    `json:"refused"`
	Unknown      int64    `json:"unknown"`
	Stored       int64    `json:"stored"`
	Duplicated   int64    `json:"duplicated"`
	Lost         int64    `json:"lost"`
	Ghosts       int64    `json:"refused_but_stored"`
	Rows         int64    `json:"rows"`    // all posts read back through HTTP
	Counted      int64    `json:"counted"` // what the threads' post_count add up to
	Recounted    int64    `json:"recounted_rows"`
	Samples      Samples  `json:"samples"`
	Differences  int64    `json:"differences"` // everything that is not as it must be
	Findings     []string `json:"findings,omitempty"`

	Search   Search        `json:"search"`
	Baseline Baseline      `json:"baseline"`
	Pages    *PageBaseline `json:"page_baseline,omitempty"` // of the mixes that read
	Ratio    float64       `json:"ratio"`                   // to the baseline

	pageBytes int // of an average answer of the mixes that read
}

// Search is how far full text trailed at the end of the load.
type Search struct {
	Pending int64   `json:"pending"`
	Drained float64 `json:"drained_s"` // until nothing was pending
}

// PageBaseline is what net/http does with a body of the same size and nothing else.
type PageBaseline struct {
	RequestsPerSecond float64 `json:"requests_per_s"`
	Bytes             int     `json:"bytes"`
}

// measure takes over what the run itself showed.
func (r *Report) measure(history *History) {
	requests := history.Answered()
	r.Seconds = history.Elapsed.Seconds()
	r.RequestsPerSecond = float64(requests) / r.Seconds
	r.Latency, r.Errors, r.Samples = history.Latency(), history.Errors(), history.Samples
	r.CPUPerRequest = perEach(milliseconds(history.CPU), requests)
	r.OwnCPUPerRequest = perEach(milliseconds(history.OwnCPU), requests)
	r.pageBytes = history.bytesEach()
}

// judge takes over what was found when everything was read back.
func (r *Report) judge(history *History, audit Audit, recount Recount) {
	r.PostsPerSecond = float64(audit.Stored) / r.Seconds
	r.CPUPerPost = perEach(milliseconds(history.CPU), audit.Stored)
	r.WrittenPerPost = perEach(float64(history.Written)/1024, audit.Stored)
	r.Acknowledged, r.Refused, r.Unknown = audit.Acknowledged, audit.Refused, audit.Unknown
	r.Stored, r.Duplicated, r.Lost, r.Ghosts = audit.Stored, audit.Duplicated, audit.Lost, audit.Ghosts
	r.Rows, r.Counted, r.Recounted = audit.Rows, audit.Counted, recount.Rows
	r.Differences = audit.Wrong + int64(len(recount.Differences))
	r.Findings = audit.Findings
	for _, difference := range recount.Differences[:min(len(recount.Differences), maxFindings)] {
		r.Findings = append(r.Findings, "verify: "+string(difference))
	}
}

func perEach(amount float64, n int64) float64 {
	if n == 0 {
		return 0
	}
	return amount / float64(n)
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-16s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("mix", "%s, %d clients, %d threads, bodies of %d bytes, %.1f s, seed %d", r.Mix, r.Clients, r.Threads, r.Body, r.Seconds, r.Seed)
	line("server", "started in %.0f ms, %.0f MiB idle, %.0f MiB at most", r.Started, r.IdleMemory, r.PeakMemory)
	if r.Mix.Reads() {
		line("pages/s", "%.0f, %.3f ms of the server's CPU each", r.RequestsPerSecond, r.CPUPerRequest)
	} else {
		line("posts/s", "%.0f, %.3f ms of the server's CPU and %.1f KiB written each; %.0f requests/s in all",
			r.PostsPerSecond, r.CPUPerPost, r.WrittenPerPost, r.RequestsPerSecond)
	}
	line("latency", "p50 %.1f, p90 %.1f, p99 %.1f, max %.1f ms", r.Latency.P50, r.Latency.P90, r.Latency.P99, r.Latency.Max)
	line("not acknowledged", "%s", r.errorList())
	line("clients", "%.3f ms of CPU a request, on the same processors", r.OwnCPUPerRequest)
	switch {
	case r.Pages != nil:
		line("baseline", "net/http with the same %d bytes: %.0f requests/s; ratio %.2f", r.Pages.Bytes, r.Pages.RequestsPerSecond, r.Ratio)
	case r.Baseline.Flush == 0:
		line("baseline", "pgbench, %d clients, BEGIN INSERT UPDATE COMMIT: %.0f posts/s; ratio %.2f", r.Clients, r.Baseline.PostsPerSecond, r.Ratio)
	default:
		line("baseline", "bare serial loop: %.0f posts/s at %.2f ms a flush; ratio %.2f", r.Baseline.PostsPerSecond, r.Baseline.Flush, r.Ratio)
	}
	if r.Pages == nil {
		line("search", "%d posts pending at the end, drained in %.1f s", r.Search.Pending, r.Search.Drained)
		line("posts", "acknowledged %d, stored %d, duplicated %d, lost %d, refused but stored %d", r.Acknowledged, r.Stored, r.Duplicated, r.Lost, r.Ghosts)
	}
	line("numbers", "%d rows read back, counted %d, %d rows recounted, %d samples during the run", r.Rows, r.Counted, r.Recounted, r.Samples.Taken)
	line("differences", "%d", r.Differences)
	for _, finding := range r.Findings {
		line("", "%s", finding)
	}
}

func (r *Report) errorList() string {
	if len(r.Errors) == 0 {
		return "nothing"
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(r.Errors)) {
		kinds = append(kinds, fmt.Sprintf("%d x %s", r.Errors[kind], kind))
	}
	return strings.Join(kinds, ", ")
}
