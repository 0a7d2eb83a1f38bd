package web

import (
	"mime"
	"net/http"
	"strings"
	"time"
)

// sendAttachment answers with a file of a post, to whoever sees the post. Browsers keep it and
// never show it: it could be a page that somebody made.
func (s *server) sendAttachment(w http.ResponseWriter, r *http.Request) error {
	file, content, err := s.service.Attachment(r.Context(), actorOf(r), threadID(r), pathID(r, "number"), pathID(r, "position"))
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", disposition(file.Name))
	header.Set("Cache-Control", "no-cache")
	header["Vary"] = varies
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	return nil
}

// disposition says to keep what follows under a name.
func disposition(name string) string {
	if named := mime.FormatMediaType("attachment", map[string]string{"filename": name}); named != "" {
		return named
	}
	return "attachment"
}
