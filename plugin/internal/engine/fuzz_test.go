package engine

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// FuzzEntry: any bytes as an entry of the journal. What is taken says the same when it is written again, and the engine
// that lives through it does not fall.
func FuzzEntry(f *testing.F) {
	batch := flow.Batch{
		Flows: []detect.Flow{sampleFlow(1), sampleFlow(2), {}},
		Marks: []flow.Mark{{Time: 5, Before: 0, N: 1}, {Time: 1, Before: 3, N: 1 << 30}},
	}
	chunk := append(appendEntry(nil, entryFlows, recorded.UnixMilli(), 7), make([]byte, 16)...)
	f.Add(appendBatch(chunk, &batch))
	f.Add(appendEntry(nil, entryTick, recorded.UnixMilli(), 7))
	f.Add(appendEntry(nil, entryDelivered, recorded.UnixMilli(), 7))
	f.Add(append(appendEntry(nil, entryRules, recorded.UnixMilli(), 7), "[detector]\nattempts = 5"...))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var n, again entry
		if err := n.read(payload); err != nil {
			return
		}
		if len(n.batch.Flows)+len(n.batch.Marks) > len(payload) {
			t.Fatalf("%d flows and marks from %d bytes", len(n.batch.Flows)+len(n.batch.Marks), len(payload))
		}
		if n.kind == entryFlows {
			written := appendBatch(append(appendEntry(nil, n.kind, n.now, n.alert), n.chunk[:]...), &n.batch)
			if err := again.read(written); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(n.batch, again.batch, cmpopts.IgnoreUnexported(flow.Batch{}), cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
		e := &Engine{name: "main", now: (&clock{time: recorded}).now}
		e.setLog(nil)
		o := &Options{}
		r, err := loadRules(o)
		if err != nil {
			t.Fatal(err)
		}
		e.rules.Store(r)
		e.detector, _ = detect.New(r.config.Detector)
		e.deliveries, _ = newDeliveries(nil)
		if err := e.relive(&n, payload, o); err != nil && n.kind != entryRules {
			t.Error(err)
		}
	})
}

func sampleFlow(n int) detect.Flow {
	return detect.Flow{
		Time: recorded.UnixMilli() + int64(n), Registrar: netip.MustParseAddr("198.18.0.10"), Client: netip.MustParseAddr("2001:db8::1"),
		RegistrarPort: 5060, ClientPort: uint16(n), Transport: detect.SCTP, Status: 401, Extension: "300@198.18.0.10",
		UserAgent: "friendly-scanner", Probe: "probe-a",
	}
}

// written is a snapshot, as it is on the disk.
func written(m *memory, r *rules) ([]byte, error) {
	b := bytes.NewBuffer(m.head(r))
	err := m.detector.Snapshot(b)
	return b.Bytes(), err
}

// FuzzMemory: any bytes as a snapshot. It is taken or refused; what is taken is the same when it is written again.
func FuzzMemory(f *testing.F) {
	o := &Options{}
	rulesOf := func(text string, wall bool) (*rules, error) {
		r, err := newRules(text, o)
		if err == nil {
			r.config.WallClock = wall
		}
		return r, err
	}
	r, err := rulesOf("[detector]\nattempts = 2\n", true)
	if err != nil {
		f.Fatal(err)
	}
	m := &memory{quota: quota{minute: 60_000, passed: 3}}
	m.detector, _ = detect.New(r.config.Detector)
	m.deliveries, _ = newDeliveries(nil)
	for i := range 5 {
		flow := sampleFlow(i)
		m.detector.Observe(&flow)
		m.deliveries.counted(fingerprint{byte(i)})
	}
	m.outbox.setLimit(10)
	fill(&m.outbox, "open", "update", "success")
	m.quota.folded[detect.Scan][detect.Open] = 9
	payload, err := written(m, r)
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []int{0, 1, 20, 60, len(payload) / 2, len(payload)} {
		f.Add(payload[:n])
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, r, err := readMemory(bytes.NewReader(payload), rulesOf)
		if err != nil {
			return
		}
		first, err := written(m, r)
		if err != nil {
			t.Fatal(err)
		}
		again, r, err := readMemory(bytes.NewReader(first), rulesOf)
		if err != nil {
			t.Fatal(err)
		}
		second, err := written(again, r)
		if err != nil || string(first) != string(second) {
			t.Errorf("a snapshot of %d bytes comes back as one of %d that differs: %v", len(first), len(second), err)
		}
	})
}
