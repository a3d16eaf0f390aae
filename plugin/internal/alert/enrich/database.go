package enrich

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// recheck is how often a file is looked at.
const recheck = 10 * time.Second

// database is a MaxMind database that is read again when its file changes. It is read into memory, not mapped: who copies a new file over
// a mapped one crashes the process. Reading again goes on beside lookups, which use the old one until then.
type database struct {
	key, file string
	warn      func(string)
	reader    atomic.Pointer[maxminddb.Reader]

	mu      sync.Mutex // of all below
	checked time.Time
	seen    os.FileInfo
	missing bool // warned of
	reading sync.WaitGroup
}

// openDatabase reads a database, nil if none is asked for.
func openDatabase(key, file string, warn func(string)) *database {
	if file == "" {
		return nil
	}
	if warn == nil {
		warn = func(string) {}
	}
	d := &database{key: key, file: filepath.Clean(file), warn: warn}
	if d.hasChanged() {
		d.read()
	}
	return d
}

// lookup decodes what the database has about an address into a record.
func (d *database) lookup(addr netip.Addr, now time.Time, record any) bool {
	if d == nil {
		return false
	}
	d.refresh(now)
	reader := d.reader.Load()
	if reader == nil {
		return false
	}
	result := reader.Lookup(addr)
	return result.Found() && result.Decode(record) == nil
}

// refresh has the file read again if it has changed, once in a while.
func (d *database) refresh(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if age := now.Sub(d.checked); age >= 0 && age < recheck {
		return
	}
	d.checked = now
	if d.hasChanged() {
		d.reading.Go(d.read)
	}
}

// hasChanged tells whether there is another file than the one that was seen last. mu is held, or nobody else is there.
func (d *database) hasChanged() bool {
	info, err := os.Stat(d.file)
	if err != nil {
		if !d.missing {
			d.warn(fmt.Sprintf("%s = %q cannot be read, alerts go without it: %v", d.key, d.file, err))
		}
		d.missing, d.seen = true, nil
		return false
	}
	d.missing = false
	same := d.seen != nil && os.SameFile(d.seen, info) && d.seen.ModTime().Equal(info.ModTime()) && d.seen.Size() == info.Size()
	d.seen = info
	return !same
}

// read takes the file into use. One that is no database, or only half of one, leaves the old one in use.
func (d *database) read() {
	content, err := os.ReadFile(d.file)
	var reader *maxminddb.Reader
	if err == nil {
		reader, err = maxminddb.OpenBytes(content)
	}
	if err != nil {
		d.warn(fmt.Sprintf("%s = %q is not used until it changes: %v", d.key, d.file, err))
		return
	}
	d.reader.Store(reader)
}

// named is an entry of a database with its English name.
type named struct {
	Code  string `maxminddb:"code"`
	ISO   string `maxminddb:"iso_code"`
	Names struct {
		English string `maxminddb:"en"`
	} `maxminddb:"names"`
}

// locate fills in where an address is.
func (d *database) locate(addr netip.Addr, now time.Time, p *Place) {
	var r struct {
		Continent    named   `maxminddb:"continent"`
		Country      named   `maxminddb:"country"`
		Subdivisions []named `maxminddb:"subdivisions"`
		City         named   `maxminddb:"city"`
		Location     struct {
			Latitude  *float64 `maxminddb:"latitude"`
			Longitude *float64 `maxminddb:"longitude"`
		} `maxminddb:"location"`
	}
	if !d.lookup(addr, now, &r) {
		return
	}
	p.Continent, p.City = r.Continent.Names.English, r.City.Names.English
	p.Country, p.CountryCode = r.Country.Names.English, r.Country.ISO
	if len(r.Subdivisions) > 0 {
		p.Region, p.RegionCode = r.Subdivisions[0].Names.English, r.Subdivisions[0].ISO
	}
	if isWithin(r.Location.Latitude, 90) && isWithin(r.Location.Longitude, 180) {
		p.Latitude, p.Longitude, p.HasLocation = *r.Location.Latitude, *r.Location.Longitude, true
	}
}

// isWithin tells whether there is a number from -limit to limit.
func isWithin(v *float64, limit float64) bool { return v != nil && *v >= -limit && *v <= limit }

// route fills in the autonomous system of an address.
func (d *database) route(addr netip.Addr, now time.Time, p *Place) {
	var r struct {
		Number       uint32 `maxminddb:"autonomous_system_number"`
		Organization string `maxminddb:"autonomous_system_organization"`
	}
	if d.lookup(addr, now, &r) {
		p.ASN, p.Organization = int(r.Number), r.Organization
	}
}
