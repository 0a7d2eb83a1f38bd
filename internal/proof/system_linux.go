package proof

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// dieWithParent has the kernel kill the child should this process be killed before it can.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// syncData makes what was written to file durable, and nothing more: what SQLite waits for.
func syncData(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }

// ownCPU is the processor time that this process has used so far.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
