package store

import "time"

// Batch tells of one transaction of the combiner.
type Batch struct {
	Members int           // writes in it
	Took    time.Duration // from its begin until it was durable, or given up
	Err     error         // why nothing of it was stored: some of it is run again then, or refused
}

// Observe has the writer call each after every transaction, instead of what it was given before;
// each must be quick.
func (s *Store) Observe(each func(Batch)) { s.combiner.observed.Store(&each) }

func (c *combiner) observe(members int, took time.Duration, err error) {
	if each := c.observed.Load(); each != nil {
		(*each)(Batch{members, took, err})
	}
}

// Waiting returns how many writes wait for a batch.
func (s *Store) Waiting() int { return s.combiner.queue.len() }
