package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"folkmoot/internal/store"
)

// What keeps a database from being opened, beside store.ErrNewer; the error that wraps it says more. The database is left as it was.
var (
	// ErrUnreachable is a server that did not answer for a while.
	ErrUnreachable = errors.New("the database server cannot be reached")
	// ErrNotUsable is a server, a database or a role that lacks what Folkmoot needs.
	ErrNotUsable = errors.New("the database cannot be used")
)

// reachFor bounds how long a server that does not answer is tried at the start: it may be starting too.
const reachFor = 20 * time.Second

// oldest is the oldest version of PostgreSQL that is known to do.
const oldest = 14

// configure reads the URL, and sets what each connection has in common.
func configure(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil { // its text leaves the password out
		return nil, fmt.Errorf("%w: the address is not one of PostgreSQL (postgres://user:password@host:5432/name): %w", ErrNotUsable, err)
	}
	config.ConnectTimeout = acquireTimeout
	config.DialFunc = (&net.Dialer{Control: giveUp,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / 2, Interval: silence / 10, Count: 5}}).DialContext
	for name, value := range map[string]string{
		"application_name":                    "folkmoot",
		"timezone":                            "UTC",
		"client_encoding":                     "UTF8",
		"default_transaction_isolation":       "read committed",
		"lock_timeout":                        milliseconds(lockTimeout),
		"statement_timeout":                   milliseconds(readTimeout),
		"idle_in_transaction_session_timeout": milliseconds(statementTimeout),
	} {
		config.RuntimeParams[name] = value
	}
	config.OnNotice = func(c *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.SeverityUnlocalized == "WARNING" {
			c.CustomData()[warning] = notice
		}
	}
	return config, nil
}

// warning is where a connection keeps the last warning of its server.
const warning = "warning"

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Place names the database of a URL without its password.
func Place(url string) string {
	config, err := configure(url)
	if err != nil {
		return "PostgreSQL"
	}
	return place(config)
}

// Exists sees that the database holds a forum, and makes none: else store.ErrNone. What else may be
// wrong is as with Open.
func Exists(ctx context.Context, url string) error {
	config, err := configure(url)
	if err != nil {
		return err
	}
	c, err := reach(ctx, config)
	if err != nil {
		return fmt.Errorf("opening %s: %w", place(config), err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	present, err := version(ctx, c)
	err = notAllowed(err, "the role may not read the tables")
	if err == nil && present == 0 {
		err = store.ErrNone
	}
	if err != nil {
		return fmt.Errorf("%s: %w", place(config), err)
	}
	return nil
}

func place(config *pgx.ConnConfig) string {
	return fmt.Sprintf("PostgreSQL's %s at %s:%d", config.Database, config.Host, config.Port)
}

// byKey are settings for statements that reach their rows by keys and indexes, as all do but those that
// read for long. A plan is made once for a connection and kept, whatever the arguments: the planner would
// make another each time for some lists, which took longer than to read them. One that was made while a
// table was empty, or before anybody counted its rows, would read all of it for each row wanted, until
// somebody does. What reads so little is not worth a second process.
var byKey = map[string]string{"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
	"max_parallel_workers_per_gather": "0", "plan_cache_mode": "force_generic_plan"}

func newPool(config *pgx.ConnConfig, most int32, timeout time.Duration, settings map[string]string) (*pgxpool.Pool, error) {
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	pool.ConnConfig = config.Copy()
	maps.Copy(pool.ConnConfig.RuntimeParams, settings)
	pool.ConnConfig.RuntimeParams["statement_timeout"] = milliseconds(timeout)
	pool.MaxConns = most
	pool.MaxConnIdleTime = 5 * time.Minute
	pool.AfterConnect = keepMemory
	return pgxpool.NewWithConfig(context.Background(), pool)
}

// keepMemory has a connection's process keep the memory that a statement took for the next one. GNU's
// malloc gives back to the system whatever is free at the end of the heap beyond 128 KiB, so that each
// batch asked for its pages anew, until something larger was freed once: from then on it keeps twice as
// much (mallopt(3), M_MMAP_THRESHOLD). Elsewhere it is a statement that does nothing.
func keepMemory(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SELECT length(repeat(' ', 1048576))`)
	return err
}

// prepare sees that the database can be used, and makes or migrates it.
func prepare(ctx context.Context, config *pgx.ConnConfig) error {
	c, err := reach(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	if err := inspect(ctx, c, config); err != nil {
		return err
	}
	present, err := version(ctx, c)
	switch {
	case err != nil:
		return notAllowed(err, "the role may not read the tables")
	case present > newestMigration:
		return fmt.Errorf("%w (its schema is %d, this program knows %d)", store.ErrNewer, present, newestMigration)
	case present < newestMigration:
		if err := migrate(ctx, config); err != nil {
			return err
		}
	}
	return mayWrite(ctx, c)
}

// reach connects. A server that does not answer is tried again for a while, and said so.
func reach(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	for began, pause := time.Now(), 100*time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		c, err := pgx.ConnectConfig(ctx, config)
		var refused *pgconn.PgError
		switch {
		case err == nil:
			return c, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &refused) && !lost(err):
			return nil, fmt.Errorf("%w: %s", ErrNotUsable, refused.Message)
		case time.Since(began) > reachFor:
			return nil, fmt.Errorf("%w: %w", ErrUnreachable, plain(err))
		}
		slog.Warn("the database server does not answer; it is tried again", "server", place(config), "cause", err)
		time.Sleep(pause)
	}
}

// plain is the one line of an error of connecting that says why: its own text has one for each try.
func plain(err error) error {
	if network := new(net.OpError); errors.As(err, &network) {
		return network
	}
	return err
}

// server is what a database server says of itself and of one database.
type server struct {
	version  int    // 150006 is 15.6
	encoding string // of the database
	commits  string // synchronous_commit
	flushes  string // fsync
	readOnly bool   // a standby, or sessions that may only read
}

// inspect says in plain words what the server lacks, and sees that commits are durable.
func inspect(ctx context.Context, c *pgx.Conn, config *pgx.ConnConfig) error {
	var s server
	var version string
	err := c.QueryRow(ctx, `SELECT current_setting('server_version_num'), current_setting('server_encoding'),
		current_setting('synchronous_commit'), current_setting('fsync'), pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'`).
		Scan(&version, &s.encoding, &s.commits, &s.flushes, &s.readOnly)
	if err != nil {
		return err
	}
	s.version, _ = strconv.Atoi(version)
	if err := s.usable(); err != nil {
		return err
	}
	if s.commits == "off" {
		s.commits = "on"
	}
	config.RuntimeParams["synchronous_commit"] = s.commits // said, so that nobody turns it off meanwhile
	if s.flushes == "off" {
		slog.Warn("this database server does not flush what it writes (fsync is off): a power cut loses posts that were acknowledged")
	}
	return nil
}

// usable says why a forum cannot be kept there: ErrNotUsable.
func (s server) usable() error {
	switch {
	case s.version/10_000 < oldest:
		return fmt.Errorf("%w: the server is PostgreSQL %d, and %d or newer is needed", ErrNotUsable, s.version/10_000, oldest)
	case s.encoding != "UTF8":
		return fmt.Errorf("%w: its encoding is %s, and UTF8 is needed (createdb --encoding UTF8 --template template0)", ErrNotUsable, s.encoding)
	case s.readOnly:
		return fmt.Errorf("%w: it can only be read; give the address of the server that is written to", ErrNotUsable)
	}
	return nil
}

// mayWrite sees that the role can do what a forum does.
func mayWrite(ctx context.Context, c *pgx.Conn) error {
	var may bool
	err := c.QueryRow(ctx, `SELECT has_table_privilege('threads', 'SELECT') AND has_table_privilege('threads', 'INSERT')
		AND has_table_privilege('threads', 'UPDATE') AND has_table_privilege('search_queue', 'DELETE')`).Scan(&may)
	if err == nil && !may {
		err = fmt.Errorf("%w: the role may only read: grant it SELECT, INSERT, UPDATE and DELETE on all tables, or make it their owner", ErrNotUsable)
	}
	return err
}
