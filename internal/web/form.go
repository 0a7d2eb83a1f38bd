package web

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// newKey makes the idempotency key of a form.
func newKey() string { return uuid.NewString() }

// newForm returns an empty form, with a key where a person is asked.
func newForm(r *http.Request) ui.Form {
	form := ui.Form{Values: url.Values{}}
	if actorOf(r).SignedIn() {
		form.Key = newKey()
	}
	return form
}

// again returns the form of a request as it was typed, with what is wrong with it. Its key stays,
// so that sending it once more cannot do anything twice.
func again(r *http.Request, in url.Values, err error) ui.Form {
	form := newForm(r)
	form.Values = in
	if key := in.Get("key"); key != "" {
		form.Key = key
	}
	return form.Wrong(err)
}

// readForm reads what a form sent. With an error it returns what could be read.
func readForm(r *http.Request) (url.Values, error) {
	content, err := io.ReadAll(io.LimitReader(r.Body, forum.MaxRequestBytes+1))
	if err == nil && len(content) > forum.MaxRequestBytes {
		err = &forum.Error{Kind: forum.TooLarge, Message: "the form is too large"}
	}
	if err != nil {
		return partOfForm(content), err
	}
	in, err := url.ParseQuery(string(content))
	if err != nil {
		return in, &forum.Error{Kind: forum.Invalid, Message: "this form did not arrive as browsers send it"}
	}
	r.PostForm = in
	return in, nil
}

// receive reads a form and takes one of who sent it's ration: in this order, so that what was
// typed is kept.
func (s *server) receive(r *http.Request, ration *httpkit.Ration) (url.Values, error) {
	in, err := readForm(r)
	if err != nil {
		return in, err
	}
	return in, s.kit.Spend(r.Context(), ration, in.Get("key"))
}

// partOfForm reads a form that breaks off, in the middle of a character perhaps.
func partOfForm(content []byte) url.Values {
	if last := bytes.LastIndexByte(content, '%'); last >= 0 && last > len(content)-3 {
		content = content[:last]
	}
	in, _ := url.ParseQuery(string(content)) // what can be read
	for _, values := range in {
		values[len(values)-1] = strings.ToValidUTF8(values[len(values)-1], "")
	}
	return in
}

// invalid reports whether err is about what was typed, so that the form is shown again.
func invalid(err error) bool { return err != nil && forum.KindOf(err) == forum.Invalid }

// keyFor derives the key of what one of several buttons asks for that share a form and its key.
func keyFor(in url.Values, path string) string {
	key, err := uuid.Parse(in.Get("key"))
	if err != nil {
		return in.Get("key")
	}
	asked := url.Values{}
	for name, values := range in {
		if name != "key" {
			asked[name] = values
		}
	}
	return uuid.NewSHA1(key, []byte(path+"?"+asked.Encode())).String()
}

// pathID reads an id or number of the address; it is 0, which nothing has, where that is malformed.
func pathID(r *http.Request, name string) int64 { return positive(r.PathValue(name)) }

func formatID[ID ~int64](id ID) string { return strconv.FormatInt(int64(id), 10) }

func formatNumber(n int64) string { return strconv.FormatInt(n, 10) }

func threadID(r *http.Request) forum.ThreadID { return forum.ThreadID(pathID(r, "id")) }

// positive reads a number as our own addresses write it: no sign, no leading zero.
func positive(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || text[0] == '0' || text[0] == '+' {
		return 0
	}
	return n
}

// chosen reads the id or number that a form names: 0 where it names none, and -1, which nothing has,
// where that is malformed, so that it is refused like one that is not there.
func chosen(in url.Values, name string) int64 {
	text := in.Get(name)
	if n := positive(text); n != 0 || text == "" {
		return n
	}
	return -1
}

// wrongField is what a form says that none of ours sends.
func wrongField(name, message string) error {
	return &forum.Error{Kind: forum.Invalid, Message: "some of the input cannot be accepted",
		Fields: []forum.FieldError{{Field: name, Message: message}}}
}

// tagsOf reads tags as people type them: with commas between.
func tagsOf(text string) []string {
	var tags []string
	for tag := range strings.SplitSeq(text, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// localPath returns next where it is an address of this server, else "/": nobody can make
// signing in lead elsewhere.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	return next
}
