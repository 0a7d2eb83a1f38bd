package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"folkmoot/internal/store"
)

var (
	_ store.Target  = (*Engine)(nil)
	_ store.Filling = (*transaction)(nil)
)

// Look reads the database that url names as it is at one moment, in a transaction that cannot
// write; nothing is migrated, and servers may write meanwhile. What may be wrong is store.ErrNone,
// store.ErrOlder, store.ErrNewer, ErrUnreachable, ErrNotUsable.
func Look(ctx context.Context, url string, read func(store.Moment) error) error {
	config, err := configure(url)
	if err != nil {
		return err
	}
	for _, timeout := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		config.RuntimeParams[timeout] = "0"
	}
	c, err := reach(ctx, config)
	if err != nil {
		return fmt.Errorf("opening %s: %w", place(config), err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	err = current(ctx, c)
	if err == nil {
		_, err = c.Exec(ctx, snapshot)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", place(config), mayRead(err))
	}
	if err = read(&transaction{ctx: ctx, conn: c, begun: true}); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return mayRead(err)
}

// current sees that the schema is the one that this program knows.
func current(ctx context.Context, c *pgx.Conn) error {
	switch present, err := version(ctx, c); {
	case err != nil:
		return err
	case present == 0:
		return store.ErrNone
	case present > newestMigration:
		return fmt.Errorf("%w (its schema is %d, this program knows %d)", store.ErrNewer, present, newestMigration)
	case present < newestMigration:
		return fmt.Errorf("%w (its schema is %d, this program makes %d)", store.ErrOlder, present, newestMigration)
	}
	return nil
}

// mayRead says of an error for want of a right which is needed.
func mayRead(err error) error {
	if refused := new(pgconn.PgError); errors.As(err, &refused) && refused.Code == insufficientPrivilege {
		return fmt.Errorf("%w: %s: grant the role SELECT on all tables and sequences", ErrNotUsable, refused.Message)
	}
	return err
}

// Same reports whether two URLs name one database.
func Same(a, b string) bool {
	first, err := configure(a)
	if err != nil {
		return false
	}
	second, err := configure(b)
	return err == nil && first.Host == second.Host && first.Port == second.Port && first.Database == second.Database
}

// Look reads in one snapshot.
func (e *Engine) Look(ctx context.Context, read func(store.Moment) error) error {
	return e.ReadLong(ctx, func(c store.Conn) error { return read(c.(*transaction)) })
}

// Fill runs one transaction, in which a statement may take as long as its table asks for.
func (e *Engine) Fill(ctx context.Context, fill func(store.Filling) error) error {
	return e.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`SET LOCAL statement_timeout = 0`); err != nil {
			return err
		}
		t := c.(*transaction)
		t.within = 0
		return fill(t)
	})
}

// Dialect is PostgreSQL.
func (t *transaction) Dialect() store.Dialect { return store.PostgreSQL }

// flush sends what waits.
func (t *transaction) flush() error {
	p, err := t.begin()
	if err != nil || len(p.steps) == 0 {
		return err
	}
	return t.send(p)
}

// Columns are the names of a table's columns.
func (t *transaction) Columns(table string) (names []string, err error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	err = t.conn.QueryRow(t.ctx, `SELECT coalesce(array_agg(attname::text ORDER BY attname COLLATE "C"), '{}')
		FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`, table).Scan(&names)
	return names, err
}

// Rows calls each for every row as it comes.
func (t *transaction) Rows(text string, each func(values []any) error) error {
	if err := t.flush(); err != nil {
		return err
	}
	rows, err := t.conn.Query(t.ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r := row{fields: rows.FieldDescriptions(), values: rows.RawValues(), types: t.conn.TypeMap()}
		if err := each(r.copied()); err != nil {
			// What else the server sends of it is as long as the table.
			_ = t.conn.Close(t.ctx)
			return err
		}
	}
	return rows.Err()
}

// copied are the row's values, for a copy.
func (r row) copied() []any {
	values := make([]any, len(r.values))
	for i, value := range r.values {
		if value == nil {
			continue
		}
		switch r.fields[i].DataTypeOID {
		case pgtype.Int8OID, pgtype.Int4OID, pgtype.BoolOID:
			values[i] = r.Int64(i)
		case pgtype.ByteaOID:
			values[i] = append([]byte{}, value...)
		default:
			values[i] = string(value)
		}
	}
	return values
}

// Insert adds rows, by COPY.
func (t *transaction) Insert(table string, columns []string, rows [][]any) error {
	if err := t.flush(); err != nil {
		return err
	}
	name := "copy of " + table
	described, err := t.conn.Prepare(t.ctx, name, "SELECT "+strings.Join(columns, ", ")+" FROM "+table)
	if err != nil {
		return err
	}
	var flags []int // columns that are boolean
	for i, field := range described.Fields {
		if field.DataTypeOID == pgtype.BoolOID {
			flags = append(flags, i)
		}
	}
	_, err = t.conn.CopyFrom(t.ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		return flagged(rows[i], flags), nil
	}))
	return err
}

// flagged is a row with booleans in some of its columns.
func flagged(row []any, flags []int) []any {
	if len(flags) == 0 {
		return row
	}
	row = slices.Clone(row)
	for _, i := range flags {
		if n, ok := row[i].(int64); ok {
			row[i] = n != 0
		}
	}
	return row
}

// LastID is the greatest id that a table gave, or has.
func (t *transaction) LastID(table string) (id int64, err error) {
	sequence, err := t.sequence(table)
	if err != nil {
		return 0, err
	}
	err = t.conn.QueryRow(t.ctx, `SELECT greatest(CASE WHEN is_called THEN last_value ELSE 0 END, (SELECT coalesce(max(id), 0) FROM `+table+`)) FROM `+sequence).Scan(&id)
	return id, err
}

// SetLastID says where a table goes on.
func (t *transaction) SetLastID(table string, id int64) error {
	sequence, err := t.sequence(table)
	if err != nil {
		return err
	}
	_, err = t.conn.Exec(t.ctx, `SELECT setval(CAST($1 AS regclass), $2, $3)`, sequence, max(id, 1), id > 0)
	return err
}

// sequence is the name of what gives a table's ids.
func (t *transaction) sequence(table string) (name string, err error) {
	if err := t.flush(); err != nil {
		return "", err
	}
	err = t.conn.QueryRow(t.ctx, `SELECT pg_get_serial_sequence($1, 'id')`, table).Scan(&name)
	return name, err
}

// Empty takes all rows out of tables.
func (t *transaction) Empty(tables ...string) error {
	_, err := t.Exec(`TRUNCATE ` + strings.Join(tables, ", "))
	return err
}
