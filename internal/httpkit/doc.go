// Package httpkit is what pages and API share of HTTP: a handler that returns an
// error and the one adapter that answers and logs it, the status of each kind of
// error, who asks (cookie or token to forum.Actor), rations, the limits of a
// request, and the headers every answer carries.
//
// The server is built of three layers: Wrap around everything (request id, headers,
// access log), Handle around each handler of a surface (limits, who asks, errors),
// and the handler, which decodes, calls forum.Service and answers.
package httpkit
