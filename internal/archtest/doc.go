// Package archtest holds no code: its tests keep the house in order. Who may
// import whom, that every dependency is explained, that the domain speaks the
// words of docs/glossary.md, that our SQL means the same on every engine and keeps the
// door to a sharded one open, and that the tree names no machine it was written on.
package archtest
