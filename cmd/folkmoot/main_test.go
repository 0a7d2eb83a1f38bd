package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"
)

// outcome is what a command left behind.
type outcome struct {
	code     int
	out, err string
}

// folkmoot runs a command with text on its standard input.
func folkmoot(t testing.TB, input string, args ...string) outcome {
	t.Helper()
	stdin := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(stdin, []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(stdin)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out, errs strings.Builder
	code := run(t.Context(), args, &console{in: in, out: &out, err: &errs})
	return outcome{code, out.String(), errs.String()}
}

// server is folkmoot serve, running.
type server struct {
	url   string
	first string // the first-run address, "" where none was printed
	log   *logged
	stop  func() int
}

// logged keeps what a server logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	code, log := make(chan int, 1), new(logged)
	go func() {
		code <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), &console{out: writer, err: log})
		_ = writer.Close()
	}()
	s := &server{log: log, stop: func() int { cancel(); return <-code }}
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if at := regexp.MustCompile(`Folkmoot is at (\S+)`).FindStringSubmatch(lines.Text()); at != nil {
			s.url = at[1]
		}
		if at := regexp.MustCompile(`administrator at (\S+)`).FindStringSubmatch(lines.Text()); at != nil {
			s.first = at[1]
		}
		if strings.HasPrefix(lines.Text(), "Stop") {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	if s.url == "" {
		t.Fatalf("the server did not say where it is; it ended with %d", s.stop())
	}
	return s
}

func get(t testing.TB, url, token string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestServe(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "new", "folder")
	s := startServer(t, "--data", data)
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data folder: %v %v, want one for its owner alone", info, err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 200, "/api/v1/threads": 200, "/api/v1/openapi.json": 200, "/api/nothing": 404} {
		if got, text := get(t, s.url+path, ""); got != want {
			t.Errorf("%s: got %d, want %d\n%s", path, got, want, text)
		}
	}
	if got, text := get(t, s.first, ""); got != 200 {
		t.Errorf("the first-run page: got %d\n%s", got, text)
	}
	if got := folkmoot(t, "correct horse battery\n", "user", "create", "boss", "--admin", "--data", data); got.code != 0 {
		t.Fatalf("user create beside the server: %+v", got)
	}
	token := strings.TrimSpace(folkmoot(t, "", "token", "create", "--user", "boss", "--data", data).out)
	if got, text := get(t, s.url+"/api/v1/me", token); got != 200 || !strings.Contains(text, `"boss"`) {
		t.Errorf("a token made beside the server: got %d %s", got, text)
	}
	if got, _ := get(t, s.first, ""); got != 404 {
		t.Errorf("the first-run page after the first run: got %d, want 404", got)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d, want 0", code)
	}
	again := startServer(t, "--data", data)
	defer again.stop()
	if again.first != "" {
		t.Errorf("a first run is offered beside an administrator: %s", again.first)
	}
	if got, _ := get(t, again.url+"/api/v1/me", token); got != 200 {
		t.Errorf("the token after a restart: got %d", got)
	}
}

func TestServeFinishesWhatIsInProgress(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--data", t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"name":"ann","password":"correct horse battery"}`
	fmt.Fprintf(conn, "POST /api/v1/sign-up HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:10])
	time.Sleep(50 * time.Millisecond) // the request is in progress
	code := make(chan int, 1)
	go func() { code <- s.stop() }()
	time.Sleep(50 * time.Millisecond)
	fmt.Fprint(conn, body[10:])
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(status, "201") {
		t.Errorf("the request in progress was answered %q, %v", status, err)
	}
	if got := <-code; got != 0 {
		t.Errorf("the server ended with %d, want 0", got)
	}
}

func TestUserAndTokenCommands(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	made := regexp.MustCompile(`^[A-Z2-7]{26}\n$`)
	tests := []struct {
		name, input string
		args        []string
		code        int
		out         *regexp.Regexp
		err         string
	}{
		{"create", "correct horse battery\n", []string{"user", "create", "ann"}, 0, regexp.MustCompile(`^$`), "ann is here now, as member"},
		{"create again", "correct horse battery\n", []string{"user", "create", "Ann"}, 1, nil, "taken"},
		{"create with a short password", "short\n", []string{"user", "create", "ben"}, 1, nil, "password is too short"},
		{"create with a password made", "", []string{"user", "create", "mia", "--moderator"}, 0, made, "as moderator"},
		{"create with an empty line", "\n", []string{"user", "create", "boss", "--admin"}, 0, made, "as admin"},
		{"create with two roles", "", []string{"user", "create", "x", "--admin", "--moderator"}, 1, nil, "can't be used together"},
		{"create with a bad name", "", []string{"user", "create", "a b"}, 1, nil, "name may hold"},
		{"list", "", []string{"user", "list"}, 0, regexp.MustCompile(`(?s)^ann +member +active .*boss +admin .*mia +moderator`), ""},
		{"list administrators", "", []string{"user", "list", "--admin"}, 0, regexp.MustCompile(`^boss [^\n]*\n$`), ""},
		{"list as JSON", "", []string{"user", "list", "--json"}, 0, regexp.MustCompile(`^\{"id":1,"name":"ann","role":"member","state":"active",.*\}\n`), ""},
		{"password", "another good password", []string{"user", "password", "ann"}, 0, regexp.MustCompile(`^$`), "ann has a new password"},
		{"password of nobody", "another good password", []string{"user", "password", "nobody"}, 1, nil, "nothing here"},
		{"token", "", []string{"token", "create", "--user", "ann"}, 0, regexp.MustCompile(`^fmt_[\w-]{43}\n$`), ""},
		{"token with a scope", "", []string{"token", "create", "--user", "ann", "--scope", "read", "--name", "x"}, 0, regexp.MustCompile(`^fmt_`), ""},
		{"token with an unknown scope", "", []string{"token", "create", "--user", "ann", "--scope", "all"}, 1, nil, "--scope must be one of"},
		{"token of nobody", "", []string{"token", "create", "--user", "nobody"}, 1, nil, `person "nobody"`},
		{"version", "", []string{"version"}, 0, regexp.MustCompile(`^folkmoot `), ""},
		{"nothing known", "", []string{"dance"}, 1, nil, "folkmoot --help"},
		{"help", "", []string{"--help"}, 0, regexp.MustCompile(`(?s)Exit codes.*serve.*user create`), ""},
		{"an origin with a path", "", []string{"serve", "--url", "https://forum.example/path"}, 1, nil, "--url must be an origin"},
		{"an origin that is none", "", []string{"serve", "--url", "forum.example"}, 1, nil, "--url must be an origin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := tt.args
			if args[0] == "user" || args[0] == "token" {
				args = append(args, "--data", data)
			}
			got := folkmoot(t, tt.input, args...)
			if got.code != tt.code || !strings.Contains(got.err, tt.err) || tt.out != nil && !tt.out.MatchString(got.out) {
				t.Errorf("got %+v, want %d, %v and %q", got, tt.code, tt.out, tt.err)
			}
			if got.code != 0 && strings.Count(strings.TrimSpace(got.err), "\n") > 0 {
				t.Errorf("an error is more than a line: %q", got.err)
			}
		})
	}
}

func TestStartRefusals(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	noDatabase := t.TempDir()
	if err := os.WriteFile(filepath.Join(noDatabase, databaseName), []byte(strings.Repeat("This is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		err  string
	}{
		{"a file in the folder's place", []string{"--data", file, "--listen", "127.0.0.1:0"}, exitCannotWrite, "the data folder cannot be made"},
		{"a folder that cannot be written", []string{"--data", "/proc/folkmoot", "--listen", "127.0.0.1:0"}, exitCannotWrite, "the data folder cannot be made"},
		{"an address in use", []string{"--data", t.TempDir(), "--listen", taken.Addr().String()}, exitInUse, "address already in use"},
		{"an address that is none", []string{"--data", t.TempDir(), "--listen", "nowhere"}, exitFailure, "cannot listen"},
		{"a newer database", []string{"--data", newerDatabase(t), "--listen", "127.0.0.1:0"}, exitNewer, "newer version"},
		{"something else in the database's place", []string{"--data", noDatabase, "--listen", "127.0.0.1:0"}, exitFailure, "not a database"},
	}
	nothing := filepath.Join(t.TempDir(), "none")
	refused := func(name string, code int, err string, args ...string) {
		tests = append(tests, struct {
			name string
			args []string
			code int
			err  string
		}{name, append([]string{"--data", nothing, "--listen", "127.0.0.1:0"}, args...), code, err})
	}
	refused("metrics at an address in use", exitInUse, "cannot listen for --metrics", "--metrics", taken.Addr().String())
	refused("metrics nowhere", exitFailure, "cannot listen for --metrics", "--metrics", "nonsense")
	refused("a rate that is no number", exitFailure, "--rate-factor must be a number from 0 to 1000000, and is NaN", "--rate-factor=NaN")
	refused("a rate without end", exitFailure, "--rate-factor must be a number from 0 to 1000000, and is +Inf", "--rate-factor=Inf")
	refused("a rate below nothing", exitFailure, "--rate-factor must be a number", "--rate-factor=-1")
	refused("a recount in the past", exitFailure, "--every must not be negative, and is -5s", "--every=-5s")
	refused("a proxy that is none", exitFailure, `--trusted-proxy must be a network like 10.0.0.0/8 or an address, and is "foo"`, "--trusted-proxy", "foo")
	refused("an origin with a path", exitFailure, "--url must be an origin", "--url", "https://forum.example/moot")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := folkmoot(t, "", append([]string{"serve"}, tt.args...)...)
			if _, err := os.Stat(nothing); err == nil {
				t.Error("a data folder was made")
			}
			if got.code != tt.code || !strings.Contains(got.err, tt.err) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("got %+v, want %d and one line with %q", got, tt.code, tt.err)
			}
		})
	}
}

// newerDatabase is a data folder whose database a later program has migrated further.
func newerDatabase(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	if got := folkmoot(t, "", "user", "create", "ann", "--data", data); got.code != 0 {
		t.Fatal(got)
	}
	db, err := driver.Open("file:" + filepath.Join(data, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	return data
}

// What browsers send as their origin is how it is kept, however it was typed.
func TestParseOrigin(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"https://Forum.Example/":      "https://forum.example",
		"https://forum.example:443":   "https://forum.example",
		"https://forum.example:8443":  "https://forum.example:8443",
		"http://forum.example:80":     "http://forum.example",
		"https://bücher.example":      "https://xn--bcher-kva.example",
		"http://[::1]:8080":           "http://[::1]:8080",
		"http://127.0.0.1:8080":       "http://127.0.0.1:8080",
		"https://ann@forum.example":   "",
		"https://:443":                "",
		"ftp://forum.example":         "",
		"https://forum.example/moot/": "",
	} {
		got, err := parseOrigin(typed)
		if (err != nil) != (want == "") || err == nil && got.String() != want {
			t.Errorf("%s: got %v, %v, want %q", typed, got, err, want)
		}
	}
}

func TestParseNetworks(t *testing.T) {
	t.Parallel()
	got, err := parseNetworks([]string{"10.0.0.0/8", "192.0.2.7", "::1/128", "2001:db8::7"})
	if want := "[10.0.0.0/8 192.0.2.7/32 ::1/128 2001:db8::7/128]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
}
