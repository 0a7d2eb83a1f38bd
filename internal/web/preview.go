package web

import (
	"net/http"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// previewPage shows a text as it will look, and gives back the form that it was typed into.
type previewPage struct {
	keptPage
	HTML string
}

// preview renders a text with what renders it when it is sent. The address says where that is.
func (s *server) preview(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Previews)
	if err != nil {
		return err
	}
	html, err := s.service.Preview(r.Context(), actorOf(r), in.Get("body"))
	if err != nil && !invalid(err) {
		return err
	}
	p := previewPage{goOn(in, in.Get("key"), sentTo(r)), html}
	p.errorPage = errorPage{Heading: "Preview", Message: "This is how it will look. Below it can still be changed."}
	status := http.StatusOK
	if invalid(err) {
		p.Form, status = p.Form.Wrong(err), httpkit.Status(forum.Invalid)
	}
	return s.showStatus(w, r, status, p)
}

// sentTo is where a form goes: what a preview was asked for says it.
func sentTo(r *http.Request) string {
	if r.URL.Path == ui.PreviewAddress {
		return localPath(r.URL.Query().Get("to"))
	}
	return r.URL.Path
}
