package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Party is one who attacks or is attacked: a client, a server, an account; or a campaign, which is several attacks together.
// Its attempts are those that alerts give by name: of an attack by many, or on many, the strongest.
type Party struct {
	Name     string    `json:"name"`
	Note     string    `json:"note,omitempty"` // where an attacker is, whose a server is, on which server an account is
	Kinds    []string  `json:"kinds"`
	Attacks  int       `json:"attacks"`
	Others   int       `json:"others"` // of an attacker: servers; of others: attackers; at least
	Attempts int       `json:"attempts"`
	Entered  int       `json:"entered"` // accounts
	Severity int       `json:"severity"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Tools    []string  `json:"tools,omitempty"`
}

// account is the key of one.
type account struct{ server, name string }

// parties are all of them, in attacks.
type parties struct {
	attackers, servers, accounts, campaigns tally
	confidence                              map[account]string // of accounts that were entered
}

// tally collects what is said of parties, by key.
type tally map[string]*entry

type entry struct {
	Party
	kinds, tools, others map[string]bool
	most                 int // on the other side of one attack
	entered              map[account]bool
}

func partiesOf(all []*incident) *parties {
	p := &parties{tally{}, tally{}, tally{}, tally{}, map[account]string{}}
	for _, inc := range attacksOf(all) {
		p.add(inc)
	}
	return p
}

// add counts an attack for all who had a part in it.
func (p *parties) add(i *incident) {
	h := &i.Siphunt
	clients := orOnly(h.Clients.Top, member{IP: i.Source.IP, Attempts: h.Attempts})
	servers := orOnly(h.Registrars.Top, member{IP: i.Destination.IP, Attempts: h.Attempts})
	entered := i.entered()
	for _, s := range entered { // who got in need not be among the strongest
		clients = with(clients, s.Client)
		servers = with(servers, s.Registrar)
	}
	for _, m := range clients {
		e := p.attackers.entry(m.IP, i, m.Attempts)
		if m.IP == i.Source.IP {
			e.Name, e.Note = i.client(), i.place()
		}
		e.see(h.Registrars.Count, servers)
		e.enter(entered, func(s success) bool { return s.Client == m.IP })
	}
	for _, m := range servers {
		e := p.servers.entry(m.IP, i, m.Attempts)
		if m.IP == i.Destination.IP && h.Asset.Name != "" {
			e.Note = h.Asset.Name
		}
		e.see(h.Clients.Count, clients)
		e.enter(entered, func(s success) bool { return s.Registrar == m.IP })
	}
	p.addAccounts(i, clients, entered)
	if h.Campaign.ID != "" {
		e := p.campaigns.entry(h.Campaign.ID, i, h.Attempts)
		e.see(h.Clients.Count, clients)
		e.enter(entered, func(success) bool { return true })
	}
}

// addAccounts counts it for the accounts that it names.
func (p *parties) addAccounts(i *incident, clients []member, entered []success) {
	server := i.Destination.IP
	if i.Siphunt.Registrars.Count > 1 {
		server = "several servers"
	}
	attempts := map[account]int{}
	for _, m := range i.Siphunt.Extensions.Top {
		attempts[account{server, m.Name}] += m.Attempts
	}
	for _, s := range entered {
		attempts[account{s.Registrar, s.Extension}] += 0
		a := account{s.Registrar, s.Extension}
		if p.confidence[a] != confirmed {
			p.confidence[a] = s.Confidence
		}
	}
	for a, n := range attempts {
		e := p.accounts.entry(a.server+" "+a.name, i, n)
		e.Name, e.Note = a.name, a.server
		e.see(i.Siphunt.Clients.Count, clients)
		e.enter(entered, func(s success) bool { return account{s.Registrar, s.Extension} == a })
	}
}

// entered returns how many accounts were entered for sure, and how many others probably.
func (p *parties) entered() (sure, likely int) {
	for _, c := range p.confidence {
		if c == confirmed {
			sure++
		} else {
			likely++
		}
	}
	return sure, likely
}

// campaignList leaves out those of one incident.
func (p *parties) campaignList() List[Party] {
	several := tally{}
	for id, e := range p.campaigns {
		if e.Attacks > 1 {
			several[id] = e
		}
	}
	return several.list()
}

func orOnly(list []member, only member) []member {
	if len(list) == 0 && only.IP != "" {
		return []member{only}
	}
	return slices.Clone(list)
}

func with(list []member, ip string) []member {
	if ip == "" || slices.ContainsFunc(list, func(m member) bool { return m.IP == ip }) {
		return list
	}
	return append(list, member{IP: ip})
}

// entry returns a party's, in which an attack was counted.
func (t tally) entry(key string, i *incident, attempts int) *entry {
	e := t[key]
	if e == nil {
		e = &entry{Party: Party{Name: key, First: i.Event.Start.UTC()}, kinds: map[string]bool{}, tools: map[string]bool{}, others: map[string]bool{},
			entered: map[account]bool{}}
		t[key] = e
	}
	e.Attacks++
	e.Attempts += attempts
	e.Severity = max(e.Severity, i.Event.Severity)
	if start := i.Event.Start.UTC(); start.Before(e.First) {
		e.First = start
	}
	if end := i.Event.End.UTC(); end.After(e.Last) {
		e.Last = end
	}
	e.kinds[i.Siphunt.Incident.Kind] = true
	for _, tool := range i.Siphunt.Tools {
		e.tools[tool] = true
	}
	return e
}

// see notes who was on the other side, of n in all.
func (e *entry) see(n int, others []member) {
	e.most = max(e.most, n)
	for _, o := range others {
		e.others[o.IP] = true
	}
}

// enter notes accounts that were entered.
func (e *entry) enter(list []success, by func(success) bool) {
	for _, s := range list {
		if by(s) {
			e.entered[account{s.Registrar, s.Extension}] = true
		}
	}
}

// list returns the parties, the worst first: by accounts entered, severity and attempts.
func (t tally) list() List[Party] {
	all := make([]Party, 0, len(t))
	for _, e := range t {
		e.Kinds, e.Tools = slices.Sorted(maps.Keys(e.kinds)), slices.Sorted(maps.Keys(e.tools))
		e.Others, e.Party.Entered = max(len(e.others), e.most), len(e.entered)
		all = append(all, e.Party)
	}
	slices.SortFunc(all, func(a, b Party) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Entered, a.Entered), cmp.Compare(b.Attempts, a.Attempts),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Note, b.Note))
	})
	return firstOf(all, maxParties)
}
