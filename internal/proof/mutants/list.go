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

// mutants are the traps of the specification that the transitions of today can fall into, the
// bug that this project exists to end first.
var mutants = []mutant{}
