package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/metrics"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

// listenMetrics listens where /metrics is to be answered; nil where no address is given.
func listenMetrics(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for --metrics: %w", err)
	}
	return listener, nil
}

// serveMetrics answers /metrics on a listener of its own until stop is called, and has what the
// server does counted. Where there is none nothing is.
func (m *moot) serveMetrics(listener net.Listener, kit *httpkit.Kit) (stop func()) {
	if listener == nil {
		return func() {}
	}
	counted := metrics.New(m.gauges)
	kit.Observer = counted
	m.store.Observe(func(batch store.Batch) {
		if batch.Err != nil {
			counted.Failed()
			return
		}
		counted.Committed(batch.Members, batch.Took)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", counted)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	kit.Logger.Info("metrics are answered", "address", listener.Addr().String())
	return func() { _ = server.Close() }
}

// gauges are the numbers that are read when somebody asks for the metrics.
func (m *moot) gauges(ctx context.Context) []metrics.Gauge {
	busy, readers := m.engine.BusyReaders()
	gauges := []metrics.Gauge{
		{Name: "folkmoot_queue_length", Value: float64(m.store.Waiting())},
		{Name: "folkmoot_readers_busy", Value: float64(busy)},
		{Name: "folkmoot_readers", Value: float64(readers)},
		{Name: "folkmoot_writable", Value: writable(m.store.Health())},
	}
	if file, ok := m.engine.(*sqlite.Engine); ok {
		gauges = append(gauges, metrics.Gauge{Name: "folkmoot_log_bytes", Value: float64(file.LogBytes())})
	}
	stored, err := m.storedGauges(ctx)
	if err != nil {
		slog.Warn("some metrics could not be read", "error", err)
	}
	return append(gauges, stored...)
}

func writable(failed error) float64 {
	if failed != nil {
		return 0
	}
	return 1
}

// storedGauges are those that stand in the database. What never happened has none.
func (m *moot) storedGauges(ctx context.Context) ([]metrics.Gauge, error) {
	about, err := m.About(ctx, operator)
	if err != nil {
		return nil, err
	}
	gauges := []metrics.Gauge{{Name: "folkmoot_search_queue_length", Value: float64(about.Pending)}}
	if verified := about.Verification; !verified.At.IsZero() {
		gauges = append(gauges, metrics.Gauge{Name: "folkmoot_count_drift", Value: float64(verified.Differences)},
			metrics.Gauge{Name: "folkmoot_verified_timestamp_seconds", Value: seconds(verified.At)})
	}
	made, err := m.LastBackup(ctx, operator)
	if err == nil && made != (forum.Backup{}) {
		gauges = append(gauges, metrics.Gauge{Name: "folkmoot_backup_timestamp_seconds", Value: seconds(made.At)},
			metrics.Gauge{Name: "folkmoot_backup_bytes", Value: float64(made.Bytes)})
	}
	return gauges, err
}

func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
