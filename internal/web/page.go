package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/klauspost/compress/gzip"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/assets"
	"folkmoot/internal/web/ui"
)

// page is what a handler shows: a struct with what the page says, and the component of it.
type page interface {
	title() string
	content() templ.Component
}

// pagePolicy is the content security policy of every page: no scripts but our own, by their hashes
// (whatever else this site may come to serve is no script), nothing inline, nothing from elsewhere
// but the pictures people link to.
var pagePolicy = []string{"default-src 'none'; script-src " + assets.Scripts() + "; connect-src 'self'; style-src 'self'; img-src 'self' https:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}

var htmlType = []string{"text/html; charset=utf-8"}

// varies names what a page's text depends on besides its address.
var varies = []string{"Cookie, Accept-Encoding"}

func actorOf(r *http.Request) forum.Actor { return httpkit.ActorOf(r.Context()) }

// show answers with a page.
func (s *server) show(w http.ResponseWriter, r *http.Request, p page) error {
	return s.showStatus(w, r, http.StatusOK, p)
}

// showStatus answers with a page under a status of its own: a form that could not be accepted.
func (s *server) showStatus(w http.ResponseWriter, r *http.Request, status int, p page) error {
	frame, err := s.frame(r)
	if err != nil {
		return err
	}
	s.kit.KeepSession(w, r)
	return s.send(w, r, status, frame, p)
}

// frame is what stands around the page that answers a request.
func (s *server) frame(r *http.Request) (ui.Frame, error) {
	site, err := s.service.Site(r.Context())
	if err != nil {
		return ui.Frame{}, err
	}
	frame := s.frameOf(site)
	frame.Actor, frame.Section, frame.Here, frame.Query = actorOf(r), r.URL.Path, here(r), searched(r)
	return frame, nil
}

// frameOf is what every page of a community has.
func (s *server) frameOf(site forum.Site) ui.Frame {
	frame := ui.Frame{Site: site.Name, About: site.Description, Logo: ui.LogoPath(site), Accent: string(site.Accent),
		Closed: site.SignUp == forum.SignUpClosed, Demo: site.Demo}
	if s.kit.Origin != nil {
		frame.Absolute = s.kit.Absolute
	}
	return frame
}

// searched is what the page searched for, so that it can be refined.
func searched(r *http.Request) string {
	if r.URL.Path != "/search" {
		return ""
	}
	return r.URL.Query().Get("q")
}

// here is where to come back to after signing in: not an address that holds a secret, which is for
// nobody then, and would stand in another one.
func here(r *http.Request) string {
	query := r.URL.Query()
	secret := query.Has("token") || query.Has("invitation")
	if secret || r.Method != http.MethodGet && r.Method != http.MethodHead || r.URL.RequestURI() == "/" {
		return ""
	}
	return r.URL.RequestURI()
}

// send renders a page and writes it.
func (s *server) send(w http.ResponseWriter, r *http.Request, status int, frame ui.Frame, p page) error {
	html := takeBuffer()
	defer releaseBuffer(html)
	frame.Title, frame.Found = p.title(), foundOf(p)
	if err := ui.Layout(frame, p.content()).Render(r.Context(), html); err != nil {
		return err
	}
	header := w.Header()
	setPageHeaders(header)
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", cacheControl(frame.Actor))
	}
	if !acceptsGzip(r) {
		return write(w, status, html.Bytes())
	}
	zipped := takeBuffer()
	defer releaseBuffer(zipped)
	header.Set("Content-Encoding", "gzip")
	zip(zipped, html.Bytes())
	return write(w, status, zipped.Bytes())
}

// cacheControl lets browsers keep a page and ask each time whether it still holds; one that was
// made for a person, nobody but their browser.
func cacheControl(actor forum.Actor) string {
	if actor.SignedIn() {
		return "private, no-cache"
	}
	return "no-cache"
}

// setPageHeaders shares the values between answers.
func setPageHeaders(header http.Header) {
	header["Content-Type"] = htmlType
	header["Content-Security-Policy"] = pagePolicy
	header["Vary"] = varies
}

// write sends an answer that is ready. A reader who left meanwhile needs none.
func write(w http.ResponseWriter, status int, content []byte) error {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(content))}
	w.WriteHeader(status)
	_, _ = w.Write(content)
	return nil
}

// render writes a page to memory, for the cache.
func render(ctx context.Context, frame ui.Frame, p page) ([]byte, error) {
	html := takeBuffer()
	defer releaseBuffer(html)
	frame.Title, frame.Found = p.title(), foundOf(p)
	if err := ui.Layout(frame, p.content()).Render(ctx, html); err != nil {
		return nil, err
	}
	return bytes.Clone(html.Bytes()), nil
}

// seeOther leads on after something was done.
func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

var (
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	zippers = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
		return w
	}}
)

// gzipLevel: 45 µs a page; one more costs twice the time for a hundredth of the bytes.
const gzipLevel = 5

// maxPooledBytes keeps one huge page from occupying memory for ever.
const maxPooledBytes = 512 << 10

func takeBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

func releaseBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooledBytes {
		b.Reset()
		buffers.Put(b)
	}
}

// zip compresses content into out, which is memory and never fails.
func zip(out *bytes.Buffer, content []byte) {
	w := zippers.Get().(*gzip.Writer)
	w.Reset(out)
	_, _ = w.Write(content)
	_ = w.Close()
	zippers.Put(w)
}
