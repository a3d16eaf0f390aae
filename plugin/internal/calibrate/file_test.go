package calibrate

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

const presentFile = `
[detector]
attempts = 30
scan_extensions = 15
idle_timeout = "20m"
report = "end"

[flows]
sampling = 10

[state]
state_dir = "/var/lib/siphunt"

[[allow]]
clients = ["192.0.2.250"]
reason = "monitoring"

[[override]]
registrars = ["198.51.100.0/24"]
scan_extensions = 40
spray_attempts = 7

[[override]]
registrars = ["203.0.113.9/32"]
fast_attempts = 9
`

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("siphunt.toml", text)
	if err != nil {
		t.Fatalf("%v\nof\n%s", err, text)
	}
	return cfg
}

func recommend(key, present, recommended string, v Verdict) Recommendation {
	return Recommendation{Key: key, Present: present, Recommended: recommended, Verdict: v, Reason: "because"}
}

// advised is a result with changes of all kinds.
func advised() *Result {
	return &Result{
		First: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Last: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC),
		Recommendations: []Recommendation{
			recommend("attempts", "30", "45", Raise), recommend("scan_extensions", "15", "15", Keep), recommend("slow_clients", "20", "20", Unsure),
			recommend("fast_attempts", "6", "12", Raise), recommend("challenge_grace", "45s", "1m30s", Raise), recommend("max_pairs", "1000000", "2000000", Raise),
		},
		Overrides: []Override{
			{netip.MustParseAddr("198.51.100.7"), []Recommendation{recommend("login_challenges", "8", "12", Raise)}},
			{netip.MustParseAddr("203.0.113.9"), []Recommendation{recommend("attempts", "30", "60", Raise)}},
		},
	}
}

// TestTheFileIsWhatIsRecommended: read by the loader it is the present configuration with the changes, and nothing else.
func TestTheFileIsWhatIsRecommended(t *testing.T) {
	present := parse(t, presentFile)
	before := *present
	want := *present
	want.Detector.Attempts, want.Detector.FastAttempts, want.Detector.ChallengeGrace, want.Detector.MaxPairs = 45, 12, 90*time.Second, 2_000_000
	network := want.Detector.Thresholds
	network.ScanExtensions, network.SprayAttempts = 40, 7
	one, other := network, want.Detector.Thresholds
	one.LoginChallenges = 12
	other.FastAttempts, other.Attempts = 9, 60
	want.Detector.Overrides = []detect.Override{
		{Registrars: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}, Thresholds: network},
		{Registrars: []netip.Prefix{netip.MustParsePrefix("198.51.100.7/32")}, Thresholds: one},
		{Registrars: []netip.Prefix{netip.MustParsePrefix("203.0.113.9/32")}, Thresholds: other},
	}
	text := advised().File(present)
	got := parse(t, text)
	same := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if d := cmp.Diff(&want, got, same); d != "" {
		t.Errorf("want -, got +\n%s\nof\n%s", d, text)
	}
	if d := cmp.Diff(&before, present, same); d != "" {
		t.Errorf("the present configuration has changed: %s", d)
	}
	for _, line := range []string{
		"# Changed: attempts, fast_attempts, challenge_grace, max_pairs, login_challenges.",
		"# raise, was 30: because.\nattempts = 45\n", "# keep: because.\nscan_extensions = 15\n", "# unsure: because.\nslow_clients = 20\n",
		"[[override]]\nregistrars = [\"203.0.113.9/32\"]\n# raise, was 30: because.\nattempts = 60\nfast_attempts = 9\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is missing in\n%s", line, text)
		}
	}
	if strings.Contains(text, "check_interval") || strings.Contains(text, "[feed]") {
		t.Errorf("what is as by default is there:\n%s", text)
	}
}

// TestNothingIsAllowedByItself: candidates are comments, whatever they are called.
func TestNothingIsAllowedByItself(t *testing.T) {
	for _, name := range []string{"100@pbx", "x\n[[allow]]\nclients = [\"0.0.0.0/0\"]\n#", "\x1b[2J\u2028\u0085\r\nattempts = 1", "*[?]\\\"'@pbx", "\xff\xfe@pbx", ""} {
		r := &Result{Allow: []Candidate{{
			Client: netip.MustParseAddr("192.0.2.9"), Registrar: netip.MustParseAddr("198.51.100.10"), Extension: name, Incidents: 7, Evidence: "7 incidents in 5 days",
		}}}
		text := r.File(config.Default())
		got := parse(t, text)
		if len(got.Detector.Allow) > 0 || got.Detector.Attempts != 20 {
			t.Errorf("%q has changed the configuration:\n%s", name, text)
		}
		if strings.ContainsFunc(text, func(c rune) bool { return c != '\n' && (c < ' ' || c == 0x7f || c == 0x85 || c == 0x2028) }) {
			t.Errorf("%q brings control characters in:\n%q", name, text)
		}
		// What a person makes of it is a rule for this one alone.
		_, candidate, _ := strings.Cut(text, "5 days.\n")
		rule := parse(t, strings.ReplaceAll("# "+strings.TrimPrefix(candidate, "# "), "# ", ""))
		if len(rule.Detector.Allow) != 1 || rule.Detector.Allow[0].Clients[0].String() != "192.0.2.9/32" {
			t.Errorf("%q: %+v", name, rule.Detector.Allow)
		}
	}
}

func TestChangesAreTakenBack(t *testing.T) {
	r := advised()
	if keys := r.changed(); !slices.Equal(keys, []string{"attempts", "fast_attempts", "challenge_grace", "max_pairs", "login_challenges"}) {
		t.Errorf("changed: %v", keys)
	}
	if keys := r.suspects(); !slices.Equal(keys, []string{"attempts", "fast_attempts", "challenge_grace", "max_pairs", "login_challenges"}) {
		t.Errorf("suspects: %v", keys)
	}
	// What was too tight goes back to its default, which is no suspect.
	tight := &Result{Recommendations: []Recommendation{recommend("attempts", "5", "30", Raise), recommend("scan_extensions", "3", "10", Raise)}}
	if keys := tight.suspects(); !slices.Equal(keys, []string{"attempts"}) {
		t.Errorf("suspects: %v", keys)
	}
	if tight.drop("attempts", 1); tight.Recommendations[0].Recommended != "20" || tight.Recommendations[0].Verdict != Raise || len(tight.suspects()) > 0 {
		t.Errorf("%+v", tight.Recommendations)
	}
	if tight.drop("attempts", 1); tight.Recommendations[0].Recommended != "5" || tight.Recommendations[0].Verdict != Refused {
		t.Errorf("%+v", tight.Recommendations)
	}
	r.drop("attempts", 3)
	present := parse(t, presentFile)
	got := r.Apply(&present.Detector)
	if got.Attempts != 30 || got.FastAttempts != 12 || slices.Contains(r.changed(), "attempts") {
		t.Errorf("attempts = %d, fast_attempts = %d, changed %v", got.Attempts, got.FastAttempts, r.changed())
	}
	if rec := r.Recommendations[0]; rec.Verdict != Refused || !strings.Contains(rec.Reason, "lost 3 attacks with 45") {
		t.Errorf("%+v", rec)
	}
}
