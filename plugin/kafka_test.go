package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestKafka: the records of an exporter go through a real Kafka, and the pipeline of conf/exporters/kafka.yaml makes of them what it
// makes of those that come straight from the exporter.
func TestKafka(t *testing.T) {
	if os.Getenv("SIPHUNT_KAFKA") == "" {
		t.Skip("NOT TESTED with a real Kafka: make test-kafka starts one")
	}
	fluentBitProgram(t)
	_, port, _ := net.SplitHostPort(freeAddress(t))
	records := startBroker(t, port)
	folder := t.TempDir()
	p := startFluentBit(t, "-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), exporterPipeline(t, "../conf/exporters/kafka.yaml", folder, port)))
	if _, err := io.WriteString(records, gunzip(t, "../testdata/flow/"+exporterRecordings["packetbeat"])); err != nil {
		t.Fatal(err)
	}
	p.reports(folder, "packetbeat")
}

// startBroker starts a broker, and returns where to write records to, a line each. It ends with the test.
func startBroker(t *testing.T, port string) io.Writer {
	t.Helper()
	const patience = 5 * time.Minute // it may have to come from Maven Central first
	command := exec.Command("../testdata/kafka/run.sh", filepath.Join(t.TempDir(), "node"), port)
	command.Stderr = t.Output()
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(ended)
		s := bufio.NewScanner(out)
		for s.Scan() && s.Text() != "ready" {
		}
		ready <- s.Err() == nil && s.Text() == "ready"
		_, _ = io.Copy(io.Discard, out) // until it ends
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		_ = in.Close()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = command.Process.Kill()
			<-ended
		}
	})
	select {
	case ok := <-ready:
		if !ok {
			t.Fatal("the broker ended before it was ready")
		}
	case <-time.After(patience):
		t.Fatalf("the broker was not ready within %s", patience)
	}
	return in
}
