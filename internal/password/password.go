// Package password hashes and checks passwords with argon2id. It implements forum.Passwords.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"folkmoot/internal/forum"
)

// Cost is what one hash costs. It is written into the hash, so that it can be raised later.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// Standard is what OWASP asks of argon2id at least: 19 MiB and two passes, about 27 ms of a core.
var Standard = Cost{Memory: 19 << 10, Passes: 2, Threads: 1}

// The most that a stored hash may ask for: a hash of another program can come with an import,
// and must not cost more memory than the server has.
var highest = Cost{Memory: 256 << 10, Passes: 16, Threads: 8}

const (
	saltBytes = 16
	keyBytes  = 32
	// waitingPerCore bounds how many may wait for a core: some 20 s of work. Whoever comes
	// after that is told to come back, rather than left hanging with all before them.
	waitingPerCore = 750
	retryAfter     = 20 * time.Second
)

// Hasher hashes as many passwords at a time as there are cores, since signing in would otherwise
// be the cheapest way to bring the server down. It is safe for concurrent use.
type Hasher struct {
	cost    Cost
	cores   chan struct{} // holds one for each hash in work
	waiting atomic.Int64
	nobody  string // the hash of a password that nobody knows
}

var _ forum.Passwords = (*Hasher)(nil)

// New returns a Hasher of a cost.
func New(cost Cost) *Hasher {
	h := &Hasher{cost: cost, cores: make(chan struct{}, runtime.GOMAXPROCS(0))}
	h.nobody = encode(cost, make([]byte, saltBytes), make([]byte, keyBytes))
	return h
}

// Hash returns the hash of a password in the PHC string format. It is Unavailable where too many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	key, err := h.key(ctx, password, salt, h.cost, keyBytes)
	return encode(h.cost, salt, key), err
}

// Verify reports whether password belongs to hash. An empty hash takes as long as another and is
// false. It is Unavailable where too many wait.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = h.nobody
	}
	cost, salt, want, err := decode(hash)
	if err != nil {
		return false, fmt.Errorf("reading the stored hash of a password: %w", err)
	}
	got, err := h.key(ctx, password, salt, cost, len(want))
	return known && err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (h *Hasher) key(ctx context.Context, password string, salt []byte, cost Cost, length int) ([]byte, error) {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(waitingPerCore*cap(h.cores)) {
		return nil, &forum.Error{Kind: forum.Unavailable, RetryAfter: retryAfter,
			Message: "too many people are signing in at this moment; please try again shortly"}
	}
	select {
	case h.cores <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to hash a password: %w", ctx.Err())
	}
	defer func() { <-h.cores }()
	return argon2.IDKey([]byte(password), salt, cost.Passes, cost.Memory, cost.Threads, uint32(length)), nil
}

var base64Raw = base64.RawStdEncoding

func encode(cost Cost, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.Memory, cost.Passes, cost.Threads,
		base64Raw.EncodeToString(salt), base64Raw.EncodeToString(key))
}

var errFormat = errors.New("it is not an argon2id hash in the PHC format, or asks for too much")

func decode(hash string) (cost Cost, salt, key []byte, err error) {
	var version int
	var rest string
	_, err = fmt.Sscanf(hash, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &cost.Memory, &cost.Passes, &cost.Threads, &rest)
	if err != nil || version != argon2.Version || !cost.bearable() {
		return Cost{}, nil, nil, errFormat
	}
	encodedSalt, encodedKey, _ := strings.Cut(rest, "$")
	salt, saltErr := base64Raw.DecodeString(encodedSalt)
	key, keyErr := base64Raw.DecodeString(encodedKey)
	if saltErr != nil || keyErr != nil || len(salt) < 8 || len(key) < 16 || len(key) > 128 {
		return Cost{}, nil, nil, errFormat
	}
	return cost, salt, key, nil
}

func (c Cost) bearable() bool {
	return c.Memory >= 8 && c.Memory <= highest.Memory && c.Passes >= 1 && c.Passes <= highest.Passes &&
		c.Threads >= 1 && c.Threads <= highest.Threads
}
