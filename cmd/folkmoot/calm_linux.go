package main

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// timerSlack is by how much the kernel may let a timer of a server be late, so that several go off at once.
const timerSlack = 500 * time.Microsecond

// calm has the kernel wake this process less often, by starting it anew where that was not said yet, since
// the thread in question is there before any code of ours: sysmon of the Go runtime looks every 20 µs for
// threads that are stuck in the kernel, as they are where a process shares its processors with a database.
// With the kernel's own slack of 50 µs it ran 4,000 times a second, each time in place of somebody who
// worked (prctl(2), PR_SET_TIMERSLACK; in the units of systemd TimerSlackNSec; decision 26).
func calm() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	late := func() bool {
		slack, _, failed := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_GET_TIMERSLACK, 0, 0)
		return failed == 0 && time.Duration(slack) >= timerSlack
	}
	if late() {
		return
	}
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_TIMERSLACK, uintptr(timerSlack), 0)
	if !late() { // as under a policy of real time, whose timers are never late
		return
	}
	if program, err := os.Executable(); err == nil {
		_ = syscall.Exec(program, os.Args, os.Environ()) // where it may not, it goes on as it is
	}
}
