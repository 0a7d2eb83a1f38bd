package proof

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// story is a run and what a right server shows after it: the rest of this file spoils either.
type story struct {
	history *History
	posts   []PostRow
	thread  ThreadRow
}

func at(number int) time.Time { return time.UnixMicro(int64(1_000_000 + number)).UTC() }

// newStory has three clients who post four times each into one thread after its first post; the
// first deletes their second post, and the second reacts to it.
func newStory() *story {
	s := &story{history: &History{Mix: MixPost, texts: newTexts("12345678", 100, 1), Clients: make([][]Op, 3)}}
	s.posts = []PostRow{{Number: 1, State: "visible", Body: "the first", CreatedAt: at(1)}}
	for i := range 4 {
		for client := range s.history.Clients {
			number := len(s.posts) + 1
			s.posts = append(s.posts, PostRow{Number: int64(number), State: "visible", CreatedAt: at(number),
				Body: s.history.texts.body(client, i)})
			s.history.Clients[client] = append(s.history.Clients[client], Op{Act: Posting, Outcome: Acknowledged, Status: 201,
				Number: uint32(number), PostCount: uint32(number), Version: uint32(number), Activity: at(number).UnixMicro()})
		}
	}
	s.thread = ThreadRow{PostCount: int64(len(s.posts)), LastActivityAt: at(len(s.posts))}
	return s
}

// deleteSecond has the first client delete its second post, number 5, after the second client reacted to it.
func (s *story) deleteSecond() {
	s.history.Mix = MixAll
	s.history.Clients[1] = append(s.history.Clients[1], Op{Act: Reacting, Arg: 1, Outcome: Acknowledged, Number: 5})
	s.history.Clients[0] = append(s.history.Clients[0], Op{Act: Deleting, Outcome: Acknowledged, Number: 5})
	s.posts[4].State = "deleted"
	s.thread.PostCount--
}

func (s *story) react(number int, kind string, n int64) {
	s.history.Clients[1] = append(s.history.Clients[1], Op{Act: Reacting, Arg: 1, Outcome: Acknowledged, Number: uint32(number)})
	s.posts[number-1].Reactions = map[string]int64{kind: n}
}

func (s *story) audit() Audit {
	a := newAuditor(s.history)
	a.begin(0)
	for _, post := range s.posts {
		a.post(post)
	}
	a.end(s.thread, 0)
	return a.finish()
}

func (s *story) remove(number int) {
	s.posts = append(s.posts[:number-1], s.posts[number:]...)
}

func TestAuditFindsNothingWrong(t *testing.T) {
	tests := []struct {
		name string
		tell func(*story)
		want Audit
	}{
		{"as answered", func(*story) {},
			Audit{Acknowledged: 12, Stored: 12, Rows: 13, Counted: 13}},
		{"deleted", (*story).deleteSecond,
			Audit{Acknowledged: 12, Stored: 12, Rows: 13, Counted: 12}},
		{"reacted", func(s *story) { s.react(3, reactionKinds[0], 1) },
			Audit{Acknowledged: 12, Stored: 12, Rows: 13, Counted: 13}},
		{"no answer, and stored", func(s *story) { s.history.Clients[2][3].Outcome = Unknown },
			Audit{Acknowledged: 11, Unknown: 1, Happened: 1, Stored: 12, Rows: 13, Counted: 13}},
		{"no answer, and not stored", func(s *story) {
			s.history.Clients[2][3].Outcome = Unknown
			s.remove(13)
			s.thread = ThreadRow{PostCount: 12, LastActivityAt: at(12)}
		}, Audit{Acknowledged: 11, Unknown: 1, Stored: 11, Rows: 12, Counted: 12}},
		{"no answer to a deletion, and deleted", func(s *story) {
			s.deleteSecond()
			s.history.Clients[0][4].Outcome = Unknown
		}, Audit{Acknowledged: 12, Stored: 12, Rows: 13, Counted: 12}},
		{"refused, and not stored", func(s *story) {
			s.history.Clients[0] = append(s.history.Clients[0], Op{Act: Posting, Outcome: Refused, Status: 409})
		}, Audit{Acknowledged: 12, Refused: 1, Stored: 12, Rows: 13, Counted: 13}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory()
			tt.tell(s)
			if diff := cmp.Diff(tt.want, s.audit()); diff != "" {
				t.Errorf("audit (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuditFindsDamage(t *testing.T) {
	tests := []struct {
		name   string
		damage func(*story)
		want   string // in one of the findings
	}{
		{"an acknowledged post is lost", func(s *story) { s.remove(13); s.thread = ThreadRow{PostCount: 12, LastActivityAt: at(12)} }, "is not there"},
		{"a gap in the numbers", func(s *story) { s.remove(6) }, "number 7 follows 5"},
		{"a number twice", func(s *story) { s.posts[6].Number = 6 }, "number 6 follows 6"},
		{"a post twice", func(s *story) {
			s.posts = append(s.posts, PostRow{Number: 14, State: "visible", Body: s.posts[3].Body, CreatedAt: at(14)})
			s.thread = ThreadRow{PostCount: 14, LastActivityAt: at(14)}
		}, "there 2 times"},
		{"a refused post is stored", func(s *story) { s.history.Clients[1][2].Outcome = Refused }, "was refused"},
		{"a post that nobody sent", func(s *story) { s.posts[5].Body = s.history.texts.body(2, 77) }, "nobody made"},
		{"another's number", func(s *story) { s.posts[5].Body, s.posts[6].Body = s.posts[6].Body, s.posts[5].Body }, "acknowledged as number"},
		{"an altered text", func(s *story) { s.posts[5].Body += "!" }, "not the text"},
		{"a lost increment", func(s *story) { s.thread.PostCount-- }, "post_count is 12, visible posts are 13"},
		{"a stale last activity", func(s *story) { s.thread.LastActivityAt = at(12) }, "last_activity_at"},
		{"time ran backwards", func(s *story) { s.posts[7].CreatedAt = at(2) }, "not later than the one before"},
		{"two answers with one count", func(s *story) { s.history.Clients[0][3].PostCount-- }, "was answered with post_count"},
		{"an answer's version fell", func(s *story) { s.history.Clients[0][3].Version = 2 }, "was not later"},
		{"a deletion was lost", func(s *story) { s.deleteSecond(); s.posts[4].State = "visible"; s.thread.PostCount++ }, "last answered otherwise"},
		{"a deletion that nobody asked for", func(s *story) { s.posts[8].State = "deleted"; s.thread.PostCount-- }, "nobody asked"},
		{"a lost reaction", func(s *story) { s.react(3, reactionKinds[0], 0) }, "answered were 1"},
		{"a reaction twice", func(s *story) { s.react(3, reactionKinds[0], 2) }, "answered were 1"},
		{"a number ran backwards during the run", func(s *story) {
			s.history.Samples.note(0, Op{PostCount: 3}, Op{PostCount: 2}, true)
		}, "fell from 3 to 2"},
		{"a move was lost", func(s *story) {
			s.history.Clients[0] = append(s.history.Clients[0], Op{Act: Moving, Outcome: Acknowledged, Arg: 1, Version: 20})
		}, "was last moved to 1"},
		{"a new title was lost", func(s *story) {
			s.history.Clients[0] = append(s.history.Clients[0], Op{Act: Renaming, Outcome: Acknowledged, Version: 20})
		}, "was last renamed otherwise"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory()
			tt.damage(s)
			got := s.audit()
			if got.Wrong == 0 || !strings.Contains(strings.Join(got.Findings, "\n"), tt.want) {
				t.Errorf("found %d wrong: %q; want one that says %q", got.Wrong, got.Findings, tt.want)
			}
		})
	}
}
