package detect_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

const flowsPerMix = 50_000

// mixes is how many random mixes a run compares: SIPHUNT_LONG=1 (make test-long) asks for many.
func mixes() int {
	switch {
	case os.Getenv("SIPHUNT_LONG") != "":
		return 5000
	case testing.Short():
		return 20
	default:
		return 200
	}
}

// mix gives the rules and the records of a seed: a town once in ten, else a brawl.
func mix(seed uint64) (detect.Config, []record) {
	if seed%10 != 9 {
		b := newBrawl(seed)
		records := b.fight(flowsPerMix)
		if b.chance(3) {
			records = b.brokenClocks(records)[:flowsPerMix]
		}
		return b.cfg, records
	}
	w := newTown(seed, 6*time.Hour)
	w.plant()
	w.misconfigured()
	w.settle(flowsPerMix)
	if w.chance(2) {
		w.delayed(40 * time.Second)
	}
	return detect.DefaultConfig(), interrupt(w.traffic, w.inOrderOfArrival())[:flowsPerMix]
}

// The detector and the reference, written apart from the same page, come to the same incidents.
func TestDetectorAgreesWithReference(t *testing.T) {
	for _, seed := range seeds() {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			cfg, records := mix(seed)
			agree(t, cfg, records)
		})
	}
}

// seeds are as many as there is time for, and those of mixes about which the judges once disagreed.
func seeds() []uint64 {
	all := []uint64{3778, 3855, 4050, 4236, 4557}
	for seed := range uint64(mixes()) {
		if !slices.Contains(all, seed) {
			all = append(all, seed)
		}
	}
	return all
}

// They do so over months, where pauses are longer than compact times can tell.
func TestDetectorAgreesWithReferenceOverMonths(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			b := newBrawl(6000 + seed)
			records := b.slow(b.fight(3000))
			agree(t, b.cfg, records)
		})
	}
}

// agree fails, with as few records as show it, where the judges differ.
func agree(t *testing.T, cfg detect.Config, records []record) {
	t.Helper()
	if disagreement(cfg, records) == "" {
		return
	}
	few := minimised(records, func(some []record) bool { return disagreement(cfg, some) != "" })
	t.Errorf("the judges disagree under %s\non these %d records:\n%s\n%s",
		rules(cfg), len(few), describe(few), disagreement(cfg, few))
}

// disagreement says where the judges differ, and what is wrong with the list of alerts; empty if nothing.
func disagreement(cfg detect.Config, records []record) (diff string) {
	defer func() {
		if p := recover(); p != nil {
			diff = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	r := newReference(cfg)
	play(r, records, nil)
	alerts := detected(cfg, records)
	return differences(r.verdicts(), verdictsOf(alerts)) + malformed(cfg, alerts)
}

// judge is what the detector and the reference have in common.
type judge interface {
	Advance(t int64, n int)
	Observe(f *detect.Flow)
	Finish()
}

// tell tells a judge one record.
func tell(j judge, r *record) {
	if r.n > 0 {
		j.Advance(r.flow.Time, r.n)
		return
	}
	f := r.flow
	j.Observe(&f)
}

// play tells a judge all records, calling between after each, and ends the input.
func play(j judge, records []record, between func(i int)) {
	for i := range records {
		tell(j, &records[i])
		if between != nil {
			between(i)
		}
	}
	j.Finish()
}

// detected gives the detector's alerts. It is told all flows up to the next mark at once, as those of a chunk are.
func detected(cfg detect.Config, records []record) []detect.Alert {
	d, err := detect.New(cfg)
	if err != nil {
		panic(err)
	}
	var flows []detect.Flow
	for i := range records {
		if r := &records[i]; r.n == 0 {
			flows = append(flows, r.flow)
			continue
		}
		d.ObserveAll(flows)
		flows = flows[:0]
		tell(d, &records[i])
	}
	d.ObserveAll(flows)
	d.Finish()
	return d.Alerts()
}

// minimised looks for few records that fail as well: first the shortest prefix, then without a client, a registrar, an
// extension, then without ever smaller pieces.
func minimised(records []record, fails func([]record) bool) []record {
	low, high := 0, len(records)
	for low < high {
		if mid := (low + high) / 2; fails(records[:mid]) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	records = slices.Clone(records[:high])
	without := func(drop func(i int, r *record) bool) {
		var left []record
		for i := range records {
			if !drop(i, &records[i]) {
				left = append(left, records[i])
			}
		}
		if len(left) < len(records) && fails(left) {
			records = left
		}
	}
	for _, name := range []func(r *record) string{
		func(r *record) string { return r.flow.Registrar.String() },
		func(r *record) string { return r.flow.Client.String() },
		func(r *record) string { return r.flow.Extension },
	} {
		var names []string
		for i := range records {
			names = append(names, name(&records[i]))
		}
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			without(func(_ int, r *record) bool { return name(r) == n })
		}
	}
	for piece := len(records) / 2; piece > 0; piece /= 2 {
		for from := len(records) - piece; from >= 0; from -= piece {
			without(func(i int, _ *record) bool { return i >= from && i < from+piece })
		}
	}
	for from := len(records) - 1; from >= 0; from-- { // what became superfluous meanwhile
		without(func(i int, _ *record) bool { return i == from })
	}
	return records
}

// rules tells what of a configuration the rules depend on.
func rules(cfg detect.Config) string {
	return fmt.Sprintf("%+v, T %s, check %s, grace %s, ttl %s, overrides %+v",
		cfg.Thresholds, cfg.IdleTimeout, cfg.CheckInterval, cfg.ChallengeGrace, cfg.KnownGoodTTL, cfg.Overrides)
}

// malformed says what is wrong with a list of alerts, whatever they report.
func malformed(cfg detect.Config, alerts []detect.Alert) string {
	var b strings.Builder
	last := map[string]detect.Alert{}
	wrong := func(a *detect.Alert, format string, args ...any) {
		fmt.Fprintf(&b, "  alert %d of incident %s (%s, %s): %s\n", a.Sequence, a.ID, a.Kind, a.State, fmt.Sprintf(format, args...))
	}
	for i := range alerts {
		a := &alerts[i]
		before, seen := last[a.ID]
		over := before.State == detect.End || before.State == detect.Merged
		first := !seen
		if a.Sequence != before.Sequence+1 {
			wrong(a, "follows %d", before.Sequence)
		}
		if first != (a.State == detect.Open && !a.Changed) {
			wrong(a, "an incident opens once, in its first alert")
		}
		if over {
			wrong(a, "the incident was over")
		}
		if a.Attempts < before.Attempts || a.SuccessesN < before.SuccessesN || a.Time < before.Time || seen && a.First > before.First || a.Last < before.Last {
			wrong(a, "less than before: %d attempts after %d", a.Attempts, before.Attempts)
		}
		if a.State == detect.Update && (a.Attempts < 2*before.Attempts || a.Time-before.Time < ms(cfg.UpdateInterval)) {
			wrong(a, "too early: %d attempts after %d, after %d ms", a.Attempts, before.Attempts, a.Time-before.Time)
		}
		bar := a.Crossed.Threshold
		if a.Crossed.Key == "spray_attempts" {
			bar = a.Thresholds.ScanExtensions // the value is how many extensions had that many attempts
		}
		if a.Crossed.Value < bar || a.State == detect.Open && a.Crossed.Time > a.Time {
			wrong(a, "crossed nothing: %+v at %d", a.Crossed, a.Time)
		}
		if len(a.Successes) != min(a.SuccessesN, detect.MaxSuccesses) || (a.State == detect.Success) != (a.SuccessesN > before.SuccessesN && seen) {
			wrong(a, "%d successes listed of %d, after %d", len(a.Successes), a.SuccessesN, before.SuccessesN)
		}
		sum, status := 0, uint16(0)
		for _, c := range a.Rejections {
			sum += c.Attempts
			if c.Status <= status || c.Attempts <= 0 {
				wrong(a, "rejections are out of order: %v", a.Rejections)
			}
			status = c.Status
		}
		if sum != a.Attempts {
			wrong(a, "%d attempts, but %d rejections by status", a.Attempts, sum)
		}
		for _, m := range []detect.Members{a.Clients, a.Extensions} {
			if m.Count < 1 || len(m.Top) > m.Count || len(m.Top) == 0 {
				wrong(a, "%d members, %d at the top", m.Count, len(m.Top))
			}
		}
		if a.First > a.Last || (a.State == detect.End) != (a.EndReason == detect.EndIdle) || (a.State == detect.Merged) != (a.MergedInto != "") {
			wrong(a, "first %d, last %d, end %q, merged into %q", a.First, a.Last, a.EndReason, a.MergedInto)
		}
		last[a.ID] = *a
	}
	for _, a := range last {
		if a.State != detect.End && a.State != detect.Merged {
			wrong(&a, "the incident never ended")
		}
	}
	return b.String()
}

// ---- More properties

// towns gives a few towns, all attacks planted, in the order of time.
func towns(t *testing.T, judge func(t *testing.T, w *town)) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			w := newTown(1000+seed, 6*time.Hour)
			w.plant()
			w.misconfigured()
			w.settle(flowsPerMix)
			judge(t, w)
		})
	}
}

// All planted attacks are found, with exact figures, and nobody else is accused.
func TestPlantedAttacksAreFoundExactly(t *testing.T) {
	towns(t, func(t *testing.T, w *town) {
		records := w.inOrderOfArrival()
		r := newReference(detect.DefaultConfig())
		play(r, records, nil)
		w.expect(t, "reference", r.verdicts(), true)
		w.expect(t, "detector", verdictsOf(detected(detect.DefaultConfig(), records)), true)
	})
}

// Records that arrive up to 40 s late, in any order, as ipfixprobe gives them, hide no attack and make none up.
func TestReorderingHidesNothing(t *testing.T) {
	towns(t, func(t *testing.T, w *town) {
		w.delayed(40 * time.Second)
		records := w.inOrderOfArrival()
		r := newReference(detect.DefaultConfig())
		play(r, records, nil)
		w.expect(t, "reference", r.verdicts(), false)
		w.expect(t, "detector", verdictsOf(detected(detect.DefaultConfig(), records)), false)
	})
}

// expect looks for every planted incident, and for others. In the order of time all figures are exact.
func (w *town) expect(t *testing.T, who string, got []verdict, inOrder bool) {
	t.Helper()
	got = slices.DeleteFunc(slices.Clone(got), func(v verdict) bool { return v.MergedInto > 0 })
	for _, a := range w.attacks {
		i := slices.IndexFunc(got, func(v verdict) bool { return sameAttack(a.want, v) })
		if i < 0 {
			t.Errorf("%s: %s was not found:\n  %s", who, a.name, figures(a.want, true))
			continue
		}
		want, v := figures(a.want, a.exact && inOrder), figures(got[i], a.exact && inOrder)
		if want != v {
			t.Errorf("%s: %s\n  planted %s\n  found   %s", who, a.name, want, v)
		}
		got = slices.Delete(got, i, i+1)
	}
	for _, v := range got {
		t.Errorf("%s: found what was not planted: %s", who, v)
	}
}

// sameAttack says whether an incident is the planted one: kind and key, and not another one on the same key.
func sameAttack(want, got verdict) bool {
	return want.Kind == got.Kind && want.Registrar == got.Registrar && want.Client == got.Client &&
		want.Extension == got.Extension && got.First <= want.Last && want.First <= got.Last
}

// figures tells what has to be equal.
func figures(v verdict, all bool) string {
	if all {
		v.Opened, v.Ended, v.Absorb, v.KnownClient = 0, 0, 0, false
		return v.String()
	}
	out := v.Kind.String()
	for _, s := range v.Successes {
		out += fmt.Sprintf(", %s by %s at %s", s.Extension, s.Client, clockFace(s.Time))
	}
	return out
}

// Alerts are the same however often they are fetched.
func TestAlertsDoNotDependOnWhenTheyAreFetched(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			cfg, records := mix(2000 + seed)
			d, err := detect.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			tr := newTraffic(seed)
			var piecewise []detect.Alert
			often := 1 + tr.IntN(1000)
			play(d, records, func(int) {
				if tr.chance(often) {
					piecewise = append(piecewise, d.Alerts()...)
				}
			})
			piecewise = append(piecewise, d.Alerts()...)
			sameAlerts(t, detected(cfg, records), piecewise)
		})
	}
}

// With report = "end" there is one alert an incident: its last, and none of those that were merged.
func TestReportEndTellsTheSameIncidents(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			cfg, records := mix(5000 + seed)
			var want []detect.Alert
			for _, a := range detected(cfg, records) {
				if a.State == detect.End {
					a.Sequence = 1
					want = append(want, a)
				}
			}
			cfg.ReportEnd = true
			sameAlerts(t, want, detected(cfg, records))
		})
	}
}

// Traffic of others changes no alert of an incident.
func TestUnrelatedTrafficChangesNothing(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			b := newBrawl(3000 + seed)
			b.cfg.KnownGoodTTL = 24 * time.Hour // at the end the clock runs on for the others, too
			records := b.fight(flowsPerMix)
			among := slices.DeleteFunc(detected(b.cfg, amongOthers(b, records)), func(a detect.Alert) bool {
				return otherRegistrars.Contains(a.Registrar.Addr) || otherClients.Contains(a.Client.Addr)
			})
			sameAlerts(t, byIncident(detected(b.cfg, records)), byIncident(among))
		})
	}
}

var (
	otherRegistrars = netip.MustParsePrefix("11.0.0.0/8")
	otherClients    = netip.MustParsePrefix("192.0.0.0/8")
)

// byIncident puts alerts into an order that does not depend on whose incident was looked at first.
func byIncident(alerts []detect.Alert) []detect.Alert {
	slices.SortFunc(alerts, func(a, b detect.Alert) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.Sequence, b.Sequence))
	})
	return alerts
}

// amongOthers adds a brawl of others: of the same clients and extensions at other registrars, and of other clients with
// other extensions at the same registrars. Their records never move the clock, so that it stands as it did for each
// record of the first.
func amongOthers(b *brawl, records []record) []record {
	var out []record
	clock := int64(0)
	for _, r := range records {
		clock = max(clock, r.flow.Time)
		out = append(out, r)
		if r.n > 0 || b.chance(2) {
			continue
		}
		other := r
		other.flow.Time = clock - b.between(0, b.cfg.IdleTimeout/4)
		if b.chance(2) {
			at := other.flow.Registrar.As4()
			at[0] = 11
			other.flow.Registrar = netip.AddrFrom4(at)
		} else {
			other.flow.Client = addr4(192, 1+b.IntN(5))
			other.flow.Extension = "other" + other.flow.Extension
		}
		out = append(out, other)
	}
	return out
}

func sameAlerts(t *testing.T, want, got []detect.Alert) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("there is nothing to compare")
	}
	for i := range min(len(want), len(got)) {
		if w, g := fmt.Sprintf("%+v", want[i]), fmt.Sprintf("%+v", got[i]); w != g {
			t.Fatalf("alert %d\n want %s\n got  %s", i, w, g)
		}
	}
	if len(want) != len(got) {
		t.Fatalf("want %d alerts, got %d", len(want), len(got))
	}
}
