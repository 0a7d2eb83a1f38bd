package stackexchange

import (
	"context"
	"strconv"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// usersInBatch bounds a transaction: far below the time in which somebody who posts
// meanwhile would notice.
const usersInBatch = 500

// users brings the people, the site's own process (-1, Community) with them: it owns posts
// and has a page there like anybody.
func (im *Import) users(ctx context.Context) error {
	total, err := im.index.Count(ctx, `SELECT count(*) FROM users`)
	if err != nil {
		return err
	}
	im.Progress.Begin("people", total)
	for last := int64(beforeAll); ; {
		users, err := im.index.usersAfter(ctx, last, usersInBatch)
		if err != nil || len(users) == 0 {
			return err
		}
		if err := im.userBatch(ctx, users); err != nil {
			return err
		}
		last = users[len(users)-1].id
	}
}

func (im *Import) userBatch(ctx context.Context, users []*user) error {
	ready := make([]forum.ImportedUser, 0, len(users))
	for _, u := range users {
		ready = append(ready, forum.ImportedUser{Key: userKey(u.id), Name: im.userName(u), About: im.about(u),
			CreatedAt: importer.Instant(u.at), Paths: []string{"/users/" + strconv.FormatInt(u.id, 10)}})
	}
	got, err := im.Target.ImportUsers(ctx, im.result.Source, ready)
	if err != nil {
		return err
	}
	n := int64(len(users))
	im.Report.Imported("Users.xml", n)
	im.result.Brought.Users += n
	im.result.Redirects += n
	im.result.New.Users += got.Made
	im.Progress.Add(n)
	return nil
}

func userKey(id int64) string { return "u:" + strconv.FormatInt(id, 10) }

// userName is the name shown there. What may not stand in a name here, the forum replaces.
func (im *Import) userName(u *user) string {
	name, dropped := importer.CleanLine(u.name)
	if dropped || u.mended {
		im.Report.Mend(u.record("characters that cannot be stored were dropped", u.name))
	}
	return name
}

func (im *Import) about(u *user) string {
	if u.about == "" {
		return ""
	}
	about, err := im.Markup.FromHTML(u.about)
	if err != nil {
		im.Report.Mend(u.record("what they say of themselves was left out", err.Error()))
		return ""
	}
	about, _ = importer.Clean(about)
	if wrong := forum.LimitAbout.Check(about); wrong != nil {
		im.Report.Mend(u.record("what they say of themselves was left out", wrong.Message))
		return ""
	}
	return about
}

func (u *user) record(reason, detail string) importer.Record {
	return importer.Record{File: "Users.xml", Line: u.line, ID: strconv.FormatInt(u.id, 10), Reason: reason, Detail: detail}
}
