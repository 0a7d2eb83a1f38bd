// Command folkmoot is the forum server and everything that goes with it. See folkmoot --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commandLine is what can be asked of the program: a field, and a file, for each command.
type commandLine struct {
	Serve    serveCommand    `cmd:"" help:"Start the forum."`
	Verify   verifyCommand   `cmd:"" help:"Recount every stored number from the rows. Works beside a running server."`
	Import   importCommand   `cmd:"" help:"Bring in what another forum holds: people, threads, votes, old addresses."`
	Copy     copyCommand     `cmd:"" help:"Copy the forum to an empty database of either kind, compare the two and recount it: the way from SQLite to PostgreSQL and back."`
	Backup   backupCommand   `cmd:"" help:"Write the forum as it is at this moment to a file. Works beside a running server."`
	Restore  restoreCommand  `cmd:"" help:"Make a forum of a backup, in a folder of its own, and recount it."`
	User     userCommand     `cmd:"" help:"Make accounts, set passwords, list people. Works beside a running server."`
	Token    tokenCommand    `cmd:"" help:"Make API tokens. Works beside a running server."`
	Thread   threadCommand   `cmd:"" help:"List and start threads of a running forum, over its API."`
	Post     postCommand     `cmd:"" help:"Read and write posts of a running forum, over its API."`
	Loadtest loadtestCommand `cmd:"" help:"Measure a server on this machine, and read back everything it acknowledged."`
	Version  versionCommand  `cmd:"" help:"Say which version this is."`
}

// console is what a command reads and writes. What scripts use goes to out, what people read to err.
type console struct {
	in  *os.File
	out io.Writer
	err io.Writer
}

func main() {
	// Before anything is opened: those that run for long.
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == "loadtest") {
		calm()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], &console{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run runs a command and returns the exit code.
func run(ctx context.Context, args []string, std *console) int {
	var cli commandLine
	exited := -1
	parser, err := kong.New(&cli, kong.Name("folkmoot"), kong.Writers(std.out, std.err),
		kong.Description("A forum whose every number is exact. `folkmoot serve` is all it takes."+exitHelp),
		kong.Exit(func(code int) { exited = code }), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std))
	if err != nil {
		panic(err) // the commands are declared wrongly
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help
	}
	if err == nil {
		err = command.Run()
	}
	var code exitCode
	if err != nil && !errors.As(err, &code) {
		fmt.Fprintln(std.err, "folkmoot: "+sayError(err))
	}
	return codeOf(err)
}

// sayError is one line about an error.
func sayError(err error) string {
	if wrong := new(kong.ParseError); errors.As(err, &wrong) {
		return err.Error() + " (folkmoot --help says what there is)"
	}
	return err.Error()
}
