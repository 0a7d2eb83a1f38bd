package metrics

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func read(t testing.TB, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func noGauges(context.Context) []Gauge { return nil }

// Whatever is counted by many at once is counted, each kind of request apart.
func TestManyCountAtOnce(t *testing.T) {
	t.Parallel()
	m := New(noGauges)
	const many, each = 8, 500
	var counting sync.WaitGroup
	for range many {
		counting.Go(func() {
			for range each {
				m.Answered("GET /t/{id}", 200, 3*time.Millisecond)
				m.Answered("GET /t/{id}", 404, time.Millisecond)
				m.Answered(`GET /"odd"`, 200, time.Minute)
				m.PageAsked(true)
				m.Committed(5, time.Millisecond)
			}
		})
	}
	counting.Wait()
	m.PageAsked(false)
	m.Failed()
	text := read(t, m)
	for _, line := range []string{
		`folkmoot_requests_total{route="GET /t/{id}",status="200"} 4000`,
		`folkmoot_requests_total{route="GET /t/{id}",status="404"} 4000`,
		`folkmoot_request_seconds_bucket{route="GET /t/{id}",le="0.0025"} 4000`,
		`folkmoot_request_seconds_bucket{route="GET /t/{id}",le="0.005"} 8000`,
		`folkmoot_request_seconds_bucket{route="GET /\"odd\"",le="10"} 0`,
		`folkmoot_request_seconds_count{route="GET /\"odd\""} 4000`,
		`folkmoot_pages_total{cached="yes"} 4000`,
		`folkmoot_pages_total{cached="no"} 1`,
		`folkmoot_batch_members_bucket{le="4"} 0`,
		`folkmoot_batch_members_bucket{le="8"} 4000`,
		`folkmoot_batch_members_sum 20000`,
		`folkmoot_commit_seconds_count 4000`,
		`folkmoot_commit_failures_total 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("not there: %s", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestGaugesAreAskedEachTime(t *testing.T) {
	t.Parallel()
	asked := 0
	m := New(func(context.Context) []Gauge {
		asked++
		return []Gauge{{"folkmoot_asked", float64(asked)}, {"folkmoot_time", 1790000000.5}}
	})
	for _, line := range []string{"folkmoot_asked 1\n", "folkmoot_asked 2\n", "folkmoot_time 1.7900000005e+09\n"} {
		if text := read(t, m); !strings.Contains(text, line) {
			t.Errorf("not there: %s%s", line, text)
		}
	}
}

func BenchmarkAnswered(b *testing.B) {
	m := New(noGauges)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Answered("POST /api/v1/threads/{thread_id}/posts", 201, 3*time.Millisecond)
		}
	})
}
