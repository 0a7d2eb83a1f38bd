package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// A copy is the rows of every table, read from one moment of a database and written to another,
// whatever their engines. What is there of a copy that was cut off is a part of each table, from its
// beginning: the next one compares that with what it reads, and goes on behind it.

// What keeps a copy from being made; the error that wraps it says more. The target is left as it was.
var (
	// ErrNotEmpty is a target that holds something else already.
	ErrNotEmpty = errors.New("the target is not empty")
	// ErrUnfinished is a database that was to be a copy, and is not whole.
	ErrUnfinished = errors.New("a copy into this database was not finished: give the same command again, or an empty database")
	// ErrOlder is a database whose schema is older than this program's.
	ErrOlder = errors.New("the database was made by an older version of Folkmoot: start the server of this version on it once, which migrates it")
)

// Moment is a database as it is at one moment. Nothing can be written by it.
type Moment interface {
	Dialect() Dialect
	// Columns are the names of a table's columns, in the order of the alphabet.
	Columns(table string) ([]string, error)
	// Rows calls each for every row of a result as it comes. A value is nil, an int64 (a boolean as 0
	// or 1), a string or a []byte that is not nil; each may keep them.
	Rows(text string, each func(values []any) error) error
	// LastID is the greatest id that a table ever gave, 0 before the first.
	LastID(table string) (int64, error)
}

// Filling is a transaction that fills tables.
type Filling interface {
	Moment
	// Exec returns the number of rows changed.
	Exec(text string, args ...any) (changed int64, err error)
	// Insert adds rows, whose values are as Moment gives them.
	Insert(table string, columns []string, rows [][]any) error
	// SetLastID says which id was the last that a table gave.
	SetLastID(table string, id int64) error
	// Empty takes all rows out of tables, of which each is referred to by earlier ones only.
	Empty(tables ...string) error
}

// Target is a database that can be filled. It is migrated.
type Target interface {
	// Look reads in one snapshot.
	Look(ctx context.Context, read func(Moment) error) error
	// Fill runs one transaction and commits it durably.
	Fill(ctx context.Context, fill func(Filling) error) error
}

// copied is a table whose rows are copied.
type copied struct {
	name    string
	order   either // in which its rows come: each has its place, and what it refers to comes first
	where   string // of its rows, those that are copied; "" is all
	without string // a column that is not copied: one engine has it
	ids     bool   // it gives ids, none of them twice
}

// by is an order that both engines understand.
func by(order string) either { return either{order, order} }

// depthFirst has a category behind the one that it is in.
const depthFirst = `(WITH RECURSIVE above (id) AS (SELECT categories.parent_id UNION SELECT c.parent_id FROM categories c JOIN above ON c.id = above.id)
	SELECT count(*) FROM above), id`

// copiedTables are all tables, but for the index of words, which an engine makes anew, and what passes. A table
// stands behind those it refers to.
var copiedTables = []copied{
	{name: "settings", order: by("key"), where: `key NOT IN ('epoch', '` + copyingSetting + `')`},
	{name: "users", order: by("id"), ids: true},
	{name: "sessions", order: by("hash")},
	{name: "tokens", order: by("id"), ids: true},
	{name: "invitations", order: by("id"), ids: true},
	{name: "invited", order: by("user_id")},
	{name: "categories", order: by(depthFirst), ids: true},
	{name: "former_slugs", order: by("slug")},
	{name: "category_permissions", order: by("category_id, role")},
	{name: "category_access", order: by("category_id, role")},
	{name: "setting_changes", order: by("id"), ids: true},
	{name: "tags", order: by("id"), ids: true},
	{name: "threads", order: by("id"), ids: true},
	{name: "thread_tags", order: by("thread_id, tag_id")},
	{name: "thread_views", order: by("thread_id")},
	// As they came, which is how SQLite keeps them (decision 9).
	{name: "posts", order: either{SQLite: "doc", PostgreSQL: "created_at, thread_id, number"}, without: "doc"},
	{name: "attachments", order: by("thread_id, number, position")},
	{name: "revisions", order: by("thread_id, number, revision")},
	{name: "post_moves", order: by("from_thread, from_number")},
	{name: "participants", order: by("thread_id, user_id")},
	{name: "reactions", order: by("thread_id, number, user_id")},
	{name: "imported_reactions", order: by("thread_id, number, kind")},
	{name: "post_reactions", order: by("thread_id, number, kind")},
	{name: "category_counts", order: by("category_id")},
	{name: "user_category_counts", order: by("user_id, category_id")},
	{name: "tag_category_counts", order: by("tag_id, category_id")},
	{name: "user_counts", order: by("user_id")},
	{name: "people_counts", order: by("state")},
	{name: "submissions", order: by("id"), ids: true},
	{name: "idempotency", order: by("user_id, key")},
	{name: "imported", order: by("source, key")},
	{name: "redirects", order: by("path")},
}

// indexTables are of the index of words: what it knows, and what it does not know yet.
var indexTables = []string{"search_docs", "search_queue"}

// passingTables hold what is no use in another place: a copy begins without.
var passingTables = []string{"rates"}

// from is what of the table is copied, in SQL.
func (t *copied) from() string {
	if t.where == "" {
		return " FROM " + t.name
	}
	return " FROM " + t.name + " WHERE " + t.where
}

// columns are those of the table that are copied.
func (t *copied) columns(m Moment) ([]string, error) {
	columns, err := m.Columns(t.name)
	return slices.DeleteFunc(columns, func(column string) bool { return column == t.without }), err
}

// rows reads the rows of the table that are copied, in no order unless one is given.
func (t *copied) rows(m Moment, columns []string, order string, each func(values []any) error) error {
	text := "SELECT " + strings.Join(columns, ", ") + t.from()
	if order != "" {
		text += " ORDER BY " + order
	}
	return m.Rows(text, each)
}

// Tally is the number of rows, and a sum of the SHA-256 of each, which the order does not change.
type Tally struct {
	Rows int64
	sum  [4]uint64
}

// String is the beginning of the sum.
func (t Tally) String() string { return fmt.Sprintf("%016x", t.sum[0]) }

// add adds a row, and returns it as it was summed up, in the room given where that is enough.
func (t *Tally) add(values []any, room []byte) (row []byte) {
	row = room[:0]
	for _, value := range values {
		switch v := value.(type) {
		case nil:
			row = append(row, 'n')
		case int64:
			row = binary.BigEndian.AppendUint64(append(row, 'i'), uint64(v))
		case string:
			row = append(binary.BigEndian.AppendUint64(append(row, 't'), uint64(len(v))), v...)
		case []byte:
			row = append(binary.BigEndian.AppendUint64(append(row, 'b'), uint64(len(v))), v...)
		default:
			panic(fmt.Sprintf("store: a copied value is a %T", value))
		}
	}
	hash, carry := sha256.Sum256(row), uint64(0)
	for i := len(t.sum) - 1; i >= 0; i-- {
		t.sum[i], carry = bits.Add64(t.sum[i], binary.BigEndian.Uint64(hash[8*i:]), carry)
	}
	t.Rows++
	return row
}

// CopyProgress says how far a copy is.
type CopyProgress struct {
	What        string // is done with the table: "copied", "compared"
	Table       string
	Done, Total int64 // rows; the total is 0 where nobody counted
}

// CopiedTable is a table on both sides of a copy. Where it gives ids, the last is in the hash.
type CopiedTable struct {
	Name     string
	From, To Tally
}

// Equal reports whether the two sides are the same.
func (t CopiedTable) Equal() bool { return t.From == t.To }

// CopyReport is the outcome of a copy.
type CopyReport struct {
	Tables   []CopiedTable
	Rows     int64
	BegunNew bool // what an earlier copy had left was not the source's any more, and was thrown away
}

// Equal reports whether every table is the same on both sides.
func (r CopyReport) Equal() bool {
	return !slices.ContainsFunc(r.Tables, func(t CopiedTable) bool { return !t.Equal() })
}

// Vacant sees that a copy of a forum can be begun in a database, or gone on with: else ErrNotEmpty, and of
// the source ErrNone or ErrUnfinished.
func Vacant(from, to Moment) error {
	epoch, err := copiedEpoch(from)
	if err == nil {
		_, err = unfinished(to, epoch)
	}
	return err
}

// CopyOptions vary how a copy is made.
type CopyOptions struct {
	Rows     int // written in one transaction at most; 0 is what is good for speed
	Progress func(CopyProgress)
}

// What is written in one transaction: so many rows, or what has so many bytes.
const (
	copyRows  = 10_000
	copyBytes = 8 << 20
)

// Copy copies a forum to an empty database, or goes on with an unfinished copy of the same. Then it reads
// both sides again and compares; where they differ the copy stays unfinished. The target has an epoch of its
// own, and its index of words is queued to be made.
func Copy(ctx context.Context, from Moment, to Target, options CopyOptions) (CopyReport, error) {
	if options.Rows == 0 {
		options.Rows = copyRows
	}
	c := &copying{CopyOptions: options, ctx: ctx, from: from, to: to, run: rand.Text(), there: map[string]Tally{}}
	report, err := c.copy()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return report, err
}

// copying is a copy under way.
type copying struct {
	CopyOptions
	ctx  context.Context
	from Moment
	to   Target

	epoch string           // of the source
	run   string           // names this attempt: only the last one writes
	there map[string]Tally // in the target when this attempt began
	row   []byte           // room for one
}

func (c *copying) copy() (report CopyReport, err error) {
	if c.epoch, err = copiedEpoch(c.from); err != nil {
		return report, err
	}
	if err := c.begin(); err != nil {
		return report, err
	}
	err = c.tables(&report)
	if errors.Is(err, errChanged) {
		report = CopyReport{BegunNew: true}
		if err = c.empty(); err == nil {
			err = c.tables(&report)
		}
	}
	if err != nil {
		return report, err
	}
	if err := c.index(); err != nil {
		return report, err
	}
	if err := c.compare(&report); err != nil {
		return report, err
	}
	if !report.Equal() {
		return report, nil
	}
	return report, c.end()
}

// copyingSetting is the setting that a database has while a copy into it is not finished: the
// source's epoch, and the attempt that writes.
const copyingSetting = "copying"

// settingOf returns a setting, "" where there is none. suffix locks it.
func settingOf(m Moment, key, suffix string) (value string, err error) {
	err = m.Rows(`SELECT value FROM settings WHERE key = '`+key+`'`+suffix, func(values []any) error {
		value, _ = values[0].(string)
		return nil
	})
	return value, err
}

// copiedEpoch is the epoch of a forum that can be copied.
func copiedEpoch(from Moment) (string, error) {
	if half, err := settingOf(from, copyingSetting, ""); err != nil || half != "" {
		return "", errors.Join(err, ErrUnfinished)
	}
	epoch, err := settingOf(from, "epoch", "")
	if err == nil && epoch == "" {
		err = ErrNone
	}
	return epoch, err
}

// unfinished reports whether a database holds an unfinished copy of the forum of that epoch. One that holds
// anything else is ErrNotEmpty.
func unfinished(to Moment, epoch string) (bool, error) {
	mark, err := settingOf(to, copyingSetting, "")
	if err != nil {
		return false, err
	}
	if of, _, _ := strings.Cut(mark, " "); mark != "" && of == epoch {
		return true, nil
	}
	if mark != "" {
		return false, fmt.Errorf("%w: it holds an unfinished copy of another forum", ErrNotEmpty)
	}
	for _, table := range allTables() {
		err := to.Rows(`SELECT 1 WHERE EXISTS (SELECT 1 FROM `+table+`)`, func([]any) error {
			return fmt.Errorf("%w: there are rows in its table %s", ErrNotEmpty, table)
		})
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// allTables are those that a copy must find empty, each before those it refers to.
func allTables() []string {
	names := slices.Concat(indexTables, passingTables)
	for _, table := range slices.Backward(copiedTables) {
		names = append(names, table.name)
	}
	return names
}

// begin marks the target, and tallies what an earlier attempt has left there.
func (c *copying) begin() error {
	going := false
	mark := c.epoch + " " + c.run
	err := c.to.Fill(c.ctx, func(f Filling) (err error) {
		if going, err = unfinished(f, c.epoch); err != nil {
			return err
		}
		text := `INSERT INTO settings (value, key) VALUES ($1, $2)`
		if going {
			text = `UPDATE settings SET value = $1 WHERE key = $2`
		}
		_, err = f.Exec(text, mark, copyingSetting)
		return err
	})
	if err != nil || !going {
		return err
	}
	return c.tally(func(_ Moment, table int, found Tally) error {
		c.there[copiedTables[table].name] = found
		return nil
	})
}

// fill writes to the target, unless another attempt has begun meanwhile.
func (c *copying) fill(fill func(Filling) error) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	return c.to.Fill(c.ctx, func(f Filling) error {
		mark, err := settingOf(f, copyingSetting, ` FOR NO KEY UPDATE`)
		if err == nil && mark != c.epoch+" "+c.run {
			err = errors.New("another copy into the same target was begun, and goes on instead")
		}
		if err != nil {
			return err
		}
		return fill(f)
	})
}

// errChanged says that what is in the target is not the beginning of what is in the source.
var errChanged = errors.New("the source has changed since the copy was begun")

func (c *copying) empty() error {
	clear(c.there)
	tables := slices.DeleteFunc(allTables(), func(name string) bool { return name == "settings" })
	return c.fill(func(f Filling) error {
		if err := f.Empty(tables...); err != nil {
			return fmt.Errorf("emptying the target: %w", err)
		}
		_, err := f.Exec(`DELETE FROM settings WHERE key <> $1`, copyingSetting)
		return err
	})
}

// tables copies the rows of every table, and says in the report what was read.
func (c *copying) tables(report *CopyReport) error {
	for i := range copiedTables {
		table := &copiedTables[i]
		read, err := c.table(table)
		if err != nil {
			return fmt.Errorf("copying %s: %w", table.name, err)
		}
		report.Rows += read.Rows
		if table.ids {
			if err := c.lastID(table, &read); err != nil {
				return fmt.Errorf("copying the last id of %s: %w", table.name, err)
			}
		}
		report.Tables = append(report.Tables, CopiedTable{Name: table.name, From: read})
	}
	return nil
}

// table copies the rows of a table that are not in the target yet.
func (c *copying) table(table *copied) (read Tally, err error) {
	columns, err := table.columns(c.from)
	if err != nil {
		return read, err
	}
	var total int64
	err = c.from.Rows(`SELECT count(*)`+table.from(), func(values []any) error {
		total, _ = values[0].(int64)
		return nil
	})
	if err != nil {
		return read, err
	}
	there := c.there[table.name]
	var rows [][]any
	bytes := 0
	write := func() error {
		c.Progress(CopyProgress{"copied", table.name, read.Rows, total})
		if len(rows) == 0 {
			return nil
		}
		err := c.fill(func(f Filling) error { return f.Insert(table.name, columns, rows) })
		clear(rows)
		rows, bytes = rows[:0], 0
		return err
	}
	err = table.rows(c.from, columns, table.order[c.from.Dialect()], func(values []any) error {
		c.row = read.add(values, c.row)
		switch {
		case read.Rows < there.Rows:
			return c.ctx.Err()
		case read.Rows == there.Rows && read != there:
			return errChanged
		case read.Rows == there.Rows:
			return nil
		}
		rows, bytes = append(rows, values), bytes+len(c.row)
		if len(rows) < c.Rows && bytes < copyBytes {
			return nil
		}
		return write()
	})
	if err == nil && read.Rows < there.Rows {
		err = errChanged
	}
	if err != nil {
		return read, err
	}
	return read, write()
}

// lastID carries over which id was the last, and adds it to what was read.
func (c *copying) lastID(table *copied, read *Tally) error {
	id, err := c.from.LastID(table.name)
	if err != nil {
		return err
	}
	read.addLastID(id)
	return c.fill(func(f Filling) error { return f.SetLastID(table.name, id) })
}

// addLastID adds the last id, as no row.
func (t *Tally) addLastID(id int64) {
	t.add([]any{"last id", id}, nil)
	t.Rows--
}

// index queues every post for the index of words, in the order they came.
func (c *copying) index() error {
	posts := slices.IndexFunc(copiedTables, func(t copied) bool { return t.name == "posts" })
	return c.fill(func(f Filling) error {
		if _, err := f.Exec(`DELETE FROM search_queue`); err != nil {
			return err
		}
		_, err := f.Exec(`INSERT INTO search_queue (thread_id, number) SELECT thread_id, number FROM posts ORDER BY ` + copiedTables[posts].order[f.Dialect()])
		return err
	})
}

// compare tallies the target, and puts it beside what was read of the source.
func (c *copying) compare(report *CopyReport) error {
	return c.tally(func(m Moment, i int, found Tally) error {
		if table := &copiedTables[i]; table.ids {
			id, err := m.LastID(table.name)
			if err != nil {
				return err
			}
			found.addLastID(id)
		}
		report.Tables[i].To = found
		return nil
	})
}

// tally reads every table of the target.
func (c *copying) tally(each func(m Moment, table int, found Tally) error) error {
	return c.to.Look(c.ctx, func(m Moment) error {
		for i := range copiedTables {
			found, err := c.tallyOf(m, &copiedTables[i])
			if err == nil {
				err = each(m, i, found)
			}
			if err != nil {
				return fmt.Errorf("comparing %s: %w", copiedTables[i].name, err)
			}
		}
		return nil
	})
}

func (c *copying) tallyOf(m Moment, table *copied) (found Tally, err error) {
	// The source's columns, so that one that is missing here is an error and not a difference.
	columns, err := table.columns(c.from)
	if err != nil {
		return found, err
	}
	err = table.rows(m, columns, "", func(values []any) error {
		c.row = found.add(values, c.row)
		if found.Rows%copyRows == 0 {
			c.Progress(CopyProgress{What: "compared", Table: table.name, Done: found.Rows})
		}
		return c.ctx.Err()
	})
	return found, err
}

// end makes the target a forum of its own.
func (c *copying) end() error {
	return c.fill(func(f Filling) error {
		if _, err := f.Exec(`INSERT INTO settings (key, value) VALUES ('epoch', $1)`, rand.Text()); err != nil {
			return err
		}
		_, err := f.Exec(`DELETE FROM settings WHERE key = $1`, copyingSetting)
		return err
	})
}
