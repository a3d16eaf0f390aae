package main

import (
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/figures"
)

// metricLogPause is the least time between two lines of figures.
const metricLogPause = time.Minute

// metricLog writes the figures to the log, where Fluent Bit has no metrics library for a plugin. Figures that are zero
// are left out.
type metricLog struct {
	log  func(slog.Level, string)
	next time.Time
}

func (x *metricLog) update(metrics []figures.Metric) {
	now := time.Now()
	if now.Before(x.next) {
		return
	}
	x.next = now.Add(metricLogPause)
	x.log(slog.LevelInfo, "metrics: "+metricLine(metrics))
}

func (x *metricLog) close() {}

// metricLine has the form of Prometheus, on one line.
func metricLine(metrics []figures.Metric) string {
	var all []string
	for _, m := range metrics {
		if m.Value == 0 {
			continue
		}
		var labels []string
		for _, l := range m.Labels {
			labels = append(labels, l[0]+"="+strconv.Quote(l[1]))
		}
		all = append(all, m.Name+"{"+strings.Join(labels, ",")+"} "+strconv.FormatFloat(m.Value, 'f', -1, 64))
	}
	if len(all) == 0 {
		return "all zero"
	}
	return strings.Join(all, " ")
}
