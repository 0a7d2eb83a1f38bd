package markup

import (
	"net/url"
	"slices"

	"github.com/yuin/goldmark/util"
)

// The schemes a link may lead to and an image may come from, and those of images that are led to
// instead: browsers are told to show none that came in the clear. Addresses without a scheme lie on the
// forum itself.
var (
	linkSchemes  = []string{"http", "https", "mailto"}
	imageSchemes = []string{"https"}
	pictureLinks = []string{"http"}
)

// address returns destination as an attribute may hold it, before HTML escaping, and
// whether a page may lead there. What the sanitizer would refuse or write otherwise is
// refused and written so here.
func address(destination []byte, schemes []string) (string, bool) {
	u, err := url.Parse(string(util.URLEscape(destination, false)))
	if err != nil || u.Scheme != "" && !slices.Contains(schemes, u.Scheme) {
		return "", false
	}
	written := u.String()
	return written, written != ""
}
