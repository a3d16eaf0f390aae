package week

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// TestDecoded reads the records of the first hours in every form and under all names, and finds every step again.
func TestDecoded(t *testing.T) {
	for _, form := range []string{traffic.JSONL, traffic.Chunks} {
		for _, names := range []string{traffic.Ipfixprobe, traffic.Ipfixcol2} {
			t.Run(form+"/"+names, func(t *testing.T) {
				g, err := New(1, MinScale)
				if err != nil {
					t.Fatal(err)
				}
				e, err := NewEncoder(form, names)
				if err != nil {
					t.Fatal(err)
				}
				config := detect.DefaultConfig()
				d, err := flow.NewDecoder(flow.Options{Format: names, Wants: config.Wants})
				if err != nil {
					t.Fatal(err)
				}
				var (
					s    Step
					b    []byte
					got  flow.Batch
					last int64
				)
				for range 20_000 {
					if !g.Next(&s) {
						t.Fatal("the week is over")
					}
					b = e.Append(b[:0], &s)
					if s.Flow.Status == 0 {
						continue
					}
					got.Reset()
					if form == traffic.Chunks {
						d.Chunk(&got, b)
					} else {
						for line := range bytes.Lines(b) {
							d.Line(&got, line)
						}
					}
					request, answer := s.Request(), s.Answer()
					if names == traffic.Ipfixprobe {
						request.Probe, answer.Probe = "1", "1"
					}
					if diff := cmp.Diff([]detect.Flow{request, answer}, got.Flows, cmpopts.EquateComparable(netip.Addr{}),
						cmpopts.IgnoreFields(detect.Flow{}, "Message")); diff != "" {
						t.Fatalf("(-step +decoded)\n%s\n%q", diff, b)
					}
					if int(got.Stats.Records) != s.Others+2 || got.Stats.Relevant != 1 || int(got.Stats.Other) != s.Others+1 {
						t.Fatalf("%d others before an answer: %+v\n%q", s.Others, got.Stats, b)
					}
					for _, m := range got.Marks {
						if m.Time < last || m.Time > s.Flow.Time {
							t.Fatalf("a record at %d, between the steps at %d and %d", m.Time, last, s.Flow.Time)
						}
					}
					last = s.Flow.Time
				}
			})
		}
	}
}

// BenchmarkRecord is what it costs to make a record, of which there are 719 million in the whole week.
func BenchmarkRecord(b *testing.B) {
	for _, form := range []string{traffic.Chunks, traffic.JSONL} {
		for _, names := range []string{traffic.Ipfixprobe, traffic.Ipfixcol2} {
			b.Run(form+"/"+names, func(b *testing.B) {
				g, err := New(1, 0.1)
				if err != nil {
					b.Fatal(err)
				}
				e, err := NewEncoder(form, names)
				if err != nil {
					b.Fatal(err)
				}
				var s Step
				chunk := make([]byte, 0, 3<<20)
				bytes, records := 0, 0
				for b.Loop() {
					if records > 0 {
						records--
						continue
					}
					g.Next(&s)
					n := len(chunk)
					chunk = e.Append(chunk, &s)
					bytes += len(chunk) - n
					records = s.Others + 1
					if len(chunk) > 2<<20 {
						chunk = chunk[:0]
					}
				}
				b.ReportMetric(float64(bytes)/float64(b.N), "B/record")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}
