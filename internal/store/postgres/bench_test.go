package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"folkmoot/internal/store/postgres/pgtest"
	"folkmoot/internal/store/storetest"
)

func BenchmarkStore(b *testing.B) { storetest.Bench(b, openStore) }

// BenchmarkWays is what the same fifty posts cost where each is a transaction on a connection of its
// own, where the transactions of half of them go down one connection in one journey, and where half of
// them are one transaction: what the combiner does. A post is a row and an addition, durable.
func BenchmarkWays(b *testing.B) {
	const clients, together = 50, 25
	cluster, err := pgtest.NewCluster(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Remove()
	url := cluster.NewDatabase(b)
	cluster.Exec(b, url, `CREATE TABLE counted (id bigint PRIMARY KEY, n bigint NOT NULL)`)
	cluster.Exec(b, url, `CREATE TABLE written (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, counted bigint NOT NULL, body text NOT NULL)`)
	cluster.Exec(b, url, `INSERT INTO counted SELECT n, 0 FROM generate_series(1, 10000) n`)
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = clients
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()

	const insert, add = `INSERT INTO written (counted, body) VALUES ($1, repeat('x', 300))`, `UPDATE counted SET n = n + 1 WHERE id = $1`
	transaction := func(batch *pgx.Batch, id int64) {
		batch.Queue(`BEGIN`)
		batch.Queue(insert, id)
		batch.Queue(add, id)
		batch.Queue(`COMMIT`)
	}
	for _, threads := range []int64{1, 10_000} {
		anyThread := func() int64 { return 1 + rand.Int64N(threads) }
		run := func(name string, each int, write func(ctx context.Context) error) {
			b.Run(fmt.Sprintf("%s, %d threads", name, threads), func(b *testing.B) {
				for b.Loop() {
					if err := write(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(each*b.N)/b.Elapsed().Seconds(), "posts/s")
			})
		}
		run("a transaction each", clients, func(ctx context.Context) error {
			failed := make(chan error, clients)
			for range clients {
				go func() {
					var batch pgx.Batch
					transaction(&batch, anyThread())
					failed <- pool.SendBatch(ctx, &batch).Close()
				}()
			}
			var first error
			for range clients {
				if err := <-failed; first == nil {
					first = err
				}
			}
			return first
		})
		run("pipelined", together, func(ctx context.Context) error {
			var batch pgx.Batch
			for range together {
				transaction(&batch, anyThread())
			}
			return pool.SendBatch(ctx, &batch).Close()
		})
		run("combined", together, func(ctx context.Context) error {
			ids, added := make([]int64, together), map[int64]int64{}
			for i := range ids {
				ids[i] = anyThread()
				added[ids[i]]++
			}
			var rows, numbers []int64
			for id, n := range added {
				rows, numbers = append(rows, id), append(numbers, n)
			}
			var batch pgx.Batch
			batch.Queue(`BEGIN`)
			batch.Queue(`INSERT INTO written (counted, body) SELECT id, repeat('x', 300) FROM unnest($1::bigint[]) id`, ids)
			batch.Queue(`UPDATE counted SET n = counted.n + added.n FROM unnest($1::bigint[], $2::bigint[]) AS added (id, n) WHERE counted.id = added.id`, rows, numbers)
			batch.Queue(`COMMIT`)
			return pool.SendBatch(ctx, &batch).Close()
		})
	}
}
