package calibrate

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/wire"
)

var golden = flag.Bool("golden", false, "write the golden file of the version that is written now")

// measured is a collector that has seen something of everything.
func measured(t testing.TB) *network {
	n := newNetwork(t)
	for range 3 {
		n.logins(30, 6, 10*time.Minute)
		n.answers("203.0.113.1", "1@pbx", 50*time.Millisecond, slices.Repeat([]int{401}, 60)...)
		n.answers("192.0.2.9", "9@pbx", time.Minute, slices.Repeat([]int{403}, 40)...)
		n.registrar = "2001:db8::5060"
		n.logins(20, 2, time.Minute)
		n.registrar = "198.51.100.10"
		n.quiet(24 * time.Hour)
	}
	n.result()
	return n
}

func TestWhatWasMeasuredSurvives(t *testing.T) {
	n := measured(t)
	text := string(n.collector.AppendTo(nil, "[detector]\nattempts = 30\n"))
	read, configuration, err := Read(text, &n.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if configuration != "[detector]\nattempts = 30\n" {
		t.Errorf("the configuration is %q", configuration)
	}
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if d := cmp.Diff(n.collector.Result(&n.cfg), read.Result(&n.cfg), same); d != "" {
		t.Errorf("want -, got +\n%s", d)
	}
	if again := string(read.AppendTo(nil, configuration)); again != text {
		t.Error("it is written otherwise than it was read")
	}
}

// TestGolden reads what was written by the siphunt that introduced each version.
func TestGolden(t *testing.T) {
	name := filepath.Join("testdata", "calibration.1")
	n := measured(t)
	if *golden {
		if err := os.WriteFile(name, n.collector.AppendTo(nil, "# golden\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c, configuration, err := Read(string(text), &n.cfg)
	if err != nil || configuration != "# golden\n" {
		t.Fatal(configuration, err)
	}
	r := c.Result(&n.cfg)
	n.expect(r.Distributions, map[string]string{
		"rejections_per_login": "1:660 | 40:3 | 60:3",
		"challenges_per_login": "1:660 |  | ",
	})
	if r.Rejections != 960 || r.Acceptances != 660 || len(r.Allow) != 1 || len(r.Registrars) != 2 {
		t.Errorf("%d rejections, %d acceptances, candidates %v, %d registrars", r.Rejections, r.Acceptances, r.Allow, len(r.Registrars))
	}
}

func TestNewerVersionsAreNotRead(t *testing.T) {
	cfg := detect.DefaultConfig()
	text := wire.AppendUint(wire.AppendText(nil, magic), version+1)
	if _, _, err := read(string(text), &cfg); err == nil || !strings.Contains(err.Error(), "version 2 is not known") {
		t.Error(err)
	}
	for _, text := range []string{"", "siphunt", string(wire.AppendText(nil, "siphunt detector"))} {
		if _, _, err := Read(text, &cfg); !errors.Is(err, wire.ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestDamageIsFound: of a file that was cut or changed nothing is believed.
func TestDamageIsFound(t *testing.T) {
	n := measured(t)
	whole := n.collector.AppendTo(nil, "")
	for i := range whole {
		changed := slices.Clone(whole)
		changed[i] ^= 0x10
		for _, text := range []string{string(changed), string(whole[:i])} {
			if _, _, err := Read(text, &n.cfg); !errors.Is(err, wire.ErrFormat) {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
}

// TestHalvesAreTheWhole: who goes on with what was measured before knows what one would that had seen all.
func TestHalvesAreTheWhole(t *testing.T) {
	whole, half := newNetwork(t), newNetwork(t)
	for _, n := range []*network{whole, half} {
		n.logins(30, 6, 10*time.Minute)
		n.answers("203.0.113.1", "1@pbx", 50*time.Millisecond, slices.Repeat([]int{401}, 60)...)
		n.quiet(2 * time.Hour)
	}
	half.collector.Finish()
	earlier, _, err := Read(string(half.collector.AppendTo(nil, "")), &half.cfg)
	if err != nil {
		t.Fatal(err)
	}
	half.collector = NewCollector(&half.cfg)
	half.detector.SetObserver(half.collector)
	stats := half.detector.Stats()
	half.collector.Resume(&stats)
	for _, n := range []*network{whole, half} {
		n.logins(30, 6, 10*time.Minute)
		n.answers("192.0.2.9", "9@pbx", time.Minute, slices.Repeat([]int{403}, 40)...)
		n.quiet(2 * time.Hour)
	}
	want := whole.result()
	half.collector.Add(earlier)
	got := half.result()
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if d := cmp.Diff(want, got, same); d != "" {
		t.Errorf("want -, got +\n%s", d)
	}
}

// FuzzRead: whatever is on the disk, it is read or refused; what is read is good for results and is written again.
func FuzzRead(f *testing.F) {
	n := measured(f)
	body := func(c *Collector) string { b := c.AppendTo(nil, "# fuzz\n"); return string(b[:len(b)-4]) }
	whole := body(n.collector)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(body(NewCollector(&n.cfg)))
	f.Fuzz(func(t *testing.T, text string) { // the checksum would keep nearly all of it out
		c, configuration, err := read(text, &n.cfg)
		if err != nil {
			return
		}
		c.Result(&n.cfg)
		again := string(c.AppendTo(nil, configuration))
		d, _, err := Read(again, &n.cfg)
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if string(d.AppendTo(nil, configuration)) != again {
			t.Error("it is written otherwise than it was read")
		}
	})
}
