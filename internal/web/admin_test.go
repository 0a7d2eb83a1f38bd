package web_test

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

func TestAdministration(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.user("ada", forum.Admin)
	s.user("mia", forum.Member)
	admin, visitor, member := s.signedIn("ada"), s.browser(), s.signedIn("mia")

	admin.get("/admin/settings")
	admin.submit("/admin/site", fill{"name": "The Spoke", "description": "About bicycles"})
	visitor.get("/")
	visitor.wantText("About bicycles", "0 threads")
	if !strings.Contains(visitor.page.source, "The Spoke") {
		t.Error("the first page does not name the community")
	}
	admin.get("/admin/settings")
	admin.submit("/admin/site", fill{"name": "", "description": "kept"})
	admin.wantStatus(http.StatusUnprocessableEntity)
	if got, _ := admin.page.field("description"); got != "kept" {
		t.Errorf("description is %q, want it kept", got)
	}

	admin.get("/admin")
	admin.wantText("No backup has been made yet")
	if err := s.service.Store.SetBackup(t.Context(), forum.Backup{At: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Bytes: 295_288_832}); err != nil {
		t.Fatal(err)
	}
	admin.get("/admin")
	admin.wantText("The last backup was made 4 May 2026, 03:02: 295.3 MB.")

	for _, name := range []string{"Workshop", "Rides"} {
		admin.get("/admin/categories/new")
		admin.submit("/admin/categories/new", fill{"name": name})
		admin.wantStatus(http.StatusOK)
	}
	admin.get("/admin/categories/new?parent=1")
	admin.submit("/admin/categories/new", fill{"name": "Staff", "audience": "staff"})
	admin.wantText("Staff", "0 threads")
	visitor.get("/categories")
	visitor.wantText("Workshop", "Rides")
	visitor.wantNoText("Staff")
	visitor.get("/c/staff")
	visitor.wantStatus(http.StatusNotFound)

	admin.get("/admin/categories")
	admin.submit("/admin/categories/1/order", fill{"": "order=2 1"})
	visitor.get("/categories")
	if text := visitor.page.text(); strings.Index(text, "Rides") > strings.Index(text, "Workshop") {
		t.Errorf("Rides should stand first: %s", text)
	}

	admin.get("/admin/categories/2")
	admin.submit("/admin/categories/2", fill{"name": "Journeys", "description": "Where to go"})
	visitor.get("/c/journeys")
	visitor.wantText("Journeys", "Where to go")
	admin.get("/admin/categories/2")
	admin.submit("/admin/categories/2/hide", fill{"": "hidden=yes"})
	visitor.get("/c/journeys")
	visitor.wantStatus(http.StatusNotFound)
	admin.submit("/admin/categories/2/hide", fill{"": "hidden=no"})
	visitor.get("/c/journeys")
	visitor.wantStatus(http.StatusOK)

	member.get("/c/journeys/new")
	member.wantStatus(http.StatusOK)
	admin.get("/admin/categories/2")
	form, values := admin.page.form("/admin/categories/2/permissions", "")
	if form == nil || !values.Has("member.start") {
		t.Fatalf("permissions are %v, want those of members among them", values)
	}
	values.Del("member.start")
	admin.post("/admin/categories/2/permissions", values)
	member.get("/c/journeys/new")
	member.wantStatus(http.StatusForbidden)
	member.wantText("You may not start threads in this category.")

	admin.get("/admin/people")
	admin.wantText("ada", "administrator", "mia")
	admin.get("/admin/people?which=staff")
	admin.wantText("ada")
	admin.wantNoText("mia")
	admin.get("/admin/people?which=suspended")
	admin.wantText("No further names.")
	admin.get("/u/mia")
	admin.submit("/u/mia/role", fill{"role": "moderator"})
	admin.wantText("moderator")
	member.get("/admin")
	member.wantNoText("backup")
	member.wantStatus(http.StatusOK)
	member.wantNoText("Settings", "Last backup")
	admin.get("/u/ada")
	admin.submit("/u/ada/role", fill{"role": "member"})
	admin.wantStatus(http.StatusConflict)
}

// What is out of bounds is said beside its field, with everything kept, and changes nothing.
func TestRules(t *testing.T) {
	t.Parallel()
	s, _, _, member := community(t)
	admin, visitor := s.signedIn("ada"), s.browser()
	admin.get("/admin/settings")
	form, values := admin.page.form("/admin/rules", "")
	if form == nil {
		t.Fatal("there are no rules to be set")
	}
	values["reactions"] = []string{"up", "rocket"}
	values.Set("sign_up", "invited")
	values.Set("edit_hours", "12")
	for field, wrong := range map[string][]string{"post_length": {"999", "32001", "", "long", "1e4"}, "edit_hours": {"-1", "8761"},
		"posts": {"4", "3001", "99999999999999999999"}, "threads": {"0"}, "sign_ups": {"1001"}} {
		for _, text := range wrong {
			sent := url.Values{}
			for name, all := range values {
				sent[name] = all
			}
			sent[field] = []string{text}
			admin.post("/admin/rules", sent)
			admin.wantStatus(http.StatusUnprocessableEntity)
			if got, said := admin.page.field(field); got != text || !strings.Contains(said, "must be a number from") {
				t.Errorf("%s is %q and beside it stands %q, want %q and what it must be", field, got, said, text)
			}
			if _, again := admin.page.form("/admin/rules", ""); again.Get("sign_up") != "invited" || !slices.Equal(again["reactions"], []string{"up", "rocket"}) {
				t.Errorf("after %s=%s these are kept: %v", field, text, again)
			}
		}
	}
	for name, wrong := range map[string]string{"sign_up": "sometimes", "reactions": "sideways"} {
		sent := url.Values{}
		for field, all := range values {
			sent[field] = all
		}
		sent[name] = []string{wrong}
		admin.post("/admin/rules", sent)
		admin.wantStatus(http.StatusUnprocessableEntity)
	}
	admin.get("/admin/changes")
	admin.wantText("No setting has been changed yet.")

	member.get("/t/1/2/react")
	member.submit("/t/1/2/react", fill{"": "kind=heart"})
	admin.get("/admin/settings")
	admin.post("/admin/rules", values)
	admin.wantStatus(http.StatusOK)
	admin.wantText("Saved.")
	admin.get("/admin/changes")
	admin.wantText("Who may sign up everybody → who has an invitation", "Hours to change a post no end → 12", "👍 ❤️ 😄 🎉 🤔 👎 → 👍 🚀", "ada")
	member.get("/t/1/2/react")
	member.wantText("rocket", "heart (withdraw)")
	member.wantNoText("laugh")
	s.clock.set(s.clock.Now().Add(13 * time.Hour))
	member.get("/t/1/1/edit")
	member.wantStatus(http.StatusConflict)
	member.wantText("Posts here can be changed for 12 hours after they were written.")

	values.Set("sign_up", "closed")
	values.Set("key", "another key")
	values.Del("version") // whatever it is by now
	admin.post("/admin/rules", values)
	visitor.get("/")
	if strings.Contains(visitor.page.source, "/sign-up") {
		t.Error("a visitor is asked to sign up where nobody can")
	}
	visitor.get("/sign-up")
	visitor.wantText("Nobody can sign up here at present.")
	if form, _ := visitor.page.form("/sign-up", ""); form != nil {
		t.Error("there is a form where nobody can sign up")
	}
	if _, err := s.service.SignUp(t.Context(), forum.SignUp{Name: "late", Password: goodPassword}); forum.KindOf(err) != forum.Forbidden {
		t.Errorf("signing up: %v", err)
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.user("ada", forum.Admin)
	s.user("max", forum.Moderator)
	rules := forum.StandardRules()
	rules.SignUp = forum.SignUpInvited
	if err := s.service.SetRules(t.Context(), ada, rules, 0, ""); err != nil {
		t.Fatal(err)
	}
	moderator, guest := s.signedIn("max"), s.browser()
	moderator.get("/admin/invitations")
	moderator.submit("/admin/invitations", fill{"note": "the evening class", "uses": "none", "days": "3"})
	moderator.wantStatus(http.StatusUnprocessableEntity)
	if got, _ := moderator.page.field("note"); got != "the evening class" {
		t.Errorf("the note is %q, want it kept", got)
	}
	moderator.submit("/admin/invitations", fill{"uses": "2"})
	moderator.wantText("Copy its address now", s.url+"/sign-up?invitation=", "the evening class", "open", "0 of 2 used", "by max")
	if got := moderator.page.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page with a secret has Cache-Control %q", got)
	}
	link := strings.Fields(moderator.page.text()[strings.Index(moderator.page.text(), "/sign-up"):])[0]
	moderator.get("/admin/invitations")
	moderator.wantNoText("fmi_")

	guest.get("/sign-up")
	guest.submit("/sign-up", fill{"name": "gus", "password": goodPassword})
	guest.wantStatus(http.StatusUnprocessableEntity)
	if _, wrong := guest.page.field("invitation"); !strings.Contains(wrong, "Invitation is not valid") {
		t.Errorf("beside the invitation stands %q", wrong)
	}
	if got, _ := guest.page.field("name"); got != "gus" {
		t.Errorf("the name is %q, want it kept", got)
	}
	guest.submit("/sign-up", fill{"name": "gus", "password": goodPassword, "invitation": "https://forum.example" + link})
	guest.wantStatus(http.StatusOK)
	guest.get("/settings")
	guest.wantText("Settings")

	second := s.browser()
	second.get(link)
	if got := second.page.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the page of the link has Referrer-Policy %q", got)
	}
	second.submit("/sign-up", fill{"name": "two", "password": goodPassword})
	second.wantStatus(http.StatusOK)
	third := s.browser()
	third.get(link)
	third.wantText("Signing up takes an invitation.")
	moderator.get("/admin/invitations")
	moderator.wantText("2 of 2 used", "used up")
	moderator.submit("/admin/invitations", fill{})
	moderator.get("/admin/invitations")
	moderator.submit("/admin/invitations/2/end", fill{})
	moderator.wantText("Invitation 2", "ended")
}

// A category inside of itself is refused with a word, and stays where it is.
func TestMoveCategory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.user("ada", forum.Admin)
	workshop := s.category(ada, "Workshop")
	wheels, err := s.service.CreateCategory(t.Context(), ada, forum.NewCategory{Name: "Wheels", ParentID: workshop.ID})
	if err != nil {
		t.Fatal(err)
	}
	s.category(ada, "Rides")
	b := s.signedIn("ada")
	for _, into := range []forum.CategoryID{workshop.ID, wheels.ID} {
		b.get("/admin/categories/1")
		b.submit("/admin/categories/1/move", fill{"parent_id": formatID(into)})
		b.wantStatus(http.StatusUnprocessableEntity)
		if got, wrong := b.page.field("parent_id"); got != formatID(into) || !strings.Contains(wrong, "must not be the category itself or one inside of it") {
			t.Errorf("into %d: the field is %q and beside it stands %q", into, got, wrong)
		}
	}
	b.get("/categories")
	b.wantText("Workshop 0 threads 0 posts Wheels")
	b.get("/admin/categories/1")
	b.submit("/admin/categories/1/move", fill{"parent_id": "3"})
	b.wantStatus(http.StatusOK)
	b.get("/admin/categories/2")
	b.submit("/admin/categories/2/move", fill{"parent_id": ""})
	b.get("/admin/changes")
	b.wantText("Place of Wheels Workshop → the top", "Place of Workshop the top → Rides")
}

// The last administrator stays one, and nobody suspends an administrator.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.user("ada", forum.Admin)
	s.user("max", forum.Moderator)
	admin, moderator := s.signedIn("ada"), s.signedIn("max")
	for _, tt := range []struct {
		by     *browser
		path   string
		typed  url.Values
		status int
		says   string
	}{
		{admin, "/u/ada/suspend", url.Values{"reason": {"tired of it all"}}, http.StatusConflict, "Nobody can suspend themselves."},
		{admin, "/u/ada/role", url.Values{"role": {"member"}}, http.StatusConflict, "This is the last administrator: make another one first."},
		{moderator, "/u/ada/suspend", url.Values{"reason": {"mine now"}}, http.StatusForbidden, "An administrator must lose that role before being suspended."},
	} {
		tt.by.post(tt.path, tt.typed)
		tt.by.wantStatus(tt.status)
		tt.by.wantText(tt.says)
		if reason, _ := tt.by.page.field("reason"); reason != tt.typed.Get("reason") {
			t.Errorf("%s keeps the reason %q", tt.path, reason)
		}
	}
	if user, err := s.service.User(t.Context(), "ada"); err != nil || user.Role != forum.Admin || user.State() != forum.Active {
		t.Errorf("ada is %v, %v", user, err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s, _, _, b := community(t)
	b.get("/settings")
	b.submit("/settings/about", fill{"about": "I *write*."})
	b.wantText("I write.")
	b.get("/settings")
	b.submit("/settings/tokens", fill{"name": "my script", "scope": "write"})
	b.wantText("Copy it now", "my script", "may write")
	if got := b.page.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page with a secret has Cache-Control %q", got)
	}
	secret := b.page.text()[strings.Index(b.page.text(), "fmt_"):]
	actor, err := s.service.TokenActor(t.Context(), forum.Secret(strings.Fields(secret)[0]))
	if err != nil || actor.Name != "mia" || actor.Scope != forum.ScopeWrite {
		t.Errorf("the token is %v's (%v), want mia's, to write", actor, err)
	}
	b.get("/settings")
	b.wantText("my script")
	b.wantNoText("fmt_")
	b.submit("/settings/tokens/1/revoke", fill{})
	b.wantNoText("my script")
	b.post("/settings/tokens/1/revoke", url.Values{})
	b.wantStatus(http.StatusNotFound)
}

func TestSearchAndLists(t *testing.T) {
	t.Parallel()
	s, admin, mia, b := community(t)
	for range 45 {
		s.thread(mia, 1, "Another thread", "about zebras")
	}
	if _, err := s.service.EditThread(t.Context(), mia, 2, forum.ThreadChange{Tags: &[]string{"Stripes & dots"}}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range []string{"/", "/c/news"} {
		clear(seen)
		b.get(path)
		b.wantText("46 threads")
		for {
			for node := range b.page.root.Descendants() {
				if href := attribute(node, "href"); strings.HasPrefix(href, "/t/") && within(node, "h2") {
					seen[href] = true
				}
			}
			older := link(b.page, "Older")
			if older == "" {
				break
			}
			b.get(older)
		}
		if len(seen) != 46 {
			t.Errorf("%s lists %d threads on all its pages, want 46", path, len(seen))
		}
	}
	b.get("/tag/" + url.PathEscape("stripes & DOTS"))
	b.wantText("1 thread", "Another thread")
	b.get("/u/mia")
	b.wantText("47 posts", "46 threads")
	b.get(link(b.page, "Older"))
	b.wantStatus(http.StatusOK)
	b.get("/u/MIA?show=threads")
	b.wantText("Another thread")
	b.get(link(b.page, "Older"))
	b.wantText("A thread")

	for {
		about, err := s.service.About(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		if about.Pending == 0 {
			break
		}
	}
	b.get("/search?q=" + url.QueryEscape(`zebras user:mia`))
	b.wantText("Another thread", "about zebras")
	b.get(link(b.page, "More"))
	b.wantText("about zebras")
	b.get("/search?q=nothinglikethis")
	b.wantText("Nothing was found.")
	b.get("/search?q=%21%21")
	b.wantStatus(http.StatusUnprocessableEntity)
	if _, wrong := b.page.field("q"); wrong == "" {
		t.Error("nobody says what is wrong with the query")
	}
	b.get("/search?q=" + strings.Repeat("x", 300))
	b.wantStatus(http.StatusUnprocessableEntity)
	b.get("/about")
	b.wantText("threads 46 posts 47 people 2")
}

// link returns where the link of that name leads, "" where there is none.
func link(p *page, name string) string {
	for node := range p.root.Descendants() {
		if node.Data == "a" && strings.TrimSpace(textOf(node)) == name {
			return attribute(node, "href")
		}
	}
	return ""
}

func TestPagesOfAThread(t *testing.T) {
	t.Parallel()
	s, _, mia, member := community(t)
	for range 58 {
		s.reply(mia, 1, "more")
	}
	for _, b := range []*browser{s.browser(), member} {
		var numbers []string
		path := "/t/1"
		for path != "" {
			b.get(path)
			b.wantStatus(http.StatusOK)
			for node := range b.page.root.Descendants() {
				if node.Data == "article" {
					numbers = append(numbers, attribute(node, "id"))
				}
			}
			path = link(b.page, "Next")
		}
		if len(numbers) != 60 || numbers[0] != "p-1" || numbers[59] != "p-60" {
			t.Errorf("all pages have %d posts, %v", len(numbers), numbers)
		}
		for asked, want := range map[string]string{
			"/t/1/47":                             "/t/1/a-thread?from=41#p-47",
			"/t/1/20":                             "/t/1/a-thread#p-20",
			"/t/1/a-thread?from=33&date=":         "/t/1/a-thread?from=33&date=",
			"/t/1/a-thread?from=1000":             "/t/1/a-thread?from=41",
			"/t/1/wrong?from=21":                  "/t/1/a-thread?from=21",
			"/t/1?from=":                          "/t/1/a-thread",
			"/t/1/a-thread?from=&date=2026-11-24": "/t/1/a-thread",
			"/t/1/a-thread?date=2001-01-01":       "/t/1/a-thread",
			"/t/1/a-thread?date=2099-01-01":       "/t/1/a-thread?from=41",
		} {
			b.get(asked)
			b.wantStatus(http.StatusOK)
			if b.page.path != want {
				t.Errorf("%s leads to %s, want %s", asked, b.page.path, want)
			}
		}
		b.get("/t/1/a-thread?date=24.11.2026")
		b.wantStatus(http.StatusUnprocessableEntity)
	}
}

// Addresses of the forum that a community came from lead to where their content is now.
func TestImportedAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	category, err := s.service.ImportCategory(t.Context(), "old", "1", "Imported", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.service.ImportUsers(t.Context(), "old", []forum.ImportedUser{{Key: "5", Name: "<b>Bob</b>", About: "Hello", CreatedAt: s.clock.Now(), Paths: []string{"/users/5"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.service.ImportThreads(t.Context(), "old", category, []forum.ImportedThread{{Key: "12", Title: "An old one", Paths: []string{"/questions/12"},
		Posts: []forum.ImportedPost{
			{Key: "12", AuthorKey: "5", Body: "asked", CreatedAt: s.clock.Now(), Reactions: []forum.ReactionCount{{Kind: "up", N: 3}}},
			{Key: "13", AuthorName: "gone", Body: "answered", CreatedAt: s.clock.Now(), Solution: true, Paths: []string{"/a/13", "/viewtopic.php?p=13"}},
		}}})
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	for old, want := range map[string]string{"/questions/12": "/t/1/an-old-one", "/a/13": "/t/1/an-old-one#p-2",
		"/viewtopic.php?p=13": "/t/1/an-old-one#p-2", "/questions/12?utm=x": "/t/1/an-old-one",
		"/questions/12/an-old-title": "/t/1/an-old-one", "/questions/12/an-old-title/13?x=1": "/t/1/an-old-one#p-2", "/a/13/": "/t/1/an-old-one#p-2"} {
		b.get(old)
		b.wantStatus(http.StatusOK)
		if b.page.path != want {
			t.Errorf("%s leads to %s, want %s", old, b.page.path, want)
		}
		b.wantText("👍 3", "solution", "gone")
	}
	for _, path := range []string{"/questions", "/questions/13", "/questions/13/12", "/a/b/c/d/e"} {
		b.get(path)
		b.wantStatus(http.StatusNotFound)
	}
	b.get("/users/5")
	b.wantText("Nobody can sign in to it yet.", "Hello")
	admin := s.user("ada", forum.Admin)
	if err := s.service.HideCategory(t.Context(), admin, category, true, ""); err != nil {
		t.Fatal(err)
	}
	b.get("/questions/12")
	b.wantStatus(http.StatusNotFound)
}

// The address that a category had leads to the one it has, for those who may see it.
func TestRenamedCategory(t *testing.T) {
	t.Parallel()
	s, admin, _, _ := community(t)
	if _, err := s.service.EditCategory(t.Context(), admin, 1, forum.NewCategory{Name: "Tidings"}); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.get("/c/news?state=visible")
	b.wantStatus(http.StatusOK)
	if b.page.path != "/c/tidings?state=visible" {
		t.Errorf("the former address leads to %s", b.page.path)
	}
	if err := s.service.HideCategory(t.Context(), admin, 1, true, ""); err != nil {
		t.Fatal(err)
	}
	b.get("/c/news")
	b.wantStatus(http.StatusNotFound)
	if hidden := b.page.source; strings.Contains(strings.ToLower(hidden), "tidings") {
		t.Error("the former address tells the name of a hidden category")
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.user("ada", forum.Admin)
	s.user("max", forum.Moderator)
	admin, visitor := s.signedIn("ada"), s.browser()
	send := func(b *browser, fields map[string]string, picture []byte) {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range fields {
			if err := form.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		file, err := form.CreateFormFile("logo", "logo.png")
		if err == nil {
			_, err = file.Write(picture)
		}
		if err == nil {
			err = form.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/admin/look", &body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", form.FormDataContentType())
		b.do(request)
	}
	logo := regexp.MustCompile(`/logo/[0-9a-f]{12}\.png`)

	send(admin, map[string]string{"accent": "violet"}, samplePNG(t, 32))
	admin.wantStatus(http.StatusOK)
	visitor.get("/")
	address := logo.FindString(visitor.page.source)
	if address == "" || !strings.Contains(visitor.page.source, `data-accent="violet"`) {
		t.Errorf("the page has neither logo nor accent:\n%.500s", visitor.page.source)
	}
	answer := visitor.get(address)
	if kind := answer.header.Get("Content-Type"); kind != "image/png" || answer.status != http.StatusOK || !strings.HasPrefix(answer.source, "\x89PNG") {
		t.Errorf("the logo is %q, status %d", kind, answer.status)
	}
	visitor.get("/logo/other.png")
	visitor.wantStatus(http.StatusNotFound)

	for name, wrong := range map[string]struct {
		fields  map[string]string
		picture []byte
		want    string
	}{
		"no picture":      {nil, []byte("GIF87 it is not"), "Logo is no picture that can be shown here"},
		"SVG":             {nil, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "Logo is no picture that can be shown here"},
		"too many pixels": {nil, samplePNG(t, 2000), "Logo has too many pixels"},
		"too large":       {nil, bytes.Repeat([]byte("x"), 200<<10), "Logo is too large"},
		"far too large":   {nil, bytes.Repeat([]byte("x"), 400<<10), "The request is too large"},
		"no such colour":  {map[string]string{"accent": "octarine"}, nil, "Colour is none of the colours"},
	} {
		send(admin, wrong.fields, wrong.picture)
		if admin.page.status/100 != 4 || !strings.Contains(admin.page.text(), wrong.want) {
			t.Errorf("%s: status %d without %q:\n%s", name, admin.page.status, wrong.want, admin.page.text())
		}
		visitor.get("/")
		if got := logo.FindString(visitor.page.source); got != address || !strings.Contains(visitor.page.source, `data-accent="violet"`) {
			t.Errorf("%s: changed the look: logo %s", name, got)
		}
	}

	moderator := s.signedIn("max")
	send(moderator, map[string]string{"accent": "red"}, nil)
	moderator.wantStatus(http.StatusForbidden)
	send(admin, map[string]string{"accent": "", "remove": "yes"}, nil)
	visitor.get("/")
	if got := logo.FindString(visitor.page.source); got != "" || strings.Contains(visitor.page.source, "data-accent") {
		t.Errorf("after removing: logo %q", got)
	}
	visitor.get(address)
	visitor.wantStatus(http.StatusNotFound)
}

func samplePNG(t *testing.T, width int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, 16))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestComponents(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.user("ada", forum.Admin)
	s.user("max", forum.Moderator)
	admin, moderator := s.signedIn("ada"), s.signedIn("max")
	admin.get("/admin/components")
	admin.wantText("Components", "Nothing here yet.", "Title must not be empty.", "3,872 posts", "hidden by a moderator", "Out is in millimetres")
	moderator.get("/admin/components")
	moderator.wantStatus(http.StatusForbidden)
}

// The preview is what the server makes of a text, and gives the form back, also without scripts.
func TestPreview(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.user("ada", forum.Admin)
	s.user("mia", forum.Member)
	s.thread(admin, s.category(admin, "News").ID, "A thread", "The first.", "The second.")
	b := s.signedIn("mia")
	b.get("/t/1/a-thread?reply=2")
	b.submit("/preview?to=%2Ft%2F1%2Freply", fill{"body": "Not *sent* yet."})
	b.wantText("Preview", "Not sent yet.")
	b.submit("/t/1/reply", fill{"body": "Sent *now*."})
	b.wantText("in reply to #2 ada", "Sent now.")
	b.wantNoText("Not sent yet.")

	b.get("/new")
	b.submit("/preview?to=%2Fnew", fill{"title": "A title", "tags": "one, two", "body": ""})
	b.wantStatus(http.StatusUnprocessableEntity)
	b.wantText("must not be empty")
	b.submit("/new", fill{"body": "Some text."})
	b.wantText("A title", "one", "two", "Some text.")

	visitor := s.browser()
	visitor.post("/preview?to=https://example.org/", url.Values{"body": {"x"}})
	visitor.wantStatus(http.StatusUnauthorized)
	if strings.Contains(visitor.page.source, "example.org") {
		t.Error("a preview leads to another site")
	}
}

// Whoever knows the present password changes it, and stays signed in here alone.
func TestPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.user("mia", forum.Member)
	here, there := s.signedIn("mia"), s.signedIn("mia")
	here.get("/settings")
	here.submit("/settings/password", fill{"present_password": "not the password", "password": "battery staple of horses"})
	here.wantStatus(http.StatusUnprocessableEntity)
	if got, wrong := here.page.field("present_password"); got != "" || !strings.Contains(wrong, "is wrong") {
		t.Errorf("the field of the present password holds %q and says %q", got, wrong)
	}
	here.submit("/settings/password", fill{"present_password": goodPassword, "password": "battery staple of horses"})
	here.wantStatus(http.StatusOK)
	here.wantText("Your password was changed", "Tokens still work")
	there.get("/settings")
	there.wantStatus(http.StatusUnauthorized)
	there.get("/sign-in")
	there.wantText("Forgotten your password? Ask an administrator")
	there.submit("/sign-in", fill{"name": "mia", "password": goodPassword})
	there.wantStatus(http.StatusUnprocessableEntity)
	there.submit("/sign-in", fill{"name": "mia", "password": "battery staple of horses"})
	there.wantStatus(http.StatusOK)
	here.submit("/settings/sign-out-elsewhere", fill{})
	here.wantText("You were signed out everywhere else.")
	there.get("/settings")
	there.wantStatus(http.StatusUnauthorized)
}

// Trying present passwords is rationed like signing in, and counted with it.
func TestPasswordIsRationed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.user("mia", forum.Member)
	s.kit.Rates = httpkit.NewRates(s.clock, 0.01) // of 300 by name, 3
	mia := s.signedIn("mia")
	try := url.Values{"present_password": {"not the password"}, "password": {"battery staple of horses"}}
	for range 2 {
		mia.post("/settings/password", try)
		mia.wantStatus(http.StatusUnprocessableEntity)
	}
	mia.post("/settings/password", try)
	mia.wantStatus(http.StatusTooManyRequests)
}

// Whoever sees a category that not everybody sees is told who does, wherever it is named.
func TestCategoriesSayWhoSeesThem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.user("ada", forum.Admin)
	s.user("mia", forum.Member)
	s.category(admin, "News")
	for _, category := range []forum.NewCategory{
		{Name: "Club", Permissions: forum.Permissions{forum.Visitor: {}}},
		{Name: "Staff", Permissions: forum.Permissions{forum.Visitor: {}, forum.Member: {}}},
		{Name: "Safe", Permissions: forum.Permissions{forum.Visitor: {}, forum.Member: {}, forum.Moderator: {}}},
	} {
		if _, err := s.service.CreateCategory(t.Context(), admin, category); err != nil {
			t.Fatal(err)
		}
	}
	for id := range forum.CategoryID(4) {
		s.thread(admin, id+1, "A thread", "Text.")
	}
	visitor, member, boss := s.browser(), s.signedIn("mia"), s.signedIn("ada")
	for _, path := range []string{"/", "/categories", "/c/news", "/t/1/a-thread"} {
		visitor.get(path)
		visitor.wantText("News")
		visitor.wantNoText("only ")
	}
	for _, path := range []string{"/", "/categories", "/new", "/c/club", "/t/2/a-thread"} {
		member.get(path)
		member.wantText("only members")
		member.wantNoText("only moderators", "only administrators")
	}
	for _, path := range []string{"/", "/categories", "/new", "/admin/categories"} {
		boss.get(path)
		boss.wantText("only members", "only moderators", "only administrators")
	}
	boss.get("/t/4/a-thread")
	boss.wantText("Safe only administrators")
}

// A form that is older than somebody's change is not saved over it unawares.
func TestSettingsChangedMeanwhile(t *testing.T) {
	t.Parallel()
	s, _, _, _ := community(t)
	s.user("eve", forum.Admin)
	ada, eve := s.signedIn("ada"), s.signedIn("eve")
	ada.get("/admin/settings")
	eve.get("/admin/settings")
	eve.submit("/admin/rules", fill{"posts": "50"})
	eve.wantText("Saved.")

	ada.submit("/admin/rules", fill{"threads": "7"})
	ada.wantStatus(http.StatusConflict)
	ada.wantText("Somebody else changed this meanwhile", "Posts in five minutes 300 → 50", "eve")
	for field, want := range map[string]string{"threads": "7", "posts": "300"} {
		if got, _ := ada.page.field(field); got != want {
			t.Errorf("%s is %q, want %q as it was typed", field, got, want)
		}
	}
	if rules, err := s.service.Rules(t.Context()); err != nil || rules.Posts != 50 || rules.Threads == 7 {
		t.Errorf("rules %+v, %v", rules, err)
	}
	ada.submit("/admin/site", fill{"description": "Not what eve changed"})
	ada.wantText("Saved.")
	ada.get("/admin/settings")
	eve.get("/admin/settings")
	eve.submit("/admin/site", fill{"name": "The Wheel"})
	ada.submit("/admin/site", fill{"name": "The Spoke"})
	ada.wantStatus(http.StatusConflict)
	ada.submit("/admin/site", fill{})
	ada.wantText("Saved.")
	if site, err := s.service.Site(t.Context()); err != nil || site.Name != "The Spoke" {
		t.Errorf("site %+v, %v", site, err)
	}
}
