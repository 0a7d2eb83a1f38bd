package markup

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// slowest is what any input of a fuzz target may take. Fuzzing itself slows everything down
// many times; this finds what grows with the square, not what is slow.
const slowest = 2 * time.Second

func FuzzRender(f *testing.F) {
	m := New()
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	for _, e := range readExamples(f) {
		f.Add(e.Markdown)
	}
	for _, generate := range hostile {
		f.Add(generate(300))
	}
	f.Add(readFile(f, "testdata/render/post.md"))
	f.Fuzz(func(t *testing.T, body string) {
		start := time.Now()
		source := appendClean(nil, body)
		m.parser.Parse(text.NewReader(source), parser.WithContext(newContext(source))) // panics are not caught here
		rendered := m.Render(body)
		if took := time.Since(start); took > slowest && len(body) <= largestBody {
			t.Errorf("took %v", took)
		}
		checkSafe(t, rendered)
		checkUnchanged(t, m, written(m, body))
		checkUnchanged(t, m, rendered)
		if excerpt := m.Excerpt(body, 50); utf8.RuneCountInString(excerpt) > 50 || !utf8.ValidString(excerpt) || strings.Contains(excerpt, "\n") {
			t.Errorf("excerpt %q", excerpt)
		}
	})
}

func FuzzFromHTML(f *testing.F) {
	m := New()
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	for _, e := range readExamples(f) {
		f.Add(e.HTML)
	}
	for _, test := range fromHTMLTests {
		f.Add(test.html)
	}
	f.Fuzz(func(t *testing.T, source string) {
		start := time.Now()
		markdown, err := m.FromHTML(source)
		if took := time.Since(start); took > slowest {
			t.Errorf("took %v", took)
		}
		if err != nil {
			if strings.Contains(err.Error(), "panicked") {
				t.Error(err)
			}
			return
		}
		if !utf8.ValidString(markdown) {
			t.Errorf("not UTF-8: %q", markdown)
		}
		checkSafe(t, m.Render(markdown))
	})
}

func FuzzNames(f *testing.F) {
	m := New()
	for _, test := range slugTests {
		f.Add(test.title)
	}
	for _, test := range foldTests {
		f.Add(test.name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		checkSlug(t, m, name)
		checkFold(t, m, name)
	})
}
