package web

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// lookForm is the form for the community's colour and logo.
type lookForm struct {
	Form ui.Form
	Logo string // the present one's address, "" where there is none
}

func newLookForm(r *http.Request, site forum.Site) lookForm {
	form := newForm(r)
	form.Values.Set("accent", string(site.Accent))
	return lookForm{form, ui.LogoPath(site)}
}

// standardAccent is what the colour is called that has no name.
const standardAccent = "teal"

// accentOptions are the colours to choose from.
func accentOptions() []ui.Option {
	var options []ui.Option
	for _, accent := range forum.Accents {
		label := string(accent)
		if accent == "" {
			label = standardAccent
		}
		options = append(options, ui.Option{Value: string(accent), Label: label})
	}
	return options
}

func (s *server) updateLook(w http.ResponseWriter, r *http.Request) error {
	look, err := readLook(r)
	if err == nil {
		err = s.service.SetLook(r.Context(), actorOf(r), look)
	}
	return s.savedSettings(w, r, err, settingsForm{"look", forum.LookSettings, look.Version,
		func(p *adminSettingsPage) *ui.Form { return &p.Look.Form },
		func(f *ui.Form) {
			f.Values.Set("accent", string(look.Accent))
			f.Values.Set("version", formatNumber(look.Version))
		}})
}

// readLook reads the form, which has a file in it.
func readLook(r *http.Request) (forum.Look, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return forum.Look{}, errNotAForm
	}
	var look forum.Look
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return look, nil
		}
		if err == nil {
			err = readLookPart(part, &look)
		}
		if forum.KindOf(err) == forum.Unavailable {
			return look, err
		}
		if err != nil {
			return look, errLookTooLarge
		}
	}
}

func readLookPart(part *multipart.Part, look *forum.Look) error {
	content, err := io.ReadAll(part) // the whole request is bounded
	if err != nil {
		return err
	}
	switch part.FormName() {
	case "key":
		look.Key = string(content)
	case "version":
		look.Version = chosen(url.Values{"version": {string(content)}}, "version")
	case "accent":
		look.Accent = forum.Accent(content)
	case "remove":
		look.RemoveLogo = true
	case "logo":
		if len(content) > 0 {
			look.Picture = content
		}
	}
	return nil
}

var (
	errNotAForm     = &forum.Error{Kind: forum.Invalid, Message: "this form did not arrive as browsers send it"}
	errLookTooLarge = &forum.Error{Kind: forum.Invalid, Message: "the picture did not arrive",
		Fields: []forum.FieldError{{Field: "logo", Message: "is too large: at most 128 KB"}}}
)

// showLogo serves the logo, for good: another one has another name.
func (s *server) showLogo(w http.ResponseWriter, r *http.Request) error {
	logo, err := s.service.Logo(r.Context())
	if err != nil {
		return err
	}
	if logo.Name != r.PathValue("name") {
		return forum.ErrNotFound
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return write(w, http.StatusOK, logo.PNG)
}
