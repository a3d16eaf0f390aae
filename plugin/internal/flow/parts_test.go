package flow

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/tinylib/msgp/msgp"
)

var extensions = []struct{ header, account, user string }{
	{"sip:300@198.18.0.10", "300@198.18.0.10", "300"},
	{"sips:300@pbx.example.net", "300@pbx.example.net", "300"},
	{"SIP:Alice@PBX.Example.NET", "Alice@pbx.example.net", "Alice"},
	{"sip:alice@PBX.Example.NET", "alice@pbx.example.net", "alice"},
	{"sip:301@198.18.0.10:5060;transport=udp;user=phone", "301@198.18.0.10", "301"},
	{"sip:301@198.18.0.10?Subject=x@y", "301@198.18.0.10", "301"},
	{"sip:301:secret@198.18.0.10", "301@198.18.0.10", "301"},
	{"sip:301;phone-context=x@198.18.0.10", "301@198.18.0.10", "301"},
	{"sip:%33%30%31@198.18.0.10", "301@198.18.0.10", "301"},
	{"sip:a%40b%zz%4@c", "a@b%zz%4@c", "a@b%zz%4"},
	{"sip:301@[2001:DB8::10]:5060", "301@[2001:db8::10]", "301"},
	{"sip:301@[2001:db8::10", "301@[2001", "301"}, // cut off by an exporter
	{`"300" <sip:300@198.18.0.10>`, "300@198.18.0.10", "300"},
	{`"300"<sip:300@198.18.0.10>;tag=7f29@x`, "300@198.18.0.10", "300"},
	{`Bob <sip:bob@example.net;lr>;tag=1`, "bob@example.net", "bob"},
	{`"a \" <sip:no@no> \\" <sip:yes@example.net>`, "yes@example.net", "yes"},
	{`"never closed <sip:1@x>`, "", ""},
	{`sip: hotline" <sip:301@198.18.0.10`, "301@198.18.0.10", "301"},
	{"sip:301@198.18.0.10;tag=x", "301@198.18.0.10", "301"},
	{" \t<sip:301@x> ", "301@x", "301"},
	{"<tel:+420-123456;phone-context=x>", "+420-123456", "+420-123456"},
	{"tel:%2b420", "+420", "+420"},
	{"sip:198.18.0.10", "@198.18.0.10", ""},
	{"sip:198.18.0.10:5060;transport=udp", "@198.18.0.10", ""},
	{"sip:@Example.net", "@example.net", ""},
	{"sip:301@", "301", "301"},
	{"301", "301", "301"},
	{"301@Example.NET", "301@example.net", "301"},
	{"sip", "", ""}, {"SIPS", "", ""}, {"tel", "", ""}, {"sip:", "", ""}, {"", "", ""}, {"<>", "", ""}, {"@", "", ""},
	{"sip:\x00\xff@h", "\x00\xff@h", "\x00\xff"},
}

func TestExtension(t *testing.T) {
	for _, test := range extensions {
		var b Batch
		if got := b.extension(test.header, true); got != test.account {
			t.Errorf("%q is the account %q, want %q", test.header, got, test.account)
		}
		if got := b.extension(test.header, false); got != test.user {
			t.Errorf("%q is the user %q, want %q", test.header, got, test.user)
		}
	}
}

// The common form is not copied, and nothing is once the scratch memory has its size.
func TestExtensionIsBorrowed(t *testing.T) {
	var b Batch
	uri := "sip:300@198.18.0.10"
	if got := b.extension(uri, true); unsafe.StringData(got) != unsafe.StringData(uri[4:]) {
		t.Errorf("%q was copied", got)
	}
	long := "<sip:%41" + strings.Repeat("b", 1<<16) + "@EXAMPLE.NET:5060>"
	if n := testing.AllocsPerRun(10, func() {
		b.scratch = b.scratch[:0]
		b.extension(long, true)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzExtension(f *testing.F) {
	for _, test := range extensions {
		f.Add(test.header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		var b Batch
		for _, domain := range []bool{true, false} {
			got := strings.Clone(b.extension(header, domain))
			if len(got) > len(header)+1 { // the @ of "@domain"
				t.Errorf("%q grew to %q", header, got)
			}
			if strings.ContainsAny(header, "<> \t\r\n\"") {
				continue
			}
			if named := b.extension(`"A <b>" <`+header+`>;tag=x`, domain); named != got {
				t.Errorf("%q is %q, within a header %q", header, got, named)
			}
		}
	})
}

var methods = []struct{ cseq, method string }{
	{"2 REGISTER", "REGISTER"}, {"7    REGISTER", "REGISTER"}, {" 7\tREGISTER ", "REGISTER"}, {"2147483647 INVITE", "INVITE"},
	{"REGISTER", "REGISTER"}, {"1 register", "register"}, {"12", ""}, {"", ""}, {"1 REGISTER x", "REGISTER x"},
}

func TestCSeqMethod(t *testing.T) {
	d := newDecoder(t, Options{Methods: []string{"REGISTER", "PUBLISH"}})
	for _, test := range methods {
		got := cseqMethod(test.cseq)
		if got != test.method {
			t.Errorf("the method of %q is %q, want %q", test.cseq, got, test.method)
		}
		if counts := strings.EqualFold(test.method, "REGISTER"); d.counts(got) != counts {
			t.Errorf("%q counts: %v", test.cseq, !counts)
		}
	}
	if !d.counts("PUBLISH") || d.counts("INVITE") {
		t.Error("not the methods of the options count")
	}
}

func FuzzCSeq(f *testing.F) {
	for _, test := range methods {
		f.Add(test.cseq)
	}
	f.Fuzz(func(t *testing.T, cseq string) {
		method := cseqMethod(cseq)
		if !strings.Contains(cseq, method) || cseqMethod(method) != method || cseqMethod("1 "+method+" ") != method {
			t.Errorf("the method of %q is %q", cseq, method)
		}
	})
}

// A number of any size is read up to what its field can hold.
func TestIntegers(t *testing.T) {
	for n := range int64(1200) {
		for _, value := range [][]byte{
			msgp.AppendInt64(nil, n), msgp.AppendUint64(nil, uint64(n)), msgp.AppendFloat64(nil, float64(n)), msgp.AppendString(nil, fmt.Sprint(n)),
			{0xcd, byte(n >> 8), byte(n)}, {0xd1, byte(n >> 8), byte(n)}, {0xce, 0, 0, byte(n >> 8), byte(n)},
		} {
			m := message{buf: append([]byte{0}, value...), lay: &layout{table: &mapped{}, at: [numFields]uint8{fieldStatus: 1}}, values: &[maxSteps]int{1: 1}}
			got := m.integer(fieldStatus, 999)
			if n <= 999 && (got != n || m.faulty) || n > 999 && (got != 0 || m.reason != BadType || !m.faulty) {
				t.Fatalf("% x is %d, faulty: %v", value, got, m.faulty)
			}
		}
	}
}

var addresses = []struct{ text, address string }{
	{"198.18.0.10", "198.18.0.10"}, {"0.0.0.0", "0.0.0.0"}, {"255.255.255.255", "255.255.255.255"},
	{"2001:0db8:0000:0000:0000:0000:0000:0010", "2001:db8::10"}, {"2001:DB8::10", "2001:db8::10"}, {"::", "::"},
	{"::ffff:198.18.0.10", "198.18.0.10"}, {"0:0:0:0:0:ffff:c612:000a", "198.18.0.10"},
	{"fe80::1%eth0", "fe80::1"}, {"fe80::1%" + strings.Repeat("x", 1000), "fe80::1"},
	{"", ""}, {"256.1.1.1", ""}, {"1.1.1", ""}, {"1.1.1.1.1", ""}, {"01.1.1.1", ""}, {"1.1.1.", ""}, {".1.1.1", ""}, {"1..1.1", ""},
	{"4294967297.1.1.1", ""}, {"198.18.0.10 ", ""}, {"pbx.example.net", ""}, {strings.Repeat("1:", 1000), ""},
}

func TestParseAddress(t *testing.T) {
	for _, test := range addresses {
		addr, ok := parseAddress(test.text)
		if ok != (test.address != "") || ok && addr != netip.MustParseAddr(test.address) {
			t.Errorf("%q is %v (%v), want %q", test.text, addr, ok, test.address)
		}
	}
}

// The quick way for IPv4 takes what netip takes, if it is long enough, and nothing else.
func TestParseIPv4(t *testing.T) {
	check := func(text string) {
		want, err := netip.ParseAddr(text)
		got, ok := parseIPv4(text)
		if ok != (err == nil && want.Is4() && len(text) >= 8) || ok && got != want {
			t.Errorf("%q is %v (%v), netip has %v (%v)", text, got, ok, want, err)
		}
	}
	octets := []string{"0", "1", "9", "10", "25", "99", "100", "109", "190", "249", "250", "255", "256", "260", "300", "999", "1000", "9999", "12345", "00", "01", "010", "0010", "", "-", "1a", "1:1", "/9"}
	for _, a := range octets {
		for _, b := range octets {
			for _, c := range octets {
				for _, d := range octets {
					check(a + "." + b + "." + c + "." + d)
				}
			}
		}
	}
	for i := range 256 {
		check(fmt.Sprintf("%d.0.0.255", i))
		check(fmt.Sprintf("0.%d.255.0", i))
		check(fmt.Sprintf("255.0.%d.0", i))
		check(fmt.Sprintf("0.0.255.%d", i))
	}
	for _, text := range []string{"198.18.0.10", "255.255.255.255", "10.0.0.1", "1.22.133.4", "123456789012", "1.2.3.4.5.6.7.8"} {
		for i := range text {
			check(text[:i])
			check(text[i:])
			for c := range 256 {
				check(text[:i] + string([]byte{byte(c)}) + text[i+1:])
				check(text[:i] + string([]byte{byte(c)}) + text[i:])
			}
		}
	}
}

// The address that is remembered is the one that was parsed last, and no other is taken for it.
func TestLastAddress(t *testing.T) {
	var last lastEndpoint
	text := make([]byte, 0, 40) // as in a chunk, it is written over
	for _, s := range []string{"", "198.18.0.10", "198.18.0.10", "198.18.0.11", "198.18.0.1", "x", "198.18.0.1", "2001:db8::10", "", "2001:db8::10", "198.18.0.10"} {
		text = append(text[:0], s...)
		e, ok := last.parse(borrow(text))
		got := e.addr
		want, wantOK := parseAddress(s)
		if got != want || ok != wantOK {
			t.Errorf("%q is %v (%v), want %v (%v)", s, got, ok, want, wantOK)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, test := range addresses {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseAddress(text)
		if strings.Contains(text, "%") {
			if got.Zone() != "" {
				t.Errorf("%q keeps the zone %q", text, got.Zone())
			}
			return
		}
		want, err := netip.ParseAddr(text)
		if ok != (err == nil) || ok && got != want.Unmap() {
			t.Errorf("%q is %v (%v), netip has %v (%v)", text, got, ok, want, err)
		}
	})
}

var times = []struct {
	text, want string
	unit       timeUnit
}{
	{text: "2026-11-22T09:40:36.788Z", want: "2026-11-22T09:40:36.788Z"},
	{text: "2026-11-22T09:40:36Z", want: "2026-11-22T09:40:36Z"},
	{text: "2026-11-22T09:40:36.788957+0000", want: "2026-11-22T09:40:36.788Z"},
	{text: "2026-11-22T10:40:36.788957123+01:00", want: "2026-11-22T09:40:36.788Z"},
	{text: "2026-11-22 04:10:36,5-0530", want: "2026-11-22T09:40:36.500Z"},
	{text: "2024-02-29t00:00:00z", want: "2024-02-29T00:00:00Z"},
	{text: "2016-12-31T23:59:60Z", want: "2017-01-01T00:00:00Z"}, // a leap second
	{text: "1795340436.790246000", want: "2026-11-22T09:40:36.790Z"},
	{text: "1795340436790", want: "2026-11-22T09:40:36.790Z"},
	{text: "1795340436790246", want: "2026-11-22T09:40:36.790Z"},
	{text: "1795340436790246000", want: "2026-11-22T09:40:36.790Z"},
	{text: "1795340436", want: "2026-11-22T09:40:36Z"},
	{text: "5000", want: "1970-01-01T00:00:05Z", unit: 1e3},
	{text: "5000000", want: "1970-01-01T00:00:05Z", unit: 1e6},
	{text: "5000000000", want: "1970-01-01T00:00:05Z", unit: 1e9},
	{text: "9999-12-31T23:59:59.999Z", want: "9999-12-31T23:59:59.999Z"},
	{text: "9999-12-31T23:59:59.999-01:00"}, {text: "1969-12-31T23:59:59Z"}, {text: "1970-01-01T00:00:00Z"},
	{text: ""}, {text: "x"}, {text: "0"}, {text: "-1"}, {text: "-2305843007513693952", unit: 1}, {text: "-2305843007513693952"}, {text: "NaN"}, {text: "Inf"}, {text: "1e99"}, {text: "9223372036854775808e9"},
	{text: "9223372036854775807", unit: 1}, {text: "253402300800", unit: 1},
	{text: "2023-02-29T00:00:00Z"}, {text: "2026-13-01T00:00:00Z"}, {text: "2026-11-22T24:00:00Z"}, {text: "2026-11-22T09:60:00Z"},
	{text: "2026-11-22T09:40:36.788", want: "2026-11-22T09:40:36.788Z"}, {text: "2026-11-22 09:40:36", want: "2026-11-22T09:40:36Z"},
	{text: "2026-11-22T09:40:61Z"}, {text: "2026-11-22T09:40:3"}, {text: "2026-11-22T09:40:36.788+1"}, {text: "2026-11-22T09:40:36+25:00"},
	{text: "2026-11-22T09:40:36.788Zx"}, {text: "2026-11-22T09.40:36Z"}, {text: "2026/11/22T09:40:36Z"}, {text: "2026-1a-22T09:40:36Z"},
}

func TestTime(t *testing.T) {
	var c clock
	for round := range 2 {
		for _, test := range times {
			ms, ok := c.parse([]byte(test.text), test.unit)
			if ok != (test.want != "") {
				t.Errorf("round %d: %q is a time: %v", round, test.text, ok)
			} else if ok && ms != parseRFC3339(t, test.want) {
				t.Errorf("round %d: %q is %v, want %s", round, test.text, time.UnixMilli(ms).UTC(), test.want)
			}
		}
	}
}

func parseRFC3339(t *testing.T, s string) int64 {
	t.Helper()
	want, err := time.Parse(time.RFC3339Nano, s)
	must(t, err)
	return want.UnixMilli()
}

func FuzzTime(f *testing.F) {
	for _, test := range times {
		f.Add(test.text, int64(test.unit))
	}
	f.Fuzz(func(t *testing.T, text string, unit int64) {
		u := timeUnit(unit)
		if u != 0 && u != 1 && u != 1e3 && u != 1e6 && u != 1e9 {
			u = 0
		}
		var c clock
		ms, ok := c.parse([]byte(text), u)
		if ok && !inRange(ms) {
			t.Errorf("%q is %d", text, ms)
		}
		if again, ok2 := c.parse([]byte(text), u); again != ms || ok2 != ok {
			t.Errorf("%q is %d (%v), the second time %d (%v)", text, ms, ok, again, ok2)
		}
		want, err := time.Parse(time.RFC3339Nano, text)
		if err == nil && ok && ms != want.UnixMilli() {
			t.Errorf("%q is %d, package time has %d", text, ms, want.UnixMilli())
		}
		_, offset := want.Zone()
		odd := offset <= -86400 || offset >= 86400 || strings.Contains(text, ":60") || len(text) > 13 && text[13] != ':' // package time takes a bit more
		if err == nil && !ok && !odd && inRange(want.UnixMilli()) {
			t.Errorf("%q is no time, package time has %v", text, want)
		}
	})
}
