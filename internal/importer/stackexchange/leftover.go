package stackexchange

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"folkmoot/internal/importer"
)

// Rows that are not imported are found by asking the index, apart from counting those that
// are: so that the report's account, where both must add up to all rows, proves something.

// leftover is a row that is not imported, with what tells why.
type leftover struct {
	id   int64
	line int
	kind int64  // the type the dump gives it
	post fate   // of the post it belongs to
	why  string // of a text in the edit history, "" where it has none
}

// fate is what became of a post.
type fate int

const (
	brought fate = iota
	absent       // it is not in the dump
	lost         // it is not imported
)

const fateOfPost = `CASE WHEN p.id IS NULL THEN 1 ELSE 2 * p.rejected END`

// sift reports posts and comments that belong to no question.
func (im *Import) sift(ctx context.Context) error {
	_, err := im.index.DB.ExecContext(ctx, `
		UPDATE posts
		   SET rejected = 1
		 WHERE type <> 1
		   AND NOT (type = 2 AND EXISTS (SELECT 1 FROM posts q WHERE q.id = posts.parent_id AND q.type = 1))`)
	if err != nil {
		return err
	}
	err = im.leave(ctx, "Posts.xml", whyPost, `
		SELECT id, line, type, 0, ''
		  FROM posts
		 WHERE rejected
		 ORDER BY id`)
	if err != nil {
		return err
	}
	return im.leave(ctx, "Comments.xml", whyComment, `
		SELECT c.id, c.line, 0, `+fateOfPost+`, ''
		  FROM comments c
		  LEFT JOIN posts p ON p.id = c.post_id
		 WHERE p.id IS NULL OR p.rejected
		 ORDER BY c.id`)
}

// siftRest reports tags, votes and edits that no imported thread took.
func (im *Import) siftRest(ctx context.Context) error {
	err := im.leave(ctx, "Tags.xml", whyTag, `
		SELECT id, line, 0, 0, ''
		  FROM tags
		 WHERE name NOT IN (SELECT name FROM used_tags)
		 ORDER BY id`)
	if err != nil {
		return err
	}
	err = im.leave(ctx, "Votes.xml", whyVote, `
		SELECT v.id, v.line, v.type, `+fateOfPost+`, ''
		  FROM votes v
		  LEFT JOIN posts p ON p.id = v.post_id
		  LEFT JOIN posts q ON q.id = p.parent_id
		 WHERE p.id IS NULL
		    OR p.rejected
		    OR NOT (v.type IN (2, 3) OR v.type = 1 AND q.accepted_id IS p.id)
		 ORDER BY v.id`)
	if err != nil {
		return err
	}
	return im.leave(ctx, "PostHistory.xml", whyEdit, `
		SELECT h.id, h.line, h.type, `+fateOfPost+`, h.unkept
		  FROM history h
		  LEFT JOIN posts p ON p.id = h.post_id
		 WHERE NOT h.used
		 ORDER BY h.id`)
}

// leave reports the rows of a query.
func (im *Import) leave(ctx context.Context, file string, why func(leftover) (reason, detail string), query string) error {
	return im.index.each(ctx, func(scan func(...any) error) error {
		var row leftover
		if err := scan(&row.id, &row.line, &row.kind, &row.post, &row.why); err != nil {
			return err
		}
		reason, detail := why(row)
		im.Report.Reject(importer.Record{File: file, Line: row.line, ID: strconv.FormatInt(row.id, 10), Reason: reason, Detail: detail})
		return nil
	}, query)
}

// whyPost says why a post is not imported.
func whyPost(row leftover) (reason, detail string) {
	switch row.kind {
	case 2:
		return "its question is not in the dump", ""
	case 4, 5:
		return "the wiki of a tag: not kept", ofType(row)
	}
	return "neither a question nor an answer", ofType(row)
}

// whyComment says why a comment is not imported.
func whyComment(row leftover) (reason, detail string) { return row.post.why(), "" }

// whyTag says why a tag is not imported.
func whyTag(leftover) (reason, detail string) { return "no thread carries it", "" }

// whyVote says why a vote is not imported.
func whyVote(row leftover) (reason, detail string) {
	if row.post != brought {
		return row.post.why(), ofType(row)
	}
	switch row.kind {
	case 1:
		return "it accepts what is not the accepted answer", ""
	case 5:
		return "bookmarks are not kept", ofType(row)
	case 8, 9:
		return "bounties are not kept", ofType(row)
	}
	return "votes of moderation (close, delete, flag, review) are not kept", ofType(row)
}

// whyEdit says why a row of the edit history is not imported.
func whyEdit(row leftover) (reason, detail string) {
	if row.post != brought {
		return row.post.why(), ofType(row)
	}
	switch row.kind {
	case 2, 5, 8:
		return cmp.Or(row.why, "it holds no text"), ""
	case 1, 3, 4, 6, 7, 9:
		return "earlier titles and tags are not kept", ofType(row)
	}
	return "acts of moderation (close, protect, bump, notice) are not kept", ofType(row)
}

func (f fate) why() string {
	if f == absent {
		return "its post is not in the dump"
	}
	return "its post is not imported"
}

func ofType(row leftover) string { return fmt.Sprintf("type %d", row.kind) }
