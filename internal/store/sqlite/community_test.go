package sqlite_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

func init() {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // faults are what these tests are about
}

// community is a forum on an engine, for tests that hurt the engine.
type community struct {
	*forum.Service
	store  *store.Store
	engine *sqlite.Engine
}

const databaseName = "folkmoot.db"

// open opens the file in folder, which must be a community's.
func open(tb testing.TB, folder string, options sqlite.Options) *community {
	tb.Helper()
	c, err := tryOpen(tb.Context(), folder, options)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func tryOpen(ctx context.Context, folder string, options sqlite.Options) (*community, error) {
	engine, err := sqlite.OpenWith(ctx, filepath.Join(folder, databaseName), options)
	if err != nil {
		return nil, err
	}
	kept, err := store.Open(ctx, engine, forum.SystemClock{})
	if err != nil {
		return nil, err
	}
	return &community{store: kept, engine: engine, Service: &forum.Service{Store: kept, Clock: forum.SystemClock{},
		Random: rand.Reader, Text: bareText{}, Passwords: openDoors{}, Views: &forum.Views{}}}, nil
}

func (c *community) close(tb testing.TB) {
	tb.Helper()
	if err := c.store.Close(); err != nil {
		tb.Errorf("closing: %v", err)
	}
}

// bareText stands in for Markdown.
type bareText struct{}

func (bareText) Render(body string) string         { return "<p>" + body + "</p>" }
func (bareText) Version() int64                    { return 1 }
func (bareText) Excerpt(body string, _ int) string { return body }
func (bareText) Fold(name string) string           { return strings.ToLower(name) }
func (bareText) Tag(name string) string            { return strings.ToLower(name) }
func (bareText) Slug(string) string                { return "slug" }

// openDoors stands in for passwords.
type openDoors struct{}

func (openDoors) Hash(context.Context, string) (string, error)         { return "hash", nil }
func (openDoors) Verify(context.Context, string, string) (bool, error) { return true, nil }

const (
	people  = 8 // members of the seeded community, named person0, person1 ...
	threads = 3 // of it, each with the first post only, in the one category
)

// seed is the file of a small community.
var seed = sync.OnceValue(func() []byte {
	folder, err := os.MkdirTemp("", "seed")
	if err == nil {
		defer os.RemoveAll(folder)
		err = makeSeed(context.Background(), folder)
	}
	content, readErr := os.ReadFile(filepath.Join(folder, databaseName))
	if err != nil || readErr != nil {
		panic(fmt.Sprint(err, readErr))
	}
	return content
})

func makeSeed(ctx context.Context, folder string) error {
	c, err := tryOpen(ctx, folder, sqlite.Options{})
	if err != nil {
		return err
	}
	admin, err := c.CreateUser(ctx, forum.SignUp{Name: "admin", Password: "0123456789", Role: forum.Admin})
	if err != nil {
		return err
	}
	for i := range people {
		if _, err := c.CreateUser(ctx, forum.SignUp{Name: fmt.Sprint("person", i), Password: "0123456789", Role: forum.Member}); err != nil {
			return err
		}
	}
	category, err := c.CreateCategory(ctx, admin.Actor(), forum.NewCategory{Name: "General"})
	if err != nil {
		return err
	}
	for i := range threads {
		_, err := c.CreateThread(ctx, admin.Actor(), forum.NewThread{CategoryID: category.ID, Title: fmt.Sprint("Thread ", i), Body: "the first post"})
		if err != nil {
			return err
		}
	}
	return c.store.Close()
}

// seeded returns a folder of its own with the small community in it.
func seeded(tb testing.TB) string {
	tb.Helper()
	folder := tb.TempDir()
	if err := os.WriteFile(filepath.Join(folder, databaseName), seed(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return folder
}

// actor returns a member, or the administrator.
func (c *community) actor(tb testing.TB, name string) forum.Actor {
	tb.Helper()
	user, err := c.User(tb.Context(), name)
	if err != nil {
		tb.Fatal(err)
	}
	return user.Actor()
}

// storedPost is a row of posts.
type storedPost struct {
	thread forum.ThreadID
	number int64
	body   string
	state  string
}

// stored returns every post, by thread and number.
func (c *community) stored(tb testing.TB) []storedPost {
	tb.Helper()
	var posts []storedPost
	err := c.engine.Read(tb.Context(), store.Query{Text: `SELECT thread_id, number, body, state FROM posts ORDER BY thread_id, number`,
		Each: func(row store.Row) error {
			posts = append(posts, storedPost{forum.ThreadID(row.Int64(0)), row.Int64(1), row.Text(2), row.Text(3)})
			return nil
		}})
	if err != nil {
		tb.Fatal(err)
	}
	return posts
}

// sound checks the whole file: every number recounted, the pages and keys consistent, the
// numbers of each thread 1..n.
func (c *community) sound(tb testing.TB) {
	tb.Helper()
	report, err := c.store.Verify(tb.Context(), func(store.Progress) {})
	if err != nil {
		tb.Errorf("verify: %v", err)
	}
	for _, difference := range report.Differences {
		tb.Errorf("verify: %+v", difference)
	}
	var integrity []string
	add := func(row store.Row) error {
		integrity = append(integrity, row.Text(0))
		return nil
	}
	err = c.engine.Read(tb.Context(), store.Query{Text: `PRAGMA integrity_check`, Each: add}, store.Query{Text: `PRAGMA foreign_key_check`, Each: add})
	if err != nil || len(integrity) != 1 || integrity[0] != "ok" {
		tb.Errorf("integrity: %q, %v", integrity, err)
	}
	next := map[forum.ThreadID]int64{}
	for _, post := range c.stored(tb) {
		if next[post.thread]++; post.number != next[post.thread] {
			tb.Errorf("thread %d: post %d where %d was expected", post.thread, post.number, next[post.thread])
		}
	}
}

// eventually waits until ok, for what happens beside the test.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("it did not happen in time: %s", what)
		}
	}
}
