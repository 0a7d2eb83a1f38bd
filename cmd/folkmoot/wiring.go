package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"folkmoot/internal/api"
	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/markup"
	"folkmoot/internal/password"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/web"
)

// dataFlag is of every command that works on a forum.
type dataFlag struct {
	Data string `default:"./data" env:"FOLKMOOT_DATA" placeholder:"DIR" help:"Folder of the forum's data; made where it is missing (${default})."`
}

// moot is a forum opened: its service on its store.
type moot struct {
	*forum.Service
	store  *store.Store
	engine *sqlite.Engine
}

// databaseName is the database's file in the data folder.
const databaseName = "folkmoot.db"

// openService opens the forum in the folder data, makes and migrates it. Close it. A server may
// run on the same folder meanwhile.
func openService(ctx context.Context, data string) (*moot, error) {
	return openServiceAt(ctx, data, forum.SystemClock{})
}

// openServiceAt is openService by another clock.
func openServiceAt(ctx context.Context, data string, clock forum.Clock) (*moot, error) {
	if err := makeFolder(data); err != nil {
		return nil, err
	}
	engine, err := sqlite.Open(ctx, filepath.Join(data, databaseName))
	if err != nil {
		return nil, err
	}
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
	default:
		fmt.Fprintln(w, "ready")
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
