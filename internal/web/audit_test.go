package web_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"folkmoot/internal/forum"
	"folkmoot/internal/web"
)

// audited is a page that the audits look at: axe here, the others with the build tag audit.
type audited struct {
	site *site
	who  string // signed in as, "" for a visitor
	path string
	form url.Values // sent by POST, nil where the page is asked for by GET
}

func (a audited) String() string {
	method := http.MethodGet
	if a.form != nil {
		method = http.MethodPost
	}
	return fmt.Sprintf("%s %s as %s", method, a.path, cmp.Or(a.who, "a visitor"))
}

// pagesToAudit are all pages of a community like any other, and of one that has just begun; those
// that are sent something are sent what cannot be accepted. Each route has its line.
func pagesToAudit(t *testing.T) []audited {
	t.Helper()
	begun, s := newSite(t), newSite(t)
	token, err := begun.service.NewFirstRun(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fillDemo(s)
	first := "/first-run?token=" + string(token)
	pages := []audited{{begun, "", "/", nil}, {begun, "", first, nil}, {begun, "", first, url.Values{"name": {"a b"}}}}
	get := func(who string, paths ...string) {
		for _, path := range paths {
			pages = append(pages, audited{s, who, path, nil})
		}
	}
	post := func(who, path, form string) {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, audited{s, who, path, values})
	}
	get("", "/", "/categories", "/c/workshop", "/c/announcements", "/tag/wheels", "/u/Noor", "/u/Noor?show=threads", "/search",
		"/search?q=wheel", "/search?q=zeppelin", "/about", "/t/3", "/t/3/truing-a-wheel-without-a-stand", "/t/1?from=21", "/sign-in", "/sign-up", "/new", "/t/99")
	get("Noor", "/", "/t/3", "/t/3?reply=2", "/t/2", "/new", "/c/wheels/new", "/t/3/3/edit", "/t/3/3/history", "/t/3/3/delete", "/t/3/2/react",
		"/t/3/thread/edit", "/settings", "/settings?done=password", "/admin")
	get("Ada", "/", "/?state=deleted", "/t/3", "/u/Noor", "/t/3/1/delete", "/t/3/thread/edit",
		"/admin", "/admin/people", "/admin/settings", "/admin/changes", "/admin/invitations", "/admin/categories", "/admin/categories/new", "/admin/categories/2", "/admin/components")

	post("Noor", "/new", "title=&body=Typed.&tags=a,b,c,d,e,f,g")
	post("Noor", "/t/3/thread/edit", "title=")
	post("Noor", "/t/3/thread/mark", "set=locked")
	post("Noor", "/t/3/reply", "body=")
	post("", "/t/3/reply", "body=Typed+by+somebody+whose+session+is+over.")
	post("Noor", "/t/2/reply", "body=Typed+while+the+thread+was+locked.")
	post("Noor", "/t/3/3/edit", "body=")
	post("Noor", "/t/3/3/edit", "body=Typed+on+top+of+an+earlier+text.&version=1")
	post("Noor", "/t/3/2/delete", "")
	post("Noor", "/t/3/2/restore", "")
	post("Noor", "/t/3/2/hide", "")
	post("Noor", "/t/3/2/unhide", "")
	post("Noor", "/t/3/2/react", "kind=anger")
	post("Noor", "/preview", "body=%23+Shown%0A%0Abefore+it+is+sent.&back=/new")
	post("", "/sign-in", "name=Noor&password=wrong")
	post("", "/sign-up", "name=a+b&password=short")
	post("", "/sign-out", "")
	post("Noor", "/settings/about", "about="+strings.Repeat("x", forum.LimitAbout.Max+1))
	post("Noor", "/settings/password", "present_password=wrong&password=short")
	post("", "/settings/sign-out-elsewhere", "")
	post("Noor", "/settings/tokens", "name=")
	post("Noor", "/settings/tokens/99/revoke", "")
	post("Ada", "/admin/site", "name=")
	post("Ada", "/admin/look", "accent=none")
	post("Ada", "/admin/rules", "body_max=0")
	post("Ada", "/admin/site", "name=Typed+on+top+of+a+change&version=1")
	post("Ada", "/admin/invitations", "uses=0")
	post("Noor", "/admin/invitations/99/end", "")
	post("Noor", "/admin/categories/2/move", "")
	post("Ada", "/admin/categories/new", "name=")
	post("Ada", "/admin/categories/2", "name=")
	post("Noor", "/admin/categories/2/permissions", "")
	post("Noor", "/admin/categories/2/hide", "")
	post("Noor", "/admin/categories/2/order", "")
	post("Noor", "/u/Ada/suspend", "reason=")
	post("Noor", "/u/Ada/lift", "")
	post("Noor", "/u/Ada/role", "role=member")
	return pages
}

// notPages are the routes that answer with something else than a page.
var notPages = []string{"GET /t/{id}/{number}/files/{position}/{name}", "GET /logo/{name}", "GET /assets/",
	"GET /feed.atom", "GET /c/{slug}/feed.atom", "GET /t/{id}/feed.atom", "GET /sitemap.xml", "GET /sitemap/{part}", "GET /robots.txt"}

// Every route has a page among those that are audited, so that none that comes is forgotten.
func TestEveryRouteIsAudited(t *testing.T) {
	t.Parallel()
	pages := pagesToAudit(t)
	mux, seen := web.New(pages[0].site.kit).(*http.ServeMux), slices.Clone(notPages)
	for _, page := range pages {
		method := http.MethodGet
		if page.form != nil {
			method = http.MethodPost
		}
		_, pattern := mux.Handler(httptest.NewRequest(method, page.path, nil))
		if slices.Contains(notPages, pattern) || pattern == "/" {
			t.Errorf("%v has the route %q, which shows no page", page, pattern)
		}
		seen = append(seen, pattern)
	}
	routes := web.Routes()
	for _, route := range routes {
		if !slices.Contains(seen, route) {
			t.Errorf("no page of %q is audited: give it a line in pagesToAudit", route)
		}
	}
	for _, route := range notPages {
		if !slices.Contains(routes, route) {
			t.Errorf("there is no route %q any more", route)
		}
	}
}

// judge has axe name what is wrong in a page by the rules that options choose, and how many of its
// rules found something to look at.
const judge = `axe.run(document, { selectors: false, resultTypes: ['violations'], ...%s }).then(found => ({ passes: found.passes.length,
	violations: found.violations.flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.html.slice(0, 200) + ' ' + node.failureSummary)) }))`

// schemes are the colours that a page is judged in, and by what: by all rules and the size of what
// is pointed at (WCAG 2.2), and then by what other colours can change.
var schemes = []struct {
	name, options string
	passes        int // rules with something to look at, at least
}{
	{"light", `{ rules: { 'target-size': { enabled: true } } }`, 10},
	{"dark", `{ runOnly: ['color-contrast'] }`, 1},
}

// axe finds nothing to object to: on no page, on no telephone and no desk, light or dark.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	pages := pagesToAudit(t)
	for _, width := range []int64{390, 1280} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			ctx := chromium(t)
			do(t, ctx, chromedp.EmulateViewport(width, 844))
			become := as(ctx)
			for _, page := range pages {
				become(t, page)
				do(t, ctx, prefer("light"), page.open(), chromedp.Evaluate[chromedp.Void](string(axe)))
				for _, scheme := range schemes {
					do(t, ctx, prefer(scheme.name))
					found := ask(t, ctx, chromedp.Evaluate[axeResult](fmt.Sprintf(judge, scheme.options), chromedp.EvalAwaitPromise))
					for _, violation := range found.Violations {
						t.Errorf("%v, %s: %s", page, scheme.name, violation)
					}
					if found.Passes < scheme.passes {
						t.Errorf("%v, %s: only %d rules had something to look at", page, scheme.name, found.Passes)
					}
				}
			}
			do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('main').append(Object.assign(document.createElement('p'), { style: 'color: #444', textContent: 'Too pale.' }), document.createElement('select'))`))
			for _, scheme := range schemes {
				if found := ask(t, ctx, chromedp.Evaluate[axeResult](fmt.Sprintf(judge, scheme.options), chromedp.EvalAwaitPromise)); len(found.Violations) == 0 {
					t.Errorf("%s: what is pale and has no name goes unnoticed", scheme.name)
				}
			}
		})
	}
}

type axeResult struct {
	Passes     int      `json:"passes"`
	Violations []string `json:"violations"`
}

// as returns what makes Chromium the one that looks at a page.
func as(ctx context.Context) func(*testing.T, audited) {
	who := ""
	return func(t *testing.T, page audited) {
		t.Helper()
		if page.who == who {
			return
		}
		who = page.who
		do(t, ctx, call(network.ClearBrowserCookies, cdp.Empty{}))
		if who != "" {
			takeCookies(t, ctx, page.site.signedIn(who))
		}
	}
}

// open leads Chromium to a page.
func (a audited) open() chromedp.Action[chromedp.Void] {
	if a.form == nil {
		return chromedp.Navigate(a.site.url + a.path)
	}
	fields, _ := json.Marshal(a.form) // a map of texts
	send := fmt.Sprintf(`{
		const form = Object.assign(document.createElement('form'), { method: 'post', action: %q });
		for (const [name, values] of Object.entries(%s)) for (const value of values) form.append(Object.assign(document.createElement('textarea'), { name, value }));
		document.body.append(form);
		form.submit() }`, a.path, fields)
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := chromedp.Navigate(a.site.url+"/about")(ctx, t); err != nil {
			return err
		}
		_, err := chromedp.WaitEvent(cdppage.LoadEventFired, nil, chromedp.Evaluate[chromedp.Void](send))(ctx, t)
		return err
	})
}
