package stackexchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"folkmoot/internal/importer"
)

// file is one file of a dump: where its rows go, or why they go nowhere.
type file struct {
	root   string
	insert string             // its first two values are the row's id and line
	values func(r *Row) []any // the other values
	unkept string             // the reason for all rows of a file without a table
}

// files are all there are in a dump, by name.
var files = map[string]file{
	"Users.xml": {root: "users",
		insert: `INSERT OR IGNORE INTO users(id, line, name, about, at, mended) VALUES (?, ?, ?, ?, ?, ?)`,
		values: func(r *Row) []any {
			return []any{r.Text("DisplayName"), r.Text("AboutMe"), r.Time("CreationDate"), r.Mended}
		}},
	"Posts.xml": {root: "posts",
		insert: `
			INSERT OR IGNORE INTO posts(id, line, type, parent_id, accepted_id, owner_id, owner_name, title, body, tags, views,
			       at, edited_at, closed_at, mended, score, answers, comments, favorites)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		values: func(r *Row) []any {
			return []any{r.Int("PostTypeId"), r.OptionalInt("ParentId"), r.OptionalInt("AcceptedAnswerId"),
				r.OptionalInt("OwnerUserId"), r.Text("OwnerDisplayName"), r.Text("Title"), r.Text("Body"),
				tagList(r.Text("Tags")), r.OptionalInt("ViewCount"),
				r.Time("CreationDate"), r.OptionalTime("LastEditDate"), r.OptionalTime("ClosedDate"), r.Mended,
				r.OptionalInt("Score"), r.OptionalInt("AnswerCount"), r.OptionalInt("CommentCount"), r.OptionalInt("FavoriteCount")}
		}},
	"Comments.xml": {root: "comments",
		insert: `
			INSERT OR IGNORE INTO comments(id, line, post_id, owner_id, owner_name, text, score, at, mended)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		values: func(r *Row) []any {
			return []any{r.Int("PostId"), r.OptionalInt("UserId"), r.Text("UserDisplayName"), r.Text("Text"),
				r.OptionalInt("Score"), r.Time("CreationDate"), r.Mended}
		}},
	"Votes.xml": {root: "votes",
		insert: `INSERT OR IGNORE INTO votes(id, line, post_id, type) VALUES (?, ?, ?, ?)`,
		values: func(r *Row) []any { return []any{r.Int("PostId"), r.Int("VoteTypeId")} }},
	"PostHistory.xml": {root: "posthistory",
		insert: `
			INSERT OR IGNORE INTO history(id, line, post_id, type, text, at, owner_id, owner_name, mended)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		values: func(r *Row) []any {
			return []any{r.Int("PostId"), r.Int("PostHistoryTypeId"), r.Text("Text"), r.Time("CreationDate"),
				r.OptionalInt("UserId"), r.Text("UserDisplayName"), r.Mended}
		}},
	"Tags.xml": {root: "tags",
		insert: `INSERT OR IGNORE INTO tags(id, line, name, n) VALUES (?, ?, ?, ?)`,
		values: func(r *Row) []any { return []any{r.Text("TagName"), r.OptionalInt("Count")} }},
	"Badges.xml":    {root: "badges", unkept: "badges are not kept"},
	"PostLinks.xml": {root: "postlinks", unkept: "links between questions are not kept: those in texts stay"},
}

func isFile(name string) bool { return files[name].root != "" }

// tagList makes a JSON list of the tags of a question, which a dump writes <a><b>, and newer ones |a|b|.
func tagList(tags string) string {
	names := strings.FieldsFunc(tags, func(r rune) bool { return strings.ContainsRune("<>|", r) })
	list, _ := json.Marshal(append([]string{}, names...))
	return string(list)
}

// eachRow reads a file and hands its rows to keep. Rows that cannot be read, and those that
// keep refuses with *BadRow, are reported.
func eachRow(ctx context.Context, of file, in importer.File, report *importer.Report, keep func(*Row) error) error {
	for rows := NewRows(in, of.root); ; {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = keep(row)
		}
		var bad *BadRow
		switch {
		case errors.As(err, &bad):
			report.Reject(importer.Record{File: in.Name, Line: bad.Line, ID: bad.ID, Reason: bad.Reason, Detail: bad.Detail})
		case err != nil:
			return fmt.Errorf("%s: %w", in.Name, err)
		}
		report.Read(in.Name, 1)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// refuse refuses every row of a file that has no table.
func (f file) refuse(row *Row) error {
	return &BadRow{Line: row.Line, ID: strconv.FormatInt(row.ID, 10), Reason: f.unkept}
}

// inserted refuses a row whose id was there before.
func inserted(row *Row, result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); n > 0 || err != nil {
		return err
	}
	return &BadRow{Line: row.Line, ID: strconv.FormatInt(row.ID, 10), Reason: "its id is there twice", Detail: "the first is taken"}
}
