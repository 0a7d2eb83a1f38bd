package stackexchange

import (
	"cmp"
	"slices"
	"strconv"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// question is what a thread has beside its posts.
type question struct {
	id       int64
	line     int
	title    string
	tags     []string
	views    int64
	closedAt int64 // microseconds, 0: never
	accepted int64 // id of the accepted answer, 0 where none is
}

// entry is a question, an answer or a comment on its way to become a post.
type entry struct {
	kind     kind
	id       int64
	line     int
	parent   int64 // of a comment: id of the question or answer it stands below
	owner    int64 // 0 where no person is known
	name     string
	text     string // HTML; of a comment, Markdown
	texts    []*text
	at       int64
	editedAt int64
	up, down int64
	accepts  int64 // votes that accept it
	mended   bool

	number, replyTo int64  // in the thread, given by arrange
	body            string // given by compose
	asTyped         bool   // body is that of the last of texts
	kept            []*text
	solution        bool
	denied          bool // its thread has another solution in the forum
}

// kind is what a post was at the source. The order is that of posts of one instant.
type kind int

const (
	isQuestion kind = iota
	isAnswer
	isComment
)

func (e *entry) idText() string { return strconv.FormatInt(e.id, 10) }

// key is what the forum remembers e by.
func (e *entry) key() string { return []string{"q:", "a:", "c:"}[e.kind] + e.idText() }

func (e *entry) record(reason, detail string) importer.Record {
	file := "Posts.xml"
	if e.kind == isComment {
		file = "Comments.xml"
	}
	return importer.Record{File: file, Line: e.line, ID: e.idText(), Reason: reason, Detail: detail}
}

// paths are the old addresses that lead here. The forum has them without host and without
// what may vary: it finds /questions/12/any-slug under /questions/12, and
// /questions/12/any-slug/34 (with or without #34) under /a/34.
func (e *entry) paths() []string {
	switch e.kind {
	case isQuestion:
		return []string{"/questions/" + e.idText(), "/q/" + e.idText()}
	case isAnswer:
		return []string{"/a/" + e.idText()}
	}
	return []string{"/posts/comments/" + e.idText()}
}

// thread makes a thread of a question and what belongs to it, and returns those entries that
// became its posts. What cannot be imported is reported with all that hangs on it; without
// the question nothing is left.
func (im *Import) thread(q question, entries []*entry) (forum.ImportedThread, []*entry) {
	if entries = im.compose(entries); len(entries) == 0 {
		return forum.ImportedThread{}, nil
	}
	arrange(entries)
	first := entries[0]
	thread := forum.ImportedThread{Key: first.key(), Paths: first.paths(), Title: im.title(q), Tags: im.tags(q),
		Views: max(q.views, 0), LockedAt: importer.Instant(q.closedAt)}
	for _, e := range entries {
		e.solution = e.kind == isAnswer && e.id == q.accepted
		thread.Posts = append(thread.Posts, im.post(e))
	}
	return thread, entries
}

// compose gives entries, which come with their question first and comments last, their
// bodies, and returns those that have one.
func (im *Import) compose(entries []*entry) []*entry {
	lost := map[int64]bool{} // questions and answers
	return slices.DeleteFunc(entries, func(e *entry) bool {
		reason, detail := "", ""
		switch {
		case lost[entries[0].id]:
			reason = "its question is not imported"
		case e.kind == isComment && lost[e.parent]:
			reason = "its post is not imported"
		default:
			reason, detail = im.write(e)
		}
		if reason == "" {
			return false
		}
		im.Report.Reject(e.record(reason, detail))
		if e.kind != isComment {
			lost[e.id] = true
			im.batch.lost = append(im.batch.lost, e.id)
		}
		return true
	})
}

// write gives e its body, or says why it cannot have one.
func (im *Import) write(e *entry) (reason, detail string) {
	var err error
	if e.kind == isComment {
		e.body = inline(e.text)
	} else if e.body, e.asTyped, err = body(im.Markup, e.typed(), e.text); err != nil {
		return "its HTML cannot be made Markdown", err.Error()
	}
	var dropped bool
	if e.body, dropped = importer.Clean(e.body); dropped || e.mended {
		im.Report.Mend(e.record("characters that cannot be stored were dropped", ""))
	}
	if wrong := forum.LimitBody.Check(e.body); wrong != nil {
		return "its text does not fit", wrong.Message
	}
	im.history(e)
	return "", ""
}

// typed is what was typed last, "" where nobody knows.
func (e *entry) typed() string {
	if len(e.texts) == 0 {
		return ""
	}
	return e.texts[len(e.texts)-1].typed
}

// arrange puts the posts of a thread in the order of their numbers, and gives these: the
// question is 1, the others follow by time, answers before comments, then by id. A comment
// answers its post, and so follows it even where its own time is earlier: a post that was
// moved between sites can be younger than what was said about it.
func arrange(entries []*entry) {
	posts := map[int64]*entry{}
	for _, e := range entries {
		if e.kind != isComment {
			posts[e.id] = e
		}
	}
	place := func(e *entry) int64 {
		if e.kind == isComment {
			return max(e.at, posts[e.parent].at)
		}
		return e.at
	}
	slices.SortFunc(entries, func(a, b *entry) int {
		return cmp.Or(
			cmp.Compare(min(a.kind, isAnswer), min(b.kind, isAnswer)), // the question first
			cmp.Compare(place(a), place(b)),
			cmp.Compare(a.kind, b.kind),
			cmp.Compare(a.id, b.id))
	})
	for i, e := range entries {
		e.number = int64(i) + 1
		if e.kind == isComment {
			e.replyTo = posts[e.parent].number
		}
	}
}

func (im *Import) post(e *entry) forum.ImportedPost {
	post := forum.ImportedPost{Key: e.key(), ReplyTo: e.replyTo, Body: e.body, Solution: e.solution,
		CreatedAt: importer.Instant(e.at), EditedAt: importer.Instant(e.editedAt), Reactions: reactions(e)}
	if e.kind != isQuestion { // whose addresses are the thread's
		post.Paths = e.paths()
	}
	post.AuthorKey, post.AuthorName = im.who(e.owner, e.name, e.record)
	im.texts(&post, e)
	return post
}

// reactions are votes, and what the source gives of comments: a score of votes up.
func reactions(e *entry) (counts []forum.ReactionCount) {
	if e.up > 0 {
		counts = append(counts, forum.ReactionCount{Kind: "up", N: e.up})
	}
	if e.down > 0 {
		counts = append(counts, forum.ReactionCount{Kind: "down", N: e.down})
	}
	return counts
}

func (im *Import) title(q question) string {
	title, dropped := importer.CleanLine(q.title)
	if title == "" {
		title = "Question " + strconv.FormatInt(q.id, 10)
		im.Report.Mend(q.record("it had no title", ""))
	}
	if short := importer.FirstRunes(title, forum.LimitTitle.Max); dropped || short != title {
		im.Report.Mend(q.record("its title was shortened", title))
		return short
	}
	return title
}

// tags returns the tags that fit.
func (im *Import) tags(q question) []string {
	var tags []string
	for _, tag := range q.tags {
		tag, _ = importer.CleanLine(tag)
		switch wrong := forum.CheckTag(im.Markup.Tag(tag)); {
		case wrong == nil && len(tags) < forum.MaxTags:
			tags = append(tags, tag)
		case wrong == nil || wrong.Limit > 0:
			im.Report.Mend(q.record("a tag was left out: too long or one too many", tag))
		default:
			im.Report.Mend(q.record("a tag was left out: no tag can be written like this", tag))
		}
	}
	return tags
}

func (q *question) record(reason, detail string) importer.Record {
	return importer.Record{File: "Posts.xml", Line: q.line, ID: strconv.FormatInt(q.id, 10), Reason: reason, Detail: detail}
}
