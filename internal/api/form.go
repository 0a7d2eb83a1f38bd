package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"folkmoot/internal/forum"
)

// form says how an input is read from a request. It is made once, from the input's type.
type form struct {
	params []param
	body   []int // the index of the field Body; nil where there is none
}

// param is a field that a header, a part of the path or of the query fills.
type param struct {
	index    []int
	in, name string
	min, max int64 // of a number
}

// keyHeader is the header of Keyed.
const keyHeader = "Idempotency-Key"

// id is a number that names something. Malformed, it names nothing: that is no other answer
// than that of an id which nothing has.
type id int64

var idType = reflect.TypeFor[id]()

func formOf[In any]() *form {
	f := new(form)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[In]()) {
		if field.Name == "Body" && len(field.Index) == 1 {
			f.body = field.Index
			continue
		}
		for _, in := range []string{"path", "query", "header"} {
			if name, given := field.Tag.Lookup(in); given {
				f.params = append(f.params, newParam(field, in, name))
			}
		}
	}
	return f
}

func newParam(field reflect.StructField, in, name string) param {
	p := param{index: field.Index, in: in, name: name}
	p.min, _ = strconv.ParseInt(field.Tag.Get("minimum"), 10, 64)
	p.max, _ = strconv.ParseInt(field.Tag.Get("maximum"), 10, 64)
	return p
}

// key is the idempotency key of a request, "" where the operation takes none.
func (f *form) key(r *http.Request) string {
	for i := range f.params {
		if f.params[i].name == keyHeader {
			return r.Header.Get(keyHeader)
		}
	}
	return ""
}

// read reads the body of a request into b where the operation takes one. It comes before all that may
// take long, since the server waits for a body only so long.
func (f *form) read(r *http.Request, b *bytes.Buffer) error {
	if f.body == nil {
		return nil
	}
	_, err := b.ReadFrom(r.Body)
	return err
}

// decode reads a request, whose body is text, into in, which is a pointer.
func (f *form) decode(r *http.Request, text []byte, in any) error {
	target := reflect.ValueOf(in).Elem()
	query, err := f.readQuery(r)
	if err != nil {
		return err
	}
	for i := range f.params {
		p := &f.params[i]
		value, err := p.text(r, query)
		if err != nil {
			return err
		}
		if err := p.set(target.FieldByIndex(p.index), value); err != nil {
			return err
		}
	}
	if f.body == nil {
		return nil
	}
	return decodeBody(r, text, target.FieldByIndex(f.body).Addr().Interface())
}

// readQuery reads the query. What is not known here is refused: a mistyped filter must not answer
// with the whole list.
func (f *form) readQuery(r *http.Request) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &forum.Error{Kind: forum.Invalid, Message: "the query of the address is malformed", Cause: err}
	}
	var unknown []forum.FieldError
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.ContainsFunc(f.params, func(p param) bool { return p.in == "query" && p.name == name }) {
			unknown = append(unknown, forum.FieldError{Field: shortened(name), Message: "is not known here"})
		}
	}
	if len(unknown) > 0 {
		return nil, &forum.Error{Kind: forum.Invalid, Message: "some of the input cannot be accepted",
			Fields: unknown[:min(len(unknown), maxUnknown)]}
	}
	return query, nil
}

// maxUnknown bounds how many unknown parameters a problem names.
const maxUnknown = 10

// text is what the request says for p, "" where it says nothing.
func (p *param) text(r *http.Request, query url.Values) (string, error) {
	var values []string
	switch p.in {
	case "path":
		return p.checked(r.PathValue(p.name))
	case "query":
		values = query[p.name]
	case "header":
		values = r.Header[p.name]
	}
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return p.checked(values[0])
	}
	return "", invalid(p.name, "is given more than once")
}

// storable tells text that a store can hold.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// checked refuses what no store can hold: a part of a path that holds it names nothing.
func (p *param) checked(text string) (string, error) {
	switch {
	case storable(text):
		return text, nil
	case p.in == "path":
		return "", forum.ErrNotFound
	}
	return "", invalid(p.name, "is not valid UTF-8 text")
}

func (p *param) set(field reflect.Value, text string) error {
	switch {
	case field.Kind() == reflect.String:
		field.SetString(text)
		return nil
	case text == "" && p.in != "path":
		return nil
	case field.Type() == idType:
		n, ok := parseID(text)
		if !ok {
			return forum.ErrNotFound
		}
		field.SetInt(n)
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return invalid(p.name, "must be a whole number")
	case n < p.min:
		return outside(p.name, "must be at least %d", p.min)
	case p.max != 0 && n > p.max:
		return outside(p.name, "must be at most %d", p.max)
	}
	field.SetInt(n)
	return nil
}

// parseID accepts one way of writing an id: digits, the first not zero.
func parseID(text string) (int64, bool) {
	if text == "" || text[0] < '1' || text[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func invalid(field, message string) error {
	return &forum.Error{Kind: forum.Invalid, Message: "some of the input cannot be accepted",
		Fields: []forum.FieldError{{Field: field, Message: message}}}
}

func outside(field, format string, limit int64) error {
	return &forum.Error{Kind: forum.Invalid, Message: "some of the input cannot be accepted",
		Fields: []forum.FieldError{{Field: field, Message: fmt.Sprintf(format, limit), Limit: limit}}}
}

// errMediaType is a body of another kind than JSON.
var errMediaType = errors.New("the body is not JSON by its Content-Type")

// decodeBody reads a JSON body. A missing content type is taken for JSON: what a browser can be
// made to send from another site was refused before.
func decodeBody(r *http.Request, text []byte, body any) error {
	if given := r.Header.Get("Content-Type"); given != "" && given != "application/json" {
		if media, _, err := mime.ParseMediaType(given); err != nil || media != "application/json" {
			return errMediaType
		}
	}
	if err := json.Unmarshal(text, body, decoding); err != nil {
		return undecodable(err, text)
	}
	return nil
}

// undecodable says in a person's words what is wrong with a body, and where.
func undecodable(err error, body []byte) error {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return &forum.Error{Kind: forum.Invalid, Message: "the request has no body: a JSON object is expected"}
	case errors.As(err, &semantic):
		if semantic.JSONPointer == "" {
			return &forum.Error{Kind: forum.Invalid, Message: "the body must be a JSON object"}
		}
		return invalid(fieldName(semantic.JSONPointer), wrongType(semantic))
	case errors.As(err, &syntactic):
		return malformed(syntactic, body)
	}
	return &forum.Error{Kind: forum.Invalid, Message: "the body is not valid JSON", Cause: err}
}

func malformed(err *jsontext.SyntacticError, body []byte) error {
	field := fieldName(err.JSONPointer)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return invalid(field, "is given more than once")
	case field != "" && !utf8.Valid(body[:min(len(body), int(err.ByteOffset)+utf8.UTFMax)]):
		return invalid(field, "is not valid UTF-8 text")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &forum.Error{Kind: forum.Invalid, Message: "the body is not valid JSON: it ends too early"}
	case field != "":
		return invalid(field, fmt.Sprintf("is not valid JSON: %v at byte %d", err.Err, err.ByteOffset))
	}
	return &forum.Error{Kind: forum.Invalid, Message: fmt.Sprintf("the body is not valid JSON: %v at byte %d", err.Err, err.ByteOffset)}
}

// longestFieldName bounds what a problem repeats of the input: no field of ours has a longer way to it.
const longestFieldName = 80

// fieldName writes the way to a field as problems name it: tags.0
func fieldName(pointer jsontext.Pointer) string {
	name := ""
	for token := range pointer.Tokens() {
		if name != "" {
			name += "."
		}
		if name += token; len(name) > longestFieldName {
			break
		}
	}
	return shortened(name)
}

func shortened(name string) string {
	if len(name) > longestFieldName {
		name = name[:longestFieldName] + "…"
	}
	return strings.ToValidUTF8(name, "")
}

func wrongType(err *json.SemanticError) string {
	if errors.Is(err, json.ErrUnknownName) {
		return "is not known here"
	}
	if err.GoType == nil {
		return "cannot be understood"
	}
	goType := err.GoType
	for goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	switch goType.Kind() {
	case reflect.String:
		return "must be text"
	case reflect.Int, reflect.Int64:
		return "must be a whole number"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Slice:
		return "must be a list"
	case reflect.Struct, reflect.Map:
		return "must be an object"
	}
	return "cannot be understood"
}
