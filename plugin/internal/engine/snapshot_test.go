package engine

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/journal"
)

func sampleFlow(n int) detect.Flow {
	return detect.Flow{
		Time: recorded.UnixMilli() + int64(n), Registrar: netip.MustParseAddr("198.18.0.10"), Client: netip.MustParseAddr("2001:db8::1"),
		RegistrarPort: 5060, ClientPort: uint16(n), Transport: detect.SCTP, Status: 401, Extension: "300@198.18.0.10",
		UserAgent: "friendly-scanner", Probe: "probe-a",
	}
}

// written is a snapshot, as it is on the disk.
func written(r *restored) ([]byte, error) {
	var b bytes.Buffer
	j := &judge{outbox: r.outbox, memory: r.memory}
	err := j.writeSnapshot(&b, &known{key: r.dedup.Key, recent: r.dedup.InOrder()})
	return b.Bytes(), err
}

// example is something that is known.
func example(o *Options) (*restored, error) {
	rules, err := newRules("[detector]\nattempts = 2\n", o)
	if err != nil {
		return nil, err
	}
	r, err := unknown(rules)
	if err != nil {
		return nil, err
	}
	for i := range 5 {
		flow := sampleFlow(i)
		r.detector.Observe(&flow)
		r.dedup.Counted(journal.Fingerprint{byte(i)})
	}
	r.outbox.SetLimit(10)
	for _, record := range []string{"open", "update", "success"} {
		r.outbox.Add(record == "update", []byte(record))
	}
	r.quota.minute, r.quota.passed = 60_000, 3
	r.quota.folded[detect.Scan][detect.Open] = 9
	return r, nil
}

// FuzzSnapshot: any bytes as a snapshot. It is taken or refused; what is taken is the same when it is written again.
func FuzzSnapshot(f *testing.F) {
	o := &Options{}
	rulesOf := func(text string, wall bool) (*rules, error) {
		r, err := newRules(text, o)
		if err == nil {
			r.config.WallClock = wall
		}
		return r, err
	}
	known, err := example(o)
	if err != nil {
		f.Fatal(err)
	}
	payload, err := written(known)
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []int{0, 1, 20, 60, len(payload) / 2, len(payload)} {
		f.Add(payload[:n])
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		known, err := readSnapshot(bytes.NewReader(payload), rulesOf)
		if err != nil {
			return
		}
		first, err := written(known)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readSnapshot(bytes.NewReader(first), rulesOf)
		if err != nil {
			t.Fatal(err)
		}
		second, err := written(again)
		if err != nil || string(first) != string(second) {
			t.Errorf("a snapshot of %d bytes comes back as one of %d that differs: %v", len(first), len(second), err)
		}
	})
}
