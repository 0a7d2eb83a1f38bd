package api

import (
	"encoding/base64"
	"fmt"
	"time"

	"folkmoot/internal/forum"
)

var errCursor = invalid("cursor", "is none that this list gave")

// PageOf is how a list is asked for in parts.
type PageOf struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" doc:"How many at most."`
	Cursor string `query:"cursor" doc:"The next_cursor of the part before; none: from the beginning."`
}

// writeCursor makes a place in a list opaque, since what it consists of may change. The zero
// Cursor, the end, is "".
func writeCursor(c forum.Cursor) string {
	if c == (forum.Cursor{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", c.At.UnixMicro(), c.ID))
}

func readCursor(text string) (forum.Cursor, error) {
	if text == "" {
		return forum.Cursor{}, nil
	}
	var at, id int64
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return forum.Cursor{}, errCursor
	}
	if _, err := fmt.Sscanf(string(plain), "%d.%d", &at, &id); err != nil {
		return forum.Cursor{}, errCursor
	}
	return forum.Cursor{At: time.UnixMicro(at).UTC(), ID: id}, nil
}

// writeWordCursor and readWordCursor do the same for a place that a text names.
func writeWordCursor(word string) string { return base64.RawURLEncoding.EncodeToString([]byte(word)) }

func readWordCursor(text string) (string, error) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !storable(string(plain)) {
		return "", errCursor
	}
	return string(plain), nil
}
