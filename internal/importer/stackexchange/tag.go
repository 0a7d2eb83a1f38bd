package stackexchange

import (
	"context"
	"net/url"

	"folkmoot/internal/forum"
)

// redirectsInBatch bounds a transaction.
const redirectsInBatch = 500

// redirects makes the old addresses of tags lead to them. Those of people and posts came
// with them. An address with signs like "#" is given as it is written and as browsers send it.
func (im *Import) redirects(ctx context.Context) error {
	type tag struct{ name string }
	tags, err := collect(ctx, im.index, func(t *tag) []any { return []any{&t.name} }, `SELECT name FROM used_tags ORDER BY name`)
	if err != nil {
		return err
	}
	paths := map[string]forum.Address{}
	for i, tag := range tags {
		for _, path := range []string{"/questions/tagged/" + tag.name, "/tags/" + tag.name} {
			sent := url.URL{Path: path}
			paths[path] = forum.Address{Tag: tag.name}
			paths[sent.EscapedPath()] = forum.Address{Tag: tag.name}
		}
		if len(paths) < redirectsInBatch && i < len(tags)-1 {
			continue
		}
		if err := im.Target.ImportRedirects(ctx, paths); err != nil {
			return err
		}
		im.result.Redirects += int64(len(paths))
		clear(paths)
	}
	im.result.Brought.Tags = int64(len(tags))
	n, err := im.index.Count(ctx, `SELECT count(*) FROM tags WHERE name IN (SELECT name FROM used_tags)`)
	im.Report.Imported("Tags.xml", n)
	return err
}
