package alert

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

func TestMessage(t *testing.T) {
	success := func(extension, client string) detect.Succeeded {
		return detect.Succeeded{Extension: extension, Client: netip.MustParseAddr(client), Attempts: 9}
	}
	tests := []struct {
		name   string
		alert  detect.Alert
		change func(*detect.Alert)
		want   string
	}{
		{"brute force opens within a second", sampleBruteForce(), func(a *detect.Alert) {},
			"198.18.1.13 is guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second."},
		{"brute force goes on", sampleBruteForce(), func(a *detect.Alert) {
			a.State = detect.Update
			counted(a, 6_930_911)
			lasting(a, 50*time.Hour)
		}, "198.18.1.13 is still guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 6,930,911 rejected attempts in 2.1 d (2,310 a minute)."},
		{"brute force goes on after its success", sampleBruteForceSuccess(), func(a *detect.Alert) { a.State = detect.Update },
			"198.18.1.13 is still guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), and SUCCEEDED: the account is compromised."},
		{"brute force succeeds", sampleBruteForceSuccess(), func(a *detect.Alert) {},
			"198.18.1.13 guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), then SUCCEEDED: the account is compromised."},
		{"brute force succeeds again", sampleBruteForceSuccess(), func(a *detect.Alert) {
			succeeded(a, success(a.Extension, "198.18.1.13"), success(a.Extension, "198.18.1.13"))
		}, "198.18.1.13 guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), then SUCCEEDED 2 times: the account is compromised."},
		{"brute force ends", sampleBruteForce(), func(a *detect.Alert) {
			ended(a, detect.EndIdle)
			counted(a, 40)
			lasting(a, 12*time.Hour)
		}, "198.18.1.13 has stopped guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 40 rejected attempts in 12 h (3.3 an hour), without success."},
		{"brute force ends after its success", sampleBruteForceSuccess(), func(a *detect.Alert) { ended(a, detect.EndIdle) },
			"198.18.1.13 guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), and SUCCEEDED: the account is compromised; the attack is over."},
		{"brute force is allowed", sampleBruteForce(), func(a *detect.Alert) { ended(a, detect.EndAllowed) },
			"198.18.1.13 was guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second, without success; no longer counted, as the allowlist covers it now."},
		{"brute force is given up", sampleBruteForce(), func(a *detect.Alert) { ended(a, detect.EndLimit) },
			"198.18.1.13 was guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second, without success; no longer watched, as there were more than max_incidents."},
		{"brute force becomes part of a scan", sampleBruteForce(), func(a *detect.Alert) {
			a.State, a.EndReason, a.MergedInto = detect.Merged, detect.EndMerged, "fedcba98"
		}, "198.18.1.13 was guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 20 rejected attempts in less than a second; now part of incident fedcba98."},
		{"a phone with a stale password", sampleBruteForce(), func(a *detect.Alert) {
			a.KnownClient = true
			counted(a, 84)
			lasting(a, 14*time.Minute)
		}, "198.18.1.13 is guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 84 rejected attempts in 14 min (6 a minute); this client was known good before: a phone with a stale password looks like this."},
		{"its password is put right", sampleBruteForceSuccess(), func(a *detect.Alert) { a.KnownClient = true },
			"198.18.1.13 was guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), then was ACCEPTED; this client was known good before: a phone whose password was put right looks like this."},
		{"an account without a name", sampleBruteForce(), func(a *detect.Alert) { a.Extension = "" },
			"198.18.1.13 is guessing the password of (empty) on SIP server 198.18.0.10: 20 rejected attempts in less than a second."},
		{"an account that poses as the result", sampleBruteForce(), func(a *detect.Alert) { a.Extension = `300" on SIP server 192.0.2.1: all is well` },
			`198.18.1.13 is guessing the password of "300' on SIP server 192.0.2.1: all is well" on SIP server 198.18.0.10: 20 rejected attempts in less than a second.`},
		{"an IPv6 prefix", sampleIPv6(), func(a *detect.Alert) { a.Extension = "300@[2001:db8::10]" },
			"2001:db8:0:1::/64 is guessing the password of 300@[2001:db8::10] on SIP server 2001:db8::10: 20 rejected attempts in less than a second."},

		{"distributed opens", sampleDistributed(), func(a *detect.Alert) {},
			"10 clients (the strongest 198.18.1.30 with 32 rejected attempts) are guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 300 rejected attempts in 4.1 s (4,390 a minute)."},
		{"a botnet too large to count", sampleDistributed(), func(a *detect.Alert) {
			a.State, a.Clients.Count, a.Clients.Estimated = detect.Update, 40_123, true
		}, "about 40,123 clients (the strongest 198.18.1.30 with 32 rejected attempts) are still guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 300 rejected attempts in 4.1 s (4,390 a minute)."},
		{"one of them gets in", sampleDistributed(), func(a *detect.Alert) {
			a.State = detect.Success
			succeeded(a, success(a.Extension, "198.18.1.37"))
		}, "10 clients (the strongest 198.18.1.30 with 32 rejected attempts) guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 300 rejected attempts in 4.1 s (4,390 a minute), then SUCCEEDED from 198.18.1.37: the account is compromised."},
		{"distributed ends", sampleDistributed(), func(a *detect.Alert) { ended(a, detect.EndIdle) },
			"10 clients (the strongest 198.18.1.30 with 32 rejected attempts) have stopped guessing the password of 300@198.18.0.10 on SIP server 198.18.0.10: 300 rejected attempts in 4.1 s (4,390 a minute), without success."},

		{"scan opens", sampleScan(), func(a *detect.Alert) {},
			"198.18.1.13 is scanning 251 extensions of SIP server 198.18.0.10: 251 rejected attempts in 1.3 s (11,400 a minute)."},
		{"scan of one, asked once", sampleScan(), func(a *detect.Alert) { a.Extensions.Count, a.Attempts = 1, 1 },
			"198.18.1.13 is scanning 1 extension of SIP server 198.18.0.10: 1 rejected attempt in 1.3 s (45 a minute)."},
		{"scan finds an account without a password", sampleScan(), func(a *detect.Alert) {
			a.State = detect.Success
			succeeded(a, success("105@198.18.0.10", "198.18.1.13"))
		}, "198.18.1.13 scanned 251 extensions of SIP server 198.18.0.10: 251 rejected attempts in 1.3 s (11,400 a minute), then SUCCEEDED on 105@198.18.0.10: the account is compromised."},
		{"a NAT after its server lost the passwords", sampleScan(), func(a *detect.Alert) { a.KnownClient = true },
			"198.18.1.13 is scanning 251 extensions of SIP server 198.18.0.10: 251 rejected attempts in 1.3 s (11,400 a minute); this client was known good before: phones behind one address with stale passwords look like this."},
		{"one phone behind it is put right", sampleScan(), func(a *detect.Alert) {
			a.State, a.KnownClient = detect.Success, true
			succeeded(a, success("105@198.18.0.10", "198.18.1.13"))
		}, "198.18.1.13 was scanning 251 extensions of SIP server 198.18.0.10: 251 rejected attempts in 1.3 s (11,400 a minute), then was ACCEPTED on 105@198.18.0.10; this client was known good before: phones behind one address, some of them put right, look like this."},
		{"scan becomes a spray", sampleSpray(), func(a *detect.Alert) {},
			"198.18.1.13 has gone from scanning to trying passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute)."},
		{"spray opens as such", sampleSpray(), func(a *detect.Alert) { a.Changed = false },
			"198.18.1.13 is trying passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute)."},
		{"spray enters two accounts", sampleSpray(), func(a *detect.Alert) {
			a.State = detect.Success
			succeeded(a, success("305@198.18.0.10", "198.18.1.13"), success("317@198.18.0.10", "198.18.1.13"))
		}, "198.18.1.13 tried passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute), then SUCCEEDED 2 times, last on 317@198.18.0.10: the accounts are compromised."},
		{"spray ends", sampleSpray(), func(a *detect.Alert) { ended(a, detect.EndIdle) },
			"198.18.1.13 has stopped trying passwords on 40 extensions of SIP server 198.18.0.10: 1,040 rejected attempts in 12 s (5,200 a minute), without success."},
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
