//go:build linux

package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

func TestFluentBitSoak(t *testing.T) {
	fluentBitProgram(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "siphunt.toml"), fmt.Sprintf(soakConfig, filepath.Join(folder, "state")))
	f := &soakedFluentBit{t: t, address: freeAddress(t), page: freeAddress(t)}
	host, port, _ := net.SplitHostPort(f.address)
	httpHost, httpPort, _ := net.SplitHostPort(f.page)
	f.config = write(t, filepath.Join(folder, "fluent-bit.yaml"), fmt.Sprintf(`service:
  flush: 1
  grace: 5
  log_level: info
  hot_reload: on
  http_server: on
  http_listen: %[5]s
  http_port: %[6]s
  storage.path: %[2]s/storage
plugins:
  - %[1]s
  - %[1]s
pipeline:
  inputs:
    - name: forward
      listen: %[3]s
      port: %[4]s
      storage.type: filesystem
    - name: siphunt_alerts
      tag: alerts
  outputs:
    - name: siphunt
      match: flows
      config: %[2]s/siphunt.toml
    - name: 'null'
      match: alerts
`, built.plugin, folder, host, port, httpHost, httpPort))
	length, parts := soakLength(t), 30
	if length < time.Minute {
		parts = 5 // a hot reload of Fluent Bit takes some seconds
	}
	soak(t, f, length, parts)
}

// soakedFluentBit is a real Fluent Bit, to which chunks are forwarded. It acknowledges each, so that none is lost or comes twice.
type soakedFluentBit struct {
	t             *testing.T
	config        string
	address, page string
	process       *process
	connection    net.Conn
	reloads       int // of this process
	chunks        int
}

func (f *soakedFluentBit) id() int { return f.process.command.Process.Pid }

func (f *soakedFluentBit) start() {
	f.t.Helper()
	f.reloads = 0
	f.process = startFluentBit(f.t, "-c", f.config)
	f.connect()
}

func (f *soakedFluentBit) connect() {
	f.t.Helper()
	f.process.until("the input", func() (ok bool) {
		var err error
		f.connection, err = net.Dial("tcp", f.address)
		return err == nil
	})
}

func (f *soakedFluentBit) reload() {
	f.t.Helper()
	_ = f.connection.Close()
	if err := f.process.command.Process.Signal(syscall.SIGHUP); err != nil {
		f.t.Fatal(err)
	}
	f.reloads++
	f.process.until("the reload", func() bool {
		return strings.Count(read(f.t, f.process.log), "successful reload done") == f.reloads
	})
	f.connect()
}

// feed sends chunks as the Forward protocol has it (PackedForward mode), and waits until Fluent Bit has each.
func (f *soakedFluentBit) feed(chunks [][]byte) {
	f.t.Helper()
	for _, chunk := range chunks {
		f.chunks++
		id := fmt.Sprint(f.chunks)
		message := msgp.AppendString(msgp.AppendArrayHeader(nil, 3), "flows")
		message = msgp.AppendMapHeader(msgp.AppendBytes(message, chunk), 1)
		message = msgp.AppendString(msgp.AppendString(message, "chunk"), id)
		if _, err := f.connection.Write(message); err != nil {
			f.t.Fatal(err)
		}
		want := msgp.AppendString(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "ack"), id)
		got := make([]byte, len(want))
		_ = f.connection.SetReadDeadline(time.Now().Add(patience))
		if n, err := f.connection.Read(got); err != nil || string(got[:n]) != string(want) {
			f.t.Fatalf("chunk %s is answered by %q: %v", id, got[:n], err)
		}
	}
}

func (f *soakedFluentBit) stop(records int) {
	f.t.Helper()
	_ = f.connection.Close()
	counted := func() float64 { return metricValue(f.page, `fluentbit_siphunt_records_total{detector="main"}`) }
	for end := time.Now().Add(patience); counted() < float64(records) && time.Now().Before(end); {
		time.Sleep(time.Second)
	}
	time.Sleep(2 * time.Second) // for what should not come
	if n := counted(); n != float64(records) {
		f.t.Errorf("%.0f records were counted, %d were sent", n, records)
	}
	if n := metricValue(f.page, `fluentbit_siphunt_panics_total{detector="main"}`); n != 0 {
		f.t.Errorf("%v panics", n)
	}
	f.process.stop()
}
