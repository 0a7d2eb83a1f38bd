package web

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Stack Exchange lets vary in its addresses, and what an import keeps of them.
func TestOldPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		address string
		want    []string
	}{
		{"/questions/12", []string{"/questions/12", "/questions"}},
		{"/questions/12/the-title", []string{"/questions/12/the-title", "/questions/12", "/questions"}},
		{"/questions/12/the-title/", []string{"/questions/12/the-title/", "/questions/12/the-title", "/questions/12", "/questions"}},
		{"/questions/12/the-title/13", []string{"/questions/12/the-title/13", "/a/13", "/questions/12/the-title", "/questions/12"}},
		{"/questions/12/the-title/13?r=1", []string{"/questions/12/the-title/13?r=1", "/questions/12/the-title/13", "/a/13", "/questions/12/the-title", "/questions/12"}},
		{"/questions/12/2019", []string{"/questions/12/2019", "/questions/12", "/questions"}}, // a title
		{"/q/12/5", []string{"/q/12/5", "/q/12", "/q"}},
		{"/a/13/5", []string{"/a/13/5", "/a/13", "/a"}},
		{"/users/-1/community", []string{"/users/-1/community", "/users/-1", "/users"}},
		{"/questions/tagged/c%23?tab=new", []string{"/questions/tagged/c%23?tab=new", "/questions/tagged/c%23", "/questions/tagged", "/questions"}},
		{"/", []string{"/", ""}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, oldPaths(httptest.NewRequest("GET", tt.address, nil))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.address, diff)
		}
	}
}
