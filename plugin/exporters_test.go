package main

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exporterRecordings are the records that each pipeline of conf/exporters is tried with.
var exporterRecordings = map[string]string{
	"suricata":   "suricata-packets/c_svcrack_success.jsonl.gz",
	"zeek":       "zeek/c_svcrack_success.jsonl.gz",
	"packetbeat": "packetbeat/c_svcrack_success.jsonl.gz",
	"tshark":     "tshark/c_svcrack_success.ek.jsonl.gz",
	"hep":        "hep/c_svcrack_success.jsonl.gz",
	"nemea":      "nemea/d2_distributed_success.biflow.unirec.jsonl.gz",
	"asterisk":   "asterisk/security.log.gz",
	"kafka":      "", // needs a broker: its configuration is checked only; TestKafka has one
}

// TestExporterPipelines: what users copy from conf/exporters works as it is, but for the places: the records go in as they would from
// the exporter, and the alerts come out that replay finds.
func TestExporterPipelines(t *testing.T) {
	files, err := filepath.Glob("../conf/exporters/*.yaml")
	if err != nil || len(files) != len(exporterRecordings) {
		t.Fatalf("%d pipelines, and records for %d (%v)", len(files), len(exporterRecordings), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			_, port, _ := net.SplitHostPort(freeAddress(t))
			config := exporterPipeline(t, file, folder, port)
			path := write(t, filepath.Join(folder, "fluent-bit.yaml"), config)
			recording := exporterRecordings[name]
			if recording == "" {
				dryRun(t, path)
				return
			}
			p := feed(t, config, path, folder, port, gunzip(t, "../testdata/flow/"+recording))
			p.reports(folder, name)
		})
	}
}

// exporterPipeline is a file of conf/exporters with other places, and a configuration for it.
func exporterPipeline(t *testing.T, file, folder, port string) string {
	t.Helper()
	write(t, filepath.Join(folder, "siphunt.toml"), withFlowClock(""))
	return strings.NewReplacer(
		"/usr/lib/fluent-bit/siphunt.so", built.plugin, "/etc/siphunt", folder, "/var/log/siphunt", folder+"/out",
		"/var/lib/fluent-bit/siphunt", folder, "5170", port, "kafka.example.net:9092", "127.0.0.1:"+port,
		"/var/log/suricata/siphunt-sip.json", folder+"/live.flows", "/opt/zeek/logs/current/sip.log", folder+"/live.flows",
		"/var/log/packetbeat/flows*.ndjson", folder+"/live*.flows", "/var/log/hep/*.json", folder+"/*.flows",
		"/var/log/asterisk/security", folder+"/live.flows",
	).Replace(read(t, file))
}

// reports waits for the alerts that are kept for an exporter, and compares them.
func (p *process) reports(folder, exporter string) {
	p.t.Helper()
	var expected []string
	for _, alert := range lines(read(p.t, filepath.Join("../testdata/exporters", exporter+".jsonl"))) {
		if !strings.Contains(alert, `"state":"end"`) { // time does not go on
			expected = append(expected, alert)
		}
	}
	if len(expected) == 0 {
		p.t.Fatal("no alerts are expected")
	}
	alerts := func() []string {
		b, _ := os.ReadFile(filepath.Join(folder, "out", "alerts.json")) // none so far
		return lines(string(b))
	}
	p.until("all alerts", func() bool { return len(alerts()) >= len(expected) })
	p.stop()
	compareAlerts(p.t, expected, alerts())
}

// feed starts Fluent Bit and gives it records in the way that the pipeline takes them.
func feed(t *testing.T, config, path, folder, port, records string) *process {
	t.Helper()
	switch {
	case strings.Contains(config, "name: stdin"):
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = out.Close() }) // Fluent Bit ends where its input does
		p := startFluentBitOn(t, in, "-c", path)
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, records); err != nil {
			t.Fatal(err)
		}
		return p
	case strings.Contains(config, "name: tcp"):
		p := startFluentBit(t, "-c", path)
		p.until("an open port", func() bool {
			c, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err != nil {
				return false
			}
			defer c.Close()
			_, err = io.WriteString(c, records)
			return err == nil
		})
		return p
	}
	flows := write(t, filepath.Join(folder, "live.flows"), "") // the tail input reads what comes after its start
	p := startFluentBit(t, "-c", path)
	p.until("the file to be seen", func() bool { return strings.Contains(read(t, p.log), "name="+flows) })
	write(t, flows, records)
	return p
}

func dryRun(t *testing.T, path string) {
	t.Helper()
	said, err := exec.Command(fluentBitProgram(t), "--dry-run", "-c", path).CombinedOutput()
	if err != nil || !strings.Contains(string(said), "configuration test is successful") {
		t.Errorf("%v\n%s", err, said)
	}
}
