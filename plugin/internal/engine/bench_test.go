package engine

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/judge"
)

// cesnet2 is the rate of the paper's network, records a second: 718,627,758 SIP records in a week.
const cesnet2 = 718_627_758 / (7 * 24 * 3600)

// traffic gives chunks of a good day: clients that are challenged and then accepted, requests in between, each chunk
// another; n records a chunk.
func traffic(b *testing.B, chunks, n int) [][]byte {
	b.Helper()
	all := make([][]byte, chunks)
	for i := range all {
		for j := range n {
			all[i] = appendRecord(all[i], i*n+j)
		}
	}
	return all
}

// appendRecord writes one as ipfixcol2 has it: of four, two are requests, one is a challenge and one an acceptance.
func appendRecord(b []byte, number int) []byte {
	phone := number / 4 % 5000
	client, server := fmt.Sprintf("10.1.%d.%d", phone/250, phone%250+1), "198.18.0.10"
	status, kind, agent := 0.0, 1.0, "Example Phone 5.1.2"
	if number%2 == 1 {
		client, server = server, client
		status, kind, agent = []float64{401, 200}[number/2%2], 99, ""
	}
	b = append(b, 0x92, 0x92, 0xd7, 0x00)
	b = binary.BigEndian.AppendUint32(b, uint32(recorded.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(number))
	fields := []any{ // always in the same order, as exporters have them
		"TIME_LAST", float64(recorded.UnixMilli()+int64(number/20)) / 1000, "SRC_IP", client, "DST_IP", server,
		"SRC_PORT", 5060.0, "DST_PORT", 5060.0, "PROTOCOL", 17.0, "PACKETS", 1.0, "BYTES", 400.0, "PACKETS_REV", 0.0, "BYTES_REV", 0.0,
		"SIP_MSG_TYPE", kind, "SIP_STATUS_CODE", status, "SIP_CSEQ", fmt.Sprintf("%d REGISTER", number/2%2+1),
		"SIP_CALLED_PARTY", fmt.Sprintf("sip:%d@pbx.example.net", 10_000+phone),
		"SIP_CALLING_PARTY", fmt.Sprintf("sip:%d@pbx.example.net", 10_000+phone),
		"SIP_CALL_ID", fmt.Sprintf("%016x@%s", number, client), "SIP_USER_AGENT", agent,
	}
	b = append(b, 0x80, 0xde, 0, byte(len(fields)/2))
	for _, f := range fields {
		b = pack(b, f)
	}
	return b
}

// cpu is what the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func stateful(b *testing.B, fsync string) *Engine {
	b.Helper()
	config := "[detector]\nmax_future = \"240h\"\n"
	if fsync != "" {
		config += fmt.Sprintf("[state]\nstate_dir = %q\nfsync = %q\n", b.TempDir(), fsync)
	}
	file := b.TempDir() + "/siphunt.toml"
	write(b, file, config)
	e, err := Open(Options{ConfigFile: file})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(e.Close)
	return e
}

var policies = []string{"", config.FsyncNone, config.FsyncInterval, config.FsyncAlways}

// perChunk is how many records a chunk has at full speed: Fluent Bit closes it at 2 MB.
const perChunk = 4000

// BenchmarkFlush is full speed, with each way of keeping the state; "cpu-ns/record" is what counts, all goroutines and
// the system included.
func BenchmarkFlush(b *testing.B) {
	const n = perChunk
	all := traffic(b, 50, n)
	for _, fsync := range policies {
		b.Run("fsync="+fsync, func(b *testing.B) {
			e := stateful(b, fsync)
			i, begin := 0, cpu()
			for b.Loop() {
				e.Flush(all[i%len(all)])
				i++
			}
			settled(e)
			records := float64(b.N) * n
			b.ReportMetric(float64(cpu()-begin)/records, "cpu-ns/record")
			b.ReportMetric(float64(b.Elapsed())/records, "ns/record")
			b.ReportMetric(figure(b, e, "journal_bytes_total")/records, "journal-B/record")
		})
	}
}

// BenchmarkCESNET2 gives a chunk a second of the paper's rate, five seconds long; "%core" is what is used of one.
func BenchmarkCESNET2(b *testing.B) {
	const seconds = 5
	all := traffic(b, seconds, cesnet2)
	for _, fsync := range policies {
		b.Run("fsync="+fsync, func(b *testing.B) {
			e := stateful(b, fsync)
			for b.Loop() {
				begin := cpu()
				second := time.NewTicker(time.Second)
				for i := range seconds {
					e.Flush(all[i])
					<-second.C
				}
				second.Stop()
				b.ReportMetric(100*float64(cpu()-begin)/float64(seconds*time.Second), "%core")
			}
		})
	}
}

// BenchmarkRecovery is the start after a crash, for each record in the journal.
func BenchmarkRecovery(b *testing.B) {
	const n = perChunk
	all := traffic(b, 50, n)
	folder := b.TempDir()
	file := folder + "/siphunt.toml"
	write(b, file, fmt.Sprintf("[detector]\nmax_future = \"240h\"\n[state]\nstate_dir = %q\nsnapshot_interval = \"24h\"\n", folder+"/state"))
	e, err := Open(Options{ConfigFile: file})
	if err != nil {
		b.Fatal(err)
	}
	for _, chunk := range all {
		e.Flush(chunk)
	}
	b.Cleanup(e.Close)
	o := Options{ConfigFile: file}
	o.complete()
	r, err := o.source().Load()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := judge.Restore(e.checkpoints.store, o.Name, o.source(), r, judge.Formats); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(len(all)*n), "ns/record")
}
