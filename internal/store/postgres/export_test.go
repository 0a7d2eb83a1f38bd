package postgres

import "time"

// SetPatience sets how long an answer of the server is waited for.
func (e *Engine) SetPatience(read, write time.Duration) { e.readWithin, e.writeWithin = read, write }
