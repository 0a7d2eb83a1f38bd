package main

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

var (
	pagesData     = flag.String("pages.data", "", "BenchmarkPages: the `folder` of a forum that loadtest fill has made, instead of a small one of its own")
	pagesDatabase = flag.String("pages.database", "", "the same in a PostgreSQL database: its `URL`")
)

// BenchmarkPages is the pages that a large forum must not make slower, as a member gets them: made
// afresh each time, of threads chosen at random. Middle is the median: compare that.
func BenchmarkPages(b *testing.B) {
	place := dataFlag{Data: *pagesData, Database: *pagesDatabase}
	if place == (dataFlag{}) {
		place.Data = b.TempDir()
		filled := folkmoot(b, "", "loadtest", "fill", "--posts", "2000", "--data", place.Data)
		if filled.code != 0 {
			b.Fatal(filled)
		}
	}
	m, err := openService(b.Context(), place)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	handler := m.handler(b.Context(), &httpkit.Kit{Service: m.Service, Logger: slog.New(slog.DiscardHandler)})

	const password = "the password of a reader"
	name := fmt.Sprintf("reader-%d", time.Now().UnixNano())
	if _, err := m.CreateUser(b.Context(), forum.SignUp{Name: name, Password: password, Role: forum.Member}); err != nil {
		b.Fatal(err)
	}
	session, _, err := m.SignIn(b.Context(), name, password)
	if err != nil {
		b.Fatal(err)
	}
	newest, err := m.Threads(b.Context(), operator, forum.ThreadFilter{Limit: 1})
	if err != nil || len(newest.Threads) == 0 {
		b.Fatalf("the newest thread: %v", err)
	}
	get := func(path string) (*httptest.ResponseRecorder, time.Duration) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.AddCookie(&http.Cookie{Name: "folkmoot", Value: string(session)})
		w := httptest.NewRecorder()
		began := time.Now()
		handler.ServeHTTP(w, r)
		return w, time.Since(began)
	}
	random := rand.New(rand.NewPCG(1, 2))
	anyThread := func() string { // at the address that the id leads to
		w, _ := get(fmt.Sprintf("/t/%d", 1+random.Int64N(newest.Total)))
		return w.Header().Get("Location")
	}
	for _, page := range []struct {
		name string
		path func() string
	}{
		{"latest", func() string { return "/" }},
		{"category", func() string { return "/c/" + newest.Threads[0].Category.Slug }},
		{"thread", anyThread},
	} {
		b.Run(page.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				path := page.path()
				w, duration := get(path)
				if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), name) {
					b.Fatalf("%s: %d, or not as %s sees it", path, w.Code, name)
				}
				took = append(took, duration)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/middle")
		})
	}
}
