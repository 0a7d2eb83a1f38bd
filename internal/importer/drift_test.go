package importer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDriftKeepsTheWorst(t *testing.T) {
	t.Parallel()
	drift := NewDrift("test", "Posts.Score", "votes")
	for id, off := range []int64{0, 1, -7, 0, 3, 2, 1, -2} {
		drift.Check(Claimed{ID: int64(id), Claimed: 10, Actual: 10 + off})
	}
	want := Drift{Source: "test", Counter: "Posts.Score", Definition: "votes", Action: "recomputed",
		RowsChecked: 8, Wrong: 6, SumAbsError: 16, Worst: []Claimed{
			{2, 10, 3}, {4, 10, 13}, {5, 10, 12}, {7, 10, 8}, {1, 10, 11},
		}}
	if diff := cmp.Diff(want, drift); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
}
