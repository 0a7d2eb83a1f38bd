package ui

import "folkmoot/internal/forum"

// ThreadRow is a thread in a list.
type ThreadRow struct {
	forum.Thread
	ShowCategory bool // where a list holds threads of several
}

// states are the words about a thread that a list shows beside its title.
func (t ThreadRow) states() []string {
	var names []string
	if t.Pinned() && !t.ShowCategory { // it is first in its category only
		names = append(names, "pinned")
	}
	if t.Locked() {
		names = append(names, "locked")
	}
	if t.SolutionNumber != 0 {
		names = append(names, "solved")
	}
	return append(names, ThreadStateNames(t.Marks)...)
}
