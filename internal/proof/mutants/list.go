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

// The tests that catch them: those through HTTP on the program as it is shipped, and the
// engine's own.
var (
	atOnce     = []string{"-short", "-run", "^TestManyReplyToOneThread$", "./internal/proof"}
	everything = []string{"-short", "-run", "^TestEverythingAtOnce$", "./internal/proof"}
	killed     = []string{"-run", "^TestKilledAgainAndAgain$", "./internal/proof"}
	powerCuts  = []string{"-run", "^(TestFlushedBeforeAcknowledged|TestPowerCuts)$", "./internal/store/sqlite"}
	cachedPage = []string{"-run", "^TestVisitorsPageIsNeverStale$", "./internal/web"}
)

// mutants are the traps of the specification that the transitions of today can fall into, the
// bug that this project exists to end first.
var mutants = []mutant{
	{
		name: "read-modify-write",
		bug:  "post_count is read before the write and written back as read plus one",
		test: atOnce,
		edits: []edit{
			{"internal/store/post.go",
				"	return s.write(ctx, change, len(new.Body)+len(new.HTML), func(t *tx) (forum.Receipt, error) {\n		thread, err := t.thread(change.Thread)\n",
				"	seen, err := s.Thread(ctx, forum.Visibility{Role: forum.Admin}, change.Thread)\n	if err != nil {\n		return forum.Receipt{}, err\n	}\n" +
					"	return s.write(ctx, change, len(new.Body)+len(new.HTML), func(t *tx) (forum.Receipt, error) {\n		thread, err := t.thread(change.Thread)\n"},
			{"internal/store/post.go",
				"		return thread.receipt(post.Number, post.CreatedAt), nil\n	})\n}\n\n// appendPost",
				"		if err := t.flush(); err != nil {\n			return forum.Receipt{}, err\n		}\n" +
					"		_, err = t.exec(`UPDATE threads SET posts_visible = $2 WHERE id = $1`, thread.ID, seen.PostCount()+1)\n" +
					"		return thread.receipt(post.Number, post.CreatedAt), err\n	})\n}\n\n// appendPost"},
		},
	},
	{
		name: "no transaction",
		bug:  "posts are committed first, their numbers in a transaction of their own after them",
		test: killed,
		edits: []edit{
			{"internal/store/combiner.go", "	err = c.engine.Write(context.Background(), func(conn Conn) error {\n		tx := newTx(",
				"	var tx *tx\n	err = c.engine.Write(context.Background(), func(conn Conn) error {\n		tx = newTx("},
			{"internal/store/combiner.go", "		return tx.flush()\n	})\n	return culprit, err",
				"		return nil\n	})\n	if err == nil {\n		err = c.engine.Write(context.Background(), func(conn Conn) error {\n			tx.conn = conn\n			return tx.flush()\n		})\n	}\n	return culprit, err"},
		},
	},
	{
		name: "time before the lock",
		bug:  "a post's time is taken before it waits for its turn",
		test: atOnce,
		edits: []edit{
			{"internal/store/post.go",
				"	return s.write(ctx, change, len(new.Body)+len(new.HTML), func(t *tx) (forum.Receipt, error) {\n		thread, err := t.thread(change.Thread)\n",
				"	at := s.clock.Now()\n	return s.write(ctx, change, len(new.Body)+len(new.HTML), func(t *tx) (forum.Receipt, error) {\n		thread, err := t.thread(change.Thread)\n"},
			{"internal/store/post.go", "		post.CreatedAt = t.stamp(thread)\n", "		post.CreatedAt = at\n"},
		},
	},
	{
		name:  "no delta on delete",
		bug:   "deleting a post moves no number",
		test:  everything,
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Deleted {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on restore",
		bug:   "restoring a post moves no number",
		test:  everything,
		edits: []edit{{"internal/store/post.go", movePost, "	if after.State != forum.Visible {\n	" + movePost + "	}\n"}},
	},
	{
		name:  "no delta on move",
		bug:   "moving a thread leaves its posts counted where it was",
		test:  everything,
		edits: []edit{{"internal/store/thread.go", "	if after.State != before.State || after.CategoryID != before.CategoryID {\n", "	if after.State != before.State {\n"}},
	},
	{
		name: "stale row saved whole",
		bug:  "renaming a thread saves its row as it was read, numbers included",
		test: everything,
		edits: []edit{
			{"internal/store/thread.go",
				"func (s *Store) EditThread(ctx context.Context, change forum.Change, edit forum.ThreadEdit) (forum.Receipt, error) {\n",
				"func (s *Store) EditThread(ctx context.Context, change forum.Change, edit forum.ThreadEdit) (forum.Receipt, error) {\n" +
					"	seen, err := s.Thread(ctx, forum.Visibility{Role: forum.Admin}, change.Thread)\n	if err != nil {\n		return forum.Receipt{}, err\n	}\n"},
			{"internal/store/thread.go",
				"		return t.editThread(thread, edit)\n",
				"		receipt, err := t.editThread(thread, edit)\n		if err == nil {\n			err = t.flush()\n		}\n		if err == nil {\n" +
					"			_, err = t.exec(`UPDATE threads SET posts_visible = $2 WHERE id = $1`, thread.ID, seen.PostCount())\n		}\n		return receipt, err\n"},
		},
	},
	{
		name: "idempotency in memory",
		bug:  "keys are kept by the process and not in the database",
		test: killed,
		edits: []edit{
			{"internal/store/tx.go", "	t.keys[userKey{change.Actor, change.Key}] = keyed{change.Hash, r}\n",
				"	remembered.Store(userKey{change.Actor, change.Key}, keyed{change.Hash, r})\n	if change.Key != \"\" {\n		return nil\n	}\n"},
			{"internal/store/tx.go", "	kept, known := t.keys[userKey{change.Actor, change.Key}]\n",
				"	var kept keyed\n	found, known := remembered.Load(userKey{change.Actor, change.Key})\n	if known {\n		kept = found.(keyed)\n	}\n"},
			{"internal/store/tx.go", "type userKey struct {", "var remembered sync.Map\n\ntype userKey struct {"},
			{"internal/store/tx.go", "	\"log/slog\"\n", "	\"log/slog\"\n	\"sync\"\n"},
		},
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
}

// movePost is where a post's numbers move with its state.
const movePost = "	t.move(forum.PostContribution(&before, &thread.Thread), forum.PostContribution(&after, &thread.Thread))\n"
