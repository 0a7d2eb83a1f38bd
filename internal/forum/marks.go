package forum

import "time"

// State is what the marks of a post or thread amount to. The zero State is Visible.
// A higher state is the graver one.
type State uint8

// The states. A post is never Unlisted by itself, but its effective state may be.
const (
	Visible State = iota
	Unlisted
	Hidden
	Deleted
)

// StateCount is the number of states.
const StateCount = 4

var stateNames = [StateCount]string{"visible", "unlisted", "hidden", "deleted"}

// String returns the state as it is stored.
func (s State) String() string { return stateNames[s] }

// ParseState returns the state of that name; ok is false for any other text.
func ParseState(name string) (state State, ok bool) {
	for i, known := range stateNames {
		if known == name {
			return State(i), true
		}
	}
	return 0, false
}

// Marks are the causes for which a post or thread is not visible, each with who and when.
// The zero time is an absent mark.
type Marks struct {
	FlagHiddenAt    time.Time
	ModHiddenAt     time.Time
	ModHiddenBy     UserID
	AuthorDeletedAt time.Time
	ModDeletedAt    time.Time
	ModDeletedBy    UserID
}

// State derives the own state of a post: the gravest mark wins.
func (m Marks) State() State {
	switch {
	case !m.AuthorDeletedAt.IsZero(), !m.ModDeletedAt.IsZero():
		return Deleted
	case !m.FlagHiddenAt.IsZero(), !m.ModHiddenAt.IsZero():
		return Hidden
	}
	return Visible
}

// DeletedByAuthorOnly reports whether nothing but the author's own deletion keeps it from being visible:
// such a thing its author still sees, and may restore.
func (m Marks) DeletedByAuthorOnly() bool {
	only := Marks{AuthorDeletedAt: m.AuthorDeletedAt}
	return m == only && !m.AuthorDeletedAt.IsZero()
}

// ThreadMarks are the marks of a thread.
type ThreadMarks struct {
	Marks
	UnlistedAt time.Time
	UnlistedBy UserID
	PurgingAt  time.Time // rows are being removed: absent for everybody
}

// State derives the own state of a thread.
func (m ThreadMarks) State() State {
	state := m.Marks.State()
	if state == Visible && !m.UnlistedAt.IsZero() {
		return Unlisted
	}
	return state
}

// Effective is the state a post of own state post has in a thread of state thread: the graver one.
func Effective(post, thread State) State { return max(post, thread) }

// Mark names one mark in a request to set or clear it.
type Mark string

// The marks a person can set or clear.
const (
	MarkAuthorDeleted Mark = "author_deleted"
	MarkModDeleted    Mark = "mod_deleted"
	MarkModHidden     Mark = "mod_hidden"
	MarkFlagHidden    Mark = "flag_hidden" // cleared only; flags set it
	MarkUnlisted      Mark = "unlisted"    // threads only
	MarkPinned        Mark = "pinned"      // threads only; not a cause of a state
	MarkLocked        Mark = "locked"      // threads only; not a cause of a state
)

// With returns m with the mark set by a person at a time, or cleared where at is the zero time.
// changed is false where the mark is already as wanted; nothing moves then.
func (m Marks) With(mark Mark, by UserID, at time.Time) (_ Marks, changed bool) {
	before := m
	switch mark {
	case MarkAuthorDeleted:
		m.AuthorDeletedAt = setOnce(m.AuthorDeletedAt, at)
	case MarkModDeleted:
		m.ModDeletedAt, m.ModDeletedBy = setBy(m.ModDeletedAt, m.ModDeletedBy, at, by)
	case MarkModHidden:
		m.ModHiddenAt, m.ModHiddenBy = setBy(m.ModHiddenAt, m.ModHiddenBy, at, by)
	case MarkFlagHidden:
		m.FlagHiddenAt = setOnce(m.FlagHiddenAt, at)
	}
	return m, m != before
}

func setOnce(current, at time.Time) time.Time {
	if !current.IsZero() && !at.IsZero() {
		return current
	}
	return at
}

func setBy(current time.Time, by UserID, at time.Time, who UserID) (time.Time, UserID) {
	switch {
	case at.IsZero():
		return time.Time{}, 0
	case !current.IsZero():
		return current, by
	}
	return at, who
}
