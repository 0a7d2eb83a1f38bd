package importer

import (
	"strings"
	"testing"

	"folkmoot/internal/forum"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
		dropped          bool
	}{
		{"as it is", "one\n\n    two\tthree", "one\n\n    two\tthree", false},
		{"line ends", "a\r\nb\rc\u2028d", "a\nb\nc\nd", false},
		{"blank ends", "\n\n    code\n \t\n", "    code", false},
		{"control characters", "a\x00b\x1bc\u0085d\uFEFF", "abcd", true},
		{"bytes that are no UTF-8", "a\xffb", "ab", true},
		{"joined signs stay", "👩‍🚀 \u200e", "👩‍🚀 \u200e", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, dropped := Clean(tt.text)
			if got != tt.want || dropped != tt.dropped {
				t.Errorf("Clean(%q) = %q, %v, want %q, %v", tt.text, got, dropped, tt.want, tt.dropped)
			}
		})
	}
}

// What Clean returns has characters that the forum takes, whatever it was given.
func FuzzClean(f *testing.F) {
	f.Add("a\x00\r\n\u2029\uFEFF b")
	f.Add("\ufffb")
	f.Fuzz(func(t *testing.T, text string) {
		limit := forum.LimitBody
		limit.Min, limit.Max, limit.Bytes = 0, 1<<30, 1<<30
		got, _ := Clean(text)
		if wrong := limit.Check(got); wrong != nil {
			t.Errorf("Clean(%q) = %q, which %s", text, got, wrong.Message)
		}
		limit.Lines = false
		line, _ := CleanLine(text)
		if wrong := limit.Check(line); wrong != nil || strings.TrimSpace(line) != line {
			t.Errorf("CleanLine(%q) = %q: %v", text, line, wrong)
		}
	})
}
