package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

const description = `Everything the pages can do. Read without a token, write with one: a session's from
/sign-in, or one made by POST /tokens.

Every number is exact and from the same snapshot as what it stands beside, except where it says approximate.
What you may not see and what does not exist answer alike. Errors are problems (RFC 9457); a parameter or
field that is not known here is one, too.`

// newDocument begins the OpenAPI document. Huma's own pages are left out: they load scripts from elsewhere.
func newDocument() huma.API {
	return huma.NewAPI(huma.Config{OpenAPI: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Folkmoot", Version: "1", Description: description,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
		Servers:  []*huma.Server{{URL: Prefix}},
		Security: []map[string][]string{{}, {"bearer": {}}},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "A session's secret (fms_...) or a token (fmt_...)."},
			},
		},
	}}, unrouted{})
}

// unrouted is a router that routes nothing: Huma writes the document, route.go serves.
type unrouted struct{}

func (unrouted) Handle(*huma.Operation, func(huma.Context))   {}
func (unrouted) ServeHTTP(http.ResponseWriter, *http.Request) {}

// document adds an operation to the document, by the types of its handler.
func document[In, Out any](doc huma.API, op *operation, status int) {
	huma.Register(doc, huma.Operation{
		OperationID:   op.id,
		Method:        op.method,
		Path:          op.path,
		Summary:       op.summary,
		Description:   rationed(op.ration),
		Tags:          []string{op.section()},
		DefaultStatus: status,
		Responses:     map[string]*huma.Response{"4XX": problemResponse(doc), "5XX": problemResponse(doc)},
	}, func(context.Context, *In) (*Out, error) { return nil, nil })
	if operation := doc.OpenAPI().Paths[op.path].Get; op.method == http.MethodGet && operation.Responses["200"].Headers["ETag"] != nil {
		operation.Responses["304"] = &huma.Response{Description: "You have this version"}
		operation.Parameters = append(operation.Parameters, &huma.Param{Name: "If-None-Match", In: "header",
			Description: "The ETag of what you have.", Schema: &huma.Schema{Type: huma.TypeString}})
	}
}

// section is the noun that an operation is about.
func (op *operation) section() string {
	section, _, _ := strings.Cut(strings.TrimPrefix(op.path, "/"), "/")
	return section
}

// in finds an operation in the document.
func (op *operation) in(doc *huma.OpenAPI) *huma.Operation {
	item := doc.Paths[op.path]
	return map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete}[op.method]
}

func rationed(ration *httpkit.Ration) string {
	if ration == nil {
		return ""
	}
	return fmt.Sprintf("Takes one of your %s: %d at once, and as many again within %.0f seconds. The RateLimit headers say what is left.",
		ration.Act, ration.Quota, ration.Window.Seconds())
}

// problemResponse documents what every operation may answer instead of its success.
func problemResponse(doc huma.API) *huma.Response {
	schema := doc.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	return &huma.Response{Description: "What went wrong",
		Content: map[string]*huma.MediaType{problemType: {Schema: schema}}}
}

// limited writes lines of the limits table into the schema of an object, at the fields they name.
func limited(schema *huma.Schema, limits ...forum.Limit) *huma.Schema {
	for _, limit := range limits {
		text := schema.Properties[limit.Field]
		if text.Items != nil {
			text = text.Items
		}
		text.MinLength, text.MaxLength = &limit.Min, &limit.Max
	}
	return schema
}

// finishDocument takes out what Huma documents and nothing answers.
func finishDocument(doc *huma.OpenAPI) *huma.OpenAPI {
	delete(doc.Components.Schemas.Map(), "ErrorModel") // Huma's own problems
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
	for _, schema := range doc.Components.Schemas.Map() {
		for _, field := range schema.Properties {
			field.Nullable = field.Nullable && field.Type != huma.TypeArray // an empty list is written as such
		}
	}
	return doc
}

// serveDocument writes the document when it is first asked for: the server starts without it.
func (s *server) serveDocument() httpkit.HandlerFunc {
	text := sync.OnceValues(func() ([]byte, error) { return json.Marshal(s.finished()) })
	return func(w http.ResponseWriter, _ *http.Request) error {
		body, err := text()
		if err != nil {
			return fmt.Errorf("writing the OpenAPI document: %w", err)
		}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
		return nil
	}
}
