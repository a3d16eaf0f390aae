package engine

import (
	"log/slog"
	"sync"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
	"github.com/siphunt/siphunt/plugin/internal/ratelog"
)

// losses tells, once in a while, of what the detector and the outbox have given up.
type losses struct {
	mu     sync.Mutex
	before []uint64 // of lossReasons, when it was last asked
}

// loss is a reason to give something up.
type loss struct {
	reason string
	count  func(*detect.Stats, *outbox.Lost) uint64
}

var lossReasons = []loss{
	{"records dropped, late (older than the clock by more than detector.idle_timeout)",
		func(s *detect.Stats, _ *outbox.Lost) uint64 { return s.Late }},
	{"records dropped, time_rejected (from the future: is the exporter's clock right?)",
		func(s *detect.Stats, _ *outbox.Lost) uint64 { return s.TimeRejected }},
	{"pairs forgotten because of detector.max_pairs",
		func(s *detect.Stats, _ *outbox.Lost) uint64 { return s.Evicted }},
	{"incidents ended early because of detector.max_incidents",
		func(s *detect.Stats, _ *outbox.Lost) uint64 { return s.EndedEarly }},
	{"alerts lost because of alerts.outbox_limit, updates (does siphunt_alerts collect?)",
		func(_ *detect.Stats, l *outbox.Lost) uint64 { return l.Updates }},
	{"alerts lost because of alerts.outbox_limit, others (does siphunt_alerts collect?)",
		func(_ *detect.Stats, l *outbox.Lost) uint64 { return l.Others }},
}

// count returns what was lost since it was last called, by reason.
func (l *losses) count(s *detect.Stats, lost *outbox.Lost) []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.before == nil {
		l.before = make([]uint64, len(lossReasons))
	}
	n := make([]uint64, len(lossReasons))
	for i, reason := range lossReasons {
		total := reason.count(s, lost)
		n[i], l.before[i] = total-min(total, l.before[i]), total // another detector may have begun anew
	}
	return n
}

// tell logs what was lost.
func (l *losses) tell(e *Engine) {
	stats, now := e.figures.Read().Stats, e.now()
	_, lost := e.outbox.Waiting()
	for i, n := range l.count(&stats, &lost) {
		e.log.Add(now, slog.LevelWarn, lossReasons[i].reason, n, "")
	}
}

// tellDropped logs which records of a chunk were dropped.
func tellDropped(log *ratelog.Log, now time.Time, s *flow.Stats) {
	for i, n := range s.Dropped {
		if n == 0 {
			continue
		}
		level := slog.LevelWarn
		if flow.Reason(i) == flow.NotSIP { // a collector sends all its flows: nothing is wrong
			level = slog.LevelInfo
		}
		log.Add(now, level, "records dropped, "+flow.Reason(i).String(), n, s.Example[i])
	}
}
