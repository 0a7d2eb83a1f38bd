package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
	"folkmoot/internal/store/sqlite/faultvfs"
)

// cuts is how often the power goes.
func cuts() int {
	if testing.Short() {
		return 20
	}
	return 200
}

// The power goes at any moment while people write: what was acknowledged is there afterwards,
// and what was not is there once at most.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	acts := 0
	for i := range cuts() {
		p := &powerCut{seed: seed + uint64(i)}
		p.run(t)
		acts += p.acts
		for _, found := range p.found {
			t.Errorf("seed %d, %v: %s", p.seed, p.loss, found)
		}
	}
	t.Logf("%d cuts, %d acts", cuts(), acts)
}

// The same test fails where commits are flushed less.
func TestPowerCutsFail(t *testing.T) {
	t.Parallel()
	for _, synchronous := range []string{"normal", "off"} {
		t.Run(synchronous, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			for i := range cuts() {
				p := &powerCut{seed: seed + uint64(i), synchronous: synchronous}
				if p.run(t); len(p.found) > 0 {
					t.Logf("caught at cut %d: %s", i+1, p.found[0])
					return
				}
			}
			t.Errorf("seed %d: %d cuts lose nothing although commits are not flushed", seed, cuts())
		})
	}
}

// powerCut is one cut of the power under load.
type powerCut struct {
	seed        uint64
	synchronous string // "" as a server has it

	loss  faultvfs.Loss
	acts  int
	found []string
}

func (p *powerCut) run(tb testing.TB) {
	random := rand.New(rand.NewPCG(p.seed, 0))
	p.loss = faultvfs.Loss(random.IntN(int(faultvfs.Losses)))
	folder := tb.TempDir()
	all, disk := p.load(tb, random)
	if err := disk.Restore(folder); err != nil {
		tb.Fatal(err)
	}
	log := &findings{TB: tb}
	log.run(func() {
		c := open(log, folder, sqlite.Options{Readers: 2})
		defer c.close(log)
		for _, m := range all {
			p.acts += m.made
			m.check(log, c)
		}
		c.sound(log)
		for _, m := range all {
			m.retry(log, c)
		}
		c.sound(log)
	})
	p.found = log.found
}

// load lets people write until the power goes, and returns what they remember and what the disk holds.
func (p *powerCut) load(tb testing.TB, random *rand.Rand) ([]*member, faultvfs.Disk) {
	system := faultvfs.New()
	defer system.Close()
	options := sqlite.Options{VFS: system.Name(), Readers: 2}.Synchronous(p.synchronous).Log(30, 120, 1000)
	c := open(tb, seeded(tb), options)
	all := members(tb, c, p.seed)
	var disk faultvfs.Disk
	var once sync.Once
	cut := func() { once.Do(func() { disk = system.Cut(random, p.loss) }) }
	var left atomic.Int64
	left.Store(random.Int64N(1000))
	system.Inject(func(call faultvfs.Call) error {
		if call.Op == faultvfs.Flush {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
		}
		if call.Op != faultvfs.Read && left.Add(-1) == 0 {
			cut()
		}
		return nil
	})
	work(tb.Context(), all, 15)
	_ = c.store.Close() // the power may go while it closes
	cut()
	return all, disk
}

// A transaction that outgrows the memory of its connection is in the log before it is committed,
// pages of it written over again: after the commit it is there, before it nothing is.
func TestPowerCutsInLargeTransactions(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for i := range 2 + cuts()/20 {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		disk, committed := cutInLargeTransaction(t, random, i > 0)
		folder := t.TempDir()
		if err := disk.Restore(folder); err != nil {
			t.Fatal(err)
		}
		c := open(t, folder, sqlite.Options{Readers: 1})
		if n := c.count(t, `settings WHERE key LIKE 'row %'`); n != 0 && n != filled || committed && n != filled {
			t.Errorf("%d rows of %d, committed %v", n, filled, committed)
		}
		c.sound(t)
		c.close(t)
	}
}

// cutInLargeTransaction cuts the power during a transaction, or right after its commit.
func cutInLargeTransaction(t *testing.T, random *rand.Rand, during bool) (disk faultvfs.Disk, committed bool) {
	system := faultvfs.New()
	defer system.Close()
	c := open(t, seeded(t), sqlite.Options{VFS: system.Name(), Readers: 1})
	cut := sync.OnceFunc(func() { disk = system.Cut(random, faultvfs.Loss(random.IntN(int(faultvfs.Losses)))) })
	var left atomic.Int64
	left.Store(1 + random.Int64N(3000))
	system.Inject(func(call faultvfs.Call) error {
		if during && call.Op != faultvfs.Read && left.Add(-1) == 0 {
			cut()
		}
		return nil
	})
	err := c.engine.Write(t.Context(), fillTwice)
	if err != nil && disk == nil {
		t.Errorf("a large transaction: %v", err)
	}
	cut()
	_ = c.store.Close()
	return disk, err == nil
}

const filled = 40_000

// fillTwice stores more than the writer keeps in memory, here and there, and changes it all.
func fillTwice(tx store.Conn) error {
	_, err := tx.Exec(`INSERT INTO settings (key, value)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		SELECT printf('row %08x', (i * 2654435761) & 4294967295), printf('%0500d', i) FROM n`, filled)
	if err == nil {
		_, err = tx.Exec(`UPDATE settings SET value = value || 'x' WHERE key LIKE 'row %'`)
	}
	return err
}

// The power goes while a new file is made, as often as not in the calls before it has a log: it can
// be made afterwards.
func TestPowerCutsWhileMigrating(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	disks := make([]faultvfs.Disk, cuts()/5)
	var running sync.WaitGroup
	for i := range disks {
		running.Go(func() { disks[i] = cutWhileMigrating(t, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	running.Wait()
	for _, disk := range disks {
		folder := t.TempDir()
		if err := disk.Restore(folder); err != nil {
			t.Fatal(err)
		}
		c := open(t, folder, sqlite.Options{})
		c.sound(t)
		c.close(t)
	}
}

func cutWhileMigrating(t *testing.T, random *rand.Rand) faultvfs.Disk {
	system := faultvfs.New()
	defer system.Close()
	var disk faultvfs.Disk
	left := random.IntN([]int{20, 400}[random.IntN(2)])
	cut := sync.OnceFunc(func() { disk = system.Cut(random, faultvfs.Loss(random.IntN(int(faultvfs.Losses)))) })
	system.Inject(func(faultvfs.Call) error {
		if left--; left == 0 {
			cut()
		}
		return nil
	})
	if c, err := tryOpen(t.Context(), t.TempDir(), sqlite.Options{VFS: system.Name()}); err == nil {
		_ = c.store.Close()
	}
	cut()
	return disk
}

// findings stands in for a test whose failures are looked at.
type findings struct {
	testing.TB
	found []string
}

func (f *findings) Errorf(format string, args ...any) {
	f.found = append(f.found, fmt.Sprintf(format, args...))
}
func (f *findings) Error(args ...any) { f.found = append(f.found, fmt.Sprint(args...)) }

func (f *findings) Fatal(args ...any) {
	f.found = append(f.found, fmt.Sprint(args...))
	runtime.Goexit()
}

func (f *findings) Fatalf(format string, args ...any) { f.Fatal(fmt.Sprintf(format, args...)) }

// run runs test, of which a Fatal ends no more than itself.
func (f *findings) run(test func()) {
	var running sync.WaitGroup
	running.Go(test)
	running.Wait()
}
