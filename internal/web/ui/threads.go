package ui

import "folkmoot/internal/forum"

// ThreadRow is a thread in a list.
type ThreadRow struct {
	forum.Thread
	ShowCategory bool // where a list holds threads of several
}

// good are the words about a thread that invite to read it: shown first in its own category, solved.
func (t ThreadRow) good() []string {
	var names []string
	if t.Pinned() && !t.ShowCategory {
		names = append(names, "pinned")
	}
	if t.SolutionNumber != 0 {
		names = append(names, "solved")
	}
	return names
}

// states are the words about a thread that keep from something.
func (t ThreadRow) states() []string {
	if !t.Locked() {
		return ThreadStateNames(t.Marks)
	}
	return append([]string{"locked"}, ThreadStateNames(t.Marks)...)
}
