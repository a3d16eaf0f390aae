package network

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// address is a new one for phones.
func (p *plan) address() netip.Addr {
	p.phoneAddresses++
	return traffic.Plus(traffic.PhoneRange, p.phoneAddresses)
}

func (p *plan) addresses(n int) []netip.Addr {
	list := make([]netip.Addr, n)
	for i := range list {
		list[i] = p.address()
	}
	return list
}

// prefix is a new /64 for phones.
func (p *plan) prefix() netip.Addr {
	p.phonePrefixes++
	return traffic.Subnet(traffic.PhoneRange6, p.phonePrefixes)
}

// attacker is a new address for an attacker; of IPv6 it is the first of a /64.
func (p *plan) attacker(six bool) netip.Addr {
	if six {
		p.attackerPrefixes++
		return traffic.Subnet(traffic.AttackerRange6, p.attackerPrefixes)
	}
	p.attackerAddresses++
	return traffic.Plus(traffic.AttackerRange, p.attackerAddresses)
}

// transport is mostly UDP.
func (p *plan) transport() detect.Transport {
	if p.Percent(10) {
		return detect.TCP
	}
	return detect.UDP
}

// named is a client as the detector names it: of IPv6 the first address of its prefix.
func named(client netip.Addr) netip.Addr {
	if client.Is4() {
		return client
	}
	prefix, err := client.Prefix(detect.DefaultConfig().IPv6ClientPrefix)
	if err != nil {
		return client // that of nobody
	}
	return prefix.Addr()
}
