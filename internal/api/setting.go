package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Site is what the community says of itself.
type Site struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// TransformSchema writes the limits into the document.
func (Site) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	return limited(schema, forum.LimitSiteName, forum.LimitDescription)
}

// Verification is the outcome of the last recount of all numbers.
type Verification struct {
	At          time.Time `json:"at"`
	Seconds     float64   `json:"seconds" doc:"How long it took."`
	Rows        int64     `json:"rows" doc:"How many were read."`
	Differences int64     `json:"differences" doc:"Numbers that were not what the rows say."`
}

// About is the community in numbers, counted for the reader, from one snapshot.
type About struct {
	Site          Site             `json:"site"`
	Counts        Counts           `json:"counts"`
	People        map[string]int64 `json:"people" doc:"Accounts, by state."`
	Verification  *Verification    `json:"verification,omitempty" doc:"Absent where none was made yet."`
	SearchPending int64            `json:"search_pending" doc:"Posts that search does not know yet."`
}

func (s *server) getAbout(ctx context.Context, _ *struct{}) (*answer[About], error) {
	about, err := s.service.About(ctx, httpkit.ActorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := About{Site: newSite(about.Site), Counts: visible(about.Counts), SearchPending: about.Pending,
		People: make(map[string]int64, len(about.People))}
	for state, n := range about.People {
		out.People[string(state)] = n
	}
	if v := about.Verification; !v.At.IsZero() {
		out.Verification = &Verification{At: v.At, Seconds: v.Took.Seconds(), Rows: v.Rows, Differences: v.Differences}
	}
	return &answer[About]{out}, nil
}

func newSite(site forum.Site) Site { return Site{Name: site.Name, Description: site.Description} }

func (s *server) getSite(ctx context.Context, _ *struct{}) (*answer[Site], error) {
	site, err := s.service.Site(ctx)
	return &answer[Site]{newSite(site)}, err
}

func (s *server) setSite(ctx context.Context, in *struct {
	Keyed
	Body Site
}) (*answer[Site], error) {
	if err := s.service.SetSite(ctx, httpkit.ActorOf(ctx), in.Body.Name, in.Body.Description, 0, in.Key); err != nil {
		return nil, err
	}
	return s.getSite(ctx, nil)
}
