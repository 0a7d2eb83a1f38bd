package proof

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Audit is what became of everything that was asked, judged by what is read back.
type Audit struct {
	Acknowledged int64 // posts that were acknowledged
	Refused      int64
	Unknown      int64 // posts whose answer never came
	Happened     int64 // of those, the ones that are there
	Stored       int64 // posts of the histories that are there
	Rows         int64 // all posts read back
	Counted      int64 // the sum of the threads' post_count
	Lost         int64 // acknowledged and not there
	Duplicated   int64 // there more than once
	Ghosts       int64 // refused and there
	Wrong        int64 // everything that is not as it must be, those three included
	Findings     []string
}

// maxFindings bounds how many are kept in words; all are counted.
const maxFindings = 20

func (a *Audit) wrong(format string, args ...any) {
	a.Wrong++
	if len(a.Findings) < maxFindings {
		a.Findings = append(a.Findings, fmt.Sprintf(format, args...))
	}
}

// auditor reads a site thread by thread, post by post in the order of numbers, and compares with
// what was answered.
type auditor struct {
	Audit
	histories []*History
	seen      [][][]uint8 // how often the post of each request is there, by history, client, request
	claims    map[place]*claim
	places    map[int]latest // of threads: the category's index
	titles    map[int]latest // of threads: the request that gave it

	thread   int
	number   int64 // of the last post read
	visible  int64
	activity time.Time // greatest time of a visible post
	stamped  time.Time // time of the last post read
}

// claim is what the answers say of one post besides its being there.
type claim struct {
	states    map[string]bool // any of which it may be in; nil: visible
	reactions map[int]uint8   // of each client whose last answer is known
	unsure    map[int]bool    // clients whose last reaction may or may not have happened
}

// latest is what the last change of a thread set something to, by the thread's version.
type latest struct {
	version uint32
	value   int64
	unsure  bool // a change was not answered
}

// take notes a change.
func (l latest) take(op Op, value int64) latest {
	switch {
	case op.Outcome == Unknown:
		l.unsure = true
	case op.Outcome == Acknowledged && op.Version > l.version:
		l.version, l.value = op.Version, value
	}
	return l
}

// contradicts reports whether something else than the last change is shown.
func (l latest) contradicts(shown int64) bool { return l.version > 0 && !l.unsure && l.value != shown }

// titleID numbers the request that gave a title, among all runs' clients.
func titleID(history, client, i int) int64 { return int64(history)<<48 | int64(client)<<32 | int64(i) }

func newAuditor(histories ...*History) *auditor {
	a := &auditor{histories: histories, claims: map[place]*claim{}, places: map[int]latest{}, titles: map[int]latest{}}
	for h, history := range histories {
		seen := make([][]uint8, len(history.Clients))
		for client, ops := range history.Clients {
			seen[client] = make([]uint8, len(ops))
			for i, op := range ops {
				a.claim(client, op)
				if op.Act == Renaming {
					a.titles[int(op.Thread)] = a.titles[int(op.Thread)].take(op, titleID(h, client, i))
				}
			}
		}
		a.seen = append(a.seen, seen)
		if history.Mix == MixPost {
			a.checkOrder(history)
		}
		for _, backwards := range history.Samples.Backwards {
			a.wrong("sampled during the run: %s", backwards)
		}
	}
	return a
}

// claim notes what one answer says must be found.
func (a *auditor) claim(client int, op Op) {
	switch op.Act {
	case Posting:
		switch op.Outcome {
		case Acknowledged:
			a.Acknowledged++
		case Refused:
			a.Refused++
		case Unknown:
			a.Unknown++
		}
	case Deleting:
		a.at(op.place()).mark("deleted", op.Outcome)
	case Restoring:
		a.at(op.place()).mark("visible", op.Outcome)
	case Reacting:
		a.at(op.place()).react(client, op)
	case Moving:
		a.places[int(op.Thread)] = a.places[int(op.Thread)].take(op, int64(op.Arg))
	}
}

func (a *auditor) at(at place) *claim {
	if a.claims[at] == nil {
		a.claims[at] = &claim{states: map[string]bool{"visible": true}, reactions: map[int]uint8{}, unsure: map[int]bool{}}
	}
	return a.claims[at]
}

func (c *claim) mark(state string, outcome Outcome) {
	switch outcome {
	case Acknowledged:
		c.states = map[string]bool{state: true}
	case Unknown:
		c.states[state] = true
	}
}

func (c *claim) react(client int, op Op) {
	switch op.Outcome {
	case Acknowledged:
		c.reactions[client] = op.Arg
		delete(c.unsure, client)
	case Unknown:
		c.unsure[client] = true
	}
}

// checkOrder compares the answers among themselves: where posts are only added, the thread's
// numbers in each must be those right after it, in the order of numbers.
func (a *auditor) checkOrder(history *History) {
	threads := map[uint32][]Op{}
	for _, ops := range history.Clients {
		for _, op := range ops {
			if op.Act == Posting && op.Outcome == Acknowledged {
				threads[op.Thread] = append(threads[op.Thread], op)
			}
		}
	}
	for thread, posts := range threads {
		slices.SortFunc(posts, func(x, y Op) int { return cmp.Compare(x.Number, y.Number) })
		for i, op := range posts {
			if op.PostCount != op.Number {
				a.wrong("thread %d: post %d was answered with post_count %d", thread, op.Number, op.PostCount)
			}
			if i > 0 && (op.Version <= posts[i-1].Version || op.Activity <= posts[i-1].Activity) {
				a.wrong("thread %d: the answer to post %d was not later than that to post %d", thread, op.Number, posts[i-1].Number)
			}
		}
	}
}

// begin starts with a thread.
func (a *auditor) begin(thread int) {
	a.thread, a.number, a.visible, a.activity, a.stamped = thread, 0, 0, time.Time{}, time.Time{}
}

// post judges one post read back.
func (a *auditor) post(post PostRow) {
	a.Rows++
	if post.Number != a.number+1 {
		a.wrong("thread %d: number %d follows %d", a.thread, post.Number, a.number)
	}
	if !post.CreatedAt.After(a.stamped) {
		a.wrong("thread %d: post %d is not later than the one before", a.thread, post.Number)
	}
	a.number, a.stamped = post.Number, post.CreatedAt
	if post.State == "visible" {
		a.visible++
		a.activity = post.CreatedAt
	}
	at := place{uint32(a.thread), uint32(post.Number)}
	if claim := a.claims[at]; claim != nil {
		a.checkClaim(at, claim, post)
	} else if post.State != "visible" {
		a.wrong("thread %d: post %d is %s, and nobody asked for that", a.thread, post.Number, post.State)
	}
	a.attribute(post)
}

func (a *auditor) checkClaim(at place, claim *claim, post PostRow) {
	if !claim.states[post.State] {
		a.wrong("thread %d: post %d is %s, and was last answered otherwise", at.thread, at.number, post.State)
	}
	if post.State != "visible" {
		return
	}
	sure := make([]int64, len(reactionKinds)+1)
	unsure := int64(len(claim.unsure))
	for client, kind := range claim.reactions {
		if !claim.unsure[client] {
			sure[kind]++
		}
	}
	for i, kind := range reactionKinds {
		if n := post.Reactions[kind]; n < sure[i+1] || n > sure[i+1]+unsure {
			a.wrong("thread %d: post %d has %d %q, answered were %d and %d unknown", at.thread, at.number, n, kind, sure[i+1], unsure)
		}
	}
}

// attribute finds the request that made a post.
func (a *auditor) attribute(post PostRow) {
	h, client, i, found := a.request(post.Body)
	if !found {
		return // of another run, or from before this one
	}
	clients := a.histories[h].Clients
	if client >= len(clients) || i >= len(clients[client]) {
		a.wrong("thread %d: post %d is of a request that nobody made", a.thread, post.Number)
		return
	}
	a.Stored++
	a.seen[h][client][i]++
	a.compare(clients[client][i], a.histories[h].texts.body(client, i), post)
}

// request finds which request wrote a text.
func (a *auditor) request(text string) (history, client, i int, found bool) {
	for h := range a.histories {
		if client, i, found := a.histories[h].texts.parse(text); found {
			return h, client, i, true
		}
	}
	return 0, 0, 0, false
}

func (a *auditor) compare(op Op, body string, post PostRow) {
	if int(op.Thread) != a.thread || op.Act != Posting {
		a.wrong("thread %d: post %d belongs elsewhere", a.thread, post.Number)
	}
	if op.Outcome == Acknowledged && int64(op.Number) != post.Number {
		a.wrong("thread %d: post %d was acknowledged as number %d", a.thread, post.Number, op.Number)
	}
	if post.Body != body {
		a.wrong("thread %d: post %d has not the text that was sent", a.thread, post.Number)
	}
}

// end judges a thread's own numbers by the posts just read.
func (a *auditor) end(thread ThreadRow, category int) {
	a.Counted += thread.PostCount
	if thread.PostCount != a.visible {
		a.wrong("thread %d: post_count is %d, visible posts are %d", a.thread, thread.PostCount, a.visible)
	}
	if a.visible > 0 && !thread.LastActivityAt.Equal(a.activity) {
		a.wrong("thread %d: last_activity_at is %v, the last visible post is of %v", a.thread, thread.LastActivityAt, a.activity)
	}
	if last := a.places[a.thread]; last.contradicts(int64(category)) {
		a.wrong("thread %d: is in category %d, and was last moved to %d", a.thread, category, last.value)
	}
	h, client, i, _ := a.request(thread.Title)
	if a.titles[a.thread].contradicts(titleID(h, client, i)) {
		a.wrong("thread %d: is called %q, and was last renamed otherwise", a.thread, thread.Title)
	}
}

// finish judges what was not found, once everything is read.
func (a *auditor) finish() Audit {
	for h, clients := range a.seen {
		for client, requests := range clients {
			for i, times := range requests {
				a.judge(a.histories[h], client, i, times)
			}
		}
	}
	return a.Audit
}

func (a *auditor) judge(history *History, client, i int, times uint8) {
	op := history.Clients[client][i]
	key := history.texts.key(client, i)
	if op.Act == Posting && op.Outcome == Unknown && times > 0 {
		a.Happened++
	}
	switch {
	case op.Act != Posting:
	case times > 1:
		a.Duplicated++
		a.wrong("the post of request %s is there %d times", key, times)
	case times == 0 && op.Outcome == Acknowledged:
		a.Lost++
		a.wrong("the post of request %s was acknowledged as %d in thread %d and is not there", key, op.Number, op.Thread)
	case times == 1 && op.Outcome == Refused:
		a.Ghosts++
		a.wrong("the post of request %s was refused with %d and is there", key, op.Status)
	}
}
