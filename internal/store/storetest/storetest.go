// Package storetest says what a store means: the same cases, random programs and benchmarks for
// every engine. Each case has a community of its own on an empty database. What the community
// shows is compared, after each step, with a model that is plain slices counted over on demand
// (model.go), and the store's own recount must find nothing.
package storetest

import (
	"database/sql"
	"testing"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
)

// Open makes an empty database and a store on it, both closed when the test ends. The rows are
// reached past the store by the second result, which does not enforce foreign keys: refusals are
// checked by it, and damage planted.
type Open func(t testing.TB, clock forum.Clock) (*store.Store, *sql.DB)

// testCase is one behaviour, in a community of its own.
type testCase struct {
	name string
	run  func(t *testing.T, c *community)
}

// Run runs the whole suite on an engine. With -short it is a slice of it: fewer random programs,
// recounts at the end of a case only; under the race detector what runs concurrently.
func Run(t *testing.T, open Open) {
	for _, noun := range []struct {
		name  string
		cases []testCase
	}{
		{"category", categoryCases},
		{"thread", threadCases},
		{"page", pageCases},
		{"post", postCases},
		{"reaction", reactionCases},
		{"user", userCases},
		{"credential", credentialCases},
		{"setting", settingCases},
		{"look", lookCases},
		{"rules", rulesCases},
		{"rate", rateCases},
		{"invitation", invitationCases},
		{"setting change", settingChangeCases},
		{"sitemap", sitemapCases},
		{"search", searchCases},
		{"render", renderCases},
		{"import", importCases},
		{"attachment", attachmentCases},
		{"clock", clockCases},
		{"receipt", receiptCases},
		{"combiner", combinerCases},
		{"stale", staleCases},
		{"visibility", visibilityCases},
		{"algebra", algebraCases},
		{"history", historyCases},
		{"bank", bankCases},
		{"verify", verifyCases},
	} {
		t.Run(noun.name, func(t *testing.T) {
			for _, tt := range noun.cases {
				if sliced(noun.name) {
					continue
				}
				t.Run(tt.name, func(t *testing.T) {
					t.Parallel()
					tt.run(t, newCommunity(t, open))
				})
			}
		})
	}
	t.Run("program", func(t *testing.T) { testPrograms(t, open) })
}

// sliced tells which nouns are left out where the race detector makes everything slow: those
// whose cases do one thing after the other.
func sliced(noun string) bool {
	return raceDetector && testing.Short() && noun != "combiner" && noun != "history" && noun != "bank"
}
