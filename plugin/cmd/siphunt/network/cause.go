package network

// Cause is why there is good traffic.
type Cause uint8

// The causes, as DETECTION.md, "Good traffic", has them.
const (
	NoCause Cause = iota
	Home
	NAT
	KeepaliveNAT
	TwoChallenges
	RestartStorm
	CGNAT
	Conference
	Roaming
	IPv6
	Pool
	Migration
	Failover
	HalfHour
	StalePassword
	Deprovisioned
	SixDevices
	Mistyped
	ForgedTool
	Victim
	causes
)

var causeNames = [causes]string{
	NoCause:       "cannot be told",
	Home:          "single phones at home",
	NAT:           "NAT of 2 to 400 phones",
	KeepaliveNAT:  "NAT with keepalives",
	TwoChallenges: "two challenges every time",
	RestartStorm:  "restart storms, 503s between",
	CGNAT:         "CGNAT, an address each registration",
	Conference:    "conference Wi-Fi",
	Roaming:       "roaming",
	IPv6:          "IPv6, some with privacy addresses",
	Pool:          "SRV pool that answers in turn",
	Migration:     "migration of an hour",
	Failover:      "failover to an empty backup",
	HalfHour:      "one phone, half an hour of outage",
	StalePassword: "stale password of a known phone",
	Deprovisioned: "deprovisioned account",
	SixDevices:    "six devices, five with the old password",
	Mistyped:      "new phone, mistyped, then put right",
	ForgedTool:    "good phones in whose name tools are forged",
	Victim:        "owners of attacked accounts",
}

// String is how a table names it.
func (c Cause) String() string { return causeNames[c] }
