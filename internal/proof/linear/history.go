package linear

import (
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// History is what clients asked, when, and what they were answered. It is safe for concurrent use.
type History struct {
	began    time.Time
	mu       sync.Mutex
	asked    []porcupine.Operation
	unknown  int
	outcomes map[Act]map[Outcome]int
}

// never is later than any answer: when an operation returned whose outcome is not known.
const never = math.MaxInt64

func newHistory() *History {
	return &History{began: time.Now(), outcomes: map[Act]map[Outcome]int{}}
}

// ask asks, and records what came of it. A reading without an answer tells nothing, and is left out.
func (h *History) ask(client int, op Operation, ask func(Operation) Answer) Answer {
	call := time.Since(h.began)
	answer := ask(op)
	returned := time.Since(h.began)
	if op.Act == Paging && len(answer.Posts) > 0 && answer.Posts[0] < op.Number {
		op.Number = answer.Posts[0] // past the end: the last page, from where it began a moment before
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.outcomes[op.Act] == nil {
		h.outcomes[op.Act] = map[Outcome]int{}
	}
	h.outcomes[op.Act][answer.Outcome]++
	asked := porcupine.Operation{ClientId: client, Input: op, Call: int64(call), Output: answer, Return: int64(returned)}
	if answer.Outcome == Unknown {
		if op.Act == Reading || op.Act == Paging {
			return answer
		}
		h.unknown++
		asked.ClientId, asked.Return = unknownClients+h.unknown, never // in the drawing a line of its own
	}
	h.asked = append(h.asked, asked)
	return answer
}

// unknownClients is above the number of every client.
const unknownClients = 1000

// Count is how many operations of the act had that outcome.
func (h *History) Count(act Act, outcome Outcome) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.outcomes[act][outcome]
}

// judgedWithin is far more than a history takes that can be judged at all.
const judgedWithin = time.Minute

// Judge fails the test where what is recorded of any thread could not have come of one operation
// after the other, or where that cannot be told in time. It says after what nothing fits any more,
// and draws the history on a page whose place it tells.
func (h *History) Judge(t testing.TB) {
	t.Helper()
	began := time.Now()
	for i, asked := range byThread(h.asked) {
		switch result := porcupine.CheckOperationsTimeout(model, asked, judgedWithin); result {
		case porcupine.Ok:
		case porcupine.Illegal:
			t.Errorf("thread %d is not linearizable: %s", i, explain(t, asked))
		default:
			t.Errorf("thread %d: not judged within %v: %d operations, %d of them without an answer", i, judgedWithin, len(asked), h.unknown)
		}
	}
	t.Logf("%d operations, %d without an answer, recorded in %.1f s, judged in %.1f s: %v",
		len(h.asked), h.unknown, began.Sub(h.began).Seconds(), time.Since(began).Seconds(), h.outcomes)
}

// byThread takes a history apart: what is asked of one thread has no bearing on another.
func byThread(asked []porcupine.Operation) [][]porcupine.Operation {
	var parts [][]porcupine.Operation
	for _, a := range asked {
		i := a.Input.(Operation).Thread
		for len(parts) <= i {
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], a)
	}
	return parts
}

// model is the thread as porcupine asks for it.
var model = porcupine.Model{
	Init: func() any { return thread{} },
	Step: func(state, input, output any) (bool, any) {
		fits, next := state.(thread).step(input.(Operation), output.(Answer))
		return fits, next
	},
	Equal:             func(a, b any) bool { return a.(thread).equal(b.(thread)) },
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v: %v", input, output) },
	DescribeState:     func(state any) string { return state.(thread).String() },
}

// explain says up to where a history can be put in an order, and what comes next then.
func explain(t testing.TB, asked []porcupine.Operation) string {
	placed, next := longestOrder(asked)
	state := thread{}
	for _, a := range placed {
		_, state = state.step(a.Input.(Operation), a.Output.(Answer))
	}
	// What was asked after the answer that fits no more has no part in it.
	asked = slices.DeleteFunc(asked, func(a porcupine.Operation) bool { return a.Call > next.Return })
	return fmt.Sprintf("%d operations can be put in an order, after which it is\n\t%v\nand client %d was answered next\n\t%v: %v\n%s",
		len(placed), state, next.ClientId, next.Input, next.Output, draw(t, asked))
}

// longestOrder is the longest beginning that can be put in an order, and the first operation
// answered that it leaves out.
func longestOrder(asked []porcupine.Operation) (placed []porcupine.Operation, next porcupine.Operation) {
	_, info := porcupine.CheckOperationsVerbose(model, asked, judgedWithin)
	for _, order := range info.PartialLinearizationsOperations()[0] {
		if len(order) > len(placed) {
			placed = order
		}
	}
	next.Return = never
	for _, a := range asked {
		same := func(b porcupine.Operation) bool { return a.ClientId == b.ClientId && a.Call == b.Call }
		if a.Return < next.Return && !slices.ContainsFunc(placed, same) {
			next = a
		}
	}
	return placed, next
}

// draw writes a history as a page to look at. It is kept when the test has ended: it may be long
// until the same comes again.
func draw(t testing.TB, asked []porcupine.Operation) string {
	file, err := os.CreateTemp("", "history-*.html")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, info := porcupine.CheckOperationsVerbose(model, asked, judgedWithin)
	if err := porcupine.Visualize(model, info, file); err != nil {
		t.Fatal(err)
	}
	return "drawn in " + file.Name()
}
