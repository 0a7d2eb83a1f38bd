package forum_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"folkmoot/internal/forum"
)

func TestCheckName(t *testing.T) {
	good := []string{"ab", "Jobst", "a.b", "a-b", "a_b", "o1", "42", "Ünal", "Zoë", "李雷", "नमन", strings.Repeat("x", 40), "cafe\u0301"}
	bad := []string{"", "a", " ", "a b", ".ab", "ab.", "-ab", "ab_", "_", "a@b", "a/b", "a\x00b", "a\xffb", "a\nb", "\u0301ab", "a\u200bb", "a\u202eb",
		"ab😀", strings.Repeat("x", 41)}
	for _, name := range good {
		if wrong := forum.CheckName(name); wrong != nil {
			t.Errorf("%q: %s", name, wrong.Message)
		}
	}
	for _, name := range bad {
		if forum.CheckName(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

// A name that somebody chooses is of one script, or of those that are written together, and of nobody
// who runs the community.
func TestCheckChosenName(t *testing.T) {
	good := []string{"anna", "анна", "άννα", "o1", "42", "a.b", "zoë", "cafe\u0301", "नमन", "नमन_7", "李雷", "ひらカタ漢字abc", "あー", "김민수abc", "ㄅ漢a",
		"admina", "modest", "rooted"}
	bad := []string{"аnna", "annа", "αnna", "аννа", "李аnna", "김ひ", "ひㄅ", "admin", "ad-min", "m_o_d", "administrator", "moderator", "system", "folkmoot"}
	for _, name := range good {
		if wrong := forum.CheckChosenName(name); wrong != nil {
			t.Errorf("%q: %s", name, wrong.Message)
		}
	}
	for _, name := range bad {
		if forum.CheckChosenName(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestUserNameFrom(t *testing.T) {
	for shown, want := range map[string]string{
		"Jobst":                 "Jobst",
		"Jobst Brandt":          "Jobst_Brandt",
		"  Jobst   Brandt! ":    "Jobst_Brandt",
		"@jobst":                "jobst",
		"":                      "person",
		"J":                     "personJ",
		"~~~":                   "person",
		"...":                   "person",
		"user@example.org":      "user_example.org",
		"a\x00b":                "a_b",
		strings.Repeat("x", 99): strings.Repeat("x", 34),
	} {
		if got := forum.UserNameFrom(shown); got != want {
			t.Errorf("%q becomes %q, want %q", shown, got, want)
		}
	}
}

// Whatever a source shows becomes an acceptable name, with room for a number behind it, and an
// acceptable name of that length stays what it is.
func FuzzUserNameFrom(f *testing.F) {
	for _, shown := range []string{"", "a", "Jobst Brandt", "\u0301", "a\u0301\u0301", "._-", "😀😀", "\xff\xfe", "a.\u0301", strings.Repeat("𝔘", 50), "\u200b\u202e"} {
		f.Add(shown)
	}
	f.Fuzz(func(t *testing.T, shown string) {
		name := forum.UserNameFrom(shown)
		if wrong := forum.CheckName(name); wrong != nil {
			t.Fatalf("%q becomes %q, which %s", shown, name, wrong.Message)
		}
		if wrong := forum.CheckName(name + "123456"); wrong != nil {
			t.Errorf("%q becomes %q, which leaves no room for a number: %s", shown, name, wrong.Message)
		}
		if forum.CheckName(shown) == nil && utf8.RuneCountInString(shown) < forum.LimitUserName.Max-6 && !strings.Contains(shown, "__") && name != shown {
			t.Errorf("%q becomes %q", shown, name)
		}
	})
}

func TestUserActor(t *testing.T) {
	user := forum.User{ID: 3, Name: "Jobst", Role: forum.Moderator, Rev: 5}
	want := forum.Actor{User: 3, Name: "Jobst", Role: forum.Moderator, Rev: 5}
	if got := user.Actor(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	user.SuspendedAt = time.Unix(1, 0)
	if want.Suspended = true; user.Actor() != want || user.State() != forum.Suspended {
		t.Errorf("suspended: %+v, %s", user.Actor(), user.State())
	}
}
