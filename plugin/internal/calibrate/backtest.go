package calibrate

import (
	"fmt"
	"slices"

	"github.com/siphunt/siphunt/detect"
)

// Tester compares configurations over the same records: the present one, the recommended one, and that without one of its changes.
type Tester struct {
	present     detect.Config
	result      *Result
	panel       panel
	now, new    *trial
	reference   *trial            // what it takes for an attack is one: the present configuration, but no tighter than the defaults
	without     map[string]*trial // by the key that is left as it is
	curves      []curve
	first, last int64
}

// NewTester returns a tester of what a result recommends, and of other values of some keys.
func NewTester(present *detect.Config, r *Result, curveKeys []string) (*Tester, error) {
	t := &Tester{present: *present, result: r, without: map[string]*trial{}}
	var err error
	add := func(cfg detect.Config) *trial {
		cfg.ReportEnd = false
		x, e := newTrial(cfg)
		if e != nil {
			err = e
			return nil
		}
		t.panel = append(t.panel, x)
		return x
	}
	t.now = add(*present)
	t.new = add(r.Apply(present))
	t.reference = add(Measuring(present))
	for _, key := range r.suspects() {
		without := r.clone()
		without.drop(key, 0)
		t.without[key] = add(without.Apply(present))
	}
	for _, key := range curveKeys {
		c, e := newCurve(present, key, add)
		if e != nil {
			return nil, e
		}
		t.curves = append(t.curves, c)
	}
	return t, err
}

// Feed gives the next records to all detectors; records is called for several of them at the same time.
func (t *Tester) Feed(records func(*detect.Detector)) {
	t.panel.feed(records)
	clock := t.now.detector.Stats().Clock
	if t.first == 0 {
		t.first = clock
	}
	t.last = clock
}

// Conclude completes the result when all records were seen. Changes that lose attacks are taken back; then what is recommended is another
// configuration, and to know its outcome takes another tester over the same records.
func (t *Tester) Conclude() (again bool) {
	t.panel.each((*trial).conclude)
	lost, gained := t.compare(t.new)
	b := &Backtest{
		Days: days(t.last - t.first), Present: t.now.outcome, Recommended: t.new.outcome,
		Lost: attacksOf(lost), Gained: attacksOf(gained),
	}
	if old := t.result.Backtest; old != nil {
		b.Dropped = old.Dropped
	}
	t.result.Backtest = b
	for i := range t.curves {
		t.result.Curves = append(t.result.Curves, t.curves[i].conclude(t))
	}
	attacks := t.realAttacks(lost)
	if len(attacks) == 0 {
		return false
	}
	keys := t.blamed(attacks)
	for key, attacks := range keys {
		t.result.drop(key, len(attacks))
	}
	for _, key := range sortedKeys(keys) {
		b.Dropped = append(b.Dropped, Dropped{key, attacksOf(keys[key])})
	}
	return true
}

// compare returns what the present configuration tells of and another one does not, and the other way round.
func (t *Tester) compare(other *trial) (lost, gained []*incident) {
	idle := t.present.IdleTimeout.Milliseconds()
	return t.now.missing(other, idle), other.missing(t.now, idle)
}

// blamed returns the changes without which fewer attacks are lost, with those attacks, or all if there is none.
func (t *Tester) blamed(lost []*incident) map[string][]*incident {
	blamed := map[string][]*incident{}
	for key, x := range t.without {
		still, _ := t.compare(x)
		if saved := slices.DeleteFunc(slices.Clone(lost), func(x *incident) bool { return slices.Contains(still, x) }); len(saved) > 0 {
			blamed[key] = saved
		}
	}
	if len(blamed) > 0 {
		return blamed
	}
	keys := t.result.suspects()
	if len(keys) == 0 {
		keys = t.result.changed()
	}
	for _, key := range keys {
		blamed[key] = lost
	}
	return blamed
}

// realAttacks leaves out what may well be phones, and what only thresholds below the defaults take for an attack.
func (t *Tester) realAttacks(all []*incident) (attacks []*incident) {
	known := t.reference.index()
	for _, x := range all {
		if (x.cause == "attack" || x.cause == "slow") && x.isToldIn(known, t.present.IdleTimeout.Milliseconds()) {
			attacks = append(attacks, x)
		}
	}
	return attacks
}

// maxListed is how many incidents are listed where two configurations differ.
const maxListed = 20

func attacksOf(all []*incident) (list []Attack) {
	for _, x := range all[:min(len(all), maxListed)] {
		list = append(list, x.Attack)
	}
	return list
}

// Sentence says in a few words what the back-test has found.
func (b *Backtest) Sentence() string {
	perDay := func(n int) string { return fmt.Sprintf("%.1f", float64(n)/max(b.Days, 1.0/24)) }
	return fmt.Sprintf("Back-test over %.1f days: %s incidents and %s alerts a day, as now %s and %s; attacks were told of %.0f s after their beginning (median), as now %.0f s.",
		b.Days, perDay(b.Recommended.Incidents), perDay(b.Recommended.Alerts), perDay(b.Present.Incidents), perDay(b.Present.Alerts),
		b.Recommended.AlertMedian, b.Present.AlertMedian)
}
