package web_test

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/markup"
	"folkmoot/internal/password"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/web"
)

// site is a forum on a SQLite file of its own, served over HTTP.
type site struct {
	testing.TB
	service *forum.Service
	clock   *clock
	url     string
	handler http.Handler
	kit     *httpkit.Kit
}

// clock is one that tests set. Each reading is a second after the one before.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func newSite(tb testing.TB) *site {
	tb.Helper()
	clock := &clock{now: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)}
	engine, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "folkmoot.db"))
	if err != nil {
		tb.Fatal(err)
	}
	kept, err := store.Open(tb.Context(), engine, clock)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := kept.Close(); err != nil {
			tb.Error(err)
		}
	})
	text := text{markup.New()}
	kept.Plain = text.Plain
	go kept.Run(tb.Context())
	service := &forum.Service{Store: kept, Clock: clock, Random: rand.Reader, Text: text,
		Passwords: password.New(password.Cost{Memory: 64, Passes: 1, Threads: 1}), Views: &forum.Views{}}
	kit := &httpkit.Kit{Service: service, Logger: slog.New(slog.NewTextHandler(tb.Output(), nil))}
	handler := kit.Wrap(web.New(kit))
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return &site{tb, service, clock, server.URL, handler, kit}
}

type text struct{ *markup.Markup }

func (t text) Plain(body string) string { return t.Text(body) }

const goodPassword = "correct horse battery"

// user makes an account and returns who has it.
func (s *site) user(name string, role forum.Role) forum.Actor {
	s.Helper()
	user, err := s.service.CreateUser(s.Context(), forum.SignUp{Name: name, Password: goodPassword, Role: role})
	if err != nil {
		s.Fatal(err)
	}
	return user.Actor()
}

// category makes a category that everybody sees.
func (s *site) category(admin forum.Actor, name string) *forum.CategoryBranch {
	s.Helper()
	category, err := s.service.CreateCategory(s.Context(), admin, forum.NewCategory{Name: name})
	if err != nil {
		s.Fatal(err)
	}
	return category
}

// thread starts a thread and replies to it with the further bodies.
func (s *site) thread(actor forum.Actor, category forum.CategoryID, title string, bodies ...string) forum.ThreadID {
	s.Helper()
	first, err := s.service.CreateThread(s.Context(), actor, forum.NewThread{CategoryID: category, Title: title, Body: bodies[0]})
	if err != nil {
		s.Fatal(err)
	}
	for _, body := range bodies[1:] {
		s.reply(actor, first.Thread, body)
	}
	return first.Thread
}

func (s *site) reply(actor forum.Actor, thread forum.ThreadID, body string) forum.Post {
	s.Helper()
	post, err := s.service.CreatePost(s.Context(), actor, forum.NewPost{Thread: thread, Body: body})
	if err != nil {
		s.Fatal(err)
	}
	return post
}

// browser is one without scripts: it follows links and sends the forms that a page has.
type browser struct {
	*site
	client *http.Client
	page   *page // the last one shown
}

// page is an answer as a browser shows it.
type page struct {
	status int
	path   string // where redirects led, with query and fragment
	header http.Header
	source string
	root   *html.Node
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	return &browser{site: s, client: &http.Client{Jar: jar}}
}

// signedIn is a browser that somebody signed in with.
func (s *site) signedIn(name string) *browser {
	s.Helper()
	b := s.browser()
	b.get("/sign-in")
	b.submit("/sign-in", fill{"name": name, "password": goodPassword})
	b.wantStatus(http.StatusOK)
	return b
}

func (b *browser) get(path string) *page {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	return b.do(request)
}

func (b *browser) do(request *http.Request) *page {
	b.Helper()
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := b.client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	source, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(source)))
	if err != nil {
		b.Fatal(err)
	}
	where := *answer.Request.URL
	where.Scheme, where.Host = "", ""
	b.page = &page{answer.StatusCode, where.String(), answer.Header, string(source), root}
	checkPage(b, b.page)
	return b.page
}

// fill says what a person types into a form, and under "" the "name=value" of the button they press.
type fill map[string]string

// submit fills in the form of the page that goes to an action and sends it.
func (b *browser) submit(action string, typed fill) *page {
	b.Helper()
	form, values := b.page.form(action, typed[""])
	if form == nil {
		b.Fatalf("%s has no form for %s (button %q):\n%s", b.page.path, action, typed[""], b.page.text())
	}
	for name, value := range typed {
		if name == "" {
			continue
		}
		if !values.Has(name) {
			b.Fatalf("the form for %s has no field %q, only %v", action, name, values)
		}
		values.Set(name, value)
	}
	return b.post(action, values)
}

func (b *browser) post(path string, values url.Values) *page {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.url+path, strings.NewReader(values.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(request)
}

func (b *browser) wantStatus(want int) {
	b.Helper()
	if b.page.status != want {
		b.Fatalf("%s answered %d, want %d:\n%s", b.page.path, b.page.status, want, b.page.text())
	}
}

// wantText checks that the page shows each text.
func (b *browser) wantText(texts ...string) {
	b.Helper()
	shown := b.page.text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			b.Errorf("%s does not show %q:\n%s", b.page.path, text, shown)
		}
	}
}

func (b *browser) wantNoText(texts ...string) {
	b.Helper()
	shown := b.page.text()
	for _, text := range texts {
		if strings.Contains(shown, text) {
			b.Errorf("%s shows %q:\n%s", b.page.path, text, shown)
		}
	}
}

// form finds the form that a button, or any button where it is "", sends to an action.
func (p *page) form(action, button string) (*html.Node, url.Values) {
	for node := range p.root.Descendants() {
		if node.Type != html.ElementNode || node.Data != "form" {
			continue
		}
		values := url.Values{}
		target, pressed := attribute(node, "action"), button == ""
		if button != "" {
			target, pressed = p.press(node, action, button)
		}
		for field := range node.Descendants() {
			if field.Type == html.ElementNode {
				readField(field, values)
				if field.Data == "button" && button == "" && p.resolve(attribute(field, "formaction")) == action {
					target = action
				}
			}
		}
		if name, value, found := strings.Cut(button, "="); found {
			values.Set(name, value)
		}
		if target, _, _ = strings.Cut(target, "#"); pressed && target == action {
			return node, values
		}
	}
	return nil, nil
}

// press finds a button of a form, and where it sends the form to.
func (p *page) press(form *html.Node, action, button string) (target string, found bool) {
	for field := range form.Descendants() {
		if field.Data != "button" || attribute(field, "name")+"="+attribute(field, "value") != button {
			continue
		}
		target = attribute(form, "action")
		if other := attribute(field, "formaction"); other != "" {
			target = p.resolve(other)
		}
		if target == action {
			return target, true
		}
	}
	return "", false
}

// resolve makes an address of the page one of the site.
func (p *page) resolve(address string) string {
	if address == "" {
		return ""
	}
	base, err := url.Parse(p.path)
	if err != nil {
		return address
	}
	whole, err := base.Parse(address)
	if err != nil {
		return address
	}
	return whole.RequestURI()
}

func readField(field *html.Node, values url.Values) {
	name := attribute(field, "name")
	switch field.Data {
	case "input":
		switch kind := attribute(field, "type"); {
		case kind == "checkbox" && has(field, "checked"):
			values.Add(name, attribute(field, "value"))
		case kind != "checkbox" && kind != "radio" || has(field, "checked"):
			values.Set(name, attribute(field, "value"))
		}
	case "textarea":
		values.Set(name, strings.TrimPrefix(textOf(field), "\n"))
	case "select":
		for option := range field.Descendants() {
			if option.Data == "option" && (has(option, "selected") || !values.Has(name)) {
				values.Set(name, attribute(option, "value"))
			}
		}
	}
}

// text is what the page shows, each run of white space a blank.
func (p *page) text() string {
	for node := range p.root.Descendants() {
		if node.Data == "main" {
			return strings.Join(strings.Fields(textOf(node)), " ")
		}
	}
	return p.source
}

// field returns the value of a field of the page and the text of what describes it.
func (p *page) field(name string) (value, description string) {
	for node := range p.root.Descendants() {
		if node.Type == html.ElementNode && attribute(node, "name") == name && within(node, "main") {
			values := url.Values{}
			readField(node, values)
			for id := range strings.FieldsSeq(attribute(node, "aria-describedby")) {
				description += p.textOfID(id) + " "
			}
			return values.Get(name), strings.TrimSpace(description)
		}
	}
	return "", ""
}

func (p *page) textOfID(id string) string {
	for node := range p.root.Descendants() {
		if attribute(node, "id") == id {
			return strings.Join(strings.Fields(textOf(node)), " ")
		}
	}
	return ""
}

// block are elements that stand apart from what is before them.
var block = map[string]bool{"h1": true, "h2": true, "p": true, "li": true, "div": true, "header": true, "span": true, "article": true,
	"form": true, "button": true, "dt": true, "dd": true, "option": true, "label": true, "a": true, "textarea": true, "pre": true, "blockquote": true}

func textOf(node *html.Node) string {
	var text strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			text.WriteString(child.Data)
		} else if block[child.Data] {
			text.WriteByte(' ')
		}
	}
	return text.String()
}

func attribute(node *html.Node, name string) string {
	at := slices.IndexFunc(node.Attr, func(a html.Attribute) bool { return a.Key == name })
	if at < 0 {
		return ""
	}
	return node.Attr[at].Val
}

func has(node *html.Node, name string) bool {
	return slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == name })
}
