package storetest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"folkmoot/internal/forum"
)

var lookCases = []testCase{
	{"accent and logo", lookChanges},
	{"what is refused changes nothing", lookRefusals},
}

// picture is a PNG of one colour.
func picture(t *testing.T, width int) []byte {
	t.Helper()
	pixels := image.NewNRGBA(image.Rect(0, 0, width, 16))
	pixels.Set(0, 0, color.NRGBA{R: 200, A: 255})
	var out bytes.Buffer
	if err := png.Encode(&out, pixels); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func lookChanges(t *testing.T, c *community) {
	ctx, admin := t.Context(), c.must(t, "admin")
	set := func(look forum.Look) forum.Site {
		t.Helper()
		if err := c.SetLook(ctx, admin, look); err != nil {
			t.Fatal(err)
		}
		site, err := c.Site(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return site
	}
	if _, err := c.Logo(ctx); forum.KindOf(err) != forum.NotFound || err == nil {
		t.Errorf("the logo of a community that has none: %v", err)
	}
	first := set(forum.Look{Accent: "violet", Picture: picture(t, 16)})
	logo, err := c.Logo(ctx)
	if err != nil || first.Accent != "violet" || first.Logo == "" || logo.Name != first.Logo || len(logo.PNG) == 0 {
		t.Errorf("site %+v, logo %q of %d bytes, %v", first, logo.Name, len(logo.PNG), err)
	}
	if kept := set(forum.Look{Accent: "red"}); kept.Logo != first.Logo || kept.Accent != "red" {
		t.Errorf("after another accent: %+v", kept)
	}
	if other := set(forum.Look{Picture: picture(t, 32)}); other.Logo == first.Logo || other.Accent != "" {
		t.Errorf("after another logo: %+v", other)
	}
	if gone := set(forum.Look{RemoveLogo: true}); gone.Logo != "" {
		t.Errorf("after removing the logo: %+v", gone)
	}
	if _, err := c.Logo(ctx); forum.KindOf(err) != forum.NotFound || err == nil {
		t.Errorf("the logo after it was removed: %v", err)
	}
}

func lookRefusals(t *testing.T, c *community) {
	for _, who := range everybody {
		if kind, refused := notAdmin[who]; refused {
			before := c.rows(t)
			if err := c.SetLook(t.Context(), c.must(t, who), forum.Look{Accent: "red"}); forum.KindOf(err) != kind || err == nil {
				t.Errorf("as %q: %v", who, err)
			}
			differ(t, "rows after a refusal of "+who, before, c.rows(t))
		}
	}
	before := c.rows(t)
	for name, look := range map[string]forum.Look{
		"no colour":       {Accent: "octarine"},
		"no picture":      {Picture: []byte("nothing to see")},
		"SVG":             {Picture: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		"half a picture":  {Picture: picture(t, 16)[:40]},
		"too many pixels": {Picture: picture(t, forum.MaxLogoSide+1)},
		"too many bytes":  {Picture: append(picture(t, 16), make([]byte, forum.MaxLogoBytes)...)},
	} {
		if err := c.SetLook(t.Context(), c.must(t, "admin"), look); forum.KindOf(err) != forum.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	differ(t, "rows after refusals", before, c.rows(t))
}
