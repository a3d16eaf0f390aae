package calibrate

import (
	"net/netip"
	"time"
)

// Result is what was measured and what follows from it. It is written as JSON for machines (siphunt calibrate --json), and is what
// siphunt report draws.
type Result struct {
	First       time.Time `json:"first"` // the time that was observed, by the detector's clock
	Last        time.Time `json:"last"`
	Rejections  uint64    `json:"rejections"`
	Acceptances uint64    `json:"acceptances"`
	Evicted     uint64    `json:"evicted"` // pairs forgotten for max_pairs

	Distributions []Distribution `json:"distributions"` // of all registrars together
	Registrars    []Registrar    `json:"registrars"`    // the busiest, busiest first; of the others only the sum is known, in Distributions

	Recommendations []Recommendation `json:"recommendations"` // one for each key that was looked at
	Overrides       []Override       `json:"overrides"`       // registrars that need other values
	Allow           []Candidate      `json:"allow"`           // candidates for the allowlist, strongest first; for a person to judge
	Advice          []Advice         `json:"advice"`          // what to change elsewhere: exporters, data quality

	TOML string `json:"toml"` // the recommended file; empty if nobody has asked for it

	Backtest *Backtest `json:"backtest,omitempty"` // nil unless the records were read again
	Curves   []Curve   `json:"curves,omitempty"`
}

// Distribution is how often a figure had which value, and the threshold that it is judged by.
type Distribution struct {
	Name        string  `json:"name"`  // as in "challenges_per_login"; see Measures
	About       string  `json:"about"` // a sentence
	Unit        string  `json:"unit"`  // of values and thresholds: "s" for seconds, else the plural of what is counted
	Key         string  `json:"key"`   // the key of siphunt.toml that judges it, such as "login_challenges"
	Threshold   float64 `json:"threshold"`
	Recommended float64 `json:"recommended"` // as Threshold, if nothing is to be changed

	Good    Series `json:"good"`    // explained by the detector as what phones do
	Unclear Series `json:"unclear"` // neither explained nor an attack: below every threshold, or as slow as a phone
	Attack  Series `json:"attack"`  // told of as an attack
}

// Series are the values of a distribution that had one verdict.
type Series struct {
	Count   uint64   `json:"count"`
	Median  int64    `json:"median"`
	P99     int64    `json:"p99"`
	P999    int64    `json:"p999"`
	Max     int64    `json:"max"`
	Reached uint64   `json:"reached"` // values of the threshold or more
	Buckets []Bucket `json:"buckets"` // ascending; nil if Count is 0
}

// Bucket is how many values there were. Values below 128 are exact, greater ones are told apart to one in a hundred.
type Bucket struct {
	Value int64 `json:"value"`
	Count int64 `json:"count"`
}

// Registrar is one of the busiest registrars.
type Registrar struct {
	Address       netip.Addr     `json:"address"`
	Runs          uint64         `json:"runs"` // of rejections that ended, with logins
	Distributions []Distribution `json:"distributions"`
}

// Verdict says what a recommendation is.
type Verdict string

// The verdicts.
const (
	Keep    Verdict = "keep"    // the traffic says nothing against the present value
	Raise   Verdict = "raise"   // phones reach the present value, attacks are beyond the recommended one
	Lower   Verdict = "lower"   // phones stay far below the recommended value
	Unsure  Verdict = "unsure"  // too little was seen, or phones and attacks overlap; the value stays
	Refused Verdict = "refused" // it was to be changed, but the back-test has lost attacks with it; the value stays
)

// Recommendation is what a key should be.
type Recommendation struct {
	Key         string  `json:"key"`
	Present     string  `json:"present"` // as the file has it
	Recommended string  `json:"recommended"`
	Verdict     Verdict `json:"verdict"`
	Reason      string  `json:"reason"` // a sentence with the figures
}

// Override is what should be different for a registrar.
type Override struct {
	Registrar       netip.Addr       `json:"registrar"`
	Recommendations []Recommendation `json:"recommendations"`
}

// Candidate is somebody whose incidents may be no attacks. It is for a person to judge; nothing is allowed by itself.
type Candidate struct {
	Client    netip.Addr `json:"client"`
	Registrar netip.Addr `json:"registrar"`
	Extension string     `json:"extension"`
	Incidents int        `json:"incidents"`
	Attempts  uint64     `json:"attempts"`
	First     time.Time  `json:"first"`
	Last      time.Time  `json:"last"`
	KnownGood bool       `json:"known_good"` // was accepted on this extension before
	PhoneLike bool       `json:"phone_like"` // no faster than a phone with a wrong password
	Evidence  string     `json:"evidence"`   // a sentence with the figures
}

// Advice is something to change outside of the thresholds.
type Advice struct {
	Subject string `json:"subject"` // "exporter", "memory", "records"
	Text    string `json:"text"`
}

// Backtest is what two configurations make of the same records.
type Backtest struct {
	Days        float64   `json:"days"`
	Present     Outcome   `json:"present"`
	Recommended Outcome   `json:"recommended"`
	Lost        []Attack  `json:"lost"`   // told of by the present configuration only, the first of them
	Gained      []Attack  `json:"gained"` // by the recommended one only
	Dropped     []Dropped `json:"dropped"`
}

// Dropped is a change that the back-test has refused.
type Dropped struct {
	Key  string   `json:"key"`
	Lost []Attack `json:"lost"`
}

// Outcome is what one configuration makes of the records.
type Outcome struct {
	Incidents   int            `json:"incidents"` // campaigns and merged ones: each counts until it is merged
	Alerts      int            `json:"alerts"`
	Kinds       map[string]int `json:"kinds"`      // incidents by kind
	Severities  map[string]int `json:"severities"` // by the last severity: "21", "47", "73", "99"
	Causes      map[string]int `json:"causes"`     // "attack", "phone-like", "known-client", "outage", "withdrawn", "slow"
	BreakIns    int            `json:"break_ins"`  // successes, probable and confirmed
	AlertMedian float64        `json:"alert_median_seconds"`
	AlertMax    float64        `json:"alert_max_seconds"` // from the first attempt to the first alert
	Pairs       int            `json:"pairs"`             // the most at a time
	MemoryMiB   float64        `json:"memory_mib"`        // that they take, about
}

// Attack is an incident in a few words, or a break-in that one has told of.
type Attack struct {
	Kind      string     `json:"kind"` // as alerts have it, or "break-in"
	Registrar netip.Addr `json:"registrar"`
	Client    netip.Addr `json:"client"`
	Extension string     `json:"extension"`
	First     time.Time  `json:"first"`
	Attempts  int        `json:"attempts"`
	Severity  int        `json:"severity"`
}

// Curve is what other values of one key would change.
type Curve struct {
	Key    string  `json:"key"`
	Points []Point `json:"points"` // by value, ascending, with the present one
}

// Point is one value of a curve.
type Point struct {
	Value     string         `json:"value"`
	Present   bool           `json:"present"`
	Incidents int            `json:"incidents"`
	Causes    map[string]int `json:"causes"`
	Gained    int            `json:"gained"` // against the present value
	Lost      int            `json:"lost"`
	LostHigh  int            `json:"lost_high"` // of severity 47 or more, and no phones
}
