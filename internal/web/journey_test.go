package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"folkmoot/internal/forum"
)

// journeys are what people come for. Each is walked with scripts and without.
var journeys = []struct {
	name string
	walk func(w *walk)
}{
	{"first run", walkFirstRun},
	{"sign up", walkSignUp},
	{"thread", walkThread},
	{"reply", walkReply},
	{"quote", walkQuote},
	{"edit and history", walkEdit},
	{"delete and restore", walkDelete},
	{"move", walkMove},
	{"react", walkReact},
	{"search", walkSearch},
	{"suspend", walkSuspend},
	{"settings", walkSettings},
	{"settings of the community", walkRules},
	{"by keyboard", walkByKeyboard},
}

func TestJourneys(t *testing.T) {
	t.Parallel()
	for _, journey := range journeys {
		for _, scripts := range []bool{true, false} {
			name := journey.name + " with scripts"
			if !scripts {
				name = journey.name + " without scripts"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				journey.walk(&walk{newSite(t), scripts})
			})
		}
	}
}

func walkFirstRun(w *walk) {
	token, err := w.service.NewFirstRun(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	ada := w.as("")
	ada.visit("/first-run?token=" + string(token))
	ada.write("Name of the community", "The Moot")
	ada.write("What it is about", "All about moots")
	ada.press("who has an invitation")
	ada.write("Categories to begin with", "News\nTalk")
	ada.write("Your name here", "ada")
	ada.write("Password", "short")
	ada.press("Begin")
	ada.sees("Password is too short: 5 characters, at least 10.")
	ada.write("Password", goodPassword)
	ada.press("Begin")
	ada.sees("Administration", "Folkmoot → The Moot", "everybody → who has an invitation", "No backup has been made yet.")
	ada.press("The Moot")
	ada.sees("All about moots", "Nobody has started a thread here yet.")

	visitor := w.as("")
	visitor.visit("/")
	visitor.press("Categories")
	visitor.sees("News 0 threads", "Talk 0 threads")
	visitor.press("Sign up")
	visitor.sees("Signing up here takes an invitation")
}

func walkSignUp(w *walk) {
	w.user("ada", forum.Admin)
	mia := w.as("")
	mia.visit("/")
	mia.press("Sign up")
	mia.write("Your name here", "ADA")
	mia.write("Password", "any other password")
	mia.press("Make the account")
	mia.sees("Your name here is taken")
	mia.write("Your name here", "mia")
	mia.write("Password", goodPassword)
	mia.press("Make the account")
	mia.sees("Latest", "mia")
	mia.press("mia")
	mia.press("Sign out")
	mia.sees("Sign in")
	mia.press("Sign in")
	mia.write("Your name here", "mia")
	mia.write("Password", "not this one")
	mia.at("main").press("Sign in")
	mia.sees("Name or password is wrong.")
	mia.write("Password", goodPassword)
	mia.at("main").press("Sign in")
	mia.sees("mia")
	mia.seesNo("Sign in")
}

func walkThread(w *walk) {
	w.category(w.user("ada", forum.Admin), "News")
	w.user("mia", forum.Member)
	mia := w.as("mia")
	mia.visit("/")
	mia.press("Categories")
	mia.press("News")
	mia.press("New thread")
	mia.write("Title", "Bicycles & trains")
	mia.write("Your text", "Do they *go* together?")
	mia.write("Tags", "travel, bikes, 1, 2, 3, 4")
	mia.press("Start the thread")
	mia.sees("Tags are too many.")
	mia.write("Tags", "travel, Bikes")
	mia.press("Start the thread")
	mia.sees("Bicycles & trains", "1 post", "travel", "bikes", "Do they go together?")
	mia.press("News")
	mia.sees("1 thread", "Bicycles & trains")
}

// talk is a community in which ada has started a thread and mia has answered it.
func (w *walk) talk() (ada, mia forum.Actor) {
	w.Helper()
	ada, mia = w.user("ada", forum.Admin), w.user("mia", forum.Member)
	id := w.thread(ada, w.category(ada, "News").ID, "Bicycles and trains", "Do they go together?")
	w.reply(mia, id, "They *do*.")
	return ada, mia
}

func walkReply(w *walk) {
	w.talk()
	mia := w.as("mia")
	mia.visit("/")
	mia.press("Bicycles and trains")
	mia.at("p-1").press("Reply")
	mia.at("reply").sees("Reply to post 1", "Do they go together?")
	mia.at("reply").write("Your text", "Only *off-peak*.")
	mia.at("reply").press("Reply")
	mia.sees("3 posts")
	mia.at("p-3").sees("in reply to #1 ada", "Only off-peak.")
}

func walkQuote(w *walk) {
	w.talk()
	ada := w.as("ada")
	ada.visit("/t/1")
	if w.scripts {
		ada.at("p-2").doubleClick("emphasis")
		ada.press("Quote")
		ada.at("reply").sees("Reply to post 2")
		ada.keys("Always?")
	} else {
		ada.at("p-2").press("Reply")
		ada.at("reply").sees("Reply to post 2", "They do.")
		ada.at("reply").write("Your text", "> do\n\nAlways?")
	}
	ada.at("reply").press("Reply")
	ada.sees("3 posts")
	ada.at("p-3").sees("in reply to #2 mia", "do Always?")
	ada.at("p-3").has("blockquote")
}

func walkEdit(w *walk) {
	ada, _ := w.talk()
	mia := w.as("mia")
	mia.visit("/t/1")
	mia.at("p-2").press("Edit")
	mia.write("Text", "They *do*, mostly.")
	mia.press("Save")
	mia.at("p-2").sees("edited", "They do, mostly.")
	mia.at("p-2").press("edited")
	mia.sees("History of post 2", "The text now", "They *do*, mostly.", "Text 1", "They *do*.")
	mia.has("insertion")

	rules := forum.StandardRules()
	rules.EditHours = 1
	if err := w.service.SetRules(w.Context(), ada, rules, 0, ""); err != nil {
		w.Fatal(err)
	}
	w.clock.set(w.clock.Now().Add(time.Hour))
	mia.visit("/t/1")
	mia.at("p-2").sees("edited", "Reply", "Delete")
	mia.at("p-2").seesNo("Edit")
	mia.at("p-2").press("edited")
	mia.sees("The text now", "Text 1")
}

func walkDelete(w *walk) {
	_, mia := w.talk()
	w.thread(mia, 1, "To be withdrawn", "A mistake.")
	person, visitor := w.as("mia"), w.as("")
	person.visit("/t/1")
	person.at("p-2").press("Delete")
	person.sees("Delete post 2?", "They do.")
	person.press("Delete")
	person.sees("1 post", "deleted by its author")
	visitor.visit("/t/1")
	visitor.sees("1 post", "Do they go together?")
	visitor.seesNo("They do.", "deleted")
	person.at("p-2").press("Restore")
	person.sees("2 posts")
	person.seesNo("deleted")

	person.visit("/t/2")
	person.press("Delete")
	person.sees("Delete this thread?", "A mistake.")
	person.press("Delete")
	person.sees("To be withdrawn", "deleted by its author")
	visitor.visit("/")
	visitor.sees("Bicycles and trains")
	visitor.seesNo("To be withdrawn")
	person.press("Restore")
	person.seesNo("deleted")
	visitor.visit("/t/2")
	visitor.sees("A mistake.")
}

func walkMove(w *walk) {
	ada, _ := w.talk()
	w.category(ada, "Archive")
	w.user("max", forum.Moderator)
	max := w.as("max")
	max.visit("/t/1")
	max.press("Edit or move")
	max.choose("Category", "Archive")
	max.press("Save")
	max.sees("Archive", "Bicycles and trains", "2 posts")
	visitor := w.as("")
	visitor.visit("/c/news")
	visitor.sees("0 threads", "Nobody has started a thread here yet.")
	visitor.visit("/categories")
	visitor.sees("Archive 1 thread 2 posts")
	visitor.press("Archive")
	visitor.sees("Bicycles and trains")
}

func walkReact(w *walk) {
	w.talk()
	mia := w.as("mia")
	mia.visit("/t/1")
	mia.at("p-1").press("React")
	mia.press("heart")
	mia.at("p-1").sees("❤️ 1")
	mia.at("p-1").press("React")
	mia.press("thumbs up")
	mia.at("p-1").sees("👍 1")
	mia.at("p-1").seesNo("❤️")
	mia.at("p-1").press("👍 1")
	mia.sees("2 posts")
	mia.at("p-1").seesNo("👍")
}

func walkSearch(w *walk) {
	ada, _ := w.talk()
	w.thread(ada, w.category(ada, "Talk").ID, "Something else", "About trains.")
	visitor := w.as("")
	visitor.visit("/")
	visitor.write("Search", "go together\n")
	visitor.sees("Bicycles and trains", "Do they go together?", "by ada")
	visitor.seesNo("Something else")
	visitor.write("Words", "zeppelin")
	visitor.press("Search")
	visitor.sees("Nothing was found.")
	visitor.write("Words", "trains")
	visitor.choose("In", "Talk")
	visitor.press("Search")
	visitor.sees("About trains.")
	visitor.seesNo("Bicycles and trains")
	visitor.write("Words", "user:mia")
	visitor.choose("In", "all categories")
	visitor.press("Search")
	visitor.sees("They do.", "by mia")
	visitor.press("Bicycles and trains")
	visitor.at("p-2").sees("They do.")
}

func walkSuspend(w *walk) {
	w.talk()
	w.user("max", forum.Moderator)
	max, mia := w.as("max"), w.as("mia")
	max.visit("/")
	max.press("max")
	max.press("Administration")
	max.press("People")
	max.write("Name", "mia")
	max.press("Find")
	max.press("Moderation")
	max.write("Reason", "A break of a week.")
	max.press("Suspend")
	max.sees("suspended", "A break of a week.")
	mia.visit("/t/1")
	mia.sees("Your account is suspended", "They do.")
	mia.seesNo("Your text", "Edit")
	mia.press("See why")
	mia.sees("A break of a week.")
	visitor := w.as("")
	visitor.visit("/u/mia")
	visitor.sees("suspended", "1 post")
	visitor.seesNo("A break")
	max.press("Moderation")
	max.press("Lift the suspension")
	max.sees("mia", "1 post")
	max.seesNo("suspended")
	mia.visit("/t/1")
	mia.at("reply").write("Your text", "Thank you.")
	mia.at("reply").press("Reply")
	mia.at("p-3").sees("Thank you.")
}

func walkSettings(w *walk) {
	w.talk()
	mia := w.as("mia")
	mia.visit("/")
	mia.press("mia")
	mia.press("Settings")
	mia.write("Shown on your page", "## Me\n\nI read *everything*.")
	mia.press("Save")
	mia.sees("Me I read everything.", "They do.")
	mia.press("mia")
	mia.press("Settings")
	mia.write("What it is for", "A script")
	mia.choose("It may", "read")
	mia.press("Make a token")
	mia.sees("This is your new token.", "A script", "may read")
	mia.press("Revoke A script")
	mia.sees("What it is for")
	mia.seesNo("A script")
	elsewhere := w.as("mia")
	mia.write("Present password", goodPassword)
	mia.write("New password", "short")
	mia.press("Change the password")
	mia.sees("New password is too short: 5 characters, at least 10.")
	mia.write("Present password", goodPassword)
	mia.write("New password", "battery staple of horses")
	mia.press("Change the password")
	mia.sees("Your password was changed")
	elsewhere.visit("/settings")
	elsewhere.sees("Please sign in")
}

func walkRules(w *walk) {
	w.talk()
	ada := w.as("ada")
	ada.visit("/")
	ada.press("ada")
	ada.press("Administration")
	ada.press("Settings")
	ada.press("who has an invitation")
	ada.press("🚀 rocket")
	ada.write("Posts of a person in five minutes", "many")
	ada.press("Save the rules")
	ada.sees("must be a number from 5 to 3000")
	ada.write("Posts of a person in five minutes", "50")
	ada.press("Save the rules")
	ada.sees("Saved.")
	ada.visit("/admin")
	ada.sees("Posts in five minutes 300 → 50", "everybody → who has an invitation", "🚀")
	visitor := w.as("")
	visitor.visit("/sign-up")
	visitor.sees("Signing up here takes an invitation")
}

// Nothing needs a pointer: a thread, a reply and a search, by keys alone.
func walkByKeyboard(w *walk) {
	w.category(w.user("ada", forum.Admin), "News")
	w.user("mia", forum.Member)
	mia := w.as("mia")
	mia.visit("/c/news")
	mia.tabTo("New thread")
	mia.keys(kb.Enter)
	mia.sees("Category")
	mia.tabTo("Title")
	mia.keys("By keys alone")
	mia.tabTo("Your text")
	mia.keys("No mouse here.")
	mia.tabTo("Start the thread")
	mia.keys(kb.Enter)
	mia.sees("1 post", "No mouse here.")

	if w.scripts {
		mia.keys("?")
		mia.sees("next post", "search")
		mia.keys(kb.Escape)
		mia.keys("r")
		mia.at("reply").sees("Reply to post 1")
	} else {
		mia.tabTo("Reply")
		mia.keys(kb.Enter)
		mia.at("reply").sees("Reply to post 1")
		mia.tabTo("Your text")
	}
	mia.keys("Nor here.")
	mia.tabTo("Reply")
	mia.keys(kb.Enter)
	mia.at("p-2").sees("in reply to #1 mia", "Nor here.")

	if w.scripts {
		mia.keys("/")
	} else {
		mia.tabTo("Search")
	}
	mia.keys("mouse" + kb.Enter)
	mia.sees("By keys alone", "No mouse here.", "by mia")
	mia.tabTo("By keys alone")
	mia.keys(kb.Enter)
	mia.at("p-1").sees("No mouse here.")
}

// TestFirstRun is the first page again, without a browser, and what is wrong with its input.
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
	if strings.Contains(b.page.source, "next="+url.QueryEscape("/first-run")) {
		t.Error("a link to sign in carries the token of the first run")
	}
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

// TestFirstHour is that of a community, as a member, a moderator and a visitor are answered: without
// a browser, so that it is among the short tests, and with a look at the HTML of each page.
func TestFirstHour(t *testing.T) {
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
	member.get("/new")
	member.wantText("Choose a category News Archive")
	member.submit("/new", fill{"title": "Bicycles", "body": "Where?"})
	member.wantStatus(http.StatusUnprocessableEntity)
	if got, wrong := member.page.field("category_id"); got != "" || wrong == "" {
		t.Errorf("without a category the field holds %q and says %q", got, wrong)
	}
	member.get("/new?category=" + formatID(news.ID))
	if got, _ := member.page.field("category_id"); got != formatID(news.ID) {
		t.Errorf("category asked for is %q, want %d", got, news.ID)
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
