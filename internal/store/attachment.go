package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"folkmoot/internal/forum"
)

// attachmentsColumn is the files of post p, in one column. Most posts have none, and their files are not looked for.
const attachmentsColumn = ` CASE WHEN p.attachments > 0 THEN (SELECT string_agg(f.position || ' ' || f.bytes || ' ' || f.type || ' ' || f.name, '` + listSeparator + `')
	FROM attachments f WHERE f.thread_id = p.thread_id AND f.number = p.number) END `

// splitAttachments takes the column apart.
func splitAttachments(joined string) []forum.Attachment {
	var files []forum.Attachment
	eachNumbered(joined, func(position int64, text string) {
		size, text, _ := strings.Cut(text, " ")
		file := forum.Attachment{Position: position}
		file.Type, file.Name, _ = strings.Cut(text, " ")
		file.Bytes, _ = strconv.ParseInt(size, 10, 64)
		files = append(files, file)
	})
	slices.SortFunc(files, func(a, b forum.Attachment) int { return cmp.Compare(a.Position, b.Position) })
	return files
}

// Attachment returns a file of a post that the reader may see, and what it holds.
func (s *Store) Attachment(ctx context.Context, reader forum.Visibility, id forum.ThreadID, number, position int64) (forum.Attachment, string, error) {
	var file forum.Attachment
	var content string
	found := false
	err := s.read(ctx, Query{`SELECT f.position, f.name, f.type, f.bytes, f.content
		FROM posts p JOIN threads t ON t.id = p.thread_id ` + joinAccess + `
		JOIN attachments f ON f.thread_id = p.thread_id AND f.number = p.number
		WHERE p.thread_id = $3 AND p.number = $4 AND f.position = $5 AND a.see AND ` + seesThread + ` AND ` + seesPost,
		readerArgs(reader, id, number, position), one(&found, &file.Position, &file.Name, &file.Type, &file.Bytes, &content)})
	switch {
	case err != nil:
		return forum.Attachment{}, "", fmt.Errorf("attachment %d of post %d of thread %d: %w", position, number, id, err)
	case !found:
		return forum.Attachment{}, "", forum.ErrNotFound
	}
	return file, content, nil
}
