package forum_test

import (
	"testing"

	"folkmoot/internal/forum"
)

// allowed says what kind of refusal a decision was, "yes" for none.
func allowed(err error) string {
	if err == nil {
		return "yes"
	}
	return map[forum.Kind]string{forum.Unauthenticated: "sign in", forum.Forbidden: "forbidden", forum.Conflict: "conflict", forum.Invalid: "invalid"}[forum.KindOf(err)]
}

func TestActors(t *testing.T) {
	person := func(role forum.Role, scope forum.Scope) forum.Actor {
		return forum.Actor{User: 3, Role: role, Scope: scope}
	}
	suspended := forum.Actor{User: 3, Role: forum.Admin, Suspended: true}
	tests := []struct {
		name                        string
		actor                       forum.Actor
		role                        forum.Role
		write, administer, moderate string
	}{
		{"visitor", forum.Actor{}, forum.Visitor, "sign in", "sign in", "sign in"},
		{"a visitor who claims a role", forum.Actor{Role: forum.Admin}, forum.Visitor, "sign in", "sign in", "sign in"},
		{"member", person(forum.Member, ""), forum.Member, "yes", "forbidden", "forbidden"},
		{"without a role", person("", ""), forum.Member, "yes", "forbidden", "forbidden"},
		{"moderator", person(forum.Moderator, ""), forum.Moderator, "yes", "forbidden", "yes"},
		{"administrator", person(forum.Admin, ""), forum.Admin, "yes", "yes", "yes"},
		{"suspended administrator", suspended, forum.Member, "forbidden", "forbidden", "forbidden"},
		{"reading token", person(forum.Admin, forum.ScopeRead), forum.Member, "forbidden", "forbidden", "forbidden"},
		{"writing token", person(forum.Admin, forum.ScopeWrite), forum.Member, "yes", "forbidden", "forbidden"},
		{"moderating token", person(forum.Admin, forum.ScopeModerate), forum.Admin, "yes", "yes", "yes"},
		{"moderating token of a member", person(forum.Member, forum.ScopeModerate), forum.Member, "yes", "forbidden", "forbidden"},
	}
	for _, tt := range tests {
		got := []string{string(tt.actor.EffectiveRole()), allowed(forum.CanWrite(tt.actor)), allowed(forum.CanAdminister(tt.actor)), allowed(forum.CanModeratePeople(tt.actor))}
		want := []string{string(tt.role), tt.write, tt.administer, tt.moderate}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: got %v, want %v", tt.name, got, want)
				break
			}
		}
		if seen := tt.actor.Visibility(); seen.Role != tt.role || seen.User != tt.actor.User {
			t.Errorf("%s: visibility %+v", tt.name, seen)
		}
	}
}
