package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Tables are those that hold what a community is, and the numbers about it.
var Tables = []string{
	"attachments", "categories", "category_access", "category_counts", "category_permissions", "former_slugs", "idempotency", "imported", "imported_reactions", "invitations", "invited",
	"participants", "people_counts", "post_moves", "post_reactions", "posts", "rates", "reactions", "redirects", "revisions", "search_docs",
	"search_queue", "sessions", "setting_changes", "settings", "submissions", "tag_category_counts", "tags", "thread_tags", "thread_views", "threads",
	"tokens", "user_category_counts", "user_counts", "users",
}

// rows is everything that is stored: of each table its rows, sorted.
type rows map[string][]string

// rows reads every table past the store, without the columns named.
func (c *community) rows(t testing.TB, without ...string) rows {
	t.Helper()
	all := rows{}
	for _, table := range Tables {
		c.eachRow(t, `SELECT * FROM `+table, func(row map[string]any) {
			all[table] = append(all[table], rowText(row, without))
		})
		slices.Sort(all[table])
	}
	return all
}

func rowText(row map[string]any, without []string) string {
	var values []string
	for column, value := range row {
		if !slices.Contains(without, column) {
			values = append(values, fmt.Sprintf("%s=%v", column, value))
		}
	}
	slices.Sort(values)
	return strings.Join(values, " ")
}

// eachRow runs a query past the store.
func (c *community) eachRow(t testing.TB, query string, each func(row map[string]any)) {
	t.Helper()
	found, err := c.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := found.Scan(dest...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		row := map[string]any{}
		for i, column := range columns {
			row[column] = values[i]
		}
		each(row)
	}
	if err := found.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// number runs a query for one number past the store.
func (c *community) number(t testing.TB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := c.db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// either is what a statement past the store says on this engine, where that differs.
func (c *community) either(sqlite, postgres string) string {
	if err := c.db.QueryRow(`SELECT sqlite_version()`).Scan(new(string)); err != nil {
		return postgres
	}
	return sqlite
}
