package ui

import "folkmoot/internal/forum"

// Post is a post of a thread's page, with what the reader may do with it.
type Post struct {
	*forum.Post
	Acts  PostActs
	From  int64 // where the page begins that it stands on
	First bool  // it stands for its thread: the acts on it are the thread's
}

// PostActs says what a reader may do with a post.
type PostActs struct {
	Reply, Edit, History, Delete, Restore, Hide, Unhide, React bool
}

// act is where something is done with the post, from its thread's page: "41/edit".
func (p Post) act(name string) string { return digits(p.Number) + "/" + name }

func (p Post) hasReactions() bool {
	for _, given := range p.Reactions {
		if given.N > 0 {
			return true
		}
	}
	return false
}

// any reports whether there is anything to do beneath the post, where its history is not.
func (a PostActs) any() bool {
	a.History = false
	return a != PostActs{}
}

// shownState is the post's own state, and Visible for the first post: its thread shows that one.
func (p Post) shownState() forum.State {
	if p.First {
		return forum.Visible
	}
	return p.State
}

// stateNames are the causes for which a post is not visible.
func (p Post) stateNames() []string {
	if p.First {
		return nil
	}
	return StateNames(p.Marks)
}

// replyHref leads to the form for a reply to this post, on the page it stands on.
func (p Post) replyHref() string {
	if p.From > 1 {
		return "?from=" + digits(p.From) + "&reply=" + digits(p.Number) + "#reply"
	}
	return "?reply=" + digits(p.Number) + "#reply"
}

// parentHref leads to the post that this one answers.
func (p Post) parentHref() string {
	if p.ReplyThread == p.Thread && p.ReplyNumber >= p.From {
		return "#" + PostAnchor(p.ReplyNumber)
	}
	if p.ReplyThread == p.Thread {
		return digits(p.ReplyNumber)
	}
	return PostPath(p.ReplyThread, p.ReplyNumber)
}
