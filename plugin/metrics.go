package main

/*
#include <stdlib.h>
#include "metrics.h"
*/
import "C"

import (
	"sync"
	"time"
	"unsafe"

	"github.com/siphunt/siphunt/plugin/internal/figures"
)

// metricsExported says whether the executable has Fluent Bit's metrics library.
func metricsExported() bool { return C.metrics_exported() != 0 }

// metricExport keeps the figures among the metrics of a Fluent Bit instance, which Fluent Bit shows on its Prometheus
// endpoint. All series are made on Fluent Bit's engine thread, which is also the one that reads them; from then on only
// values change, and those are atomic in the metrics library.
type metricExport struct {
	mu     sync.Mutex
	set    unsafe.Pointer // Fluent Bit's metrics of the instance; nil when closed
	series map[string]*series
	made   map[string]unsafe.Pointer // metrics by name
}

// series is one metric with one set of label values. All that it points to is C memory.
type series struct {
	metric unsafe.Pointer
	gauge  C.int
	labels cStrings
}

func newMetricExport(set unsafe.Pointer) *metricExport {
	return &metricExport{set: set, series: make(map[string]*series), made: make(map[string]unsafe.Pointer)}
}

func (x *metricExport) update(metrics []figures.Metric) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.set == nil {
		return
	}
	now := C.uint64_t(time.Now().UnixNano())
	for i := range metrics {
		if s := x.find(&metrics[i]); s.metric != nil {
			C.metric_set(s.metric, s.gauge, now, C.double(metrics[i].Value), s.labels.n(), s.labels.array())
		}
	}
}

// find gives the series of a metric, and makes it at the first time.
func (x *metricExport) find(m *figures.Metric) *series {
	key := m.Name
	for _, l := range m.Labels {
		key += "\x00" + l[1]
	}
	s := x.series[key]
	if s == nil {
		s = &series{metric: x.metric(m), gauge: gauge(m), labels: newCStrings(m.Labels, 1)}
		x.series[key] = s
	}
	return s
}

func (x *metricExport) metric(m *figures.Metric) unsafe.Pointer {
	if p, ok := x.made[m.Name]; ok {
		return p
	}
	text := cStrings{C.CString(m.Name), C.CString(m.Help)}
	names := newCStrings(m.Labels, 0)
	defer text.free()
	defer names.free()
	p := C.metric_create(x.set, gauge(m), text[0], text[1], names.n(), names.array())
	x.made[m.Name] = p
	return p
}

// close comes before Fluent Bit destroys the instance's metrics.
func (x *metricExport) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.set = nil
	for _, s := range x.series {
		s.labels.free()
	}
	clear(x.series)
}

func gauge(m *figures.Metric) C.int {
	if m.Kind == figures.Gauge {
		return 1
	}
	return 0
}

// cStrings is an array of C strings.
type cStrings []*C.char

// newCStrings takes the names (part 0) or the values (part 1) of labels.
func newCStrings(labels [][2]string, part int) cStrings {
	s := make(cStrings, len(labels))
	for i, l := range labels {
		s[i] = C.CString(l[part])
	}
	return s
}

func (s cStrings) n() C.int        { return C.int(len(s)) }
func (s cStrings) array() **C.char { return unsafe.SliceData(s) }

func (s cStrings) free() {
	for _, p := range s {
		C.free(unsafe.Pointer(p))
	}
}
