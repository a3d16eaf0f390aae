package enrich

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siphunt/siphunt/plugin/internal/alert/enrich/enrichtest"
)

var start = time.Date(2026, 11, 22, 9, 40, 0, 0, time.UTC)

// put writes a file anew, as those who update databases do: aside, and renamed.
func put(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// warnings collects what is warned of.
type warnings struct {
	mu   sync.Mutex
	list []string
}

func (w *warnings) add(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, text)
}

// take returns what was warned of since it was last asked.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	return list
}

// placeAt looks an address up when a reading that it may set off is done.
func placeAt(s *Sources, addr string, now time.Time) Place {
	s.Place(netip.MustParseAddr(addr), now)
	s.geoip.reading.Wait()
	return s.Place(netip.MustParseAddr(addr), now)
}

func TestPlaces(t *testing.T) {
	folder := t.TempDir()
	c := Config{GeoIP: filepath.Join(folder, "city.mmdb"), ASN: filepath.Join(folder, "asn.mmdb")}
	put(t, c.GeoIP, enrichtest.Cities(t, "Prague"))
	put(t, c.ASN, enrichtest.Systems(t))
	var w warnings
	s := Open(c, w.add)
	full := Place{
		Continent: "Europe", Country: "Czechia", CountryCode: "CZ", Region: "Prague", RegionCode: "10", City: "Prague",
		Latitude: 50.1, Longitude: 14.4, HasLocation: true,
	}
	attributed := full
	attributed.ASN, attributed.Organization = 64500, "Example Net"
	for addr, want := range map[string]Place{
		"198.18.1.13":        attributed,
		"198.18.2.1":         {Country: "Czechia", CountryCode: "CZ", ASN: 64500, Organization: "Example Net"},
		"2001:db8:0:1::":     full,
		"192.0.2.1":          {},
		"::ffff:198.18.1.13": attributed,
	} {
		if diff := cmp.Diff(want, s.Place(netip.MustParseAddr(addr).Unmap(), start)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", addr, diff)
		}
	}
	if got := w.take(); got != nil {
		t.Errorf("warned: %q", got)
	}
	if p := (*Sources)(nil).Place(netip.MustParseAddr("198.18.1.13"), start); p != (Place{}) {
		t.Errorf("without sources: %+v", p)
	}
	if p := s.Place(netip.Addr{}, start); p != (Place{}) {
		t.Errorf("no address: %+v", p)
	}
}

// A database comes late, changes, is overwritten by half of one, goes away and comes back. Alerts are never lost, and each of this
// is told once.
func TestDatabaseIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "city.mmdb")
	var w warnings
	s := Open(Config{GeoIP: file}, w.add)
	now := start
	look := func(want string, warning string) {
		t.Helper()
		now = now.Add(recheck)
		if got := placeAt(s, "198.18.1.13", now).City; got != want {
			t.Errorf("city %q, want %q", got, want)
		}
		got := strings.Join(w.take(), "\n")
		if warning == "" && got != "" || !strings.Contains(got, warning) || strings.Contains(got, "\n") {
			t.Errorf("warned %q, want %q", got, warning)
		}
	}
	look("", "cannot be read, alerts go without it")
	look("", "")
	put(t, file, enrichtest.Cities(t, "Brno"))
	look("Brno", "")
	put(t, file, enrichtest.Cities(t, "Ostrava"))
	look("Ostrava", "")
	whole := enrichtest.Cities(t, "Prague")
	if err := os.WriteFile(file, whole[:len(whole)/2], 0o600); err != nil { // over it, as a plain copy does
		t.Fatal(err)
	}
	look("Ostrava", "is not used until it changes")
	look("Ostrava", "")
	put(t, file, whole)
	look("Prague", "")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	look("Prague", "cannot be read")
	look("Prague", "")
	put(t, file, enrichtest.Cities(t, "Plzen"))
	look("Plzen", "")
}

// A file is looked at once in recheck, so that many alerts at once cost no more than one.
func TestDatabaseIsLookedAtOnceInAWhile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "city.mmdb")
	put(t, file, enrichtest.Cities(t, "Brno"))
	var w warnings
	s := Open(Config{GeoIP: file}, w.add)
	placeAt(s, "198.18.1.13", start)
	put(t, file, enrichtest.Cities(t, "Ostrava"))
	if got := placeAt(s, "198.18.1.13", start.Add(recheck-1)).City; got != "Brno" {
		t.Errorf("read again too early: %q", got)
	}
	if got := placeAt(s, "198.18.1.13", start.Add(-time.Hour)).City; got != "Ostrava" {
		t.Errorf("not read again when the clock was set back: %q", got)
	}
}

func TestAssets(t *testing.T) {
	prefixes := func(list ...string) (p []netip.Prefix) {
		for _, s := range list {
			p = append(p, netip.MustParsePrefix(s))
		}
		return p
	}
	s := Open(Config{Tags: []string{"voice"}, Assets: []Asset{
		{Registrars: prefixes("198.18.0.0/16", "2001:db8::/32"), Name: "all"},
		{Registrars: prefixes("198.18.0.10/32", "198.18.4.0/24"), Name: "pbx", Owner: "Voice", Contact: "+420 1", Labels: []string{"gold"}},
	}}, nil)
	for addr, want := range map[string]string{
		"198.18.0.10": "pbx", "198.18.4.9": "pbx", "198.18.9.9": "all", "2001:db8::1": "all", "192.0.2.1": "",
	} {
		got := ""
		if a := s.Asset(netip.MustParseAddr(addr)); a != nil {
			got = a.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	if diff := cmp.Diff([]string{"voice"}, s.Tags(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if (*Sources)(nil).Asset(netip.MustParseAddr("198.18.0.10")) != nil || (*Sources)(nil).Tags() != nil {
		t.Error("without sources something is known")
	}
}
