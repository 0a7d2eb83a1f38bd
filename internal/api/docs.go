package api

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed" // the examples and the style of the page
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// docsPage is the OpenAPI document for people: everything on one page, which the browser searches.
type docsPage struct {
	Description []string // paragraphs
	Sections    []docsSection
	Objects     []docsObject
	Problems    []docsProblem
}

// docsSection is the operations about one noun.
type docsSection struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Description string

	Parameters []docsField
	Body       *docsObject
	Answers    []docsAnswer
	Examples   []example
}

// docsField is a parameter, or a field of an object.
type docsField struct {
	Name     string
	In       string // of a parameter: path, query, header
	Kind     string
	Object   string // the one it holds, "" where it holds none
	Required bool
	Limits   string
	Text     string
}

type docsObject struct {
	Name   string
	Fields []docsField
}

type docsAnswer struct {
	Status, Text string
	Object       string
	Headers      []docsField
}

type docsProblem struct {
	Status      int
	Type, Title string
}

// example is a request that runs as it stands, and what is answered to it: a test sends each to a
// server, one after another, and compares. FORUM is where the forum is, TOKEN that of who asks.
type example struct {
	Operation string          `json:"operation"`
	As        string          `json:"as"` // a role, "" is a visitor
	Curl      string          `json:"curl"`
	Status    int             `json:"status"`
	Answer    json.RawMessage `json:"answer,omitempty"`
}

//go:embed examples.json
var examplesFile []byte

//go:embed docs.css
var docsStyle []byte

// docsPolicy lets the page load its style, and nothing else.
const docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// serveDocs makes the page when it is first asked for: the server starts without it.
func (s *server) serveDocs() httpkit.HandlerFunc {
	page := sync.OnceValues(func() (*staticFile, error) {
		var examples []example
		if err := json.Unmarshal(examplesFile, &examples); err != nil {
			return nil, fmt.Errorf("reading the examples: %w", err)
		}
		var html bytes.Buffer
		if err := newDocsPage(s.finished(), s.operations, examples).content().Render(context.Background(), &html); err != nil {
			return nil, fmt.Errorf("writing the documentation: %w", err)
		}
		return newStaticFile("text/html; charset=utf-8", html.Bytes()), nil
	})
	return func(w http.ResponseWriter, r *http.Request) error {
		file, err := page()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Security-Policy", docsPolicy)
		return file.serve(w, r)
	}
}

// staticFile is an answer that is the same for everybody as long as the program runs.
type staticFile struct {
	kind, etag   string
	text, zipped []byte
}

func newStaticFile(kind string, text []byte) *staticFile {
	sum := sha256.Sum256(text)
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, _ = writer.Write(text) // memory does not fail
	_ = writer.Close()
	return &staticFile{kind, hex.EncodeToString(sum[:12]), text, zipped.Bytes()}
}

func (f *staticFile) serve(w http.ResponseWriter, r *http.Request) error {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	text, etag := f.text, `"`+f.etag+`"`
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		text, etag = f.zipped, `"`+f.etag+`-gz"`
		header.Set("Content-Encoding", "gzip")
	}
	if httpkit.NotModified(w, r, etag) {
		return nil
	}
	header.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text)
	return nil
}

func newDocsPage(doc *huma.OpenAPI, operations []*operation, examples []example) docsPage {
	p := docsPage{Description: strings.Split(doc.Info.Description, "\n\n")}
	for _, op := range operations {
		described := newDocsOperation(doc, op)
		for _, e := range examples {
			if e.Operation == op.id {
				described.Examples = append(described.Examples, e)
			}
		}
		section := op.section()
		at := slices.IndexFunc(p.Sections, func(s docsSection) bool { return s.Name == section })
		if at < 0 {
			at = len(p.Sections)
			p.Sections = append(p.Sections, docsSection{Name: section})
		}
		p.Sections[at].Operations = append(p.Sections[at].Operations, described)
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		p.Objects = append(p.Objects, docsObject{name, docsFields(schemas[name])})
	}
	for kind, named := range problemKinds {
		p.Problems = append(p.Problems, docsProblem{httpkit.Status(kind), "urn:folkmoot:problem:" + named.name, named.title})
	}
	slices.SortFunc(p.Problems, func(a, b docsProblem) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Type, b.Type))
	})
	return p
}

func newDocsOperation(doc *huma.OpenAPI, op *operation) docsOperation {
	documented := op.in(doc)
	described := docsOperation{ID: op.id, Method: op.method, Path: Prefix + op.path, Summary: op.summary, Description: documented.Description}
	for _, param := range documented.Parameters {
		field := newDocsField(param.Name, param.Schema)
		field.In, field.Required, field.Text = param.In, param.Required, cmp.Or(param.Description, field.Text)
		described.Parameters = append(described.Parameters, field)
	}
	if documented.RequestBody != nil {
		schema := documented.RequestBody.Content["application/json"].Schema
		described.Body = &docsObject{objectOf(schema), docsFields(doc.Components.Schemas.SchemaFromRef(schema.Ref))}
	}
	for _, status := range slices.Sorted(maps.Keys(documented.Responses)) {
		described.Answers = append(described.Answers, newDocsAnswer(status, documented.Responses[status]))
	}
	return described
}

func newDocsAnswer(status string, response *huma.Response) docsAnswer {
	a := docsAnswer{Status: status, Text: response.Description}
	for _, media := range response.Content {
		a.Object = objectOf(media.Schema)
	}
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		header := newDocsField(name, response.Headers[name].Schema)
		header.Text = cmp.Or(response.Headers[name].Description, header.Text)
		a.Headers = append(a.Headers, header)
	}
	return a
}

// docsFields are the fields of an object, those that must be there first.
func docsFields(schema *huma.Schema) []docsField {
	var fields []docsField
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := newDocsField(name, schema.Properties[name])
		field.Required = slices.Contains(schema.Required, name)
		fields = append(fields, field)
	}
	slices.SortStableFunc(fields, func(a, b docsField) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return fields
}

func newDocsField(name string, schema *huma.Schema) docsField {
	field := docsField{Name: name, Kind: kindOf(schema), Object: objectOf(schema), Text: schema.Description}
	if of, isMap := schema.AdditionalProperties.(*huma.Schema); isMap && of.Ref != "" {
		field.Kind, field.Object = "object that holds, by name,", objectOf(of)
	}
	if schema.Items != nil {
		field.Object = objectOf(schema.Items)
	}
	field.Limits = limitsOf(schema)
	return field
}

// kindOf is what JSON a schema asks for, in words.
func kindOf(schema *huma.Schema) string {
	kind := schema.Type
	switch {
	case schema.Ref != "":
		kind = "object"
	case schema.Format == "date-time":
		kind = "time"
	case kind == huma.TypeArray && schema.Items != nil:
		kind = "list of " + kindOf(schema.Items) + "s"
	case kind == huma.TypeInteger:
		kind = "whole number"
	case kind == huma.TypeString:
		kind = "text"
	case kind == huma.TypeBoolean:
		kind = "true or false"
	}
	if schema.Nullable {
		kind += " or null"
	}
	return kind
}

// objectOf is the name of the object that a schema refers to, "" where it refers to none.
func objectOf(schema *huma.Schema) string {
	return strings.TrimPrefix(schema.Ref, "#/components/schemas/")
}

func limitsOf(schema *huma.Schema) string {
	var limits []string
	add := func(format string, args ...any) { limits = append(limits, fmt.Sprintf(format, args...)) }
	if len(schema.Enum) > 0 {
		var names []string
		for _, value := range schema.Enum {
			names = append(names, fmt.Sprint(value))
		}
		add("one of %s", strings.Join(names, ", "))
	}
	if schema.Minimum != nil {
		add("at least %v", *schema.Minimum)
	}
	if schema.Maximum != nil {
		add("at most %v", *schema.Maximum)
	}
	for _, text := range []*huma.Schema{schema, schema.Items} {
		if text != nil && text.MaxLength != nil && text.MinLength != nil {
			add("%d to %d characters", *text.MinLength, *text.MaxLength)
		}
	}
	if schema.MaxItems != nil {
		add("at most %d of them", *schema.MaxItems)
	}
	return strings.Join(limits, "; ")
}

// answer is the example's answer as it is read.
func (e example) answer() string {
	var indented bytes.Buffer
	if json.Indent(&indented, e.Answer, "", "  ") != nil {
		return ""
	}
	return indented.String()
}

// asks says whose token an example needs.
func (e example) asks() string {
	switch forum.Role(e.As) {
	case "":
		return "Anybody may ask this."
	case forum.Member:
		return "TOKEN is of a member."
	case forum.Moderator:
		return "TOKEN is of a moderator."
	}
	return "TOKEN is of an administrator."
}
