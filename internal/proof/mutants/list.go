package main

// mutant is a bug to plant: exact replacements, and the tests of which at least one must fail.
type mutant struct {
	name  string
	bug   string // in words, for the table
	edits []edit
	test  []string // arguments of go test
}

// edit replaces a text that must stand exactly once in the file; else the mutant is stale.
type edit struct{ file, old, new string }

// The tests that catch them: some on the program as it is shipped, through HTTP; some on the
// store and its engine alone.
var (
	atOnce     = []string{"-short", "-run", "^TestManyReplyToOneThread$/^50_clients$", "./internal/proof"}
	everything = []string{"-short", "-run", "^TestEverythingAtOnce$", "./internal/proof"}
	killed     = []string{"-run", "^TestKilledAgainAndAgain$", "./internal/proof"}
	reused     = []string{"-run", "^TestNumbersAreNeverReused$", "./internal/proof"}
	belowZero  = []string{"-run", "^TestNothingFallsBelowZero$", "./internal/proof"}
	powerCuts  = []string{"-run", "^(TestFlushedBeforeAcknowledged|TestPowerCuts)$", "./internal/store/sqlite"}
	writer     = []string{"-run", "^(TestEveryCallFailsOnce|TestDiskFullForAWhile|TestInterruptedStatement|TestTransactionEndedBySQLite)$", "./internal/store/sqlite"}
	callers    = []string{"-run", "^TestCancelledCallers$", "./internal/store"}
	cachedPage = []string{"-run", "^(TestVisitorsPageIsNeverStale|TestCacheUnderWrites)$", "./internal/web"}
)

// meaning are the cases of one noun of the store's conformance suite.
func meaning(noun string) []string {
	return []string{"-short", "-run", "^TestStore$/^" + noun + "$", "./internal/store/sqlite"}
}

// mutants are the traps of the specification that the transitions of today can fall into, the
// bug that this project exists to end first.
var mutants = []mutant{
	{
		name: "read-modify-write",
		bug:  "post_count is read before the write and written back as read plus one",
		test: atOnce,
		edits: []edit{
			{"internal/store/post.go", createPost, readFirst + createPost},
			{"internal/store/post.go", postCreated, "		if err := t.flush(); err != nil {\n			return forum.Receipt{}, err\n		}\n" +
				"		_, err = t.exec(`UPDATE threads SET posts_visible = $2 WHERE id = $1`, thread.ID, seen.PostCount()+1)\n" +
				"		return thread.receipt(post.Number, post.CreatedAt), err\n	})\n}\n\n// appendPost"},
		},
	},
	{
		name: "no transaction",
		bug:  "posts are committed first, their numbers in a transaction of their own after them",
		test: killed,
		edits: []edit{
			{"internal/store/combiner.go", "	err = c.engine.Write(context.Background(), func(conn Conn) (err error) {\n",
				"	var tx *tx\n	err = c.engine.Write(context.Background(), func(conn Conn) (err error) {\n"},
			{"internal/store/combiner.go", "		tx := newTx(conn,", "		tx = newTx(conn,"},
			{"internal/store/combiner.go", "		return tx.flush()\n	})\n",
				"		return nil\n	})\n	if err == nil {\n		err = c.engine.Write(context.Background(), func(conn Conn) error {\n			tx.conn = conn\n			return tx.flush()\n		})\n	}\n"},
		},
	},
	{
		name: "time before the lock",
		bug:  "a post's time is taken before it waits for its turn",
		test: atOnce,
		edits: []edit{
			{"internal/store/post.go", createPost, "	at := s.clock.Now()\n" + createPost},
			{"internal/store/post.go", "		post.CreatedAt = t.stamp(thread)\n", "		post.CreatedAt = at\n"},
		},
	},
	{
		name:  "no delta on delete",
		bug:   "deleting a post moves no number",
		test:  meaning("post"),
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Deleted {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on restore",
		bug:   "restoring a post moves no number",
		test:  meaning("post"),
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Visible {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on hide",
		bug:   "hiding a post moves no number",
		test:  meaning("post"),
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Hidden {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on a thread's state",
		bug:   "deleting, hiding or unlisting a thread leaves its posts counted as they were",
		test:  meaning("thread"),
		edits: []edit{{"internal/store/thread.go", threadMoves, "	if after.CategoryID != before.CategoryID {\n"}},
	},
	{
		name:  "no delta on move",
		bug:   "moving a thread leaves its posts counted where it was",
		test:  meaning("thread"),
		edits: []edit{{"internal/store/thread.go", threadMoves, "	if after.State != before.State {\n"}},
	},
	{
		name:  "hidden threads not counted",
		bug:   "a category's numbers leave out the posts of hidden and deleted threads",
		test:  meaning("thread"),
		edits: []edit{{"internal/forum/counters.go", countCategory, "		if thread.State < Hidden {\n	" + countCategory + "		}\n"}},
	},
	{
		name: "delta twice",
		bug:  "deleting a deleted post takes it away once more",
		test: meaning("post"),
		edits: []edit{
			{"internal/store/post.go", notChanged, "		if !changed {\n			post.State = forum.Visible\n		}\n"},
			{"internal/store/post.go", " AND state = $11`", "`"},
		},
	},
	{
		name:  "change without condition",
		bug:   "a mark that is set already is set again, as a change",
		test:  meaning("post"),
		edits: []edit{{"internal/store/post.go", notChanged, "		_ = changed\n"}},
	},
	{
		name: "stale row saved whole",
		bug:  "renaming a thread saves its row as it was read, numbers included",
		test: everything,
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
		edits: []edit{
			{"internal/store/counters.go", "sets = append(sets, fmt.Sprintf(\"%s = %s + %s\", column, column, value))", "sets = append(sets, fmt.Sprintf(\"%s = max(0, %s + %s)\", column, column, value))"},
			{"internal/store/thread.go", "posts_visible = posts_visible + $2,", "posts_visible = max(0, posts_visible + $2),"},
		},
	},
	{
		name:  "toggle",
		bug:   "giving the same reaction twice takes it back",
		test:  meaning("reaction"),
		edits: []edit{{"internal/store/reaction.go", "	if err != nil || given == kind {\n		return err\n	}\n", "	if err != nil {\n		return err\n	}\n	if given == kind {\n		kind = \"\"\n	}\n"}},
	},
	{
		name: "idempotency in memory",
		bug:  "keys are kept by the process and not in the database",
		test: killed,
		edits: []edit{
			{"internal/store/tx.go", keepKey, "	remembered.Store(userKey{change.Actor, change.Key}, keyed{change.Hash, r})\n	if change.Key != \"\" {\n		return nil\n	}\n"},
			{"internal/store/tx.go", "	kept, known := t.keys[userKey{change.Actor, change.Key}]\n",
				"	var kept keyed\n	found, known := remembered.Load(userKey{change.Actor, change.Key})\n	if known {\n		kept = found.(keyed)\n	}\n"},
			{"internal/store/tx.go", "type userKey struct {", "var remembered sync.Map\n\ntype userKey struct {"},
			{"internal/store/tx.go", "	\"log/slog\"\n", "	\"log/slog\"\n	\"sync\"\n"},
		},
	},
	{
		name: "idempotency apart",
		bug:  "keys are stored in a transaction of their own, after the one of what they name",
		test: killed,
		edits: []edit{
			{"internal/store/tx.go", keepKey, keepKey + "	if !t.keeping {\n		t.kept = append(t.kept, func() error { return t.keep(change, r) })\n		return nil\n	}\n"},
			{"internal/store/tx.go", "	keys     map[userKey]keyed\n", "	keys     map[userKey]keyed\n	kept     []func() error\n	keeping  bool\n"},
			{"internal/store/combiner.go", "	err = c.engine.Write(context.Background(), func(conn Conn) (err error) {\n",
				"	var tx *tx\n	err = c.engine.Write(context.Background(), func(conn Conn) (err error) {\n"},
			{"internal/store/combiner.go", "		tx := newTx(conn,", "		tx = newTx(conn,"},
			{"internal/store/combiner.go", "		return tx.flush()\n	})\n",
				"		return tx.flush()\n	})\n	if err == nil {\n		err = c.engine.Write(context.Background(), func(conn Conn) error {\n			tx.conn, tx.keeping = conn, true\n" +
					"			for _, keep := range tx.kept {\n				if err := keep(); err != nil {\n					return err\n				}\n			}\n			return nil\n		})\n	}\n"},
		},
	},
	{
		name:  "error swallowed",
		bug:   "a counter that could not be written is passed over",
		test:  writer,
		edits: []edit{{"internal/store/counters.go", "		if err := t.writeRow(rest[:n]); err != nil {\n			return err\n		}\n", "		_ = t.writeRow(rest[:n])\n"}},
	},
	{
		name: "numbers by MAX+1",
		bug:  "a post's number is the greatest there is and one, and comes again when that post has gone",
		test: reused,
		edits: []edit{{"internal/store/post.go", "	post.Thread, post.Number = thread.ID, max(post.Number, thread.NextNumber)\n",
			"	err := t.conn.Query(`SELECT coalesce(max(number), 0) + 1 FROM posts WHERE thread_id = $1`, []any{thread.ID},\n" +
				"		func(row Row) error { return scan(row, &thread.NextNumber) })\n	if err != nil {\n		return err\n	}\n" +
				"	post.Thread, post.Number = thread.ID, max(post.Number, thread.NextNumber)\n"},
			{"internal/store/post.go", "	_, err := t.exec(`\n		INSERT INTO posts", "	_, err = t.exec(`\n		INSERT INTO posts"}},
	},
	{
		name: "savepoint per member",
		bug:  "a member that fails is undone alone, inside the others' transaction",
		test: writer,
		edits: []edit{{"internal/store/combiner.go", "			if err := tx.admit(culprit); err != nil {\n				return err\n			}\n",
			"			_, _ = conn.Exec(`SAVEPOINT member`)\n			if err := tx.admit(culprit); err != nil {\n				_, _ = conn.Exec(`ROLLBACK TO member`)\n				culprit.err = err\n			}\n			_, _ = conn.Exec(`RELEASE member`)\n"}},
	},
	{
		name: "caller ends the write",
		bug:  "the writer works under the context of one of its callers",
		test: callers,
		edits: []edit{
			{"internal/store/combiner.go", "	m := &member{change:", "	m := &member{ctx: ctx, change:"},
			{"internal/store/combiner.go", "	change  forum.Change\n	bytes ", "	ctx     context.Context\n	change  forum.Change\n	bytes "},
			{"internal/store/combiner.go", "c.engine.Write(context.Background(),", "c.engine.Write(batch[0].ctx,"},
			{"internal/store/sqlite/engine.go", "Write(_ context.Context, run", "Write(ctx context.Context, run"},
			{"internal/store/sqlite/engine.go", "	err := e.writer.transaction(run)\n",
				"	writer := e.writer.db\n	writer.SetInterrupt(ctx)\n	defer writer.SetInterrupt(context.Background())\n	err := e.writer.transaction(run)\n"},
		},
	},
	{
		name:  "decision not checked again",
		bug:   "what a decision rested on may have changed before the write, and nobody looks",
		test:  meaning("stale"),
		edits: []edit{{"internal/store/tx.go", "func (t *tx) check(change forum.Change) error {\n", "func (t *tx) check(change forum.Change) error {\n	if change.Actor != 0 {\n		return nil\n	}\n"}},
	},
	{
		name:  "synchronous=NORMAL",
		bug:   "a commit is acknowledged before it is flushed",
		test:  powerCuts,
		edits: []edit{{"internal/store/sqlite/open.go", "		synchronous = \"full\"\n", "		synchronous = \"normal\"\n"}},
	},
	{
		name:  "synchronous=OFF",
		bug:   "nothing is ever flushed",
		test:  powerCuts,
		edits: []edit{{"internal/store/sqlite/open.go", "		synchronous = \"full\"\n", "		synchronous = \"off\"\n"}},
	},
	{
		name:  "cache not checked",
		bug:   "a cached page is served without comparing its version",
		test:  cachedPage,
		edits: []edit{{"internal/web/cache.go", "	if !ok || found.version != version {\n", "	if !ok {\n"}},
	},
	{
		name: "cache filled too late",
		bug:  "a page is kept under the version read after it was made, which it may not show yet",
		test: cachedPage,
		edits: []edit{{"internal/web/cache.go", "	return s.cache.put(key, version, found.Thread.Slug, html), nil\n",
			"	if version, err = s.service.PageVersion(r.Context(), key.Thread); err != nil {\n		return nil, err\n	}\n	return s.cache.put(key, version, found.Thread.Slug, html), nil\n"}},
	},
}

// Places that several mutants change.
const (
	createPost  = "	return s.write(ctx, change, len(new.Body)+len(new.HTML), func(t *tx) (forum.Receipt, error) {\n		thread, err := t.thread(change.Thread)\n"
	postCreated = "		return thread.receipt(post.Number, post.CreatedAt), nil\n	})\n}\n\n// appendPost"
	movePost    = "	t.move(forum.PostContribution(&before, &thread.Thread), forum.PostContribution(&after, &thread.Thread))\n"
	notChanged  = "		if !changed {\n			return thread.receipt(number, t.now), nil\n		}\n"
	threadMoves = "	if after.State != before.State || after.CategoryID != before.CategoryID {\n"
	editThread  = "func (s *Store) EditThread(ctx context.Context, change forum.Change, edit forum.ThreadEdit) (forum.Receipt, error) {\n"
	keepKey     = "	t.keys[userKey{change.Actor, change.Key}] = keyed{change.Hash, r}\n"

	countCategory = "		add(OfCategory, category, 0, PostsIn+Column(state), n)\n"

	// readFirst reads the thread outside the transaction.
	readFirst = "	seen, err := s.Thread(ctx, forum.Visibility{Role: forum.Admin}, change.Thread)\n	if err != nil {\n		return forum.Receipt{}, err\n	}\n"
)
