package linear

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"folkmoot/internal/forum"
)

// at is a time of the tests: minutes apart, so that it is easy to see which is later.
func at(minute int) time.Time { return time.Date(2026, 5, 1, 12, minute, 0, 0, time.UTC) }

// asked is an operation from one moment to another.
func asked(from, to int64, op Operation, answer Answer) porcupine.Operation {
	return porcupine.Operation{ClientId: int(from), Input: op, Call: from, Output: answer, Return: to}
}

func made(number, count int64, minute int, version int64) Answer {
	return Answer{Outcome: Done, Number: number, At: at(minute), PostCount: count, Activity: at(minute), Version: version}
}

func shown(count int64, minute int, version int64) Answer {
	return Answer{Outcome: Done, PostCount: count, Activity: at(minute), Version: version}
}

func page(count int64, posts ...int64) Answer {
	return Answer{Outcome: Done, PostCount: count, Posts: posts}
}

var (
	reply   = Operation{Act: Replying, By: forum.Member}
	read    = Operation{Act: Reading, By: forum.Visitor}
	whole   = Operation{Act: Reading, By: forum.Moderator}
	toOther = Operation{Act: Moving, By: forum.Moderator, Category: 1}
	unknown = Answer{}
)

func remove(number int64, set bool) Operation {
	return Operation{Act: Marking, By: forum.Member, Number: number, Mark: forum.MarkAuthorDeleted, Set: set}
}

func moderate(number int64, mark forum.Mark, set bool) Operation {
	return Operation{Act: Marking, By: forum.Moderator, Number: number, Mark: mark, Set: set}
}

func from(number int64, by forum.Role) Operation {
	return Operation{Act: Paging, By: by, Number: number}
}

// What the judge says of histories that are easily judged by hand. Each begins with a thread of one
// post, started by minute 1.
func TestJudge(t *testing.T) {
	told := func(answer Answer, told Told) Answer {
		answer.Told = &told
		return answer
	}
	tests := []struct {
		name    string
		history []porcupine.Operation
		want    bool
	}{
		{"one after the other", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, remove(2, true), shown(1, 1, 3)), asked(5, 6, read, shown(1, 1, 3)),
			asked(7, 8, remove(2, false), shown(2, 2, 4)), asked(9, 10, read, shown(2, 2, 4))}, true},
		{"at once, in the other order", []porcupine.Operation{
			asked(1, 9, reply, made(3, 3, 3, 3)), asked(2, 8, reply, made(2, 2, 2, 2)), asked(3, 4, read, shown(1, 1, 1))}, true},
		{"two replies counted as one", []porcupine.Operation{
			asked(1, 9, reply, made(2, 2, 2, 2)), asked(2, 8, reply, made(3, 2, 3, 3))}, false},
		{"a number given twice", []porcupine.Operation{
			asked(1, 9, reply, made(2, 2, 2, 2)), asked(2, 8, reply, made(2, 3, 3, 3))}, false},
		{"a version given twice", []porcupine.Operation{
			asked(1, 9, reply, made(2, 2, 2, 2)), asked(2, 8, reply, made(3, 3, 3, 2))}, false},
		{"a time that is not later", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 3, 2)), asked(3, 4, reply, made(3, 3, 2, 3))}, false},
		{"last activity of a deleted post", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, remove(2, true), shown(1, 2, 3))}, false},
		{"read before it is acknowledged", []porcupine.Operation{
			asked(1, 9, reply, made(2, 2, 2, 2)), asked(2, 3, read, shown(2, 2, 2))}, true},
		{"not read after it is acknowledged", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, read, shown(1, 1, 1))}, false},
		{"read, and then not", []porcupine.Operation{
			asked(1, 9, reply, made(2, 2, 2, 2)), asked(2, 3, read, shown(2, 2, 2)), asked(4, 5, read, shown(1, 1, 1))}, false},
		{"numbers of one moment, version of another", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, read, shown(2, 2, 1))}, false},

		{"no answer, and done much later", []porcupine.Operation{
			asked(1, never, reply, unknown), asked(2, 3, read, shown(1, 1, 1)), asked(4, 5, read, shown(2, 4, 2)), asked(6, 7, reply, made(3, 3, 5, 3))}, true},
		{"no answer, and never done", []porcupine.Operation{
			asked(1, never, reply, unknown), asked(2, 3, reply, made(2, 2, 2, 2)), asked(4, 5, read, shown(2, 2, 2))}, true},
		{"no answer, and done twice", []porcupine.Operation{
			asked(1, never, reply, unknown), asked(2, 3, read, shown(3, 2, 3))}, false},
		{"no answer, done, and a time that changes", []porcupine.Operation{
			asked(1, never, reply, unknown), asked(2, 3, read, shown(2, 4, 2)), asked(4, 5, read, shown(2, 5, 2))}, false},
		{"no answer, done, and a time that is not later", []porcupine.Operation{
			asked(1, never, reply, unknown), asked(2, 3, read, shown(2, 1, 2))}, false},

		{"hidden, and not to be seen", []porcupine.Operation{
			asked(1, 2, moderate(1, forum.MarkModHidden, true), shown(1, 1, 2)), asked(3, 4, read, RefusedWith(forum.NotFound, "")),
			asked(5, 6, reply, RefusedWith(forum.NotFound, "")), asked(7, 8, whole, told(shown(1, 1, 2), Told{State: forum.Hidden}))}, true},
		{"hidden, and seen", []porcupine.Operation{
			asked(1, 2, moderate(1, forum.MarkModHidden, true), shown(1, 1, 2)), asked(3, 4, read, shown(1, 1, 2))}, false},
		{"refused without a reason", []porcupine.Operation{asked(1, 2, reply, RefusedWith(forum.Conflict, "locked"))}, false},
		{"refused for another reason", []porcupine.Operation{
			asked(1, 2, moderate(1, forum.MarkLocked, true), shown(1, 1, 2)), asked(3, 4, reply, RefusedWith(forum.NotFound, ""))}, false},
		{"replied where it is locked", []porcupine.Operation{
			asked(1, 2, moderate(1, forum.MarkLocked, true), shown(1, 1, 2)), asked(3, 4, reply, made(2, 2, 2, 3))}, false},
		{"overtaken", []porcupine.Operation{asked(1, 2, reply, RefusedWith(forum.Conflict, "changed at the same moment")), asked(3, 4, read, shown(1, 1, 1))}, true},
		{"deleted by two, restored by one", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, remove(2, true), shown(1, 1, 3)), asked(5, 6, moderate(2, forum.MarkModDeleted, true), shown(1, 1, 4)),
			asked(7, 8, moderate(2, forum.MarkModDeleted, false), shown(1, 1, 5))}, true},
		{"deleted by two, and published by one", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, remove(2, true), shown(1, 1, 3)), asked(5, 6, moderate(2, forum.MarkModDeleted, true), shown(1, 1, 4)),
			asked(7, 8, moderate(2, forum.MarkModDeleted, false), shown(2, 2, 5))}, false},
		{"deleted by its author when it was hidden", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, moderate(2, forum.MarkModHidden, true), shown(1, 1, 3)), asked(5, 6, remove(2, true), shown(1, 1, 4))}, false},
		{"told that it is hidden", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, moderate(2, forum.MarkModHidden, true), shown(1, 1, 3)), asked(5, 6, remove(2, true), RefusedWith(forum.NotFound, ""))}, true},
		{"told that it is hidden, and it is not", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, remove(2, true), RefusedWith(forum.NotFound, ""))}, false},
		{"a mark set twice", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, remove(2, true), shown(1, 1, 3)), asked(5, 6, remove(2, true), shown(1, 1, 3))}, true},
		{"a mark set twice, counted twice", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, remove(2, true), shown(1, 1, 3)), asked(5, 6, remove(2, true), shown(0, 1, 4))}, false},

		{"moved", []porcupine.Operation{asked(1, 2, toOther, shown(1, 1, 2)), asked(3, 4, whole, told(shown(1, 1, 2), Told{Category: 1}))}, true},
		{"moved, and still there", []porcupine.Operation{asked(1, 2, toOther, shown(1, 1, 2)), asked(3, 4, whole, told(shown(1, 1, 2), Told{}))}, false},
		{"moderators count all", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, moderate(2, forum.MarkModHidden, true), shown(1, 1, 3)),
			asked(5, 6, whole, told(shown(1, 1, 3), Told{Hidden: 1}))}, true},
		{"moderators miss one", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, moderate(2, forum.MarkModHidden, true), shown(1, 1, 3)),
			asked(5, 6, whole, told(shown(1, 1, 3), Told{}))}, false},

		{"pages", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, reply, made(3, 3, 3, 3)), asked(5, 6, moderate(2, forum.MarkModHidden, true), shown(2, 3, 4)),
			asked(7, 8, from(1, forum.Visitor), page(2, 1, 3)), asked(7, 8, from(2, forum.Visitor), page(2, 3)), asked(7, 8, from(2, forum.Moderator), page(2, 2, 3))}, true},
		{"a page that shows what is hidden", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, moderate(2, forum.MarkModHidden, true), shown(1, 1, 3)),
			asked(5, 6, from(1, forum.Visitor), page(1, 1, 2))}, false},
		{"a page that misses one", []porcupine.Operation{asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 4, from(1, forum.Visitor), page(2, 1))}, false},
		{"a page of one moment, its number of another", []porcupine.Operation{
			asked(1, 2, reply, made(2, 2, 2, 2)), asked(3, 9, remove(2, true), shown(1, 1, 3)), asked(4, 5, from(1, forum.Visitor), page(1, 1, 2))}, false},
		{"a page said to go on", []porcupine.Operation{asked(1, 2, from(1, forum.Visitor), Answer{Outcome: Done, PostCount: 1, Posts: []int64{1}, More: true})}, false},
	}
	for _, tt := range tests {
		start := asked(-2, -1, Operation{Act: Starting, By: forum.Member}, made(1, 1, 1, 1))
		if got := porcupine.CheckOperations(model, append(tt.history, start)); got != tt.want {
			t.Errorf("%s: judged %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What is said of a history that is not linearizable names the answer that fits no more.
func TestLongestOrder(t *testing.T) {
	history := []porcupine.Operation{
		asked(-2, -1, Operation{Act: Starting, By: forum.Member}, made(1, 1, 1, 1)), asked(1, never, reply, unknown),
		asked(2, 3, read, shown(1, 1, 1)), asked(4, 5, read, shown(7, 1, 1)), asked(6, 7, read, shown(8, 1, 1))}
	placed, next := longestOrder(history)
	if len(placed) != 3 || next.Call != 4 {
		t.Errorf("%d operations placed, next the one asked at %d; want 3, 4", len(placed), next.Call)
	}
}
