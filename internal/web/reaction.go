package web

import (
	"net/http"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/ui"
)

// reactPage offers the reactions to a post.
type reactPage struct {
	Thread  forum.Thread
	Post    forum.Post
	Excerpt string
	Offered []forum.ReactionKind // and the one that who asks has given, where it is offered no more
	Key     string
}

func (p reactPage) title() string { return "React to post " + formatNumber(p.Post.Number) }

func (s *server) showReactions(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r)
	thread, post, err := s.service.Post(r.Context(), actor, threadID(r), pathID(r, "number"))
	if err != nil {
		return err
	}
	if err := forum.CanReact(actor, &thread, &post); err != nil {
		return err
	}
	rules, err := s.service.Rules(r.Context())
	if err != nil {
		return err
	}
	rules.Reactions = append(rules.Reactions, post.MyReaction)
	return s.show(w, r, reactPage{thread, post, s.service.Text.Excerpt(post.Body, excerptLength), rules.Offered(), newKey()})
}

// react sets who asks' one reaction to a post to the kind that the form names, or to none: doing
// it twice is the same as once.
func (s *server) react(w http.ResponseWriter, r *http.Request) error {
	in, err := s.receive(r, &httpkit.Reacting)
	if err != nil {
		return err
	}
	if !in.Has("kind") { // "" withdraws
		return wrongField("kind", "is missing")
	}
	actor, thread, number := actorOf(r), threadID(r), pathID(r, "number")
	post, err := s.service.React(r.Context(), actor, thread, number, in.Get("kind"), keyFor(in, r.URL.Path))
	if err != nil {
		return err
	}
	return seeOther(w, r, ui.PostPath(post.Thread, post.Number))
}
