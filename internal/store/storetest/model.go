package storetest

import (
	"slices"
	"time"

	"folkmoot/internal/forum"
)

// model is a community as the specification of the counters describes it, written without a look
// at how it is done: plain slices, marks as a set of names, nothing stored that can be counted.
type model struct {
	clock      *clock
	people     []*person
	categories []*category
	threads    []*thread
}

type person struct {
	id        forum.UserID
	name      string
	role      forum.Role
	suspended bool
}

type category struct {
	id, parent forum.CategoryID
	position   int64
	hidden     bool
	own        forum.Permissions
}

type thread struct {
	id       forum.ThreadID
	category forum.CategoryID
	author   writer
	title    string
	tags     []string
	marks    marks
	pinned   time.Time
	locked   bool
	created  time.Time
	stamped  time.Time // the greatest time given here
	posts    []*post   // by number, without gaps
	solution int64
	version  int64
	views    int64
}

type post struct {
	number    int64
	author    writer
	replyTo   int64 // in the same thread
	body      string
	earlier   []string // its former texts, the original first
	marks     marks
	created   time.Time
	version   int64
	text      int64             // version of its words
	reactions map[string]string // kind by the person's name
	imported  map[string]int64  // reactions whose givers nobody knows, by kind
}

// writer is a person by name, or somebody without an account who went by one.
type writer struct {
	name   string
	nobody bool
}

func (w writer) is(by asker) bool { return !w.nobody && by.name != visitor && w.name == by.name }

// marks is the set of those that are set.
type marks map[forum.Mark]bool

func (m marks) state() forum.State {
	switch {
	case m[forum.MarkAuthorDeleted], m[forum.MarkModDeleted]:
		return forum.Deleted
	case m[forum.MarkModHidden], m[forum.MarkFlagHidden]:
		return forum.Hidden
	case m[forum.MarkUnlisted]:
		return forum.Unlisted
	}
	return forum.Visible
}

// ofAuthorOnly: deleted by its author, and nobody else objects to it.
func (m marks) ofAuthorOnly() bool {
	return m[forum.MarkAuthorDeleted] && !m[forum.MarkModDeleted] && !m[forum.MarkModHidden] && !m[forum.MarkFlagHidden]
}

// set sets or clears a mark; changed is false where it is as wanted.
func (m *marks) set(mark forum.Mark, set bool) (changed bool) {
	if (*m)[mark] == set {
		return false
	}
	if *m == nil {
		*m = marks{}
	}
	if set {
		(*m)[mark] = true
	} else {
		delete(*m, mark)
	}
	return true
}

func (m marks) names() []forum.Mark {
	var names []forum.Mark
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (m *model) person(name string) *person {
	for _, p := range m.people {
		if p.name == name {
			return p
		}
	}
	return nil
}

func (m *model) category(id forum.CategoryID) *category {
	for _, c := range m.categories {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (m *model) thread(id forum.ThreadID) *thread {
	for _, th := range m.threads {
		if th.id == id {
			return th
		}
	}
	return nil
}

func (m *model) lastThread() *thread { return m.threads[len(m.threads)-1] }

// post returns a post of the thread, nil where it has none of that number.
func (th *thread) post(number int64) *post {
	if number < 1 || number > int64(len(th.posts)) {
		return nil
	}
	return th.posts[number-1]
}

// touched says that something of the thread changed.
func (th *thread) touched() int64 {
	th.version++
	return th.version
}

// touched says that something of the post changed.
func (p *post) touched(th *thread) { p.version = th.touched() }

// reworded says that the words of the post are other ones.
func (p *post) reworded(th *thread) { p.version, p.text = th.version, th.version }

// add appends a post.
func (th *thread) add(p *post) *post {
	p.number = int64(len(th.posts)) + 1
	th.touched()
	p.reworded(th)
	th.posts = append(th.posts, p)
	if p.created.After(th.stamped) {
		th.stamped = p.created
	}
	return p
}

// stamp is the time that the thread's next post gets.
func (m *model) stamp(th *thread) time.Time {
	now := m.clock.now
	if ahead := th.stamped.Sub(now); ahead >= 0 && ahead <= 5*time.Minute {
		return th.stamped.Add(time.Microsecond)
	}
	return now
}

// visible are the posts of own state visible.
func (th *thread) visible() []*post {
	return slices.DeleteFunc(slices.Clone(th.posts), func(p *post) bool { return p.marks.state() != forum.Visible })
}

// lastActivity is the greatest time of a visible post, else the thread's own.
func (th *thread) lastActivity() time.Time {
	at := time.Time{}
	for _, p := range th.visible() {
		if p.created.After(at) {
			at = p.created
		}
	}
	if at.IsZero() {
		return th.created
	}
	return at
}

// effective is the state of a post in its thread.
func (th *thread) effective(p *post) forum.State { return max(p.marks.state(), th.marks.state()) }

// byKind are the reactions to a post, of people and imported.
func (p *post) byKind() map[string]int64 {
	kinds := map[string]int64{}
	for _, kind := range p.reactions {
		kinds[kind]++
	}
	for kind, n := range p.imported {
		kinds[kind] += n
	}
	return kinds
}

func (p *post) reactionCount() int64 {
	n := int64(0)
	for _, of := range p.byKind() {
		n += of
	}
	return n
}

// role is the one that decides: of a suspended person or a token that does not moderate, a member's.
func (m *model) role(by asker) forum.Role {
	p := m.person(by.name)
	switch {
	case p == nil:
		return forum.Visitor
	case p.suspended, by.scope == forum.ScopeRead, by.scope == forum.ScopeWrite:
		return forum.Member
	}
	return p.role
}

// may is what somebody may do in a category: what it and every category above it allow.
func (m *model) may(by asker, c *category) forum.Access {
	return m.mayAs(m.role(by), c)
}

func (m *model) mayAs(role forum.Role, c *category) forum.Access {
	if role == forum.Admin {
		return forum.Access{See: true, Reply: true, Start: true, Moderate: true}
	}
	may := forum.Access{See: true, Reply: role != forum.Visitor, Start: role != forum.Visitor, Moderate: role == forum.Moderator}
	for at := c; at != nil; at = m.category(at.parent) {
		if own, given := at.own[role]; given {
			may.See = may.See && own.See
			may.Reply = may.Reply && own.Reply
			may.Start = may.Start && own.Start
			may.Moderate = may.Moderate && own.Moderate
		}
		if at.hidden && role != forum.Moderator {
			may.See = false
		}
	}
	if !may.See {
		return forum.Access{}
	}
	return may
}

func (m *model) mayIn(by asker, th *thread) forum.Access { return m.may(by, m.category(th.category)) }

// sees: a thread by its address.
func (m *model) sees(by asker, th *thread) bool {
	may := m.mayIn(by, th)
	return may.See && (th.marks.state() <= forum.Unlisted || may.Moderate || th.author.is(by) && th.marks.ofAuthorOnly())
}

// seesPost: a post by its address.
func (m *model) seesPost(by asker, th *thread, p *post) bool {
	return m.sees(by, th) && (p.marks.state() == forum.Visible || m.mayIn(by, th).Moderate || p.author.is(by) && p.marks.ofAuthorOnly())
}

// refuse is what the model expects of the service: an error of that kind.
func refuse(kind forum.Kind) error { return &forum.Error{Kind: kind} }

// unable is why somebody may write nothing at all.
func (m *model) unable(by asker) error {
	p := m.person(by.name)
	switch {
	case p == nil:
		return refuse(forum.Unauthenticated)
	case p.suspended, by.scope == forum.ScopeRead:
		return refuse(forum.Forbidden)
	}
	return nil
}

// unseen is the answer about a thread that is not there or not to be seen.
func (m *model) unseen(by asker, id forum.ThreadID) (*thread, error) {
	th := m.thread(id)
	if th == nil || !m.sees(by, th) {
		return nil, refuse(forum.NotFound)
	}
	return th, nil
}

// unseenPost is the answer about a post that is not there or not to be seen.
func (m *model) unseenPost(by asker, id forum.ThreadID, number int64) (*thread, *post, error) {
	th, err := m.unseen(by, id)
	if err != nil {
		return nil, nil, err
	}
	p := th.post(number)
	if p == nil || !m.seesPost(by, th, p) {
		return nil, nil, refuse(forum.NotFound)
	}
	return th, p, nil
}

// receipt is the answer to a change in a thread.
func (th *thread) receipt(number int64) forum.Receipt {
	return forum.Receipt{Thread: th.id, Number: number, PostCount: int64(len(th.visible())),
		LastActivityAt: th.lastActivity(), Version: th.version}
}
