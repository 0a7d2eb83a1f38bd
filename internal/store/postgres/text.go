package postgres

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"

	"folkmoot/internal/store"
)

// text is one of the store's statements as PostgreSQL is given it.
type text struct {
	plain  string
	table  string // that it changes
	params []int  // which of the arguments are its $1, $2 ... : a parameter that is not used has no type
	sure   bool   // changes a row for each set of arguments, or fails: nobody need count them
	search bool   // planned for its arguments each time: how many posts hold a word decides how they are found

	mu    sync.Mutex
	types []string // of the parameters, once somebody has asked
	many  string   // for several sets of arguments at once, "" where there is no such form
}

var (
	dollar   = regexp.MustCompile(`\$(\d+)`)
	changing = regexp.MustCompile(`^\s*(INSERT INTO|UPDATE|DELETE FROM) (\w+)`)
)

// newText numbers the parameters that a statement uses without a gap.
func newText(statement string) *text {
	t := &text{plain: statement, search: strings.Contains(statement, " @@ ")}
	if found := changing.FindStringSubmatch(statement); found != nil {
		t.table = found[2]
		t.sure = found[1] == "INSERT INTO" && strings.Contains(statement, "VALUES (") &&
			!strings.Contains(statement, "DO NOTHING") && !strings.Contains(statement, "WHERE ")
	}
	for _, found := range dollar.FindAllStringSubmatch(statement, -1) {
		n, _ := strconv.Atoi(found[1]) // the expression says so
		if !slices.Contains(t.params, n-1) {
			t.params = append(t.params, n-1)
		}
	}
	slices.Sort(t.params)
	t.plain = t.renamed(statement, func(i int) string { return fmt.Sprintf("$%d", i+1) })
	return t
}

// renamed writes the statement with name(i) for the ith of the parameters that it uses.
func (t *text) renamed(statement string, name func(i int) string) string {
	return dollar.ReplaceAllStringFunc(statement, func(found string) string {
		n, _ := strconv.Atoi(found[1:])
		return name(slices.Index(t.params, n-1))
	})
}

// args are those of the arguments that the statement uses.
func (t *text) args(all []any) []any {
	used := make([]any, len(t.params))
	for i, n := range t.params {
		used[i] = store.Value(all[n])
	}
	return used
}

// arrays are the arguments of the form for several sets: an array of each parameter's values.
func (t *text) arrays(sets [][]any) []any {
	arrays := make([]any, len(t.params))
	for i, n := range t.params {
		arrays[i] = array(t.types[i], sets, n)
	}
	return arrays
}

// describe sees that the types of the parameters, and with them the form for several sets, are known.
func (t *text) describe(ask func() ([]uint32, error), types *pgtype.Map) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.types != nil {
		return nil
	}
	oids, err := ask()
	if err != nil {
		return err
	}
	return t.typed(oids, types)
}

// typed takes the parameters' types and makes the form for several sets of arguments, from unnest
// with a row for each set.
func (t *text) typed(oids []uint32, types *pgtype.Map) error {
	var kinds, arrays, names []string
	for i, oid := range oids {
		known, ok := types.TypeForOID(oid)
		if !ok {
			return fmt.Errorf("a parameter of the unknown type %d in %q", oid, t.plain)
		}
		kind := known.Name
		kinds = append(kinds, kind)
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, kind))
		names = append(names, fmt.Sprintf("p%d", i+1))
	}
	sets := "unnest(" + strings.Join(arrays, ", ") + ")"
	named := t.renamedPlain(func(i int) string { return fmt.Sprintf("sets.p%d", i+1) })
	switch insert := insertion.FindStringSubmatch(named); {
	case insert != nil:
		t.many = insert[1] + "SELECT " + insert[2] + " FROM " + sets + " AS sets (" + strings.Join(names, ", ") + ")" + insert[3]
	case selection.MatchString(named):
		t.many = "SELECT sets.n, found.* FROM " + sets + " WITH ORDINALITY AS sets (" + strings.Join(names, ", ") + ", n) CROSS JOIN LATERAL (" + named + ") AS found"
	case ofThread.MatchString(named): // the threads' locks are held, so that no order is needed
		where := strings.LastIndex(named, "WHERE ")
		t.many = named[:where] + "FROM " + sets + " AS sets (" + strings.Join(names, ", ") + ") " + named[where:]
	}
	t.types = kinds
	return nil
}

// renamedPlain is renamed of the plain form, whose parameters have no gap.
func (t *text) renamedPlain(name func(i int) string) string {
	return dollar.ReplaceAllStringFunc(t.plain, func(found string) string {
		n, _ := strconv.Atoi(found[1:])
		return name(n - 1)
	})
}

var (
	insertion = regexp.MustCompile(`(?s)^(\s*INSERT INTO \w+ \([^)]*\)\s*)VALUES \(([^()]*)\)(\s*ON CONFLICT .*)?\s*$`)
	selection = regexp.MustCompile(`^\s*SELECT `)
	ofThread  = regexp.MustCompile(`(?s)^\s*UPDATE (threads|posts) SET\s.*\sWHERE `)
)

// array is the nth argument of each set, as an array of a type. A null is nil.
func array(kind string, sets [][]any, n int) any {
	switch kind {
	case "text":
		return nullable[string](sets, n)
	case "int8", "int4":
		return nullable[int64](sets, n)
	case "bool":
		return nullable[bool](sets, n)
	}
	all := make([]any, len(sets))
	for i, set := range sets {
		all[i] = store.Value(set[n])
	}
	return all
}

// nullable is a []T, or a []*T where a null is among them.
func nullable[T any](sets [][]any, n int) any {
	all := make([]T, len(sets))
	nulls := false
	for i, set := range sets {
		v, ok := store.Value(set[n]).(T)
		all[i], nulls = v, nulls || !ok
	}
	if !nulls {
		return all
	}
	pointers := make([]*T, len(sets))
	for i, set := range sets {
		if _, ok := store.Value(set[n]).(T); ok {
			pointers[i] = &all[i]
		}
	}
	return pointers
}
