package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// openAPI is the document, as far as it is asked here.
type openAPI struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]any }
}

type operation struct {
	OperationID string
	Summary     string
	Parameters  []struct{ Name, In string }
	RequestBody *struct{ Content map[string]any }
	Responses   map[string]any
}

func (s *site) document() (doc openAPI, text string) {
	s.Helper()
	text = s.must(http.StatusOK, "", "GET", "/openapi.json", nil).text
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		s.Fatal(err)
	}
	return doc, text
}

var inBraces = regexp.MustCompile(`\{([a-z_]+)\}`)

func TestDocument(t *testing.T) {
	t.Parallel()
	doc, text := newSite(t).document()
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("openapi is %q, want 3.1", doc.OpenAPI)
	}
	seen := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, op := range operations {
			name := strings.ToUpper(method) + " " + path
			if op.OperationID == "" || seen[op.OperationID] || op.Summary == "" {
				t.Errorf("%s: its id %q is none or not its own, or it has no summary", name, op.OperationID)
			}
			seen[op.OperationID] = true
			var documented []string
			for _, p := range op.Parameters {
				if p.In == "path" {
					documented = append(documented, p.Name)
				}
			}
			for _, match := range inBraces.FindAllStringSubmatch(path, -1) {
				if !slices.Contains(documented, match[1]) {
					t.Errorf("%s: %s is not documented", name, match[1])
				}
			}
			if writes := method == "post" || method == "put" || method == "patch"; !writes && op.RequestBody != nil {
				t.Errorf("%s has a body", name)
			}
			if op.Responses["4XX"] == nil {
				t.Errorf("%s does not say how it refuses", name)
			}
		}
	}
	for _, match := range regexp.MustCompile(`"\$ref":"#/components/schemas/([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if doc.Components.Schemas[match[1]] == nil {
			t.Errorf("the schema %s is missing", match[1])
		}
	}
	if schemas := doc.Components.Schemas; schemas["ErrorModel"] != nil || schemas["Problem"] == nil {
		t.Errorf("the schemas of problems are not ours: %v", slices.Sorted(maps.Keys(schemas)))
	}
}

// Every operation of the document is served, and says what it is documented to say: no field more, none less.
func TestAnswersAreAsDocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.indexed()
	doc, _ := w.document()
	for _, reading := range []bool{true, false} { // before anything changes
		w.askAll(t, doc, reading)
	}
}

func (w *world) askAll(t *testing.T, doc openAPI, reading bool) {
	t.Helper()
	values := map[string]string{"thread_id": "{open}", "number": "3", "category_id": "{general}", "name": "ann", "mark": "deleted", "token_id": "1"}
	for path, operations := range doc.Paths {
		for method, op := range operations {
			if reading != (method == "get") {
				continue
			}
			concrete := inBraces.ReplaceAllStringFunc(path, func(in string) string { return w.path(values[strings.Trim(in, "{}")]) })
			got := w.do("admin", strings.ToUpper(method), concrete+map[bool]string{true: "?q=third"}[path == "/search"], bodyOf(method))
			if got.status == http.StatusNotFound && got.at("type") != nil && method == "get" || got.status == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is not served: %d", method, path, got.status)
			}
			if method != "get" {
				continue
			}
			schema := fmt.Sprint(op.Responses["200"])
			name := regexp.MustCompile(`#/components/schemas/(\w+)`).FindStringSubmatch(schema)[1]
			checkSchema(t, doc, "GET "+path, name, got.body)
		}
	}
}

func bodyOf(method string) any {
	if method == "get" || method == "delete" {
		return nil
	}
	return values{"nothing": "of use"} // refused everywhere: nothing moves
}

// checkSchema compares an object's fields with those of its schema, and goes on below.
func checkSchema(t *testing.T, doc openAPI, where, name string, got map[string]any) {
	t.Helper()
	schema := doc.Components.Schemas[name].(map[string]any)
	properties := schema["properties"].(map[string]any)
	for field, value := range got {
		property, known := properties[field].(map[string]any)
		if !known {
			t.Errorf("%s: %s is not documented in %s", where, field, name)
			continue
		}
		below, _ := property["$ref"].(string)
		if items, list := property["items"].(map[string]any); list {
			below, _ = items["$ref"].(string)
		}
		below = strings.TrimPrefix(below, "#/components/schemas/")
		if below == "" {
			continue
		}
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, item := range list {
			checkSchema(t, doc, where+" "+field, below, item.(map[string]any))
		}
	}
	required, _ := schema["required"].([]any)
	for _, field := range required {
		if _, there := got[field.(string)]; !there {
			t.Errorf("%s: %s is required in %s, and missing", where, field, name)
		}
	}
}
