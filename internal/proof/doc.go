// Package proof shows that a server keeps its promises under load and through crashes.
//
// It starts the program as a child process (Server), makes a small community on it (Site),
// lets Clients change it all at once and keeps what each was answered (History), reads
// everything back and judges (Audit). `folkmoot loadtest` and the tests here use the same
// parts; mutants/ plants the bugs that the tests must catch.
package proof
