package proof

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// The answer to a post is lost on its way and the thread is locked meanwhile. Whoever asks again
// under the same key must learn that the post is stored, and not that the thread is locked.
func TestRetryAfterALostAnswer(t *testing.T) { onBoth(t, proveRetryAfterALostAnswer) }

func proveRetryAfterALostAnswer(t *testing.T, on engine) {
	site := newSite(t, on, Plan{Mix: MixPost, Clients: 1, Threads: 1, Posts: 1, Body: 100, Seed: seed(t)})
	thread, token := site.Threads[0], site.People[0].Token
	request := Request{http.MethodPost, thread.posts, "the-key", []byte(`{"body":"Did this arrive?"}`)}

	lossy := Dial(losesAnswers(t, site.Server.Address), token)
	defer lossy.Close()
	if answer, err := lossy.Do(request); err == nil {
		t.Fatalf("the answer arrived: %d %s", answer.Status, answer.Body)
	}
	if err := site.admin.call(http.MethodPut, thread.path+"/marks/locked", "", nil, nil); err != nil {
		t.Fatal(err)
	}

	conn := Dial(site.Server.Address, token)
	defer conn.Close()
	first := ""
	for range 3 {
		answer, err := conn.Do(request)
		if err != nil || answer.Status != http.StatusCreated {
			t.Fatalf("asked again with the key: %d %s (%v), want 201", answer.Status, answer.Body, err)
		}
		if number, _ := scanInt(answer.Body, `"number"`); number != 2 {
			t.Errorf("the post is answered as number %d, want 2", number)
		}
		if first == "" {
			first = string(answer.Body)
		}
		if string(answer.Body) != first {
			t.Errorf("the answers differ:\n%s\n%s", first, answer.Body)
		}
	}
	other := request
	other.Body = []byte(`{"body":"Something else."}`)
	refuse(t, conn, other, http.StatusUnprocessableEntity)
	other.Key = ""
	refuse(t, conn, other, http.StatusConflict)
	other.Key = "another-key"
	refuse(t, conn, other, http.StatusConflict)

	numbers, err := readNumbers(site.admin, thread.path)
	if err != nil || numbers.PostCount != 2 {
		t.Errorf("post_count is %d (%v), want the first post and one more", numbers.PostCount, err)
	}
	mustAudit(t, site)
}

func refuse(t *testing.T, conn *Conn, request Request, want int) {
	t.Helper()
	answer, err := conn.Do(request)
	if err != nil || answer.Status != want {
		t.Errorf("key %q: %d %s (%v), want %d", request.Key, answer.Status, answer.Body, err, want)
	}
}

// losesAnswers returns the address of a proxy that hands requests on and no answer back.
func losesAnswers(t *testing.T, address string) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	proxy.ModifyResponse = func(*http.Response) error { panic(http.ErrAbortHandler) }
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
