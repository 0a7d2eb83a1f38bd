package httpkit

import (
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
	hops := r.Header.Values("X-Forwarded-For")
	for _, line := range slices.Backward(hops) {
		names := strings.Split(line, ",")
		for _, name := range slices.Backward(names) {
			hop, err := netip.ParseAddr(strings.TrimSpace(name))
			if err != nil {
				return address
			}
			if address = hop.Unmap(); !k.believes(address) {
				return address
			}
		}
	}
	return address
}

func peer(r *http.Request) netip.Addr {
	end, _ := netip.ParseAddrPort(r.RemoteAddr)
	return end.Addr().Unmap()
}

func (k *Kit) believes(address netip.Addr) bool {
	return slices.ContainsFunc(k.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}
