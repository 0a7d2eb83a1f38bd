//go:build uncounted

package store

const counted = false
