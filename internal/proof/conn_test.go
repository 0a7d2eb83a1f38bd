package proof

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestScan(t *testing.T) {
	const answer = `{"body":"a \"number\":9","number": 12,"thread":{"post_count":-3,"last_activity_at":"2026-11-23T10:00:00.123456Z"}}`
	if n, found := scanInt([]byte(answer), `"number"`); !found || n != 12 {
		t.Errorf(`number = %d, %v; want 12, not the one inside the text`, n, found)
	}
	if n, found := scanInt([]byte(answer), `"post_count"`); !found || n != -3 {
		t.Errorf(`post_count = %d, %v; want -3`, n, found)
	}
	if n, found := scanInt([]byte(answer), `"absent"`); found {
		t.Errorf(`absent = %d, want not found`, n)
	}
	want := time.Date(2026, 11, 23, 10, 0, 0, 123456000, time.UTC)
	if at, found := scanTime([]byte(answer), `"last_activity_at"`); !found || !at.Equal(want) {
		t.Errorf("last_activity_at = %v, %v; want %v", at, found, want)
	}
}

// A request must never be made twice by the connection itself: what is repeated is the caller's decision.
func TestConnNeverRepeats(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests++; requests == 2 {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		w.Header().Set("Got", r.Method+" "+r.Header.Get("Idempotency-Key")+" "+r.Header.Get("Authorization"))
	}))
	defer server.Close()
	conn := Dial(strings.TrimPrefix(server.URL, "http://"), "secret")
	defer conn.Close()
	request := Request{Method: http.MethodPost, Path: "/", Key: "k", Body: []byte(`{}`)}

	if answer, err := conn.Do(request); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("first request: %v, %v", answer, err)
	}
	if got, want := string(conn.response.Header.Peek("Got")), "POST k Bearer secret"; got != want {
		t.Errorf("the server got %q, want %q", got, want)
	}
	if _, err := conn.Do(request); err == nil {
		t.Error("a request without an answer must be an error")
	}
	if requests != 2 {
		t.Errorf("the server saw %d requests, want 2", requests)
	}
	if _, err := conn.Do(request); err != nil {
		t.Errorf("the connection was not opened again: %v", err)
	}
}

// Nothing of a request is left in the next one on the same connection.
func TestConnForgetsTheLastRequest(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Got", r.Method+" "+r.Header.Get("Idempotency-Key")+" "+r.Header.Get("Content-Length"))
	}))
	defer server.Close()
	conn := Dial(strings.TrimPrefix(server.URL, "http://"), "")
	defer conn.Close()
	for _, tt := range []struct {
		request Request
		want    string
	}{
		{Request{Method: http.MethodPost, Path: "/", Key: "k", Body: []byte(`{"body":"words"}`)}, "POST k 16"},
		{Request{Method: http.MethodGet, Path: "/"}, "GET"},
		{Request{Method: http.MethodDelete, Path: "/"}, "DELETE  0"},
	} {
		if _, err := conn.Do(tt.request); err != nil {
			t.Fatal(err)
		}
		if got := string(conn.response.Header.Peek("Got")); got != tt.want {
			t.Errorf("the server got %q, want %q", got, tt.want)
		}
	}
}
