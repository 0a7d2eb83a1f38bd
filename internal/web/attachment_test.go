package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
)

// attached makes a thread of two posts of which the second has a file, a page that somebody made.
func attached(t *testing.T, s *site, category forum.CategoryID, name string) {
	t.Helper()
	_, err := s.service.ImportThreads(t.Context(), "mbox:test", category, []forum.ImportedThread{{Key: "1", Title: "With a file", Posts: []forum.ImportedPost{
		{Key: "1", AuthorName: "Ann", Body: "First."}, {Key: "2", AuthorName: "Ann", Body: "Second."}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.service.ImportAttachments(t.Context(), "mbox:test", []forum.ImportedAttachment{{Key: "f", Post: "2",
		Attachment: forum.Attachment{Name: name, Type: "text/html"}, Content: []byte("<script>alert(1)</script>")}})
	if err != nil {
		t.Fatal(err)
	}
}

// fetch asks for a file as who uses client, and returns what counts of the answer.
func fetch(t *testing.T, client *http.Client, address string) (status int, header http.Header, content string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

func TestAttachment(t *testing.T) {
	t.Parallel()
	s, admin, _, mia := community(t)
	attached(t, s, 1, `plot <"ä">.html`)
	visitor, ada := s.browser(), s.signedIn("ada")
	_, _, page := fetch(t, visitor.client, s.url+"/t/2/with-a-file")
	const path = "/t/2/2/files/1/plot%20%3C%22%C3%A4%22%3E.html"
	if !strings.Contains(page, `<a href="`+path+`" download><bdi>plot &lt;&#34;ä&#34;&gt;.html</bdi></a>`) || !strings.Contains(page, "25 bytes") {
		t.Errorf("the page does not show the file:\n%s", page)
	}
	status, header, content := fetch(t, visitor.client, s.url+path)
	if status != http.StatusOK || content != "<script>alert(1)</script>" {
		t.Errorf("%d, %q", status, content)
	}
	want := map[string]string{"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache",
		"Content-Disposition":     `attachment; filename*=utf-8''plot%20%3C%22%C3%A4%22%3E.html`,
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
	got := map[string]string{}
	for name := range want {
		got[name] = header.Get(name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	for _, none := range []string{"/t/2/2/files/2/x", "/t/2/1/files/1/x", "/t/9/2/files/1/x", "/t/2/2/files/0/x", "/t/2/2/files/-1/x", "/t/2/2/files/x/x", "/t/x/2/files/1/x", "/t/2/2/files/99999999999999999999/x"} {
		if status, _, _ := fetch(t, visitor.client, s.url+none); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", none, status)
		}
	}

	if _, err := s.service.MarkPost(t.Context(), admin, 2, 2, forum.MarkModHidden, true, ""); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]struct {
		*browser
		status int
	}{"a visitor": {visitor, http.StatusNotFound}, "a member": {mia, http.StatusNotFound}, "an administrator": {ada, http.StatusOK}} {
		status, _, content := fetch(t, who.client, s.url+path)
		if status != who.status || status != http.StatusOK && strings.Contains(content, "alert") {
			t.Errorf("%s gets %d of a hidden post's file, want %d", name, status, who.status)
		}
	}
	if _, _, page := fetch(t, visitor.client, s.url+"/t/2/with-a-file"); strings.Contains(page, "/files/") {
		t.Error("a visitor's page still names the file of a post that was hidden")
	}
}
