//go:build audit

package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"folkmoot/internal/httpkit"
	"folkmoot/internal/web"
)

// tool is where `./test audit` put a file of the tools it installed.
func tool(t *testing.T, pattern string) string {
	t.Helper()
	folder := os.Getenv("FOLKMOOT_AUDIT")
	found, err := filepath.Glob(filepath.Join(folder, "node_modules", pattern))
	if err != nil || folder == "" || len(found) == 0 {
		t.Fatalf("%s is not in %q: ./test audit installs it (%v)", pattern, folder, err)
	}
	return found[0]
}

// run runs a tool and returns what it printed.
func run(t *testing.T, environment []string, name string, arguments ...string) []byte {
	t.Helper()
	answer, err := tryRun(t.Context(), environment, name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func tryRun(ctx context.Context, environment []string, name string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Env = append(os.Environ(), environment...)
	var trouble bytes.Buffer
	command.Stderr = &trouble
	answer, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s\n%.2000s", filepath.Base(name), err, trouble.Bytes(), answer)
	}
	return answer, err
}

func decode[T any](t *testing.T, answer []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(answer, &value); err != nil {
		t.Fatalf("%v in %.500s", err, answer)
	}
	return value
}

// The Nu HTML Checker finds no error in any page, nor in the stylesheet and the icon.
func TestAuditHTML(t *testing.T) {
	folder, pages := t.TempDir(), pagesToAudit(t)
	browse := browsing()
	for i, page := range pages {
		shown := browse(page)
		write(t, filepath.Join(folder, fmt.Sprintf("%03d.html", i)), shown.source)
	}
	for _, name := range []string{"style.css", "icon.svg"} {
		content, err := os.ReadFile(filepath.Join("assets", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, name), string(content))
	}
	answer := run(t, nil, "java", "-jar", tool(t, "vnu-jar/build/dist/vnu.jar"), "--format", "json", "--stdout", "--exit-zero-always",
		"--also-check-css", "--also-check-svg", folder)
	found := decode[struct {
		Messages []struct {
			Type, SubType, URL, Message, Extract string
			LastLine                             int
		}
	}](t, answer)
	for _, m := range found.Messages {
		what := filepath.Base(m.URL)
		var number int
		if _, err := fmt.Sscanf(what, "%03d.html", &number); err == nil {
			what = pages[number].String()
		}
		if m.Type != "info" {
			t.Errorf("%s, line %d: %s (%s)", what, m.LastLine, m.Message, m.Extract)
		} else {
			t.Logf("%s, line %d: %s %s (%s)", what, m.LastLine, m.SubType, m.Message, m.Extract)
		}
	}
	t.Logf("%d pages, the stylesheet and the icon", len(pages))
}

// browsing returns what asks for pages, each as the one who looks at it.
func browsing() func(audited) *page {
	type viewer struct {
		site *site
		name string
	}
	browsers := map[viewer]*browser{}
	return func(a audited) *page {
		key := viewer{a.site, a.who}
		switch {
		case browsers[key] != nil:
		case a.who == "":
			browsers[key] = a.site.browser()
		default:
			browsers[key] = a.site.signedIn(a.who)
		}
		if a.form != nil {
			return browsers[key].post(a.path, a.form)
		}
		return browsers[key].get(a.path)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantScore is the least that Lighthouse gives of 100, in each category, on a telephone of its own
// making with a slow network: the middle one of three runs.
const wantScore, lighthouseRuns = 95, 3

func TestAuditLighthouse(t *testing.T) {
	s := newSite(t)
	fillDemo(s)
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	node, lighthouse := tool(t, "node-linux-*/bin/node"), tool(t, "lighthouse/cli/index.js")
	for _, page := range []audited{{s, "", "/", nil}, {s, "", "/t/3", nil}, {s, "Noor", "/new", nil}, {s, "", "/sign-in", nil}} {
		t.Run(page.String(), func(t *testing.T) {
			arguments := []string{lighthouse, s.url + page.path, "--quiet", "--output=json", "--chrome-path=" + chromium,
				"--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-component-update --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'",
				"--only-categories=performance,accessibility,best-practices,seo",
				"--skip-audits=bf-cache"} // it weighs nothing, and where the machine is busy waits for ever
			if page.who != "" {
				headers, _ := json.Marshal(map[string]string{"Cookie": cookies(t, s.signedIn(page.who))}) // a map of texts
				arguments = append(arguments, "--extra-headers="+string(headers))
			}
			scores, lost := map[string][]int{}, map[string]bool{}
			for range lighthouseRuns {
				report := decode[lighthouseReport](t, runAgain(t, []string{"CHROME_PATH=" + chromium}, node, arguments...))
				for name, category := range report.Categories {
					scores[name] = append(scores[name], int(category.Score*100+.5))
					for _, lack := range report.lacks(name) {
						lost[lack] = true
					}
				}
			}
			if len(scores) != 4 {
				t.Errorf("there are %d categories, want 4: %v", len(scores), scores)
			}
			for name, all := range scores {
				slices.Sort(all)
				t.Logf("%s %v", name, all)
				if middle := all[len(all)/2]; middle < wantScore {
					t.Errorf("%s is %d, want %d", name, middle, wantScore)
				}
			}
			for lack := range lost {
				t.Log("not full: ", lack)
			}
		})
	}
}

// runAgain is run for Lighthouse, which says that it should be run again where Chromium did not
// record the page: on a busy machine that happens.
func runAgain(t *testing.T, environment []string, name string, arguments ...string) []byte {
	t.Helper()
	for range lighthouseRuns {
		answer, err := tryRun(t.Context(), environment, name, arguments...)
		if err == nil {
			return answer
		}
		if !strings.Contains(err.Error(), "run Lighthouse again") {
			t.Fatal(err)
		}
		t.Log("Lighthouse is run again")
	}
	return run(t, environment, name, arguments...)
}

type lighthouseReport struct {
	Categories map[string]struct {
		Score     float64
		AuditRefs []struct {
			ID     string
			Weight float64
		}
	}
	Audits map[string]struct {
		Score        *float64
		Title        string
		DisplayValue string
	}
}

// lacks are the audits that a category's score has lost by.
func (r lighthouseReport) lacks(category string) []string {
	var lacks []string
	for _, ref := range r.Categories[category].AuditRefs {
		if audit := r.Audits[ref.ID]; ref.Weight > 0 && audit.Score != nil && *audit.Score < .9 {
			lacks = append(lacks, fmt.Sprintf("%s, %s: %s %s", category, ref.ID, audit.Title, audit.DisplayValue))
		}
	}
	return lacks
}

func cookies(t *testing.T, b *browser) string {
	t.Helper()
	where, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for _, cookie := range b.client.Jar.Cookies(where) {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; ")
}

// Behind a proxy that speaks TLS, as operating.md has it, Mozilla's HTTP Observatory gives A+ to
// the site, and CSP Evaluator finds nothing in the policy of any page.
func TestAuditHeaders(t *testing.T) {
	pages := pagesToAudit(t)
	s := pages[len(pages)-1].site
	policies, browse := map[string]bool{}, browsing()
	for _, page := range pages {
		shown := browse(page)
		policies[shown.header.Get("Content-Security-Policy")] = true
	}
	kit := &httpkit.Kit{Service: s.service, Logger: s.kit.Logger, Proxies: httpkit.ThisMachine}
	server := httptest.NewServer(kit.Wrap(web.New(kit)))
	defer server.Close()
	address, certificate := proxyTLS(t, server.URL)
	script := filepath.Join(os.Getenv("FOLKMOOT_AUDIT"), "headers.mjs") // beside its modules
	arguments := []string{script, address}
	for policy := range policies {
		arguments = append(arguments, policy)
	}
	found := decode[struct {
		Grade            string
		Score            int
		Failed, Findings []string
	}](t, run(t, []string{"NODE_EXTRA_CA_CERTS=" + certificate}, tool(t, "node-linux-*/bin/node"), arguments...))
	t.Logf("grade %s, score %d, %d policies", found.Grade, found.Score, len(policies))
	if found.Grade != "A+" || len(found.Failed) > 0 {
		t.Errorf("grade %s, want A+; failed: %q", found.Grade, found.Failed)
	}
	for _, finding := range found.Findings {
		t.Error("policy:", finding)
	}
	if len(policies) == 0 || policies[""] {
		t.Errorf("policies are %v, want one on each page", policies)
	}
}

// proxyTLS stands in front of a server as a proxy for the public does: https, and at the same
// port http, which leads there. It returns where, and the file of the certificate to trust.
func proxyTLS(t *testing.T, origin string) (address, certificate string) {
	t.Helper()
	behind, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	secure, plain := door{listener, make(chan net.Conn)}, door{listener, make(chan net.Conn)}
	go sortByFirstByte(listener, secure.arrived, plain.arrived)

	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.SetXForwarded()
	}})
	proxy.Listener.Close()
	proxy.Listener = secure
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	leading := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+address+r.URL.RequestURI(), http.StatusMovedPermanently)
	})}
	go leading.Serve(plain) // ends with the listener
	certificate = filepath.Join(t.TempDir(), "certificate.pem")
	write(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})))
	return address, certificate
}

// door is a listener through which only some of the connections come.
type door struct {
	net.Listener
	arrived chan net.Conn
}

func (d door) Accept() (net.Conn, error) {
	conn, open := <-d.arrived
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

// sortByFirstByte tells connections that begin with a TLS handshake from others.
func sortByFirstByte(listener net.Listener, secure, plain chan<- net.Conn) {
	defer close(secure)
	defer close(plain)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		begun := &begunConn{conn, bufio.NewReader(conn)}
		if first, err := begun.reader.Peek(1); err != nil {
			conn.Close()
		} else if first[0] == handshake {
			secure <- begun
		} else {
			plain <- begun
		}
	}
}

// handshake is the first byte of a connection by TLS.
const handshake = 22

// begunConn is a connection of which a little was read ahead.
type begunConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *begunConn) Read(p []byte) (int, error) { return c.reader.Read(p) }
