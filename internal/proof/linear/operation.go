// Package linear judges whether a forum is linearizable: whether everything that its clients were
// answered, at the times they asked and were answered, could have come of one request after the
// other, each done at one moment in between.
//
// Run lets clients use a few threads at once, through whatever asks the forum for them, and
// records a History; Judge holds it against the specification of a thread (thread.go), by
// porcupine. It is imported by tests only.
package linear

import (
	"fmt"
	"strings"
	"time"

	"folkmoot/internal/forum"
)

// Act is a kind of operation.
type Act uint8

// The acts. Reading and Paging change nothing.
const (
	Starting Act = iota // a thread, with its first post
	Replying
	Marking // setting or clearing a mark of a post or, by its first post, of the thread
	Moving  // the thread to a category
	Reading // the thread's numbers
	Paging  // a page of its posts, and the numbers with it
)

// Acts are all of them.
var Acts = []Act{Starting, Replying, Marking, Moving, Reading, Paging}

func (a Act) String() string {
	return [...]string{"starting", "replying", "marking", "moving", "reading", "paging"}[a]
}

// Operation is what a client asks for.
type Operation struct {
	Act      Act
	Thread   int        // by its index
	By       forum.Role // a member marks nothing but their own posts; a visitor only reads
	Number   int64      // Marking: of the post; Paging: from which on
	Mark     forum.Mark
	Set      bool // or cleared
	Category int  // Moving: where to, by its index
}

// Outcome is what a client knows of what it asked for.
type Outcome uint8

// The outcomes.
const (
	Unknown   Outcome = iota // no answer, or one that promises nothing: done at any time from then on, or never
	Done                     // as answered
	Refused                  // for a reason that must hold at the moment it was refused
	Overtaken                // refused since others were faster each time it was decided; nothing was done
)

func (o Outcome) String() string {
	return [...]string{"unknown", "done", "refused", "overtaken"}[o]
}

// Answer is what a client was answered.
type Answer struct {
	Outcome   Outcome
	Refusal   forum.Kind // Refused: why
	Number    int64      // Starting, Replying: of the post made
	At        time.Time  // Starting, Replying: its time
	PostCount int64
	Activity  time.Time // last_activity_at; zero: not told
	Version   int64     // 0: not told
	Posts     []int64   // Paging: the numbers on the page
	More      bool      // Paging: another page follows
	Told      *Told     // what a moderator is told besides, by Reading and Paging
}

// Told is what moderators see of a thread, and others do not.
type Told struct {
	Hidden, Deleted int64 // posts by their own state, beside the visible ones
	State           forum.State
	Category        int
}

// RefusedWith is the answer of a refusal, as an error's kind and message tell it.
func RefusedWith(kind forum.Kind, message string) Answer {
	if kind == forum.Conflict && strings.Contains(message, "at the same moment") {
		return Answer{Outcome: Overtaken}
	}
	return Answer{Outcome: Refused, Refusal: kind}
}

func (op Operation) String() string {
	switch op.Act {
	case Starting:
		return "start"
	case Replying:
		return fmt.Sprintf("reply as %s", op.By)
	case Marking:
		verb := "clear"
		if op.Set {
			verb = "set"
		}
		return fmt.Sprintf("%s %s of %d as %s", verb, op.Mark, op.Number, op.By)
	case Moving:
		return fmt.Sprintf("move to %d", op.Category)
	case Paging:
		return fmt.Sprintf("page from %d as %s", op.Number, op.By)
	}
	return fmt.Sprintf("read as %s", op.By)
}

func (a Answer) String() string {
	switch a.Outcome {
	case Unknown:
		return "no answer"
	case Refused:
		return fmt.Sprintf("refused, kind %d", a.Refusal)
	case Overtaken:
		return "overtaken"
	}
	var text strings.Builder
	if a.Number != 0 {
		fmt.Fprintf(&text, "post %d, ", a.Number)
	}
	fmt.Fprintf(&text, "%d posts", a.PostCount)
	if a.Version != 0 {
		fmt.Fprintf(&text, ", version %d, last %s", a.Version, a.Activity.Format("04:05.000000"))
	}
	if a.Posts != nil {
		fmt.Fprintf(&text, ", page %v", a.Posts)
	}
	if a.Told != nil {
		fmt.Fprintf(&text, ", %d hidden, %d deleted, %s, in %d", a.Told.Hidden, a.Told.Deleted, a.Told.State, a.Told.Category)
	}
	return text.String()
}
