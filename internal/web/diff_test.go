package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	tests := []struct{ earlier, later, want string }{
		{"", "", ""},
		{"as it was", "as it was", "as it was"},
		{"", "new", "+new+"},
		{"old", "", "-old-"},
		{"They do.", "They do, mostly.", "They do+, mostly+."},
		{"half a millimetre", "half a centimetre", "half a -millimetre-+centimetre+"},
		{"星期六早上八点", "星期日早上八点", "星期-六-+日+早上八点"},
		{"one\n\ntwo", "one\n\ntwo\n\nthree", "one\n\ntwo+\n\nthree+"},
		{"<b>\xff", "<b>\x00", "<b>-\xff-+\x00+"},
	}
	for _, tt := range tests {
		var got string
		for _, part := range changes(tt.earlier, tt.later) {
			switch {
			case part.In:
				got += "+" + part.Text + "+"
			case part.Out:
				got += "-" + part.Text + "-"
			default:
				got += part.Text
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q to %q (-want +got):\n%s", tt.earlier, tt.later, diff)
		}
	}
}

// Whatever is compared, what was kept and put in is the later text, and what was kept and taken out the earlier.
func TestChangesLoseNothing(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 70_000 { // more words than there are runes before the surrogates
		fmt.Fprintf(&many, "%x ", i)
	}
	for _, texts := range [][2]string{
		{many.String(), "0 " + many.String() + " end"},
		{strings.Repeat("a b ", 16_000), strings.Repeat("b c ", 16_000)},
	} {
		start := time.Now()
		var earlier, later strings.Builder
		for _, part := range changes(texts[0], texts[1]) {
			if !part.In {
				earlier.WriteString(part.Text)
			}
			if !part.Out {
				later.WriteString(part.Text)
			}
		}
		if earlier.String() != texts[0] || later.String() != texts[1] {
			t.Errorf("of texts of %d and %d bytes, %d and %d came back", len(texts[0]), len(texts[1]), earlier.Len(), later.Len())
		}
		t.Logf("%d bytes took %s", len(texts[0]), time.Since(start))
	}
}
