package markup

import (
	"regexp"

	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/util"
)

// Bare addresses become links as in GitHub's dialect, but hosts and paths may be of any
// script, and the quotation marks and full stops of East Asian text end them; so does a
// backslash, which is in none and so ends the line behind an address or escapes what follows.
const addressRunes = "[^\\s\\p{Z}<>\"`\\\\\u2018-\u201f\u3001-\u3003\u3008-\u3011\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"

var (
	bareURL = regexp.MustCompile(`^https?://` + addressRunes)
	bareWWW = regexp.MustCompile(`^www\.` + addressRunes + `\.` + addressRunes)
)

// newParser returns a parser for CommonMark without raw HTML, which so becomes text,
// with GitHub's tables, strikethrough, bare addresses and task lists.
// The numbers are priorities, in goldmark's own order.
func newParser() parser.Parser {
	linkify := extension.NewLinkifyParser(
		extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"}),
		extension.WithLinkifyURLRegexp(bareURL),
		extension.WithLinkifyWWWRegexp(bareWWW))
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(affordable(extension.NewTaskCheckBoxParser()), 0),
			util.Prioritized(affordable(parser.NewCodeSpanParser()), 100),
			util.Prioritized(affordable(parser.NewLinkParser()), 200),
			util.Prioritized(affordable(parser.NewAutoLinkParser()), 300),
			util.Prioritized(affordable(parser.NewEmphasisParser()), 500),
			util.Prioritized(affordable(extension.NewStrikethroughParser()), 500),
			util.Prioritized(addressed{affordable(linkify)}, 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(fewDefinitions{parser.LinkReferenceParagraphTransformer}, 100),
			util.Prioritized(smallTables{extension.NewTableParagraphTransformer()}, 200),
		),
	)
}
