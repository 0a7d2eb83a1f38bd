package forum

import (
	"context"
	"fmt"
	"strings"
)

// maxMediaType bounds a media type: RFC 6838 allows 127 for each of its halves.
const maxMediaType = 255

// Attachment is a file that belongs to a post. Who sees the post sees it, and nobody else.
type Attachment struct {
	Position int64 // in the post, from 1
	Name     string
	Type     string // media type that its source gave it; it is served as bytes all the same
	Bytes    int64
}

// AttachmentStore is what attachments need of the store.
type AttachmentStore interface {
	// Attachment returns a file of a post that the reader may see with what it holds, else NotFound.
	Attachment(ctx context.Context, reader Visibility, thread ThreadID, number, position int64) (Attachment, string, error)
}

// Attachment returns a file of a post that actor may see, and what it holds.
func (s *Service) Attachment(ctx context.Context, actor Actor, thread ThreadID, number, position int64) (Attachment, string, error) {
	return s.Store.Attachment(ctx, actor.Visibility(), thread, number, position)
}

// check refuses files that nobody could be shown.
func (in *ImportedAttachment) check() error {
	var wrong fields
	wrong.check(LimitFileName, in.Name)
	if len(in.Type) > maxMediaType || strings.ContainsFunc(in.Type, func(r rune) bool { return r <= ' ' || r > '~' }) {
		wrong.add("type", "is no media type")
	}
	if len(in.Content) > MaxAttachmentBytes {
		wrong.add("file", "is too large: %d bytes, at most %d", len(in.Content), MaxAttachmentBytes)
	}
	if err := wrong.err(); err != nil {
		return fmt.Errorf("attachment %s: %w", in.Key, err)
	}
	return nil
}
