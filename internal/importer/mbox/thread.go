package mbox

import (
	"cmp"
	"crypto/sha1"
	"encoding/base32"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
)

func (e *entry) record(reason, detail string) importer.Record {
	return e.where.record(e.message, reason, detail)
}

// mailKey is what the forum remembers a mail by, and the thread that it begins.
func mailKey(messageID string) string { return "m:" + messageID }

// thread makes a thread of mails in their order.
func (im *Import) thread(entries []*entry) forum.ImportedThread {
	first := entries[0]
	title, tags := im.title(first)
	thread := forum.ImportedThread{Key: mailKey(first.message), Title: title, Tags: tags, Paths: im.paths(first, true)}
	numbers := map[int64]int64{}
	for i, e := range entries {
		numbers[e.id] = int64(i) + 1
		post := forum.ImportedPost{Key: mailKey(e.message), ReplyTo: numbers[e.parent], Body: im.body(e, title), CreatedAt: importer.Instant(e.at)}
		if e.address != "" {
			post.AuthorKey = personKey(e.address)
		} else {
			post.AuthorName = im.bareName(e)
		}
		if i > 0 {
			post.Paths = im.paths(e, false)
		}
		thread.Posts = append(thread.Posts, post)
	}
	return thread
}

func (im *Import) bareName(e *entry) string {
	name := cmp.Or(e.name, "anonymous")
	if short := importer.FirstRunes(name, forum.LimitUserName.Max); short != name {
		im.Report.Mend(e.record("its author's name was shortened", name))
		return short
	}
	return name
}

// body is the text of a mail. One that changes the subject says so.
func (im *Import) body(e *entry, title string) string {
	subject := im.bare(e.subject)
	if e.parent == 0 || subject == "" || strings.EqualFold(importer.FirstRunes(subject, forum.LimitTitle.Max), title) || strings.HasPrefix(subject, title) || sameWords(subject, title) {
		return e.body
	}
	if body := "**" + escape(subject, true) + "**\n\n" + e.body; forum.LimitBody.Check(body) == nil {
		return body
	}
	return e.body
}

// sameWords compares subjects without what programs change in them: blanks, brackets, case, "Re:".
func sameWords(a, b string) bool {
	letters := func(text string) string {
		text = prefixes.ReplaceAllString(text, "")
		for answer.MatchString(text) {
			text = answer.ReplaceAllString(text, "")
		}
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, text)
	}
	return letters(a) == letters(b)
}

var (
	answer   = regexp.MustCompile(`(?i)^\s*(re|aw|antw|sv|vs|rif|odp|ynt|回复|答复|回覆)\s*(\[\d+\])?\s*[:：]\s*`)
	bracket  = regexp.MustCompile(`^\s*\[([^\[\]]{1,60})\]\s*`)
	prefixes = regexp.MustCompile(`\[[^\[\]]{1,60}\]`)
	tagForm  = regexp.MustCompile(`^\pL[\pL\pN .+#_-]*$`)
)

// bare is a subject without "Re:" and the list's own name in brackets.
func (im *Import) bare(subject string) string {
	for {
		rest := answer.ReplaceAllString(subject, "")
		if found := bracket.FindStringSubmatch(rest); found != nil && sameWords(found[1], label(im.List)) {
			rest = rest[len(found[0]):]
		}
		if rest == subject {
			return strings.TrimSpace(rest)
		}
		subject = rest
	}
}

// title is the subject of the first mail; words in brackets before it become tags.
func (im *Import) title(e *entry) (title string, tags []string) {
	title = im.bare(e.subject)
	for {
		found := bracket.FindStringSubmatch(title)
		if found == nil || len(found[0]) == len(title) || !tagForm.MatchString(found[1]) || forum.LimitTag.Check(found[1]) != nil || len(tags) == forum.MaxTags {
			break
		}
		tags = append(tags, strings.TrimSpace(found[1]))
		title = im.bare(title[len(found[0]):])
	}
	if title == "" || forum.LimitTitle.Check(importer.FirstRunes(title, forum.LimitTitle.Max)) != nil {
		im.Report.Mend(e.record("it had no subject", ""))
		title = "No subject"
	}
	if short := importer.FirstRunes(title, forum.LimitTitle.Max); short != title {
		im.Report.Mend(e.record("its subject was shortened", title))
		return short, tags
	}
	return title, tags
}

// paths are the old addresses that lead to a mail, without host and final slash: where its
// header says it is archived, and those of Mailman 3 and public-inbox.
func (im *Import) paths(e *entry, first bool) (all []string) {
	add := func(path string) {
		path = strings.TrimRight(path, "/")
		if path != "" && len(path) <= maxPath {
			all = append(all, path)
		}
	}
	sum := sha1.Sum([]byte(e.message))
	hash := base32.StdEncoding.EncodeToString(sum[:])
	kinds := []string{"message"}
	if first {
		kinds = append(kinds, "thread")
	}
	archived, err := url.Parse(e.archived)
	if e.archived != "" && err == nil && len(archived.EscapedPath()) > 1 && archived.RawQuery == "" {
		add(archived.EscapedPath())
	}
	for _, kind := range kinds {
		for _, base := range []string{"/archives", "/hyperkitty"} {
			add(base + "/list/" + postingAddress(im.List) + "/" + kind + "/" + hash)
		}
	}
	if archived != nil && first && strings.Contains(archived.Path, "/message/") {
		add(strings.Replace(archived.EscapedPath(), "/message/", "/thread/", 1))
	}
	sent := url.URL{Path: "/" + e.message}
	add("/" + label(im.List) + "/" + strings.ReplaceAll(sent.EscapedPath()[1:], "/", "%2F"))
	return all
}

// maxPath bounds an old address: browsers and servers give up on longer ones.
const maxPath = 2000

// postingAddress makes users@lists.example.org of users.lists.example.org.
func postingAddress(list string) string {
	if strings.Contains(list, "@") {
		return list
	}
	return strings.Replace(list, ".", "@", 1)
}
