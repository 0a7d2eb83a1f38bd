package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"folkmoot/internal/api"
)

// paragraph is a post of about 300 bytes.
const paragraph = "Thanks, that was *it*: the second [link](https://example.org/manual) had the answer. For whoever comes by later, " +
	"the bearing is pressed in from the **left**, and needs a drop of oil before it goes in. I used `25 Nm`, as the manual says, and it " +
	"has not moved since. Has anybody tried the newer one?\n"

// BenchmarkCreatePost is a reply from request to answer, on a durable database, by 50 clients on one thread.
func BenchmarkCreatePost(b *testing.B) {
	s := newSite(b)
	thread := s.addThread("ann", s.addCategory("General", nil), "Hot", "First")
	path := fmt.Sprintf("%s/threads/%d/posts", api.Prefix, thread)
	body := fmt.Sprintf(`{"body":%q}`, paragraph)
	b.SetParallelism(25)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+s.secrets["ben"])
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if w.Code != http.StatusCreated {
				b.Errorf("got %d: %s", w.Code, w.Body)
				return
			}
		}
	})
}

// BenchmarkListPosts is a page of 20 posts as a visitor gets it.
func BenchmarkListPosts(b *testing.B) {
	s := newSite(b)
	thread := s.addThread("ann", s.addCategory("General", nil), "Long", "First")
	for range 19 {
		s.addReply("ben", thread, paragraph)
	}
	path := fmt.Sprintf("%s/threads/%d/posts", api.Prefix, thread)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != http.StatusOK {
				b.Errorf("got %d: %s", w.Code, w.Body)
				return
			}
		}
	})
}
