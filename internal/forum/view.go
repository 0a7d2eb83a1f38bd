package forum

import (
	"context"
	"sync"
	"time"
)

// ViewsEvery is how long views are gathered before they are written. What was gathered is lost
// in a crash: views are approximate by contract.
const ViewsEvery = 3 * time.Second

// maxViewedThreads bounds the memory of one gathering; further threads are not counted until it is written.
const maxViewedThreads = 10_000

// Views gathers thread views in memory. It is safe for concurrent use.
type Views struct {
	mu    sync.Mutex
	views map[ThreadID]int64
}

// Add counts one view.
func (v *Views) Add(id ThreadID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.views == nil {
		v.views = map[ThreadID]int64{}
	}
	if _, known := v.views[id]; known || len(v.views) < maxViewedThreads {
		v.views[id]++
	}
}

func (v *Views) take() map[ThreadID]int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	taken := v.views
	v.views = nil
	return taken
}

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
