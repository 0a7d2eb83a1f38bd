package web_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"folkmoot/internal/forum"
)

// shared is the one Chromium of all tests, started by the first that needs it.
var shared struct {
	sync.Once
	ctx  context.Context
	stop context.CancelFunc
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// startChromium starts Debian's Chromium, which reaches nothing but this machine.
func startChromium(path string) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("process-per-site", true), chromedp.Flag("renderer-process-limit", "2"), // to start one takes longer than a page
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	shared.ctx, shared.stop = ctx, func() { closeTab(); stop() }
	shared.err = chromedp.Do(ctx)
}

// launch returns the Chromium of all tests. CI must have it; elsewhere the test is skipped without.
func launch(t testing.TB) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("CI needs chromium: apt-get install --no-install-recommends chromium")
	case err != nil:
		t.Skip("there is no chromium here")
	}
	if testing.Short() {
		t.Skip("short")
	}
	if shared.Do(func() { startChromium(path) }); shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.ctx
}

// chromium opens a window that shares nothing with the others, for a test of three minutes at most.
func chromium(t testing.TB) context.Context {
	t.Helper()
	window, leave := chromedp.NewContext(launch(t), chromedp.WithNewBrowserContext())
	t.Cleanup(leave)
	if err := chromedp.Do(window); err != nil { // opens it: the limit below is the test's, not the window's
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(window, 3*time.Minute)
	t.Cleanup(cancel)
	return limited
}

func do(t testing.TB, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func ask[T any](t testing.TB, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	answer, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// call is an action that sends a command of the protocol.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// watch notes in the page whatever runs, and what the policy had to stop.
const watch = `window.ran = [];
	for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'eval'])
		window[name] = (...args) => { window.ran.push(name + '(' + args + ')') };
	addEventListener('error', e => { if (e.message) window.ran.push('error: ' + e.message) });
	addEventListener('securitypolicyviolation', e => window.ran.push('policy: ' + e.effectiveDirective + ' ' + e.blockedURI));`

// inspect lists what was noted, and what would run if somebody touched it.
const inspect = `[...window.ran,
	...[...document.querySelectorAll('script:not([src^="/assets/"], [type="application/ld+json"]), iframe, object, embed, base, style, link:not([href^="/assets/"], [rel=canonical], [rel=alternate])')].map(e => e.outerHTML),
	...[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on') || a.name == 'style' || a.name == 'srcdoc' ||
		/^\s*(javascript|data|vbscript):/i.test(a.value) && a.name != 'value' && a.name != 'title' && a.name != 'alt')).map(e => e.outerHTML)].slice(0, 5)`

// Nothing that people write runs: not with the policy switched off, and with it on the policy has nothing to stop.
func TestChromiumRunsNothingPeopleWrite(t *testing.T) {
	t.Parallel()
	payloads := readPayloads(t)
	s := newSite(t)
	fillWithPayloads(s, payloads)
	paths := []string{"/", "/categories", "/c/imported", "/about", "/u/mallory", "/u/mallory?show=threads"}
	for id := range (len(payloads) + forum.PageSize - 1) / forum.PageSize {
		paths = append(paths, fmt.Sprintf("/t/%d", id+1))
	}
	for i := 0; i < len(payloads); i += 10 {
		paths = append(paths, "/search?q="+url.QueryEscape(payloads[i]), "/sign-in?next="+url.QueryEscape(payloads[i]))
	}
	ctx := chromium(t)
	do(t, ctx, call(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watch}))
	for _, bypass := range []bool{true, false} {
		do(t, ctx, call(cdppage.SetBypassCSP, cdppage.SetBypassCSPParams{Enabled: bypass}))
		for _, path := range paths {
			do(t, ctx, chromedp.Navigate(s.url+path))
			for _, what := range ask(t, ctx, chromedp.Evaluate[[]string](inspect)) {
				t.Errorf("%s, policy off %v: %s", path, bypass, what)
			}
		}
		for older := "/"; older != ""; {
			do(t, ctx, chromedp.Navigate(s.url+older))
			for _, what := range ask(t, ctx, chromedp.Evaluate[[]string](inspect)) {
				t.Errorf("%s, policy off %v: %s", older, bypass, what)
			}
			older = ask(t, ctx, chromedp.Evaluate[string](`document.querySelector('a[rel=next]')?.getAttribute('href') ?? ''`))
		}
	}
}

// The hook itself notices: else the test above proves nothing.
func TestChromiumNoticesScripts(t *testing.T) {
	t.Parallel()
	ctx := chromium(t)
	do(t, ctx, call(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watch}))
	for _, bad := range []string{`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `<b onmouseover=alert(1)>`} {
		do(t, ctx, chromedp.Navigate("data:text/html,"+url.PathEscape(bad)))
		if found := ask(t, ctx, chromedp.Evaluate[[]string](inspect)); len(found) == 0 {
			t.Errorf("%s goes unnoticed", bad)
		}
	}
}

func readPayloads(t *testing.T) []string {
	t.Helper()
	const name = "data/text/xss-sample.txt"
	file, err := os.Open(filepath.Join(cmp.Or(os.Getenv("FOLKMOOT_SHARED"), "../../../shared"), name))
	if err != nil {
		t.Fatalf("this test needs %s; it lies in ../shared from the project's root, or where FOLKMOOT_SHARED says: %v", name, err)
	}
	defer file.Close()
	var payloads []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); forum.LimitBody.Check(line) == nil {
			payloads = append(payloads, line)
		}
	}
	if len(payloads) < 400 {
		t.Fatalf("%s has %d usable lines, want at least 400", name, len(payloads))
	}
	return payloads
}

// fillWithPayloads puts every payload into the text and the author's name of an imported post,
// and into the title of a thread; some into all other places where people write. Names of
// accounts cannot hold them.
func fillWithPayloads(s *site, payloads []string) {
	s.Helper()
	check := func(err error) {
		s.Helper()
		if err != nil {
			s.Fatal(err)
		}
	}
	ctx := s.Context()
	category, err := s.service.ImportCategory(ctx, "xss", "1", "Imported", payloads[1])
	check(err)
	var threads []forum.ImportedThread
	for part := range slices.Chunk(payloads, forum.PageSize) {
		thread := forum.ImportedThread{Key: fmt.Sprint(len(threads)), Title: title(part[0])}
		for i, payload := range part {
			thread.Posts = append(thread.Posts, forum.ImportedPost{Key: fmt.Sprintf("%d-%d", len(threads), i), AuthorName: payload,
				Body: payload + "\n\n[link](" + payload + ") ![image](" + payload + ")\n\n<" + payload + ">\n\n```" + payload + "\ncode\n```", ReplyTo: int64(i), CreatedAt: s.clock.Now()})
		}
		threads = append(threads, thread)
	}
	_, err = s.service.ImportThreads(ctx, "xss", category, threads)
	check(err)
	mallory := s.user("mallory", forum.Admin)
	for i, payload := range payloads {
		tags := []string{}
		if forum.CheckTag(payload) == nil {
			tags = append(tags, payload)
		}
		_, err := s.service.CreateThread(ctx, mallory, forum.NewThread{CategoryID: category, Title: title(payload), Body: payload, Tags: tags})
		check(err)
		if _, err := s.service.CreateUser(ctx, forum.SignUp{Name: payload, Password: goodPassword, Role: forum.Member}); err == nil && strings.ContainsAny(payload, "<>&\"'();") {
			s.Errorf("payload %d can be a name: %s", i, payload)
		}
	}
	check(s.service.EditProfile(ctx, mallory, strings.Join(payloads[:40], "\n\n"), ""))
	check(s.service.SetSite(ctx, mallory, "<b onclick=alert(1)>", payloads[0], 0, ""))
	_, err = s.service.CreateCategory(ctx, mallory, forum.NewCategory{Name: "<img src=x onerror=alert(1)>", Description: payloads[2]})
	check(err)
}

// title is as much of a payload as a title can hold.
func title(payload string) string {
	runes := []rune(payload)
	return strings.TrimSpace(string(runes[:min(len(runes), forum.LimitTitle.Max)]))
}
