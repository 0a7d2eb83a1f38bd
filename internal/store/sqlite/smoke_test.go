package sqlite_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/markup"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

type noPasswords struct{}

func (noPasswords) Hash(context.Context, string) (string, error)         { return "x", nil }
func (noPasswords) Verify(context.Context, string, string) (bool, error) { return true, nil }

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	engine, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "folkmoot.db"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(ctx, engine, forum.SystemClock{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s := &forum.Service{Store: st, Clock: forum.SystemClock{}, Random: rand.Reader, Text: markup.New(), Passwords: noPasswords{}, Views: &forum.Views{}}
	admin, err := s.CreateUser(ctx, forum.SignUp{Name: "admin", Password: "0123456789", Role: forum.Admin})
	if err != nil {
		t.Fatal(err)
	}
	admin, _ = s.User(ctx, "admin")
	cat, err := s.CreateCategory(ctx, admin.Actor(), forum.NewCategory{Name: "General"})
	if err != nil {
		t.Fatal(err)
	}
	post, err := s.CreateThread(ctx, admin.Actor(), forum.NewThread{CategoryID: cat.ID, Title: "Hello", Body: "First *post*", Tags: []string{"a", "b"}, Key: "k1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(post)
	start := time.Now()
	var wg sync.WaitGroup
	const clients, each = 50, 200
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				_, err := s.CreatePost(ctx, admin.Actor(), forum.NewPost{Thread: post.Thread, Body: "some words of about three hundred bytes. " + fmt.Sprint(c, i), Key: fmt.Sprintf("c%d-%d", c, i)})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	t.Logf("%.0f posts/s", clients*each/took.Seconds())
	page, err := s.ThreadPage(ctx, admin.Actor(), post.Thread, forum.PageAt{Last: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(page.Thread.PostCount(), page.First, page.Previous, page.Next, page.Last, len(page.Posts), page.Posts[0].Number)
	start = time.Now()
	for range 1000 {
		page, err = s.ThreadPage(ctx, forum.Actor{}, post.Thread, forum.PageAt{Number: 1000})
	}
	t.Logf("page %v", time.Since(start)/1000)
	start = time.Now()
	for range 1000 {
		_, err = s.PageVersion(ctx, post.Thread)
	}
	t.Logf("version %v %v", time.Since(start)/1000, err)
	if _, err := s.MarkPost(ctx, admin.Actor(), post.Thread, 10001, forum.MarkModDeleted, true, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.MarkThread(ctx, admin.Actor(), post.Thread, forum.MarkModHidden, true, ""); err != nil {
		t.Fatal(err)
	}
	verify(t, st)
	about, err := s.About(ctx, admin.Actor())
	t.Logf("%+v %v", about, err)
}

func verify(t *testing.T, st *store.Store) {
	t.Helper()
	report, err := st.Verify(context.Background(), func(store.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows in %v", report.Rows, report.Took)
	for _, d := range report.Differences {
		t.Errorf("%+v", d)
	}
}
