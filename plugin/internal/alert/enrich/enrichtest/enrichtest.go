// Package enrichtest makes small MaxMind databases for tests.
package enrichtest

import (
	"bytes"
	"net"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// Cities is a database in which 198.18.1.0/24 and 2001:db8::/32 are in a city, and 198.18.2.0/24 is in a country only.
func Cities(t testing.TB, city string) []byte {
	t.Helper()
	name := func(s string) mmdbtype.Map { return mmdbtype.Map{"en": mmdbtype.String(s), "de": mmdbtype.String("?")} }
	country := mmdbtype.Map{"iso_code": mmdbtype.String("CZ"), "names": name("Czechia")}
	full := mmdbtype.Map{
		"continent":    mmdbtype.Map{"code": mmdbtype.String("EU"), "names": name("Europe")},
		"country":      country,
		"subdivisions": mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String("10"), "names": name("Prague")}},
		"city":         mmdbtype.Map{"names": name(city)},
		"location":     mmdbtype.Map{"latitude": mmdbtype.Float64(50.1), "longitude": mmdbtype.Float64(14.4)},
	}
	return write(t, "GeoLite2-City", map[string]mmdbtype.Map{
		"198.18.1.0/24": full, "2001:db8::/32": full, "198.18.2.0/24": {"country": country},
	})
}

// Systems is a database in which 198.18.0.0/15 is in AS64500.
func Systems(t testing.TB) []byte {
	t.Helper()
	return write(t, "GeoLite2-ASN", map[string]mmdbtype.Map{"198.18.0.0/15": {
		"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example Net"),
	}})
}

func write(t testing.TB, kind string, networks map[string]mmdbtype.Map) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: kind, RecordSize: 24, IncludeReservedNetworks: true, BuildEpoch: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range networks {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(n, record); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
