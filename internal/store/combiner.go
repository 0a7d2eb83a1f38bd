package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"folkmoot/internal/forum"
)

// Bounds of a batch: a commit must stay short for those who wait for the next one.
const (
	maxBatchMembers = 128
	maxBatchBytes   = 1 << 20
	// maxWaiting bounds who waits for a batch; more are refused with Unavailable.
	maxWaiting      = 8192
	maxWaitingBytes = 64 << 20
	// maxBusyRuns bounds how often a batch is run again because another process holds the lock.
	maxBusyRuns = 4
	// maxRaces bounds how often a batch is run again because another process made the same row.
	maxRaces = 2
	// maxHeld bounds how many batches pass over a member whose thread another transaction holds:
	// then it waits for it, in a transaction with the others who do.
	maxHeld = 2
	// maxLost bounds how long a batch is run again while the database cannot be reached, or nobody knows
	// whether its commit happened.
	maxLost = 6 * time.Second
)

// member is one write that waits for, or is in, a batch. run may be called again after a
// rollback: it must depend on nothing that it changed itself. An error that it returns before it
// has changed anything is a refusal and concerns nobody else.
type member struct {
	change  forum.Change
	first   *Query // locks that are taken before those of what its decision rested on
	asks    bool   // whether its key is known: nobody guesses that it is not
	bytes   int
	run     func(*tx) (forum.Receipt, error)
	apart   bool // in a transaction of its own, where there can be several
	held    int  // batches that passed over it
	receipt forum.Receipt
	err     error
	done    chan struct{}
}

// combiner takes the writes that arrive while a commit is in flight together into the next
// transaction. No timer, no waiting: an idle server writes one member at once. Where the engine has
// several lanes one is for these batches, the others for members that are apart.
type combiner struct {
	engine   Engine
	clock    forum.Clock
	closing  context.Context // when it ends nobody is let in any more
	queue    *queue
	handedIn atomic.Int64  // writes so far
	bytes    atomic.Int64  // of those that wait
	lanes    chan struct{} // a token for each transaction apart from the batches
	waits    chan struct{} // a token for each of those that waits for a thread: one fewer, so that others go on
	apart    atomic.Int64  // members that wait for one, or are in it
	stopped  chan struct{}
	observed atomic.Pointer[func(Batch)]

	mu     sync.Mutex
	broken error                        // why writing stopped for good, nil while it goes on
	behind map[forum.ThreadID][]*member // who waits for a thread that another transaction holds
	since  map[*lane]time.Time          // when each batch began that is being written

	again []*member // passed over by the last batch
}

func newCombiner(closing context.Context, engine Engine, clock forum.Clock) *combiner {
	return &combiner{engine: engine, clock: clock, closing: closing, lanes: make(chan struct{}, engine.Lanes()-1),
		waits: make(chan struct{}, max(engine.Lanes()-2, 1)), behind: map[forum.ThreadID][]*member{}, since: map[*lane]time.Time{},
		queue: newQueue(clock, engine.Lanes() > 1), stopped: make(chan struct{})}
}

// errStopped answers writes while the store closes.
var errStopped = &forum.Error{Kind: forum.Unavailable, Message: "the server is stopping; please try again in a moment", RetryAfter: 2 * time.Second}

// errTooMany answers writes that would have to wait too long.
var errTooMany = &forum.Error{Kind: forum.Unavailable, Message: "too many people write at this moment; please try again", RetryAfter: time.Second}

// write waits until m has been committed with others, or refused. A caller whose ctx ends
// does not undo what is committed: the key tells on a retry.
func (c *combiner) write(ctx context.Context, m *member) (forum.Receipt, error) {
	if c.closing.Err() != nil {
		return forum.Receipt{}, errStopped
	}
	m.done = make(chan struct{})
	c.handedIn.Add(1)
	c.queue.inside.Add(1)
	if c.bytes.Add(int64(m.bytes)) > maxWaitingBytes && c.queue.len() > 0 || !c.letIn(m) {
		c.queue.inside.Add(-1)
		c.bytes.Add(-int64(m.bytes))
		if c.closing.Err() != nil {
			return forum.Receipt{}, errStopped
		}
		return forum.Receipt{}, errTooMany
	}
	select {
	case <-m.done:
		return m.receipt, m.err
	case <-ctx.Done():
		return forum.Receipt{}, &forum.Error{Kind: forum.Unavailable, Cause: ctx.Err(), RetryAfter: time.Second,
			Message: "the answer did not come in time; what you sent may be stored: try again with the same key"}
	case <-c.stopped:
		select {
		case <-m.done:
			return m.receipt, m.err
		default:
			return forum.Receipt{}, errStopped
		}
	}
}

// letIn has a member wait for a batch, or for a transaction of its own; not where too many do.
func (c *combiner) letIn(m *member) bool {
	if m.apart && cap(c.lanes) > 0 {
		if c.apart.Load() > maxWaiting {
			return false
		}
		c.runApart(m)
		return true
	}
	return c.queue.add(m)
}

// letGo ends the waiting of a member that is decided. Its bytes were waiting with it, whether its
// caller still was or not.
func (c *combiner) letGo(m *member) {
	c.queue.inside.Add(-1)
	c.bytes.Add(-int64(m.bytes))
	close(m.done)
}

// health returns why writing has stopped, nil while it goes on.
func (c *combiner) health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// loop runs batches until the store closes, then those that still wait.
func (c *combiner) loop() {
	defer close(c.stopped)
	combining := lane{texts: map[statementID]string{}}
	if cap(c.lanes) > 0 {
		combining.skip, combining.guesses = true, true
	}
	for {
		batch, ahead := c.take()
		if len(batch) == 0 {
			break
		}
		c.commitChain(&combining, batch, ahead)
	}
	for range cap(c.lanes) { // whoever has one still is waited for, and nobody gets one any more
		c.lanes <- struct{}{}
	}
}

// runApart runs a member in a transaction of its own, as soon as there is a lane for it.
func (c *combiner) runApart(m *member) {
	c.apart.Add(1)
	go func() {
		defer c.apart.Add(-1)
		select {
		case c.lanes <- struct{}{}:
			c.commitIn(&lane{skip: true, texts: map[statementID]string{}}, []*member{m})
			<-c.lanes
		case <-c.stopped:
		}
	}()
}

// take waits for a member and takes those that wait with it, up to the bounds, with what is decided of
// them already. There is none at the end.
func (c *combiner) take() ([]*member, *lookahead) {
	again := c.again
	c.again = nil
	for waited := false; ; waited = true {
		batch, ahead := c.queue.take(again)
		switch {
		case len(batch) > 0:
			return batch, ahead
		case !waited:
			// Let those who are about to hand something in do so: on few cores the
			// batch is bigger for it, and an idle server loses microseconds.
			runtime.Gosched()
			continue
		}
		select {
		case <-c.queue.came:
		case <-c.closing.Done():
			if c.queue.end() {
				return nil, nil
			}
		}
	}
}

// lane is where a batch runs.
type lane struct {
	skip    bool                   // it does not wait for threads that another transaction holds
	texts   map[statementID]string // of counters' statements
	guesses bool                   // that what is remembered is so: where asking is a journey
}

// commitIn commits a batch, and keeps meanwhile when it began.
func (c *combiner) commitIn(in *lane, batch []*member) {
	c.began(in, time.Now())
	defer c.began(in, time.Time{})
	c.commit(batch, *in)
}

// commitChain commits a batch, and while its answer is waited for those that are decided ahead, one
// after another, where the engine can.
func (c *combiner) commitChain(in *lane, batch []*member, ahead *lookahead) {
	c.began(in, time.Now())
	defer c.began(in, time.Time{})
	chainer, ok := c.engine.(Chainer)
	if err := c.health(); !ok || err != nil {
		c.commit(batch, *in)
		return
	}
	var failed []*attempt
	link := func(batch []*member, ahead *lookahead) *Link {
		a := &attempt{combiner: c, batch: batch, ahead: ahead, in: *in, began: time.Now()}
		return &Link{Run: a.run, Done: func(err error) {
			c.began(in, time.Now())
			if a.done(err); a.err != nil {
				failed = append(failed, a)
				return
			}
			c.answerOrAgain(batch)
		}}
	}
	chainer.WriteChain(link(batch, ahead), func() *Link {
		if len(failed) > 0 || len(c.again) > 0 || c.health() != nil {
			return nil
		}
		batch, ahead := c.queue.takeAhead()
		if ahead == nil {
			return nil
		}
		return link(batch, ahead)
	})
	for _, a := range failed {
		a.began = time.Now() // it has all the time that others have
		c.commitAfter(a)
	}
}

func (c *combiner) began(in *lane, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since[in] = at; at.IsZero() {
		delete(c.since, in)
	}
}

// writing is how long the batch has taken that has taken longest of those being written, 0 where none is.
func (c *combiner) writing() (longest time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, began := range c.since {
		longest = max(longest, time.Since(began))
	}
	return longest
}

// commit runs a batch to its end: every member is answered, or comes again, and only what is
// durable is acknowledged.
func (c *combiner) commit(batch []*member, in lane) {
	if err := c.health(); err != nil {
		c.answer(batch, err)
		return
	}
	c.commitAfter(c.try(batch, in))
}

// commitAfter goes on after the first attempt.
func (c *combiner) commitAfter(a *attempt) {
	batch, in, first, busy, races := a.batch, a.in, a.began, 0, 0
	for {
		culprit, err := a.culprit, a.err
		if err == nil {
			c.answerOrAgain(batch)
			return
		}
		switch fault := c.engine.Fault(err); {
		case errors.Is(err, ErrGuess), errors.Is(err, ErrBehind): // it asks now
		case fault == FaultFlush:
			c.breakDown(err)
			c.answer(batch, c.health())
			return
		case fault == FaultBusy && busy == maxBusyRuns:
			c.answer(batch, busyError(err))
			return
		case fault == FaultResource, fault == FaultLost && time.Since(first) > maxLost:
			c.answer(batch, resourceError(err))
			return
		case fault == FaultUnknown && time.Since(first) > maxLost:
			c.answer(batch, unknownError(err))
			return
		case fault == FaultUnknown:
			batch = c.answerKeyless(batch, err)
			pause(maxBusyRuns)
		case fault == FaultBusy:
			busy++
			pause(busy)
		case fault == FaultLost:
			pause(maxBusyRuns)
		case fault == FaultRaced && races < maxRaces:
			races++
		case culprit != nil:
			batch = without(batch, culprit)
			c.answer([]*member{culprit}, err)
		case len(batch) == 1:
			c.answer(batch, err)
			return
		default: // of the batch as a whole, such as writing the counters: halve until it is found
			c.commit(batch[:len(batch)/2], in)
			batch = batch[len(batch)/2:]
		}
		if len(batch) == 0 {
			return
		}
		if err := c.health(); err != nil {
			c.answer(batch, err)
			return
		}
		a = c.try(batch, in)
	}
}

// pause waits before the nth run after the first, with full jitter: up to 20 ms, and twice that each time.
func pause(n int) { time.Sleep(rand.N(10 * time.Millisecond << n)) }

// attempt is one transaction of a batch. There are no savepoints: SQLITE_FULL rolls a whole transaction
// back, and what came after it would be committed alone.
type attempt struct {
	combiner *combiner
	batch    []*member
	ahead    *lookahead // what is decided of all of it; nil where nothing is
	in       lane
	began    time.Time

	tx      *tx
	guessed bool
	culprit *member // during whose run it failed, nil where it failed before or later
	err     error
}

// try runs one transaction.
func (c *combiner) try(batch []*member, in lane) *attempt {
	a := &attempt{combiner: c, batch: batch, in: in, began: time.Now()}
	a.done(c.engine.Write(context.Background(), a.run))
	return a
}

// run decides what is not decided yet, and writes it.
func (a *attempt) run(conn Conn) (err error) {
	defer caught(&err)
	reconnected := a.combiner.engine.Reconnected()
	if err := a.decide(conn, reconnected); err != nil {
		return err
	}
	if err := a.tx.flush(); err != nil {
		return err
	}
	if a.in.guesses {
		a.combiner.queue.leave(a.tx, reconnected)
	}
	return nil
}

func (a *attempt) decide(conn Conn, reconnected int64) error {
	if a.ahead != nil && a.ahead.reconnected == reconnected {
		a.tx, a.guessed = a.ahead.tx, true
		return a.ahead.on(conn, a.batch)
	}
	c := a.combiner
	a.tx = newTx(conn, a.in.texts)
	for _, a.culprit = range a.batch {
		if err := a.tx.lockFirst(a.culprit); err != nil {
			return err
		}
	}
	a.culprit = nil
	if a.guessed = a.in.guesses && c.queue.guess(a.tx, a.batch, c.clock.Now(), reconnected); !a.guessed {
		if err := a.tx.load(a.batch, c.clock.Now(), a.in.skip); err != nil {
			return err
		}
	}
	a.tx.now = c.clock.Now() // under the threads' locks, or a guess that it is as good
	for _, a.culprit = range a.batch {
		if err := a.tx.admit(a.culprit); err != nil {
			return err
		}
	}
	a.culprit = nil
	return nil
}

// done keeps the outcome.
func (a *attempt) done(err error) {
	c := a.combiner
	c.observe(len(a.batch), time.Since(a.began), err)
	if a.guessed && err != nil && a.mayBeWrong(err) {
		err = fmt.Errorf("%w: %w", ErrGuess, err)
	}
	a.err = err
	switch {
	case !a.in.guesses:
	case err != nil && a.tx != nil:
		c.queue.forget(a.tx, err)
	case a.guessed:
		c.queue.guesses.right()
	}
	if errors.As(err, new(Deferred)) {
		a.culprit = nil
	}
}

// mayBeWrong tells whether a guessed attempt failed of what asking tells otherwise: a row that was there,
// that of a key above all, or a statement of a member, of whom it is not known then whether the key is.
func (a *attempt) mayBeWrong(err error) bool {
	fault := a.combiner.engine.Fault(err)
	return fault == FaultRaced || fault == FaultMember && a.culprit != nil && !errors.Is(err, ErrBehind)
}

// admit runs a member and keeps what it is to be answered. An error is one that ends the transaction.
func (t *tx) admit(m *member) error {
	before := t.changes
	m.receipt, m.err = t.runMember(m)
	if m.err != nil && (t.changes != before || !refusal(m.err)) {
		return m.err
	}
	return nil
}

// caught makes an error of a panic: a defect in one member must not be the end of the writer.
func caught(err *error) {
	if value := recover(); value != nil {
		slog.Error("a write panicked", "panic", value, "stack", string(debug.Stack()))
		*err = fmt.Errorf("a write panicked: %v", value)
	}
}

// refusal tells an error that a decision made from one that a statement made.
func refusal(err error) bool {
	var e *forum.Error
	return errors.Is(err, forum.ErrStale) || errors.Is(err, errHeld) || errors.As(err, &e) && e.Kind != forum.Internal
}

// answerOrAgain lets members go, apart from those that were passed over.
func (c *combiner) answerOrAgain(batch []*member) {
	for _, m := range batch {
		switch {
		case !errors.Is(m.err, errHeld):
			c.letGo(m)
		case m.apart || m.held == maxHeld:
			c.waitForThread(m)
		default:
			m.held++
			c.again = append(c.again, m)
		}
	}
}

// waitForThread has a member wait until nobody else holds its thread. All who wait for one do so in
// one transaction, and leave the other lanes to others.
func (c *combiner) waitForThread(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	thread := m.change.Thread
	others, running := c.behind[thread]
	if len(others) >= maxWaiting {
		c.answer([]*member{m}, errTooMany)
		return
	}
	c.behind[thread] = append(others, m)
	if !running {
		go c.runBehind(thread)
	}
}

// runBehind commits those who wait for a thread, until there are none.
func (c *combiner) runBehind(thread forum.ThreadID) {
	for {
		select {
		case c.waits <- struct{}{}:
		case <-c.stopped:
			return
		}
		select {
		case c.lanes <- struct{}{}:
		case <-c.stopped:
			return
		}
		batch := c.takeBehind(thread)
		c.commitIn(&lane{texts: map[statementID]string{}}, batch)
		<-c.lanes
		<-c.waits
		if len(batch) == 0 {
			return
		}
	}
}

// takeBehind takes those who wait for a thread. Where there are none, the next begins anew.
func (c *combiner) takeBehind(thread forum.ThreadID) []*member {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch := c.behind[thread]
	if len(batch) == 0 {
		delete(c.behind, thread)
		return nil
	}
	n := min(len(batch), maxBatchMembers)
	c.behind[thread] = batch[n:]
	return batch[:n:n]
}

// answer lets members go with err.
func (c *combiner) answer(batch []*member, err error) {
	for _, m := range batch {
		m.receipt, m.err = forum.Receipt{}, err
		c.letGo(m)
	}
}

func without(batch []*member, culprit *member) []*member {
	rest := make([]*member, 0, len(batch)-1)
	for _, m := range batch {
		if m != culprit {
			rest = append(rest, m)
		}
	}
	return rest
}

// answerKeyless lets those go whom no key would tell whether they are stored already, and returns the
// others. Who was refused or passed over has nothing stored.
func (c *combiner) answerKeyless(batch []*member, cause error) []*member {
	return slices.DeleteFunc(slices.Clone(batch), func(m *member) bool {
		if m.change.Key != "" || m.err != nil {
			return false
		}
		c.answer([]*member{m}, unknownError(cause))
		return true
	})
}

func (c *combiner) breakDown(cause error) {
	slog.Error("writing stopped until restart: a flush failed or the database is damaged", "cause", cause)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = &forum.Error{Kind: forum.Unavailable, Cause: cause, RetryAfter: time.Minute,
		Message: "the disk did not keep what was written: nothing can be written until an operator has looked at it"}
}

func busyError(cause error) error {
	return &forum.Error{Kind: forum.Unavailable, Cause: cause, RetryAfter: 2 * time.Second,
		Message: "another program is writing to the forum's data; nothing was lost, please try again shortly"}
}

func resourceError(cause error) error {
	return &forum.Error{Kind: forum.Unavailable, Cause: cause, RetryAfter: 5 * time.Second,
		Message: "this cannot be stored at the moment (the disk may be full); nothing was lost, please try again shortly"}
}

func unknownError(cause error) error {
	return &forum.Error{Kind: forum.Unavailable, Cause: cause, RetryAfter: 5 * time.Second,
		Message: "nobody knows whether this was stored: look, or try again with the same key"}
}
