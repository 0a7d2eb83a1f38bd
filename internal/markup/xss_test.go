package markup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// payloads returns the lines of the public list of attacks that lies beside the project.
func payloads(t testing.TB) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(readShared(t, "data/text/xss-sample.txt")) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) < 400 {
		t.Fatalf("only %d payloads in the list", len(lines))
	}
	return lines
}

// sharedPath is where a file of the shared data lies: see ../shared/data/README.md from the root.
func sharedPath(name string) string {
	if shared := os.Getenv("FOLKMOOT_SHARED"); shared != "" {
		return filepath.Join(shared, name)
	}
	return filepath.Join("../../../shared", name)
}

func readShared(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(sharedPath(name))
	if err != nil {
		t.Fatalf("this test needs %s; it lies in ../shared from the project's root, or where FOLKMOOT_SHARED says: %v", name, err)
	}
	return string(data)
}

// places are where in a body an attack may stand.
var places = []string{
	"%s", "[a](%s)", "[a](<%s>)", "![a](%s)", "![%s](b)", "[%s](b)", "<%s>", "`%s`", "[a](b \"%s\")", "[a](b '%s')",
	"# %s", "- [ ] %s", "> %s", "    %s", "```%s\na\n```", "```\n%s\n```", "a|b\n-|-\n%s|c", "[a]\n\n[a]: %s", "[a]\n\n[a]: b '%s'",
	"[a](javascript:%s)", "![a](javascript:%s)", "<javascript:%s>", "[a](data:text/html,%s)", "[a](VBScript:%s)",
	"https://a.example/%s", "www.a.example/%s", "*%s*", "\\%s", "a\n%s\nb",
}

func TestRenderAttacks(t *testing.T) {
	t.Parallel()
	m := New()
	for _, payload := range payloads(t) {
		for _, place := range places {
			body := strings.Replace(place, "%s", payload, 1)
			got := m.Render(body)
			checkSafe(t, got)
			checkUnchanged(t, m, written(m, body))
			if t.Failed() {
				t.Fatalf("body %q\nrendered %q", body, got)
			}
		}
	}
}

// What a person typed is shown: no letter or digit of an attack gets lost.
func TestRenderShowsAttacks(t *testing.T) {
	t.Parallel()
	m := New()
	for _, payload := range payloads(t) {
		got := m.Render(payload)
		if strings.ContainsAny(payload, "&") || strings.Contains(got, "<a ") || strings.Contains(got, "<img ") {
			continue // an entity or an address is shown otherwise than typed
		}
		shown := ""
		for _, n := range parseFragment(t, got) {
			shown += textOf(n)
		}
		if got, want := lettersOf(shown), lettersOf(payload); got != want {
			t.Errorf("of %q is shown only %q", payload, shown)
		}
	}
}

func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}
