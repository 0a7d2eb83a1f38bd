package markup

import (
	"strings"
	"testing"
)

// plainParagraph is 300 bytes of plain text, as most replies are.
const plainParagraph = `I had the same noise after changing the wheel, and for me it went away on its own after
some fifty kilometres. The pads need a while to take the shape of the new rim, and the rim
needs a while to lose what the machine left on it. If it has not gone by the end of the month
then clean both once more, thoroughly`

func BenchmarkRender(b *testing.B) {
	m := New()
	post := readFile(b, "testdata/render/post.md")
	for _, body := range []struct{ name, text string }{
		{"plain-300B", plainParagraph},
		{"post-1.7KB", post},
		{"long-32KB", strings.Repeat(post+"\n\n", 32<<10/len(post))},
		{"hostile-64KB", hostile["nested brackets"](largestBody)},
	} {
		b.Run(body.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body.text)))
			for b.Loop() {
				m.Render(body.text)
			}
		})
	}
}

func BenchmarkRenderParallel(b *testing.B) {
	m := New()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Render(plainParagraph)
		}
	})
}

func BenchmarkExcerpt(b *testing.B) {
	m := New()
	post := readFile(b, "testdata/render/post.md")
	b.ReportAllocs()
	for b.Loop() {
		m.Excerpt(post, 200)
	}
}

func BenchmarkText(b *testing.B) {
	m := New()
	post := readFile(b, "testdata/render/post.md")
	b.ReportAllocs()
	for b.Loop() {
		m.Text(post)
	}
}

func BenchmarkSlug(b *testing.B) {
	m := New()
	b.ReportAllocs()
	for b.Loop() {
		m.Slug("Rim brakes squeal after a wheel change – what now?")
	}
}

func BenchmarkFold(b *testing.B) {
	m := New()
	b.ReportAllocs()
	for b.Loop() {
		m.Fold("Jürgen Müller")
	}
}

func BenchmarkFromHTML(b *testing.B) {
	m := New()
	source := m.Render(readFile(b, "testdata/render/post.md"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.FromHTML(source); err != nil {
			b.Fatal(err)
		}
	}
}
