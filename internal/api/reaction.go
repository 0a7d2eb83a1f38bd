package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

type reactionBody struct {
	Kind string `json:"kind"`
}

// TransformSchema writes the kinds there are into the document.
func (reactionBody) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	for _, known := range forum.ReactionKinds {
		schema.Properties["kind"].Enum = append(schema.Properties["kind"].Enum, known.Kind)
	}
	return schema
}

func (s *server) react(ctx context.Context, in *struct {
	PostQuery
	Keyed
	Body reactionBody
}) (*tagged[Post], error) {
	if in.Body.Kind == "" {
		return nil, invalid("kind", "must not be empty")
	}
	return s.setReaction(ctx, &in.PostQuery, in.Body.Kind, in.Key)
}

func (s *server) withdrawReaction(ctx context.Context, in *struct {
	PostQuery
	Keyed
}) (*tagged[Post], error) {
	return s.setReaction(ctx, &in.PostQuery, "", in.Key)
}

func (s *server) setReaction(ctx context.Context, in *PostQuery, kind, key string) (*tagged[Post], error) {
	thread, number := in.address()
	post, err := s.service.React(ctx, httpkit.ActorOf(ctx), thread, number, kind, key)
	if err != nil {
		return nil, err
	}
	return s.taggedPost(ctx, &post)
}
