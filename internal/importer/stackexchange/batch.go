package stackexchange

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// The bounds of a transaction: it holds the forum's other writers up no longer than a
// moment, and what it brings fits into memory. A single thread may exceed them.
const (
	threadsInBatch = 100
	postsInBatch   = 500
	bytesInBatch   = 2 << 20
)

// longThread is where a thread, which is imported in one transaction, is worth a warning.
const longThread = 20_000

// batch is threads on their way into the forum in one transaction.
type batch struct {
	threads []forum.ImportedThread
	entries []*entry // their posts
	bytes   int
	lost    []int64 // questions and answers that could not be made posts
}

func (b *batch) full() bool {
	return len(b.threads) >= threadsInBatch || len(b.entries)+len(b.lost) >= postsInBatch || b.bytes >= bytesInBatch
}

// threads brings the questions, in the order of their ids.
func (im *Import) threads(ctx context.Context) error {
	total, err := im.index.Count(ctx, `SELECT count(*) FROM posts WHERE type = 1`)
	if err != nil {
		return err
	}
	im.Progress.Begin("threads", total)
	for last := int64(beforeAll); ; {
		q, err := im.index.questionAfter(ctx, last)
		if errors.Is(err, sql.ErrNoRows) {
			return im.send(ctx)
		}
		if err != nil {
			return err
		}
		if err := im.question(ctx, q); err != nil {
			return err
		}
		last = q.id
		im.Progress.Add(1)
	}
}

func (im *Import) question(ctx context.Context, q question) error {
	entries, err := im.index.entries(ctx, q.id)
	if err != nil {
		return err
	}
	if len(entries) > longThread {
		im.warn("question %d has %d posts: it is imported in one transaction", q.id, len(entries))
	}
	thread, entries := im.thread(q, entries)
	if len(entries) > 0 {
		im.batch.threads = append(im.batch.threads, thread)
	}
	for _, e := range entries {
		im.batch.entries = append(im.batch.entries, e)
		im.batch.bytes += len(e.body)
		for _, t := range e.kept {
			im.batch.bytes += len(t.body)
		}
	}
	if im.batch.full() {
		return im.send(ctx)
	}
	return nil
}

// send brings the batch, and counts and remembers what it brought.
func (im *Import) send(ctx context.Context) error {
	if len(im.batch.threads) > 0 {
		got, err := im.Target.ImportThreads(ctx, im.result.Source, im.categoryID, im.batch.threads)
		if err != nil {
			return err
		}
		im.result.New.Posts += got.Made
		im.result.New.Updated += got.Updated
		im.keepApart(got.Left)
	}
	for _, thread := range im.batch.threads {
		im.countThread(thread)
	}
	for _, e := range im.batch.entries {
		im.countRecords(e)
	}
	if err := im.index.mark(ctx, im.batch); err != nil {
		return err
	}
	im.batch = batch{}
	return nil
}

func (im *Import) countThread(thread forum.ImportedThread) {
	brought := &im.result.Brought
	brought.Threads++
	im.result.Redirects += int64(len(thread.Paths))
	for _, post := range thread.Posts {
		brought.Posts++
		im.result.Redirects += int64(len(post.Paths))
		for _, reaction := range post.Reactions {
			brought.Reactions += reaction.N
		}
	}
}

// countRecords counts the rows of the dump that a post was made of.
func (im *Import) countRecords(e *entry) {
	kinds := im.result.Brought.PostsByKind
	if e.kind == isComment {
		kinds["comments"]++
		im.Report.Imported("Comments.xml", 1)
		return
	}
	kinds[[]string{"questions", "answers"}[e.kind]]++
	im.Report.Imported("Posts.xml", 1)
	im.Report.Imported("Votes.xml", e.up+e.down)
	if e.solution {
		im.result.Brought.Solutions++
		im.Report.Imported("Votes.xml", e.accepts)
	}
	for _, t := range e.texts {
		if t.unkept != "" {
			continue
		}
		im.Report.Imported("PostHistory.xml", 1)
		if t != e.kept[len(e.kept)-1] {
			im.result.Brought.Revisions++
		}
	}
}

// keepApart takes back what the forum left: it goes on with what it has itself.
func (im *Import) keepApart(all []forum.Left) {
	if len(all) == 0 {
		return
	}
	entries, threads := map[string]*entry{}, map[string]*forum.ImportedThread{}
	for _, e := range im.batch.entries {
		entries[e.key()] = e
	}
	for i := range im.batch.threads {
		threads[im.batch.threads[i].Key] = &im.batch.threads[i]
	}
	for _, left := range all {
		e := entries[left.Key]
		switch {
		case left.Title != "":
			im.Report.Mend(e.record("known by another title, which stays", left.Title))
		case left.Tag != "":
			tags := &threads[left.Key].Tags
			*tags = slices.DeleteFunc(*tags, func(tag string) bool { return tag == left.Tag })
			im.Report.Mend(e.record("known without a tag, which is left out", left.Tag))
		case left.Solution:
			e.solution, e.denied = false, true
			im.Report.Mend(e.record("known with another solution, which stays", ""))
		case !e.leaveText(left.Text):
			im.Report.Mend(e.record("known with another text, which stays", ""))
		}
	}
}

// leaveText takes the text written at a time back, if it is there to be imported.
func (e *entry) leaveText(at time.Time) bool {
	for _, t := range e.texts {
		if t.unkept == "" && importer.Instant(t.at).Equal(at) {
			t.unkept = "its post is known with another text, which stays"
			return true
		}
	}
	return false
}

// mark remembers what a batch took of the index, and what it could not take.
func (x *index) mark(ctx context.Context, b batch) error {
	tx, err := x.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	do := func(query string, values ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, query, values...)
		}
	}
	for _, e := range b.entries {
		for _, t := range e.texts {
			do(`UPDATE history SET used = ?1 = '', unkept = ?1 WHERE id = ?2`, t.unkept, t.id)
		}
		if e.denied {
			do(`UPDATE posts SET accepted_id = NULL WHERE id = (SELECT parent_id FROM posts WHERE id = ?)`, e.id)
		}
	}
	for _, id := range b.lost {
		do(`UPDATE posts SET rejected = 1 WHERE id = ?`, id)
	}
	for _, thread := range b.threads {
		for _, tag := range thread.Tags {
			do(`INSERT OR IGNORE INTO used_tags(name) VALUES (?)`, tag)
		}
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}
