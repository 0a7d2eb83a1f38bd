package api

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Encoding and decoding follow what is to become encoding/json/v2: names count to the letter,
// may not occur twice, must be known, and text must be valid UTF-8.
var (
	encoding = json.JoinOptions(json.WithMarshalers(json.MarshalToFunc(encodeTime)), json.Deterministic(true))
	decoding = json.JoinOptions(json.RejectUnknownMembers(true))
)

// timeFormat is RFC 3339 with all microseconds, as times are stored: texts then sort like times.
const timeFormat = `"2006-01-02T15:04:05.000000Z"`

// encodeTime writes a time in UTC, the zero time as null.
func encodeTime(e *jsontext.Encoder, t time.Time) error {
	if t.IsZero() {
		return e.WriteToken(jsontext.Null)
	}
	return e.WriteValue(t.UTC().AppendFormat(e.AvailableBuffer(), timeFormat))
}
