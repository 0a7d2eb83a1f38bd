package markup

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
)

const linkRel = "nofollow ugc noopener"

// A repetition counted in the pattern ("{1,40}") would be compiled as often as that, at 70 kB each.
const languageRunes = `[\p{L}\p{N}_+#.-]+`

const maxLanguageName = 40 // runes

var languageName = regexp.MustCompile(`^` + languageRunes + `$`)

// isLanguageName reports whether name may stand in the class of a block of code.
func isLanguageName(name []byte) bool {
	return utf8.RuneCount(name) <= maxLanguageName && languageName.Match(name)
}

// newPolicy returns the one policy all rendered HTML passes: exactly what htmlWriter
// writes. A test holds it against everything the tests render: it changes nothing.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "hr", "br",
		"em", "strong", "del", "code", "pre", "div", "table", "thead", "tbody", "tr", "th", "td", "label", "details", "summary", "span")
	p.AllowNoAttrs().OnElements("label", "span")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-` + languageRunes + `$`)).OnElements("code")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^[ksnftcid]$`)).OnElements("span")
	p.AllowAttrs("tabindex").Matching(regexp.MustCompile(`^0$`)).OnElements("pre", "div")
	p.AllowAttrs("data-align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")

	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("disabled", "checked").Matching(regexp.MustCompile(`^$`)).OnElements("input")

	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes(linkSchemes...)
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^` + linkRel + `$`)).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^(https:|[^:]*([/?#]|$))`)).OnElements("img")
	p.AllowAttrs("alt", "title").OnElements("img")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	return p
}

// sanitize returns html as the policy lets it through. Most posts have no image, code of a
// named language or unusual link, and need not be asked for: HTML in which every '<' begins
// one of a few harmless tags is harmless whatever stands between them.
func (m *Markup) sanitize(html []byte) string {
	if onlyHarmlessTags(html) {
		return string(html)
	}
	var out bytes.Buffer
	out.Grow(len(html))
	if m.policy.SanitizeReaderToWriter(bytes.NewReader(html), &out) != nil {
		return "" // reading from memory and writing to it do not fail
	}
	return out.String()
}

func onlyHarmlessTags(html []byte) bool {
	for {
		start := bytes.IndexByte(html, '<')
		if start < 0 {
			return true
		}
		html = html[start:]
		end := bytes.IndexByte(html[:min(len(html), maxHarmlessTag)], '>') + 1
		if end == 0 || !isConstantTag(html[:end]) && !isPlainLink(html[:end]) {
			return false
		}
		html = html[end:]
	}
}

// maxHarmlessTag is how many bytes a tag may have that is not asked for; all but links are far shorter.
const maxHarmlessTag = 256

// isPlainLink reports whether tag is a link that htmlWriter writes, to an address of which
// there is no other reading: a host, and behind it ASCII letters, digits and a few marks that
// neither HTML nor a URL's path or query gives a meaning the policy could write otherwise.
func isPlainLink(tag []byte) bool {
	address, isLink := bytes.CutPrefix(tag, []byte(`<a href="https://`))
	address, isWhole := bytes.CutSuffix(address, []byte(`" rel="`+linkRel+`">`))
	if !isLink || !isWhole || len(address) == 0 || bytes.IndexAny(address, "/?") == 0 {
		return false
	}
	for _, c := range address {
		if !plainAddressBytes[c] {
			return false
		}
	}
	return true
}

var plainAddressBytes = func() (table [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/?=") {
		table[c] = true
	}
	return table
}()

// isConstantTag reports whether tag is one that htmlWriter writes without anything a
// person typed.
func isConstantTag(tag []byte) bool {
	switch string(tag) {
	case "<p>", "</p>", "<br>", "</a>", "<em>", "</em>", "<strong>", "</strong>", "<del>", "</del>", "<code>", "</code>",
		"<h3>", "</h3>", "<h4>", "</h4>", "<h5>", "</h5>", "<h6>", "</h6>", "<hr>",
		"<blockquote>", "</blockquote>", "<details>", "</details>", "<summary>", "</summary>", "<span>", "</span>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>", "</li>",
		"<label>", "</label>", `<input type="checkbox" disabled="">`, `<input type="checkbox" disabled="" checked="">`,
		`<pre tabindex="0">`, "</pre>", `<div tabindex="0">`, "</div>", "<table>", "</table>",
		"<thead>", "</thead>", "<tbody>", "</tbody>", "<tr>", "</tr>", "<th>", "</th>", "<td>", "</td>",
		`<th data-align="left">`, `<th data-align="center">`, `<th data-align="right">`,
		`<td data-align="left">`, `<td data-align="center">`, `<td data-align="right">`:
		return true
	}
	return false
}
