package stackexchange

import (
	"strconv"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// text is what a question or an answer reads, or once read: a row of the edit history of
// type 2 (the first), 5 (an edit) or 8 (a return to an earlier one).
type text struct {
	id     int64
	line   int
	post   int64
	typed  string // Markdown
	at     int64
	editor int64 // 0 where no person is known
	name   string
	mended bool

	body   string // given by history
	unkept string // why it is not imported
}

func (t *text) record(reason, detail string) importer.Record {
	return importer.Record{File: "PostHistory.xml", Line: t.line, ID: strconv.FormatInt(t.id, 10), Reason: reason, Detail: detail}
}

// history finds which texts of e, whose body is known, become its revisions. The last stands
// for the body, even where that was taken from the HTML. One that reads like the one before
// is no text of its own: the one before keeps its editor and time.
func (im *Import) history(e *entry) {
	for i, t := range e.texts {
		body, dropped := importer.Clean(t.typed)
		isPresent := i == len(e.texts)-1
		t.body = body
		switch {
		case !isPresent && forum.LimitBody.Check(t.body) != nil:
			t.unkept = "its text does not fit"
		case len(e.kept) > 0 && e.kept[len(e.kept)-1].body == t.body:
			t.unkept = "the text before it reads the same"
		default:
			e.kept = append(e.kept, t)
			if t.mended || dropped && !isPresent { // what was dropped of the present one is reported with its post
				im.Report.Mend(t.record("characters that cannot be stored were dropped", ""))
			}
		}
	}
	if len(e.kept) > 0 && !e.asTyped {
		e.takeHTML()
	}
}

// takeHTML puts the body in place of the last text, which it was typed as.
func (e *entry) takeHTML() {
	last := len(e.kept) - 1
	e.kept[last].unkept = "what was typed would read otherwise here: the HTML was taken"
	e.kept[last].body = e.body
	if last > 0 && e.kept[last-1].body == e.body {
		e.kept = e.kept[:last]
	}
}

// texts gives a post its revisions, and who wrote its body when, as far as the history knows.
func (im *Import) texts(post *forum.ImportedPost, e *entry) {
	if len(e.kept) == 0 {
		return
	}
	last := len(e.kept) - 1
	for _, t := range e.kept[:last] {
		revision := forum.ImportedRevision{Body: t.body, WrittenAt: importer.Instant(t.at)}
		revision.EditorKey, revision.EditorName = im.who(t.editor, t.name, t.record)
		post.Revisions = append(post.Revisions, revision)
	}
	present := e.kept[last]
	if last == 0 && present.at <= e.at {
		post.EditedAt = time.Time{} // whatever was edited was not the text
		return
	}
	post.EditedAt = importer.Instant(present.at)
	switch {
	case present.editor != 0:
		post.EditorKey = userKey(present.editor)
	case e.owner != 0 || e.name != present.name:
		im.Report.Mend(present.record("who wrote the present text has no account: it counts as its author's", present.name))
	}
}

// who is the person behind a text, or else a bare name that fits.
func (im *Import) who(id int64, name string, record func(reason, detail string) importer.Record) (key, bare string) {
	if id != 0 {
		return userKey(id), ""
	}
	name, dropped := importer.CleanLine(name)
	if name == "" {
		return "", "anonymous"
	}
	if short := importer.FirstRunes(name, forum.LimitUserName.Max); dropped || short != name {
		im.Report.Mend(record("its author's name was shortened", name))
		return "", short
	}
	return "", name
}
