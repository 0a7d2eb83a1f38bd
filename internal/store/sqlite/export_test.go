package sqlite

import "context"

// Synchronous returns options under which commits are flushed less than they must be; "" changes nothing.
func (o Options) Synchronous(mode string) Options {
	o.synchronous = mode
	return o
}

// Log returns options with other bounds of the log, in pages.
func (o Options) Log(soft, full, hard int) Options {
	o.wal = walBounds{soft, full, hard}
	return o
}

// InterruptWriter makes the writer's statements look at ctx. It is called from one of them.
func (e *Engine) InterruptWriter(ctx context.Context) { e.writer.db.SetInterrupt(ctx) }

// SlowBackup is Backup with other bounds, in pages.
func SlowBackup(ctx context.Context, path, to string, log, once int, progress BackupProgress) (Seal, error) {
	return backup(ctx, path, to, backupBounds{log, once}, progress)
}
