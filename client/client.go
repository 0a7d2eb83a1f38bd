// Package client asks a Folkmoot server over its REST interface, version 1.
//
// A write carries an idempotency key that the client makes and keeps across its own retries, so
// that a connection that breaks never posts twice. Errors of the server are *Problem. Lists are
// iterators that ask for the next part when it is needed.
//
// It needs the standard library only.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client asks one server, as one person or as a visitor. It is safe for concurrent use once its
// fields are set.
type Client struct {
	Token    string       // of a session or an API token; "" asks as a visitor
	HTTP     *http.Client // nil is http.DefaultClient
	Attempts int          // how often a request is sent at most; 0 is DefaultAttempts

	base string
}

// DefaultAttempts is enough to outlast the restart of a server.
const DefaultAttempts = 6

// New returns a client of the server at an address like https://forum.example, with a token or
// as a visitor.
func New(address, token string) (*Client, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, fmt.Errorf("the address of a forum is like https://forum.example, and this is %q", address)
	}
	return &Client{Token: token, base: strings.TrimSuffix(address, "/") + "/api/v1"}, nil
}

type keyOf struct{}

// WithKey gives the next write made with the context an idempotency key of the caller's, for those
// who send it again themselves: after a crash, say. A key belongs to one write.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOf{}, key)
}

// request is one to be sent, as often as it takes.
type request struct {
	method, path string
	query        url.Values
	body         any // nil: none
	ifMatch      string
	keyless      bool // a write that takes no key, and is sent once
}

// do sends a request and reads the answer into out, which may be nil. The headers of the answer are returned.
func (c *Client) do(ctx context.Context, r request, out any) (http.Header, error) {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, err
		}
	}
	key := ""
	if r.method != http.MethodGet && !r.keyless {
		if key, _ = ctx.Value(keyOf{}).(string); key == "" {
			key = rand.Text()
		}
	}
	attempts := c.Attempts
	if attempts <= 0 {
		attempts = DefaultAttempts
	}
	if r.keyless {
		attempts = 1
	}
	for attempt := 1; ; attempt++ {
		header, err := c.send(ctx, r, body, key, out)
		if err == nil || attempt >= attempts || !passes(ctx, err) {
			return header, err
		}
		if err := pause(ctx, attempt, err); err != nil {
			return nil, err
		}
	}
}

// send sends a request once.
func (c *Client) send(ctx context.Context, r request, body []byte, key string, out any) (http.Header, error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Idempotency-Key": key, "If-Match": r.ifMatch} {
		if value != "" && (name != "Content-Type" || body != nil) {
			request.Header.Set(name, value)
		}
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if answer.StatusCode >= 300 {
		return nil, readProblem(answer, text)
	}
	if out == nil {
		return answer.Header, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, &answerError{fmt.Errorf("%s %s answered what is no JSON of ours: %w", r.method, address, err)}
	}
	return answer.Header, nil
}

// answerError is an answer that cannot be read; asking again would not help.
type answerError struct{ error }

func (e *answerError) Unwrap() error { return e.error }

// passes reports whether an error may be over when the request is sent again.
func passes(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	var problem *Problem
	if errors.As(err, &problem) {
		switch problem.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return problem.RetryAfter <= longestRetryAfter
		}
		return false
	}
	return !errors.As(err, new(*answerError)) // else the connection failed, or broke off
}

// The waits between attempts: a random part of one that doubles, so that many clients do not come
// back together.
const (
	firstWait = 200 * time.Millisecond
	longWait  = 10 * time.Second

	longestRetryAfter = time.Minute // whoever is asked to wait for longer is told so
)

// pause waits before the next attempt: as long as the server asked for, else for a random time.
func pause(ctx context.Context, attempt int, err error) error {
	wait := min(firstWait<<(attempt-1), longWait)
	wait = mathrand.N(wait)
	if problem := new(Problem); errors.As(err, &problem) && problem.RetryAfter > 0 {
		wait += problem.RetryAfter
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w before another attempt; the last one: %w", ctx.Err(), err)
	}
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var out T
	_, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query}, &out)
	return out, err
}

func change[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var out T
	_, err := c.do(ctx, request{method: method, path: path, body: body}, &out)
	return out, err
}

// readProblem is the error that an answer says, in the server's words or, of a proxy's, in ours.
func readProblem(answer *http.Response, text []byte) error {
	problem := &Problem{Status: answer.StatusCode, Title: answer.Status}
	if err := json.Unmarshal(text, problem); err != nil || problem.Type == "" {
		problem = &Problem{Status: answer.StatusCode, Title: answer.Status, Detail: "the server answered " + answer.Status}
	}
	if seconds, err := strconv.ParseInt(answer.Header.Get("Retry-After"), 10, 32); err == nil {
		problem.RetryAfter = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(answer.Header.Get("Retry-After")); err == nil {
		problem.RetryAfter = time.Until(at)
	}
	return problem
}
