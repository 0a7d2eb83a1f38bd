package markup

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pieces are what Markdown and attacks on it are made of.
var pieces = []string{
	"*", "**", "_", "__", "~", "~~", "`", "``", "```", "[", "]", "](", ")", "(", "![", "][", "]: ", "[a]: b\n", "[a]", "<", ">", "</", "/>",
	"\n", "\n\n", "  \n", "\\\n", "> ", "- ", "1. ", "* ", "+ ", "    ", "\t", " ", "# ", "###### ", "===\n", "---\n", "***\n",
	"|", "a|b\n-|-\n", "|:-:|", "\\|", "[ ] ", "[x] ", "\\", "&", "&lt;", "&#60;", "&#x22;", "&#0;", "&#x1F600;", "&amp;lt;", "&nosuch;",
	"http://", "https://a.example/", "www.a.example", "mailto:", "javascript:", "JaVaScRiPt:", "data:text/html,", "vbscript:", "//", ":", "a@b.example",
	"\"", "'", "=", "a", "b c", "ä", "鳴", "\u0301", "\u200d", "\u202e", "\x00", "\x07", "\r", "\r\n", "\xff", "\u00a0", "\u2028", "\ufeff",
	"<script>", "<b>", "<!--", "-->", "<![CDATA[", "<?", "<a href=\"", "\" onclick=\"", "%", "%3C", "%zz", ";", "?", "#", "1", "9", ".", "!", "~~~", "~~~a\"b\n",
}

// Whatever is put together from the pieces is safe, and the policy has nothing to change.
func TestRenderAnything(t *testing.T) {
	t.Parallel()
	m := New()
	check := func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 40).Draw(t, "pieces"), "")
		rendered := m.Render(body)
		checkSafe(t, rendered)
		checkUnchanged(t, m, written(m, body))
		checkSlug(t, m, body)
		checkFold(t, m, body)
	}
	for range 20 { // times rapid's own hundred
		rapid.Check(t, check)
	}
}
