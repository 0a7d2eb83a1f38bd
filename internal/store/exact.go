//go:build !uncounted

package store

// counted is false only in a program built with -tags uncounted, which writes no counter: it exists
// to be timed, so that the cost of exact numbers can be published (docs/performance.md).
const counted = true
