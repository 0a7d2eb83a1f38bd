package main

import "strings"

// mutant is a bug to plant: exact replacements, the tests of which one must fail, and what it says
// then: one that fails for another reason has not caught it.
type mutant struct {
	name  string
	bug   string // in words, for the table
	test  tests
	says  string // in the output of the test that fails
	edits []edit
}

// tests are those of a package that can see a bug.
type tests struct {
	folder string // of their package
	run    string // their names, as -run takes them
	short  bool
}

// edit replaces a text that must stand exactly once in the file; else the mutant is stale.
type edit struct{ file, old, new string }

// The tests that catch them: some on the program as it is shipped, through HTTP; some on the
// store and its engine alone.
var (
	atOnce     = tests{"internal/proof", "^TestManyReplyToOneThread$/^SQLite$/^50_clients$", true}
	moves      = tests{"internal/proof", "^TestEverythingAtOnce$/^SQLite$/^move$", true}
	history    = tests{"internal/proof", "^TestHistoryIsLinearizable$/^SQLite$", true}
	killed     = tests{"internal/proof", "^TestKilledAgainAndAgain$/^SQLite$", false}
	idReused   = tests{"internal/proof", "^TestIDsAreNeverReused$/^SQLite$", true}
	reused     = tests{"internal/proof", "^TestNumbersAreNeverReused$/^SQLite$", true}
	belowZero  = tests{"internal/proof", "^TestNothingFallsBelowZero$/^SQLite$", true}
	flushed    = tests{"internal/store/sqlite", "^TestFlushedBeforeAcknowledged$", true}
	interrupts = tests{"internal/store/sqlite", "^TestInterruptedStatement$", true}
	gaveUp     = tests{"internal/store", "^TestCallerGivesUpMeanwhile$", true}
	poisoned   = tests{"internal/store", "^TestPoisonedMember$/^a_number_below_zero$", true}
	busyOnce   = tests{"internal/store", "^TestCommitEnds$/^busy_once$", true}
	cachedPage = tests{"internal/web", "^TestVisitorsPageIsNeverStale$", true}
	underWrite = tests{"internal/web", "^TestCacheUnderWrites$", true}

	// Only PostgreSQL has row locks, several writers and standbys.
	opposite = tests{"internal/proof", "^TestOppositeMoves$", true}
	held     = tests{"internal/proof", "^TestThreadHeldByAnother$", true}
	standby  = tests{"internal/proof", "^TestStandbyDoesNotAnswer$", true}
	guessed  = tests{"internal/store/postgres", "^TestStore$/^history$/^ten_clients$", true}
	people   = tests{"internal/store/postgres", "^TestStore$/^user$/^many_are_changed_at_once$", true}
)

// means is a case of the store's conformance suite.
func means(noun, name string) tests {
	return tests{"internal/store/sqlite", "^TestStore$/^" + noun + "$/^" + strings.ReplaceAll(name, " ", "_") + "$", true}
}

// mutants are the traps of the specification that the transitions of today can fall into, the
// bug that this project exists to end first.
var mutants = []mutant{
	{
		name:  "read-modify-write",
		bug:   "post_count is read before the write and written back as read plus one",
		test:  atOnce,
		says:  "was answered with post_count",
		edits: readModifyWrite,
	},
	{
		name:  "read-modify-write, looked at",
		bug:   "the same, seen by those who use a thread meanwhile",
		test:  means("history", "ten clients"),
		says:  "is not linearizable",
		edits: readModifyWrite,
	},
	{
		name: "recount without lock",
		bug:  "post_count is counted before the write and written back as the count plus one",
		test: atOnce,
		says: "was answered with post_count",
		edits: []edit{
			{"internal/store/post.go", createPost, createPost + countFirst},
			{"internal/store/post.go", postCreated, "		if err := t.flush(); err != nil {\n			return forum.Receipt{}, err\n		}\n" +
				"		_, err = t.exec(`UPDATE threads SET posts_visible = $2 WHERE id = $1`, thread.ID, counted+1)\n" +
				"		return thread.receipt(post.Number, post.CreatedAt), err\n	})\n}\n\n// appendPost"},
		},
	},
	{
		name: "no transaction",
		bug:  "posts are committed first, their numbers in a transaction of their own after them",
		test: killed,
		says: "visible posts are",
		edits: []edit{
			{"internal/store/combiner.go", flushBatch, ""},
			{"internal/store/combiner.go", tryBatch,
				"	err := c.engine.Write(context.Background(), a.run)\n	if err == nil {\n		err = c.engine.Write(context.Background(), func(conn Conn) error {\n			tx := a.tx\n			tx.conn = conn\n			return tx.flush()\n		})\n	}\n	a.done(err)\n"},
		},
	},
	{
		name: "answered before the commit",
		bug:  "replies are answered when they are written, and committed after that",
		test: flushed,
		says: "acknowledged before they were flushed",
		edits: []edit{
			{"internal/store/combiner.go", flushBatch, flushBatch + "	if !slices.ContainsFunc(a.batch, func(m *member) bool { return m.change.Thread == 0 }) {\n		a.combiner.answerOrAgain(a.batch)\n	}\n"},
			{"internal/store/combiner.go", "			c.answerOrAgain(batch)\n			return\n", "			select {\n			case <-batch[0].done:\n			default:\n				c.answerOrAgain(batch)\n			}\n			return\n"},
		},
	},
	{
		name: "time before the lock",
		bug:  "a post's time is taken before it waits for its turn",
		test: atOnce,
		says: "is not later than the one before",
		edits: []edit{
			{"internal/store/post.go", createPost, createPost + "	at := s.clock.Now()\n"},
			{"internal/store/post.go", "		post.CreatedAt = t.stamp(thread)\n", "		post.CreatedAt = at\n"},
		},
	},
	{
		name:  "no delta on delete",
		bug:   "deleting a post moves no number",
		test:  means("post", "numbers in figures"),
		says:  "participants after deletePost",
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Deleted {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on restore",
		bug:   "restoring a post moves no number",
		test:  means("post", "numbers in figures"),
		says:  "participants after restorePost",
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Visible {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on hide",
		bug:   "hiding a post moves no number",
		test:  means("post", "numbers in figures"),
		says:  "participants after mark",
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Hidden {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on a thread's state",
		bug:   "deleting, hiding or unlisting a thread leaves its posts counted as they were",
		test:  means("thread", "numbers of every state"),
		says:  "is shown after mark",
		edits: []edit{{"internal/store/thread.go", threadMoves, "	if after.CategoryID != before.CategoryID {\n"}},
	},
	{
		name:  "no delta on move",
		bug:   "moving a thread leaves its posts counted where it was",
		test:  means("thread", "move"),
		says:  "is shown after editThread",
		edits: []edit{{"internal/store/thread.go", threadMoves, "	if after.State != before.State {\n"}},
	},
	{
		name: "moved in two transactions",
		bug:  "what a category gains is counted in a transaction of its own, after the one of what another loses",
		test: means("bank", "fifty clients move threads in opposite directions"),
		says: "threads are",
		edits: []edit{
			{"internal/store/tx.go", "	counts   map[forum.Counter]int64\n", "	counts   map[forum.Counter]int64\n	gains    map[forum.Counter]int64\n"},
			{"internal/store/tx.go", "		counts:   map[forum.Counter]int64{},\n", "		counts:   map[forum.Counter]int64{},\n		gains:    map[forum.Counter]int64{},\n"},
			{"internal/store/tx.go", "	if err := t.writeCounters(last); err != nil {\n",
				"	for counter, n := range t.counts {\n		if counter.Of == forum.OfCategory && t.gains != nil {\n			t.gains[counter] += n\n			t.counts[counter] = min(t.gains[counter], 0)\n" +
					"			t.gains[counter] = max(t.gains[counter], 0)\n		}\n	}\n	if err := t.writeCounters(last); err != nil {\n"},
			{"internal/store/combiner.go", tryBatch,
				"	err := c.engine.Write(context.Background(), a.run)\n	if err == nil {\n		err = c.engine.Write(context.Background(), func(conn Conn) error {\n			tx := a.tx\n			tx.conn, tx.counts, tx.gains = conn, tx.gains, nil\n			return tx.flush()\n		})\n	}\n	a.done(err)\n"},
		},
	},
	{
		name:  "hidden threads not counted",
		bug:   "a category's numbers leave out the posts of hidden and deleted threads",
		test:  means("thread", "numbers of every state"),
		says:  "is shown after mark",
		edits: []edit{{"internal/forum/counters.go", countCategory, "		if thread.State < Hidden {\n	" + countCategory + "		}\n"}},
	},
	{
		name: "delta twice",
		bug:  "deleting a deleted post takes it away once more",
		test: means("post", "a mark set twice moves nothing"),
		says: "CHECK constraint failed: replies >= 0",
		edits: []edit{
			{"internal/store/post.go", notChanged, "		if !changed {\n			post.State = forum.Visible\n		}\n"},
			{"internal/store/post.go", "	case changed != 1:\n		return fmt.Errorf(\"post ", "	case changed > 1:\n		return fmt.Errorf(\"post "},
		},
	},
	{
		name:  "change without condition",
		bug:   "a mark that is set already is set again, as a change",
		test:  means("post", "a mark set twice moves nothing"),
		says:  "answer to mark",
		edits: []edit{{"internal/store/post.go", notChanged, "		_ = changed\n"}},
	},
	{
		name:  "one cause for all",
		bug:   "what clears one mark clears them all: restored is published, though hidden too",
		test:  means("post", "marks are apart"),
		says:  "answer to mark",
		edits: []edit{{"internal/forum/marks.go", "	return m, m != before\n", "	if at.IsZero() && m != before {\n		m = Marks{}\n	}\n	return m, m != before\n"}},
	},
	{
		name: "stale row saved whole",
		bug:  "renaming a thread saves its row as it was read, numbers included",
		test: moves,
		says: "visible posts are",
		edits: []edit{
			{"internal/store/thread.go", editThread, editThread + readFirst},
			{"internal/store/thread.go", "		return t.editThread(thread, edit)\n",
				"		receipt, err := t.editThread(thread, edit)\n		if err == nil {\n			err = t.flush()\n		}\n		if err == nil {\n" +
					"			_, err = t.exec(`UPDATE threads SET posts_visible = $2 WHERE id = $1`, thread.ID, seen.PostCount())\n		}\n		return receipt, err\n"},
		},
	},
	{
		name: "clamped at zero",
		bug:  "a number that would fall below zero is kept at zero, and nobody hears of it",
		test: belowZero,
		says: "deleting a post that is not counted: 200",
		edits: []edit{
			{"internal/store/thread.go", "posts_visible = posts_visible + $2,", "posts_visible = max(0, posts_visible + $2),"},
		},
	},
	{
		name:  "clamped at zero, once more",
		bug:   "the same in the one function that writes all other numbers",
		test:  poisoned,
		says:  "its error: got <nil>",
		edits: []edit{{"internal/store/counters.go", "fmt.Sprintf(\"%s = %s + %s\", column, column, value)", "fmt.Sprintf(\"%s = max(0, %s + %s)\", column, column, value)"}},
	},
	{
		name:  "toggle",
		bug:   "giving the same reaction twice takes it back",
		test:  means("reaction", "the same twice moves nothing"),
		says:  "is shown after react",
		edits: []edit{{"internal/store/reaction.go", "	if err != nil || given == kind {\n		return err\n	}\n", "	if err != nil {\n		return err\n	}\n	if given == kind {\n		kind = \"\"\n	}\n"}},
	},
	{
		name: "idempotency in memory",
		bug:  "keys are kept by the process and not in the database",
		test: killed,
		says: "is there 2 times",
		edits: []edit{
			{"internal/store/tx.go", keepKey, "	remembered.Store(userKey{change.Actor, change.Key}, keyed{true, change.Hash, r})\n	if change.Key != \"\" {\n		return nil\n	}\n"},
			{"internal/store/tx.go", lookUpKey,
				"		found, _ := remembered.LoadOrStore(userKey{m.change.Actor, m.change.Key}, keyed{})\n		receipt, known, err := found.(keyed).answer(m.change)\n"},
			{"internal/store/tx.go", "type userKey struct {", "var remembered sync.Map\n\ntype userKey struct {"},
			{"internal/store/tx.go", "	\"slices\"\n", "	\"slices\"\n	\"sync\"\n"},
		},
	},
	{
		name: "cache filled before the commit",
		bug:  "keys are kept by the process as well, from before they are committed",
		test: busyOnce,
		says: "stored (-want +got)",
		edits: []edit{
			{"internal/store/tx.go", keepKey, keepKey + "	remembered.Store(userKey{change.Actor, change.Key}, keyed{true, change.Hash, r})\n"},
			{"internal/store/tx.go", lookUpKey,
				"		found, _ := remembered.LoadOrStore(userKey{m.change.Actor, m.change.Key}, keyed{})\n		receipt, known, err := found.(keyed).answer(m.change)\n"},
			{"internal/store/tx.go", "type userKey struct {", "var remembered sync.Map\n\ntype userKey struct {"},
			{"internal/store/tx.go", "	\"slices\"\n", "	\"slices\"\n	\"sync\"\n"},
		},
	},
	{
		name: "idempotency apart",
		bug:  "keys are stored in a transaction of their own, after the one of what they name",
		test: killed,
		says: "is there 2 times",
		edits: []edit{
			{"internal/store/tx.go", keepKey, keepKey + "	if !t.keeping {\n		t.kept = append(t.kept, func() error { return t.keep(change, r) })\n		return nil\n	}\n"},
			{"internal/store/tx.go", "	keys     map[userKey]keyed\n", "	keys     map[userKey]keyed\n	kept     []func() error\n	keeping  bool\n"},
			{"internal/store/combiner.go", tryBatch,
				"	err := c.engine.Write(context.Background(), a.run)\n	if err == nil {\n		err = c.engine.Write(context.Background(), func(conn Conn) error {\n			tx := a.tx\n			tx.conn, tx.keeping = conn, true\n			for _, keep := range tx.kept {\n				if err := keep(); err != nil {\n					return err\n				}\n			}\n			return nil\n		})\n	}\n	a.done(err)\n"},
		},
	},
	{
		name:  "error swallowed",
		bug:   "a counter that could not be written is passed over",
		test:  poisoned,
		says:  "its error: got <nil>",
		edits: []edit{{"internal/store/counters.go", "		if err := t.writeRow(rest[:n]); err != nil {\n			return err\n		}\n", "		_ = t.writeRow(rest[:n])\n"}},
	},
	{
		name: "numbers by MAX+1",
		bug:  "a post's number is the greatest there is and one, and comes again when that post has gone",
		test: reused,
		says: "want 4 though 3 is gone",
		edits: []edit{{"internal/store/post.go", "	post.Thread, post.Number = thread.ID, max(post.Number, thread.NextNumber)\n",
			"	err := t.conn.Query(`SELECT coalesce(max(number), 0) + 1 FROM posts WHERE thread_id = $1`, []any{thread.ID},\n" +
				"		func(row Row) error { return scan(row, &thread.NextNumber) })\n	if err != nil {\n		return err\n	}\n" +
				"	post.Thread, post.Number = thread.ID, max(post.Number, thread.NextNumber)\n"},
			{"internal/store/post.go", "	err := t.later(`\n		INSERT INTO posts", "	err = t.later(`\n		INSERT INTO posts"}},
	},
	{
		name:  "ids given again",
		bug:   "the id of a thread that has gone is given to the next",
		test:  idReused,
		says:  "though that is gone",
		edits: []edit{{"internal/store/sqlite/migrations/0001_first.sql", "CREATE TABLE threads (\n    id                INTEGER PRIMARY KEY AUTOINCREMENT,", "CREATE TABLE threads (\n    id INTEGER PRIMARY KEY,"}},
	},
	{
		name: "savepoint per member",
		bug:  "a member that fails is undone alone, inside the others' transaction",
		test: interrupts,
		says: "person 20: sqlite3: interrupted",
		edits: []edit{{"internal/store/combiner.go", "		if err := a.tx.admit(a.culprit); err != nil {\n			return err\n		}\n",
			"		_, _ = conn.Exec(`SAVEPOINT member`)\n		if err := a.tx.admit(a.culprit); err != nil {\n			_, _ = conn.Exec(`ROLLBACK TO member`)\n			a.culprit.err = err\n		}\n		_, _ = conn.Exec(`RELEASE member`)\n"}},
	},
	{
		name: "caller ends the write",
		bug:  "the writer works under the context of one of its callers",
		test: gaveUp,
		says: "want each of ten stored by one run",
		edits: []edit{
			{"internal/store/combiner.go", "	m.done = make(chan struct{})\n", "	m.done, m.ctx = make(chan struct{}), ctx\n"},
			{"internal/store/combiner.go", "	change  forum.Change\n	first ", "	ctx     context.Context\n	change  forum.Change\n	first "},
			{"internal/store/combiner.go", "c.engine.Write(context.Background(),", "c.engine.Write(batch[0].ctx,"},
			{"internal/store/sqlite/engine.go", "Write(_ context.Context, run", "Write(ctx context.Context, run"},
			{"internal/store/sqlite/engine.go", "	err := e.writer.transaction(run)\n",
				"	writer := e.writer.db\n	writer.SetInterrupt(ctx)\n	defer writer.SetInterrupt(context.Background())\n	err := e.writer.transaction(run)\n"},
		},
	},
	{
		name:  "decision not checked again",
		bug:   "what a decision rested on may have changed before the write, and nobody looks",
		test:  means("stale", "decision and commit apart"),
		says:  "reply, locked: got done",
		edits: []edit{{"internal/store/tx.go", "func (t *tx) check(change forum.Change) error {\n", "func (t *tx) check(change forum.Change) error {\n	if change.Actor != 0 {\n		return nil\n	}\n"}},
	},
	{
		name:  "synchronous=NORMAL",
		bug:   "a commit is acknowledged before it is flushed",
		test:  flushed,
		says:  "acknowledged before they were flushed",
		edits: []edit{{"internal/store/sqlite/engine.go", openWith, openWith + "	if options.synchronous == \"\" {\n		options.synchronous = \"normal\"\n	}\n"}},
	},
	{
		name:  "synchronous=OFF",
		bug:   "nothing is ever flushed",
		test:  flushed,
		says:  "acknowledged before they were flushed",
		edits: []edit{{"internal/store/sqlite/engine.go", openWith, openWith + "	if options.synchronous == \"\" {\n		options.synchronous = \"off\"\n	}\n"}},
	},
	{
		name:  "cache not checked",
		bug:   "a cached page is served without comparing its version",
		test:  cachedPage,
		says:  "does not show \"The third post.\"",
		edits: []edit{{"internal/web/cache.go", "	if !ok || found.version != version {\n", "	if !ok {\n"}},
	},
	{
		name:  "cache not checked, looked at",
		bug:   "the same, seen by those who use a thread meanwhile",
		test:  history,
		says:  "is not linearizable",
		edits: []edit{{"internal/web/cache.go", "	if !ok || found.version != version {\n", "	if !ok {\n"}},
	},
	{
		name: "numbers out of memory",
		bug:  "a thread's numbers are read from what is remembered of it",
		test: means("history", "ten clients"),
		says: "is not linearizable",
		edits: []edit{
			{"internal/forum/thread.go", "	return s.Store.Thread(ctx, actor.Visibility(), id)\n",
				"	thread, known := s.memory.whole.get(id)\n	if known {\n		return thread, nil\n	}\n	thread, err := s.Store.Thread(ctx, actor.Visibility(), id)\n	if err == nil {\n		s.memory.whole.put(id, thread)\n	}\n	return thread, err\n"},
			{"internal/forum/memory.go", "	activity recent[ThreadID, Activity]\n", "	activity recent[ThreadID, Activity]\n	whole    recent[ThreadID, Thread]\n"},
		},
	},
	{
		name: "cache filled too late",
		bug:  "a page is kept under the version read after it was made, which it may not show yet",
		test: underWrite,
		says: "were acknowledged",
		edits: []edit{{"internal/web/cache.go", "	return s.cache.put(key, version, tag, found.Thread.Slug, html), nil\n",
			"	if version, err = s.service.PageVersion(ctx, key.Thread); err != nil {\n		return nil, err\n	}\n	return s.cache.put(key, version, tag, found.Thread.Slug, html), nil\n"}},
	},
	{
		name: "read without a lock",
		bug:  "PostgreSQL: a thread's row is read without a lock, and written back as it was then",
		test: opposite,
		says: "500 Internal Server Error",
		edits: []edit{
			{"internal/store/tx.go", "t.purging_at IS NULL FOR NO KEY UPDATE`", "t.purging_at IS NULL`"},
			{"internal/store/tx.go", "	skipLocked = ` SKIP LOCKED`\n", "	skipLocked = ``\n"},
		},
	},
	{
		name:  "numbers in any order",
		bug:   "PostgreSQL: each transaction locks the rows of numbers in an order of its own",
		test:  opposite,
		says:  "transactions waited for each other",
		edits: []edit{{"internal/store/counters.go", "	slices.SortFunc(counts, func(a, b forum.Count) int {\n		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.A, b.A),", "	turn := 1 - 2*int(t.now.UnixMicro()%2)\n	slices.SortFunc(counts, func(a, b forum.Count) int {\n		return cmp.Or(cmp.Compare(a.Of, b.Of), turn*cmp.Compare(a.A, b.A),"}},
	},
	{
		name:  "people shared first",
		bug:   "PostgreSQL: who changes a person shares their own row with others before they want it alone",
		test:  people,
		says:  "a transaction was given up",
		edits: []edit{{"internal/store/store.go", "&member{change: change, first: lock, run: run, apart: true}", "&member{change: change, first: nil, run: run, apart: lock != nil}"}},
	},
	{
		name: "SKIP LOCKED left out",
		bug:  "PostgreSQL: a thread that somebody else holds holds up the whole batch",
		test: held,
		says: "no answer",
		edits: []edit{
			{"internal/store/tx.go", "	skipLocked = ` SKIP LOCKED`\n", "	skipLocked = ``\n"},
			{"internal/store/guess.go", "FOR NO KEY UPDATE SKIP LOCKED`", "FOR NO KEY UPDATE`"},
		},
	},
	{
		name:  "lanes taken by one thread",
		bug:   "PostgreSQL: all who wait for a thread wait in transactions of their own, one after the other",
		test:  held,
		says:  "want 503",
		edits: []edit{{"internal/store/combiner.go", "			c.waitForThread(m)\n", "			go func() {\n				c.lanes <- struct{}{}\n				c.commit([]*member{m}, lane{texts: map[statementID]string{}})\n				<-c.lanes\n			}()\n"}},
	},
	{
		name:  "held member lost",
		bug:   "PostgreSQL: who was passed over since somebody else held the thread does not come again",
		test:  opposite,
		says:  "no answer",
		edits: []edit{{"internal/store/combiner.go", "			c.again = append(c.again, m)\n", "			c.again = c.again[:len(c.again):len(c.again)]\n"}},
	},
	{
		name:  "guess not checked",
		bug:   "PostgreSQL: nobody looks whether a batch rests on what it was guessed to",
		test:  guessed,
		says:  "is not linearizable",
		edits: []edit{{"internal/store/guess.go", "	t.expect(t.wants(batch), at)\n", ""}},
	},
	{
		name:  "standby not waited for",
		bug:   "PostgreSQL: a commit whose wait for the standby was cut short is acknowledged",
		test:  standby,
		says:  "want 503",
		edits: []edit{{"internal/store/postgres/conn.go", "CustomData()[warning].(*pgconn.Notice); ok {\n", "CustomData()[warning].(*pgconn.Notice); ok && notice == nil {\n"}},
	},
	{
		name:  "acknowledged by reading",
		bug:   "PostgreSQL: a key that is found is an answer, though what it names may not be durable yet",
		test:  standby,
		says:  "want 503",
		edits: []edit{{"internal/store/postgres/engine.go", "func (e *Engine) ReadsAhead() bool { return true }", "func (e *Engine) ReadsAhead() bool { return false }"}},
	},
}

// readModifyWrite is the bug that this project exists to end.
var readModifyWrite = []edit{
	{"internal/store/post.go", createPost, createPost + readFirst},
	{"internal/store/post.go", postCreated, "		if err := t.flush(); err != nil {\n			return forum.Receipt{}, err\n		}\n" +
		"		_, err = t.exec(`UPDATE threads SET posts_visible = $2 WHERE id = $1`, thread.ID, seen.PostCount()+1)\n" +
		"		return thread.receipt(post.Number, post.CreatedAt), err\n	})\n}\n\n// appendPost"},
}

// Places that several mutants change.
const (
	createPost  = "func (s *Store) CreatePost(ctx context.Context, change forum.Change, new forum.Post) (forum.Receipt, error) {\n"
	postCreated = "		return thread.receipt(post.Number, post.CreatedAt), nil\n	})\n}\n\n// appendPost"
	movePost    = "	t.move(forum.PostContribution(&before, &thread.Thread), forum.PostContribution(&after, &thread.Thread))\n"
	notChanged  = "		if !changed {\n			return thread.receipt(number, t.now), nil\n		}\n"
	threadMoves = "	if after.State != before.State || after.CategoryID != before.CategoryID {\n"
	editThread  = "func (s *Store) EditThread(ctx context.Context, change forum.Change, edit forum.ThreadEdit) (forum.Receipt, error) {\n"
	keepKey     = "	t.keys[userKey{change.Actor, change.Key}] = keyed{true, change.Hash, r}\n"
	lookUpKey   = "		receipt, known, err := t.keys[userKey{m.change.Actor, m.change.Key}].answer(m.change)\n"

	countCategory = "		add(OfCategory, category, 0, PostsIn+Column(state), n)\n"

	flushBatch = "	if err := a.tx.flush(); err != nil {\n		return err\n	}\n"
	tryBatch   = "	a.done(c.engine.Write(context.Background(), a.run))\n"

	openWith = "func OpenWith(ctx context.Context, path string, options Options) (*Engine, error) {\n"

	// countFirst counts the thread's posts outside the transaction.
	countFirst = "	counted := int64(0)\n	err := s.read(ctx, Query{`SELECT count(*) FROM posts WHERE thread_id = $1 AND state = 'visible'`, []any{change.Thread},\n" +
		"		func(row Row) error { return scan(row, &counted) }})\n	if err != nil {\n		return forum.Receipt{}, err\n	}\n"

	// readFirst reads the thread outside the transaction.
	readFirst = "	seen, err := s.Thread(ctx, forum.Visibility{Role: forum.Admin}, change.Thread)\n	if err != nil {\n		return forum.Receipt{}, err\n	}\n"
)
