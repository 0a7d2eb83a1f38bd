package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"folkmoot/internal/forum"
)

// Difference is one stored number that is not what the rows say.
type Difference struct {
	Number  string `json:"number"` // what it is: "thread posts"
	Column  string `json:"column"`
	Key     string `json:"key"` // of which row: "thread 12, person 3"
	Stored  int64  `json:"stored"`
	Counted int64  `json:"counted"`
}

// Report is the outcome of a recount.
type Report struct {
	At          time.Time     `json:"at"`
	Took        time.Duration `json:"took_ns"`
	Rows        int64         `json:"rows"` // read: each table's rows, once for each number counted from it
	Checks      int           `json:"checks"`
	Differences []Difference  `json:"differences"` // at most maxDifferences of each number
	Wrong       int64         `json:"wrong"`       // all of them
}

// maxDifferences bounds how many differences of one number are named; all are counted.
const maxDifferences = 100

// Progress says how far a recount is.
type Progress struct {
	Check       string
	Done, Total int   // numbers checked, of all
	Rows        int64 // read so far
}

// check recounts one kind of number. It says what is stored and what the rows amount to, each as
// a select of the key columns and then the numbers; the two must have the same sums for each key.
type check struct {
	name    string
	keys    []string
	numbers []string
	stored  string
	counted string
	rows    string // table whose rows are counted over
}

// A thread that is being purged counts for nothing.
const (
	presentPosts   = ` posts p JOIN threads t ON t.id = p.thread_id AND t.purging_at IS NULL `
	presentThreads = ` threads t WHERE t.purging_at IS NULL `

	// effective is the graver of a post's state and its thread's.
	effective = ` CASE
		WHEN p.state = 'deleted' OR t.state = 'deleted' THEN 'deleted'
		WHEN p.state = 'hidden' OR t.state = 'hidden' THEN 'hidden'
		ELSE t.state END `
	bothVisible = ` p.state = 'visible' AND t.state = 'visible' `
	solves      = ` p.number = coalesce(t.solution_number, 0) `

	// derivedState and derivedThreadState say a state by the marks.
	derivedState = ` CASE
		WHEN author_deleted_at IS NOT NULL OR mod_deleted_at IS NOT NULL THEN 'deleted'
		WHEN flag_hidden_at IS NOT NULL OR mod_hidden_at IS NOT NULL THEN 'hidden'`
)

var states = []string{"visible", "unlisted", "hidden", "deleted"}

// when sums a 1 for each row of a state.
func when(expression string, names ...string) string {
	var sums []string
	for _, name := range names {
		sums = append(sums, fmt.Sprintf("sum(CASE WHEN %s = '%s' THEN 1 ELSE 0 END)", expression, name))
	}
	return strings.Join(sums, ", ")
}

func sumIf(condition, n string) string {
	return fmt.Sprintf("sum(CASE WHEN %s THEN %s ELSE 0 END)", condition, n)
}

// greater is the greater of two expressions.
func greater(a, b string) string {
	return fmt.Sprintf("CASE WHEN %s > %s THEN %s ELSE %s END", a, b, a, b)
}

func prefixed(prefix string, names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, prefix+name)
	}
	return all
}

// checks are the stored numbers of docs/counters, one by one.
func checks(dialect Dialect) []check {
	threadsPosts := append(prefixed("threads_", states), prefixed("posts_", states)...)
	return []check{
		{name: "thread posts", keys: []string{"thread"}, numbers: []string{"posts_visible", "posts_hidden", "posts_deleted", "reactions"}, rows: "posts",
			stored:  `SELECT t.id, t.posts_visible, t.posts_hidden, t.posts_deleted, t.reactions FROM ` + presentThreads,
			counted: `SELECT p.thread_id, ` + when("p.state", "visible", "hidden", "deleted") + `, ` + sumIf("p.state = 'visible'", "p.reactions") + ` FROM ` + presentPosts + ` GROUP BY p.thread_id`},
		{name: "thread ends", keys: []string{"thread"}, numbers: []string{"first_post_number", "last_post_number", "last_activity_at"}, rows: "threads",
			stored: `SELECT t.id, coalesce(t.first_post_number, 0), coalesce(t.last_post_number, 0), t.last_activity_at FROM ` + presentThreads,
			counted: `SELECT t.id, coalesce(x.first, 0), coalesce(x.last, 0), coalesce(x.at, t.created_at)
				FROM threads t LEFT JOIN (SELECT p.thread_id, min(p.number) AS first, max(p.number) AS last, max(p.created_at) AS at
					FROM posts p WHERE p.state = 'visible' GROUP BY p.thread_id) x ON x.thread_id = t.id
				WHERE t.purging_at IS NULL`},
		{name: "thread last author", keys: []string{"thread"}, numbers: []string{"last_author_id"}, rows: "threads",
			stored:  `SELECT t.id, coalesce(t.last_author_id, 0) FROM ` + presentThreads,
			counted: `SELECT t.id, coalesce(p.author_id, 0) FROM threads t JOIN posts p ON p.thread_id = t.id AND p.number = t.last_post_number WHERE t.purging_at IS NULL`},
		{name: "participant", keys: []string{"thread", "person"}, rows: "posts",
			numbers: []string{"posts_visible", "posts_hidden", "posts_deleted", "reactions_received", "solutions"},
			stored:  `SELECT n.thread_id, n.user_id, n.posts_visible, n.posts_hidden, n.posts_deleted, n.reactions_received, n.solutions FROM participants n JOIN threads t ON t.id = n.thread_id AND t.purging_at IS NULL`,
			counted: `SELECT p.thread_id, p.author_id, ` + when("p.state", "visible", "hidden", "deleted") + `, ` +
				sumIf("p.state = 'visible'", "p.reactions") + `, ` + sumIf("p.state = 'visible' AND "+solves, "1") +
				` FROM ` + presentPosts + ` WHERE p.author_id IS NOT NULL GROUP BY p.thread_id, p.author_id`},
		{name: "category", keys: []string{"category"}, numbers: threadsPosts, rows: "posts",
			stored: `SELECT category_id, ` + strings.Join(threadsPosts, ", ") + ` FROM category_counts`,
			counted: `SELECT t.category_id, ` + when("t.state", states...) + `, 0, 0, 0, 0 FROM ` + presentThreads + ` GROUP BY t.category_id
				UNION ALL SELECT t.category_id, 0, 0, 0, 0, ` + when(effective, states...) + ` FROM ` + presentPosts + ` GROUP BY t.category_id`},
		{name: "person in category", keys: []string{"person", "category"}, numbers: append(threadsPosts, "reactions_received", "solutions"), rows: "posts",
			stored: `SELECT user_id, category_id, ` + strings.Join(threadsPosts, ", ") + `, reactions_received, solutions FROM user_category_counts`,
			counted: `SELECT t.author_id, t.category_id, ` + when("t.state", states...) + `, 0, 0, 0, 0, 0, 0 FROM ` + presentThreads + ` AND t.author_id IS NOT NULL GROUP BY t.author_id, t.category_id
				UNION ALL SELECT p.author_id, t.category_id, 0, 0, 0, 0, ` + when(effective, states...) + `, ` +
				sumIf(bothVisible, "p.reactions") + `, ` + sumIf(bothVisible+" AND "+solves, "1") +
				` FROM ` + presentPosts + ` WHERE p.author_id IS NOT NULL GROUP BY p.author_id, t.category_id`},
		{name: "tag in category", keys: []string{"tag", "category"}, numbers: prefixed("threads_", states), rows: "thread_tags",
			stored:  `SELECT tag_id, category_id, ` + strings.Join(prefixed("threads_", states), ", ") + ` FROM tag_category_counts`,
			counted: `SELECT g.tag_id, t.category_id, ` + when("t.state", states...) + ` FROM thread_tags g JOIN threads t ON t.id = g.thread_id AND t.purging_at IS NULL GROUP BY g.tag_id, t.category_id`},
		{name: "person", keys: []string{"person"}, numbers: []string{"reactions_given"}, rows: "reactions",
			stored:  `SELECT user_id, reactions_given FROM user_counts`,
			counted: `SELECT user_id, count(*) FROM reactions GROUP BY user_id`},
		{name: "people", keys: []string{"state"}, numbers: []string{"n"}, rows: "users",
			stored:  `SELECT state, n FROM people_counts`,
			counted: `SELECT state, count(*) FROM users GROUP BY state`},
		{name: "reactions of a kind", keys: []string{"thread", "post", "kind"}, numbers: []string{"n"}, rows: "post_reactions",
			stored: `SELECT thread_id, number, kind, n FROM post_reactions`,
			counted: `SELECT thread_id, number, kind, count(*) FROM reactions GROUP BY thread_id, number, kind
				UNION ALL SELECT thread_id, number, kind, n FROM imported_reactions`},
		{name: "post reactions", keys: []string{"thread", "post"}, numbers: []string{"reactions"}, rows: "reactions",
			stored: `SELECT thread_id, number, reactions FROM posts WHERE reactions <> 0`,
			counted: `SELECT thread_id, number, count(*) FROM reactions GROUP BY thread_id, number
				UNION ALL SELECT thread_id, number, sum(n) FROM imported_reactions GROUP BY thread_id, number`},
		{name: "post replies", keys: []string{"thread", "post"}, numbers: []string{"replies"}, rows: "posts",
			stored:  `SELECT thread_id, number, replies FROM posts WHERE replies <> 0`,
			counted: `SELECT p.reply_thread_id, p.reply_number, count(*) FROM ` + presentPosts + ` WHERE p.reply_number IS NOT NULL AND p.state = 'visible' GROUP BY p.reply_thread_id, p.reply_number`},
		{name: "post revisions", keys: []string{"thread", "post"}, numbers: []string{"revisions"}, rows: "revisions",
			stored:  `SELECT thread_id, number, revisions FROM posts WHERE revisions <> 0`,
			counted: `SELECT thread_id, number, count(*) FROM revisions GROUP BY thread_id, number`},
		{name: "post attachments", keys: []string{"thread", "post"}, numbers: []string{"attachments"}, rows: "attachments",
			stored:  `SELECT thread_id, number, attachments FROM posts WHERE attachments <> 0`,
			counted: `SELECT thread_id, number, count(*) FROM attachments GROUP BY thread_id, number`},
		{name: "attachment", keys: []string{"thread", "post", "position"}, numbers: []string{"bytes"}, rows: "attachments",
			stored:  `SELECT thread_id, number, position, bytes FROM attachments`,
			counted: `SELECT thread_id, number, position, length(content) FROM attachments`},
		{name: "post state", keys: []string{"thread", "post", "state"}, numbers: []string{"is"}, rows: "posts",
			stored:  `SELECT thread_id, number, state, 1 FROM posts WHERE state <> (` + derivedState + ` ELSE 'visible' END)`,
			counted: `SELECT 0, 0, '', 0 WHERE 1 = 0`},
		{name: "thread state", keys: []string{"thread", "state"}, numbers: []string{"is"}, rows: "threads",
			stored:  `SELECT id, state, 1 FROM threads WHERE state <> (` + derivedState + ` WHEN unlisted_at IS NOT NULL THEN 'unlisted' ELSE 'visible' END)`,
			counted: `SELECT 0, '', 0 WHERE 1 = 0`},
		{name: "account state", keys: []string{"person", "state"}, numbers: []string{"is"}, rows: "users",
			stored:  `SELECT id, state, 1 FROM users WHERE state <> (CASE WHEN suspended_at IS NULL THEN 'active' ELSE 'suspended' END)`,
			counted: `SELECT 0, '', 0 WHERE 1 = 0`},
		// What numbers, times and versions promise of those still to be given.
		{name: "next number, version and time above all given", keys: []string{"thread"}, numbers: []string{"next_number", "version", "last_stamped_at"}, rows: "posts",
			stored: `SELECT t.id, t.next_number, t.version, t.last_stamped_at FROM ` + presentThreads,
			counted: `SELECT t.id, ` + greater(`t.next_number`, `coalesce(x.number, 0) + 1`) + `, ` +
				greater(`t.version`, `coalesce(x.version, 0)`) + `, ` + greater(`t.last_stamped_at`, `coalesce(x.at, 0)`) + `
				FROM threads t LEFT JOIN (SELECT thread_id, max(number) AS number, max(version) AS version, max(created_at) AS at FROM posts GROUP BY thread_id) x ON x.thread_id = t.id
				WHERE t.purging_at IS NULL`},
		// Last activity and the jump to a date rest on it.
		{name: "posts in order of time", keys: []string{"thread", "post"}, numbers: []string{"late"}, rows: "posts",
			stored: `SELECT x.thread_id, x.number, x.created_at - x.before FROM (
					SELECT thread_id, number, created_at, max(created_at) OVER (PARTITION BY thread_id ORDER BY number
						ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
					FROM posts WHERE NOT late
				) x WHERE x.created_at < x.before`,
			counted: `SELECT 0, 0, 0 WHERE 1 = 0`},
		{name: "first post of each thread", keys: []string{"thread"}, numbers: []string{"there"}, rows: "threads",
			stored:  `SELECT t.id, 1 FROM ` + presentThreads,
			counted: `SELECT p.thread_id, 1 FROM ` + presentPosts + ` WHERE p.number = 1`},
		{name: "first post like its thread", keys: []string{"thread"}, numbers: []string{"author_id", "own marks"}, rows: "threads",
			stored:  `SELECT t.id, coalesce(t.author_id, 0), 0 FROM ` + presentThreads,
			counted: `SELECT p.thread_id, coalesce(p.author_id, 0), CASE WHEN p.state = 'visible' THEN 0 ELSE 1 END FROM ` + presentPosts + ` WHERE p.number = 1`},
		{name: "rows whose post, thread or person is gone", keys: []string{"kind", "thread", "post"}, numbers: []string{"rows"}, rows: "posts",
			stored: `SELECT 'post', p.thread_id, p.number, 1 FROM posts p WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = p.thread_id)
				UNION ALL SELECT 'author', p.thread_id, p.number, 1 FROM posts p WHERE p.author_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p.author_id)
				UNION ALL SELECT 'reaction', r.thread_id, r.number, 1 FROM reactions r WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.thread_id = r.thread_id AND p.number = r.number)
				UNION ALL SELECT 'imported reaction', r.thread_id, r.number, 1 FROM imported_reactions r WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.thread_id = r.thread_id AND p.number = r.number)
				UNION ALL SELECT 'revision', r.thread_id, r.number, 1 FROM revisions r WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.thread_id = r.thread_id AND p.number = r.number)
				UNION ALL SELECT 'attachment', f.thread_id, f.number, 1 FROM attachments f WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.thread_id = f.thread_id AND p.number = f.number)
				UNION ALL SELECT 'participant', n.thread_id, 0, 1 FROM participants n WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = n.thread_id)
				UNION ALL SELECT 'tag', g.thread_id, 0, 1 FROM thread_tags g WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = g.thread_id)`,
			counted: `SELECT '', 0, 0, 0 WHERE 1 = 0`},
		{name: "former slug leads to a category", keys: []string{"slug"}, numbers: []string{"wrong"}, rows: "former_slugs",
			stored: `SELECT f.slug, 1 FROM former_slugs f WHERE EXISTS (SELECT 1 FROM categories c WHERE c.slug = f.slug)
				OR NOT EXISTS (SELECT 1 FROM categories c WHERE c.id = f.category_id)`,
			counted: `SELECT '', 0 WHERE 1 = 0`},
		{name: "search knows or waits for each post", keys: []string{"thread", "post"}, numbers: []string{"text_version"}, rows: "search_docs",
			stored: `SELECT p.thread_id, p.number, p.text_version FROM posts p
				LEFT JOIN search_docs d ON ` + indexedPost[dialect] + ` AND d.text_version = p.text_version
				LEFT JOIN search_queue q ON d.text_version IS NULL AND q.thread_id = p.thread_id AND q.number = p.number
				WHERE d.text_version IS NULL AND q.id IS NULL`,
			counted: `SELECT 0, 0, 0 WHERE 1 = 0`},
	}
}

// indexedPost says which post p a row d of the index of words is of.
var indexedPost = either{SQLite: `d.doc = p.doc`, PostgreSQL: `d.thread_id = p.thread_id AND d.number = p.number`}

// query compares what is stored with what is counted, by key.
func (c *check) query() string {
	var columns, unionStored, unionCounted, sums, having []string
	for i := range c.keys {
		columns = append(columns, fmt.Sprintf("k%d", i))
	}
	keys := strings.Join(columns, ", ")
	for i := range c.numbers {
		columns = append(columns, fmt.Sprintf("n%d", i))
		unionStored = append(unionStored, fmt.Sprintf("n%d AS s%d, 0 AS c%d", i, i, i))
		unionCounted = append(unionCounted, fmt.Sprintf("0, n%d", i))
		sums = append(sums, fmt.Sprintf("sum(s%d), sum(c%d)", i, i))
		having = append(having, fmt.Sprintf("sum(s%d) <> sum(c%d)", i, i))
	}
	return fmt.Sprintf(`
		WITH stored (%[1]s) AS (%[2]s), counted (%[1]s) AS (%[3]s)
		SELECT %[4]s, %[5]s FROM (
			SELECT %[4]s, %[6]s FROM stored UNION ALL SELECT %[4]s, %[7]s FROM counted
		) AS compared GROUP BY %[4]s HAVING %[8]s ORDER BY %[4]s`,
		strings.Join(columns, ", "), c.stored, c.counted, keys, strings.Join(sums, ", "),
		strings.Join(unionStored, ", "), strings.Join(unionCounted, ", "), strings.Join(having, " OR "))
}

// run adds what the check finds to the report.
func (c *check) run(conn Conn, report *Report) error {
	named := 0
	return conn.Query(c.query(), nil, func(row Row) error {
		var key []string
		for i, name := range c.keys {
			key = append(key, name+" "+row.Text(i))
		}
		for i, number := range c.numbers {
			at := len(c.keys) + 2*i
			stored, counted := row.Int64(at), row.Int64(at+1)
			if stored == counted {
				continue
			}
			report.Wrong++
			if named++; named <= maxDifferences {
				report.Differences = append(report.Differences, Difference{Number: c.name, Column: number,
					Key: strings.Join(key, ", "), Stored: stored, Counted: counted})
			}
		}
		return nil
	})
}

// Verify recounts every stored number from the rows, in one snapshot, beside whoever writes. It
// reports and never repairs.
func (s *Store) Verify(ctx context.Context, progress func(Progress)) (Report, error) {
	began := time.Now()
	report := Report{At: s.clock.Now(), Differences: []Difference{}}
	all := checks(s.engine.Dialect())
	err := s.engine.ReadLong(ctx, func(conn Conn) error {
		for i := range all {
			progress(Progress{Check: all[i].name, Done: i, Total: len(all) + 1, Rows: report.Rows})
			if err := all[i].run(conn, &report); err != nil {
				return fmt.Errorf("recounting %s: %w", all[i].name, err)
			}
			err := conn.Query(`SELECT count(*) FROM `+all[i].rows, nil, func(row Row) error {
				report.Rows += row.Int64(0)
				return nil
			})
			if err != nil {
				return err
			}
		}
		progress(Progress{Check: "access to categories", Done: len(all), Total: len(all) + 1, Rows: report.Rows})
		return verifyAccess(conn, &report)
	})
	report.Checks = len(all) + 1
	report.Took = time.Since(began)
	if err != nil {
		return report, fmt.Errorf("verify: %w", err)
	}
	return report, nil
}

// verifyAccess derives who may do what in each category anew.
func verifyAccess(conn Conn, report *Report) error {
	derived, err := effectiveAccess(conn)
	if err != nil {
		return err
	}
	return conn.Query(`
		SELECT c.id, r.role, coalesce(a.see, false), coalesce(a.reply, false), coalesce(a.start, false), coalesce(a.moderate, false)
		FROM categories c
		JOIN (SELECT 'visitor' AS role UNION ALL SELECT 'member' UNION ALL SELECT 'moderator' UNION ALL SELECT 'admin') r ON 1 = 1
		LEFT JOIN category_access a ON a.category_id = c.id AND a.role = r.role ORDER BY c.id, r.role`, nil,
		func(row Row) error {
			var id forum.CategoryID
			var role forum.Role
			var stored forum.Access
			if err := scan(row, &id, &role, &stored.See, &stored.Reply, &stored.Start, &stored.Moderate); err != nil {
				return err
			}
			report.Rows++
			if counted := derived[id][role]; stored != counted {
				report.Wrong++
				report.Differences = append(report.Differences, Difference{Number: "access to category", Column: "see, reply, start, moderate",
					Key: fmt.Sprintf("category %d, %s", id, role), Stored: accessBits(stored), Counted: accessBits(counted)})
			}
			return nil
		})
}

// accessBits writes what may be done as a number: see 1, reply 2, start 4, moderate 8.
func accessBits(access forum.Access) int64 {
	var bits int64
	for i, may := range []bool{access.See, access.Reply, access.Start, access.Moderate} {
		if may {
			bits |= 1 << i
		}
	}
	return bits
}
