package proof

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// answerWithin is how long a request may take before its outcome counts as unknown.
const answerWithin = 30 * time.Second

// Conn is one person's keep-alive connection. It sends one request at a time and never repeats
// one by itself, so that whoever asks knows whether an answer came. It is cheap, since it
// shares the processor with the server it measures.
type Conn struct {
	address  string
	conn     net.Conn
	reader   *bufio.Reader
	writer   *bufio.Writer
	request  fasthttp.Request
	response fasthttp.Response
}

// Dial prepares a connection to address as the person of token; "" is a visitor.
// It is opened with the first request.
func Dial(address, token string) *Conn {
	c := &Conn{address: address}
	c.request.Header.SetHost(address)
	c.request.Header.DisableNormalizing()
	if token != "" {
		c.request.Header.Set("Authorization", "Bearer "+token)
	}
	return c
}

// Request is one request to make.
type Request struct {
	Method string
	Path   string
	Key    string // idempotency key, "" for none
	Body   []byte // JSON, nil for none
}

// Answer is what came back. Body is valid until the connection's next request.
type Answer struct {
	Status int
	Body   []byte
}

// Do makes a request. An error says that no whole answer came: what the request did is unknown.
func (c *Conn) Do(request Request) (Answer, error) {
	if err := c.open(); err != nil {
		return Answer{}, err
	}
	if err := c.exchange(request); err != nil {
		c.Close()
		return Answer{}, fmt.Errorf("%s %s: %w", request.Method, request.Path, err)
	}
	if c.response.ConnectionClose() {
		c.Close()
	}
	return Answer{c.response.StatusCode(), c.response.Body()}, nil
}

func (c *Conn) exchange(request Request) error {
	if err := c.send(request); err != nil {
		return err
	}
	c.response.Reset()
	c.response.SkipBody = request.Method == fasthttp.MethodHead
	return c.response.Read(c.reader)
}

// send writes a request without waiting for its answer.
func (c *Conn) send(request Request) error {
	c.request.Header.SetMethod(request.Method)
	c.request.Header.SetRequestURI(request.Path)
	c.request.Header.Del("Content-Type")
	c.request.Header.Del("Content-Length") // of the last body: a GET without one would be sent with it
	c.request.Header.Del("Idempotency-Key")
	if request.Key != "" {
		c.request.Header.Set("Idempotency-Key", request.Key)
	}
	if request.Body != nil {
		c.request.Header.SetContentType("application/json")
	}
	c.request.SetBodyRaw(request.Body)
	if err := c.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if err := c.request.Write(c.writer); err != nil {
		return err
	}
	return c.writer.Flush()
}

func (c *Conn) open() error {
	if c.conn != nil {
		return nil
	}
	conn, err := net.DialTimeout("tcp", c.address, answerWithin)
	if err != nil {
		return err
	}
	c.conn = conn
	c.reader = bufio.NewReaderSize(conn, 16<<10)
	c.writer = bufio.NewWriterSize(conn, 4<<10)
	return nil
}

// Close ends the connection; the next request opens another.
func (c *Conn) Close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// scanInt finds the first member of that name in a JSON text and returns its whole number. It
// reads no further than it must: decoding every answer would cost as much as the server's own
// work. A quoted name inside a string cannot deceive it, since its quotes are escaped there.
func scanInt(json []byte, member string) (int64, bool) {
	value, found := scan(json, member)
	if !found {
		return 0, false
	}
	end := 0
	for end < len(value) && (value[end] == '-' || '0' <= value[end] && value[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(string(value[:end]), 10, 64)
	return n, err == nil
}

// scanTime is scanInt for a time as RFC 3339 writes it.
func scanTime(json []byte, member string) (time.Time, bool) {
	value, found := scan(json, member)
	if !found || len(value) == 0 || value[0] != '"' {
		return time.Time{}, false
	}
	text, _, found := bytes.Cut(value[1:], []byte{'"'})
	if !found {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	return at, err == nil
}

// scan returns the text behind `member:`, where member is a quoted name.
func scan(json []byte, member string) ([]byte, bool) {
	_, value, found := bytes.Cut(json, []byte(member))
	if !found || len(value) == 0 || value[0] != ':' {
		return nil, false
	}
	return bytes.TrimLeft(value[1:], " "), true
}
