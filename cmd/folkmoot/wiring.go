package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"folkmoot/internal/api"
	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/markup"
	"folkmoot/internal/password"
	"folkmoot/internal/store"
	"folkmoot/internal/store/postgres"
	"folkmoot/internal/web"
)

// dataFlag is of every command that works on a forum: it says where that is kept.
type dataFlag struct {
	Data     string `default:"./data" env:"FOLKMOOT_DATA" placeholder:"DIR" help:"Folder of the forum's data; made where it is missing (${default})."`
	Database string `env:"FOLKMOOT_DATABASE" placeholder:"URL" help:"PostgreSQL database that holds the forum, instead of a file in that folder: postgres://user:password@host/name. Better given in the environment: command lines can be seen."`
}

// String names the place without its password.
func (f dataFlag) String() string {
	if f.Database != "" {
		return postgres.Place(f.Database)
	}
	return f.Data
}

// file is the database's file, where there is one.
func (f dataFlag) file() string { return filepath.Join(f.Data, databaseName) }

// exists sees that there is a forum, since opening would make one: store.ErrNone.
func (f dataFlag) exists(ctx context.Context) error {
	if f.Database != "" {
		return postgres.Exists(ctx, f.Database)
	}
	if _, err := os.Stat(f.file()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", f.Data, store.ErrNone)
	}
	return nil
}

// engine is the database that a forum is kept in.
type engine interface {
	store.Engine
	store.Target
	// BusyReaders returns how many connections are reading, and how many can.
	BusyReaders() (busy, all int)
}

// place is the database.
func (f dataFlag) place() place {
	if f.Database != "" {
		return place{url: f.Database}
	}
	return place{file: f.file()}
}

// open opens, makes and migrates the database.
func (f dataFlag) open(ctx context.Context) (engine, error) {
	if f.Database == "" {
		if err := makeFolder(f.Data); err != nil {
			return nil, err
		}
	}
	return f.place().open(ctx)
}

// moot is a forum opened: its service on its store.
type moot struct {
	*forum.Service
	store  *store.Store
	engine engine
}

// databaseName is the database's file in the data folder.
const databaseName = "folkmoot.db"

// openService opens the forum at place, makes and migrates it. Close it. Servers may run on the same
// place meanwhile.
func openService(ctx context.Context, place dataFlag) (*moot, error) {
	return openServiceAt(ctx, place, forum.SystemClock{})
}

// openServiceAt is openService by another clock.
func openServiceAt(ctx context.Context, place dataFlag, clock forum.Clock) (*moot, error) {
	engine, err := place.open(ctx)
	if err != nil {
		return nil, err
	}
	return serviceOn(ctx, engine, clock)
}

// serviceOn is the forum on an engine, which is closed with it.
func serviceOn(ctx context.Context, engine engine, clock forum.Clock) (*moot, error) {
	kept, err := store.Open(ctx, engine, clock)
	if err != nil {
		return nil, err
	}
	text := markup.New()
	kept.Plain, kept.Renderer = text.Text, text
	return &moot{store: kept, engine: engine, Service: &forum.Service{Store: kept, Clock: clock, Random: rand.Reader,
		Text: text, Passwords: password.New(password.Standard), Views: new(forum.Views)}}, nil
}

// Close ends writing and closes the database.
func (m *moot) Close() error { return m.store.Close() }

// makeFolder makes the data folder, for its owner alone, and sees whether it can be written:
// the database's own words would be less plain.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w", err)
	}
	probe, err := os.CreateTemp(path, ".writable-*")
	if err != nil {
		return fmt.Errorf("the data folder cannot be written: %w", err)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// handler is everything the server answers, which stops when ctx ends.
func (m *moot) handler(ctx context.Context, kit *httpkit.Kit) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { m.serveReady(ctx, w) })
	mux.Handle("/api/", api.New(kit))
	mux.Handle("/", web.New(kit))
	return kit.Wrap(mux)
}

// serveReady says whether this server should be sent requests: not after it had to stop writing,
// nor while it stops.
func (m *moot) serveReady(serving context.Context, w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case serving.Err() != nil:
		http.Error(w, "not ready: the server is stopping", http.StatusServiceUnavailable)
	case m.store.Health() != nil:
		http.Error(w, "not ready: writing has stopped; the log says why", http.StatusServiceUnavailable)
	case m.store.Writing() > stuckAfter:
		http.Error(w, "not ready: the database has not finished a write for a while", http.StatusServiceUnavailable)
	case !m.reached(serving):
		http.Error(w, "not ready: the database does not answer", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ready")
	}
}

// stuckAfter is how long a batch may be written by a server that is called ready: far above what locks
// and flushes take.
const stuckAfter = 15 * time.Second

// readyWithin is how long the database may take to answer a server that is called ready.
const readyWithin = 3 * time.Second

// reached asks the database for something small. A read that is under way is not waited for longer:
// nobody tells when a database answers that takes what it is sent and says nothing.
func (m *moot) reached(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	answered := make(chan error, 1)
	go func() {
		_, err := m.Rules(ctx)
		answered <- err
	}()
	select {
	case err := <-answered:
		return err == nil
	case <-ctx.Done():
		return false
	}
}

// operator is who sits at the command line: whoever can read the file may read everything in it.
// No person has this id, so that it cannot be made to write.
var operator = forum.Actor{User: -1, Name: "operator", Role: forum.Admin}

// newLogger logs from the level on: at a terminal for people, elsewhere a JSON object a line.
func newLogger(std *console, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if isTerminal(std.err) {
		return slog.New(slog.NewTextHandler(std.err, options))
	}
	return slog.New(slog.NewJSONHandler(std.err, options))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
