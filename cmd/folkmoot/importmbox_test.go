package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/importer"
	"folkmoot/internal/importer/mbox"
	"folkmoot/internal/markup"
)

const sampleOfMails = "usrp-users-sample.mbox.xz"

func TestImportMbox(t *testing.T) {
	t.Parallel()
	data, report := t.TempDir(), filepath.Join(t.TempDir(), "report.jsonl")
	runImport := func() (result importer.Result) {
		var out, errs bytes.Buffer
		args := []string{"import", "mbox", sharedFile(t, "mail", sampleOfMails), "--data", data, "--report", report, "--json"}
		if code := run(t.Context(), args, &console{out: &out, err: &errs}); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		if err := json.Unmarshal(out.Bytes(), &result); err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
		return result
	}
	want := held{Threads: 1389, Posts: 3996, Users: 498}

	first := runImport()
	if diff := gocmp.Diff(importer.New{Posts: 3996, Users: 498, Attachments: 41}, first.New); diff != "" {
		t.Errorf("new (-want +got):\n%s", diff)
	}
	checkReport(t, report, first)
	again := runImport()
	if again.New != (importer.New{}) {
		t.Errorf("a repeated import brought %+v", again.New)
	}
	m := open(t, data)
	if diff := gocmp.Diff(want, heldIn(t, m)); diff != "" {
		t.Errorf("after a repeated import the forum holds (-want +got):\n%s", diff)
	}
	checkMails(t, m)
}

// checkMails reads what became of some mails, and of all addresses in them.
func checkMails(t *testing.T, m *moot) {
	t.Helper()
	handler := m.handler(t.Context(), &httpkit.Kit{Service: m.Service, Logger: slog.New(slog.DiscardHandler)})
	get := func(path string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return answer
	}
	files := 0
	eachPost(t, m, func(_ forum.Thread, post forum.Post) {
		for _, word := range strings.Fields(post.Body + " " + post.Author.Name) {
			if strings.Contains(word, "@example.org") && !strings.Contains(word, "https://") {
				t.Errorf("%d/%d shows a mail address: %s", post.Thread, post.Number, word)
			}
		}
		for _, file := range post.Attachments {
			files++
			answer := get(fmt.Sprintf("/t/%d/%d/files/%d/x", post.Thread, post.Number, file.Position))
			if answer.Code != http.StatusOK || int64(answer.Body.Len()) != file.Bytes || !strings.HasPrefix(answer.Header().Get("Content-Disposition"), "attachment") {
				t.Errorf("%s of %d/%d: %d with %d bytes, %q", file.Name, post.Thread, post.Number, answer.Code, answer.Body.Len(), answer.Header())
			}
		}
	})
	if files != 41 {
		t.Errorf("posts have %d files, want 41", files)
	}
	const first = "/usrp-users/u18d53400a4e6@example.org"
	to := get(first + "/").Header().Get("Location")
	if page := get(to); !strings.Contains(page.Body.String(), "<bdi>Introducing Theseus Cores: Open source FPGA cores for DSP and SDR</bdi>") {
		t.Errorf("%s leads to %q: %d", first, to, page.Code)
	}
	const archived = "/archives/list/u777b9f6cc77b@example.org/message/N4SUHWNN7MQZKKFMPT5OW4VBGHVMMWOI/"
	if to := get(archived).Header().Get("Location"); !strings.HasPrefix(to, "/t/") {
		t.Errorf("%s leads to %q", archived, to)
	}
	if answer := get("/usrp-users/nobody@example.org/"); answer.Code != http.StatusNotFound {
		t.Errorf("an unknown mail: %d", answer.Code)
	}
}

// killed is a forum whose import ends at some call for attachments.
type killed struct {
	*moot
	stop context.CancelFunc
}

func (t killed) ImportAttachments(ctx context.Context, source string, files []forum.ImportedAttachment) (forum.ImportResult, error) {
	t.stop()
	return t.moot.ImportAttachments(ctx, source, files)
}

func TestImportMboxGoesOnAfterAnInterruption(t *testing.T) {
	t.Parallel()
	m := open(t, t.TempDir())
	runImport := func(ctx context.Context, target importer.Target) (*importer.Result, error) {
		im := mbox.Import{Paths: []string{sharedFile(t, "mail", "torture.tar.xz")}, Scratch: t.TempDir(), Target: target, Markup: markup.New(),
			Report: importer.NewReport(io.Discard), Progress: newImportProgress(io.Discard), Clock: forum.SystemClock{}}
		return im.Run(ctx)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if _, err := runImport(ctx, killed{m, stop}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want that of the interruption", err)
	}
	half := heldIn(t, m)
	result, err := runImport(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if result.New.Posts != 0 || result.New.Users != 0 || result.Brought.Attachments == 0 {
		t.Errorf("the second import brought %+v", result.New)
	}
	if diff := gocmp.Diff(half, heldIn(t, m)); diff != "" {
		t.Errorf("after the second import the forum holds (-want +got):\n%s", diff)
	}
	third, err := runImport(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if third.New != (importer.New{}) {
		t.Errorf("the third import brought %+v", third.New)
	}
}

func TestImportMboxRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{filepath.Join(t.TempDir(), "nowhere.mbox"): "cannot be read", t.TempDir(): "there is no mail"} {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"import", "mbox", name, "--dry-run", "--data", t.TempDir()}, &console{out: &out, err: &errs})
		if code != exitFailure || !strings.Contains(errs.String(), want) {
			t.Errorf("exit code %d, %q, want 1 and %q", code, errs.String(), want)
		}
	}
}
