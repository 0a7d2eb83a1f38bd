package httpkit

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer returns a server whose limits keep slow and endless requests from occupying it.
func NewServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,   // headers fit a few packets
		ReadTimeout:       30 * time.Second,  // a quarter of a megabyte over a poor telephone line
		WriteTimeout:      60 * time.Second,  // a page, likewise
		IdleTimeout:       120 * time.Second, // browsers come back within it
		MaxHeaderBytes:    16 << 10,          // cookies and a token are under 1 KiB
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
