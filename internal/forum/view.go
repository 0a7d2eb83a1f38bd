package forum

import (
	"context"
	"time"
)

// ViewsEvery is how long views are gathered before they are written. What was gathered is lost
// in a crash: views are approximate by contract.
const ViewsEvery = 3 * time.Second

// Views gathers thread views in memory. It is safe for concurrent use.
type Views struct{ gathering[ThreadID] }

// CountView counts one view of a thread's page.
func (s *Service) CountView(id ThreadID) { s.Views.Add(id) }

// WriteViews writes what was gathered since the last call.
func (s *Service) WriteViews(ctx context.Context) error {
	views := s.Views.take()
	if len(views) == 0 {
		return nil
	}
	return s.Store.AddViews(ctx, views)
}
