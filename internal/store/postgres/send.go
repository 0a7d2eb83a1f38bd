package postgres

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// maxKept bounds the messages that are kept to be written over.
const maxKept = 256 << 10

// maxUnheard bounds the statements that are sent before an answer is read: some 20 bytes each, which even
// a small socket holds. More go by pgx, which reads meanwhile.
const maxUnheard = 1000

var messages = sync.Pool{New: func() any { return new([]byte) }}

// sendChanges is send for statements whose rows nobody wants: the end of nearly every batch. pgx makes
// each message of such a pipeline in a buffer that grows from nothing, the parameters in another one
// before, while everybody waits for it: here they are written once, into what the last batch left.
func (t *transaction) sendChanges(p *pipeline) error {
	kept := messages.Get().(*[]byte)
	message := (*kept)[:0]
	defer func() {
		if cap(message) <= maxKept {
			*kept = message
			messages.Put(kept)
		}
	}()
	if t.conn.IsClosed() {
		return net.ErrClosed
	}
	for _, s := range p.steps {
		prepared, err := t.conn.Prepare(t.ctx, s.statement, s.statement)
		if err != nil {
			return s.refused(err)
		}
		if message, err = appendExecute(message, prepared, s.args, t.conn.TypeMap()); err != nil {
			return s.refused(err)
		}
	}
	message, err := (&pgproto3.Sync{}).Encode(message)
	if err != nil {
		return err
	}
	if _, err := t.conn.PgConn().Conn().Write(message); err != nil {
		return t.giveUp(err)
	}
	return t.hearChanges(p)
}

// refused is the transaction's error where a statement did not get as far as the server.
func (s step) refused(err error) error { return s.changed(pgconn.CommandTag{}, err) }

// hearChanges reads the answers to all steps: after the first error the server passes over the others.
func (t *transaction) hearChanges(p *pipeline) (first error) {
	steps := p.steps
	answered := func(tag pgconn.CommandTag, err error) {
		if len(steps) > 0 {
			err = steps[0].changed(tag, err)
			steps = steps[1:]
		}
		if first == nil {
			first = err
		}
	}
	for {
		message, err := t.conn.PgConn().ReceiveMessage(t.ctx)
		if err != nil {
			if first == nil {
				first = err
			}
			return t.giveUp(first)
		}
		switch message := message.(type) {
		case *pgproto3.CommandComplete:
			answered(pgconn.NewCommandTag(string(message.CommandTag)), nil)
		case *pgproto3.ErrorResponse:
			answered(pgconn.CommandTag{}, pgconn.ErrorResponseToPgError(message))
		case *pgproto3.ReadyForQuery:
			if first == nil && len(steps) > 0 {
				first = fmt.Errorf("the server left %d statements unanswered", len(steps))
			}
			return first
		}
	}
}

// giveUp closes a connection on which nobody knows any more what comes next.
func (t *transaction) giveUp(err error) error {
	_ = t.conn.Close(t.ctx)
	return err
}

// appendExecute appends the messages that run a prepared statement: Bind and Execute of the unnamed
// portal (PostgreSQL's manual, "Message Formats"). A text stands for a value of any type, everything
// else is in its binary form.
func appendExecute(to []byte, prepared *pgconn.StatementDescription, args []any, types *pgtype.Map) ([]byte, error) {
	if len(args) != len(prepared.ParamOIDs) {
		return nil, fmt.Errorf("%d arguments for %d parameters of %q", len(args), len(prepared.ParamOIDs), prepared.SQL)
	}
	to = append(to, 'B')
	begin := len(to)
	to = append(to, 0, 0, 0, 0, 0) // the length, and no name of a portal
	to = append(append(to, prepared.Name...), 0)
	count := uint16(len(args)) // PostgreSQL allows no more parameters than that holds
	to = binary.BigEndian.AppendUint16(to, count)
	for _, arg := range args {
		format := uint16(pgtype.BinaryFormatCode)
		if _, ok := arg.(string); ok {
			format = pgtype.TextFormatCode
		}
		to = binary.BigEndian.AppendUint16(to, format)
	}
	to = binary.BigEndian.AppendUint16(to, count)
	for i, arg := range args {
		at := len(to)
		to = append(to, 0xff, 0xff, 0xff, 0xff) // the length of a null
		var value []byte
		var err error
		if text, ok := arg.(string); ok {
			value = append(to, text...)
		} else {
			value, err = types.Encode(prepared.ParamOIDs[i], pgtype.BinaryFormatCode, arg, to)
		}
		if err != nil {
			return nil, fmt.Errorf("argument %d of %q: %w", i+1, prepared.SQL, err)
		}
		if value != nil {
			to = value
			binary.BigEndian.PutUint32(to[at:], uint32(len(to)-at-4))
		}
	}
	to = append(to, 0, 0) // results in text: nobody reads them
	binary.BigEndian.PutUint32(to[begin:], uint32(len(to)-begin))
	return (&pgproto3.Execute{}).Encode(to)
}
