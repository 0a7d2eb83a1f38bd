package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// shown is every number and every list that somebody is shown.
type shown struct {
	Threads    map[forum.ThreadID]shownThread // by their addresses
	Categories []shownCategory                // the tree, from the top
	Lists      map[string]shownList           // "all", "category 3", "tag Wheels", "by author", and for each state: "all, hidden"
	People     map[string]shownPerson
	Counts     forum.CategoryCounts // of the whole site
	Accounts   map[forum.AccountState]int64
}

type shownThread struct {
	Category            forum.CategoryID
	Author, Title       string
	Tags                []string
	State               forum.State
	Marks               []forum.Mark
	Pinned, Locked      bool
	Posts               [forum.StateCount]int64
	Reactions           int64
	First, Last         int64
	LastAuthor          string
	Created, LastActive time.Time
	Next                int64
	Solution            int64
	Version, Views      int64
	Page                []shownPost
	MayReply            bool
}

type shownPost struct {
	Number      int64
	ReplyTo     int64
	ReplyAuthor string
	Author      string
	Body        string
	State       forum.State
	Marks       []forum.Mark
	Created     time.Time
	Version     int64
	Text        int64
	Replies     int64
	Reactions   map[string]int64
	Count       int64
	Mine        string
	Solution    bool
	Revisions   int64
	Earlier     []string // for its author and moderators
}

type shownCategory struct {
	ID         forum.CategoryID
	Depth      int
	Access     forum.Access
	Audience   forum.Role
	Own, Total forum.CategoryCounts
}

type shownList struct {
	IDs    []forum.ThreadID // the pinned first
	Pinned int
	Total  int64
}

type shownPerson struct {
	Role      forum.Role
	State     forum.AccountState
	Counts    forum.CategoryCounts
	Received  int64
	Given     *int64 // nil where it is not for the reader
	Solutions int64
	Posts     []string // "thread/number", the newest first
}

// compare fails where what somebody is shown is not what the model says.
func (c *community) compare(t testing.TB, after string, by asker) {
	t.Helper()
	got, err := c.shown(t.Context(), by)
	if err != nil {
		t.Fatalf("what %s is shown after %s: %v", by, after, err)
	}
	differ(t, fmt.Sprintf("what %s is shown after %s", by, after), c.model.shown(by), got)
}

// shown reads all of it through the service, pages and lists to their ends.
func (c *community) shown(ctx context.Context, by asker) (shown, error) {
	actor, err := c.actor(ctx, by)
	if err != nil {
		return shown{}, err
	}
	r := &reading{community: c, ctx: ctx, actor: actor}
	s := shown{Threads: map[forum.ThreadID]shownThread{}, Lists: map[string]shownList{}, People: map[string]shownPerson{}}
	for _, th := range c.model.threads {
		r.thread(th.id, s.Threads)
	}
	top, err := c.Categories(ctx, actor)
	r.keep(err)
	s.Categories = branches(top)
	for name, filter := range c.model.filters() {
		s.Lists[name] = r.list(filter)
	}
	for _, p := range c.model.people {
		s.People[accountName(p.name)] = r.person(p.name)
	}
	about, err := c.About(ctx, actor)
	r.keep(err)
	s.Counts, s.Accounts = about.Counts, about.People
	maps.DeleteFunc(s.Accounts, func(_ forum.AccountState, n int64) bool { return n == 0 })
	return s, r.err
}

// reading asks the service as somebody, and keeps the first error.
type reading struct {
	*community
	ctx   context.Context
	actor forum.Actor
	err   error
}

func (r *reading) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// thread adds a thread as it is shown; one that is not to be seen is left out.
func (r *reading) thread(id forum.ThreadID, all map[forum.ThreadID]shownThread) {
	th, err := r.Thread(r.ctx, r.actor, id)
	if forum.KindOf(err) == forum.NotFound && err != nil {
		return
	}
	r.keep(err)
	s := shownThread{Category: th.CategoryID, Author: th.Author.Name, Title: th.Title, State: th.State,
		Marks: marksOf(&th.Marks), Pinned: th.Pinned(), Locked: th.Locked(), Posts: th.Posts, Reactions: th.Reactions,
		First: th.FirstNumber, Last: th.LastNumber, LastAuthor: th.LastAuthor.Name, Created: th.CreatedAt, LastActive: th.LastActivityAt,
		Next: th.NextNumber, Solution: th.SolutionNumber, Version: th.Version, Views: th.Views,
		MayReply: forum.CanReply(r.actor, &th) == nil}
	for _, tag := range th.Tags {
		s.Tags = append(s.Tags, tag.Name)
	}
	for at := (forum.PageAt{Limit: 100}); ; {
		page, err := r.ThreadPage(r.ctx, r.actor, id, at)
		r.keep(err)
		for i := range page.Posts {
			s.Page = append(s.Page, r.post(&page.Posts[i]))
		}
		if at.Number = page.Next; at.Number == 0 {
			break
		}
	}
	all[id] = s
}

func (r *reading) post(p *forum.Post) shownPost {
	s := shownPost{Number: p.Number, ReplyTo: p.ReplyNumber, ReplyAuthor: p.ReplyAuthor, Author: p.Author.Name, Body: p.Body,
		State: p.State, Marks: marksOf(&forum.ThreadMarks{Marks: p.Marks}), Created: p.CreatedAt, Version: p.Version, Text: p.TextVersion,
		Replies: p.Replies, Revisions: p.Revisions, Count: p.ReactionCount, Mine: p.MyReaction, Solution: p.Solution, Reactions: map[string]int64{}}
	for _, reaction := range p.Reactions {
		s.Reactions[reaction.Kind] = reaction.N
	}
	if p.Revisions > 0 {
		revisions, err := r.Revisions(r.ctx, r.actor, p.Thread, p.Number)
		if kind := forum.KindOf(err); kind != forum.Unauthenticated && kind != forum.Forbidden {
			r.keep(err)
		}
		for _, revision := range revisions {
			s.Earlier = append(s.Earlier, revision.Body)
		}
	}
	return s
}

func marksOf(m *forum.ThreadMarks) []forum.Mark {
	var names []forum.Mark
	for name, at := range map[forum.Mark]time.Time{forum.MarkAuthorDeleted: m.AuthorDeletedAt, forum.MarkModDeleted: m.ModDeletedAt,
		forum.MarkModHidden: m.ModHiddenAt, forum.MarkFlagHidden: m.FlagHiddenAt, forum.MarkUnlisted: m.UnlistedAt} {
		if !at.IsZero() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// list walks a list to its end.
func (r *reading) list(filter forum.ThreadFilter) shownList {
	var s shownList
	filter.Limit = 100
	for {
		part, err := r.Threads(r.ctx, r.actor, filter)
		r.keep(err)
		s.IDs = append(append(s.IDs, threadIDs(part.Pinned)...), threadIDs(part.Threads)...)
		s.Total = part.Total
		s.Pinned += len(part.Pinned)
		if filter.Before = part.Next; filter.Before == (forum.Cursor{}) {
			return s
		}
	}
}

func (r *reading) person(name string) shownPerson {
	profile, err := r.Profile(r.ctx, r.actor, accountName(name))
	r.keep(err)
	s := shownPerson{Role: profile.Role, State: profile.State(), Counts: profile.Counts, Received: profile.ReactionsReceived,
		Given: profile.ReactionsGiven, Solutions: profile.Solutions}
	for cursor := (forum.Cursor{}); ; {
		posts, next, err := r.UserPosts(r.ctx, r.actor, profile.ID, cursor, 100)
		r.keep(err)
		for _, p := range posts {
			s.Posts = append(s.Posts, fmt.Sprintf("%d/%d", p.Thread, p.Number))
		}
		if cursor = next; cursor == (forum.Cursor{}) {
			return s
		}
	}
}

func branches(nodes []*forum.CategoryBranch) []shownCategory {
	var all []shownCategory
	for _, node := range nodes {
		all = append(all, shownCategory{node.ID, node.Depth, node.Access, node.Audience, node.Counts, node.Total})
		all = append(all, branches(node.Children)...)
	}
	return all
}

// audience is the least role that sees a category.
func (m *model) audience(c *category) forum.Role {
	at := slices.IndexFunc(forum.Roles, func(role forum.Role) bool { return m.mayAs(role, c).See })
	return forum.Roles[at]
}

// filters are the lists that there are.
func (m *model) filters() map[string]forum.ThreadFilter {
	filters := map[string]forum.ThreadFilter{"all": {}}
	for _, c := range m.categories {
		filters[fmt.Sprintf("category %d", c.id)] = forum.ThreadFilter{Category: c.id}
	}
	for _, th := range m.threads {
		for _, tag := range th.tags {
			filters["tag "+tag] = forum.ThreadFilter{Tag: tag}
		}
	}
	for _, p := range m.people {
		filters["by "+p.name] = forum.ThreadFilter{Author: p.id}
	}
	for name, filter := range maps.Clone(filters) {
		for _, state := range []forum.State{forum.Unlisted, forum.Hidden, forum.Deleted} {
			filter.State = state
			filters[name+", "+state.String()] = filter
		}
	}
	return filters
}

// shown is what the model says of it, counted over.
func (m *model) shown(by asker) shown {
	s := shown{Threads: map[forum.ThreadID]shownThread{}, Lists: map[string]shownList{}, People: map[string]shownPerson{},
		Accounts: map[forum.AccountState]int64{}}
	for _, th := range m.threads {
		if m.sees(by, th) {
			s.Threads[th.id] = m.shownThread(by, th)
		}
	}
	s.Categories = m.shownTree(by, 0, 0)
	for _, c := range s.Categories {
		s.Counts = sum(s.Counts, c.Own)
	}
	for name, filter := range m.filters() {
		s.Lists[name] = m.shownList(by, filter)
	}
	for _, p := range m.people {
		s.People[accountName(p.name)] = m.shownPerson(by, p)
		state := forum.Active
		if p.suspended {
			state = forum.Suspended
		}
		s.Accounts[state]++
	}
	return s
}

func (m *model) shownThread(by asker, th *thread) shownThread {
	visible := th.visible()
	s := shownThread{Category: th.category, Author: accountName(th.author.name), Title: th.title, Tags: th.tags, State: th.marks.state(),
		Marks: th.marks.names(), Pinned: !th.pinned.IsZero(), Locked: th.locked, Created: th.created, LastActive: th.lastActivity(),
		Next: int64(len(th.posts)) + 1, Solution: th.solution, Version: th.version, Views: th.views,
		MayReply: createPost{by: by, thread: th.id}.refused(m) == nil}
	if len(s.Tags) == 0 {
		s.Tags = nil
	}
	for _, p := range th.posts {
		if state := p.marks.state(); state == forum.Visible || m.mayIn(by, th).Moderate {
			s.Posts[state]++
		}
		if m.seesPost(by, th, p) {
			s.Page = append(s.Page, m.shownPost(by, th, p))
		}
	}
	for _, p := range visible {
		s.Reactions += p.reactionCount()
	}
	if len(visible) > 0 {
		last := visible[len(visible)-1]
		s.First, s.Last, s.LastAuthor = visible[0].number, last.number, accountName(last.author.name)
	}
	return s
}

// refusedEarlier: a post's earlier texts are for its author and moderators.
func (m *model) refusedEarlier(by asker, th *thread, p *post) error {
	switch {
	case m.mayIn(by, th).Moderate, p.author.is(by):
		return nil
	case by.name == visitor:
		return refuse(forum.Unauthenticated)
	}
	return refuse(forum.Forbidden)
}

func (m *model) shownPost(by asker, th *thread, p *post) shownPost {
	s := shownPost{Number: p.number, ReplyTo: p.replyTo, Author: accountName(p.author.name), Body: p.body, State: p.marks.state(),
		Marks: p.marks.names(), Created: p.created, Version: p.version, Text: p.text, Reactions: p.byKind(), Count: p.reactionCount(),
		Mine: p.reactions[by.name], Solution: th.solution == p.number, Revisions: int64(len(p.earlier))}
	if m.refusedEarlier(by, th, p) == nil {
		s.Earlier = p.earlier
	}
	if parent := th.post(p.replyTo); parent != nil && parent.marks.state() == forum.Visible {
		s.ReplyAuthor = accountName(parent.author.name)
	}
	for _, reply := range th.visible() {
		if reply.replyTo == p.number {
			s.Replies++
		}
	}
	return s
}

// shownTree are the categories below parent that somebody sees, each before its children.
func (m *model) shownTree(by asker, parent forum.CategoryID, depth int) []shownCategory {
	var all []shownCategory
	for _, c := range m.siblings(parent) {
		may := m.may(by, c)
		if !may.See {
			continue
		}
		below := m.shownTree(by, c.id, depth+1)
		s := shownCategory{ID: c.id, Depth: depth, Access: may, Audience: m.audience(c), Own: m.counts(by, func(at *category, _ *thread, _ *post) bool { return at == c })}
		s.Total = s.Own
		for _, child := range below {
			s.Total = sum(s.Total, child.Own)
		}
		all = append(append(all, s), below...)
	}
	return all
}

// siblings are the categories below parent, in their order.
func (m *model) siblings(parent forum.CategoryID) []*category {
	var all []*category
	for _, c := range m.categories {
		if c.parent == parent {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b *category) int { return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.id, b.id)) })
	return all
}

// counts counts the threads and posts that somebody may count and that are meant; a thread is
// asked for with no post.
func (m *model) counts(by asker, meant func(*category, *thread, *post) bool) forum.CategoryCounts {
	var counts forum.CategoryCounts
	for _, th := range m.threads {
		in := m.category(th.category)
		may := m.may(by, in)
		counted := func(state forum.State) int64 {
			if may.See && state == forum.Visible || may.Moderate {
				return 1
			}
			return 0
		}
		if meant(in, th, nil) {
			counts.Threads[th.marks.state()] += counted(th.marks.state())
		}
		for _, p := range th.posts {
			if meant(in, th, p) {
				counts.Posts[th.effective(p)] += counted(th.effective(p))
			}
		}
	}
	return counts
}

func sum(a, b forum.CategoryCounts) forum.CategoryCounts {
	for state := range forum.StateCount {
		a.Threads[state] += b.Threads[state]
		a.Posts[state] += b.Posts[state]
	}
	return a
}

// shownList is a list as somebody sees it: pinned threads apart only in the list of one category.
func (m *model) shownList(by asker, filter forum.ThreadFilter) shownList {
	var pinned, rest []*thread
	for _, th := range m.threads {
		switch {
		case !m.lists(by, th, filter):
		case filter.Category != 0 && filter.State == forum.Visible && !th.pinned.IsZero():
			pinned = append(pinned, th)
		default:
			rest = append(rest, th)
		}
	}
	slices.SortFunc(pinned, func(a, b *thread) int { return cmp.Or(b.pinned.Compare(a.pinned), cmp.Compare(b.id, a.id)) })
	slices.SortFunc(rest, func(a, b *thread) int {
		if filter.Author != 0 { // a person's threads come the newest first
			return cmp.Compare(b.id, a.id)
		}
		return cmp.Or(b.lastActivity().Compare(a.lastActivity()), cmp.Compare(b.id, a.id))
	})
	s := shownList{Pinned: len(pinned), Total: int64(len(pinned) + len(rest))}
	for _, th := range append(pinned, rest...) {
		s.IDs = append(s.IDs, th.id)
	}
	return s
}

func (m *model) lists(by asker, th *thread, filter forum.ThreadFilter) bool {
	may := m.mayIn(by, th)
	return th.marks.state() == filter.State && (filter.State == forum.Visible && may.See || may.Moderate) &&
		(filter.Category == 0 || filter.Category == th.category) &&
		(filter.Tag == "" || slices.Contains(th.tags, filter.Tag)) &&
		(filter.Author == 0 || !th.author.nobody && m.person(th.author.name).id == filter.Author)
}

func (m *model) shownPerson(by asker, of *person) shownPerson {
	s := shownPerson{Role: of.role, State: forum.Active}
	if by.name == of.name || m.role(by) == forum.Admin {
		s.Given = new(int64)
	}
	if of.suspended {
		s.State = forum.Suspended
	}
	s.Counts = m.counts(by, func(_ *category, th *thread, p *post) bool {
		if p == nil {
			return th.author == writer{name: of.name}
		}
		return p.author == writer{name: of.name}
	})
	type listed struct {
		at             time.Time
		thread, number int64
	}
	var posts []listed
	for _, th := range m.threads {
		for _, p := range th.posts {
			if _, gave := p.reactions[of.name]; gave && s.Given != nil {
				*s.Given++
			}
			if p.author != (writer{name: of.name}) || th.effective(p) != forum.Visible || !m.mayIn(by, th).See {
				continue
			}
			posts = append(posts, listed{p.created, int64(th.id), p.number})
			s.Received += p.reactionCount()
			if th.solution == p.number {
				s.Solutions++
			}
		}
	}
	slices.SortFunc(posts, func(a, b listed) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.thread, a.thread), cmp.Compare(b.number, a.number))
	})
	for _, p := range posts {
		s.Posts = append(s.Posts, fmt.Sprintf("%d/%d", p.thread, p.number))
	}
	return s
}

// participants are who takes part where, as the model counts: visible, hidden, deleted posts,
// reactions received, solutions.
func (m *model) participants() map[string][5]int64 {
	all := map[string][5]int64{}
	for _, th := range m.threads {
		for _, p := range th.posts {
			if p.author.nobody {
				continue
			}
			key := fmt.Sprintf("%d by %d", th.id, m.person(p.author.name).id)
			n := all[key]
			switch p.marks.state() {
			case forum.Visible:
				n[0]++
				n[3] += p.reactionCount()
				if th.solution == p.number {
					n[4]++
				}
			case forum.Hidden:
				n[1]++
			default:
				n[2]++
			}
			all[key] = n
		}
	}
	return all
}

// participants are those stored.
func (c *community) participants(t testing.TB) map[string][5]int64 {
	t.Helper()
	all := map[string][5]int64{}
	c.eachRow(t, `SELECT thread_id, user_id, posts_visible, posts_hidden, posts_deleted, reactions_received, solutions FROM participants`,
		func(row map[string]any) {
			var n [5]int64
			for i, column := range []string{"posts_visible", "posts_hidden", "posts_deleted", "reactions_received", "solutions"} {
				n[i] = row[column].(int64)
			}
			all[fmt.Sprintf("%d by %d", row["thread_id"], row["user_id"])] = n
		})
	return all
}
