package proof

import (
	"encoding/json"
	"testing"
)

func TestTexts(t *testing.T) {
	for _, size := range []int{0, MinBody, 300, 5000} {
		texts := newTexts("0a1b2c3d", size, 7)
		for i := range 200 {
			body := texts.body(3, i)
			client, request, found := texts.parse(body)
			if !found || client != 3 || request != i {
				t.Fatalf("parse(%q) = %d, %d, %v; want 3, %d, true", body, client, request, found, i)
			}
			var sent struct{ Body string }
			if err := json.Unmarshal(texts.appendJSON(nil, texts.key(3, i), 3, i), &sent); err != nil || sent.Body != body {
				t.Fatalf("sent %q (%v), want %q", sent.Body, err, body)
			}
			if over := len(body) - max(size, MinBody); over > 0 || over < -longestPrefix {
				t.Errorf("a body for %d bytes has %d", size, len(body))
			}
		}
	}
}

func TestTextsOfAnotherRun(t *testing.T) {
	texts := newTexts("0a1b2c3d", 100, 7)
	for _, body := range []string{"", "hello", "hello: world", "ffffffff-1-2: x", "0a1b2c3d-1: x", "0a1b2c3d-x-y: x"} {
		if _, _, found := texts.parse(body); found {
			t.Errorf("parse(%q) found a request of this run", body)
		}
	}
}
