package sample

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// What is written over a record is what it says then, in all of its fields, and nothing else has changed.
func TestWriteOver(t *testing.T) {
	c := New(100, 1, Ipfixcol2, UniRec)
	before := bytes.Clone(c.Bytes)
	c.Advance(0)
	if !bytes.Equal(before, c.Bytes) {
		t.Fatal("no time passed, and the chunk is another")
	}
	for _, i := range c.Relevant {
		c.SetTime(i, Start+86_400_000+int64(i))
		c.SetAnswer(i, 99_000_000+i, 7+i, 403)
	}
	names := map[string]bool{}
	rest := c.Bytes
	for i := range c.Len() {
		record, err := msgp.Skip(rest[13:])
		if err != nil {
			t.Fatal(err)
		}
		fields, _, err := msgp.ReadMapStrIntfBytes(rest[13:len(rest)-len(record)], nil)
		if err != nil {
			t.Fatal(err)
		}
		rest = record
		ms := Start + 86_400_000 + int64(i)
		for name, value := range fields {
			var want any
			switch name {
			case "iana:sourceIPv4Address", "SRC_IP":
				want = string(appendClient(nil, 99_000_000+i))
			case "cesnet:SIPVia":
				want = "SIP/2.0/UDP " + string(appendClient(nil, 99_000_000+i)) + ":5060"
			case "cesnet:SIPCalledParty", "SIP_CALLED_PARTY", "cesnet:SIPCallingParty", "SIP_CALLING_PARTY":
				want = "sip:" + string(appendUser(nil, 7+i)) + "@pbx.example.net"
			case "cesnet:SIPStatusCode", "SIP_STATUS_CODE":
				want = uint64(403)
			case "TIME_LAST":
				want = float64(ms) / 1000
			case "iana:flowEndMicroseconds", "iana:flowStartMicroseconds":
				want = time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
			default:
				continue
			}
			if value != want {
				t.Errorf("record %d: %s is %v, want %v", i, name, value, want)
			}
			name, _ = strings.CutPrefix(name, "cesnet:")
			names[name] = true
		}
	}
	if len(names) != 12 {
		t.Errorf("looked at %v", names)
	}
}
