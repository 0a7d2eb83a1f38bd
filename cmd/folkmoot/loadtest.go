package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"folkmoot/internal/proof"
)

// loadtestCommand measures a server of its own, and makes large databases.
type loadtestCommand struct {
	Run  loadtestRunCommand  `cmd:"" default:"withargs" help:"Let many clients use a server at once, read everything back, and say how fast it was and whether one number is wrong."`
	Fill loadtestFillCommand `cmd:"" help:"Make a large database quickly, in the way an import does."`
	Bare loadtestBareCommand `cmd:"" hidden:"" help:"Serve a body of one size and nothing else, to compare pages with."`
}

// loadtestRunCommand knows neither FOLKMOOT_DATA nor FOLKMOOT_DATABASE: a forum that people use is not
// to be tested by accident.
type loadtestRunCommand struct {
	Clients  int           `default:"50" help:"People who work at once (${default})."`
	Duration time.Duration `default:"20s" help:"How long they work (${default}, at most an hour)."`
	Threads  int           `default:"1" help:"Threads they work in (${default})."`
	Mix      string        `default:"post" enum:"post,reply-delete,react,move,all,read,read-fresh" help:"What they do: ${enum} (${default}). read asks for pages that can be cached, read-fresh for ones that cannot."`
	Body     int           `default:"300" help:"Bytes of a post (${default})."`
	Seed     uint64        `default:"1" help:"Of everything chosen at random (${default})."`
	JSON     bool          `name:"json" help:"Print the report as JSON."`
	Data     string        `placeholder:"DIR" help:"Folder to work in, kept afterwards. Never one that people use. Default: a scratch folder, removed afterwards."`
	Database string        `placeholder:"URL" help:"PostgreSQL database to work in instead, kept afterwards: postgres://user:password@host/name. Never one that people use."`
}

const (
	maxLoadtestClients = 10_000
	maxLoadtestThreads = 1_000_000
)

// Validate keeps every run bounded.
func (c *loadtestRunCommand) Validate() error {
	switch {
	case c.Data != "" && c.Database != "":
		return errors.New("--data and --database are two places: name one")
	case c.Clients < 1 || c.Clients > maxLoadtestClients:
		return fmt.Errorf("--clients must be from 1 to %d", maxLoadtestClients)
	case c.Threads < 1 || c.Threads > maxLoadtestThreads:
		return fmt.Errorf("--threads must be from 1 to %d", maxLoadtestThreads)
	case c.Duration <= 0 || c.Duration > time.Hour:
		return errors.New("--duration must be above 0 and at most an hour")
	case c.Body < proof.MinBody || c.Body > 30_000:
		return fmt.Errorf("--body must be from %d to 30000", proof.MinBody)
	}
	return nil
}

// Run measures and prints the report. Differences are a failure.
func (c *loadtestRunCommand) Run(ctx context.Context, std *console) error {
	data, remove, err := c.folder()
	if err != nil {
		return err
	}
	defer remove()
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program's file, to start it as a server: %w", err)
	}
	mix, err := proof.ParseMix(c.Mix)
	if err != nil {
		return err
	}
	progress := newTeller(std)
	place := dataFlag{data, c.Database}
	test := proof.Loadtest{Program: proof.Program{Binary: binary, Data: data, Database: c.Database}, Mix: mix, Clients: c.Clients,
		Threads: c.Threads, Duration: c.Duration, Body: c.Body, Seed: c.Seed, Tell: progress.tell}
	test.Fill = func(ctx context.Context, posts, threads int) error {
		return (&loadtestFillCommand{Posts: posts, Threads: threads, Body: c.Body, Seed: c.Seed, Data: place.Data, Database: place.Database}).Run(ctx, std)
	}
	progress.tell(fmt.Sprintf("a server of its own on %s; its limits on how often people may post are raised, since clients are no people", place))
	report, err := test.Run(ctx)
	progress.end()
	if err != nil {
		return err
	}
	return c.print(std, report)
}

// folder is the one asked for, or a scratch folder that remove removes.
func (c *loadtestRunCommand) folder() (data string, remove func(), err error) {
	if c.Data != "" {
		return c.Data, func() {}, nil
	}
	data, err = os.MkdirTemp("", "folkmoot-loadtest-")
	return data, func() { os.RemoveAll(data) }, err
}

func (c *loadtestRunCommand) print(std *console, report *proof.Report) error {
	if c.JSON {
		encoder := json.NewEncoder(std.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else {
		report.Print(std.out)
	}
	if report.Differences > 0 {
		return exitCode(exitFailure)
	}
	return nil
}

type loadtestFillCommand struct {
	Posts    int    `required:"" help:"How many posts to make."`
	Threads  int    `help:"In how many threads. Default: one for twenty posts."`
	Body     int    `default:"300" help:"Bytes of a post (${default})."`
	Seed     uint64 `default:"1" help:"Of everything chosen at random (${default})."`
	Data     string `xor:"place" placeholder:"DIR" help:"Folder of the database; made where it is missing. Either this or --database."`
	Database string `xor:"place" placeholder:"URL" help:"PostgreSQL database instead: postgres://user:password@host/name."`
}

// Validate refuses what cannot be made.
func (c *loadtestFillCommand) Validate() error {
	switch {
	case c.Data == "" && c.Database == "":
		return errors.New("name where to make it: --data or --database")
	case c.Posts < 1:
		return errors.New("--posts must be at least 1")
	case c.Threads < 0 || c.Threads > c.Posts:
		return errors.New("--threads must be from 1 to the number of posts")
	case c.Body < proof.MinBody || c.Body > 30_000:
		return fmt.Errorf("--body must be from %d to 30000", proof.MinBody)
	}
	return nil
}

// Run makes the posts.
func (c *loadtestFillCommand) Run(ctx context.Context, std *console) error {
	m, err := openService(ctx, dataFlag{c.Data, c.Database})
	if err != nil {
		return err
	}
	defer m.Close()
	progress, begin := newTeller(std), time.Now()
	fill := proof.Fill{Service: m.Service, Posts: c.Posts, Threads: c.Threads, Body: c.Body, Seed: c.Seed,
		Progress: func(done, all int) {
			progress.tell(fmt.Sprintf("%d of %d posts, %.0f/s", done, all, float64(done)/time.Since(begin).Seconds()))
		}}
	err = fill.Run(ctx)
	progress.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(std.err, "made %d posts in %.1f s\n", c.Posts, time.Since(begin).Seconds())
	return nil
}

type loadtestBareCommand struct {
	Listen string `required:""`
	Bytes  int    `required:""`
}

// Run serves until it is killed.
func (c *loadtestBareCommand) Run(ctx context.Context) error {
	return proof.ServeBare(ctx, c.Listen, c.Bytes)
}

// teller writes progress for people: at a terminal each line over the last one, elsewhere at most
// one a second.
type teller struct {
	to       io.Writer
	terminal bool
	last     time.Time
}

func newTeller(std *console) *teller {
	return &teller{to: std.err, terminal: isTerminal(std.err)}
}

func (t *teller) tell(line string) {
	switch {
	case t.terminal:
		fmt.Fprintf(t.to, "\r\x1b[K%s", line)
	case time.Since(t.last) >= 900*time.Millisecond:
		t.last = time.Now()
		fmt.Fprintln(t.to, line)
	}
}

// end takes the last line away at a terminal: what follows is the result.
func (t *teller) end() {
	if t.terminal {
		fmt.Fprint(t.to, "\r\x1b[K")
	}
}
