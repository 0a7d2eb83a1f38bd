package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/schollz/progressbar/v3"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

type verifyCommand struct {
	dataFlag
	JSON bool `help:"Print the report as JSON."`
}

// errDifferences ends verify where a stored number is wrong. The report has said which.
const errDifferences = exitCode(1)

// Run recounts every stored number from the rows, beside a running server.
func (c *verifyCommand) Run(ctx context.Context, std *console) error {
	if err := c.exists(ctx); err != nil {
		return err
	}
	m, err := openService(ctx, c.dataFlag)
	if err != nil {
		return err
	}
	defer m.Close()
	report, err := m.verify(ctx, showProgress(std.err))
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(std.out).Encode(report)
	} else {
		printReport(std.out, report)
	}
	if err == nil && report.Wrong > 0 {
		err = errDifferences
	}
	return err
}

// verify recounts, and keeps the outcome for the page about the community.
func (m *moot) verify(ctx context.Context, progress func(store.Progress)) (store.Report, error) {
	report, err := m.store.Verify(ctx, progress)
	if err != nil {
		return report, err
	}
	outcome := forum.Verification{At: report.At, Took: report.Took, Rows: report.Rows, Differences: report.Wrong}
	if err := m.store.SetVerification(ctx, outcome); err != nil {
		return report, fmt.Errorf("keeping the outcome: %w", err)
	}
	return report, nil
}

// showProgress draws a bar on a terminal, and writes a line for each number elsewhere once two
// seconds have passed.
func showProgress(to io.Writer) func(store.Progress) {
	began := time.Now()
	if isTerminal(to) {
		bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(to), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false))
		return func(p store.Progress) {
			bar.ChangeMax(p.Total)
			bar.Describe(p.Check)
			_ = bar.Set(p.Done)
			if p.Done == p.Total {
				_ = bar.Finish()
			}
		}
	}
	return func(p store.Progress) {
		if time.Since(began) > 2*time.Second {
			fmt.Fprintf(to, "%d of %d: %s (%d rows read)\n", p.Done, p.Total, p.Check, p.Rows)
		}
	}
}

func printReport(out io.Writer, report store.Report) {
	for _, d := range report.Differences {
		fmt.Fprintf(out, "DIFFERENCE %s, %s of %s: stored %d, counted %d\n", d.Number, d.Column, d.Key, d.Stored, d.Counted)
	}
	if more := report.Wrong - int64(len(report.Differences)); more > 0 {
		fmt.Fprintf(out, "... and %d more\n", more)
	}
	seconds := report.Took.Seconds()
	fmt.Fprintf(out, "%d kinds of numbers recounted, %d rows read in %.2f s (%.0f rows/s): %d differences\n",
		report.Checks, report.Rows, seconds, float64(report.Rows)/seconds, report.Wrong)
}

// verifyEvery recounts once in every period until ctx ends; differences are logged.
func (m *moot) verifyEvery(ctx context.Context, period time.Duration, logger *slog.Logger) {
	if period <= 0 {
		return
	}
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		report, err := m.verify(ctx, func(store.Progress) {})
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			logger.Warn("the numbers could not be verified", "error", err)
		case report.Wrong > 0:
			logger.Error("stored numbers differ from the rows: run folkmoot verify", "differences", report.Wrong, "first", report.Differences[0])
		default:
			logger.Info("the numbers are exact", "rows", report.Rows, "took", report.Took)
		}
	}
}
