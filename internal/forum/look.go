package forum

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/gif" // the formats of pictures that a logo may come in
	_ "image/jpeg"
	"image/png"
	"slices"
)

// Accent is the one colour that a community chooses, by the name pages know it under. "" is the
// standard one. Each keeps its contrast in light and dark.
type Accent string

// Accents are those there are.
var Accents = []Accent{"", "blue", "violet", "plum", "red", "amber", "green", "slate"}

// Look is what a community chooses of its pages' look.
type Look struct {
	Accent     Accent
	Picture    []byte // of a new logo: PNG, JPEG or GIF; nil leaves it as it is
	RemoveLogo bool
	Version    int64 // SettingsVersion that it was chosen on; 0: whatever it is
	Key        string
}

// Logo is a picture in the one form that is stored and served: a PNG that this program wrote.
type Logo struct {
	Name string // made of the content: "3f0a9c1b.png"
	PNG  []byte
}

// LookStore is what the look needs of the store.
type LookStore interface {
	// SetLook changes the accent and, where it is not nil, the logo; one without a name removes it.
	// ErrSettingsChanged where one was changed since change.Settings.
	SetLook(ctx context.Context, change Change, accent Accent, logo *Logo) (Receipt, error)
	// Logo returns the present logo, NotFound where there is none.
	Logo(ctx context.Context) (Logo, error)
}

// SetLook changes the look of all pages. Administrators only. A logo that is no picture is Invalid.
func (s *Service) SetLook(ctx context.Context, actor Actor, in Look) error {
	change := s.change(actor, "set look", in.Key, []any{in.Accent, in.Picture, in.RemoveLogo})
	change.Settings = in.Version
	_, err := s.once(ctx, &actor, &change, func() (Receipt, error) {
		if err := CanAdminister(actor); err != nil {
			return Receipt{}, err
		}
		var wrong fields
		if !slices.Contains(Accents, in.Accent) {
			wrong.add("accent", "is none of the colours there are")
		}
		logo := wrong.logo(in)
		if err := wrong.err(); err != nil {
			return Receipt{}, err
		}
		return s.Store.SetLook(ctx, change, in.Accent, logo)
	})
	return err
}

// logo reads the new logo; nil where it stays.
func (f *fields) logo(in Look) *Logo {
	switch {
	case in.RemoveLogo:
		return &Logo{}
	case in.Picture == nil:
		return nil
	}
	logo, problem := newLogo(in.Picture)
	if problem != "" {
		f.add("logo", "%s", problem)
	}
	return &logo
}

// newLogo decodes a picture and writes it anew: nothing that a file may hide besides its pixels
// is kept. problem says why it cannot be one. (SVG is a program more than a picture.)
func newLogo(picture []byte) (logo Logo, problem string) {
	const unreadable = "is no picture that can be shown here: send a PNG, JPEG or GIF"
	if len(picture) > MaxLogoBytes {
		return Logo{}, "is too large: at most 128 KB"
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return Logo{}, unreadable
	}
	if max(size.Width, size.Height) > MaxLogoSide {
		return Logo{}, "has too many pixels: at most 1024 on each side"
	}
	pixels, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return Logo{}, unreadable
	}
	var out bytes.Buffer
	if err := png.Encode(&out, pixels); err != nil {
		return Logo{}, unreadable
	}
	if out.Len() > 2*MaxLogoBytes {
		return Logo{}, "has too many details to be sent with every page: a smaller one will do"
	}
	sum := sha256.Sum256(out.Bytes())
	return Logo{hex.EncodeToString(sum[:6]) + ".png", out.Bytes()}, ""
}

// Logo returns the community's logo, NotFound where it has none.
func (s *Service) Logo(ctx context.Context) (Logo, error) { return s.Store.Logo(ctx) }
