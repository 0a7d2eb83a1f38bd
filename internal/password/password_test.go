package password

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"folkmoot/internal/forum"
)

// cheap keeps the tests quick; what they say holds for any cost.
var cheap = Cost{Memory: 64, Passes: 1, Threads: 1}

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	h := New(cheap)
	hash, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=64,t=1,p=1$"; !strings.HasPrefix(hash, want) {
		t.Errorf("hash is %q, want the prefix %q", hash, want)
	}
	tests := []struct {
		name, hash, password string
		want                 bool
	}{
		{"the right password", hash, "correct horse battery", true},
		{"another", hash, "correct horse battery ", false},
		{"none", hash, "", false},
		{"an account without a password", "", "correct horse battery", false},
		{"an account without a password, and none", "", "", false},
		{"the stand-in's own key", "", string(make([]byte, keyBytes)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := h.Verify(t.Context(), tt.hash, tt.password)
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestHashesOfOnePasswordDiffer(t *testing.T) {
	t.Parallel()
	h := New(cheap)
	first, _ := h.Hash(t.Context(), "correct horse battery")
	second, _ := h.Hash(t.Context(), "correct horse battery")
	if first == second {
		t.Errorf("both hashes are %q: the salt is not random", first)
	}
}

// The vector is of the reference implementation: argon2id, "password", "somesalt".
func TestVerifyKnowsTheReferenceImplementation(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if right, err := New(cheap).Verify(t.Context(), hash, "password"); err != nil || !right {
		t.Errorf("got %v, %v, want true", right, err)
	}
}

func TestVerifyRefusesHashes(t *testing.T) {
	t.Parallel()
	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	tests := []struct{ name, hash string }{
		{"no hash", "correct horse battery"},
		{"another algorithm", "$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + key},
		{"another version", "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + key},
		{"all the memory there is", "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key},
		{"hours", "$argon2id$v=19$m=64,t=4294967295,p=1$" + salt + "$" + key},
		{"no pass", "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + key},
		{"no thread", "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + key},
		{"no key", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$"},
		{"no salt", "$argon2id$v=19$m=64,t=1,p=1$$" + key},
		{"not base64", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key[1:] + "!"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if right, err := New(cheap).Verify(t.Context(), tt.hash, ""); err == nil || right {
				t.Errorf("got %v without an error", right)
			}
		})
	}
}

func TestHashWaitsNoLongerThanItsCaller(t *testing.T) {
	t.Parallel()
	h := New(cheap)
	for range cap(h.cores) {
		h.cores <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "correct horse battery"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if n := h.waiting.Load(); n != 0 {
		t.Errorf("%d are waiting, want none", n)
	}
}

func TestTooManyWaitingAreSentAway(t *testing.T) {
	t.Parallel()
	h := New(cheap)
	h.waiting.Store(int64(waitingPerCore * cap(h.cores)))
	_, err := h.Verify(t.Context(), "", "correct horse battery")
	if forum.KindOf(err) != forum.Unavailable {
		t.Errorf("got %v, want an Unavailable error", err)
	}
}

func TestConcurrentHashesShareTheCores(t *testing.T) {
	t.Parallel()
	h := New(cheap)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			hash, err := h.Hash(t.Context(), "correct horse battery")
			if err != nil {
				t.Error(err)
			}
			if right, err := h.Verify(t.Context(), hash, "correct horse battery"); err != nil || !right {
				t.Errorf("got %v, %v, want true", right, err)
			}
		})
	}
	wg.Wait()
}

// The time for a name that exists and one that does not must not differ.
func BenchmarkVerify(b *testing.B) {
	h := New(Standard)
	hash, err := h.Hash(b.Context(), "correct horse battery")
	if err != nil {
		b.Fatal(err)
	}
	for name, hash := range map[string]string{"known": hash, "nobody": ""} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := h.Verify(b.Context(), hash, "wrong"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
