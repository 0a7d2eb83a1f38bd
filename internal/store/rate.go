package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"folkmoot/internal/forum"
)

// rates hands out what servers share. Those who ask while a transaction is under way are answered by
// the next one, all together.
type rates struct {
	mu      sync.Mutex
	secret  string // of the hashes; read once, since it never changes
	waiting []*taking
	taking  bool
}

// taking is somebody who asks.
type taking struct {
	forum.Taking
	subject string // as it is stored
	taken   forum.Taken
	err     error
	done    chan struct{}
}

// TakeRate takes of a rate in a transaction apart from what the rate is for, in a lane that rare writes
// have: it waits for no batch of posts, and on PostgreSQL for no disk, since the table is not logged.
func (s *Store) TakeRate(ctx context.Context, wanted forum.Taking) (forum.Taken, error) {
	secret, err := s.rateSecret(ctx)
	if err != nil {
		return forum.Taken{}, err
	}
	t := &taking{Taking: wanted, subject: rateSubject(secret, wanted), done: make(chan struct{})}
	s.rates.mu.Lock()
	s.rates.waiting = append(s.rates.waiting, t)
	if !s.rates.taking {
		s.rates.taking = true
		go s.takeRates()
	}
	s.rates.mu.Unlock()
	select {
	case <-t.done:
		return t.taken, t.err
	case <-ctx.Done():
		return forum.Taken{}, ctx.Err()
	}
}

// takeRates goes on until nobody asks any more.
func (s *Store) takeRates() {
	for {
		s.rates.mu.Lock()
		batch := s.rates.waiting
		s.rates.waiting = nil
		s.rates.taking = len(batch) > 0
		s.rates.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		_, err := s.write(context.Background(), forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
			return forum.Receipt{}, t.takeRates(batch)
		})
		for _, asked := range batch {
			asked.err = err
			close(asked.done)
		}
	}
}

// takeRates decides for each who asks, on rows that are locked in the order of subjects.
func (t *tx) takeRates(batch []*taking) error {
	known, err := t.lockRates(batch)
	if err != nil {
		return err
	}
	whole := map[string]time.Time{}
	for subject, at := range known {
		whole[subject] = at
	}
	for _, asked := range batch {
		asked.taken.N, whole[asked.subject] = asked.Take(whole[asked.subject], t.now, asked.Want)
		asked.taken.Whole = whole[asked.subject]
	}
	for _, subject := range subjectsOf(batch) {
		if err := t.setRate(subject, known[subject], whole[subject]); err != nil {
			return err
		}
	}
	return nil
}

// lockRates reads when the rates are whole that have ever been used.
func (t *tx) lockRates(batch []*taking) (map[string]time.Time, error) {
	subjects, whole := subjectsOf(batch), map[string]time.Time{}
	sets := make([][]any, len(subjects))
	for i, subject := range subjects {
		sets[i] = []any{[]byte(subject)}
	}
	err := t.conn.QueryMany(Many{`SELECT whole_at FROM rates WHERE subject = $1 FOR NO KEY UPDATE`, sets, func(set int, row Row) error {
		whole[subjects[set]] = fromMicros(row.Int64(0))
		return nil
	}})
	return whole, err
}

// setRate stores when a rate is whole. That another server makes the same row meanwhile is a
// FaultRaced: then all of it is decided again.
func (t *tx) setRate(subject string, before, after time.Time) error {
	switch {
	case before.IsZero():
		return t.later(`INSERT INTO rates (subject, whole_at) VALUES ($1, $2)`, []byte(subject), after)
	case after.Equal(before):
		return nil
	}
	return t.later(`UPDATE rates SET whole_at = $2 WHERE subject = $1`, []byte(subject), after)
}

// subjectsOf are those of a batch, each once, sorted.
func subjectsOf(batch []*taking) []string {
	var subjects []string
	for _, asked := range batch {
		subjects = append(subjects, asked.subject)
	}
	slices.Sort(subjects)
	return slices.Compact(subjects)
}

// rateSubject is what stands in the table of whom a rate is counted for.
func rateSubject(secret []byte, wanted forum.Taking) string {
	hash := hmac.New(sha256.New, secret)
	hash.Write([]byte(wanted.Act + "\x00" + wanted.Subject))
	return string(hash.Sum(nil)[:16])
}

// rateSecretSetting holds the secret of the hashes; it is made by the first who needs it.
const rateSecretSetting = "rate_secret"

func (s *Store) rateSecret(ctx context.Context) ([]byte, error) {
	s.rates.mu.Lock()
	known := s.rates.secret
	s.rates.mu.Unlock()
	if known != "" {
		return []byte(known), nil
	}
	var secret string
	_, err := s.write(ctx, forum.Change{}, 0, func(t *tx) (forum.Receipt, error) {
		_, err := t.exec(`INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, rateSecretSetting, rand.Text())
		if err == nil {
			secret, err = t.setting(rateSecretSetting)
		}
		return forum.Receipt{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("the secret of rates: %w", err)
	}
	s.rates.mu.Lock()
	defer s.rates.mu.Unlock()
	s.rates.secret = secret
	return []byte(secret), nil
}
