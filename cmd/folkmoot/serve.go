package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

type serveCommand struct {
	dataFlag
	Listen       string        `default:"127.0.0.1:8080" env:"FOLKMOOT_LISTEN" placeholder:"ADDR" help:"Address to listen on (${default})."`
	URL          string        `env:"FOLKMOOT_URL" placeholder:"URL" help:"The public origin, as browsers see it: https://forum.example"`
	Metrics      string        `env:"FOLKMOOT_METRICS" placeholder:"ADDR" help:"Address on which to answer /metrics, for Prometheus: 127.0.0.1:9090. Nowhere unless named; never one that the public reaches."`
	TrustedProxy []string      `default:"127.0.0.0/8,::1/128" env:"FOLKMOOT_TRUSTED_PROXY" placeholder:"NET" help:"Networks of proxies whose X-Forwarded-For, Forwarded and X-Forwarded-Proto are believed (${default})."`
	LogLevel     slog.Level    `default:"info" env:"FOLKMOOT_LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error (${default}); debug logs every request."`
	LogAddress   bool          `env:"FOLKMOOT_LOG_ADDRESS" help:"Log with each request the address it came from."`
	Every        time.Duration `default:"24h" env:"FOLKMOOT_EVERY" placeholder:"TIME" help:"Recount every stored number this often (${default}); 0 never does."`
	Demo         bool          `help:"Fill an empty data folder with a made-up community to look at, and print how to sign in to it."`
	RateFactor   float64       `hidden:"" default:"1" env:"FOLKMOOT_RATE_FACTOR" help:"Multiplies what a person may do in a time; 0 sets no bound. For load generators on a scratch folder."`

	origin  *url.URL
	proxies []netip.Prefix
}

// maxRateFactor bounds what rations are multiplied by: beyond it what is left of them fills faster
// than clocks tell.
const maxRateFactor = 1_000_000

// Validate checks what the flags' types do not.
func (c *serveCommand) Validate() (err error) {
	switch {
	case !(c.RateFactor >= 0 && c.RateFactor <= maxRateFactor): // which NaN is not
		return fmt.Errorf("--rate-factor must be a number from 0 to %d, and is %v", maxRateFactor, c.RateFactor)
	case c.Every < 0:
		return fmt.Errorf("--every must not be negative, and is %v; 0 never recounts", c.Every)
	}
	if c.proxies, err = parseNetworks(c.TrustedProxy); err != nil {
		return err
	}
	c.origin, err = parseOrigin(c.URL)
	return err
}

// parseNetworks reads networks; an address is one that holds nothing else.
func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if address, addrErr := netip.ParseAddr(text); addrErr == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy must be a network like 10.0.0.0/8 or an address, and is %q", text)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// parseOrigin reads the public origin as browsers write it, since what they send is compared with
// it: in small letters, without the port that goes without saying. It is nil where none is given.
func parseOrigin(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	origin, err := url.Parse(text)
	if err != nil || origin.Hostname() == "" || origin.User != nil || (origin.Scheme != "http" && origin.Scheme != "https") || origin.Path != "" && origin.Path != "/" {
		return nil, fmt.Errorf("--url must be an origin like https://forum.example, without a path, and is %q", text)
	}
	standard := map[string]string{"http": ":80", "https": ":443"}[origin.Scheme]
	host, err := idna.Lookup.ToASCII(origin.Hostname())
	if ip, ipErr := netip.ParseAddr(origin.Hostname()); ipErr == nil {
		host, err = ip.String(), nil
		if ip.Is6() {
			host = "[" + host + "]"
		}
	}
	if err != nil {
		return nil, fmt.Errorf("--url must name a host, and is %q", text)
	}
	if port := origin.Port(); port != "" {
		host += ":" + port
	}
	return &url.URL{Scheme: origin.Scheme, Host: strings.TrimSuffix(host, standard)}, nil
}

const (
	// memoryLimit is from where on the collector works harder: what lives is bounded far below (caches
	// by their weight, connections by their number), while each password hashed leaves 19 MiB behind.
	// GOMEMLIMIT says otherwise.
	memoryLimit = 72 << 20
	// garbagePercent is how much garbage there may be for what lives before it is collected: what lives is
	// little, so that Go's own 100 would have it looked through too often. GOGC says otherwise.
	garbagePercent = 150
)

// Run serves until ctx ends, then finishes what is in progress.
func (c *serveCommand) Run(ctx context.Context, std *console) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	logger := newLogger(std, c.LogLevel)
	slog.SetDefault(logger)
	// The addresses first: where another server has one, that one's database is not touched.
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	metricsListener, err := listenMetrics(c.Metrics)
	if err != nil {
		return err
	}
	if metricsListener != nil {
		defer metricsListener.Close()
	}
	credentials := ""
	if c.Demo {
		if credentials, err = prepareDemo(ctx, c.dataFlag); err != nil {
			return err
		}
	}
	m, err := openService(ctx, c.dataFlag)
	if err != nil {
		return err
	}
	defer m.Close()
	kit := &httpkit.Kit{Service: m.Service, Logger: logger, Origin: c.origin, Proxies: c.proxies,
		Rates: httpkit.NewRates(m.Clock, c.RateFactor), LogAddresses: c.LogAddress}
	if c.Database != "" { // other servers may serve the same forum
		kit.Rates.Shared = m.store
	}
	defer m.serveMetrics(metricsListener, kit)()
	server := httpkit.NewServer(m.handler(ctx, kit), logger)
	fmt.Fprint(std.out, credentials)
	if err := c.greet(ctx, std, m.Service, listener.Addr()); err != nil {
		return err
	}
	debug.FreeOSMemory() // what opening and migrating took is not needed again
	stopWork := m.work(context.WithoutCancel(ctx), c.Every, logger)
	defer stopWork()
	defer tellManager(ctx)()
	return server.Serve(ctx, listener)
}

// work does what goes on beside the requests, until the function returned is called.
func (m *moot) work(ctx context.Context, every time.Duration, logger *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { m.store.Run(ctx) })
	running.Go(func() { m.writeGathered(ctx, logger) })
	running.Go(func() { m.verifyEvery(ctx, every, logger) })
	return func() {
		cancel()
		running.Wait()
	}
}

// writeGathered writes every few seconds, and at the end, what reading has left to be written: views,
// and which sessions are in use.
func (m *moot) writeGathered(ctx context.Context, logger *slog.Logger) {
	tick := time.NewTicker(forum.ViewsEvery)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		if err := m.WriteViews(context.WithoutCancel(ctx)); err != nil {
			logger.Warn("views were not written", "error", err)
		}
		if err := m.ExtendSessions(context.WithoutCancel(ctx)); err != nil {
			logger.Warn("sessions were not extended", "error", err)
		}
	}
}

// greet says where the forum is, and while it has no administrator where to become one.
func (c *serveCommand) greet(ctx context.Context, std *console, service *forum.Service, address net.Addr) error {
	origin := c.address(address)
	fmt.Fprintf(std.out, "Folkmoot is at %s\n", origin)
	token, err := service.NewFirstRun(ctx)
	if err != nil {
		return fmt.Errorf("preparing the first run: %w", err)
	}
	if token != "" {
		fmt.Fprintf(std.out, "Make its first administrator at %s/first-run?token=%s\n", origin, token)
	}
	fmt.Fprintln(std.out, "Stop it with Ctrl+C")
	return nil
}

// address is where a person at this machine, or the public, finds the forum.
func (c *serveCommand) address(listening net.Addr) string {
	if c.origin != nil {
		return c.origin.String()
	}
	host, port, err := net.SplitHostPort(listening.String())
	if ip, parseErr := netip.ParseAddr(host); err == nil && parseErr == nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("localhost", port)
	}
	return "http://" + listening.String()
}
