// Package forum is the domain of Folkmoot: its nouns, the rules about them, and
// the Service through which pages, API, commands and jobs do everything they do.
//
// Decisions are pure functions over loaded values (CanReply, Contribution,
// Marks.State ...). The Service loads what a decision needs, decides, and hands
// the Store a Change that says what the decision rested on; the Store checks in
// its transaction that this still holds. The package imports the standard
// library only, and of it neither net/http nor database/sql.
package forum
