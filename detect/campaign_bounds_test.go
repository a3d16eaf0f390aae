package detect

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// attackers makes brute forces of clients by number, one after the other.
func attackers(d *Detector, from, to int, at int64) {
	for n := from; n < to; n++ {
		var client [4]byte
		binary.BigEndian.PutUint32(client[:], 10<<24|uint32(n))
		d.Observe(&Flow{
			Time: at, Registrar: netip.MustParseAddr("198.51.100.10"), Client: netip.AddrFrom4(client), Status: 404, Extension: "300@pbx",
		})
	}
}

// Campaigns are kept for a day, and endless attackers make no more of them than are allowed, in time that does not grow with what is
// kept.
func TestCampaignsAreBounded(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Attempts, cfg.MaxIncidents, cfg.MaxPairs = 1, 100, 1000
	cfg.DistributedClients, cfg.SlowClients, cfg.DistributedScanSize = 1_000_000, 1_000_000, 1_000_000
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 3*maxCampaigns; n += 1000 {
		attackers(d, n, n+1000, 1_795_000_000_000+int64(n))
		d.Alerts()
		if most := maxCampaigns + campaignRoom + cfg.MaxIncidents; len(d.campaigns.all) > most || len(d.campaigns.byClient) > most {
			t.Fatalf("after %d attackers %d campaigns of %d clients, want at most %d", n+1000, len(d.campaigns.all), len(d.campaigns.byClient), most)
		}
	}
	if len(d.campaigns.all) < maxCampaigns/2 {
		t.Errorf("%d campaigns are left", len(d.campaigns.all))
	}
}

// The campaign of an incident that goes on for days is kept as long as it is open, also through a restart.
func TestCampaignOutlivesADayWhileItsIncidentIsOpen(t *testing.T) {
	d, err := New(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	at := int64(1_795_000_000_000)
	guess := func() {
		attackers(d, 1, 2, at)
		at += time.Minute.Milliseconds()
	}
	for range 30 {
		guess()
	}
	id := d.Alerts()[0].Campaign.ID
	for range 3 * 24 * 60 {
		guess()
	}
	for range 5 { // others come and go
		attackers(d, 100, 120, at)
		at += (25 * time.Hour).Milliseconds()
		for range 20 {
			guess()
		}
	}
	var snapshot bytes.Buffer
	if err := d.Snapshot(&snapshot); err != nil {
		t.Fatal(err)
	}
	if err := d.Restore(&snapshot); err != nil {
		t.Fatal(err)
	}
	d.Alerts()
	d.Finish()
	for _, a := range d.Alerts() {
		if a.Client.Addr.String() == "10.0.0.1" && a.Campaign.ID != id {
			t.Errorf("at the end the campaign is %q, was %q", a.Campaign.ID, id)
		}
	}
}
