package proof

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// reactionKinds are those that the generator gives.
var reactionKinds = []string{"up", "heart", "laugh"}

// ThreadRow is a thread as the API shows it, as far as it is judged.
type ThreadRow struct {
	ID             int64     `json:"id"`
	CategoryID     int64     `json:"category_id"`
	Title          string    `json:"title"`
	Slug           string    `json:"slug"`
	PostCount      int64     `json:"post_count"`
	LastActivityAt time.Time `json:"last_activity_at"`
	Version        int64     `json:"version"`
}

// PostRow is a post as the API shows it to an administrator, as far as it is judged.
type PostRow struct {
	Number    int64            `json:"number"`
	State     string           `json:"state"`
	Body      string           `json:"body"`
	CreatedAt time.Time        `json:"created_at"`
	Reactions map[string]int64 `json:"reactions"`
}

// request is what an op looks like on the wire. Its body is valid until the client's next one.
func (c *client) request(op Op, i int) Request {
	thread := c.site.Threads[op.Thread]
	if op.Act == Reading {
		path := thread.page
		if op.Number != 0 {
			path += "?from=" + strconv.Itoa(int(op.Number))
		}
		return Request{Method: http.MethodGet, Path: path}
	}
	request := Request{Method: http.MethodPost, Path: thread.path, Key: c.texts.key(c.id, i)}
	switch op.Act {
	case Posting:
		request.Path = thread.posts
		c.body = c.texts.appendJSON(c.body[:0], request.Key, c.id, i)
		request.Body = c.body
	case Deleting:
		request.Method, request.Path = http.MethodDelete, thread.post(op.Number)
	case Restoring:
		request.Method, request.Path = http.MethodDelete, thread.post(op.Number)+"/marks/deleted"
	case Reacting:
		request.Method, request.Path = http.MethodDelete, thread.post(op.Number)+"/reaction"
		if op.Arg > 0 {
			request.Method = http.MethodPut
			request.Body = fmt.Appendf(c.body[:0], `{"kind":%q}`, reactionKinds[op.Arg-1])
		}
	case Moving:
		request.Method = http.MethodPatch
		request.Body = fmt.Appendf(c.body[:0], `{"category_id":%d}`, c.site.Categories[op.Arg])
	case Renaming:
		request.Method = http.MethodPatch
		request.Body = fmt.Appendf(c.body[:0], `{"title":"%s: a better title"}`, request.Key)
	}
	return request
}

// read takes the thread's numbers from the answer to a change.
func (op *Op) read(answer []byte) {
	number, _ := scanInt(answer, `"number"`)
	if op.Act == Posting {
		op.Number = uint32(number)
	}
	op.readNumbers(answer)
}

func (op *Op) readNumbers(answer []byte) {
	if _, thread, nested := bytes.Cut(answer, []byte(`"thread":{`)); nested {
		answer = thread
	}
	count, _ := scanInt(answer, `"post_count"`)
	version, _ := scanInt(answer, `"version"`)
	activity, _ := scanTime(answer, `"last_activity_at"`)
	op.PostCount, op.Version, op.Activity = uint32(count), uint32(version), activity.UnixMicro()
}

// readNumbers asks for a thread's numbers as they stand.
func readNumbers(conn *Conn, path string) (Op, error) {
	answer, err := conn.Do(Request{Method: http.MethodGet, Path: path})
	if err == nil && answer.Status != http.StatusOK {
		err = fmt.Errorf("%s: status %d", path, answer.Status)
	}
	if err != nil {
		return Op{}, err
	}
	var numbers Op
	numbers.readNumbers(answer.Body)
	return numbers, nil
}
