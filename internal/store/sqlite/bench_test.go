package sqlite_test

import (
	"testing"

	"folkmoot/internal/store/storetest"
)

func BenchmarkStore(b *testing.B) { storetest.Bench(b, openStore) }
