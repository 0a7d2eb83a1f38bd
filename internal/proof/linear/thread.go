package linear

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"folkmoot/internal/forum"
)

// thread is the specification: what one thread is to those who use it one after the other. It is a
// value; what happens to it makes another one.
type thread struct {
	posts    string // of each post its marks, by number from 1
	times    *stamp // of the posts, the newest first
	marks    byte   // of the thread itself
	category int
	version  int64 // 0: not started
}

// stamp is the time of a post, before those of the posts before it.
type stamp struct {
	at     time.Time // zero: of a post whose answer never came, and nobody has seen it since
	before *stamp
}

// The marks, as bits.
const (
	authorDeleted byte = 1 << iota
	modDeleted
	modHidden
	unlisted
	locked

	deleted = authorDeleted | modDeleted
)

var bits = map[forum.Mark]byte{forum.MarkAuthorDeleted: authorDeleted, forum.MarkModDeleted: modDeleted,
	forum.MarkModHidden: modHidden, forum.MarkUnlisted: unlisted, forum.MarkLocked: locked}

func stateOf(marks byte) forum.State {
	switch {
	case marks&deleted != 0:
		return forum.Deleted
	case marks&modHidden != 0:
		return forum.Hidden
	case marks&unlisted != 0:
		return forum.Unlisted
	}
	return forum.Visible
}

// step tells whether the thread can give that answer, and what it is afterwards.
func (t thread) step(op Operation, answer Answer) (bool, thread) {
	refusal, refused := t.refuses(op)
	switch {
	case answer.Outcome == Overtaken, answer.Outcome == Unknown && refused:
		return true, t
	case answer.Outcome == Refused:
		return refused && answer.Refusal == refusal, t
	case refused:
		return false, t
	}
	next := t.after(op, answer.At)
	if answer.Outcome == Unknown {
		return true, next
	}
	return next.gives(op, answer)
}

// refuses tells whether somebody may not do that, and what they are told then.
func (t thread) refuses(op Operation) (forum.Kind, bool) {
	moderates := op.By == forum.Moderator
	switch {
	case t.version == 0 != (op.Act == Starting):
		return forum.NotFound, true
	case t.marks&(deleted|modHidden) != 0 && !moderates:
		return forum.NotFound, true
	case op.Act == Marking && (op.Number > int64(len(t.posts)) || t.hides(op)):
		return forum.NotFound, true
	case op.Act == Replying && t.marks&deleted != 0:
		return forum.Conflict, true
	case (op.Act == Replying || op.Act == Marking) && t.marks&locked != 0 && !moderates:
		return forum.Conflict, true
	}
	return 0, false
}

// hides tells whether the post to mark is hidden from its author, who is told then that there is none.
func (t thread) hides(op Operation) bool {
	return op.Act == Marking && op.By != forum.Moderator && t.posts[op.Number-1]&(modDeleted|modHidden) != 0
}

// after is the thread after an operation that it lets somebody do; at is the time of a post made.
func (t thread) after(op Operation, at time.Time) thread {
	before := t
	switch op.Act {
	case Starting, Replying:
		t.posts, t.times = t.posts+"\x00", &stamp{at, t.times}
	case Marking:
		t = t.marked(op)
	case Moving:
		t.category = op.Category
	}
	if t != before {
		t.version++
	}
	return t
}

func (t thread) marked(op Operation) thread {
	set := func(marks byte) byte {
		if op.Set {
			return marks | bits[op.Mark]
		}
		return marks &^ bits[op.Mark]
	}
	if op.Number == 1 { // the first post stands for its thread
		t.marks = set(t.marks)
		return t
	}
	if i := op.Number - 1; set(t.posts[i]) != t.posts[i] {
		t.posts = t.posts[:i] + string([]byte{set(t.posts[i])}) + t.posts[i+1:]
	}
	return t
}

// gives tells whether the answer is what the thread now says. A time that nobody had seen yet is
// learned from it.
func (t thread) gives(op Operation, answer Answer) (bool, thread) {
	counts := t.counts()
	switch {
	case answer.PostCount != counts[forum.Visible]:
		return false, t
	case answer.Version != 0 && answer.Version != t.version:
		return false, t
	case answer.Number != 0 && answer.Number != int64(len(t.posts)):
		return false, t
	case answer.Told != nil && *answer.Told != Told{counts[forum.Hidden], counts[forum.Deleted], stateOf(t.marks), t.category}:
		return false, t
	case op.Act == Paging && !t.pages(op, answer):
		return false, t
	case !answer.At.IsZero() && !t.times.before.earlierThan(answer.At):
		return false, t
	case answer.Activity.IsZero():
		return true, t
	}
	newest := strings.LastIndexByte(t.posts, 0)
	times, fits := t.times.with(len(t.posts)-1-newest, answer.Activity)
	t.times = times
	return fits, t
}

// counts are the posts by their own state.
func (t thread) counts() (counts [forum.StateCount]int64) {
	for _, marks := range []byte(t.posts) {
		counts[stateOf(marks)]++
	}
	return counts
}

// pages tells whether a page is the one that begins at the number asked for.
func (t thread) pages(op Operation, answer Answer) bool {
	var seen []int64
	for i := op.Number - 1; i < int64(len(t.posts)) && len(seen) <= forum.PageSize; i++ {
		if op.By == forum.Moderator || t.posts[i] == 0 {
			seen = append(seen, i+1)
		}
	}
	more := len(seen) > forum.PageSize
	return slices.Equal(answer.Posts, seen[:min(len(seen), forum.PageSize)]) && answer.More == more
}

// earlierThan tells whether every time known is earlier.
func (s *stamp) earlierThan(at time.Time) bool {
	for s != nil && s.at.IsZero() {
		s = s.before
	}
	return s == nil || s.at.Before(at)
}

// with is the times where that of the post so many before the newest is at, if it can be: it is
// that, or nobody had seen it yet and it is between those around it.
func (s *stamp) with(back int, at time.Time) (*stamp, bool) {
	if back == 0 {
		if s.at.IsZero() && s.before.earlierThan(at) {
			return &stamp{at, s.before}, true
		}
		return s, s.at.Equal(at)
	}
	before, fits := s.before.with(back-1, at)
	fits = fits && (s.at.IsZero() || at.Before(s.at))
	if before == s.before {
		return s, fits
	}
	return &stamp{s.at, before}, fits
}

// equal compares two threads, times included.
func (t thread) equal(other thread) bool {
	a, b := t.times, other.times
	t.times, other.times = nil, nil
	for a != b && a != nil && b != nil && a.at.Equal(b.at) {
		a, b = a.before, b.before
	}
	return a == b && t == other
}

func (t thread) String() string {
	if t.version == 0 {
		return "not started"
	}
	counts := t.counts()
	return fmt.Sprintf("version %d: %d posts, %d visible, %d hidden, %d deleted; %s, in %d", t.version, len(t.posts),
		counts[forum.Visible], counts[forum.Hidden], counts[forum.Deleted], stateOf(t.marks), t.category)
}
