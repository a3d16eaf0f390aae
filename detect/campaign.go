package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// A campaign is incidents with common clients within a day: what one attacker does is one thing to look at. Scans that begin at the same
// registrar at about the same time are one, too: a team that shares a list.
type campaign struct {
	id         string
	number     int   // its place in campaigns.all
	begun      int64 // clock
	active     int64 // clock: when something joined last
	incidents  int
	open       int                   // of them
	severity   int                   // the greatest that one of its incidents was reported with
	registrars map[[16]byte]struct{} // the first of them
	extensions *hyperloglog.Sketch
	into       *campaign // the older one that it turned out to be part of
}

// campaigns are those of the last day.
type campaigns struct {
	all      []*campaign
	made     uint64 // campaigns so far
	byClient map[[16]byte]*campaign
	scans    map[[16]byte]*campaign // by registrar: of the scan that opened last
}

const (
	campaignAge       = 24 * 3600_000 // milliseconds: what is older is another one
	teamWindow        = 600_000       // milliseconds between the scans of a team
	maxCampaigns      = 20_000        // beside those that have open incidents
	campaignRoom      = 2_000         // that are forgotten at once where there are more
	maxCampaignClient = 1 << 16
	maxVoters         = 64  // clients of an incident that are asked
	maxCounted        = 256 // registrars that are told apart
)

func newCampaigns() campaigns {
	return campaigns{byClient: map[[16]byte]*campaign{}, scans: map[[16]byte]*campaign{}}
}

// whole returns the campaign that one is part of.
func (c *campaign) whole() *campaign {
	for c.into != nil {
		c = c.into
	}
	return c
}

// joinCampaign finds the campaign of a new incident: one that half of its clients are in, or one of its own. A client that is known
// good does not count beside others: its address may have been named to mislead.
func (d *reports) joinCampaign(inc *incident) {
	if inc.kind == Outage {
		return
	}
	voters, votes := 0, map[*campaign]int{}
	for _, m := range d.membersOf(inc) {
		if voters == maxVoters {
			break
		}
		c := d.clients.At(d.pairs.At(m.pair).client)
		if one := d.campaigns.byClient[c.address]; !inc.isOfMany() || c.good == 0 {
			voters++
			if one != nil && d.now-one.whole().active <= campaignAge {
				votes[one.whole()]++
			}
		}
	}
	var found []*campaign
	for c, n := range votes {
		if 2*n >= voters {
			found = append(found, c)
		}
	}
	registrar := d.registrars[inc.registrar].address
	if team := d.campaigns.scans[registrar]; inc.isTeamwork() && team != nil && d.now-team.whole().active <= teamWindow {
		found = append(found, team.whole())
	}
	slices.SortFunc(found, func(a, b *campaign) int { return a.number - b.number })
	found = slices.Compact(found)
	if len(found) == 0 {
		found = append(found, d.newCampaign(inc))
	}
	inc.campaign = found[0]
	for _, c := range found[1:] {
		d.campaigns.merge(found[0], c)
	}
	inc.campaign.incidents++
	inc.campaign.open++
	inc.campaign.active = d.now
	if inc.isTeamwork() {
		d.campaigns.scans[registrar] = inc.campaign
	}
	for _, m := range d.membersOf(inc) {
		d.noteInCampaign(inc, d.pairs.At(m.pair))
	}
}

// isOfMany tells whether an incident has clients with nothing in common but what they attack: who is known good among them may have
// been named to mislead.
func (inc *incident) isOfMany() bool { return inc.by == byExtension || inc.by == byRegistrar }

func (inc *incident) isTeamwork() bool {
	return (inc.kind == Scan || inc.kind == Spray) && inc.by == byClient && !inc.few && !inc.slow
}

func (d *reports) newCampaign(inc *incident) *campaign {
	x := &d.campaigns
	if x.made++; x.made%campaignRoom == 0 {
		x.makeRoom()
	}
	sum := sha256.Sum256([]byte("campaign " + inc.id))
	c := &campaign{
		id: hex.EncodeToString(sum[:16]), number: len(x.all), begun: d.now,
		registrars: map[[16]byte]struct{}{}, extensions: hyperloglog.New14(),
	}
	x.all = append(x.all, c)
	return c
}

// noteInCampaign counts a member of an incident in its campaign.
func (d *reports) noteInCampaign(inc *incident, p *pair) {
	if inc.campaign == nil {
		return
	}
	one := inc.campaign.whole()
	c := d.clients.At(p.client)
	if len(one.registrars) < maxCounted {
		one.registrars[d.registrars[c.registrar].address] = struct{}{}
	}
	var buf [maxName]byte
	one.extensions.Insert([]byte(d.nameOf(d.extensions.At(p.extension), &buf)))
	if inc.isOfMany() && c.good > 0 {
		return
	}
	other, ok := d.campaigns.byClient[c.address]
	if ok && c.good == 0 && other.whole() != one && d.now-other.whole().active <= campaignAge {
		if inc.shared++; 2*inc.shared >= inc.size {
			if other = other.whole(); other.begun < one.begun || other.begun == one.begun && other.number < one.number {
				one, other = other, one
			}
			d.campaigns.merge(one, other)
		}
	}
	if ok || len(d.campaigns.byClient) < maxCampaignClient {
		d.campaigns.byClient[c.address] = one
	}
}

// merge makes a campaign part of an older one.
func (x *campaigns) merge(older, c *campaign) {
	if older == c {
		return
	}
	c.into = older
	older.incidents += c.incidents
	older.open += c.open
	older.severity = max(older.severity, c.severity)
	for r := range c.registrars {
		if len(older.registrars) < maxCounted {
			older.registrars[r] = struct{}{}
		}
	}
	_ = older.extensions.Merge(c.extensions) // both have the same precision
}

// makeRoom forgets the campaigns that have been idle for longest where there are many: some at once, so that a flood of new ones
// does not search through all of them every time.
func (x *campaigns) makeRoom() {
	idle := make([]int64, 0, len(x.all))
	for _, c := range x.all {
		if c.whole().open == 0 {
			idle = append(idle, c.whole().active)
		}
	}
	if excess := len(idle) - (maxCampaigns - campaignRoom); excess > 0 {
		slices.Sort(idle)
		x.forget(idle[excess-1] + 1)
	}
}

// forget drops what was active last before a time and has no open incident.
func (x *campaigns) forget(before int64) {
	isOver := func(c *campaign) bool { c = c.whole(); return c.open == 0 && c.active < before }
	x.all = slices.DeleteFunc(x.all, isOver)
	for i, c := range x.all {
		c.number = i
	}
	for client, c := range x.byClient {
		if isOver(c) {
			delete(x.byClient, client)
		}
	}
	for registrar, c := range x.scans {
		if isOver(c) {
			delete(x.scans, registrar)
		}
	}
}

// describe returns what an alert says of a campaign.
func (c *campaign) describe() Campaign {
	if c == nil {
		return Campaign{}
	}
	c = c.whole()
	return Campaign{ID: c.id, Incidents: c.incidents, Registrars: len(c.registrars), Extensions: int(c.extensions.Estimate()), Severity: c.severity}
}
