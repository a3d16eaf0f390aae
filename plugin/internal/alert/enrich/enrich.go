// Package enrich says more about the addresses in an alert: where a client is (MaxMind databases), whom a server belongs to (a
// list by network). It only adds: what is missing or broken is warned of, and the alert goes out without it.
//
//	enrich.go    what is asked for, and the answers
//	database.go  a file that is read again when it changes
package enrich

import (
	"net/netip"
	"time"
)

// Config is the tables [enrich] and [[asset]] of siphunt.toml.
type Config struct {
	GeoIP  string // geoip: a MaxMind database of cities or countries, empty for none
	ASN    string // asn: one of autonomous systems
	Tags   []string
	Assets []Asset
}

// Asset is servers that belong together.
type Asset struct {
	Registrars []netip.Prefix
	Name       string   // what they are
	Owner      string   // who runs them
	Contact    string   // how to reach them
	Labels     []string // whatever else is of use
}

// Place is where an address is, as far as that is known.
type Place struct {
	Continent, Country, CountryCode, Region, RegionCode, City string
	Latitude, Longitude                                       float64
	HasLocation                                               bool // Latitude and Longitude are known
	ASN                                                       int  // number of the autonomous system, 0 if it is not known
	Organization                                              string
}

// Sources answer. They are safe for concurrent use. A nil *Sources knows nothing.
type Sources struct {
	config     Config
	geoip, asn *database
}

// Open opens what a configuration names. It never fails: warn is told what cannot be read, from any goroutine, and it is tried
// again when the file changes.
func Open(c Config, warn func(string)) *Sources {
	return &Sources{config: c, geoip: openDatabase("enrich.geoip", c.GeoIP, warn), asn: openDatabase("enrich.asn", c.ASN, warn)}
}

// Tags are for every alert.
func (s *Sources) Tags() []string {
	if s == nil {
		return nil
	}
	return s.config.Tags
}

// Place returns where an address is. now is when to look whether a file has changed, which is done once in a while only.
func (s *Sources) Place(addr netip.Addr, now time.Time) Place {
	var p Place
	if s == nil || !addr.IsValid() {
		return p
	}
	s.geoip.locate(addr, now, &p)
	s.asn.route(addr, now, &p)
	return p
}

// Asset returns what a server belongs to, by its longest network; nil if it is not listed.
func (s *Sources) Asset(registrar netip.Addr) *Asset {
	if s == nil {
		return nil
	}
	var best *Asset
	bits := -1
	for i := range s.config.Assets {
		for _, p := range s.config.Assets[i].Registrars {
			if p.Contains(registrar) && p.Bits() > bits {
				best, bits = &s.config.Assets[i], p.Bits()
			}
		}
	}
	return best
}
