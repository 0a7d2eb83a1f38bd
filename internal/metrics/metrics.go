// Package metrics counts what a server does, in the text form that Prometheus reads. Names and
// labels are bounded: no address, person, title or query is ever part of one.
package metrics

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Gauge is a number as it stands at this moment.
type Gauge struct {
	Name  string
	Value float64
}

// Metrics are those of one server. Its methods may be called by many goroutines at once.
type Metrics struct {
	set      *metrics.Set
	gauges   func(context.Context) []Gauge
	members  *metrics.PrometheusHistogram
	commits  *metrics.PrometheusHistogram
	failures *metrics.Counter
	pages    [2]*metrics.Counter // by whether they were cached

	mu       sync.RWMutex
	routes   map[string]*metrics.PrometheusHistogram
	requests map[request]*metrics.Counter
}

// request is a kind of request that is counted.
type request struct {
	route  string
	status int
}

// Bounds of the histograms' buckets.
var (
	requestSeconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	commitSeconds  = []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
	batchMembers   = []float64{1, 2, 4, 8, 16, 32, 64, 128}
)

// New returns metrics at zero. gauges is asked whenever they are read.
func New(gauges func(context.Context) []Gauge) *Metrics {
	metrics.ExposeMetadata(true)
	set := metrics.NewSet()
	return &Metrics{
		set: set, gauges: gauges,
		members:  set.NewPrometheusHistogramExt("folkmoot_batch_members", batchMembers),
		commits:  set.NewPrometheusHistogramExt("folkmoot_commit_seconds", commitSeconds),
		failures: set.NewCounter("folkmoot_commit_failures_total"),
		pages:    [2]*metrics.Counter{set.NewCounter(`folkmoot_pages_total{cached="no"}`), set.NewCounter(`folkmoot_pages_total{cached="yes"}`)},
		routes:   map[string]*metrics.PrometheusHistogram{},
		requests: map[request]*metrics.Counter{},
	}
}

// Answered counts a request by its route and status, and how long it took.
func (m *Metrics) Answered(route string, status int, took time.Duration) {
	m.mu.RLock()
	seconds, counter := m.routes[route], m.requests[request{route, status}]
	m.mu.RUnlock()
	if seconds == nil || counter == nil {
		seconds, counter = m.meet(route, status)
	}
	seconds.Update(took.Seconds())
	counter.Inc()
}

// meet makes the metrics of a kind of request that comes for the first time.
func (m *Metrics) meet(route string, status int) (*metrics.PrometheusHistogram, *metrics.Counter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seconds := m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf("folkmoot_request_seconds{route=%q}", route), requestSeconds)
	counter := m.set.GetOrCreateCounter(fmt.Sprintf("folkmoot_requests_total{route=%q,status=%q}", route, strconv.Itoa(status)))
	m.routes[route], m.requests[request{route, status}] = seconds, counter
	return seconds, counter
}

// PageAsked counts a page that visitors share.
func (m *Metrics) PageAsked(cached bool) {
	if cached {
		m.pages[1].Inc()
	} else {
		m.pages[0].Inc()
	}
}

// Committed counts a transaction of so many writes.
func (m *Metrics) Committed(members int, took time.Duration) {
	m.members.Update(float64(members))
	m.commits.Update(took.Seconds())
}

// Failed counts a transaction that had to be given up.
func (m *Metrics) Failed() { m.failures.Inc() }

// ServeHTTP answers with all of them, and with what the process and Go's runtime say of themselves.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	m.set.WritePrometheus(w)
	for _, gauge := range m.gauges(r.Context()) {
		metrics.WriteGaugeFloat64(w, gauge.Name, gauge.Value)
	}
	metrics.WriteProcessMetrics(w)
}
