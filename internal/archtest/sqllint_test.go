package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A sqlRule keeps something out of our statements and schema, so that they mean the same on both
// engines, and the door to sharded PostgreSQL (Citus, YugabyteDB, CockroachDB) stays open.
type sqlRule struct {
	name     string
	reason   string
	patterns []string // words one after the other; each may name several (A|B) and have a star
}

const (
	keyRule   = "the key begins with what a row belongs to"
	replyRule = "no foreign key over the address of an answered post"
)

var sqlRules = []sqlRule{
	{"no code in the database", "what happens stands in one place, and distributed engines have no triggers", []string{
		"CREATE TRIGGER|FUNCTION|PROCEDURE|RULE", "CREATE TEMP|TEMPORARY|CONSTRAINT TRIGGER", "CREATE OR REPLACE TRIGGER|FUNCTION|PROCEDURE|RULE", "DO $*"}},
	{"no advisory locks", "they hold on one node only: rows are locked", []string{"PG_ADVISORY_*", "PG_TRY_ADVISORY_*"}},
	{"no data-modifying CTE", "SQLite has none, and their order is not defined", []string{
		"AS ( INSERT|UPDATE|DELETE|MERGE", "AS MATERIALIZED ( INSERT|UPDATE|DELETE|MERGE", "AS NOT MATERIALIZED ( INSERT|UPDATE|DELETE|MERGE"}},
	{"no deferrable constraints", "an error must name its statement, and so its member of a batch", []string{
		"DEFERRABLE", "INITIALLY DEFERRED", "SET CONSTRAINTS", "DEFER_FOREIGN_KEYS"}},
	{"times and ids are bound", "there is one clock, and a statement run again must write the same; identities alone are the database's", []string{
		"NOW|CLOCK_TIMESTAMP|STATEMENT_TIMESTAMP|TRANSACTION_TIMESTAMP|TIMEOFDAY (", "CURRENT_TIMESTAMP|CURRENT_DATE|CURRENT_TIME|LOCALTIME|LOCALTIMESTAMP",
		"DATETIME|DATE|TIME|JULIANDAY|STRFTIME|UNIXEPOCH (", "RANDOM|RANDOMBLOB|GEN_RANDOM_*|UUID* (", "NEXTVAL|CURRVAL|SETVAL|LASTVAL|LAST_INSERT_ROWID (",
		"TXID_*|PG_CURRENT_XACT_ID* (", "SERIAL|BIGSERIAL|SMALLSERIAL"}},
	{"nothing depends on NOTIFY", "not every engine tells: the rows themselves say what changed", []string{"LISTEN|UNLISTEN ?*", "NOTIFY ?*", "PG_NOTIFY ("}},
	{"no savepoints", "SQLITE_FULL and an interrupt end the whole transaction; what came after one would be committed alone", []string{
		"SAVEPOINT", "ROLLBACK TO", "ROLLBACK TRANSACTION|WORK TO"}},
	{"no OFFSET", "rows are not counted to be skipped: lists go on from the last row seen", []string{"OFFSET"}},
	{"threads and people stay", "posts on PostgreSQL have no foreign keys to them (decision 25): they are marked, never deleted", []string{
		"DELETE FROM THREADS|USERS"}},
	{"no cascade on update", "moving is explicit statements: a cascade re-addresses silently", []string{"ON UPDATE CASCADE|SET"}},
}

// A sqlException is a finding that stands, with the reason why.
type sqlException struct {
	in     string // how the names of the files begin that it is found in
	rule   string
	what   string // how what is found begins
	reason string
}

var sqlExceptions = []sqlException{
	{"internal/store/postgres/copy.go", "times and ids are bound", "SETVAL", "a copy binds the last id that its source gave, and sets it again where it is cut off"},
	{"internal/store/search.go", "no OFFSET", "OFFSET", "hits are in the order of their rank, which is no place to go on from, and MaxSearchHits at most"},
	{"internal/store/", keyRule, "sessions", "looked up by its secret, before anybody knows whose it is"},
	{"internal/store/", keyRule, "tokens", "looked up by its secret, before anybody knows whose it is"},
	{"internal/store/", keyRule, "idempotency", "a key is a person's, whatever thread it made something in"},
	{"internal/store/", keyRule, "submissions", "one queue for everybody who approves, in the order of coming"},
	{"internal/store/", keyRule, "search_queue", "one queue for the index, in the order of coming"},
	{"internal/store/sqlite/", keyRule, "posts", "SQLite keeps rows in the order of this key (decision 9); the key that others refer to is (thread_id, number)"},
}

// sqlFinding is a place where a rule is broken.
type sqlFinding struct {
	file string
	line int
	rule string
	what string // the words found, or the table
}

func (f sqlFinding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.rule, f.what)
}

func TestSQLIsPortable(t *testing.T) {
	texts := sqlOfTree(t)
	checkSQLSeen(t, texts)
	used := map[sqlException]bool{}
	for _, text := range texts {
		for _, finding := range lintSQL(text) {
			i := slices.IndexFunc(sqlExceptions, func(e sqlException) bool {
				return strings.HasPrefix(finding.file, e.in) && e.rule == finding.rule && strings.HasPrefix(finding.what, e.what)
			})
			if i < 0 {
				t.Errorf("%s\n\t%s", finding, reasonOf(finding.rule))
				continue
			}
			used[sqlExceptions[i]] = true
		}
	}
	for _, e := range sqlExceptions {
		if !used[e] {
			t.Errorf("nothing in %s breaks %q with %s any more: take the exception away", e.in, e.rule, e.what)
		}
	}
}

// checkSQLSeen: a lint that sees no SQL proves nothing.
func checkSQLSeen(t *testing.T, texts []sqlText) {
	t.Helper()
	folders := map[string]int{}
	for _, text := range texts {
		for _, statement := range text.statements() {
			switch statement[0].text {
			case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "CREATE":
				folders[path.Dir(text.file)]++
			}
		}
	}
	for folder, least := range map[string]int{"internal/store": 100, "internal/store/sqlite/migrations": 30} {
		if folders[folder] < least {
			t.Errorf("%d statements were seen in %s, want at least %d", folders[folder], folder, least)
		}
	}
}

func reasonOf(rule string) string {
	i := slices.IndexFunc(sqlRules, func(r sqlRule) bool { return r.name == rule })
	if i < 0 {
		return "all rows of a thread, or of a person, lie together: on a sharded engine on one node"
	}
	return sqlRules[i].reason
}

// lintSQL is what is wrong with a text.
func lintSQL(text sqlText) []sqlFinding {
	var findings []sqlFinding
	for _, statement := range text.statements() {
		for _, rule := range sqlRules {
			for i := range statement {
				if words := rule.matches(statement[i:]); words != "" {
					findings = append(findings, sqlFinding{text.file, statement[i].line, rule.name, words})
				}
			}
		}
		findings = append(findings, lintTable(text.file, statement)...)
	}
	return findings
}

// matches returns the words that one of the patterns finds at the beginning of tokens, "" where none does.
func (r sqlRule) matches(tokens []sqlToken) string {
	for _, pattern := range r.patterns {
		words := strings.Fields(pattern)
		var found []string
		for i, word := range words {
			if i < len(tokens) && isWord(tokens[i].text, word) {
				found = append(found, tokens[i].text)
			}
		}
		if len(found) == len(words) {
			return strings.Join(found, " ")
		}
	}
	return ""
}

// isWord compares a word with those that a pattern names.
func isWord(word, names string) bool {
	return slices.ContainsFunc(strings.Split(names, "|"), func(name string) bool {
		same, err := path.Match(name, word)
		return err == nil && same
	})
}

// lintTable is what is wrong with the keys of a table that the statement makes.
func lintTable(file string, statement []sqlToken) []sqlFinding {
	table, found := readTable(statement)
	if !found {
		return nil
	}
	var findings []sqlFinding
	if scope := table.scope(); scope != "" && (len(table.key) == 0 || table.key[0] != scope) {
		findings = append(findings, sqlFinding{file, statement[0].line, keyRule,
			strings.ToLower(fmt.Sprintf("%s: %s, not (%s)", table.name, scope, strings.Join(table.key, ", ")))})
	}
	for _, column := range table.foreign {
		if strings.HasPrefix(column.text, "REPLY_") {
			findings = append(findings, sqlFinding{file, column.line, replyRule, strings.ToLower(table.name + "." + column.text)})
		}
	}
	return findings
}

// sqlTable is a table as CREATE TABLE tells of it, names in capitals.
type sqlTable struct {
	name     string
	required map[string]bool // columns that are never null
	key      []string
	foreign  []sqlToken // columns of foreign keys
}

// scope is the column of whom or what each row of the table belongs to, "" where to none.
func (table sqlTable) scope() string {
	for _, column := range []string{"THREAD_ID", "USER_ID"} {
		if table.required[column] {
			return column
		}
	}
	return ""
}

func readTable(statement []sqlToken) (table sqlTable, found bool) {
	is := func(i int, word string) bool { return i < len(statement) && statement[i].text == word }
	i := 2
	if !is(0, "CREATE") || !is(1, "TABLE") {
		return sqlTable{}, false
	}
	if is(2, "IF") {
		i = 5
	}
	if !is(i+1, "(") {
		return sqlTable{}, false
	}
	table = sqlTable{name: statement[i].text, required: map[string]bool{}}
	for _, part := range sqlParts(statement[i+1:]) {
		table.read(part)
	}
	return table, true
}

// sqlParts are the parts between the first bracket and its end, cut at commas.
func sqlParts(tokens []sqlToken) [][]sqlToken {
	parts, depth := [][]sqlToken{nil}, 0
	for _, token := range tokens {
		switch token.text {
		case "(":
			depth++
		case ")":
			depth--
		}
		last := len(parts) - 1
		switch {
		case depth == 0:
			return parts
		case depth == 1 && token.text == ",":
			parts = append(parts, nil)
		case depth != 1 || token.text != "(" || len(parts[last]) > 0:
			parts[last] = append(parts[last], token)
		}
	}
	return parts
}

// read takes a column or a constraint into the table.
func (table *sqlTable) read(part []sqlToken) {
	if len(part) > 2 && part[0].text == "CONSTRAINT" {
		part = part[2:]
	}
	var words []string
	for _, token := range part {
		words = append(words, token.text)
	}
	text := " " + strings.Join(words, " ") + " "
	switch first := words[0]; first {
	case "PRIMARY":
		for _, column := range sqlParts(part[2:]) {
			table.key = append(table.key, column[0].text)
			table.required[column[0].text] = true
		}
	case "FOREIGN":
		for _, column := range sqlParts(part[2:]) {
			table.foreign = append(table.foreign, column[0])
		}
	case "UNIQUE", "CHECK", "EXCLUDE", "LIKE":
	default:
		if strings.Contains(text, " PRIMARY KEY ") {
			table.key = []string{first}
		}
		if strings.Contains(text, " REFERENCES ") {
			table.foreign = append(table.foreign, part[0])
		}
		table.required[first] = strings.Contains(text, " NOT NULL ") || strings.Contains(text, " PRIMARY KEY ")
	}
}

// Each rule sees what is planted, on its line, and lets pass what is near it.
func TestSQLRules(t *testing.T) {
	tests := []struct {
		name string
		sql  string
		want []string
	}{
		{"a trigger", "CREATE TABLE a (id INTEGER);\nCREATE TRIGGER b AFTER INSERT ON a BEGIN SELECT 1; END", []string{"2: no code in the database: CREATE TRIGGER"}},
		{"a function", "create or replace function f() returns int as $$ select 1 $$ language sql", []string{"1: no code in the database: CREATE OR REPLACE FUNCTION"}},
		{"a block", "DO $$ BEGIN PERFORM 1; END $$", []string{"1: no code in the database: DO $$"}},
		{"an upsert is no block", "INSERT INTO a (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = excluded.n", nil},
		{"an advisory lock", "SELECT pg_advisory_xact_lock($1)", []string{"1: no advisory locks: PG_ADVISORY_XACT_LOCK"}},
		{"an advisory lock, tried", "SELECT\n\tpg_try_advisory_lock(1)", []string{"2: no advisory locks: PG_TRY_ADVISORY_LOCK"}},
		{"locked rows", "SELECT id FROM threads WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED", nil},
		{"a CTE that writes", "WITH gone AS (DELETE FROM posts RETURNING number) SELECT * FROM gone", []string{"1: no data-modifying CTE: AS ( DELETE"}},
		{"a CTE that writes, materialized", "WITH made AS MATERIALIZED (\n\tINSERT INTO tags (name) VALUES ($1)) SELECT 1", []string{"1: no data-modifying CTE: AS MATERIALIZED ( INSERT"}},
		{"a CTE that reads", "WITH below (id) AS (SELECT id FROM categories) UPDATE categories SET rev = rev + 1 WHERE id IN (SELECT id FROM below)", nil},
		{"a deferrable constraint", "CREATE TABLE a (id INTEGER REFERENCES b (id) DEFERRABLE INITIALLY DEFERRED)",
			[]string{"1: no deferrable constraints: DEFERRABLE", "1: no deferrable constraints: INITIALLY DEFERRED"}},
		{"deferred foreign keys", "PRAGMA defer_foreign_keys = on", []string{"1: no deferrable constraints: DEFER_FOREIGN_KEYS"}},
		{"a time of the database", "UPDATE posts SET edited_at = now() WHERE thread_id = $1", []string{"1: times and ids are bound: NOW ("}},
		{"a time as a word", "INSERT INTO a (at) VALUES (CURRENT_TIMESTAMP)", []string{"1: times and ids are bound: CURRENT_TIMESTAMP"}},
		{"a time as a default", "CREATE TABLE a (\n\tid INTEGER PRIMARY KEY,\n\tat INTEGER NOT NULL DEFAULT (unixepoch('now'))\n)", []string{"3: times and ids are bound: UNIXEPOCH ("}},
		{"chance", "SELECT id FROM threads ORDER BY random()", []string{"1: times and ids are bound: RANDOM ("}},
		{"an id by hand", "INSERT INTO threads (id) VALUES (nextval('threads_id_seq'))", []string{"1: times and ids are bound: NEXTVAL ("}},
		{"an id out of a sequence", "CREATE TABLE a (id bigserial PRIMARY KEY)", []string{"1: times and ids are bound: BIGSERIAL"}},
		{"an identity", "CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, date text)", nil},
		{"words in comments and strings", "-- now() and OFFSET\nSELECT 'SAVEPOINT now()' /* LISTEN x */ FROM a", nil},
		{"a channel", "LISTEN changes", []string{"1: nothing depends on NOTIFY: LISTEN CHANGES"}},
		{"a channel, told", "SELECT pg_notify($1, $2)", []string{"1: nothing depends on NOTIFY: PG_NOTIFY ("}},
		{"a savepoint", "SAVEPOINT member", []string{"1: no savepoints: SAVEPOINT"}},
		{"a savepoint, gone back to", "ROLLBACK TO member", []string{"1: no savepoints: ROLLBACK TO"}},
		{"the end of a transaction", "ROLLBACK", nil},
		{"rows skipped", "SELECT id FROM threads\nORDER BY id LIMIT $1 OFFSET $2", []string{"2: no OFFSET: OFFSET"}},
		{"rows after the last", "SELECT id FROM threads WHERE (last_activity_at, id) < ($1, $2) LIMIT $3", nil},
		{"a thread taken away", "DELETE FROM threads WHERE id = $1", []string{"1: threads and people stay: DELETE FROM THREADS"}},
		{"a person taken away", "delete from users\nwhere id = $1", []string{"1: threads and people stay: DELETE FROM USERS"}},
		{"what belongs to a thread", "DELETE FROM thread_tags WHERE thread_id = $1", nil},
		{"a cascade", "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id)\n\tON UPDATE CASCADE)", []string{"2: no cascade on update: ON UPDATE CASCADE"}},
		{"null on update", "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id) ON UPDATE SET NULL", []string{"1: no cascade on update: ON UPDATE SET"}},
		{"an answered post as a foreign key", "CREATE TABLE posts (thread_id INTEGER NOT NULL, number INTEGER NOT NULL, reply_thread_id INTEGER,\n\tPRIMARY KEY (thread_id, number),\n\t" +
			"FOREIGN KEY (reply_thread_id, reply_number) REFERENCES posts (thread_id, number))", []string{"3: " + replyRule + ": posts.reply_thread_id", "3: " + replyRule + ": posts.reply_number"}},
		{"a key of a thread's rows", "CREATE TABLE a (thread_id bigint NOT NULL REFERENCES threads (id), number bigint, CONSTRAINT a_key PRIMARY KEY (thread_id, number))", nil},
		{"a key of its own for a thread's rows", "\nCREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY, thread_id INTEGER NOT NULL)", []string{"2: " + keyRule + ": a: thread_id, not (id)"}},
		{"a thread's rows by person", "CREATE TABLE a (thread_id INTEGER, user_id INTEGER, PRIMARY KEY (user_id, thread_id))", []string{"1: " + keyRule + ": a: thread_id, not (user_id, thread_id)"}},
		{"a person's rows by day", "CREATE TABLE a (day TEXT NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (day, user_id))", []string{"1: " + keyRule + ": a: user_id, not (day, user_id)"}},
		{"a person's rows without a key", "CREATE TABLE a (user_id INTEGER NOT NULL CHECK (user_id IN (1, 2)))", []string{"1: " + keyRule + ": a: user_id, not ()"}},
		{"rows that may point to a thread", "CREATE TABLE a (path TEXT PRIMARY KEY, thread_id INTEGER)", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			differFindings(t, tt.want, sqlText{"planted.sql", []sqlPiece{{tt.sql, 1, true}}})
		})
	}
}

// SQL in Go is read as it is put together, and what is found is named by the line it was written on.
func TestSQLOfGo(t *testing.T) {
	const source = `package p

import "now()"

const skip = " OFFSET " + "$1"

type row struct { Field string ` + "`tag:\"OFFSET\"`" + ` }

func f(where string, n int) {
	exec(` + "`\n\t\tSELECT id FROM threads\n\t\tWHERE ` + where + `\n\t\tORDER BY random()`" + `, n)
	exec("SELECT id FROM threads LIMIT 5" + skip)
	exec(fmt.Sprintf("UPDATE %s SET at = now()", "posts"))
	exec("SAVE" + "POINT member")
	exec("ROLLBACK " + join("TO", "RELEASE", "SAVEPOINT x"))
}`
	texts, err := sqlOfGo(".", []string{"planted.go"}, source)
	if err != nil {
		t.Fatal(err)
	}
	differFindings(t, []string{
		"5: no OFFSET: OFFSET",
		"13: times and ids are bound: RANDOM (",
		"14: no OFFSET: OFFSET",
		"15: times and ids are bound: NOW (",
		"16: no savepoints: SAVEPOINT",
		"17: no savepoints: SAVEPOINT",
	}, texts...)
}

func differFindings(t *testing.T, want []string, texts ...sqlText) {
	t.Helper()
	var got []string
	for _, text := range texts {
		for _, finding := range lintSQL(text) {
			got = append(got, fmt.Sprintf("%d: %s: %s", finding.line, finding.rule, finding.what))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
