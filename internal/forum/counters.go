package forum

// CounterOf says whose number a counter is: one table of the schema.
type CounterOf uint8

// The owners of counters, in the lock order in which their rows are written.
const (
	OfThread         CounterOf = iota // A thread
	OfPost                            // A thread, B number
	OfPostReaction                    // A thread, B number, Kind the reaction
	OfParticipant                     // A thread, B person
	OfUserInCategory                  // A person, B category
	OfTagInCategory                   // A tag, B category
	OfCategory                        // A category
	OfUser                            // A person
	OfPeople                          // Kind the account's state
)

// Column is one number of a counter's row.
type Column uint8

// The columns. The first eight are indexed by State: ThreadsIn + Column(state), PostsIn + Column(state).
const (
	ThreadsIn      Column = 0
	PostsIn        Column = StateCount
	Reactions      Column = 2 * StateCount   // on or received for visible posts
	Solutions      Column = 2*StateCount + 1 // accepted posts that are visible
	Replies        Column = 2*StateCount + 2 // visible posts that answer this one
	ReactionsGiven Column = 2*StateCount + 3 // by this person
	Revisions      Column = 2*StateCount + 4 // earlier texts kept of this post
	Attachments    Column = 2*StateCount + 5 // files of this post
	Number         Column = 2*StateCount + 6 // of a table that counts one thing only
)

// ColumnCount is the number of columns.
const ColumnCount = int(Number) + 1

// Counter names one stored number.
type Counter struct {
	Of     CounterOf
	A, B   int64
	Kind   string
	Column Column
}

// Count is an amount of one counter.
type Count struct {
	Counter
	N int64
}

// Tally is what posts of one author in one thread add up to: a single post, or a participant's row.
type Tally struct {
	Author    UserID            // 0: nobody's, they count for thread and category only
	Posts     [StateCount]int64 // by own state
	Reactions int64             // on those of own state visible
	Solutions int64             // those accepted and of own state visible
}

// Contribution is the rule: what posts in a thread count for. It is pure, and every change
// writes Contribution(new) - Contribution(old). A thread being purged counts for nothing.
func Contribution(posts Tally, thread *Thread) []Count {
	if !thread.Marks.PurgingAt.IsZero() {
		return nil
	}
	counts := make([]Count, 0, 8)
	add := func(of CounterOf, a, b int64, column Column, n int64) {
		if n != 0 {
			counts = append(counts, Count{Counter{Of: of, A: a, B: b, Column: column}, n})
		}
	}
	id, category, author := int64(thread.ID), int64(thread.CategoryID), int64(posts.Author)
	var effective [StateCount]int64
	for own, n := range posts.Posts {
		effective[Effective(State(own), thread.State)] += n
		add(OfThread, id, 0, PostsIn+Column(own), n)
		if author != 0 {
			add(OfParticipant, id, author, PostsIn+Column(own), n)
		}
	}
	for state, n := range effective {
		add(OfCategory, category, 0, PostsIn+Column(state), n)
		if author != 0 {
			add(OfUserInCategory, author, category, PostsIn+Column(state), n)
		}
	}
	add(OfThread, id, 0, Reactions, posts.Reactions)
	if author == 0 {
		return counts
	}
	add(OfParticipant, id, author, Reactions, posts.Reactions)
	add(OfParticipant, id, author, Solutions, posts.Solutions)
	if thread.State == Visible {
		add(OfUserInCategory, author, category, Reactions, posts.Reactions)
		add(OfUserInCategory, author, category, Solutions, posts.Solutions)
	}
	return counts
}

// PostContribution is the Contribution of one post, and what it counts for at the post it answers.
func PostContribution(post *Post, thread *Thread) []Count {
	counts := Contribution(post.tally(thread), thread)
	if post.State == Visible && post.ReplyNumber != 0 && thread.Marks.PurgingAt.IsZero() {
		parent := Counter{Of: OfPost, A: int64(post.ReplyThread), B: post.ReplyNumber, Column: Replies}
		counts = append(counts, Count{parent, 1})
	}
	return counts
}

// tally is the post as a Tally of one.
func (p *Post) tally(thread *Thread) Tally {
	tally := Tally{Author: p.Author.ID}
	tally.Posts[p.State] = 1
	if p.State == Visible {
		tally.Reactions = p.ReactionCount
		if thread.SolutionNumber == p.Number {
			tally.Solutions = 1
		}
	}
	return tally
}

// ThreadContribution is what a thread itself, apart from its posts, counts for.
func ThreadContribution(thread *Thread) []Count {
	if !thread.Marks.PurgingAt.IsZero() {
		return nil
	}
	category, column := int64(thread.CategoryID), ThreadsIn+Column(thread.State)
	counts := []Count{{Counter{Of: OfCategory, A: category, Column: column}, 1}}
	if author := int64(thread.Author.ID); author != 0 {
		counts = append(counts, Count{Counter{Of: OfUserInCategory, A: author, B: category, Column: column}, 1})
	}
	for _, tag := range thread.Tags {
		counts = append(counts, Count{Counter{Of: OfTagInCategory, A: int64(tag.ID), B: category, Column: column}, 1})
	}
	return counts
}

// ReactionContribution is what one reaction of a person counts for, apart from what it adds to
// the post (Post.ReactionCount, and through it PostContribution).
func ReactionContribution(thread ThreadID, number int64, kind string, by UserID) []Count {
	return []Count{
		{Counter{Of: OfPostReaction, A: int64(thread), B: number, Kind: kind, Column: Number}, 1},
		{Counter{Of: OfUser, A: int64(by), Column: ReactionsGiven}, 1},
	}
}

// UserContribution is what an account counts for.
func UserContribution(user *User) []Count {
	return []Count{{Counter{Of: OfPeople, Kind: string(user.State()), Column: Number}, 1}}
}
