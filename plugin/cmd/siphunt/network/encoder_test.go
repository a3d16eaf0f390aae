package network

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// TestDecoded reads the records of a network as an exporter writes them, and finds every flow again.
func TestDecoded(t *testing.T) {
	for _, tt := range []struct{ exporter, form, names string }{
		{Ipfixprobe, traffic.JSONL, traffic.Ipfixcol2},
		{TwoProbes, traffic.Chunks, traffic.Ipfixprobe},
	} {
		t.Run(tt.form+"/"+tt.names, func(t *testing.T) {
			e, err := NewEncoder(tt.form, tt.names)
			if err != nil {
				t.Fatal(err)
			}
			config := detect.DefaultConfig()
			d, err := flow.NewDecoder(flow.Options{Format: tt.names, Wants: config.Wants})
			if err != nil {
				t.Fatal(err)
			}
			var b []byte
			var got flow.Batch
			decoded, spellings := 0, map[string]bool{}
			digest(t, small(tt.exporter), func(r *Record) {
				if t.Failed() || r.Status > 0 && !config.Wants(int(r.Status)) {
					return // a 503
				}
				b = e.Append(b[:0], r)
				got.Reset()
				if tt.form == traffic.Chunks {
					d.Chunk(&got, b)
				} else {
					d.Line(&got, bytes.TrimSuffix(b, []byte("\n")))
				}
				want := r.Flow
				if tt.names == traffic.Ipfixprobe {
					want.Probe = "1"
					if r.Probe > 1 {
						want.Probe = "2"
					}
				}
				if len(got.Flows) != 1 || !same(&got.Flows[0], &want) {
					t.Errorf("(-flow +decoded)\n%s\n%q", cmp.Diff([]detect.Flow{want}, got.Flows, cmpopts.EquateComparable(netip.Addr{})), b)
					return
				}
				decoded++
				if r.Spelling != "" {
					spellings[r.Spelling] = true
				}
			})
			if decoded < 500_000 || len(spellings) < 100*instances {
				t.Errorf("%d records, %d spellings", decoded, len(spellings))
			}
		})
	}
}

// same compares flows but for the hash of the message, which need not be the decoder's.
func same(a, b *detect.Flow) bool {
	x, y := *a, *b
	x.Message, y.Message = 0, 0
	return x == y && (a.Message == 0) == (a.Probe == "")
}

// TestSpelled: no form is like another, and none like the account itself.
func TestSpelled(t *testing.T) {
	const account = "700123@pbx7.example.net"
	forms := map[string]bool{account: true}
	for i := range 60 {
		forms[spelled(account, i)] = true
	}
	if len(forms) != 61 {
		t.Errorf("%d forms", len(forms))
	}
	if got := spelled(account, 1); !strings.EqualFold(got, "7%300123@pbx7.example.net:5061;transport=udp?x=1") {
		t.Error(got)
	}
}
