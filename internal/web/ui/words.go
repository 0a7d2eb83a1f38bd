package ui

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"folkmoot/internal/forum"
)

// Number writes n with its thousands apart: 3,872.
func Number(n int64) string {
	text := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(text) - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Count writes a number with its noun: "1 post", "3,872 posts".
func Count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Size writes a number of bytes as people read it: "640 bytes", "1.4 MB".
func Size(bytes int64) string {
	if bytes < 1000 {
		return Count(bytes, "byte", "bytes")
	}
	units := []string{"kB", "MB", "GB", "TB"}
	size, unit := float64(bytes)/1000, 0
	for size >= 999.95 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + units[unit]
}

// moment is how pages write a time. Visitors' pages are cached: nothing on them may depend on the present.
const moment = "2 Jan 2006, 15:04"

// Moment writes a time as people read it, in UTC.
func Moment(at time.Time) string { return at.UTC().Format(moment) }

// Day writes the day of a time, in UTC.
func Day(at time.Time) string { return at.UTC().Format("2 Jan 2006") }

// machineTime writes a time as the datetime attribute wants it.
func machineTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// StateNames says why something is not simply visible, every cause in words.
func StateNames(marks forum.Marks) []string {
	var names []string
	for _, cause := range []struct {
		at   time.Time
		name string
	}{
		{marks.FlagHiddenAt, "hidden by flags"},
		{marks.ModHiddenAt, "hidden by a moderator"},
		{marks.AuthorDeletedAt, "deleted by its author"},
		{marks.ModDeletedAt, "deleted by a moderator"},
	} {
		if !cause.at.IsZero() {
			names = append(names, cause.name)
		}
	}
	return names
}

// ThreadStateNames is StateNames for a thread.
func ThreadStateNames(marks forum.ThreadMarks) []string {
	names := StateNames(marks.Marks)
	if !marks.UnlistedAt.IsZero() {
		names = append(names, "unlisted")
	}
	return names
}

// RoleName is a role as people say it.
func RoleName(role forum.Role) string {
	if role == forum.Admin {
		return "administrator"
	}
	return string(role)
}

// AudienceWords say who alone sees a category whose least reader has this role, "" where everybody does.
func AudienceWords(role forum.Role) string {
	if role == forum.Visitor || role == "" {
		return ""
	}
	return "only " + RoleName(role) + "s"
}

// ReactionEmoji is the sign of a kind of reaction; an unknown kind stands for itself.
func ReactionEmoji(kind string) string {
	if known, ok := forum.KnownReaction(kind); ok {
		return known.Emoji
	}
	return kind
}

// counted is a kind of reaction with how often it was given: "👍 12".
func counted(given forum.ReactionCount) string {
	return ReactionEmoji(given.Kind) + " " + Number(given.N)
}

// ReactionLabel is a kind of reaction as it is spoken.
func ReactionLabel(kind string) string {
	if known, ok := forum.KnownReaction(kind); ok {
		return known.Label
	}
	return kind
}

// colours is how many hues the stylesheet has for avatars and categories.
const colours = 12

// colour gives a name its hue, the same everywhere.
func colour(name string) string {
	var sum uint32
	for _, b := range []byte(name) {
		sum = sum*31 + uint32(b)
	}
	return hues[sum%colours]
}

// categoryColour gives a category its hue: categories made one after another differ most.
func categoryColour(id forum.CategoryID) string { return hues[(7*int64(id)+2)%colours] }

var hues = [colours]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}

// initial is the letter an avatar shows.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}))
	if r == utf8.RuneError {
		return "?"
	}
	return string(unicode.ToUpper(r))
}

// Sentence makes a message of the domain, which begins small, one that stands alone.
func Sentence(message string) string {
	first, size := utf8.DecodeRuneInString(message)
	if size == 0 {
		return ""
	}
	sentence := string(unicode.ToUpper(first)) + message[size:]
	if strings.ContainsRune(".!?", rune(sentence[len(sentence)-1])) {
		return sentence
	}
	return sentence + "."
}

// noun is the noun alone, in the number that fits n.
func noun(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
