package archtest

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sqlText is a text that may be SQL: a migration, or a string of Go as far as it is constant. What
// is not stands in it as a question mark.
type sqlText struct {
	file   string
	pieces []sqlPiece
}

// sqlPiece is a part of a text that was written in one place.
type sqlPiece struct {
	text string
	line int
	raw  bool // a line of it is a line of the file
}

// sqlToken is a word (in capitals), a number, a string, or one character.
type sqlToken struct {
	text string
	line int
}

func (s sqlText) String() string {
	var text strings.Builder
	for _, p := range s.pieces {
		text.WriteString(p.text)
	}
	return text.String()
}

// line is the line of the file that a place of the text is on.
func (s sqlText) line(offset int) int {
	for _, p := range s.pieces {
		switch {
		case offset >= len(p.text):
			offset -= len(p.text)
		case p.raw:
			return p.line + strings.Count(p.text[:offset], "\n")
		default:
			return p.line
		}
	}
	return 0
}

// sqlWords takes SQL apart: comments, quoted strings, names and numbers, parameters, anything else.
var sqlWords = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\$?[\pL\pN_]+|\$\$|"|\S`)

// statements are the tokens of the text, cut at semicolons.
func (s sqlText) statements() [][]sqlToken {
	text := s.String()
	statements := [][]sqlToken{nil}
	for _, at := range sqlWords.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		last := len(statements) - 1
		switch {
		case strings.HasPrefix(word, "--"), strings.HasPrefix(word, "/*"), word == `"`:
		case word == ";":
			statements = append(statements, nil)
		default:
			statements[last] = append(statements[last], sqlToken{strings.ToUpper(word), s.line(at[0])})
		}
	}
	return slices.DeleteFunc(statements, func(tokens []sqlToken) bool { return len(tokens) == 0 })
}

// sqlOfTree reads the texts of our store and its engines, but for their tests.
func sqlOfTree(t *testing.T) []sqlText {
	t.Helper()
	var texts []sqlText
	folders := map[string][]string{} // of Go files
	err := filepath.WalkDir(filepath.Join(root, "internal/store"), func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == filepath.Base(storetest):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".sql"):
			text, err := os.ReadFile(path)
			texts = append(texts, sqlText{named(path), []sqlPiece{{string(text), 1, true}}})
			return err
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder, files := range folders {
		found, err := sqlOfGo(folder, files, nil)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, found...)
	}
	slices.SortStableFunc(texts, func(a, b sqlText) int { return strings.Compare(a.file, b.file) })
	return texts
}

// named is a file's path from the root.
func named(path string) string {
	path, _ = filepath.Rel(root, path)
	return filepath.ToSlash(path)
}

// sqlOfGo reads the strings of the files of one package. source, where given, is the text of the only one.
func sqlOfGo(folder string, files []string, source any) ([]sqlText, error) {
	set := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range files {
		file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	// Constants of the package are known without what it imports: other errors do not matter.
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Error: func(error) {}, Importer: nothing{}}
	_, _ = config.Check(folder, set, parsed, info)
	reader := &sqlReader{set: set, info: info}
	for _, file := range parsed {
		ast.Inspect(file, reader.visit)
	}
	return reader.texts, nil
}

// nothing is a types.Importer without packages.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) { return nil, fmt.Errorf("no %s", path) }

type sqlReader struct {
	set   *token.FileSet
	info  *types.Info
	texts []sqlText
}

// visit reads a string where one begins, and looks for others further down.
func (r *sqlReader) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.Field: // a tag is no SQL
		ast.Inspect(n.Type, r.visit)
		return false
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			r.read(n)
		}
	case *ast.BinaryExpr:
		if n.Op == token.ADD {
			r.read(n)
			return false
		}
	}
	return true
}

func (r *sqlReader) read(e ast.Expr) {
	pieces := r.fold(e)
	if slices.ContainsFunc(pieces, func(p sqlPiece) bool { return p.text != unknownPiece }) {
		r.texts = append(r.texts, sqlText{named(r.set.Position(e.Pos()).Filename), pieces})
	}
}

// unknownPiece stands for what is not constant.
const unknownPiece = " ? "

// fold is a string put together, as far as it is constant. What is not is read by itself.
func (r *sqlReader) fold(e ast.Expr) []sqlPiece {
	line := r.set.Position(e.Pos()).Line
	switch e := e.(type) {
	case *ast.ParenExpr:
		return r.fold(e.X)
	case *ast.BinaryExpr:
		return append(r.fold(e.X), r.fold(e.Y)...)
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			return nil
		}
		return []sqlPiece{{text, line, e.Value[0] == '`'}}
	}
	if value := r.info.Types[e].Value; value != nil && value.Kind() == constant.String {
		return []sqlPiece{{constant.StringVal(value), line, false}}
	}
	ast.Inspect(e, r.visit)
	return []sqlPiece{{unknownPiece, line, false}}
}
