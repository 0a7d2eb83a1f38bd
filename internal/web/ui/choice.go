package ui

import (
	"slices"

	"folkmoot/internal/forum"
)

// has reports whether a value is among those chosen of a field.
func (f Form) has(field, value string) bool { return slices.Contains(f.Values[field], value) }

// bounded adds to the hint between what the number must be.
func (f Field) bounded(bound forum.Bound) Field {
	between := "From " + Number(bound.Min) + " to " + Number(bound.Max) + "."
	if f.Hint != "" {
		between = f.Hint + " " + between
	}
	f.Hint = between
	return f
}
