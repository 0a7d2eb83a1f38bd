package web_test

import (
	"net/http"
	"strings"
	"testing"

	"folkmoot/internal/forum"
)

func TestFirstRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token, err := s.service.NewFirstRun(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.get("/")
	b.wantText("waits for its first administrator")
	b.get("/first-run?token=wrong")
	b.wantStatus(http.StatusNotFound)
	b.get("/first-run?token=" + string(token))
	b.submit("/first-run", fill{"site_name": "The Moot", "description": "All about moots", "sign_up": "invited",
		"categories": "News\n\n  Talk \r\n" + strings.Repeat("x", 81), "name": "ada", "password": "short"})
	b.wantStatus(http.StatusUnprocessableEntity)
	if _, wrong := b.page.field("categories"); !strings.Contains(wrong, "81 characters, at most 80") {
		t.Errorf("beside the categories stands %q", wrong)
	}
	if got, _ := b.page.field("description"); got != "All about moots" {
		t.Errorf("the description is %q, want it kept", got)
	}
	if got, wrong := b.page.field("password"); got != "" || wrong == "" {
		t.Errorf("password field has value %q and error %q, want none and some", got, wrong)
	}
	b.submit("/first-run", fill{"password": goodPassword, "categories": "News\n\n  Talk \r\n"})
	b.wantStatus(http.StatusOK)
	b.wantText("Administration", "Folkmoot → The Moot", "everybody → who has an invitation")
	b.get("/categories")
	b.wantText("News 0 threads", "Talk 0 threads")
	b.get("/first-run?token=" + string(token))
	b.wantStatus(http.StatusNotFound)
	b.get("/")
	b.wantNoText("waits for its first administrator")
}

// TestJourney is a community's first hour, as a member and a moderator see it.
func TestJourney(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.user("ada", forum.Admin)
	s.user("max", forum.Moderator)
	news := s.category(admin, "News")
	s.category(admin, "Archive")

	member, moderator := s.browser(), s.signedIn("max")
	member.get("/sign-up")
	member.submit("/sign-up", fill{"name": "mia", "password": goodPassword})
	member.wantStatus(http.StatusOK)

	member.get("/c/news/new")
	if got, _ := member.page.field("category_id"); got != formatID(news.ID) {
		t.Errorf("category chosen is %q, want %d", got, news.ID)
	}
	member.submit("/new", fill{"title": "Bicycles & trains", "body": "Do they *go* together?", "tags": "travel, Bikes"})
	member.wantStatus(http.StatusOK)
	member.wantText("Bicycles & trains", "1 post", "Do they go together?", "travel", "bikes", "mia")

	member.submit("/t/1/reply", fill{"body": "They do."})
	if got, want := member.page.path, "/t/1/bicycles-trains#p-2"; got != want {
		t.Errorf("a reply leads to %s, want %s", got, want)
	}
	member.wantText("2 posts", "They do.")

	moderator.get("/t/1/bicycles-trains?reply=2")
	moderator.wantText("Reply to post 2", "They do.")
	moderator.submit("/t/1/reply", fill{"body": "Only off-peak."})
	moderator.wantText("3 posts", "in reply to #2 mia")

	member.get("/t/1/2/edit")
	member.submit("/t/1/2/edit", fill{"body": "They do, mostly."})
	member.wantText("They do, mostly.", "edited")
	member.get("/t/1/2/history")
	member.wantText("They do, mostly.", "They do.", "Text 1")

	member.get("/t/1/3/react")
	member.wantText("Only off-peak.", "thumbs up")
	member.submit("/t/1/3/react", fill{"": "kind=heart"})
	member.wantText("❤️ 1")
	member.get("/t/1/3/react")
	member.wantText("heart (withdraw)")
	member.get("/t/1")
	member.submit("/t/1/3/react", fill{"": "kind="})
	member.wantNoText("❤️ 1")

	member.get("/t/1/2/delete")
	member.wantText("Delete post 2?", "They do, mostly.")
	member.submit("/t/1/2/delete", fill{})
	member.wantText("2 posts", "deleted by its author")
	visitor := s.browser()
	visitor.get("/t/1/bicycles-trains")
	visitor.wantText("2 posts", "#1", "#3")
	visitor.wantNoText("They do", "deleted", "#2 mia", "1 deleted")
	moderator.get("/t/1")
	moderator.wantText("2 posts", "1 deleted post", "deleted by its author")
	member.submit("/t/1/2/restore", fill{})
	member.wantText("3 posts", "They do, mostly.")

	moderator.get("/t/1")
	moderator.submit("/t/1/2/hide", fill{})
	moderator.wantText("2 posts", "1 hidden post", "hidden by a moderator")
	member.get("/t/1/2")
	member.wantStatus(http.StatusNotFound)
	moderator.submit("/t/1/2/unhide", fill{})
	moderator.wantText("3 posts")
	member.get("/t/1/2")
	member.wantStatus(http.StatusOK)

	moderator.submit("/t/1/thread/mark", fill{"": "set=locked"})
	moderator.wantText("locked")
	member.get("/t/1")
	member.wantText("This thread is locked")
	moderator.submit("/t/1/thread/mark", fill{"": "clear=locked"})
	moderator.submit("/t/1/thread/mark", fill{"": "set=pinned"})
	moderator.wantText("pinned")

	moderator.get("/t/1/thread/edit")
	moderator.submit("/t/1/thread/edit", fill{"title": "Bicycles on trains", "category_id": "2"})
	moderator.wantText("Archive", "Bicycles on trains")
	visitor.get("/t/1/bicycles-trains")
	if got, want := visitor.page.path, "/t/1/bicycles-on-trains"; got != want {
		t.Errorf("an earlier slug leads to %s, want %s", got, want)
	}
	visitor.get("/c/news")
	visitor.wantText("0 threads", "Nobody has started a thread here yet.")
	visitor.get("/categories")
	visitor.wantText("Archive 1 thread 3 posts")

	member.get("/t/1/1/delete")
	member.wantText("Delete this thread?", "3 posts")
	member.submit("/t/1/1/delete", fill{})
	member.wantText("deleted by its author")
	visitor.get("/t/1")
	visitor.wantStatus(http.StatusNotFound)
	moderator.get("/?state=deleted")
	moderator.wantText("1 deleted thread", "Bicycles on trains")
	member.submit("/t/1/1/restore", fill{})
	visitor.get("/t/1")
	visitor.wantStatus(http.StatusOK)

	moderator.get("/u/mia")
	moderator.submit("/u/mia/suspend", fill{"reason": "a break"})
	moderator.wantText("suspended", "a break")
	member.get("/u/mia")
	member.wantText("a break")
	member.get("/t/1")
	member.wantText("Your account is suspended")
	visitor.get("/u/mia")
	visitor.wantText("suspended", "2 posts", "1 thread")
	visitor.wantNoText("a break")
	moderator.get("/u/mia")
	moderator.submit("/u/mia/lift", fill{})
	moderator.wantNoText("suspended")

	member.get("/")
	member.submit("/sign-out", fill{})
	member.get("/settings")
	member.wantStatus(http.StatusUnauthorized)
}

func formatID(id forum.CategoryID) string { return string(rune('0' + id)) }
