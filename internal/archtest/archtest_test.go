package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

const (
	root   = "../.."
	module = "folkmoot/"
)

// house says what each folder is. A new one gets its line here before anything else.
var house = map[string]role{
	"cmd/folkmoot":      wiring,
	"client":            public,
	"internal/forum":    domain,
	"internal/web":      surface,
	"internal/api":      surface,
	"internal/httpkit":  shared,
	"internal/jobs":     shared,
	"internal/demo":     shared,
	"internal/archtest": shared,
	"internal/store":    adapter, // the engines below it belong to it
	"internal/markup":   adapter,
	"internal/password": adapter,
	"internal/importer": adapter,
	"internal/live":     adapter,
	"internal/mail":     adapter,
	"internal/blob":     adapter,
	"internal/oidc":     adapter,
	"internal/metrics":  adapter,
	"internal/proof":    adapter,
}

type role string

const (
	wiring  role = "wiring"  // main and its commands: the only place that knows everybody
	public  role = "public"  // for programs outside the project
	domain  role = "domain"  // the nouns and rules
	surface role = "surface" // turns requests into calls of forum.Service
	shared  role = "shared"  // serves surfaces or the process
	adapter role = "adapter" // one outside thing behind an interface of the domain
)

var (
	engines      = []string{"internal/store/sqlite", "internal/store/postgres"}
	storetest    = "internal/store/storetest"
	linear       = "internal/proof/linear" // judges what any store or server was asked: a part of their tests
	testingTools = []string{
		"testing", "pgregory.net/rapid", "github.com/chromedp", "github.com/google/go-cmp", "go.uber.org/goleak",
		"github.com/anishathalye/porcupine", module + storetest, module + linear,
	}
)

// A rule forbids imports to the packages in or below its folders.
type rule struct {
	name    string
	reason  string
	folders []string
	except  []string // in or below folders, and free of the rule
	through bool     // also what the imported packages import in turn
	forbids func(importer, imported string) bool
}

var rules = []rule{
	{
		name:    "the domain imports the standard library only",
		reason:  "rules must be readable, testable and true without any engine, page or library",
		folders: []string{"internal/forum"},
		forbids: func(_, imported string) bool { return !standard(imported) && !within(imported, "internal/forum") },
	},
	{
		name:    "the domain knows neither HTTP nor SQL",
		reason:  "one way in for pages, API, commands and jobs, and two engines behind it",
		folders: []string{"internal/forum"},
		through: true,
		forbids: func(_, imported string) bool { return imported == "net/http" || imported == "database/sql" },
	},
	{
		name:    "pages import neither a store nor the API",
		reason:  "what a page shows has passed forum.Service, where permission is asked",
		folders: []string{"internal/web"},
		through: true,
		forbids: func(_, imported string) bool { return within(imported, "internal/store", "internal/api") },
	},
	{
		name:    "the API imports neither a store nor the pages",
		reason:  "what the API answers has passed forum.Service, where permission is asked",
		folders: []string{"internal/api"},
		through: true,
		forbids: func(_, imported string) bool { return within(imported, "internal/store", "internal/web") },
	},
	{
		name:    "only cmd/folkmoot names an engine",
		reason:  "an engine is chosen once; everything else must work on both",
		folders: []string{"cmd", "internal", "client"},
		except:  []string{"cmd/folkmoot", storetest},
		forbids: func(importer, imported string) bool {
			return slices.ContainsFunc(engines, func(e string) bool { return within(imported, e) && !within(importer, e) })
		},
	},
	{
		name:    "an adapter imports no other adapter, page or API",
		reason:  "each can be replaced alone; they meet in cmd/folkmoot through interfaces of the domain",
		folders: with(adapter),
		forbids: func(importer, imported string) bool {
			if within(importer, storetest) && within(imported, linear) {
				return false
			}
			return slices.ContainsFunc(with(adapter, surface), func(f string) bool { return within(imported, f) && !within(importer, f) })
		},
	},
	{
		name:    "product code imports no testing tools",
		reason:  "the program carries what it runs; a helper that tests and product share hides what is tested",
		folders: []string{"cmd", "internal", "client"},
		except:  []string{"internal/proof", storetest, "internal/store/postgres/pgtest"},
		forbids: func(_, imported string) bool {
			return slices.ContainsFunc(testingTools, func(t string) bool { return below(imported, t) })
		},
	},
}

func TestDependencyRules(t *testing.T) {
	packages := listPackages(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, folder := range slices.Concat(r.folders, r.except) {
				checkSeen(t, packages, folder)
			}
			for _, violation := range r.violations(packages) {
				t.Errorf("%s\n\t%s: %s", violation, r.name, r.reason)
			}
		})
	}
}

// A rule about a folder that holds no package proves nothing, unless the folder is yet to come.
func checkSeen(t *testing.T, packages map[string]listedPackage, folder string) {
	t.Helper()
	for path := range packages {
		if within(path, folder) {
			return
		}
	}
	if _, err := os.Stat(filepath.Join(root, folder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s exists, but go list sees no package in it (%v)", folder, err)
	}
}

func TestEveryFolderHasARole(t *testing.T) {
	for path := range listPackages(t) {
		if !within(path, "cmd", "internal", "client") {
			continue
		}
		known := false
		for folder := range house {
			known = known || within(path, folder)
		}
		if !known {
			t.Errorf("%s: say in archtest's house what it is, so that the rules hold for it", path)
		}
	}
}

func TestRulesSeeWhatTheyForbid(t *testing.T) {
	tests := []struct {
		importer string
		imported string
		want     string // the one rule that sees it; empty: allowed
	}{
		{"folkmoot/internal/forum", "golang.org/x/text/cases", "the domain imports the standard library only"},
		{"folkmoot/internal/forum/deep", "folkmoot/internal/markup", "the domain imports the standard library only"},
		{"folkmoot/internal/forum", "net/http", "the domain knows neither HTTP nor SQL"},
		{"folkmoot/internal/forum", "database/sql", "the domain knows neither HTTP nor SQL"},
		{"folkmoot/internal/forum", "time", ""},
		{"folkmoot/internal/web", "folkmoot/internal/store", "pages import neither a store nor the API"},
		{"folkmoot/internal/web/ui", "folkmoot/internal/api", "pages import neither a store nor the API"},
		{"folkmoot/internal/web", "folkmoot/internal/webhook", ""},
		{"folkmoot/internal/api", "folkmoot/internal/web/ui", "the API imports neither a store nor the pages"},
		{"folkmoot/internal/jobs", "folkmoot/internal/store/sqlite", "only cmd/folkmoot names an engine"},
		{"folkmoot/internal/store", "folkmoot/internal/store/postgres", "only cmd/folkmoot names an engine"},
		{"folkmoot/internal/store/postgres", "folkmoot/internal/store/sqlite", "only cmd/folkmoot names an engine"},
		{"folkmoot/internal/store/sqlite", "folkmoot/internal/store", ""},
		{"folkmoot/internal/store/storetest", "folkmoot/internal/store/sqlite", ""},
		{"folkmoot/cmd/folkmoot", "folkmoot/internal/store/sqlite", ""},
		{"folkmoot/internal/importer/stackexchange", "folkmoot/internal/markup", "an adapter imports no other adapter, page or API"},
		{"folkmoot/internal/mail", "folkmoot/internal/web/ui", "an adapter imports no other adapter, page or API"},
		{"folkmoot/internal/importer", "folkmoot/internal/importer/mbox", ""},
		{"folkmoot/internal/store/storetest", "folkmoot/internal/proof/linear", ""},
		{"folkmoot/internal/store/storetest", "folkmoot/internal/proof", "an adapter imports no other adapter, page or API"},
		{"folkmoot/internal/metrics", "folkmoot/internal/proof/linear", "an adapter imports no other adapter, page or APIproduct code imports no testing tools"},
		{"folkmoot/internal/httpkit", "testing/fstest", "product code imports no testing tools"},
		{"folkmoot/cmd/folkmoot", "folkmoot/internal/store/storetest", "product code imports no testing tools"},
		{"folkmoot/internal/proof/mutants", "pgregory.net/rapid", ""},
	}
	for _, tt := range tests {
		t.Run(tt.importer+" imports "+tt.imported, func(t *testing.T) {
			packages := map[string]listedPackage{
				tt.importer: {ImportPath: tt.importer, Imports: []string{tt.imported}},
			}
			var got string
			for _, r := range rules {
				if len(r.violations(packages)) > 0 {
					got += r.name
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rules that object (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRulesSeeThrough(t *testing.T) {
	packages := map[string]listedPackage{
		"folkmoot/internal/web":     {ImportPath: "folkmoot/internal/web", Imports: []string{"folkmoot/internal/httpkit"}},
		"folkmoot/internal/httpkit": {ImportPath: "folkmoot/internal/httpkit", Deps: []string{"folkmoot/internal/store"}},
	}
	var got []string
	for _, r := range rules {
		got = append(got, r.violations(packages)...)
	}
	want := []string{"folkmoot/internal/web imports folkmoot/internal/store through folkmoot/internal/httpkit"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func (r rule) violations(packages map[string]listedPackage) []string {
	var found []string
	for path, p := range packages {
		if !within(path, r.folders...) || within(path, r.except...) {
			continue
		}
		for _, imported := range p.Imports {
			if r.forbids(path, imported) {
				found = append(found, fmt.Sprintf("%s imports %s", path, imported))
			}
			if !r.through {
				continue
			}
			for _, dep := range packages[imported].Deps {
				if r.forbids(path, dep) {
					found = append(found, fmt.Sprintf("%s imports %s through %s", path, dep, imported))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

// Every module that a package or test of ours imports is explained in docs/dependencies.md, tools too.
func TestDependenciesAreExplained(t *testing.T) {
	explained, err := os.ReadFile(filepath.Join(root, "docs/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages := listPackages(t)
	used := map[string]string{} // module: who uses it
	for path, p := range packages {
		if !ours(path) {
			continue
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if m := packages[imported].Module; m != nil && !m.Main {
				used[m.Path] = path
			}
		}
	}
	for _, line := range strings.Fields(run(t, "go", "list", "-f", "{{.Module.Path}}", "tool")) {
		used[line] = "go tool"
	}
	for m, user := range used {
		if !bytes.Contains(explained, []byte("`"+m+"`")) {
			t.Errorf("docs/dependencies.md does not explain %s, which %s uses", m, user)
		}
	}
}

// What names the machine a file was written on works nowhere else.
func TestNoMachineInTheTree(t *testing.T) {
	for _, name := range trackedFiles(t) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not yet committed as such
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			continue // not text
		}
		for _, found := range machineNames(text) {
			t.Errorf("%s names %s", name, found)
		}
	}
}

func TestMachineNames(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"see /" + "work/main", []string{"/" + "work/"}},
		{"/" + "work/", []string{"/" + "work/"}},
		{"internal/work/queue.go, https://example.org/work/1", nil},
		{"GOPROXY=https://proxy." + "golang.org", []string{"proxy." + "golang.org"}},
		{"http://deb." + "debian.org/debian", []string{"deb." + "debian.org"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, machineNames([]byte(tt.text))); diff != "" {
			t.Errorf("machineNames(%q) (-want +got):\n%s", tt.text, diff)
		}
	}
}

var (
	machinePath = regexp.MustCompile(`(?:^|[^a-zA-Z0-9_.])(/` + `work/)`)
	registries  = []string{"proxy." + "golang.org", "registry." + "npmjs.org", "deb." + "debian.org"}
)

func machineNames(text []byte) []string {
	var found []string
	if m := machinePath.FindSubmatch(text); m != nil {
		found = append(found, string(m[1]))
	}
	for _, host := range registries {
		if bytes.Contains(text, []byte(host)) {
			found = append(found, host)
		}
	}
	return found
}

// avoid are the words docs/glossary.md asks not to use, in the singular, each with the one to use.
var avoid = map[string]string{
	"topic":   "Thread",
	"board":   "Category",
	"node":    "Category",
	"comment": "Post",
	"like":    "Reaction",
	"ban":     "Suspension or Silence",
	"banned":  "Suspended or Silenced",
}

func TestDomainSpeaksTheGlossary(t *testing.T) {
	files := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(root, "internal/forum/*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in internal/forum (%v)", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range avoidedNames(file) {
			t.Errorf("%s: %s: see docs/glossary.md for the word to use", files.Position(id.Pos()), id.Name)
		}
	}
}

func TestAvoidedNames(t *testing.T) {
	const source = `package p
		type Topic struct{ BoardID int; Thread int; Dashboard int; nodes []int }
		type Store interface{ DeleteComments() }
		const MaxLikesPerDay = 1
		var Urban, Banned int
		func (Topic) APIBan(Likely int) { topic := 1; _ = topic }`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range avoidedNames(file) {
		got = append(got, id.Name)
	}
	want := []string{"Topic", "BoardID", "DeleteComments", "MaxLikesPerDay", "Banned", "APIBan"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("avoided names (-want +got):\n%s", diff)
	}
}

// avoidedNames are the exported names the file declares that hold a word of avoid.
func avoidedNames(file *ast.File) []*ast.Ident {
	var found []*ast.Ident
	ast.Inspect(file, func(n ast.Node) bool {
		for _, id := range declared(n) {
			if id.IsExported() && slices.ContainsFunc(words(id.Name), avoided) {
				found = append(found, id)
			}
		}
		return true
	})
	return found
}

func avoided(word string) bool {
	word = strings.ToLower(word)
	return avoid[word] != "" || avoid[strings.TrimSuffix(word, "s")] != ""
}

func declared(n ast.Node) []*ast.Ident {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return []*ast.Ident{n.Name}
	case *ast.TypeSpec:
		return []*ast.Ident{n.Name}
	case *ast.ValueSpec:
		return n.Names
	case *ast.Field: // of a struct, an interface, a parameter list
		return n.Names
	}
	return nil
}

// words takes a Go name apart: APITokens is API and Tokens.
func words(name string) []string {
	var parts []string
	runes := []rune(name)
	start := 0
	for i := 1; i < len(runes); i++ {
		afterLower := unicode.IsUpper(runes[i]) && !unicode.IsUpper(runes[i-1])
		lastOfCapitals := unicode.IsUpper(runes[i]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if afterLower || lastOfCapitals {
			parts = append(parts, string(runes[start:i]))
			start = i
		}
	}
	return append(parts, string(runes[start:]))
}

// listedPackage is what `go list` says of a package, as far as it is asked here.
type listedPackage struct {
	ImportPath string
	Module     *struct {
		Path string
		Main bool
	}
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
}

// listPackages returns our packages and all that they and their tests need, by import path.
func listPackages(t *testing.T) map[string]listedPackage {
	t.Helper()
	out := run(t, "go", "list", "-deps", "-test", "-json=ImportPath,Module,Imports,Deps,TestImports,XTestImports", "./...")
	packages := map[string]listedPackage{}
	for decoder := json.NewDecoder(strings.NewReader(out)); ; {
		var p listedPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(p.ImportPath, "]") && !strings.HasSuffix(p.ImportPath, ".test") { // those are made for tests
			packages[p.ImportPath] = p
		}
	}
}

func trackedFiles(t *testing.T) []string {
	t.Helper()
	out := run(t, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.Bytes())
	}
	return string(out)
}

func with(roles ...role) []string {
	var folders []string
	for folder, r := range house {
		if slices.Contains(roles, r) {
			folders = append(folders, folder)
		}
	}
	return folders
}

func ours(path string) bool { return below(path, strings.TrimSuffix(module, "/")) }

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && !ours(path)
}

// within reports whether the package is in one of our folders or below it.
func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return below(path, module+folder) })
}

func below(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+"/") }
