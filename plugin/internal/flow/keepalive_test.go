package flow

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

// Phones that keep their NAT open with CRLF pings leave records of a message and up to 20 pings. Whoever is the sender of
// most octets and whatever the record's end: the registrar is always the same, and each phone is let in within a second
// of being asked for its password.
func TestKeepalivesChangeNeitherSenderNorTime(t *testing.T) {
	registrar, client := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("198.51.100.7")
	files, err := filepath.Glob(samples + "keepalive/*.jsonl.gz")
	must(t, err)
	if len(files) != 5 {
		t.Fatalf("%d recordings", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			d := newDecoder(t, Options{})
			var b Batch
			for _, line := range readLines(t, file) {
				d.Line(&b, line)
			}
			type phone struct {
				account string
				port    uint16
			}
			asked, answers := map[phone]int64{}, 0
			for _, f := range b.Flows {
				if f.Registrar != registrar || f.Client != client {
					t.Fatalf("sent between %v and %v, not the other way round: %+v", f.Registrar, f.Client, f)
				}
				p := phone{f.Extension, f.ClientPort}
				switch f.Status {
				case 0:
					continue
				case 401:
					asked[p] = f.Time
				default:
					if late := f.Time - asked[p]; late < 0 || late > 1000 {
						t.Fatalf("let in %d ms after the challenge: %+v", late, f)
					}
				}
				answers++
			}
			if want := map[bool]int{true: 180, false: 3600}[strings.HasPrefix(filepath.Base(file), "one_")]; answers != want {
				t.Errorf("%d answers, want %d", answers, want)
			}
		})
	}
}
