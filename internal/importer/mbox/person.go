package mbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

// peopleInBatch bounds a transaction: far below the time in which somebody who posts
// meanwhile would notice.
const peopleInBatch = 500

// people brings those who wrote: one person for each address.
func (im *Import) people(ctx context.Context) error {
	total, err := im.index.Count(ctx, `SELECT count(DISTINCT address) FROM mails WHERE address <> ''`)
	if err != nil {
		return err
	}
	im.Progress.Begin("people", total)
	for last := ""; ; {
		people, err := im.index.peopleAfter(ctx, last, peopleInBatch)
		if err != nil || len(people) == 0 {
			return err
		}
		if err := im.bringPeople(ctx, people); err != nil {
			return err
		}
		last = people[len(people)-1].address
	}
}

func (im *Import) bringPeople(ctx context.Context, people []*person) error {
	ready := make([]forum.ImportedUser, 0, len(people))
	for _, p := range people {
		ready = append(ready, forum.ImportedUser{Key: personKey(p.address), Name: cmp.Or(p.name, localPart(p.address)), CreatedAt: importer.Instant(p.at)})
	}
	got, err := im.Target.ImportUsers(ctx, im.result.Source, ready)
	if err != nil {
		return err
	}
	n := int64(len(people))
	im.result.Brought.Users += n
	im.result.New.Users += got.Made
	im.Progress.Add(n)
	return nil
}

// personKey is what the forum remembers a person by: it can be compared with an address that
// somebody gives later, and does not tell it.
func personKey(address string) string {
	sum := sha256.Sum256([]byte(address))
	return "u:" + hex.EncodeToString(sum[:16])
}
