package store

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"folkmoot/internal/forum"
)

// Renderer makes HTML of Markdown bodies, as forum.Text does; set before Run.
type Renderer interface {
	Render(body string) string
	// Version rises when Render's output changes.
	Version() int64
}

// What an earlier version rendered is rendered anew, in small pieces through the writer.
const (
	renderBatch = 100       // posts of a piece
	renderShare = 10        // a tenth of the writer's time and of one processor's goes into it
	renderAgain = time.Hour // after posts of an earlier version were found, it is looked for more
)

// renderedSetting holds the version that everything is rendered by.
const renderedSetting = "rendered_version"

// keepRendered renders what an earlier version has rendered anew, until nothing of it is left or ctx ends.
func (s *Store) keepRendered(ctx context.Context) {
	for done := s.Renderer == nil; !done; {
		var err error
		if done, err = s.renderAnew(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("rendering posts anew failed; it is tried again", "cause", err)
		}
		done = done || !rest(ctx, renderAgain)
	}
}

// renderAnew goes through all people and posts, unless they are known to be of this version. Done is it where
// none was of an earlier one: an earlier program that is just stopping may have added the last. One
// that is put back in place says that its own version holds, so that the next one looks again.
func (s *Store) renderAnew(ctx context.Context) (done bool, err error) {
	version := strconv.FormatInt(s.Renderer.Version(), 10)
	settings, err := s.settings(ctx)
	if err != nil || settings[renderedSetting] == version {
		return err == nil, err
	}
	if err := s.renderPeople(ctx); err != nil {
		return false, err
	}
	older := 0
	for last, more := (forum.Address{}), true; more; {
		began := time.Now()
		piece, reached, err := s.olderPosts(ctx, last)
		if err == nil && len(piece) > 0 {
			err = s.render(ctx, piece)
		}
		if err != nil {
			return false, err
		}
		more = reached != last && rest(ctx, (renderShare-1)*time.Since(began))
		older, last = older+len(piece), reached
	}
	if older > 0 || ctx.Err() != nil {
		return false, ctx.Err()
	}
	return true, s.setAlone(ctx, renderedSetting, version)
}

// renderPeople renders anew what people say of themselves: all of it, since that bears no version.
func (s *Store) renderPeople(ctx context.Context) error {
	for last := int64(0); ; {
		began := time.Now()
		var people []forum.User
		err := s.read(ctx, Query{`SELECT id, about FROM users WHERE id > $1 AND about <> '' ORDER BY id LIMIT $2`,
			[]any{last, int64(renderBatch)}, func(row Row) error {
				var user forum.User
				err := scan(row, &user.ID, &user.About)
				people = append(people, user)
				return err
			}})
		if err != nil || len(people) == 0 {
			return err
		}
		last = int64(people[len(people)-1].ID)
		for i, user := range people {
			people[i].AboutHTML = s.Renderer.Render(user.About)
		}
		_, err = s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
			for _, user := range people {
				if _, err := t.exec(`UPDATE users SET about_html = $3 WHERE id = $1 AND about = $2`, user.ID, user.About, user.AboutHTML); err != nil {
					return forum.Receipt{}, err
				}
			}
			return forum.Receipt{}, nil
		})
		if err != nil {
			return err
		}
		if !rest(ctx, (renderShare-1)*time.Since(began)) {
			return ctx.Err()
		}
	}
}

// olderPost is a post of an earlier version.
type olderPost struct {
	thread      forum.ThreadID
	number      int64
	textVersion int64 // of body
	body        string
}

// olderPosts reads a piece of the posts that come after last, and returns those of an earlier
// version and how far it came; as far as last where there are no more.
func (s *Store) olderPosts(ctx context.Context, last forum.Address) (piece []olderPost, reached forum.Address, err error) {
	reached = last
	err = s.read(ctx, Query{`
		SELECT p.html_version < $3, p.thread_id, p.number, p.text_version, CASE WHEN p.html_version < $3 THEN p.body ELSE '' END
		FROM posts p JOIN threads t ON t.id = p.thread_id
		WHERE (p.thread_id, p.number) > ($1, $2) AND t.purging_at IS NULL ORDER BY p.thread_id, p.number LIMIT $4`,
		[]any{int64(last.Thread), last.Number, s.Renderer.Version(), int64(renderBatch)}, func(row Row) error {
			var post olderPost
			older := false
			err := scan(row, &older, &post.thread, &post.number, &post.textVersion, &post.body)
			reached = forum.Address{Thread: post.thread, Number: post.number}
			if older {
				piece = append(piece, post)
			}
			return err
		}})
	return piece, reached, err
}

// render renders posts anew and stores that.
func (s *Store) render(ctx context.Context, piece []olderPost) error {
	version, bytes := s.Renderer.Version(), 0
	html := make([]string, len(piece))
	for i, post := range piece {
		html[i] = s.Renderer.Render(post.body)
		bytes += len(html[i])
	}
	_, err := s.write(ctx, forum.Change{}, bytes, func(t *tx) (forum.Receipt, error) {
		for i, post := range piece {
			if err := t.render(post, html[i], version); err != nil {
				return forum.Receipt{}, err
			}
		}
		return forum.Receipt{}, nil
	})
	return err
}

// render stores other HTML of a post's text. Where the text is another one by now, or the thread
// about to go, there is nothing to do; one that another transaction holds is left for the next time.
func (t *tx) render(post olderPost, html string, version int64) error {
	thread, err := t.thread(post.thread)
	if errors.Is(err, forum.ErrNotFound) || errors.Is(err, errHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	changed, err := t.exec(`
		UPDATE posts SET html = $3, html_version = $4, version = $5
		WHERE thread_id = $1 AND number = $2 AND text_version = $6 AND html_version < $4`,
		thread.ID, post.number, html, version, thread.Version+1, post.textVersion)
	if err == nil && changed > 0 {
		t.touch(thread)
	}
	return err
}

// rest waits, and tells whether ctx lasted as long.
func rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
