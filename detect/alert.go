package detect

import "net/netip"

// Kind is what an incident is.
type Kind uint8

// The kinds of attack, weakest claim to a pair last.
const (
	Scan        Kind = iota + 1 // one client asks for many extensions
	Spray                       // a scan that tries passwords on each of them
	Distributed                 // many clients guess the password of one extension
	BruteForce                  // one client guesses the password of one extension
)

// String gives the words that configuration, alerts and metrics use.
func (k Kind) String() string {
	return [...]string{"", "extension-scan", "password-spray", "distributed-brute-force", "brute-force"}[k]
}

// State is why an alert was written.
type State uint8

// The states of an incident that are reported.
const (
	Open    State = iota + 1 // the threshold was crossed, or the kind changed
	Update                   // the attempts have doubled since the last report
	Success                  // an account was entered
	End                      // it is over
	Merged                   // it went into another incident
)

// String gives the word that alerts use.
func (s State) String() string {
	return [...]string{"", "open", "update", "success", "end", "merged"}[s]
}

// EndReason is why an incident is over.
type EndReason uint8

// The reasons.
const (
	NotEnded   EndReason = iota
	EndIdle              // nothing was counted for idle_timeout
	EndMerged            // a scan or a distributed brute force took it in
	EndAllowed           // an allowlist entry now covers it
	EndLimit             // max_incidents was reached and this was the smallest
)

// String gives the word that alerts use.
func (r EndReason) String() string {
	return [...]string{"", "idle", "merged", "allowed", "limit"}[r]
}

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
	KnownClient bool        // the client was known good before: a phone with a stale password looks like this
	UserAgents  []string    // the first MaxUserAgents, sorted
	Probes      []string    // the first MaxProbes, sorted

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

// Members are the clients or extensions of an incident.
type Members struct {
	Count     int      // how many
	Estimated bool     // Count is an estimate: there were more than max_members
	Top       []Member // the strongest, by attempts, then by name or address
}

// Member is one client or extension of an incident.
type Member struct {
	Client    netip.Addr // of a client
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
}

// Crossing is a threshold with the figure that reached it.
type Crossing struct {
	Key       string // as in the configuration: attempts, scan_extensions, distributed_clients, spray_attempts
	Threshold int    // the bar, with what known-good extensions add to it
	Value     int    // the figure that reached it; spray_attempts: the extensions that did
	Time      int64  // flow time of the rejection that crossed it, Unix milliseconds
}
