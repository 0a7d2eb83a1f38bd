package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// threadPage is a page of a thread's posts.
type threadPage struct {
	forum.ThreadPage
	Posts   []ui.Post
	From    int64        // where the page begins, as its address says
	Key     string       // of the forms about the thread as a whole
	MayEdit bool         // its title and tags
	Marks   []markButton // what a moderator may set and clear
	Restore bool         // it can be restored by who reads
	Delete  bool         // it can be deleted by who reads
	Reply   *replyForm   // nil where no reply can be written
	Refused string       // why not, for who is signed in
}

// editing names the way to the thread's title and tags and, for moderators, its category.
func (p *threadPage) editing() string {
	if p.Thread.Category.Access.Moderate {
		return "Edit or move"
	}
	return "Edit title and tags"
}

// markButton sets or clears a mark of the thread.
type markButton struct {
	Label string
	Do    string // "set" or "clear"
	Mark  forum.Mark
}

func (p *threadPage) title() string { return p.Thread.Title }

// showThread serves a thread's page at its canonical address, and leads there from the others:
// a post's number, a day, and any slug but the present one.
func (s *server) showThread(w http.ResponseWriter, r *http.Request) error {
	place := r.PathValue("place")
	if onlyDigits(place) {
		return s.leadToPost(w, r, positive(place))
	}
	query := r.URL.Query()
	if query.Get("date") != "" {
		return s.leadToDate(w, r, query.Get("date"))
	}
	from, ok := startOf(query)
	if !ok {
		return forum.ErrNotFound
	}
	if actorOf(r).SignedIn() {
		return s.showPersonal(w, r, place, from)
	}
	return s.showToVisitor(w, r, place, from)
}

// onlyDigits tells a post's number from a slug, which is never all digits nor empty.
func onlyDigits(place string) bool {
	return place != "" && strings.Trim(place, "0123456789") == ""
}

// startOf reads where a page begins; absent is the beginning.
func startOf(query url.Values) (from int64, ok bool) {
	text := query.Get("from")
	if text == "" {
		return 1, true
	}
	from = positive(text)
	return from, from > 0
}

// showPersonal makes the page for who is signed in.
func (s *server) showPersonal(w http.ResponseWriter, r *http.Request, slug string, from int64) error {
	actor := actorOf(r)
	found, err := s.service.ThreadPage(r.Context(), actor, threadID(r), forum.PageAt{Number: from})
	if err != nil {
		return err
	}
	if found.Thread.Slug != slug {
		return moved(w, r, ui.ThreadPagePath(found.Thread.ID, found.Thread.Slug, from))
	}
	if pastEnd(found, from) {
		return leadOn(w, r, ui.ThreadPagePath(found.Thread.ID, found.Thread.Slug, found.Last))
	}
	editable, err := s.service.EditablePosts(r.Context(), actor, &found)
	if err != nil {
		return err
	}
	p := newThreadPage(actor, found, from)
	for i := range p.Posts {
		p.Posts[i].Acts.Edit = editable[p.Posts[i].Number]
	}
	if p.Reply != nil {
		p.Reply.Form = newForm(r)
		if err := s.answer(r, p.Reply, positive(r.URL.Query().Get("reply"))); err != nil {
			return err
		}
	}
	s.service.CountView(found.Thread.ID)
	return s.show(w, r, p)
}

// pastEnd reports whether a page was asked for that begins after the last post: the one found
// is then the last, which has an address of its own.
func pastEnd(found forum.ThreadPage, from int64) bool {
	return len(found.Posts) > 0 && found.Posts[0].Number < from
}

// moved leads to the canonical address. Browsers must ask again: a title can be changed back.
func moved(w http.ResponseWriter, r *http.Request, path string) error {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header()["Vary"] = varies
	http.Redirect(w, r, path, http.StatusMovedPermanently)
	return nil
}

// leadToPost leads from a post's short address to its place, which depends on the title and on
// where the post was moved.
func (s *server) leadToPost(w http.ResponseWriter, r *http.Request, number int64) error {
	thread, post, err := s.service.Post(r.Context(), actorOf(r), threadID(r), number)
	if err != nil {
		return err
	}
	return leadOn(w, r, ui.PostPlace(thread.ID, thread.Slug, post.Number))
}

// leadToDate leads to the page that begins with the first post of a day or after it.
func (s *server) leadToDate(w http.ResponseWriter, r *http.Request, date string) error {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return &forum.Error{Kind: forum.Invalid, Message: "a date is written like 2026-11-24"}
	}
	page, err := s.service.ThreadPage(r.Context(), actorOf(r), threadID(r), forum.PageAt{Time: day})
	if err != nil {
		return err
	}
	from := page.Last
	if len(page.Posts) > 0 && !page.Posts[0].CreatedAt.Before(day) { // else all are older
		from = page.Posts[0].Number
	}
	return leadOn(w, r, ui.ThreadPagePath(page.Thread.ID, page.Thread.Slug, from))
}

// leadOn leads on, this time: the same address may lead elsewhere later.
func leadOn(w http.ResponseWriter, r *http.Request, path string) error {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header()["Vary"] = varies
	http.Redirect(w, r, path, http.StatusFound)
	return nil
}

// newThreadPage puts together what actor may see and do. What may be edited is for the caller to say:
// that goes by the community's rules too.
func newThreadPage(actor forum.Actor, found forum.ThreadPage, from int64) *threadPage {
	thread := &found.Thread
	p := &threadPage{ThreadPage: found, Posts: make([]ui.Post, len(found.Posts)), From: from}
	if actor.SignedIn() {
		p.Key = newKey()
		p.MayEdit = forum.CanEditThread(actor, thread) == nil
		p.Marks = markButtons(actor, thread)
		p.Delete = mayDelete(thread.Marks.Marks, forum.DeletionMark(actor, thread.Author.ID), func(mark forum.Mark) error {
			return forum.CanMarkThread(actor, thread, mark, true)
		})
		p.Restore = mayRestore(actor, thread.Marks.Marks, thread.Author.ID, thread.Category.Access,
			func(mark forum.Mark) error { return forum.CanMarkThread(actor, thread, mark, false) })
		if err := forum.CanReply(actor, thread); err != nil {
			p.Refused = messageOf(err)
		} else {
			p.Reply = &replyForm{Thread: thread.ID}
		}
	}
	for i := range found.Posts {
		post := &found.Posts[i]
		p.Posts[i] = ui.Post{Post: post, Acts: postActs(actor, thread, post), From: from, First: post.Number == 1}
	}
	return p
}

// markButtons are the moderators' acts on a thread that make sense as it is.
func markButtons(actor forum.Actor, thread *forum.Thread) []markButton {
	if !thread.Category.Access.Moderate || forum.CanWrite(actor) != nil {
		return nil
	}
	button := func(isSet bool, mark forum.Mark, set, clear string) markButton {
		if isSet {
			return markButton{clear, "clear", mark}
		}
		return markButton{set, "set", mark}
	}
	buttons := []markButton{
		button(thread.Pinned(), forum.MarkPinned, "Pin", "Unpin"),
		button(thread.Locked(), forum.MarkLocked, "Lock", "Unlock"),
		button(!thread.Marks.UnlistedAt.IsZero(), forum.MarkUnlisted, "Unlist", "List again"),
		button(!thread.Marks.ModHiddenAt.IsZero(), forum.MarkModHidden, "Hide", "Unhide"),
	}
	if !thread.Marks.FlagHiddenAt.IsZero() {
		buttons = append(buttons, markButton{"Unhide what flags hid", "clear", forum.MarkFlagHidden})
	}
	return buttons
}

// besides names the posts that only moderators see, by state.
func (p *threadPage) besides() []string {
	if !p.Thread.Category.Access.Moderate {
		return nil
	}
	return besides(p.Thread.Posts, "post", "posts")
}

// through is the number of the page's last post.
func (p *threadPage) through() int64 { return p.Posts[len(p.Posts)-1].Number }

// end is the greatest number the reader knows of.
func (p *threadPage) end() int64 { return max(p.Thread.LastNumber, p.through()) }

// beyond says how far the thread goes where this page is not its last.
func (p *threadPage) beyond() string {
	if p.Next == 0 {
		return ""
	}
	return " of #" + formatNumber(p.end())
}

// pages are the ways to the other pages of the thread.
func (p *threadPage) pages() []pageLink {
	start := func(label, rel string, at int64) pageLink {
		return pageLink{label, rel, ui.ThreadPagePath(p.Thread.ID, p.Thread.Slug, at)}
	}
	var links []pageLink
	if p.Previous > 0 {
		links = append(links, start("First", "", 1), start("Previous", "prev", p.Previous))
	}
	if p.Next > 0 {
		links = append(links, start("Next", "next", p.Next), start("Last", "", p.Last))
	}
	return links
}

type pageLink struct{ Label, Rel, Path string }

// isLong reports whether the thread has more than this page, so that jumping makes sense.
func (p *threadPage) isLong() bool { return p.Previous > 0 || p.Next > 0 }

func (p *threadPage) signInPath() string { return ui.SignInPath(p.replyPlace()) }
func (p *threadPage) signUpPath() string { return ui.SignUpPath(p.replyPlace()) }

func (p *threadPage) replyPlace() string {
	return ui.ThreadPagePath(p.Thread.ID, p.Thread.Slug, p.From) + "#reply"
}

func (p *threadPage) states() []string {
	if !p.Thread.Locked() {
		return ui.ThreadStateNames(p.Thread.Marks)
	}
	return append([]string{"locked"}, ui.ThreadStateNames(p.Thread.Marks)...)
}

// startThreadPage is the form for a thread.
type startThreadPage struct {
	Form       ui.Form
	Categories []ui.Option // where actor may start threads
}

func (p startThreadPage) title() string { return "New thread" }

func (s *server) newThread(w http.ResponseWriter, r *http.Request) error {
	if err := forum.CanWrite(actorOf(r)); err != nil {
		return err
	}
	form := newForm(r)
	if slug := r.PathValue("slug"); slug != "" {
		category, err := s.service.Category(r.Context(), actorOf(r), slug)
		if err != nil {
			return err
		}
		if err := forum.CanStartThread(actorOf(r), &category.Category); err != nil {
			return err
		}
		form.Values.Set("category_id", formatID(category.ID))
	} else if asked := r.URL.Query().Get("category"); asked != "" {
		form.Values.Set("category_id", asked)
	}
	return s.showNewThread(w, r, http.StatusOK, form)
}

func (s *server) showNewThread(w http.ResponseWriter, r *http.Request, status int, form ui.Form) error {
	actor := actorOf(r)
	top, err := s.service.Categories(r.Context(), actor)
	if err != nil {
		return err
	}
	options := categoryOptions(top, func(c *forum.Category) bool { return forum.CanStartThread(actor, c) == nil })
	if len(options) > 1 { // none is the likely one: a thread goes where its author says
		options = append([]ui.Option{{Value: "", Label: "Choose a category"}}, options...)
	}
	return s.showStatus(w, r, status, startThreadPage{form, options})
}

func (s *server) createThread(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Starting)
	if err != nil {
		return err
	}
	first, err := s.service.CreateThread(r.Context(), actorOf(r), forum.NewThread{
		CategoryID: forum.CategoryID(positive(in.Get("category_id"))),
		Title:      in.Get("title"),
		Body:       in.Get("body"),
		Tags:       tagsOf(in.Get("tags")),
		Key:        in.Get("key"),
	})
	if invalid(err) {
		return s.showNewThread(w, r, httpkit.Status(forum.Invalid), again(r, in, err))
	}
	if err != nil {
		return err
	}
	s.kit.Accepted(w, r)
	return seeOther(w, r, ui.ThreadPath(first.Thread, first.ThreadSlug))
}

// editThreadPage is the form for a thread's title, tags and, for moderators, category.
type editThreadPage struct {
	Thread     forum.Thread
	Form       ui.Form
	Categories []ui.Option // it can be moved to, its own among them; empty where it cannot be moved
}

func (p editThreadPage) title() string { return "Edit thread" }

func (s *server) editThread(w http.ResponseWriter, r *http.Request) error {
	thread, err := s.service.Thread(r.Context(), actorOf(r), threadID(r))
	if err != nil {
		return err
	}
	if err := forum.CanEditThread(actorOf(r), &thread); err != nil {
		return err
	}
	form := newForm(r)
	form.Values = url.Values{"title": {thread.Title}, "tags": {tagText(thread.Tags)}, "category_id": {formatID(thread.CategoryID)}}
	return s.showEditThread(w, r, http.StatusOK, thread, form)
}

func (s *server) showEditThread(w http.ResponseWriter, r *http.Request, status int, thread forum.Thread, form ui.Form) error {
	actor := actorOf(r)
	p := editThreadPage{Thread: thread, Form: form}
	if thread.Category.Access.Moderate {
		top, err := s.service.Categories(r.Context(), actor)
		if err != nil {
			return err
		}
		p.Categories = categoryOptions(top, func(c *forum.Category) bool { return forum.CanMoveThread(actor, &thread, c) == nil })
	}
	return s.showStatus(w, r, status, p)
}

func (s *server) updateThread(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Editing)
	if err != nil {
		return err
	}
	actor := actorOf(r)
	thread, err := s.service.EditThread(r.Context(), actor, threadID(r), threadChange(in))
	if invalid(err) {
		now, loadErr := s.service.Thread(r.Context(), actor, threadID(r))
		if loadErr != nil {
			return loadErr
		}
		return s.showEditThread(w, r, httpkit.Status(forum.Invalid), now, again(r, in, err))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.ThreadPath(thread.ID, thread.Slug))
}

// threadChange is what a form asks to be changed: the fields it has.
func threadChange(in url.Values) forum.ThreadChange {
	change := forum.ThreadChange{Key: in.Get("key")}
	if in.Has("title") {
		title := in.Get("title")
		change.Title = &title
	}
	if in.Has("tags") {
		tags := tagsOf(in.Get("tags"))
		change.Tags = &tags
	}
	if id := forum.CategoryID(positive(in.Get("category_id"))); in.Has("category_id") && in.Get("category_id") != in.Get("category_was") {
		change.CategoryID = &id
	}
	return change
}

// markThread sets or clears a mark: the form says which, and never "the other way round".
func (s *server) markThread(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Editing)
	if err != nil {
		return err
	}
	mark, set, err := markOf(in)
	if err != nil {
		return err
	}
	id, key := threadID(r), keyFor(in, r.URL.Path)
	if _, err := s.service.MarkThread(r.Context(), actorOf(r), id, mark, set, key); err != nil {
		return err
	}
	thread, err := s.service.Thread(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.ThreadPath(id, thread.Slug))
}

// marks are those that a form may set or clear; deleting and restoring choose theirs by who asks.
var marks = []forum.Mark{forum.MarkPinned, forum.MarkLocked, forum.MarkUnlisted, forum.MarkModHidden, forum.MarkFlagHidden}

// markOf reads which mark to set or clear.
func markOf(in url.Values) (mark forum.Mark, set bool, err error) {
	mark, set = forum.Mark(in.Get("set")), true
	if mark == "" {
		mark, set = forum.Mark(in.Get("clear")), false
	}
	if !slices.Contains(marks, mark) {
		return "", false, &forum.Error{Kind: forum.Invalid, Message: "there is no such mark"}
	}
	return mark, set, nil
}

// tagText writes tags as people type them.
func tagText(tags []forum.Tag) string {
	var names []string
	for _, tag := range tags {
		names = append(names, tag.Name)
	}
	return strings.Join(names, ", ")
}

const tagsHint = "At most five, with commas between. You can leave this empty."

// categoryOptions are the categories of a choice that allow, indented as they lie in each other.
func categoryOptions(branches []*forum.CategoryBranch, allow func(*forum.Category) bool) []ui.Option {
	var options []ui.Option
	for _, branch := range branches {
		if allow(&branch.Category) {
			label := strings.Repeat("\u2003", branch.Depth) + branch.Name
			if who := ui.AudienceWords(branch.Audience); who != "" {
				label += " (" + who + ")"
			}
			options = append(options, ui.Option{Value: formatID(branch.ID), Label: label})
		}
		options = append(options, categoryOptions(branch.Children, allow)...)
	}
	return options
}
