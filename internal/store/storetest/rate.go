package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

var rateCases = []testCase{
	{"taken and filled again", rateTaken},
	{"each act and subject has its own", rateApart},
	{"never more than there is", rateConcurrent},
	{"nobody can be told from the rows", rateSecret},
}

// posting is a rate of 6 a minute, as ann has it.
func posting(want int64) forum.Taking {
	return forum.Taking{Rate: forum.Rate{Quota: 6, Window: time.Minute}, Act: "posts", Subject: "ann 203.0.113.9", Want: want}
}

func (c *community) take(t testing.TB, taking forum.Taking) forum.Taken {
	t.Helper()
	taken, err := c.store.TakeRate(t.Context(), taking)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func rateTaken(t *testing.T, c *community) {
	for i, step := range []struct {
		after time.Duration
		want  int64
		taken int64
		whole time.Duration // from now
	}{
		{0, 4, 4, 40 * time.Second},
		{0, 4, 2, time.Minute},
		{0, 1, 0, time.Minute},
		{9 * time.Second, 1, 0, 51 * time.Second},
		{time.Second, 1, 1, time.Minute},
		{time.Hour, 1, 1, 10 * time.Second},
		{-time.Hour, 1, 1, 10 * time.Second}, // the clock was set back: nobody waits an hour
	} {
		c.clock.move(step.after)
		want := forum.Taken{N: step.taken, Whole: c.clock.Now().Add(step.whole)}
		differ(t, fmt.Sprint("step ", i), want, c.take(t, posting(step.want)))
	}
}

func rateApart(t *testing.T, c *community) {
	c.take(t, posting(6))
	for _, other := range []func(*forum.Taking){
		func(taking *forum.Taking) { taking.Act = "threads" },
		func(taking *forum.Taking) { taking.Subject = "ben 203.0.113.9" },
	} {
		taking := posting(6)
		other(&taking)
		if got := c.take(t, taking); got.N != 6 {
			t.Errorf("%s of %s: %d were taken, want all", taking.Act, taking.Subject, got.N)
		}
	}
	if got := c.take(t, posting(1)); got.N != 0 {
		t.Errorf("%d were taken where nothing was left", got.N)
	}
}

func rateConcurrent(t *testing.T, c *community) {
	const people, each = 5, 30
	var mu sync.Mutex
	taken := map[string]int64{}
	var asking sync.WaitGroup
	for i := range people * each {
		asking.Go(func() {
			taking := posting(int64(i%2 + 1))
			taking.Subject = fmt.Sprint("person ", i%people)
			got := c.take(t, taking)
			mu.Lock()
			defer mu.Unlock()
			taken[taking.Subject] += got.N
		})
	}
	asking.Wait()
	for subject, n := range taken {
		if n != 6 {
			t.Errorf("%s took %d, want 6", subject, n)
		}
	}
}

func rateSecret(t *testing.T, c *community) {
	c.take(t, posting(1))
	kept := c.rows(t)["rates"]
	if len(kept) != 1 {
		t.Fatalf("rows: %q, want one", kept)
	}
	for _, told := range []string{"ann", "203.0.113.9", "posts"} {
		if strings.Contains(kept[0], told) {
			t.Errorf("%q stands in the row %q", told, kept[0])
		}
	}
	// Another community's secret is another: what is the same there looks different.
	other := newCommunity(t, c.open)
	other.take(t, posting(1))
	if again := other.rows(t)["rates"]; len(again) != 1 || again[0] == kept[0] {
		t.Errorf("two communities have the rows %q and %q", kept, again)
	}
}
