// Package feed keeps a file of attacking clients for whoever blocks them: a firewall, a SIP proxy.
//
//	feed.go    who is in it, and until when
//	choose.go  whom an alert puts into it
//	file.go    how it is written: atomically, beside what it knows for its next start
//
// A client is in it for a time after its last attempt. Who may be innocent is left out: a client that is known good, one that the
// allowlist covers, one whose address may be forged.
package feed

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Config is the table [feed] of siphunt.toml.
type Config struct {
	File       string        // file: empty for none
	Format     string        // format
	Kinds      []string      // kinds of incident, empty for all
	MinRisk    int           // min_risk
	Confidence string        // confidence
	Forgeable  bool          // forgeable: also clients whose address may be forged
	Keep       time.Duration // keep: how long after its last attempt a client stays
	MaxClients int           // max_clients
}

// Feed is the clients in the file. It is safe for concurrent use: Add is quick, Write does what takes time.
type Feed struct {
	warn    func(string)
	writing sync.Mutex // one Write at a time
	broken  bool       // it was told that the file cannot be written

	mu      sync.Mutex // of all below
	config  Config
	allow   []detect.AllowRule
	prefix  int // bits of an IPv6 client
	clients map[netip.Prefix]client
	dirty   bool
	dropped int // clients beyond max_clients since the last Write
}

// client is why and until when one is in the feed.
type client struct {
	until    int64 // Unix milliseconds
	kind     string
	risk     int
	incident string
}

// New makes a feed; warn is told what goes wrong, from any goroutine.
func New(warn func(string)) *Feed {
	return &Feed{warn: warn, clients: map[netip.Prefix]client{}}
}

// Configure puts a configuration in force, at the start and when it has changed. For another file it takes over what that file's
// feed knew, and empties the old one: nobody would let its clients out any more. It takes as long as the disk does.
func (f *Feed) Configure(c Config, allow []detect.AllowRule, ipv6Prefix int, now time.Time) {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.File != f.config.File {
		f.leave(now)
		f.recall(c.File)
	}
	f.config, f.allow, f.prefix, f.dirty = c, allow, ipv6Prefix, true
	for p := range f.clients {
		if f.isAllowed(p, now.UnixMilli()) {
			delete(f.clients, p)
		}
	}
	f.limit()
}

// Add takes what an alert says. The wall clock says now. A nil *Feed takes nothing.
func (f *Feed) Add(a *detect.Alert, now time.Time) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.config.File == "" {
		return
	}
	if isCleared(a) {
		f.clear(a)
		return
	}
	ms := now.UnixMilli()
	for _, p := range f.choose(a, ms) {
		f.put(p, f.entry(a), ms)
	}
}

// clear takes those out again that an incident has put in which was no attack, or may well be none.
func (f *Feed) clear(a *detect.Alert) {
	for _, m := range a.Clients.Top {
		if p := f.prefixOf(m.Client); f.clients[p].incident == a.ID {
			delete(f.clients, p)
			f.dirty = true
		}
	}
}

// put adds a client, or lets it stay longer.
func (f *Feed) put(p netip.Prefix, c client, now int64) {
	old, known := f.clients[p]
	if c.until <= now || known && old.until >= c.until {
		return
	}
	f.clients[p] = c
	f.dirty = true
	f.limit()
}

// limit drops those who would leave first where there are more than max_clients: some at once, so that a flood of new ones
// does not search through all of them every time.
func (f *Feed) limit() {
	if len(f.clients) <= f.config.MaxClients {
		return
	}
	all := f.sorted()
	slices.SortStableFunc(all, func(a, b netip.Prefix) int { return cmp.Compare(f.clients[a].until, f.clients[b].until) })
	for _, p := range all[:len(all)-f.config.MaxClients+f.config.MaxClients/100] {
		delete(f.clients, p)
		f.dropped++
	}
}

// sorted returns the clients in the order of the file.
func (f *Feed) sorted() []netip.Prefix {
	all := make([]netip.Prefix, 0, len(f.clients))
	for p := range f.clients {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	return all
}

// expire drops those whose time is over.
func (f *Feed) expire(now int64) {
	for p, c := range f.clients {
		if c.until <= now {
			delete(f.clients, p)
			f.dirty = true
		}
	}
}
