package client

import (
	"context"
	"time"
)

// Site is what the community says of itself.
type Site struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Verification is the outcome of the last recount of all numbers.
type Verification struct {
	At          time.Time `json:"at"`
	Seconds     float64   `json:"seconds"`
	Rows        int64     `json:"rows"`
	Differences int64     `json:"differences"`
}

// About is the community in numbers, from one snapshot.
type About struct {
	Site          Site             `json:"site"`
	Counts        Counts           `json:"counts"`
	People        map[string]int64 `json:"people"`                 // by state
	Verification  *Verification    `json:"verification,omitempty"` // nil: none was made yet
	SearchPending int64            `json:"search_pending"`
}

// About returns the community in numbers.
func (c *Client) About(ctx context.Context) (About, error) { return get[About](ctx, c, "/about", nil) }
