package importer

import (
	"cmp"
	"slices"
)

// Drift compares one of the source's own counters with its own rows. What the forum shows
// is recomputed from the rows in any case.
type Drift struct {
	Source      string    `json:"source"`
	Counter     string    `json:"counter"`
	Definition  string    `json:"definition"` // what is counted: it matters more than the number
	RowsChecked int64     `json:"rows_checked"`
	Wrong       int64     `json:"wrong"`
	SumAbsError int64     `json:"sum_abs_error"`
	Worst       []Claimed `json:"worst"`
	Action      string    `json:"action"`
}

// Claimed is a row whose counter is wrong.
type Claimed struct {
	ID      int64 `json:"id"`
	Claimed int64 `json:"claimed"`
	Actual  int64 `json:"actual"`
}

const maxWorst = 5

// NewDrift returns the comparison of one counter, before its first row.
func NewDrift(source, counter, definition string) Drift {
	return Drift{Source: source, Counter: counter, Definition: definition, Worst: []Claimed{}, Action: "recomputed"}
}

// Check compares one row.
func (d *Drift) Check(row Claimed) {
	d.RowsChecked++
	if row.off() == 0 {
		return
	}
	d.Wrong++
	d.SumAbsError += row.off()
	d.Worst = append(d.Worst, row)
	slices.SortStableFunc(d.Worst, func(a, b Claimed) int { return cmp.Compare(b.off(), a.off()) })
	d.Worst = d.Worst[:min(len(d.Worst), maxWorst)]
}

func (c Claimed) off() int64 { return max(c.Claimed-c.Actual, c.Actual-c.Claimed) }
