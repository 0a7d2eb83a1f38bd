package httpkit

import (
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ThisMachine are the addresses of the machine itself: believed where nobody names other proxies,
// since a proxy in front usually runs beside the server.
var ThisMachine = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Address returns where a request came from: the connection's other end, or what the proxies that
// are believed say of it, read from the last to the first, so that nobody can choose their own.
func (k *Kit) Address(r *http.Request) netip.Addr {
	address := peer(r)
	if !k.believes(address) {
		return address
	}
	for hop := range hops(r.Header) {
		next, known := parseHop(hop)
		if !known {
			return address
		}
		if address = next; !k.believes(address) {
			return address
		}
	}
	return address
}

// hops are whom the proxies had the request from, the last one's word first. Forwarded (RFC 7239)
// is read only where X-Forwarded-For is absent: nearly every proxy writes that, and most hand on
// a Forwarded that whoever asks has made up.
func hops(header http.Header) iter.Seq[string] {
	if lines := header.Values("X-Forwarded-For"); len(lines) > 0 {
		return backward(lines, func(name string) string { return name })
	}
	return backward(header.Values("Forwarded"), forwardedFor)
}

// backward yields of each item of the lists what is wanted of it, from the last to the first.
func backward(lines []string, wanted func(item string) string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range slices.Backward(lines) {
			for _, item := range slices.Backward(strings.Split(line, ",")) {
				if !yield(wanted(strings.TrimSpace(item))) {
					return
				}
			}
		}
	}
}

// forwardedFor is the "for" of an element of Forwarded, "" where there is none.
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// parseHop reads an address, with a port or without, an IPv6 one in brackets or without.
func parseHop(hop string) (address netip.Addr, known bool) {
	if end, err := netip.ParseAddrPort(hop); err == nil {
		return end.Addr().Unmap().WithZone(""), true
	}
	if inner, bracketed := strings.CutPrefix(hop, "["); bracketed {
		hop = strings.TrimSuffix(inner, "]")
	}
	address, err := netip.ParseAddr(hop)
	return address.Unmap().WithZone(""), err == nil
}

// peer is the connection's other end. What comes by a socket of the file system comes from this machine.
func peer(r *http.Request) netip.Addr {
	end, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Loopback()
	}
	return end.Addr().Unmap()
}

func (k *Kit) believes(address netip.Addr) bool {
	return slices.ContainsFunc(k.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}
