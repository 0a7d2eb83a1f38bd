package postgres

import (
	"errors"
	"strings"
	"testing"
)

// What a server must be, those among it that cannot be had for a test.
func TestUsable(t *testing.T) {
	good := server{version: 140000, encoding: "UTF8", commits: "on", flushes: "on"}
	tests := []struct {
		name  string
		spoil func(*server)
		says  string // "": it can be used
	}{
		{"the oldest", func(*server) {}, ""},
		{"a newer one", func(s *server) { s.version = 180001 }, ""},
		{"commits made durable by us", func(s *server) { s.commits = "off" }, ""},
		{"too old", func(s *server) { s.version = 130014 }, "the server is PostgreSQL 13, and 14 or newer is needed"},
		{"much too old", func(s *server) { s.version = 90624 }, "the server is PostgreSQL 9"},
		{"another encoding", func(s *server) { s.encoding = "SQL_ASCII" }, "its encoding is SQL_ASCII"},
		{"a standby", func(s *server) { s.readOnly = true }, "it can only be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good
			tt.spoil(&s)
			err := s.usable()
			switch {
			case tt.says == "" && err != nil:
				t.Errorf("got %v, want it used", err)
			case tt.says != "" && (!errors.Is(err, ErrNotUsable) || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}
