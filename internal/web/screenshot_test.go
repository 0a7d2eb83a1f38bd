package web_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"folkmoot/internal/forum"
)

// TestScreenshots writes a picture of every page, on a telephone and a desk, light and dark, into
// the folder that FOLKMOOT_SCREENSHOTS names. It is to look at, and checks nothing.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("FOLKMOOT_SCREENSHOTS")
	if folder == "" {
		return
	}
	s := newSite(t)
	s.clock.set(time.Now().Add(-20 * time.Hour)) // times are told from the present
	token, err := s.service.NewFirstRun(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx := chromium(t)
	photograph(t, ctx, folder, s, "", []shot{{"firstrun", "/first-run?token=" + string(token), nil}, {"empty", "/", nil}})
	fillDemo(s)
	photograph(t, ctx, folder, s, "", []shot{
		{"home", "/", nil}, {"categories", "/categories", nil}, {"category", "/c/workshop", nil}, {"thread", "/t/3", nil},
		{"thread-long", "/t/1?from=21", nil}, {"user", "/u/Noor", nil}, {"tag", "/tag/wheels", nil}, {"search", "/search?q=wheel", nil},
		{"search-none", "/search?q=zeppelin", nil}, {"signin", "/sign-in", nil}, {"signup", "/sign-up", nil}, {"about", "/about", nil},
		{"notfound", "/t/99", nil}, {"categories-empty", "/c/announcements", nil}, {"right-to-left", "/t/5", nil},
	})
	photograph(t, ctx, folder, s, "Noor", []shot{
		{"member-home", "/", nil}, {"member-thread", "/t/3", nil}, {"reply", "/t/3/truing-a-wheel-without-a-stand?reply=2#reply", nil}, {"new", "/new", nil},
		{"new-wrong", "/new", press("main form")}, {"edit", "/t/3/3/edit", nil}, {"history", "/t/3/3/history", nil},
		{"delete", "/t/3/3/delete", nil}, {"kept", "/t/3", lockAndReply(s)}, {"settings", "/settings", nil}, {"forbidden", "/admin", nil},
		{"react", "/t/3/2/react", nil}, {"preview", "/t/3", preview()}, {"keys", "/t/3", keys()},
	})
	photograph(t, ctx, folder, s, "Ada", []shot{
		{"admin", "/admin", nil}, {"people", "/admin/people", nil}, {"admin-settings", "/admin/settings", nil},
		{"admin-settings-wrong", "/admin/settings", wrongRules()}, {"admin-settings-meanwhile", "/admin/settings", changeRules(s)}, {"admin-categories", "/admin/categories", nil},
		{"invitations", "/admin/invitations", invite()}, {"changes", "/admin/changes", nil}, {"category-new", "/admin/categories/new", nil},
		{"category-settings", "/admin/categories/2", nil}, {"moderator-thread", "/t/3", nil}, {"edit-thread", "/t/3/thread/edit", nil},
		{"moderator-user", "/u/Noor", nil}, {"components", "/admin/components", nil},
		{"category-of-moderators", "/c/moderators", nil}, {"staff", "/u/Ada", nil},
	})
}

// shot is a page, and what to do on it before the picture is taken.
type shot struct {
	name, path string
	then       chromedp.Action[chromedp.Void]
}

// press sends a form that is not filled in.
func press(form string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`document.querySelector("`+form+`").noValidate = true`)(ctx, t)
		if err == nil {
			_, err = chromedp.Click(chromedp.CSS(form+" button.main"))(ctx, t)
		}
		if err == nil {
			_, err = chromedp.WaitVisible(chromedp.CSS(".notice.wrong"))(ctx, t)
		}
		return err
	})
}

// wrongRules sends rules that are out of their bounds.
func wrongRules() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := chromedp.Evaluate[string](`document.querySelector("[name=posts]").value = "many"`)(ctx, t); err != nil {
			return err
		}
		_, err := press("[action^='/admin/rules']")(ctx, t)
		return err
	})
}

// changeRules sends rules that somebody else has changed meanwhile.
func changeRules(s *site) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		admin, err := s.service.User(s.Context(), "Ada")
		if err != nil {
			return err
		}
		rules, err := s.service.Rules(s.Context())
		if err != nil {
			return err
		}
		rules.EditHours = 1 + rules.EditHours%5
		if err := s.service.SetRules(s.Context(), admin.Actor(), rules, 0, ""); err != nil {
			return err
		}
		_, err = press("[action^='/admin/rules']")(ctx, t)
		return err
	})
}

// invite makes an invitation.
func invite() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := chromedp.Click(chromedp.CSS("main form button.main"))(ctx, t); err != nil {
			return err
		}
		_, err := chromedp.WaitVisible(chromedp.CSS(".notice.good"))(ctx, t)
		return err
	})
}

// lockAndReply writes a reply to a thread that is locked meanwhile.
func lockAndReply(s *site) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		admin, err := s.service.User(s.Context(), "Ada")
		if err != nil {
			return err
		}
		lock := func(set bool) {
			_, err = s.service.MarkThread(s.Context(), admin.Actor(), 3, forum.MarkLocked, set, "")
		}
		if _, err := chromedp.SendKeys(chromedp.CSS("#f-body"), "This took me an hour to write.")(ctx, t); err != nil {
			return err
		}
		lock(true)
		defer lock(false)
		if err != nil {
			return err
		}
		_, err = press("#reply form")(ctx, t)
		return err
	})
}

// preview shows how a text will look, in its place.
func preview() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`document.querySelector("#f-body").value = "A *text* with `+"`code`"+`.\n\n> and a quote"; document.querySelector("[formaction^='/preview']").click(), true`)(ctx, t)
		if err == nil {
			_, err = chromedp.WaitVisible(chromedp.CSS(".preview .text"))(ctx, t)
		}
		return err
	})
}

// keys shows the keys that a page knows.
func keys() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "?", bubbles: true }))`)(ctx, t)
		return err
	})
}

func photograph(t *testing.T, ctx context.Context, folder string, s *site, name string, shots []shot) {
	t.Helper()
	do(t, ctx, call(network.ClearBrowserCookies, cdp.Empty{}))
	if name != "" {
		takeCookies(t, ctx, s.signedIn(name))
	}
	for _, shot := range shots {
		for _, width := range []int64{390, 768, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				do(t, ctx, chromedp.EmulateViewport(width, 844), prefer(scheme), chromedp.Navigate(s.url+shot.path))
				if shot.then != nil {
					do(t, ctx, shot.then)
				}
				file := filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", shot.name, width, scheme))
				if err := os.WriteFile(file, ask(t, ctx, chromedp.FullScreenshot(100)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// takeCookies makes Chromium the one that somebody signed in with.
func takeCookies(t testing.TB, ctx context.Context, b *browser) {
	t.Helper()
	where, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range b.client.Jar.Cookies(where) {
		do(t, ctx, call(network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: b.url}))
	}
}

// prefer makes Chromium one of somebody who wants these colours, and nothing that moves: colours
// change at once.
func prefer(scheme string) chromedp.Action[chromedp.Void] {
	return call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

// fillDemo makes a small community that reads like one.
func fillDemo(s *site) {
	s.Helper()
	ctx := s.Context()
	check := func(err error) {
		s.Helper()
		if err != nil {
			s.Fatal(err)
		}
	}
	ada, noor, tom, li := s.user("Ada", forum.Admin), s.user("Noor", forum.Member), s.user("Tomás", forum.Member), s.user("李雷", forum.Member)
	check(s.service.SetSite(ctx, ada, "The Spoke", "People who mend their own bicycles, and those who would like to.", 0, ""))
	workshop, err := s.service.CreateCategory(ctx, ada, forum.NewCategory{Name: "Workshop", Description: "Repairs, tools, and how not to lose small springs."})
	check(err)
	_, err = s.service.CreateCategory(ctx, ada, forum.NewCategory{ParentID: workshop.ID, Name: "Wheels", Description: "Truing, lacing, hubs."})
	check(err)
	_, err = s.service.CreateCategory(ctx, ada, forum.NewCategory{ParentID: workshop.ID, Name: "Brakes"})
	check(err)
	_, err = s.service.CreateCategory(ctx, ada, forum.NewCategory{Name: "Rides", Description: "Where to go, and with whom."})
	check(err)
	_, err = s.service.CreateCategory(ctx, ada, forum.NewCategory{Name: "Announcements", Permissions: forum.Permissions{forum.Member: {See: true, Reply: true}}})
	check(err)
	_, err = s.service.CreateCategory(ctx, ada, forum.NewCategory{Name: "Moderators", Permissions: forum.Permissions{forum.Visitor: {}, forum.Member: {}}})
	check(err)

	var bodies []string
	for i := range 57 {
		bodies = append(bodies, fmt.Sprintf("Day %d. %s", i+1, strings.Repeat("It rained a little, the road went up, and there was cake at the top. ", i%4+1)))
	}
	s.thread(tom, 4, "Along the river to the sea, day by day", bodies...)
	s.service.CreateThread(ctx, li, forum.NewThread{CategoryID: 3, Title: "Which pads for a 1987 rim that is not quite straight?", Body: "They squeal.", Tags: []string{"brakes", "noise"}})
	first, err := s.service.CreateThread(ctx, noor, forum.NewThread{CategoryID: 2, Tags: []string{"wheels", "tools", "beginner"},
		Title: "Truing a wheel without a stand",
		Body:  "I want to true the rear wheel of my commuter, and I have **no stand**. What I do have:\n\n- a spoke key, the right size\n- two zip ties\n- patience, some\n\nIs this how one begins?\n\n> Turn the nipple a quarter turn, never more, and always look from the rim's side.\n\nThe rim is out by about `2 mm` over six spokes.\n\n| spoke | out by | side |\n|---:|---:|:---|\n| 7 | 1.5 mm | drive |\n| 8 | 2.0 mm | drive |\n| 9 | 1.0 mm | drive |"})
	check(err)
	id := first.Thread
	s.reply(tom, id, "Zip ties on the seat stays are a fine stand. Cut them so that they just touch the rim, then spin.\n\nTwo rules kept me out of trouble:\n\n1. Work on the *worst* spot only, then look again.\n2. Loosen one side as much as you tighten the other.\n\n```go\nfor wheel.Out() > 0.5 {\n\twheel.Spoke(worst).Turn(quarter)\n}\n```")
	_, err = s.service.CreatePost(ctx, noor, forum.NewPost{Thread: id, Body: "That helped, thank you! It is down to half a millimetre.", ReplyTo: 2})
	check(err)
	s.reply(li, id, "Check the tension by ear: pluck the spokes, they should sing about the same note. [Sheldon Brown](https://example.org/wheelbuild) has the long version.")
	s.reply(tom, id, "Buy cheap wheels at example dot com!!!")
	s.reply(noor, id, "Never mind, wrong thread.")
	for _, kind := range []string{"up", "heart"} {
		for _, actor := range map[string][]forum.Actor{"up": {noor, li}, "heart": {ada}}[kind] {
			_, err = s.service.React(ctx, actor, id, 2, kind, "")
			check(err)
		}
	}
	_, err = s.service.EditPost(ctx, tom, id, 4, forum.PostEdit{Body: "x"})
	if err == nil {
		s.Fatal("a member edits others' posts")
	}
	_, err = s.service.EditPost(ctx, noor, id, 3, forum.PostEdit{Body: "### Solved\n\nThat helped, thank you! It is down to half a millimetre, and the brake no longer rubs."})
	check(err)
	_, err = s.service.MarkPost(ctx, ada, id, 5, forum.MarkModHidden, true, "")
	check(err)
	_, err = s.service.DeletePost(ctx, noor, id, 6, "")
	check(err)
	s.thread(li, 4, "周末骑行：谁想一起去？", "星期六早上八点，桥头见。")
	s.thread(noor, 2, "دراجة قديمة وعجلة جديدة", "هل يمكن تركيب عجلة 28 بوصة؟")
	s.thread(tom, 2, "A very long title that goes on and on, because somebody wanted to put the whole question, its history and three possible answers into the one line that a list has room for", "Sorry.")
	_, err = s.service.MarkThread(ctx, ada, s.thread(ada, 2, "How to ask so that others can help", "Say what you have, what you tried, and what happened."), forum.MarkPinned, true, "")
	check(err)
	_, err = s.service.MarkThread(ctx, ada, 2, forum.MarkLocked, true, "")
	check(err)
	check(s.service.EditProfile(ctx, noor, "## Me\n\nCommuter, beginner at the spoke key. I collect **small springs**.", ""))
}
