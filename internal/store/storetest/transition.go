package storetest

import (
	"context"
	"fmt"
	"testing"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

// transition is something that somebody asks for: what the model says will come of it, and how
// the service is asked.
type transition interface {
	asker() asker
	// refused is the error expected by its kind, nil where it is allowed. It changes nothing.
	refused(m *model) error
	// ask asks the service. The receipt is zero where the answer holds none.
	ask(ctx context.Context, c *community, actor forum.Actor) (forum.Receipt, error)
	// done carries it out in the model, and returns the receipt expected (zero: whatever it was).
	done(m *model, receipt forum.Receipt) forum.Receipt
}

// try asks for a transition and compares what comes of it with the model: the answer, and, where
// it is refused, every row of the database with what it was before.
func (c *community) try(t testing.TB, tr transition) error {
	t.Helper()
	want := tr.refused(c.model)
	var before rows
	if want != nil {
		before = c.rows(t)
	}
	receipt, err := c.ask(t.Context(), tr)
	if sort(err) != sort(want) {
		t.Fatalf("%s: got %s (%v), want %s", describe(tr), sort(err), err, sort(want))
	}
	if err != nil {
		differ(t, describe(tr)+" was refused and changed rows", before, c.rows(t))
		return err
	}
	expected := tr.done(c.model, receipt)
	if expected != (forum.Receipt{}) && receipt != (forum.Receipt{}) {
		expected.At, expected.Replayed = receipt.At, receipt.Replayed
		differ(t, "answer to "+describe(tr), expected, receipt)
	}
	return nil
}

func (c *community) ask(ctx context.Context, tr transition) (forum.Receipt, error) {
	actor, err := c.actor(ctx, tr.asker())
	if err != nil {
		return forum.Receipt{}, fmt.Errorf("who asks: %w", err)
	}
	return tr.ask(ctx, c, actor)
}

// do is try of what must be allowed, as one of the steps towards what is tested.
func (c *community) do(t testing.TB, all ...transition) {
	t.Helper()
	for _, tr := range all {
		if err := c.try(t, tr); err != nil {
			t.Fatalf("%s: %v", describe(tr), err)
		}
	}
}

// step is do, with every number compared afterwards.
func (c *community) step(t testing.TB, all ...transition) {
	t.Helper()
	for _, tr := range all {
		c.do(t, tr)
		c.check(t, describe(tr))
	}
}

// check compares all that is shown with the model, for a visitor, the author and a moderator,
// and recounts. With -short it asks one of them in turn, and the recount waits for the end of the case.
func (c *community) check(t testing.TB, after string) {
	t.Helper()
	c.checks++
	for i, who := range viewers {
		if !testing.Short() || c.checks%len(viewers) == i {
			c.compare(t, after, as(who))
		}
	}
	differ(t, "participants after "+after, c.model.participants(), c.participants(t))
	if !testing.Short() {
		c.recount(t, after)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// recount fails where the store's own recount finds a difference.
func (c *community) recount(t testing.TB, after string) {
	t.Helper()
	for _, difference := range c.verify(t).Differences {
		t.Errorf("after %s: %+v", after, difference)
	}
}

func (c *community) verify(t testing.TB) store.Report {
	t.Helper()
	report, err := c.store.Verify(context.WithoutCancel(t.Context()), func(store.Progress) {})
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return report
}

// sort names the sort of an outcome.
func sort(err error) string {
	if err == nil {
		return "done"
	}
	names := map[forum.Kind]string{forum.Internal: "internal", forum.Invalid: "invalid", forum.Unauthenticated: "unauthenticated",
		forum.Forbidden: "forbidden", forum.NotFound: "not found", forum.Conflict: "conflict", forum.PreconditionFailed: "precondition failed",
		forum.KeyReused: "key reused", forum.Unavailable: "unavailable"}
	return names[forum.KindOf(err)]
}

func describe(tr transition) string { return fmt.Sprintf("%T%+v", tr, tr)[len("storetest."):] }

// refusals are those who may not, and how they are told; everybody else may.
type refusals map[string]forum.Kind

// Who may not write at all, and who may besides them not do what others and moderators do.
var (
	unableToWrite = refusals{visitor: forum.Unauthenticated, "author with read": forum.Forbidden, suspended: forum.Forbidden,
		"moderator with read": forum.Forbidden, suspendedModerator: forum.Forbidden}
	notAuthorNorModerator = unableToWrite.and(forum.Forbidden, other, "moderator with write", "admin with write")
	notModerator          = notAuthorNorModerator.and(forum.Forbidden, author, "author with write")
	notAdmin              = notModerator.and(forum.Forbidden, moderator, "moderator with moderate")
)

// notSeeing are those who see neither hidden things nor what they are.
func notSeeing(kind forum.Kind) refusals {
	return refusals{}.and(kind, visitor, author, "author with read", "author with write", other, suspended,
		"moderator with read", "moderator with write", suspendedModerator, "admin with write")
}

func (r refusals) and(kind forum.Kind, who ...string) refusals {
	all := refusals{}
	for name, kind := range r {
		all[name] = kind
	}
	for _, name := range who {
		all[name] = kind
	}
	return all
}

func (r refusals) except(who ...string) refusals {
	all := r.and(0)
	for _, name := range who {
		delete(all, name)
	}
	return all
}

// attempt is a transition tried by everybody, each at a place of their own.
type attempt struct {
	name  string
	given func(at place) []transition // what happened there before; nil: nothing
	try   func(by asker, at place, c *community) transition
	not   refusals
}

// cases makes one case of each attempt: who may not is told so and changes nothing; after who
// may, every number is as the model says.
func cases(attempts ...attempt) []testCase {
	var all []testCase
	for _, a := range attempts {
		all = append(all, testCase{a.name, a.run})
	}
	return all
}

func (a attempt) run(t *testing.T, c *community) {
	for _, who := range everybody {
		at := c.place(t)
		if a.given != nil {
			c.do(t, a.given(at)...)
		}
		tr := a.try(as(who), at, c)
		err := c.try(t, tr)
		kind, refused := a.not[who]
		want := error(nil)
		if refused {
			want = refuse(kind)
		}
		if sort(err) != sort(want) {
			t.Errorf("%s as %q: got %s (%v), want %s", a.name, who, sort(err), err, sort(want))
		}
		if err == nil {
			c.check(t, describe(tr))
		}
	}
}
