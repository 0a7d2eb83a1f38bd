package sqlite

import (
	"fmt"
	"regexp"

	"github.com/ncruces/go-sqlite3"

	"folkmoot/internal/store"
)

// conn is one connection with its prepared statements. One goroutine at a time uses it.
type conn struct {
	db         *sqlite3.Conn
	statements map[string]*sqlite3.Stmt
}

// maxStatements bounds the prepared statements of a connection; lists build theirs from few parts.
const maxStatements = 400

var dollar = regexp.MustCompile(`\$(\d+)`)

// prepare returns the statement for a text. $n becomes ?n: SQLite numbers $n by order of
// appearance, silently.
func (c *conn) prepare(text string) (*sqlite3.Stmt, error) {
	if statement := c.statements[text]; statement != nil {
		return statement, nil
	}
	statement, rest, err := c.db.PrepareFlags(dollar.ReplaceAllString(text, "?$1"), sqlite3.PREPARE_PERSISTENT)
	switch {
	case err != nil:
		return nil, fmt.Errorf("preparing %q: %w", text, err)
	case statement == nil || rest != "":
		return nil, fmt.Errorf("not one statement: %q", text)
	}
	if len(c.statements) >= maxStatements {
		for old, s := range c.statements {
			delete(c.statements, old)
			if err := s.Close(); err != nil {
				return nil, err
			}
			break
		}
	}
	c.statements[text] = statement
	return statement, nil
}

func bind(statement *sqlite3.Stmt, args []any) error {
	for i, arg := range args[:min(len(args), statement.BindCount())] {
		var err error
		switch v := store.Value(arg).(type) {
		case nil:
			err = statement.BindNull(i + 1)
		case int64:
			err = statement.BindInt64(i+1, v)
		case string:
			err = statement.BindText(i+1, v)
		case []byte:
			err = statement.BindBlob(i+1, v)
		}
		if err != nil {
			return fmt.Errorf("binding $%d: %w", i+1, err)
		}
	}
	return nil
}

// Query calls each for every row.
func (c *conn) Query(text string, args []any, each func(store.Row) error) (err error) {
	statement, err := c.prepare(text)
	if err != nil {
		return err
	}
	defer func() {
		if resetErr := statement.Reset(); err == nil {
			err = resetErr
		}
	}()
	if err := bind(statement, args); err != nil {
		return err
	}
	for statement.Step() {
		if err := each(row{statement}); err != nil {
			return err
		}
	}
	return statement.Err()
}

// Exec runs a statement that returns no rows.
func (c *conn) Exec(text string, args ...any) (int64, error) {
	statement, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	if err := bind(statement, args); err != nil {
		return 0, err
	}
	if err := statement.Exec(); err != nil {
		return 0, err
	}
	return c.db.Changes(), nil
}

func (c *conn) close() error {
	for _, statement := range c.statements {
		_ = statement.Close()
	}
	return c.db.Close()
}

// row is the present row of a statement.
type row struct{ statement *sqlite3.Stmt }

func (r row) Int64(column int) int64 { return r.statement.ColumnInt64(column) }
func (r row) Text(column int) string { return r.statement.ColumnText(column) }
