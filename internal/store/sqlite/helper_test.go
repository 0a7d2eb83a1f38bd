package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"folkmoot/internal/forum"
	"folkmoot/internal/store"
	"folkmoot/internal/store/sqlite"
)

// helperVariable says to the test's own program, run again, which helper to be.
const helperVariable = "FOLKMOOT_SQLITE_HELPER"

// helper is the test's program, run as another process on folder.
type helper struct {
	stdin  io.WriteCloser
	stdout *bufio.Reader
	wait   func() error
}

func startHelper(tb testing.TB, name, folder string) *helper {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), os.Args[0], "-test.run=^TestHelper$")
	cmd.Env = append(os.Environ(), helperVariable+"="+name)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	return &helper{stdin, bufio.NewReader(stdout), cmd.Wait}
}

// line is the next thing it says.
func (h *helper) line(tb testing.TB) string {
	tb.Helper()
	line, err := h.stdout.ReadString('\n')
	if err != nil {
		tb.Fatalf("the other process says %q, %v", line, err)
	}
	return line[:len(line)-1]
}

// end lets it end.
func (h *helper) end(tb testing.TB) {
	tb.Helper()
	_ = h.stdin.Close()
	_, _ = io.Copy(io.Discard, h.stdout)
	if err := h.wait(); err != nil {
		tb.Errorf("the other process: %v", err)
	}
}

// TestHelper is the other process; by itself it tests nothing.
func TestHelper(t *testing.T) {
	switch os.Getenv(helperVariable) {
	case "open as nobody":
		helpOpen(t)
	case "hold the lock":
		helpHold(t)
	case "post":
		helpPost(t)
	}
}

const nobody = 65534

// helpOpen opens the database without root's rights and says what is wrong with it.
func helpOpen(t *testing.T) {
	if os.Getuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := sqlite.Open(t.Context(), databaseName)
	if err == nil {
		_ = engine.Close()
	}
	fmt.Println(nameOf(err))
}

// helpHold keeps the lock of the writer until its input ends.
func helpHold(t *testing.T) {
	engine, err := sqlite.Open(t.Context(), databaseName)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	err = engine.Write(t.Context(), func(store.Conn) error {
		fmt.Println("held")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// helpPost posts as half of the people, and says how much was acknowledged.
func helpPost(t *testing.T) {
	c := open(t, ".", sqlite.Options{})
	defer c.close(t)
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Println(postMany(t, c, "there"))
}

// postsEach is how many posts of each person postMany makes.
const postsEach = 50

// postMany lets everybody post at once into one thread, and returns how many posts were acknowledged.
func postMany(tb testing.TB, c *community, where string) int {
	acked := make(chan int, people)
	for i := range people {
		actor := c.actor(tb, fmt.Sprint("person", i))
		go func() {
			n := 0
			for j := range postsEach {
				post := forum.NewPost{Thread: 1, Body: fmt.Sprintf("%s %d %d", where, i, j), Key: fmt.Sprintf("%s %d", where, j)}
				if _, err := c.CreatePost(context.Background(), actor, post); err != nil {
					tb.Errorf("posting %s: %v", where, err)
					continue
				}
				n++
			}
			acked <- n
		}()
	}
	total := 0
	for range people {
		total += <-acked
	}
	return total
}
