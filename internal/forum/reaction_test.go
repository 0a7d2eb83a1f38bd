package forum_test

import (
	"testing"

	"folkmoot/internal/forum"
)

func TestKnownReaction(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range forum.ReactionKinds {
		got, known := forum.KnownReaction(kind.Kind)
		if !known || got != kind || seen[kind.Kind] || kind.Kind == "" || len(kind.Kind) > forum.MaxReactionsKind || kind.Emoji == "" || kind.Label == "" {
			t.Errorf("%+v: %+v, %v", kind, got, known)
		}
		seen[kind.Kind] = true
	}
	for _, kind := range []string{"", "UP", "up ", "👍", "thumbs up"} {
		if got, known := forum.KnownReaction(kind); known {
			t.Errorf("%q is %+v", kind, got)
		}
	}
}
