package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// liveMetrics are the metrics of a detector, from Fluent Bit's Prometheus endpoint. They tell what the state does not: records that were
// dropped, alerts that wait.
type liveMetrics struct {
	url      string
	detector string
	values   map[string]float64 // by name, added up where there are further labels
}

// Bounds of what is read: the endpoint has the metrics of all of Fluent Bit.
const (
	maxMetrics     = 16 << 20
	metricsTimeout = 2 * time.Second
)

// metricLine is one with a metric of siphunt: name, labels and value.
var metricLine = regexp.MustCompile(`^fluentbit_siphunt_([a-z_]+)\{([^}]*)\} ([0-9.eE+-]+)`)

// read asks for them.
func (m *liveMetrics) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, metricsTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", m.url, answer.Status)
	}
	m.values = map[string]float64{}
	lines := bufio.NewScanner(io.LimitReader(answer.Body, maxMetrics))
	for lines.Scan() {
		m.add(lines.Text())
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if len(m.values) == 0 {
		return fmt.Errorf("%s: there are no metrics of detector %q", m.url, m.detector)
	}
	return nil
}

// add takes a line, if it is of this detector.
func (m *liveMetrics) add(line string) {
	s := metricLine.FindStringSubmatch(line)
	if s == nil || !strings.Contains(","+s[2]+",", `,detector="`+m.detector+`",`) {
		return
	}
	if v, err := strconv.ParseFloat(s[3], 64); err == nil {
		m.values[s[1]] += v
	}
}

// line says it.
func (m *liveMetrics) line() string {
	v := m.values
	dropped := 0.
	if v["records_total"] > 0 {
		dropped = 100 * v["dropped_total"] / v["records_total"]
	}
	return fmt.Sprintf("%.0f records since the start, %.1f %% dropped, %.0f alerts waiting, %.0f lost, %.1f MiB queued, %.0f faults",
		v["records_total"], dropped, v["alerts_waiting"], v["alerts_lost_total"], v["queue_bytes"]/(1<<20), v["panics_total"]+v["state_faults_total"])
}
