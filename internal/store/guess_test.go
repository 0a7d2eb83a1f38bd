package store

import (
	"testing"
	"time"

	"folkmoot/internal/forum"
)

// expecting is a connection that is told what to expect, and nothing else.
type expecting struct {
	Conn
	sets int
	last []any // set
}

func (e *expecting) Expect(many ...Many) {
	for _, m := range many {
		e.sets += len(m.Sets)
		for _, set := range m.Sets {
			e.last = set
		}
	}
}

// A batch is guessed where all that it rests on is remembered and agreed on, by a connection made
// no earlier than what is remembered.
func TestGuess(t *testing.T) {
	remembered := &thread{Thread: forum.Thread{ID: 7, Version: 3, Rev: 1}}
	reply := func(actor forum.UserID, rev int64, thread forum.ThreadID) *member {
		return &member{change: forum.Change{Actor: actor, ActorRev: rev, Category: 1, CatRev: 1, Thread: thread, ThreadRev: 1, Key: "k"}}
	}
	asks := reply(1, 1, 7)
	asks.asks = true
	for _, tt := range []struct {
		name        string
		batch       []*member
		reconnected int64
		resting     int
		want        bool
		expected    int
	}{
		{"one", []*member{reply(1, 1, 7)}, 5, 0, true, 3}, // person, category, thread
		{"two of one thread", []*member{reply(1, 1, 7), reply(2, 1, 7)}, 5, 0, true, 4},
		{"a new thread", []*member{reply(1, 1, 0)}, 5, 0, true, 3}, // person, category, key
		{"a thread that is not remembered", []*member{reply(1, 1, 7), reply(1, 1, 8)}, 5, 0, false, 0},
		{"a person seen differently", []*member{reply(1, 1, 7), reply(1, 2, 7)}, 5, 0, false, 0},
		{"a key that is to be looked up", []*member{asks}, 5, 0, false, 0},
		{"after a new connection", []*member{reply(1, 1, 7)}, 6, 0, false, 0},
		{"after a wrong guess", []*member{reply(1, 1, 7)}, 5, 1, false, 0},
	} {
		g := newGuesses()
		g.since, g.resting = 5, tt.resting
		g.threads[7] = remembered
		conn := &expecting{}
		tx := newTx(conn, nil)
		if got := g.load(tx, tt.batch, time.Now(), tt.reconnected); got != tt.want || conn.sets != tt.expected {
			t.Errorf("%s: guessed %v with %d rows expected, want %v with %d", tt.name, got, conn.sets, tt.want, tt.expected)
		}
		if known := tx.threads[7] != nil; known != (tt.want && tt.batch[0].change.Thread == 7) {
			t.Errorf("%s: the thread is in hand: %v", tt.name, known)
		}
	}
}

// Wrong guesses in a row cost less and less; a right one is believed again.
func TestGuessRests(t *testing.T) {
	g := newGuesses()
	for _, want := range []int{1, 2, 4, 8} {
		g.forget(newTx(nil, nil), ErrGuess)
		if g.resting != want {
			t.Errorf("%d batches ask, want %d", g.resting, want)
		}
	}
	g.right()
	if g.forget(newTx(nil, nil), ErrGuess); g.resting != 1 {
		t.Errorf("after a right guess %d batches ask, want 1", g.resting)
	}
}
