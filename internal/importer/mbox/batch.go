package mbox

import (
	"context"
	"fmt"
	"math"
	"slices"

	"folkmoot/internal/forum"
)

// The bounds of a transaction: it holds the forum's other writers up no longer than a
// moment, and what it brings fits into memory. A single thread or attachment may exceed them.
const (
	threadsInBatch     = 100
	postsInBatch       = 500
	bytesInBatch       = 2 << 20
	attachmentsInBatch = 50
)

// longThread is where a thread, which is imported in one transaction, is worth a warning.
const longThread = 20_000

// batch is threads on their way into the forum in one transaction.
type batch struct {
	threads []forum.ImportedThread
	entries []*entry // their posts
	bytes   int
}

func (b *batch) full() bool {
	return len(b.threads) >= threadsInBatch || len(b.entries) >= postsInBatch || b.bytes >= bytesInBatch
}

// threads brings the threads, the oldest first.
func (im *Import) threads(ctx context.Context) error {
	total, err := im.index.Count(ctx, `SELECT count(*) FROM mails WHERE parent IS NULL`)
	if err != nil {
		return err
	}
	im.Progress.Begin("threads", total)
	for last := (root{place: math.MinInt64}); ; {
		roots, err := im.index.rootsAfter(ctx, last, threadsInBatch)
		if err != nil {
			return err
		}
		for _, r := range roots {
			if err := im.bring(ctx, r); err != nil {
				return err
			}
			last = *r
			im.Progress.Add(1)
		}
		if len(roots) == 0 {
			return im.send(ctx)
		}
	}
}

func (im *Import) bring(ctx context.Context, r *root) error {
	entries, err := im.index.entries(ctx, r.id)
	if err != nil {
		return err
	}
	if len(entries) > longThread {
		im.result.Warnings = append(im.result.Warnings,
			fmt.Sprintf("the thread of mail %s has %d posts: it is imported in one transaction", entries[0].message, len(entries)))
	}
	im.batch.threads = append(im.batch.threads, im.thread(entries))
	im.batch.entries = append(im.batch.entries, entries...)
	for _, e := range entries {
		im.batch.bytes += len(e.body)
	}
	if im.batch.full() {
		return im.send(ctx)
	}
	return nil
}

// send brings the batch, and counts what it brought.
func (im *Import) send(ctx context.Context) error {
	if len(im.batch.threads) == 0 {
		return nil
	}
	got, err := im.Target.ImportThreads(ctx, im.result.Source, im.categoryID, im.batch.threads)
	if err != nil {
		return err
	}
	im.result.New.Posts += got.Made
	im.result.New.Updated += got.Updated
	im.mendLeft(got.Left)
	brought := &im.result.Brought
	for _, thread := range im.batch.threads {
		brought.Threads++
		im.result.Redirects += int64(len(thread.Paths))
		for _, post := range thread.Posts {
			im.result.Redirects += int64(len(post.Paths))
		}
	}
	for _, e := range im.batch.entries {
		im.Report.Imported(e.where.file, 1)
	}
	brought.Posts += int64(len(im.batch.entries))
	brought.PostsByKind["mails"] += int64(len(im.batch.entries))
	im.batch = batch{}
	return nil
}

// mendLeft reports what the forum keeps as it has it.
func (im *Import) mendLeft(all []forum.Left) {
	for _, left := range all {
		at := slices.IndexFunc(im.batch.entries, func(e *entry) bool { return mailKey(e.message) == left.Key })
		if at < 0 {
			continue
		}
		e := im.batch.entries[at]
		switch {
		case left.Title != "":
			im.Report.Mend(e.record("known by another title, which stays", left.Title))
		case left.Tag != "":
			im.Report.Mend(e.record("known without a tag, which is left out", left.Tag))
		default:
			im.Report.Mend(e.record("known with another text, which stays", ""))
		}
	}
}

// attachments brings the files, after the posts they belong to.
func (im *Import) attachments(ctx context.Context) error {
	total, err := im.index.Count(ctx, `SELECT count(*) FROM attachments`)
	if err != nil || total == 0 {
		return err
	}
	im.Progress.Begin("attachments", total)
	var ready []forum.ImportedAttachment
	bytes := 0
	for last := new(kept); last != nil; {
		next, err := im.index.attachmentAfter(ctx, last.mail, last.position)
		if err != nil {
			return err
		}
		last = nil
		for _, k := range next {
			last = k
			ready = append(ready, forum.ImportedAttachment{Key: fmt.Sprintf("f:%d:%s", k.position, k.messageID), Post: mailKey(k.messageID),
				Attachment: forum.Attachment{Name: k.name, Type: k.kind, Bytes: int64(len(k.content))}, Content: k.content})
			bytes += len(k.content)
		}
		if len(ready) > 0 && (last == nil || len(ready) >= attachmentsInBatch || bytes >= bytesInBatch) {
			if err := im.bringAttachments(ctx, ready); err != nil {
				return err
			}
			ready, bytes = nil, 0
		}
	}
	return nil
}

func (im *Import) bringAttachments(ctx context.Context, ready []forum.ImportedAttachment) error {
	got, err := im.Target.ImportAttachments(ctx, im.result.Source, ready)
	if err != nil {
		return err
	}
	im.result.Brought.Attachments += int64(len(ready))
	im.result.New.Attachments += got.Made
	im.Progress.Add(int64(len(ready)))
	return nil
}
