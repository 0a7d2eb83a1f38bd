package store_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"folkmoot/internal/store"
	"folkmoot/internal/store/storetest"
)

// A copy knows every table: what it finds empty at the beginning is the whole schema (TestTablesKnown of
// each engine), and all of it is copied but the index of words and what passes. Its columns are those of the schema.
func TestCopiedTables(t *testing.T) {
	copied := store.CopiedTables()
	if diff := cmp.Diff(slices.Sorted(slices.Values(storetest.Tables)), slices.Sorted(slices.Values(append(copied, "search_docs", "search_queue", "rates")))); diff != "" {
		t.Errorf("tables (-schema +copied):\n%s", diff)
	}
}

// A tally is the same in any order, and another where anything differs.
func TestTally(t *testing.T) {
	of := func(rows ...[]any) (tally store.Tally) {
		for _, row := range rows {
			tally.AddRow(row)
		}
		return tally
	}
	first, second := []any{int64(1), "a", nil}, []any{int64(2), "b", []byte{1}}
	if of(first, second) != of(second, first) {
		t.Error("the order matters")
	}
	seen := map[store.Tally]int{}
	for i, rows := range [][][]any{
		{}, {first}, {second}, {first, second}, {first, first},
		{{int64(1), "a", ""}}, {{int64(1), "a", []byte{}}}, {{int64(1), "a", int64(0)}}, {{int64(1), "", "a"}}, {{int64(1), "a"}, {nil}},
		{{"ab", "c"}}, {{"a", "bc"}}, {{[]byte("ab"), "c"}}, {{"1"}}, {{int64(1)}},
	} {
		if other, same := seen[of(rows...)]; same {
			t.Errorf("%v has the tally of case %d", rows, other)
		}
		seen[of(rows...)] = i
	}
}
