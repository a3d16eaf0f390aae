package detect

import "net/netip"

// Kind is what an incident is.
type Kind uint8

// The kinds of incident.
const (
	Scan            Kind = iota + 1 // one client asks for many extensions of a registrar
	Spray                           // a scan that tries passwords on each of them
	Distributed                     // many clients guess the password of one extension
	BruteForce                      // one client guesses the password of one extension
	HorizontalScan                  // one client tries extensions of many registrars
	DistributedScan                 // many clients try many extensions of one registrar
	Outage                          // a registrar rejects clients that it has accepted before: no attack
)

// String returns the words that configuration, alerts and metrics use.
func (k Kind) String() string {
	return [...]string{"", "extension-scan", "password-spray", "distributed-brute-force", "brute-force", "horizontal-scan",
		"distributed-scan", "registrar-outage"}[k]
}

// State is why an alert was written.
type State uint8

// The states of an incident that are reported.
const (
	Open      State = iota + 1 // the threshold was crossed, or the kind changed
	Update                     // the attempts have doubled since the last report
	Success                    // an account was entered
	End                        // it is over
	Merged                     // it went into another incident
	Withdrawn                  // it was none: most of its extensions were accepted
)

// String returns the word that alerts use.
func (s State) String() string {
	return [...]string{"", "open", "update", "success", "end", "merged", "withdrawn"}[s]
}

// EndReason is why an incident is over.
type EndReason uint8

// The reasons.
const (
	NotEnded     EndReason = iota
	EndIdle                // nothing was counted for idle_timeout
	EndMerged              // another incident took it in
	EndAllowed             // an allowlist entry now covers it
	EndLimit               // max_incidents was reached and this was the smallest
	EndAccepted            // most of its extensions were accepted: a NAT of phones
	EndRecovered           // an outage: the registrar accepts its clients again
)

// String returns the word that alerts use.
func (r EndReason) String() string {
	return [...]string{"", "idle", "merged", "allowed", "limit", "accepted", "recovered"}[r]
}

// Confidence is how sure it is that an account was entered by an attacker.
type Confidence uint8

// The degrees of confidence, weakest first.
const (
	NoConfidence Confidence = iota
	Unlikely                // a known client on its own account, or a phone whose password was put right
	Probable                // an attacker, unless a phone looks like one by chance
	Confirmed               // fast, many attempts, or a client that attacks other accounts too
)

// String returns the word that alerts use, empty for NoConfidence.
func (c Confidence) String() string {
	return [...]string{"", "unlikely", "probable", "confirmed"}[c]
}

// The severities, in the four steps of Elastic Security.
const (
	SeverityLow      = 21
	SeverityMedium   = 47
	SeverityHigh     = 73
	SeverityCritical = 99
)

// Alert is one report on an incident: all that is known of it at that moment. It owns all it holds.
type Alert struct {
	State    State
	Sequence int   // number of this report in its incident, from 1
	Time     int64 // the detector's clock when it was reported, Unix milliseconds
	Changed  bool  // State Open because the kind changed

	ID          string // of the incident: 32 hexadecimal digits, the same for the same flows
	Kind        Kind
	MergedInto  string // ID of the incident that took this one in, State Merged only
	EndReason   EndReason
	Registrar   Endpoint
	Client      Endpoint // scan, spray, brute force: the client; distributed: the strongest, as in Clients.Top
	Extension   string   // brute force, distributed: the extension; scan, spray: the strongest, as in Extensions.Top
	Transport   Transport
	First, Last int64 // first and last counted rejection, Unix milliseconds
	Attempts    int   // counted rejections

	Rejections  []StatusCount // by status code, ascending, none zero
	Clients     Members
	Extensions  Members
	Successes   []Succeeded // the first MaxSuccesses, in order
	SuccessesN  int         // how many there were
	KnownClient bool        // the client was known good on its own account before: a phone with a stale password looks like this
	PhoneLike   bool        // no faster and no longer than a phone with a wrong password
	Slow        bool        // found by the sums of a day: there were pauses longer than idle_timeout
	Forgeable   bool        // UDP, and none of its clients has completed a login: the senders may be forged
	Severity    int         // SeverityLow to SeverityCritical
	Confidence  Confidence  // of its surest success, NoConfidence without one
	Surer       bool        // Confidence is greater than in any report of the incident before
	Tools       []string    // names of known attack tools among the User-Agents, sorted
	Registrars  Members     // whose registrars: more than one in a horizontal scan only
	Campaign    Campaign
	UserAgents  []string // the first MaxUserAgents, sorted
	Probes      []string // the first MaxProbes, sorted

	Thresholds Thresholds // what was in force
	Crossed    Crossing   // why it opened, or changed kind
}

// Bounds of the lists that an alert carries.
const (
	MaxTopClients    = 10
	MaxTopExtensions = 20
	MaxSuccesses     = 100
	MaxUserAgents    = 10
	MaxProbes        = 10
)

// Endpoint is an address with the port last seen on it, 0 where unknown.
type Endpoint struct {
	// Addr is the address. Clients of IPv6 are told apart by prefix only, so a client's is the first address of its
	// prefix unless ipv6_client_prefix is 128.
	Addr netip.Addr
	Port uint16
}

// Members are the clients, registrars or extensions of an incident.
type Members struct {
	Count     int      // how many
	Estimated bool     // Count is an estimate: there were more than max_members
	Top       []Member // the strongest, by attempts, then by name or address
}

// Campaign is what incidents with common clients have in common.
type Campaign struct {
	ID                                string // 32 hexadecimal digits; if two campaigns turn out to be one, that of the older
	Incidents, Registrars, Extensions int    // in it so far
	Severity                          int    // the greatest that its incidents were reported with before this alert, 0 for none
}

// Member is one client, registrar or extension of an incident.
type Member struct {
	Client    netip.Addr // of a client, or the address of a registrar
	Extension string     // of an extension
	Attempts  int        // counted rejections
}

// StatusCount is how many counted rejections carried a status code.
type StatusCount struct {
	Status   uint16
	Attempts int
}

// Succeeded is one success: an acceptance that ended a run of rejections.
type Succeeded struct {
	Extension string
	Client    netip.Addr
	Time      int64 // of the acceptance, Unix milliseconds
	Attempts  int   // rejections of this client on this extension since its last acceptance
	Registrar netip.Addr
	// Confidence says how sure it is that this was no owner.
	Confidence Confidence
}

// Crossing is a threshold with the figure that reached it.
type Crossing struct {
	Key       string // as in the configuration, such as attempts or scan_extensions
	Threshold int    // the bar, with what known-good extensions add to it
	Value     int    // the figure that reached it; spray_attempts: the extensions that did
	Time      int64  // flow time of the rejection that crossed it, Unix milliseconds
}
