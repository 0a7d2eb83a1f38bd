package postgres

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"folkmoot/internal/store"
)

// row is one row as it came: values in PostgreSQL's binary form, nil for null.
type row struct {
	fields []pgconn.FieldDescription
	values [][]byte
	types  *pgtype.Map
}

var _ store.Row = row{}

// Int64 returns a number, a boolean as 0 or 1, a text of digits as its number.
func (r row) Int64(column int) int64 {
	value := r.values[column]
	if value == nil {
		return 0
	}
	switch r.fields[column].DataTypeOID {
	case pgtype.Int8OID:
		return int64(binary.BigEndian.Uint64(value))
	case pgtype.Int4OID:
		return int64(int32(binary.BigEndian.Uint32(value)))
	case pgtype.Int2OID:
		return int64(int16(binary.BigEndian.Uint16(value)))
	case pgtype.BoolOID:
		return int64(value[0])
	case pgtype.NumericOID: // a sum of int8
		var n pgtype.Numeric
		if err := r.types.Scan(pgtype.NumericOID, r.fields[column].Format, value, &n); err != nil {
			return 0
		}
		whole, _ := n.Int64Value()
		return whole.Int64
	}
	n, _ := strconv.ParseInt(string(value), 10, 64)
	return n
}

// Text returns a text, bytes as they are, a number in digits.
func (r row) Text(column int) string {
	value := r.values[column]
	if value == nil {
		return ""
	}
	switch r.fields[column].DataTypeOID {
	case pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID, pgtype.BoolOID, pgtype.NumericOID:
		return strconv.FormatInt(r.Int64(column), 10)
	}
	return string(value)
}

// result is all rows of a statement, read off the connection: whoever looks at them may ask it something else.
type result struct {
	row
	cells [][]byte // of all rows, one after the other
}

// read takes all rows.
func read(rows pgx.Rows, types *pgtype.Map) (*result, error) {
	defer rows.Close()
	r := &result{row: row{types: types}}
	var kept []byte
	for rows.Next() {
		for _, value := range rows.RawValues() {
			if value == nil {
				r.cells = append(r.cells, nil)
				continue
			}
			begin := len(kept)
			kept = append(kept, value...) // where it grows, cells before it stay in what it was
			r.cells = append(r.cells, kept[begin:len(kept):len(kept)])
		}
	}
	r.fields = slices.Clone(rows.FieldDescriptions()) // the connection writes the next result into them
	return r, rows.Err()
}

// each calls each for every row.
func (r *result) each(each func(store.Row) error) error {
	n := len(r.fields)
	for at := 0; n > 0 && at < len(r.cells); at += n {
		r.values = r.cells[at : at+n]
		if err := each(r.row); err != nil {
			return err
		}
	}
	return nil
}
