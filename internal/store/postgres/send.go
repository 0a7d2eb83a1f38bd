package postgres

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"folkmoot/internal/store"
)

// maxKept bounds the messages that are kept to be written over.
const maxKept = 256 << 10

// maxUnheard bounds the statements that are sent before an answer is read: some 20 bytes each, which even
// a small socket holds. More go by pgx, which reads meanwhile.
const maxUnheard = 1000

var messages = sync.Pool{New: func() any { return new([]byte) }}

// sendChanges is send for statements whose rows nobody wants.
func (t *transaction) sendChanges(p *pipeline) error {
	if err := t.post(p, len(p.steps), &pgproto3.Sync{}); err != nil {
		return err
	}
	return t.hearChanges(p, true, nil)
}

// post writes the messages of statements whose rows nobody wants: the end of nearly every batch. pgx makes
// each message of such a pipeline in a buffer that grows from nothing, the parameters in another one
// before, while everybody waits for it: here they are written once, into what the last batch left. The
// server is asked to send its answers when it has come to the nth statement, and does at the end.
func (t *transaction) post(p *pipeline, nth int, end pgproto3.FrontendMessage) error {
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
	for i, s := range p.steps {
		prepared, err := t.prepare(s.statement)
		if err != nil {
			return s.refused(err)
		}
		if i == nth {
			if message, err = (&pgproto3.Flush{}).Encode(message); err != nil {
				return err
			}
		}
		if message, err = appendExecute(message, prepared, s.args, t.conn.TypeMap()); err != nil {
			return s.refused(err)
		}
	}
	message, err := end.Encode(message)
	if err != nil {
		return err
	}
	if _, err := t.conn.PgConn().Conn().Write(message); err != nil {
		return t.giveUp(err)
	}
	return nil
}

// prepare returns what a statement is on this connection: it asks the server the first time. pgx keeps
// that too, and does not say what it would have to ask for.
func (t *transaction) prepare(statement string) (*pgconn.StatementDescription, error) {
	custom := t.conn.PgConn().CustomData()
	known, _ := custom[preparedStatements].(map[string]*pgconn.StatementDescription)
	if known == nil {
		known = map[string]*pgconn.StatementDescription{}
		custom[preparedStatements] = known
	}
	if prepared := known[statement]; prepared != nil {
		return prepared, nil
	}
	if t.behind {
		return nil, store.ErrBehind
	}
	prepared, err := t.conn.Prepare(t.ctx, statement, statement)
	if err == nil {
		known[statement] = prepared
	}
	return prepared, err
}

// preparedStatements is where a connection keeps them.
const preparedStatements = "prepared"

// refused is the transaction's error where a statement did not get as far as the server.
func (s step) refused(err error) error { return s.changed(pgconn.CommandTag{}, err) }

// hearChanges reads the answers to all steps. After the first error the server passes over whatever comes
// before the next Sync: where none was posted, it is now. heard is told how many steps are answered, and
// says whether Sync has been posted.
func (t *transaction) hearChanges(p *pipeline, synced bool, heard func(steps int) (synced bool)) (first error) {
	answers := 0
	answered := func(tag pgconn.CommandTag, err error) {
		if answers < len(p.steps) {
			err = p.steps[answers].changed(tag, err)
			answers++
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
			switch {
			case synced:
			case first != nil: // the server does not think so, and goes on
				return t.giveUp(first)
			case answers == len(p.steps):
				return nil
			case heard != nil:
				synced = heard(answers)
			}
		case *pgproto3.ErrorResponse:
			answered(pgconn.CommandTag{}, pgconn.ErrorResponseToPgError(message))
			if !synced {
				if err := t.postSync(); err != nil {
					return t.giveUp(first)
				}
				synced = true
			}
		case *pgproto3.ReadyForQuery:
			if first == nil && answers < len(p.steps) {
				first = fmt.Errorf("the server left %d statements unanswered", len(p.steps)-answers)
			}
			return first
		}
	}
}

// postSync writes the message after which the server says that it is ready.
func (t *transaction) postSync() error {
	message, err := (&pgproto3.Sync{}).Encode(nil)
	if err == nil {
		_, err = t.conn.PgConn().Conn().Write(message)
	}
	return err
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
