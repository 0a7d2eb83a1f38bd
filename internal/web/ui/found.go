package ui

// Found is what a page says of itself to programs that find, preview and follow it. Zero asks
// them not to show it. Addresses are paths.
type Found struct {
	Path        string // the canonical one
	Description string // plain text, "" where there is none
	Feed        string // what follows the page, "" where there is nothing
	Article     bool   // what people wrote, rather than a list
	// Data describes the page as JSON-LD, with absolute addresses; nil where there is nothing to describe.
	Data func(absolute func(path string) string) any
}

// absolute is the address of a path as other sites name it. Where nobody said the public origin it
// is the path.
func (f Frame) absolute(path string) string {
	if f.Absolute == nil {
		return path
	}
	return f.Absolute(path)
}

func (f Found) openGraphType() string {
	if f.Article {
		return "article"
	}
	return "website"
}

func (f Frame) data() any { return f.Found.Data(f.absolute) }
