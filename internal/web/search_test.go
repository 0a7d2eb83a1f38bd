package web_test

import (
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// A hit says where it is, and which of its words were searched for.
func TestSearchHits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.user("ada", forum.Admin)
	news := s.category(admin, "News")
	s.thread(admin, news.ID, "A thread", "Every Wheel, (wheel) and wheelwright.")
	b := s.browser()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		b.get("/search?q=wheel")
		if !strings.Contains(b.page.text(), "Nothing was found") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the post was not indexed")
		}
	}
	b.wantText("Every Wheel, (wheel) and wheelwright.", "News")
	if !strings.Contains(b.page.source, "Every <mark>Wheel</mark>, (<mark>wheel</mark>) and wheelwright.") {
		t.Errorf("the words are not marked: %s", b.page.source)
	}
}
