package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
)

var settingChangeCases = []testCase{
	{"who changed what, from what to what", settingChangesKept},
	{"who may read them, and part by part", settingChangesRead},
	{"what was made on other settings is refused", settingChangesStale},
}

// settingChange is what a change says apart from its place in the list.
type settingChange struct {
	setting, before, after string
	category               forum.CategoryID
}

func settingChangesKept(t *testing.T, c *community) {
	ctx, by := t.Context(), c.must(t, admin)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	begun := c.number(t, `SELECT coalesce(max(id), 0) FROM setting_changes`)
	check(c.SetSite(ctx, by, "Wheels", "", 0, ""))
	check(c.SetSite(ctx, by, "Wheels", "All about them", 0, ""))
	check(c.SetLook(ctx, by, forum.Look{Accent: "red"}))
	c.setRules(t, func(r *forum.Rules) { r.SignUp, r.Posts, r.Reactions = forum.SignUpClosed, 50, []string{"up"} })
	c.setRules(t, func(r *forum.Rules) { r.SignUp, r.Posts, r.Reactions = forum.SignUpClosed, 50, []string{"up"} })
	c.do(t, hideCategory{by: as(admin), id: c.notices, hide: true}, hideCategory{by: as(admin), id: c.notices, hide: true},
		permit{by: as(admin), id: c.notices, own: forum.Permissions{forum.Visitor: {}}}, moveCategory{by: as(admin), id: c.notices, parent: c.staff},
		editCategory{by: as(admin), id: c.notices, name: "News"})
	changes, err := c.SettingChanges(ctx, by, 0, 100)
	check(err)
	var got []settingChange
	for _, x := range changes {
		if x.ID <= begun {
			continue
		}
		got = append(got, settingChange{x.Setting, x.Before, x.After, x.Category})
		if x.By.ID != by.User || x.By.Name != by.Name || x.At != c.clock.Now() || x.Category != 0 && x.Place != "News" {
			t.Errorf("%+v", x)
		}
	}
	differ(t, "changes", []settingChange{
		{"name", "Notices", "News", c.notices},
		{"parent", "the top", "Staff", c.notices},
		{"permissions", "visitor: see; member: see; moderator: see, reply, start threads, moderate",
			"visitor: nothing; member: see, reply, start threads; moderator: see, reply, start threads, moderate", c.notices},
		{"hidden", "no", "yes", c.notices},
		{"posts", "300", "50", 0},
		{"reactions", "up, heart, laugh, celebrate, think, down", "up", 0},
		{"sign_up", "open", "closed", 0},
		{"accent", "", "red", 0},
		{"description", "", "All about them", 0},
		{"name", "Folkmoot", "Wheels", 0},
	}, got, cmp.AllowUnexported(settingChange{}))
}

func settingChangesRead(t *testing.T, c *community) {
	ctx := t.Context()
	for _, name := range []string{"One", "Two", "Three"} {
		if err := c.SetSite(ctx, c.must(t, admin), name, "", 0, ""); err != nil {
			t.Fatal(err)
		}
	}
	for who, kind := range notAdmin {
		if _, err := c.SettingChanges(ctx, c.must(t, who), 0, 0); forum.KindOf(err) != kind || err == nil {
			t.Errorf("as %q: %v", who, err)
		}
	}
	var got []string
	for before := int64(0); ; {
		part, err := c.SettingChanges(ctx, c.must(t, admin), before, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			break
		}
		before = part[0].ID
		got = append(got, part[0].After)
	}
	differ(t, "changes, part by part", []string{"Three", "Two", "One"}, got[:3])
}

// A setting rests on the version that was seen: what somebody changed since is not undone unawares.
func settingChangesStale(t *testing.T, c *community) {
	ctx, by := t.Context(), c.must(t, admin)
	seen := func() int64 {
		t.Helper()
		version, err := c.SettingsVersion(ctx, by)
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	rules, err := c.Rules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	values := 0
	sets := map[string]func(version int64) error{ // each to what it was not
		"site": func(version int64) error { return c.SetSite(ctx, by, fmt.Sprint("Name ", values), "", version, "") },
		"look": func(version int64) error {
			return c.SetLook(ctx, by, forum.Look{Accent: forum.Accents[values%len(forum.Accents)], Version: version})
		},
		"rules": func(version int64) error {
			asked := rules
			asked.Posts = forum.BoundPosts.Min + int64(values)
			return c.SetRules(ctx, by, asked, version, "")
		},
	}
	set := func(name string, version int64) error {
		values++
		return sets[name](version)
	}
	for name := range sets {
		version := seen()
		if err := set(name, version); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before := c.rows(t)
		if err := set(name, version); err != forum.ErrSettingsChanged {
			t.Errorf("%s, from before a change: %v", name, err)
		}
		differ(t, "rows after "+name+" was refused", before, c.rows(t))
		changed, err := c.SettingsChanged(ctx, by, slices.Concat(forum.SiteSettings, forum.LookSettings, forum.RuleSettings), version)
		if err != nil || len(changed) != 1 {
			t.Errorf("%s: %d changes since, %v; want 1", name, len(changed), err)
		}
		for other := range sets {
			if other == name {
				continue
			}
			if err := set(other, version); err != nil {
				t.Errorf("%s, after a change of %s: %v", other, name, err)
			}
		}
		if err := set(name, seen()); err != nil {
			t.Errorf("%s, from what is there: %v", name, err)
		}
	}
}
