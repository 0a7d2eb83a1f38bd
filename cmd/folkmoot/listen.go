package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// listen takes the socket that whoever started the program holds open for it, as systemd does, so
// that nobody is turned away while one server follows another. Where there is none it makes one.
func listen(address string) (net.Listener, error) {
	passed, err := activation.Listeners()
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot take the socket passed: %w", err)
	case len(passed) == 0:
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("cannot listen: %w", err)
		}
		return listener, nil
	case len(passed) > 1 || passed[0] == nil:
		return nil, errors.New("cannot take the socket passed: it must be one, of a stream that is listened to")
	}
	return passed[0], nil
}

// tellManager tells a service manager that the server is ready and, once ctx ends, that it is
// stopping. Where there is no manager nobody is told.
func tellManager(ctx context.Context) (done func() bool) {
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	return context.AfterFunc(ctx, func() { _, _ = daemon.SdNotify(false, daemon.SdNotifyStopping) })
}
