package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

func newRoutes() *server {
	kit := &httpkit.Kit{Logger: slog.New(slog.DiscardHandler)}
	return &server{kit: kit, mux: http.NewServeMux(), document: newDocument()}
}

var canned = newPost(&forum.Post{Thread: 1, Number: 2, Author: forum.Author{ID: 3, Name: "ann"}, Body: "Hello", HTML: "<p>Hello</p>\n"})

// BenchmarkRoute is a reply without the forum: what decoding, the adapter and encoding cost,
// here and in Huma's own runtime.
func BenchmarkRoute(b *testing.B) {
	ours := newRoutes()
	route(ours, "POST /threads/{thread_id}/posts", "createPost", "Reply", func(context.Context, *newPostInput) (*created[Post], error) {
		return &created[Post]{Location: "/api/v1/threads/1/posts/2", Body: canned}, nil
	})
	theirs := http.NewServeMux()
	huma.Register(humago.NewWithPrefix(theirs, Prefix, huma.DefaultConfig("", "")), huma.Operation{OperationID: "createPost",
		Method: "POST", Path: "/threads/{thread_id}/posts"}, func(context.Context, *newPostInput) (*created[Post], error) {
		return &created[Post]{Location: "/api/v1/threads/1/posts/2", Body: canned}, nil
	})
	adapted := ours.kit.Handle(func(w http.ResponseWriter, r *http.Request) error { theirs.ServeHTTP(w, r); return nil }, ours.fail)
	for name, handler := range map[string]http.Handler{"ours": ours.mux, "huma": adapted} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("POST", Prefix+"/threads/1/posts", strings.NewReader(`{"body":"`+strings.Repeat("Hello! ", 43)+`"}`))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				if handler.ServeHTTP(w, r); w.Code >= 300 {
					b.Fatalf("got %d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
