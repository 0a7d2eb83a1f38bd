package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// exposed reads the metrics of a server: name with labels to value.
func exposed(t *testing.T, address string) map[string]float64 {
	t.Helper()
	code, text := get(t, "http://"+address+"/metrics", "")
	if code != http.StatusOK {
		t.Fatalf("/metrics: %d %s", code, text)
	}
	sample := regexp.MustCompile(`^([a-z_:]+(?:\{[A-Za-z]+="[^"\n]*"(?:, ?[A-Za-z]+="[^"\n]*")*\})?) (\S+)$`)
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		found := sample.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if found == nil {
			t.Fatalf("not a sample: %q", line)
		}
		value, err := strconv.ParseFloat(found[2], 64)
		if _, twice := values[found[1]]; err != nil || twice {
			t.Fatalf("%q: %v, or there twice", line, err)
		}
		values[found[1]] = value
	}
	return values
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, "--data", data, "--metrics", "127.0.0.1:0")
	defer s.stop()
	at := regexp.MustCompile(`"msg":"metrics are answered","address":"([^"]+)"`).FindStringSubmatch(s.log.String())
	if at == nil {
		t.Fatalf("the log does not say where: %s", s.log)
	}
	if code, _ := get(t, s.url+"/metrics", ""); code != http.StatusNotFound {
		t.Errorf("/metrics where the public is: got %d, want 404", code)
	}
	if values := exposed(t, at[1]); values["folkmoot_writable"] != 1 {
		t.Errorf("writable is %v", values["folkmoot_writable"])
	} else if drift, known := values["folkmoot_count_drift"]; known {
		t.Errorf("nothing was verified, and the drift is %v", drift)
	}
	if got := folkmoot(t, "correct horse battery\n", "user", "create", "boss", "--admin", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	if _, err := databaseOf(t, data).ExecContext(t.Context(), `UPDATE people_counts SET n = n + 7 WHERE state = 'active'`); err != nil {
		t.Fatal(err)
	}
	if got := folkmoot(t, "", "verify", "--data", data); got.code != exitFailure {
		t.Fatalf("verify: %+v, want a difference", got)
	}
	if got := folkmoot(t, "", "backup", "--data", data, filepath.Join(t.TempDir(), "backup")); got.code != 0 {
		t.Fatal(got)
	}
	for range 3 {
		get(t, s.url+"/api/v1/threads", "")
	}
	get(t, s.url+"/t/12345/none", "")
	values := exposed(t, at[1])
	for name, want := range map[string]float64{
		"folkmoot_count_drift":         1,
		"folkmoot_queue_length":        0,
		"folkmoot_search_queue_length": 0,
		`folkmoot_requests_total{route="GET /api/v1/threads",status="200"}`:      3,
		`folkmoot_request_seconds_count{route="GET /api/v1/threads"}`:            3,
		`folkmoot_request_seconds_bucket{route="GET /api/v1/threads",le="+Inf"}`: 3,
		`folkmoot_requests_total{route="GET /t/{id}/{place}",status="404"}`:      1,
		`folkmoot_batch_members_bucket{le="1"}`:                                  values["folkmoot_batch_members_count"],
		"folkmoot_commit_failures_total":                                         0,
		"folkmoot_commit_seconds_count":                                          values["folkmoot_batch_members_count"],
	} {
		if got, known := values[name]; !known || got != want {
			t.Errorf("%s is %v (known: %v), want %v", name, got, known, want)
		}
	}
	for _, name := range []string{"folkmoot_verified_timestamp_seconds", "folkmoot_backup_timestamp_seconds", "folkmoot_backup_bytes",
		"folkmoot_readers", "folkmoot_log_bytes", "folkmoot_batch_members_count", "process_resident_memory_bytes", "go_goroutines"} {
		if values[name] <= 0 {
			t.Errorf("%s is %v", name, values[name])
		}
	}
}

// The log of everything holds nothing that people did not make public, and names each request.
func TestLogHoldsNothingPrivate(t *testing.T) {
	t.Parallel()
	for asked, addresses := range map[string]bool{"": false, "--log-address": true} {
		args := []string{"--data", t.TempDir(), "--log-level", "debug"}
		if asked != "" {
			args = append(args, asked)
		}
		s := startServer(t, args...)
		ask := func(method, path, body string) {
			request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("X-Forwarded-For", "203.0.113.9")
			request.Header.Set("Authorization", "Bearer fmt_canary")
			request.Header.Set("User-Agent", "canary agent")
			if path == "/api/v1/sign-up" || strings.HasPrefix(path, "/api/v1/search") {
				request.Header.Del("Authorization")
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
		ask("POST", "/api/v1/sign-up", `{"name":"ann","password":"canary password"}`)
		ask("POST", "/api/v1/sign-up", `{"name":"canary of bad name","password":"canary"`)
		ask("GET", "/api/v1/search?q=canary+query", "")
		ask("GET", "/first-run?token=canary", "")
		ask("POST", "/api/v1/threads", `{"title":"canary title","body":"canary"}`)
		if code := s.stop(); code != 0 {
			t.Errorf("ended with %d", code)
		}
		requests := 0
		for line := range bytes.Lines([]byte(s.log.String())) {
			var entry struct{ Msg, Request, Route, Path, Address string }
			if err := json.Unmarshal(line, &entry); err != nil {
				t.Errorf("not JSON: %s", line)
			}
			if entry.Msg == "request" {
				requests++
				if len(entry.Request) != 16 || entry.Path == "" || (entry.Address == "203.0.113.9") != addresses {
					t.Errorf("%q: a request without what it needs, or with what it must not have: %s", asked, line)
				}
			}
		}
		log := s.log.String()
		if requests != 5 || strings.Contains(log, "canary") || strings.Contains(log, "203.0.113.9") != addresses {
			t.Errorf("%q: %d requests are logged, or something private:\n%s", asked, requests, log)
		}
	}
}

// A session that was last used weeks ago lasts its whole time again once it is used, written at the
// latest when the server stops.
func TestSessionsInUseAreExtended(t *testing.T) {
	t.Parallel()
	data, password := t.TempDir(), "correct horse battery"
	m, err := openServiceAt(t.Context(), dataFlag{Data: data}, &setClock{now: time.Now().AddDate(0, 0, -50)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.CreateUser(t.Context(), forum.SignUp{Name: "mia", Password: password, Role: forum.Member}); err != nil {
		t.Fatal(err)
	}
	secret, _, err := m.SignIn(t.Context(), "mia", password)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}

	s := startServer(t, "--data", data)
	if status, text := get(t, s.url+"/api/v1/me", string(secret)); status != http.StatusOK {
		t.Errorf("who has the session: %d %s", status, text)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d\n%s", code, s.log)
	}
	_, expires, err := open(t, data).store.SessionUser(t.Context(), secret.Hash(), time.Now())
	if left := time.Until(expires); err != nil || left < forum.SessionLifetime-time.Minute {
		t.Errorf("%v are left of the session, %v, want the whole of %v", left, err, forum.SessionLifetime)
	}
}
