package stackexchange

import (
	"cmp"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// Markup is what importing needs of the forum's renderer.
type Markup interface {
	Render(body string) string
	FromHTML(html string) (string, error)
	Tag(name string) string
}

// body returns the Markdown of a post. Best is what its author typed, which the edit history
// has, where that shows here what the post shows there. It does not where the site changed
// posts without keeping history, and where it relied on HTML or marks of Stack Exchange's own
// (<kbd>, [tag:x]): then the HTML is turned into Markdown.
func body(m Markup, source, shown string) (text string, typed bool, err error) {
	if source != "" && fingerprint(m.Render(source)) == fingerprint(shown) {
		return source, true, nil
	}
	text, err = m.FromHTML(shown)
	return text, false, err
}

// fingerprint is what a reader gets of HTML: its letters and signs without blank space, with the
// addresses of links and images. An image that comes in the clear is a link with its words here.
func fingerprint(shown string) string {
	var seen strings.Builder
	for tokens := html.NewTokenizer(strings.NewReader(shown)); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			return seen.String()
		case html.TextToken:
			seen.WriteString(unspaced(tokens.Token().Data))
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := tokens.Token()
			if src := attribute(tag, "src"); tag.Data == "img" && strings.HasPrefix(src, "http:") {
				seen.WriteString("\x00" + src + "\x00" + cmp.Or(unspaced(attribute(tag, "alt")), src))
				continue
			}
			for _, a := range tag.Attr {
				if a.Key == "href" || a.Key == "src" || a.Key == "alt" {
					seen.WriteString("\x00" + a.Val + "\x00")
				}
			}
		}
	}
}

func unspaced(text string) string { return strings.Join(strings.FieldsFunc(text, unicode.IsSpace), "") }

func attribute(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// inline keeps the text of a comment, whose Markdown has no blocks, from becoming a list, a
// heading, code or the definition of a link here: "1) I agree" is no list there.
func inline(comment string) string {
	return blockStart.ReplaceAllString(indented.ReplaceAllString(comment, ""), `$1\$2`)
}

var (
	indented   = regexp.MustCompile(`(?m)^[ \t]+`)
	blockStart = regexp.MustCompile(`(?m)^(\d{0,9})(` + strings.Join([]string{
		`#{1,6}[ \t]`, `[-+*.)][ \t]`, `>`, `\|`, "```[^`\n]*$", `~~~`, `[-=*_][-=*_ \t]*$`, `\[[^\]\n]*\]:`,
	}, `|`) + `)`)
)
