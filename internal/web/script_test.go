package web_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"folkmoot/internal/forum"
)

// screen is a page in Chromium, with scripts.
type screen struct {
	*testing.T
	ctx context.Context
	url string
}

// open starts Chromium as name, or as a visitor, and notes whatever goes wrong in its pages.
func open(t *testing.T, s *site, name string) *screen {
	t.Helper()
	b := &screen{t, chromium(t), s.url}
	do(t, b.ctx, call(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watch}))
	if name != "" {
		takeCookies(t, b.ctx, s.signedIn(name))
	}
	return b
}

func (b *screen) visit(path string) {
	b.Helper()
	do(b.T, b.ctx, chromedp.Navigate(b.url+path))
}

// press clicks what leads to another page.
func (b *screen) press(element string) {
	b.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.WaitEvent(cdppage.LoadEventFired, nil, chromedp.Click(chromedp.CSS(element)))); err != nil {
		b.Fatalf("pressing %s: %v", element, err)
	}
}

func (b *screen) click(element string) {
	b.Helper()
	do(b.T, b.ctx, chromedp.Click(chromedp.CSS(element)))
}

func (b *screen) write(text string) {
	b.Helper()
	do(b.T, b.ctx, chromedp.SendKeys(chromedp.CSS("#f-body"), text))
}

// key presses a key where no field has the focus.
func (b *screen) key(key string) {
	b.Helper()
	b.run(fmt.Sprintf(`(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key: %q, bubbles: true }))`, key))
}

func (b *screen) run(script string) {
	b.Helper()
	ask(b.T, b.ctx, chromedp.Evaluate[bool](`(() => { `+script+`; return true })()`))
}

// pageLeft is the code of commands that the browser could not carry out, such as one to a page that gave
// way to the next one meanwhile.
const pageLeft = -32000

// until waits for a script to be true, on this page or the next; the limit is the browser's.
func (b *screen) until(what, script string) {
	b.Helper()
	for {
		met, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`!!(`+script+`)`))
		if met {
			return
		}
		var refused *cdproto.Error
		if err != nil && b.ctx.Err() == nil && !(errors.As(err, &refused) && refused.Code == pageLeft) {
			b.Fatalf("waiting for %s: %v", what, err)
		}
		select {
		case <-b.ctx.Done():
			b.Fatalf("%s never came: %s\n%s", what, script, ask(b.T, context.WithoutCancel(b.ctx), chromedp.TextContent(chromedp.CSS("main"))))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *screen) value(script string) string {
	b.Helper()
	return ask(b.T, b.ctx, chromedp.Evaluate[string](`String(`+script+`)`))
}

func (b *screen) want(what, script, want string) {
	b.Helper()
	if got := b.value(script); got != want {
		b.Errorf("%s is %q, want %q", what, got, want)
	}
}

// wantNothingStopped checks that no script failed and the policy had nothing to stop.
func (b *screen) wantNothingStopped() {
	b.Helper()
	if found := b.value(`window.ran.join("\n")`); found != "" {
		b.Error(found)
	}
}

func TestScriptedWriting(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, mia := s.user("ada", forum.Admin), s.user("mia", forum.Member)
	news := s.category(admin, "News")
	id := s.thread(admin, news.ID, "A thread", "The first post has **words**.", "The second.")
	b := open(t, s, "mia")

	// What is typed is kept in the browser, and the preview is what the server makes of it.
	b.visit("/t/1")
	const body = "Some *words*:\n\n- [x] and a list\n\n```go\nfor {}\n```"
	b.run(fmt.Sprintf(`document.execCommand; const area = document.querySelector("#f-body"); area.focus(); document.execCommand("insertText", false, %q)`, body))
	b.until("the draft", `document.querySelector(".draft").textContent.includes("Kept in this browser")`)
	b.click(`[formaction^="/preview"]`)
	b.until("the preview", `document.querySelector(".preview .text")`)
	b.want("the heading over it", `document.querySelector(".preview h2").textContent`, "Your text")
	html, err := s.service.Preview(t.Context(), mia, body)
	if err != nil {
		t.Fatal(err)
	}
	b.want("the preview", `document.querySelector(".preview .text").innerHTML === new DOMParser().parseFromString(`+fmt.Sprintf("%q", html)+`, "text/html").body.innerHTML`, "true")
	b.click(`[formaction^="/preview"]`)
	b.visit("/")
	b.visit("/t/1")
	b.want("the draft after leaving", `document.querySelector("#f-body").value`, body)

	// It survives an error, and goes once the server has it.
	lock := func(set bool) {
		t.Helper()
		if _, err := s.service.MarkThread(t.Context(), admin, id, forum.MarkLocked, set, ""); err != nil {
			t.Fatal(err)
		}
	}
	lock(true)
	b.press("#reply button.main")
	b.want("the text in spite of the lock", `document.querySelector("#f-body").value`, body)
	lock(false)
	b.visit("/t/1")
	b.want("the draft after the lock", `document.querySelector("#f-body").value`, body)
	b.press("#reply button.main")
	b.until("the reply", `document.querySelector("#p-3 .text .k")`)
	b.want("the draft of what was sent", `document.querySelector("#f-body").value`, "")
	b.want("what is kept", `Object.keys(localStorage).filter(name => name.startsWith("draft:")).length`, "0")

	// Answering and quoting happen where one is.
	b.write("Kept.")
	b.click(`#p-2 .acts a[href*="reply="]`)
	b.until("the post answered", `document.querySelector("#reply .answered")?.textContent.includes("The second.")`)
	b.want("the text when answering", `document.querySelector("#f-body").value`, "Kept.")
	b.run(`getSelection().selectAllChildren(document.querySelector("#p-1 .text strong"))`)
	b.until("the button", `!document.querySelector("button.float").hidden`)
	b.click("button.float")
	b.want("the quote", `document.querySelector("#f-body").value`, "Kept.\n\n> words\n\n")
	b.want("the post answered", `document.querySelector("[name=reply_to]").value`, "1")
	b.press("#reply button.main")
	b.until("the answer", `document.querySelector("#p-4 .to")?.textContent.includes("in reply to #1 ada")`)
	b.run(`document.querySelector("#p-4 .to").focus(); document.querySelector("#p-4 .to").dispatchEvent(new PointerEvent("pointerenter", { pointerType: "mouse" }))`)
	b.until("a look at the post answered", `document.querySelector(".peek")?.textContent.includes("The first post has words.")`)
	b.key("Escape")
	b.until("nothing above the page", `!document.querySelector(".peek")`)

	// The toolbar works on what is selected.
	b.write("strong")
	b.run(`document.querySelector("#f-body").select(); document.querySelector("md-bold").click()`)
	b.want("the text", `document.querySelector("#f-body").value`, "**strong**")
	b.run(`document.querySelector(".draft button")?.click()`)

	// A reaction is chosen beside the post.
	b.click("#p-1 a.r")
	b.until("the choice", `document.querySelector(".float .kinds")`)
	b.press(".float button[value=heart]")
	b.until("the reaction", `document.querySelector("#p-1 [aria-pressed=true]")?.textContent.includes("1")`)
	b.wantNothingStopped()
}

func TestScriptedReading(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.user("ada", forum.Admin)
	news := s.category(admin, "News")
	s.clock.set(time.Now().AddDate(-2, 0, 0))
	s.thread(admin, news.ID, "A long thread", strings.Split(strings.Repeat("A post.|", 45), "|")[:45]...)
	s.clock.set(time.Now().Add(-3 * time.Hour))
	s.thread(admin, news.ID, "A new thread", "Now.")
	b := open(t, s, "")

	b.visit("/t/2")
	b.want("the time", `document.querySelector(".post time").textContent`, "3 hr ago")
	b.want("whether the exact one is there", `document.querySelector(".post time").title !== ""`, "true")

	b.visit("/t/1")
	b.key("j")
	b.key("j")
	b.want("the post", `document.activeElement.id`, "p-2")
	b.key("k")
	b.want("the post", `document.activeElement.id`, "p-1")
	b.key("?")
	b.until("the keys", `document.querySelector("dialog[open]")?.textContent.includes("next post")`)
	b.click("dialog button")
	b.run(`document.querySelector('[rel=next]').click()`)
	b.until("the next page", `location.search === "?from=21" && document.querySelector("#p-21")`)
	b.key("g")
	b.want("where to type the number", `document.activeElement.name`, "from")
	do(t, b.ctx, chromedp.SendKeys(chromedp.CSS(".where [name=from]"), "43"))
	b.press(".where button")
	b.until("the post gone to", `document.querySelector("#p-43")`)

	b.click(".themes [value=dark]")
	b.visit("/")
	b.want("the colours chosen", `document.documentElement.dataset.theme + getComputedStyle(document.documentElement).colorScheme`, "darkdark")
	b.key("j")
	b.want("the thread in the list", `document.activeElement.textContent`, "A new thread")
	b.wantNothingStopped()
}

// Nothing moves while a page loads, scripts included.
func TestNothingMoves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fillDemo(s)
	for _, name := range []string{"", "Ada"} {
		b := open(t, s, name)
		const shifts = `window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value }).observe({ type: 'layout-shift', buffered: true })`
		do(t, b.ctx, call(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: shifts}))
		for _, width := range []int64{390, 1280} {
			do(t, b.ctx, chromedp.EmulateViewport(width, 844))
			for _, path := range []string{"/", "/t/3", "/t/1?from=21", "/categories", "/admin/components", "/search?q=wheel"} {
				b.visit(path)
				b.run(`window.painted = false; requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = true }))`)
				b.until("a picture", "window.painted")
				if wide := ask(t, b.ctx, chromedp.Evaluate[float64](`document.documentElement.scrollWidth - innerWidth`)); wide > 0 {
					t.Errorf("%s is wider than %d by %.0f as %q", path, width, wide, name)
				}
				if moved := ask(t, b.ctx, chromedp.Evaluate[float64]("window.shift")); moved > 0.01 {
					t.Errorf("%s at %d as %q: moved by %.4f, want at most 0.01", path, width, name, moved)
				}
			}
		}
	}
}

// contrasts finds text that stands out too little from what is behind it (WCAG 2.2, AA).
const contrasts = `(() => {
	const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const over = (colour, below) => {
		canvas.fillStyle = 'rgb(' + below + ')';
		canvas.fillRect(0, 0, 1, 1);
		canvas.fillStyle = colour;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
	};
	const light = rgb => {
		const [r, g, b] = rgb.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const behind = element => {
		const chain = [];
		for (let e = element; e; e = e.parentElement) chain.unshift(getComputedStyle(e).backgroundColor);
		return chain.reduce((below, colour) => over(colour, below), [255, 255, 255]);
	};
	const found = new Map();
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	let seen = 0;
	while (texts.nextNode()) {
		const element = texts.currentNode.parentElement;
		if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest('[disabled], script, option, .skip')) continue;
		seen++;
		const style = getComputedStyle(element), below = behind(element);
		const a = light(over(style.color, below)), b = light(below);
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) found.set(ratio.toFixed(2) + ' ' + element.tagName + '.' + element.className + ' in ' + element.parentElement.className, element.textContent.slice(0, 30));
	}
	if (seen < 20) found.set('only', seen + ' texts were looked at');
	return [...found].map(([what, text]) => what + ': ' + text);
})()`

// Every text can be read on what is behind it, in every accent, light and dark.
func TestContrast(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fillDemo(s)
	b := open(t, s, "Ada")
	check := func(what string) {
		t.Helper()
		for _, wrong := range ask(t, b.ctx, chromedp.Evaluate[[]string](contrasts)) {
			t.Errorf("%s: contrast %s", what, wrong)
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		do(t, b.ctx, prefer(scheme))
		for _, path := range []string{"/", "/t/3", "/t/3/3/history", "/categories", "/admin", "/admin/settings", "/admin/categories", "/admin/invitations", "/u/Noor", "/about", "/search?q=wheel"} {
			b.visit(path)
			check(scheme + " " + path)
		}
		b.visit("/admin/components")
		for _, accent := range forum.Accents {
			b.run(fmt.Sprintf(`document.documentElement.dataset.accent = %q`, accent))
			check(scheme + " components in " + string(accent))
		}
	}
	b.run(`const p = document.createElement("p"); p.textContent = "Too pale."; p.style.color = "#666"; document.querySelector("main").append(p)`)
	if found := ask(t, b.ctx, chromedp.Evaluate[[]string](contrasts)); len(found) == 0 {
		t.Error("a pale text goes unnoticed")
	}
}
