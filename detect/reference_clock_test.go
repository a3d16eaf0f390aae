package detect_test

import (
	"net/netip"
	"path"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// The reference, chapter The clock.

// Advance hears n records that only move the clock.
func (r *reference) Advance(t int64, n int) {
	for range n {
		r.hear(t)
	}
}

// Observe hears one record, and takes what is in it.
func (r *reference) Observe(f *detect.Flow) {
	if !r.hear(f.Time) {
		return
	}
	key := r.keyOf(f)
	if f.Status == 0 {
		r.request(key.ofClient(), f.UserAgent)
		return
	}
	if r.allowed(key) || r.seenByAnother(f) {
		return
	}
	switch {
	case r.isRejection(f.Status):
		r.rejection(r.pairOf(key), f.Time, f.Status)
	case isAcceptance(f.Status):
		r.acceptance(r.pairOf(key), f.Time)
	}
}

// hear moves the clock to a record, and says whether the record is accepted.
func (r *reference) hear(t int64) bool {
	hour := ms(time.Hour)
	if r.heard == 1 && t < r.clock-hour {
		alerts := r.alerts
		*r = *newReference(r.cfg)
		r.alerts = alerts
	}
	if r.heard == 0 {
		r.clock, r.started, r.heard = t, t, 1
		r.hour, r.grace = t/ms(time.Hour), min(330_000, ms(r.cfg.IdleTimeout))
		return true
	}
	if t > r.clock+hour { // rule 3
		if r.row > 0 && max(t-r.future, r.future-t) > hour {
			r.row = 0
		}
		r.row++
		r.future = t
		if r.row < 10 {
			return false
		}
	}
	r.row = 0
	if t < r.clock-ms(r.cfg.IdleTimeout) {
		return false
	}
	r.heard++
	r.moveTo(t)
	return true
}

// moveTo is rule 2.
func (r *reference) moveTo(t int64) {
	for r.nextCheck() <= t && r.anythingToCheck() {
		r.clock = r.nextCheck()
		r.check()
	}
	r.clock = max(r.clock, t)
}

func (r *reference) nextCheck() int64 {
	every := ms(r.cfg.CheckInterval)
	return r.clock/every*every + every
}

// anythingToCheck is false when checks could find nothing until the next record: it saves going through years of them.
func (r *reference) anythingToCheck() bool { return len(r.pairs)+len(r.open)+len(r.late) > 0 }

func (r *reference) check() {
	r.endIdle()
	r.measureGrace()
	r.judgeOverdue()
	r.lapse()
	r.endUnspread()
	r.judgeOutages()
	r.reportGrowth()
}

// Finish is rule 5.
func (r *reference) Finish() {
	for ended := r.heard == 0; !ended; {
		r.clock = r.nextCheck()
		r.check()
		ended = len(r.open) == 0
		for _, p := range r.pairs {
			ended = ended && !r.waiting(p)
		}
	}
}

// refMessage is what two probes have to agree on, and refSighting one of them.
type refMessage struct {
	message           uint64
	status            uint16
	registrar, client netip.Addr
}

type refSighting struct {
	second int64
	probes map[string]bool
}

// seenByAnother is rule 4.
func (r *reference) seenByAnother(f *detect.Flow) bool {
	if f.Message == 0 || f.Probe == "" {
		return false
	}
	m := refMessage{f.Message, f.Status, f.Registrar, f.Client.Unmap()}
	second := f.Time / 1000
	for _, apart := range []int64{0, -1, 1, -2, 2} {
		for _, s := range r.probed[m] {
			if s.second == second+apart && !s.probes[f.Probe] {
				s.probes[f.Probe] = true
				return true
			}
		}
	}
	r.probed[m] = append(r.probed[m], refSighting{second, map[string]bool{f.Probe: true}})
	return false
}

func globbed(glob, extension string) bool {
	ok, err := path.Match(glob, extension)
	return err == nil && ok
}
