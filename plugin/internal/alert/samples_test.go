package alert

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// The samples are alerts as the detector gives them, one of each kind and state, with the figures of recorded attacks.

var (
	options = Options{Format: "ecs", Hostname: "probe1", Version: "0.1.0", ClientPrefix: 64}
	created = time.Date(2026, 11, 22, 9, 40, 40, 123e6, time.UTC)
	began   = time.Date(2026, 11, 22, 9, 40, 36, 790e6, time.UTC).UnixMilli()
)

const id = "0123456789abcdef0123456789abcdef"

func encoder(t testing.TB) *Encoder { return encoderOf(t, "ecs") }

func encoderOf(t testing.TB, format string) *Encoder {
	t.Helper()
	o := options
	o.Format = format
	e, err := NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// with gives a changed copy.
func with(a detect.Alert, change func(*detect.Alert)) detect.Alert {
	change(&a)
	return a
}

// lasting sets the time from the first to the last rejection, and reports shortly after.
func lasting(a *detect.Alert, d time.Duration) {
	a.Last = a.First + d.Milliseconds()
	a.Time = a.Last + 500
}

func sampleBruteForce() detect.Alert {
	server, attacker := netip.MustParseAddr("198.18.0.10"), netip.MustParseAddr("198.18.1.13")
	a := detect.Alert{
		State: detect.Open, Sequence: 1, ID: id, Kind: detect.BruteForce,
		Registrar: detect.Endpoint{Addr: server, Port: 5060}, Client: detect.Endpoint{Addr: attacker, Port: 5061},
		Extension: "300@198.18.0.10", Transport: detect.UDP, First: began, Attempts: 20,
		Rejections: []detect.StatusCount{{Status: 401, Attempts: 20}},
		Clients:    detect.Members{Count: 1, Top: []detect.Member{{Client: attacker, Attempts: 20}}},
		Extensions: detect.Members{Count: 1, Top: []detect.Member{{Extension: "300@198.18.0.10", Attempts: 20}}},
		Registrars: detect.Members{Count: 1, Top: []detect.Member{{Client: server, Attempts: 20}}},
		UserAgents: []string{"friendly-scanner"}, Probes: []string{"probe-a"},
		Severity:   detect.SeverityMedium,
		Thresholds: detect.DefaultConfig().Thresholds,
		Crossed:    detect.Crossing{Key: "attempts", Threshold: 20, Value: 20, Time: began + 100},
	}
	lasting(&a, 100*time.Millisecond)
	return a
}

func sampleBruteForceSuccess() detect.Alert {
	return with(sampleBruteForce(), func(a *detect.Alert) {
		a.State, a.Surer, a.Sequence = detect.Success, true, 2
		lasting(a, 2222*time.Millisecond)
		counted(a, 418)
		succeeded(a, detect.Succeeded{Extension: a.Extension, Client: a.Client.Addr, Time: a.Last + 10, Attempts: 418})
		a.Severity = detect.SeverityCritical
	})
}

func sampleScan() detect.Alert {
	return with(sampleBruteForce(), func(a *detect.Alert) {
		a.Kind, a.Severity = detect.Scan, detect.SeverityLow
		a.Extension = "100@198.18.0.10"
		a.Extensions = detect.Members{Count: 251, Top: numbered(100, 20, 1)}
		a.Rejections = []detect.StatusCount{{Status: 401, Attempts: 43}, {Status: 404, Attempts: 208}}
		a.Crossed = detect.Crossing{Key: "scan_extensions", Threshold: 10, Value: 251, Time: began + 50}
		a.Attempts, a.Clients.Top[0].Attempts = 251, 251
		lasting(a, 1321*time.Millisecond)
	})
}

func sampleSpray() detect.Alert {
	return with(sampleScan(), func(a *detect.Alert) {
		a.Kind, a.Sequence, a.Changed, a.Severity = detect.Spray, 2, true, detect.SeverityHigh
		a.Extensions = detect.Members{Count: 40, Top: numbered(300, 20, 26)}
		a.Extension = a.Extensions.Top[0].Extension
		a.Crossed = detect.Crossing{Key: "spray_attempts", Threshold: 3, Value: 10, Time: began + 1000}
		counted(a, 1040)
		lasting(a, 12*time.Second)
	})
}

func sampleDistributed() detect.Alert {
	return with(sampleBruteForce(), func(a *detect.Alert) {
		a.Kind, a.Severity = detect.Distributed, detect.SeverityHigh
		a.Clients = detect.Members{Count: 10}
		for i := range 10 {
			client := netip.MustParseAddr(fmt.Sprintf("198.18.1.%d", 30+i))
			a.Clients.Top = append(a.Clients.Top, detect.Member{Client: client, Attempts: 32 - i/2})
		}
		a.Client.Addr = a.Clients.Top[0].Client
		a.Crossed = detect.Crossing{Key: "distributed_clients", Threshold: 5, Value: 10, Time: began + 3000}
		a.Attempts, a.Extensions.Top[0].Attempts = 300, 300
		a.Rejections = []detect.StatusCount{{Status: 401, Attempts: 300}}
		lasting(a, 4100*time.Millisecond)
	})
}

// sampleHorizontal is one client that tries the same extensions on many registrars.
func sampleHorizontal() detect.Alert {
	return with(sampleBruteForce(), func(a *detect.Alert) {
		a.Kind, a.Severity = detect.HorizontalScan, detect.SeverityHigh
		a.Registrars = detect.Members{Count: 200}
		for i := range 10 {
			server := netip.MustParseAddr(fmt.Sprintf("198.18.0.%d", 10+i))
			a.Registrars.Top = append(a.Registrars.Top, detect.Member{Client: server, Attempts: 8 - i/2})
		}
		a.Extensions = detect.Members{Count: 4, Top: numbered(100, 4, 200)}
		a.Extension = a.Extensions.Top[0].Extension
		a.Campaign = detect.Campaign{ID: "00112233445566778899aabbccddeeff", Incidents: 3, Registrars: 200, Extensions: 4}
		a.Crossed = detect.Crossing{Key: "horizontal_registrars", Threshold: 10, Value: 10, Time: began + 900}
		counted(a, 800)
		lasting(a, 3*time.Minute)
	})
}

// sampleDistributedScan is a botnet that asks for many extensions of one registrar.
func sampleDistributedScan() detect.Alert {
	return with(sampleDistributed(), func(a *detect.Alert) {
		a.Kind = detect.DistributedScan
		a.Clients.Count = 302
		a.Extensions = detect.Members{Count: 494, Top: numbered(100, 20, 3)}
		a.Extension = a.Extensions.Top[0].Extension
		a.Attempts = 906
		a.Rejections = []detect.StatusCount{{Status: 401, Attempts: 400}, {Status: 404, Attempts: 506}}
		a.Crossed = detect.Crossing{Key: "distributed_scan_size", Threshold: 50, Value: 50, Time: began + 9000}
		lasting(a, time.Minute)
	})
}

// sampleOutage is a registrar that has lost its accounts.
func sampleOutage() detect.Alert {
	return with(sampleDistributedScan(), func(a *detect.Alert) {
		a.Kind, a.Severity, a.UserAgents = detect.Outage, detect.SeverityLow, []string{"Softphone 1.0"}
		a.Clients.Count, a.Extensions.Count, a.Attempts = 120, 150, 480
		a.Rejections = []detect.StatusCount{{Status: 403, Attempts: 480}}
		a.Crossed = detect.Crossing{Key: "outage_clients", Threshold: 20, Value: 24, Time: began + 9000}
		lasting(a, 3*time.Minute)
	})
}

// kindSamples has a sample of each kind that opens, in the order of the kinds.
func kindSamples() []detect.Alert {
	return []detect.Alert{
		sampleScan(), with(sampleSpray(), func(a *detect.Alert) { a.Changed = false }), sampleDistributed(), sampleBruteForce(),
		sampleHorizontal(), sampleDistributedScan(), sampleOutage(),
	}
}

// sampleIPv6 is a brute force by a client that is told apart by its prefix, over TCP.
func sampleIPv6() detect.Alert {
	return with(sampleBruteForce(), func(a *detect.Alert) {
		a.Registrar.Addr = netip.MustParseAddr("2001:db8::10")
		a.Client.Addr = netip.MustParseAddr("2001:db8:0:1::")
		a.Clients.Top[0].Client = a.Client.Addr
		a.Transport = detect.TCP
	})
}

// counted sets the attempts of an alert with one client and one status.
func counted(a *detect.Alert, n int) {
	a.Attempts = n
	a.Rejections = []detect.StatusCount{{Status: 401, Attempts: n}}
	a.Clients.Top = []detect.Member{{Client: a.Client.Addr, Attempts: n}}
	if a.Kind == detect.BruteForce {
		a.Extensions.Top = []detect.Member{{Extension: a.Extension, Attempts: n}}
	}
}

// succeeded gives an alert successes: on its registrar and confirmed, unless they say otherwise.
func succeeded(a *detect.Alert, list ...detect.Succeeded) {
	for i := range list {
		s := &list[i]
		if !s.Registrar.IsValid() {
			s.Registrar = a.Registrar.Addr
		}
		if s.Confidence == detect.NoConfidence {
			s.Confidence = detect.Confirmed
		}
	}
	a.Successes, a.SuccessesN = list, len(list)
	a.Confidence = surestOf(list)[0].Confidence
}

func ended(a *detect.Alert, why detect.EndReason) {
	a.State, a.EndReason = detect.End, why
	a.Sequence++
	a.Time = a.Last + (30 * time.Minute).Milliseconds()
}

// numbered gives n extensions from the first on.
func numbered(first, n, attempts int) []detect.Member {
	var list []detect.Member
	for i := range n {
		list = append(list, detect.Member{Extension: fmt.Sprintf("%d@198.18.0.10", first+i), Attempts: attempts})
	}
	return list
}
