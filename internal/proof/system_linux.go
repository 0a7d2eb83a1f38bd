package proof

import (
	"os"
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the child should this process be killed before it can.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// syncData makes what was written to file durable, and nothing more: what SQLite waits for.
func syncData(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }
