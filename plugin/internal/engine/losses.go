package engine

import (
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// losses are the totals of what the detector and the outbox have given up.
type losses struct {
	late, fromFuture, evicted, endedEarly, updates, others uint64
}

// newLosses gives what was lost since it was last called. mu is held.
func (e *Engine) newLosses() losses {
	s := e.stats
	old := e.told
	e.told = losses{s.Late, s.TimeRejected, s.Evicted, s.EndedEarly, e.outbox.lostUpdates, e.outbox.lostOthers}
	return losses{
		e.told.late - old.late, e.told.fromFuture - old.fromFuture, e.told.evicted - old.evicted,
		e.told.endedEarly - old.endedEarly, e.told.updates - old.updates, e.told.others - old.others,
	}
}

// tell logs losses and dropped records, once in a while. mu is not held.
func (e *Engine) tell(l losses, s *flow.Stats) {
	now := e.now()
	for i, n := range s.Dropped {
		if n == 0 {
			continue
		}
		level := Warn
		if flow.Reason(i) == flow.NotSIP { // a collector sends all its flows: nothing is wrong
			level = Info
		}
		e.notices.add(now, level, "records dropped, "+flow.Reason(i).String(), n, s.Example[i])
	}
	e.notices.add(now, Warn, "records dropped, late (older than the clock by more than detector.idle_timeout)", l.late, "")
	e.notices.add(now, Warn, "records dropped, time_rejected (from the future: is the exporter's clock right?)", l.fromFuture, "")
	e.notices.add(now, Warn, "pairs forgotten because of detector.max_pairs", l.evicted, "")
	e.notices.add(now, Warn, "incidents ended early because of detector.max_incidents", l.endedEarly, "")
	e.notices.add(now, Warn, "alerts lost because of alerts.outbox_limit, updates (does siphunt_alerts collect?)", l.updates, "")
	e.notices.add(now, Warn, "alerts lost because of alerts.outbox_limit, others (does siphunt_alerts collect?)", l.others, "")
}
