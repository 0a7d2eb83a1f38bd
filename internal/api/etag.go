package api

import (
	"context"
	"strconv"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// etag is the entity tag of what ctx's person sees of a version: of this database, since a
// restored one may count up to the same version again, and of this person in the role that decides,
// since their own reaction and rights are part of it. and are further numbers that it rests on.
func (s *server) etag(ctx context.Context, version int64, and ...int64) (string, error) {
	epoch, err := s.databaseEpoch(ctx)
	if err != nil {
		return "", err
	}
	b := make([]byte, 0, 64)
	b = append(b, '"')
	b = strconv.AppendInt(b, version, 10)
	reader := httpkit.ActorOf(ctx).Visibility()
	for _, n := range append(and, int64(reader.User)) {
		b = strconv.AppendInt(append(b, '.'), n, 10)
	}
	b = append(append(b, '.'), reader.Role...)
	b = append(append(append(b, '.'), epoch...), '"')
	return string(b), nil
}

// ifMatch returns the version that an If-Match names, 0 where it names none. A tag of another
// database, or none of ours, names a version that is not the present one.
func (s *server) ifMatch(ctx context.Context, tag string) (int64, error) {
	if tag == "" || tag == "*" {
		return 0, nil
	}
	epoch, err := s.databaseEpoch(ctx)
	if err != nil {
		return 0, err
	}
	inner, ours := strings.CutSuffix(strings.TrimPrefix(tag, `"`), "."+epoch+`"`)
	text, _, _ := strings.Cut(inner, ".")
	version, known := parseID(text)
	if !ours || !known {
		return 0, &forum.Error{Kind: forum.PreconditionFailed, Message: "this is no longer the version you name"}
	}
	return version, nil
}

// databaseEpoch reads the epoch once: it changes only when another file takes the database's
// place, and the server is started anew.
func (s *server) databaseEpoch(ctx context.Context) (string, error) {
	if known := s.epoch.Load(); known != nil {
		return *known, nil
	}
	site, err := s.service.Site(ctx)
	if err != nil {
		return "", err
	}
	s.epoch.Store(&site.Epoch)
	return site.Epoch, nil
}
