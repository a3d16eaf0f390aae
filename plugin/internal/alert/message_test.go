package alert

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

func TestMessage(t *testing.T) {
	fell := func(extension, client string, sure detect.Confidence) detect.Succeeded {
		return detect.Succeeded{Extension: extension, Client: netip.MustParseAddr(client), Attempts: 9, Confidence: sure}
	}
	reported := func(a *detect.Alert, list ...detect.Succeeded) {
		a.State = detect.Success
		succeeded(a, list...)
	}
	tests := []struct {
		name   string
		alert  detect.Alert
		change func(*detect.Alert)
		want   string
	}{
		{"millions", sampleBruteForce(), func(a *detect.Alert) {
			a.State = detect.Update
			counted(a, 6_930_911)
			lasting(a, 50*time.Hour)
		}, "198.18.1.13 is still guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 6,930,911 rejected attempts in 2.1 d (2,310 a minute)."},
		{"goes on after its success", sampleBruteForceSuccess(), func(a *detect.Alert) { a.State = detect.Update },
			"198.18.1.13 is still guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), and BROKE IN: the account is compromised."},
		{"in twice", sampleBruteForceSuccess(), func(a *detect.Alert) {
			reported(a, fell(a.Extension, "198.18.1.13", detect.Confirmed), fell(a.Extension, "198.18.1.13", detect.Confirmed))
		}, "198.18.1.13 guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), then BROKE IN: the account is compromised."},
		{"allowed", sampleBruteForce(), func(a *detect.Alert) { ended(a, detect.EndAllowed) },
			"198.18.1.13 was guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second, without success; no longer counted, as the allowlist covers it now."},
		{"given up", sampleBruteForce(), func(a *detect.Alert) { ended(a, detect.EndLimit) },
			"198.18.1.13 was guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second, without success; no longer watched, as there were more than max_incidents."},
		{"an account that there is not", sampleBruteForce(), func(a *detect.Alert) { a.Rejections[0].Status = 404 },
			"198.18.1.13 is asking for 300@198.18.0.10 on SIP server 198.18.0.10, which does not know that account: 20 rejected attempts in less than a second."},
		{"an account that there is no more", sampleBruteForce(), func(a *detect.Alert) {
			a.KnownClient, a.Rejections[0].Status = true, 404
		}, "198.18.1.13 is failing to log in as 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second; this client was accepted before: a phone whose account is gone looks like this."},
		{"an account without a name", sampleBruteForce(), func(a *detect.Alert) { a.Extension = "" },
			"198.18.1.13 is guessing the password of (empty) on SIP server 198.18.0.10: 20 rejected attempts in less than a second."},
		{"an account that poses as the result", sampleBruteForce(), func(a *detect.Alert) { a.Extension = `300" on SIP server 192.0.2.1: all is well` },
			`198.18.1.13 is guessing the password of "300' on SIP server 192.0.2.1: all is well" on SIP server 198.18.0.10: 20 rejected attempts in less than a second.`},
		{"a tool, over UDP", sampleBruteForce(), func(a *detect.Alert) { a.Tools, a.Forgeable = []string{"friendly-scanner"}, true },
			"198.18.1.13 is guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second; it calls itself friendly-scanner, an attack tool; the sender may be forged (UDP)."},
		{"tools, over UDP", sampleDistributed(), func(a *detect.Alert) { a.Tools, a.Forgeable = []string{"sipcli", "sipvicious"}, true },
			"10 clients (the strongest 198.18.1.30 with 32 rejected attempts) are guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 300 rejected attempts in 4.1 s (4,390 a minute); some call themselves by the names of 2 attack tools, such as sipcli; the senders may be forged (UDP)."},
		{"a campaign", sampleBruteForce(), func(a *detect.Alert) { a.Campaign = detect.Campaign{ID: id, Incidents: 15, Registrars: 3} },
			"198.18.1.13 is guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second; part of a campaign of 15 incidents on 3 SIP servers."},
		{"an IPv6 prefix", sampleIPv6(), func(a *detect.Alert) { a.Extension = "300@[2001:db8::10]" },
			"2001:db8:0:1::/64 is guessing the password of 300@[2001:db8::10] on SIP server 2001:db8::10: 20 rejected attempts in less than a second."},
		{"a botnet too large to count", sampleDistributed(), func(a *detect.Alert) {
			a.State, a.Clients.Count, a.Clients.Estimated = detect.Update, 40_123, true
		}, "about 40,123 clients (the strongest 198.18.1.30 with 32 rejected attempts) are still guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 300 rejected attempts in 4.1 s (4,390 a minute)."},
		{"one of them gets in", sampleDistributed(), func(a *detect.Alert) { reported(a, fell(a.Extension, "198.18.1.37", detect.Probable)) },
			"10 clients (the strongest 198.18.1.30 with 32 rejected attempts) were guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 300 rejected attempts in 4.1 s (4,390 a minute), then 198.18.1.37 was ACCEPTED: the account is probably compromised."},
		{"three of many get in", sampleDistributedScan(), func(a *detect.Alert) {
			reported(a, fell("101@a", "198.18.1.37", detect.Probable), fell("102@a", "198.18.1.38", detect.Probable), fell("103@a", "198.18.1.39", detect.Unlikely))
		}, "302 clients (the strongest 198.18.1.30 with 32 rejected attempts) were scanning 494 extensions of SIP server 198.18.0.10: 906 rejected attempts in 1 min (906 a minute), then some were ACCEPTED on 2 accounts, last 102@a from 198.18.1.38: the accounts are probably compromised."},
		{"nothing is left of it", sampleDistributedScan(), func(a *detect.Alert) { a.State, a.Attempts = detect.Withdrawn, 0 },
			"what was reported as a distributed scan of SIP server 198.18.0.10 was none: its attempts were logins, or are in incidents of their own."},
		{"scan of one, asked once", sampleScan(), func(a *detect.Alert) { a.Extensions.Count, a.Attempts = 1, 1 },
			"198.18.1.13 is scanning 1 extension of SIP server 198.18.0.10: 1 rejected attempt in 1.3 s (45 a minute)."},
		{"scan becomes a spray", sampleSpray(), func(*detect.Alert) {},
			"198.18.1.13 has gone from scanning to trying passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute)."},
		{"another change", sampleScan(), func(a *detect.Alert) { a.Changed = true },
			"198.18.1.13 is now scanning 251 extensions of SIP server 198.18.0.10: 251 rejected attempts in 1.3 s (11,400 a minute)."},
		{"spray enters two accounts, and a phone behind it one", sampleSpray(), func(a *detect.Alert) {
			reported(a, fell("305@a", "198.18.1.13", detect.Confirmed), fell("317@a", "198.18.1.13", detect.Confirmed), fell("320@a", "198.18.1.13", detect.Unlikely))
		}, "198.18.1.13 tried passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute), then BROKE INTO 2 accounts, last 317@a: the accounts are compromised."},
		{"more than are listed", sampleSpray(), func(a *detect.Alert) {
			reported(a, fell("305@a", "198.18.1.13", detect.Confirmed), fell("317@a", "198.18.1.13", detect.Confirmed))
			a.SuccessesN = 7
		}, "198.18.1.13 tried passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute), then BROKE INTO at least 2 accounts, last 317@a: the accounts are compromised."},
		{"a success that is not listed", sampleSpray(), func(a *detect.Alert) {
			a.State, a.SuccessesN, a.Confidence = detect.Success, 1, detect.Confirmed
		}, "198.18.1.13 tried passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute), then BROKE IN: the account is compromised."},
		{"the surest is not listed", sampleSpray(), func(a *detect.Alert) {
			reported(a, fell("305@a", "198.18.1.13", detect.Probable), fell("317@a", "198.18.1.13", detect.Probable))
			a.SuccessesN, a.Confidence = 3, detect.Confirmed
		}, "198.18.1.13 tried passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute), then BROKE IN: the account is compromised."},
		{"an outage is over", sampleOutage(), func(a *detect.Alert) { ended(a, detect.EndRecovered) },
			"SIP server 198.18.0.10 has stopped rejecting 120 clients that it had accepted before, on 150 extensions: 480 rejected attempts in 3 min (160 a minute); it accepts its clients again."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := with(tt.alert, tt.change)
			if got := message(&options, &a); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestReason(t *testing.T) {
	tests := []struct {
		crossed detect.Crossing
		want    string
	}{
		{detect.Crossing{Key: "attempts", Threshold: 20, Value: 20}, "20 rejections reached attempts = 20"},
		{detect.Crossing{Key: "attempts", Threshold: 1, Value: 1}, "1 rejection reached attempts = 1"},
		{detect.Crossing{Key: "scan_extensions", Threshold: 10, Value: 251}, "251 extensions reached scan_extensions = 10"},
		{detect.Crossing{Key: "scan_extensions", Threshold: 13, Value: 14}, "14 extensions reached scan_extensions = 10 + 3 for known-good extensions"},
		{detect.Crossing{Key: "scan_extensions", Threshold: 5, Value: 6}, "6 extensions reached scan_extensions = 5"}, // raised since
		{detect.Crossing{Key: "distributed_clients", Threshold: 5, Value: 6}, "6 clients reached distributed_clients = 5"},
		{detect.Crossing{Key: "spray_attempts", Threshold: 3, Value: 10}, "10 extensions reached spray_attempts = 3"},
	}
	for _, tt := range tests {
		a := with(sampleScan(), func(a *detect.Alert) { a.Crossed = tt.crossed })
		if got := reason(&a); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// Whatever is in an alert, the message is one line that starts with who did it.
func TestMessageCannotBeForged(t *testing.T) {
	a := sampleBruteForce()
	a.Extension = "300@a\r\n198.18.0.99 is guessing\x1b[2J\u202e"
	got := message(&options, cleaned(&a))
	if !strings.HasPrefix(got, "198.18.1.13 is guessing the password of \"300@a\ufffd\ufffd198.18.0.99 is") ||
		strings.ContainsAny(got, "\r\n\x1b\u202e") {
		t.Errorf("got %q", got)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                    "less than a second",
		999 * time.Millisecond:               "less than a second",
		time.Second:                          "1 s",
		1949 * time.Millisecond:              "1.9 s",
		9_960 * time.Millisecond:             "10 s",
		59 * time.Second:                     "59 s",
		time.Minute:                          "1 min",
		90 * time.Second:                     "1.5 min",
		59 * time.Minute:                     "59 min",
		150 * time.Minute:                    "2.5 h",
		24 * time.Hour:                       "1 d",
		7*24*time.Hour - time.Millisecond:    "7 d",
		1_000*24*time.Hour + time.Nanosecond: "1,000 d",
	} {
		if got := duration(d); got != want {
			t.Errorf("duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestFrequency(t *testing.T) {
	for rate, want := range map[float64]string{
		0.03: "1.8 an hour", 0.99: "59 an hour", 1: "1 a minute", 9.94: "9.9 a minute", 9.96: "10 a minute",
		11_286.9: "11,287 a minute", 1_234_567: "1,234,567 a minute",
	} {
		if got := frequency(rate); got != want {
			t.Errorf("frequency(%v) = %q, want %q", rate, got, want)
		}
	}
}
