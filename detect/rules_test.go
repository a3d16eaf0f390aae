package detect_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

func prefixes(texts ...string) (p []netip.Prefix) {
	for _, t := range texts {
		p = append(p, netip.MustParsePrefix(t))
	}
	return p
}

func TestAllowlistTakesOutWhatMatchesAllItsLists(t *testing.T) {
	allow := func(rules ...detect.AllowRule) func(*detect.Config) {
		return func(c *detect.Config) { c.Allow = rules }
	}
	pentest := prefixes("192.0.2.0/24")
	for name, c := range map[string]struct {
		rule detect.AllowRule
		want []string
	}{
		"client":                        {detect.AllowRule{Clients: pentest}, nil},
		"client, other registrar":       {detect.AllowRule{Clients: pentest, Registrars: prefixes("203.0.113.0/24")}, bruteForceOf25},
		"client, registrar, extension":  {detect.AllowRule{Clients: pentest, Registrars: prefixes("198.51.100.0/24"), Extensions: []string{"300@*"}}, nil},
		"extension by glob":             {detect.AllowRule{Extensions: []string{"9*", "30?@pbx"}}, nil},
		"other extension":               {detect.AllowRule{Extensions: []string{"301@pbx"}}, bruteForceOf25},
		"until later":                   {detect.AllowRule{Clients: pentest, Until: beginning + 3_600_000}, nil},
		"until before":                  {detect.AllowRule{Clients: pentest, Until: beginning}, bruteForceOf25},
		"an IPv6 prefix says nothing":   {detect.AllowRule{Clients: prefixes("::/0")}, bruteForceOf25},
		"client that is v4-mapped text": {detect.AllowRule{Clients: prefixes("192.0.2.66/32")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPlot(t, allow(c.rule))
			client := "192.0.2.66"
			if strings.Contains(name, "mapped") {
				client = "::ffff:192.0.2.66"
			}
			s.guess(client, "300@pbx", 25, time.Second)
			s.expect(c.want...)
			if got := s.d.Stats().Allowed; (got == 25) != (c.want == nil) {
				t.Errorf("%d answers allowed", got)
			}
		})
	}
}

var bruteForceOf25 = []string{"open brute-force attempts=20 clients=1 extensions=1"}

func TestAllowlistThatComesLaterEndsWhatItCovers(t *testing.T) {
	s := newPlot(t)
	s.guess("192.0.2.66", "300@pbx", 25, time.Second)
	s.guess("192.0.2.67", "300@pbx", 25, time.Second)
	s.reports()
	cfg := detect.DefaultConfig()
	cfg.Allow = []detect.AllowRule{{Clients: prefixes("192.0.2.66/32"), Reason: "our own penetration test"}}
	if err := s.d.SetConfig(cfg); err != nil {
		t.Fatal(err)
	}
	alerts := s.d.Alerts()
	if len(alerts) != 1 || alerts[0].State != detect.End || alerts[0].EndReason != detect.EndAllowed ||
		alerts[0].Client.Addr.String() != "192.0.2.66" {
		t.Fatalf("reported %+v", alerts)
	}
	if n := s.d.Stats().Incidents; n != 1 {
		t.Errorf("%d incidents are open, want the other one", n)
	}
}

func TestOverrideOfTheLongestPrefixWins(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) {
		strict, lax := c.Thresholds, c.Thresholds
		strict.Attempts, lax.Attempts = 5, 100
		c.Overrides = []detect.Override{
			{Registrars: prefixes("198.51.100.0/24"), Thresholds: lax},
			{Registrars: prefixes(pbx + "/32"), Thresholds: strict},
			{Registrars: prefixes("198.51.0.0/16"), Thresholds: lax},
		}
	})
	s.answers("192.0.2.66", "300@pbx", time.Second, 403, 403, 403, 403, 403, 403)
	s.expect("open brute-force attempts=5 clients=1 extensions=1")
}

func TestThresholdsChangeWhileAttacksGoOn(t *testing.T) {
	s := newPlot(t)
	s.guess("192.0.2.66", "300@pbx", 12, time.Second)
	s.expect()
	cfg := detect.DefaultConfig()
	cfg.Attempts = 10
	if err := s.d.SetConfig(cfg); err != nil {
		t.Fatal(err)
	}
	s.guess("192.0.2.66", "300@pbx", 1, 6*time.Second)
	s.quiet(0)
	s.expect("open brute-force attempts=13 clients=1 extensions=1")
	cfg.IdleTimeout = time.Minute
	cfg.FailureCodes = []int{403, 401}
	if err := s.d.SetConfig(cfg); err != nil {
		t.Fatal(err)
	}
	s.answer("192.0.2.66", "300@pbx", 403)
	s.quiet(2 * time.Minute)
	alerts := s.d.Alerts()
	want := "[{401 13} {403 1}]"
	if len(alerts) != 1 || alerts[0].State != detect.End || fmt.Sprint(alerts[0].Rejections) != want {
		t.Errorf("reported %+v, want an end with rejections %s", alerts, want)
	}
}

func TestFaultyConfigurationsAreRefusedByKey(t *testing.T) {
	for want, change := range map[string]func(*detect.Config){
		"attempts = 0 is not from 1 to 50000":                                                  func(c *detect.Config) { c.Attempts = 0 },
		"scan_known_ratio = NaN is not from 0 to 1":                                            func(c *detect.Config) { c.ScanKnownRatio = nan() },
		"check_interval = 1.5s is no whole number of seconds":                                  func(c *detect.Config) { c.CheckInterval = 1500 * time.Millisecond },
		"failure_codes = 401 is there twice":                                                   func(c *detect.Config) { c.FailureCodes = []int{401, 401} },
		"failure_codes = 200 is no status code from 300 to 699":                                func(c *detect.Config) { c.FailureCodes = []int{200} },
		"failure_codes = [] needs 1 to 4 status codes":                                         func(c *detect.Config) { c.FailureCodes = []int{} },
		"challenge_grace = 1h0m0s is longer than idle_timeout":                                 func(c *detect.Config) { c.ChallengeGrace = time.Hour },
		"override 1: attempts = -1 is not from 1 to 50000":                                     func(c *detect.Config) { c.Overrides = []detect.Override{{prefixes("::/0"), thresholds(-1)}} },
		`allow 1: clients = [] would allow everything: give clients, registrars or extensions`: func(c *detect.Config) { c.Allow = []detect.AllowRule{{}} },
		`allow 1: extensions = [ is no pattern: use * ? [a-z], as in "100?@pbx.example.net"`:   func(c *detect.Config) { c.Allow = []detect.AllowRule{{Extensions: []string{"["}}} },
	} {
		cfg := detect.DefaultConfig()
		change(&cfg)
		if _, err := detect.New(cfg); err == nil || err.Error() != want {
			t.Errorf("error %q\nwant  %q", err, want)
		}
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

func thresholds(attempts int) detect.Thresholds {
	th := detect.DefaultConfig().Thresholds
	th.Attempts = attempts
	return th
}
