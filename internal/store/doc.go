// Package store keeps forum.Store's promises in SQL, on any Engine.
//
// Reads are lists of statements run in one snapshot. Writes are members of a batch: requests that
// arrive while a commit is in flight share the next transaction (combiner.go). Inside it one tx
// looks up idempotency keys, checks the rights that decisions rested on, holds the threads' rows,
// and gathers counter changes, which one function writes in the lock order (counters.go).
package store
