package proof

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// texts are the bodies of one run's posts: ordinary Markdown, each begun with the key of the
// request that made it, so that what is read back tells which request it came from.
type texts struct {
	run     string // opens every key of this run
	fillers []string
	escaped [][]byte // the same, as they stand in JSON
}

const (
	fillerCount   = 64 // different enough that nothing between client and disk can profit from repeats
	longestPrefix = len("12345678-1000-1000000: ")
	// MinBody is the shortest body that has room for a key.
	MinBody = 40
)

var vocabulary = strings.Fields(`the of and to in that it is was for on with as at be this have from or by one had not
	but what all were when we there can an your which their said if do will each about how up out them then she many some
	chain brake wheel gear saddle spoke frame pump tyre light lock route rain hill bridge tandem luggage bearing derailleur
	question answer because although perhaps certainly measured replaced adjusted recommended unfortunately`)

// newTexts makes bodies of about size bytes, the same ones for the same seed.
func newTexts(run string, size int, seed uint64) *texts {
	random := rand.New(rand.NewPCG(seed, 0))
	t := &texts{run: run}
	for range fillerCount {
		filler := paragraphs(max(size-longestPrefix, MinBody-longestPrefix), random)
		t.fillers = append(t.fillers, filler)
		t.escaped = append(t.escaped, []byte(strings.ReplaceAll(filler, "\n", `\n`)))
	}
	return t
}

// paragraphs is Markdown of exactly size bytes: sentences, and now and then emphasis, code or a new paragraph.
func paragraphs(size int, random *rand.Rand) string {
	var text strings.Builder
	for text.Len() < size {
		word := vocabulary[random.IntN(len(vocabulary))]
		switch random.IntN(40) {
		case 0:
			word = "**" + word + "**"
		case 1:
			word = "`" + word + "`"
		case 2:
			word += ".\n\n"
		case 3:
			word = "[" + word + "](https://example.org/" + word + ")"
		}
		text.WriteString(word)
		text.WriteByte(' ')
	}
	return strings.TrimRight(text.String()[:size-1], " \n") + "."
}

// key names request i of a client.
func (t *texts) key(client, i int) string {
	key := make([]byte, 0, longestPrefix)
	key = append(key, t.run...)
	key = strconv.AppendInt(append(key, '-'), int64(client), 10)
	key = strconv.AppendInt(append(key, '-'), int64(i), 10)
	return string(key)
}

func variant(client, i int) int { return (client*31 + i) % fillerCount }

// body is what the post of request i of a client says.
func (t *texts) body(client, i int) string {
	return t.key(client, i) + ": " + t.fillers[variant(client, i)]
}

// appendJSON appends the request of that post to buffer.
func (t *texts) appendJSON(buffer []byte, key string, client, i int) []byte {
	buffer = append(buffer, `{"body":"`...)
	buffer = append(buffer, key...)
	buffer = append(buffer, ": "...)
	buffer = append(buffer, t.escaped[variant(client, i)]...)
	return append(buffer, `"}`...)
}

// parse finds which request of this run made a post of that body. found is false for
// what this run did not write.
func (t *texts) parse(body string) (client, i int, found bool) {
	key, _, found := strings.Cut(body, ": ")
	if !found {
		return 0, 0, false
	}
	rest, found := strings.CutPrefix(key, t.run+"-")
	if !found {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(rest, "%d-%d", &client, &i)
	return client, i, err == nil && n == 2
}

// runName names a run. It is never the same twice, whatever the seed, since a key asked again
// would be answered with what it did in the run before.
func runName() string { return fmt.Sprintf("%08x", rand.Uint32()) }
