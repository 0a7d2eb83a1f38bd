package proof

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Baseline is what this machine and the database do without a server: on SQLite a bare serial loop,
// one durable INSERT and UPDATE +1 a transaction, on PostgreSQL pgbench with the same clients. Ratios to
// it compare across machines.
type Baseline struct {
	PostsPerSecond float64 `json:"posts_per_s"`
	Flush          float64 `json:"flush_ms,omitempty"` // SQLite: median time to make a 4 KiB append durable
}

const baselineSchema = `
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = FULL;
	CREATE TABLE threads(id INTEGER PRIMARY KEY, post_count INTEGER NOT NULL) STRICT;
	CREATE TABLE posts(
		thread_id INTEGER NOT NULL REFERENCES threads, number INTEGER NOT NULL,
		body TEXT NOT NULL, created_at INTEGER NOT NULL,
		PRIMARY KEY (thread_id, number)) STRICT, WITHOUT ROWID;
	INSERT INTO threads VALUES (1, 0);`

// MeasureBaseline runs the loop for the duration given, in a folder of its own beside the data.
func MeasureBaseline(ctx context.Context, beside string, duration time.Duration, body string) (_ Baseline, err error) {
	folder, err := os.MkdirTemp(beside, "baseline-")
	if err != nil {
		return Baseline{}, err
	}
	defer os.RemoveAll(folder)
	flush, err := flushTime(filepath.Join(folder, "flush"))
	if err != nil {
		return Baseline{}, fmt.Errorf("measuring the disk's flush: %w", err)
	}
	db, err := sqlite3.Open(filepath.Join(folder, "baseline.db"))
	if err != nil {
		return Baseline{}, fmt.Errorf("opening the baseline's database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Exec(baselineSchema); err != nil {
		return Baseline{}, fmt.Errorf("making the baseline's tables: %w", err)
	}
	perSecond, err := serialLoop(ctx, db, duration, body)
	return Baseline{PostsPerSecond: perSecond, Flush: milliseconds(flush)}, err
}

// serialLoop stores posts one transaction each, with prepared statements.
func serialLoop(ctx context.Context, db *sqlite3.Conn, duration time.Duration, body string) (perSecond float64, err error) {
	var statements [4]*sqlite3.Stmt
	for i, text := range []string{
		`BEGIN IMMEDIATE`,
		`INSERT INTO posts(thread_id, number, body, created_at) VALUES (1, ?1, ?2, ?3)`,
		`UPDATE threads SET post_count = post_count + 1 WHERE id = 1`,
		`COMMIT`,
	} {
		if statements[i], _, err = db.Prepare(text); err != nil {
			return 0, fmt.Errorf("preparing the baseline: %w", err)
		}
		defer statements[i].Close()
	}
	begin := time.Now()
	stored := int64(0)
	for ; time.Since(begin) < duration && ctx.Err() == nil; stored++ {
		insert := statements[1]
		err := errors.Join(
			insert.BindInt64(1, stored+1),
			insert.BindText(2, body),
			insert.BindInt64(3, time.Now().UnixMicro()))
		for _, statement := range statements {
			err = errors.Join(err, statement.Exec())
		}
		if err != nil {
			return 0, fmt.Errorf("storing the baseline's post %d: %w", stored+1, err)
		}
	}
	return float64(stored) / time.Since(begin).Seconds(), ctx.Err()
}

// flushTime is the median of 101 appends of 4 KiB, each made durable.
func flushTime(path string) (time.Duration, error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	block := make([]byte, 4<<10)
	var took [101]time.Duration
	for i := range took {
		if _, err := file.Write(block); err != nil {
			return 0, err
		}
		begin := time.Now()
		if err := syncData(file); err != nil {
			return 0, err
		}
		took[i] = time.Since(begin)
	}
	slices.Sort(took[:])
	return took[len(took)/2], nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
