package stackexchange

import (
	"context"

	"folkmoot/internal/importer"
)

// counters are the dump's own numbers, each with what it counts and the query of claimed and
// actual. Rows that do not state a number claim nothing: newer dumps leave FavoriteCount out.
// Rows that could not be read are not counted, so damage to a dump shows as drift.
var counters = []struct{ name, definition, query string }{
	{"Posts.AnswerCount", "rows of Posts with PostTypeId 2 and this ParentId", `
		SELECT p.id, p.answers, (SELECT count(*) FROM posts a WHERE a.type = 2 AND a.parent_id = p.id)
		  FROM posts p
		 WHERE p.answers IS NOT NULL`},
	{"Posts.CommentCount", "rows of Comments with this PostId", `
		SELECT p.id, p.comments, (SELECT count(*) FROM comments c WHERE c.post_id = p.id)
		  FROM posts p
		 WHERE p.comments IS NOT NULL`},
	{"Posts.Score", "rows of Votes with this PostId: VoteTypeId 2 less VoteTypeId 3", `
		SELECT p.id, p.score, (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 2)
		                    - (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 3)
		  FROM posts p
		 WHERE p.score IS NOT NULL`},
	{"Posts.FavoriteCount", "rows of Votes with this PostId and VoteTypeId 5", `
		SELECT p.id, p.favorites, (SELECT count(*) FROM votes v WHERE v.post_id = p.id AND v.type = 5)
		  FROM posts p
		 WHERE p.favorites IS NOT NULL`},
	{"Tags.Count", "rows of Posts with PostTypeId 1 and this tag among their Tags", `
		SELECT t.id, t.n, (SELECT count(*) FROM post_tags p WHERE p.tag = t.name)
		  FROM tags t
		 WHERE t.n IS NOT NULL`},
}

// drift compares the dump's own numbers with its rows.
func (x *index) drift(ctx context.Context, source string) ([]importer.Drift, error) {
	var all []importer.Drift
	for _, counter := range counters {
		drift := importer.NewDrift(source, counter.name, counter.definition)
		check := func(scan func(...any) error) error {
			var row importer.Claimed
			defer func() { drift.Check(row) }()
			return scan(&row.ID, &row.Claimed, &row.Actual)
		}
		if err := x.each(ctx, check, counter.query); err != nil {
			return nil, err
		}
		all = append(all, drift)
	}
	return all, nil
}
