package journal

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

var now = time.Date(2026, 11, 22, 9, 40, 40, 0, time.UTC).UnixMilli()

func sampleFlow(n int) detect.Flow {
	return detect.Flow{
		Time: now + int64(n), Registrar: netip.MustParseAddr("198.18.0.10"), Client: netip.MustParseAddr("2001:db8::1"),
		RegistrarPort: 5060, ClientPort: uint16(n), Transport: detect.SCTP, Status: 401, Extension: "300@198.18.0.10",
		UserAgent: "friendly-scanner", Probe: "probe-a", Message: uint64(n) << 40,
	}
}

func sampleBatch() *flow.Batch {
	return &flow.Batch{
		Flows: []detect.Flow{sampleFlow(1), sampleFlow(2), {}, sampleFlow(0)},
		Marks: []flow.Mark{{Time: 5, Before: 0, N: 1}, {Time: 1, Before: 3, N: 1 << 30}},
	}
}

func chunkEntry(batch *flow.Batch) []byte {
	f := Fingerprint{1, 2, 3}
	return AppendBatch(append(AppendHead(nil, Chunk, now, 7), f[:]...), batch)
}

var compareBatches = cmp.Options{
	cmpopts.IgnoreUnexported(flow.Batch{}), cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty(),
}

// TestChunk: all that the detector looks at is there again.
func TestChunk(t *testing.T) {
	var e Entry
	batch := sampleBatch()
	for range 2 { // its memory is used again
		if err := e.Read(chunkEntry(batch)); err != nil {
			t.Fatal(err)
		}
		if e.Kind != Chunk || e.Now != now || e.Alert != 7 || e.Chunk != (Fingerprint{1, 2, 3}) {
			t.Errorf("the head is %+v", e)
		}
		if diff := cmp.Diff(*batch, e.Batch, compareBatches); diff != "" {
			t.Error(diff)
		}
	}
}

// FuzzEntry: any bytes as an entry. What is taken says the same when it is written again.
func FuzzEntry(f *testing.F) {
	f.Add(chunkEntry(sampleBatch()))
	f.Add(AppendHead(nil, Tick, now, 7))
	f.Add(AppendHead(nil, Delivered, now, 7))
	f.Add(append(AppendHead(nil, Rules, now, 7), "[detector]\nattempts = 5"...))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var e, again Entry
		if err := e.Read(payload); err != nil {
			return
		}
		if n := len(e.Batch.Flows) + len(e.Batch.Marks); n > len(payload) {
			t.Fatalf("%d flows and marks from %d bytes", n, len(payload))
		}
		written := AppendHead(nil, e.Kind, e.Now, e.Alert)
		switch e.Kind {
		case Chunk:
			written = AppendBatch(append(written, e.Chunk[:]...), &e.Batch)
		case Rules:
			written = append(written, e.Text...)
		}
		if err := again.Read(written); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, again, compareBatches); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAllOfAFlow: a field that detect.Flow gets has to be in the journal, or a restart would judge otherwise.
func TestAllOfAFlow(t *testing.T) {
	f := sampleFlow(1)
	for v, i := reflect.ValueOf(f), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("detect.Flow.%s is not tested: give it a value in sampleFlow, and write it in appendFlow", v.Type().Field(i).Name)
		}
	}
}
