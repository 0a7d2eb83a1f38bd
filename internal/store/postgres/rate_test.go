package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
	"folkmoot/internal/store/postgres/pgtest"
)

// Two servers that take of the same rates at the same moment, rows that are new included, take together
// no more than there is, and no less.
func TestServersTakeNoMore(t *testing.T) {
	url := pgtest.Shared(t).NewDatabase(t)
	var servers []*store.Store
	for range 2 {
		engine, err := postgres.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		server, err := store.Open(t.Context(), engine, forum.SystemClock{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		servers = append(servers, server)
	}
	rate := forum.Rate{Quota: 20, Window: time.Hour}
	for subject := range 20 {
		var taken atomic.Int64
		var taking sync.WaitGroup
		begin := make(chan struct{})
		for i := range 60 {
			taking.Go(func() {
				<-begin
				got, err := servers[i%2].TakeRate(t.Context(), forum.Taking{Rate: rate, Act: "posts", Subject: fmt.Sprint(subject), Want: 1})
				if err != nil {
					t.Error(err)
				}
				taken.Add(got.N)
			})
		}
		close(begin)
		taking.Wait()
		if taken.Load() != rate.Quota {
			t.Errorf("round %d: two servers took %d, want %d", subject, taken.Load(), rate.Quota)
		}
	}
}

// BenchmarkTakeRate is what a server pays for a piece.
func BenchmarkTakeRate(b *testing.B) {
	st, _ := openStore(b, forum.SystemClock{})
	taking := forum.Taking{Rate: forum.Rate{Quota: 1 << 40, Window: time.Hour}, Act: "posts", Subject: "ann", Want: 1}
	for b.Loop() {
		if _, err := st.TakeRate(b.Context(), taking); err != nil {
			b.Fatal(err)
		}
	}
}
