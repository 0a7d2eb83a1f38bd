package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// view counts views of a thread: approximate by contract, exact where nothing crashes.
type view struct {
	thread forum.ThreadID
	n      int64
}

func (tr view) asker() asker         { return asker{} }
func (tr view) refused(*model) error { return nil }

func (tr view) ask(ctx context.Context, c *community, _ forum.Actor) (forum.Receipt, error) {
	for range tr.n {
		c.CountView(tr.thread)
	}
	return forum.Receipt{}, c.WriteViews(ctx)
}

func (tr view) done(m *model, _ forum.Receipt) forum.Receipt {
	if th := m.thread(tr.thread); th != nil {
		th.views += tr.n
	}
	return forum.Receipt{}
}

var settingCases = slices.Concat(cases(
	attempt{"view", nil, func(_ asker, at place, _ *community) transition { return view{at.thread, 3} }, nil},
	attempt{"view a thread that is gone", nil, func(asker, place, *community) transition { return view{999, 3} }, nil},
), []testCase{
	{"the site", settingSite},
	{"the outcome of a recount", settingVerification},
	{"the last backup", settingBackup},
	{"another epoch", settingEpoch},
})

func settingSite(t *testing.T, c *community) {
	ctx := t.Context()
	for _, who := range everybody {
		before := c.rows(t)
		err := c.SetSite(ctx, c.must(t, who), " Name by "+who, "About wheels", 0, "")
		if kind, refused := notAdmin[who]; refused {
			if forum.KindOf(err) != kind || err == nil {
				t.Errorf("as %q: %v", who, err)
			}
			differ(t, "rows after a refusal of "+who, before, c.rows(t))
		} else if err != nil {
			t.Errorf("as %q: %v", who, err)
		}
	}
	site, err := c.Site(ctx)
	if err != nil || site.Name != "Name by admin" || site.Description != "About wheels" || !site.HasAdmin || site.Epoch == "" {
		t.Errorf("site %+v, %v", site, err)
	}
}

func settingVerification(t *testing.T, c *community) {
	want := forum.Verification{At: c.clock.Now(), Took: time.Second, Rows: 12, Differences: 3}
	if err := c.store.SetVerification(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	about, err := c.About(t.Context(), forum.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	differ(t, "the last recount", want, about.Verification)
}

func settingBackup(t *testing.T, c *community) {
	want := forum.Backup{At: c.clock.Now(), Bytes: 4096}
	if got, err := c.LastBackup(t.Context(), c.must(t, "admin")); err != nil || got != (forum.Backup{}) {
		t.Errorf("before there was any: %+v, %v", got, err)
	}
	if err := c.store.SetBackup(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	for _, who := range everybody {
		got, err := c.LastBackup(t.Context(), c.must(t, who))
		if kind, refused := notAdmin[who]; refused {
			if forum.KindOf(err) != kind || err == nil || got != (forum.Backup{}) {
				t.Errorf("as %q: %+v, %v", who, got, err)
			}
		} else if err != nil || !got.At.Equal(want.At) || got.Bytes != want.Bytes {
			t.Errorf("as %q: %+v, %v; want %+v", who, got, err, want)
		}
	}
}

func settingEpoch(t *testing.T, c *community) {
	before, err := c.Site(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.store.RenewEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := c.Site(t.Context())
	if err != nil || after.Epoch == "" || after.Epoch == before.Epoch {
		t.Errorf("the epoch was %q and is %q, %v", before.Epoch, after.Epoch, err)
	}
	before.Epoch = after.Epoch
	differ(t, "all but the epoch", before, after)
}
