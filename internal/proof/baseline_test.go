package proof

import (
	"strings"
	"testing"
	"time"
)

func TestMeasureBaseline(t *testing.T) {
	got, err := MeasureBaseline(t.Context(), t.TempDir(), 100*time.Millisecond, strings.Repeat("x", 300))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.0f posts/s, flush %.3f ms", got.PostsPerSecond, got.Flush)
	if got.PostsPerSecond <= 0 || got.Flush <= 0 {
		t.Errorf("got %+v, want both above zero", got)
	}
}

func BenchmarkBaseline(b *testing.B) {
	for b.Loop() {
		baseline, err := MeasureBaseline(b.Context(), b.TempDir(), time.Second, strings.Repeat("x", 300))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(baseline.PostsPerSecond, "posts/s")
		b.ReportMetric(baseline.Flush, "ms/flush")
	}
}
