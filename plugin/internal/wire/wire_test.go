package wire

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/detect"
)

func TestWhatWasWrittenIsRead(t *testing.T) {
	var b []byte
	b = AppendUint(b, 0)
	b = AppendUint(b, math.MaxUint64)
	b = AppendInt(b, math.MinInt64)
	b = AppendUint(b, 65535)
	b = AppendText(b, "300@pbx.example.net")
	b = AppendText(b, []byte{})
	for _, a := range []string{"192.0.2.1", "2001:db8::1"} {
		b = AppendAddress(b, netip.MustParseAddr(a))
	}
	b = AppendAddress(b, netip.Addr{})
	b = AppendInt(b, detect.MaxTime-5)
	b = append(b, "rest"...)

	r := NewReader(string(b))
	if r.Uint() != 0 || r.Uint() != math.MaxUint64 || r.Int() != math.MinInt64 || r.Uint16() != 65535 {
		t.Error("a number is another one")
	}
	if r.Text() != "300@pbx.example.net" || r.Text() != "" {
		t.Error("a text is another one")
	}
	if r.Address().String() != "192.0.2.1" || r.Address().String() != "2001:db8::1" || r.Address().IsValid() {
		t.Error("an address is another one")
	}
	if r.Time(5) != detect.MaxTime || r.Rest() != "rest" || r.Close() != nil {
		t.Errorf("the end is not as it was written: %v", r.Err())
	}
}

func TestFaultsStay(t *testing.T) {
	for what, read := range map[string]func(r *Reader){
		"a number without an end":   func(r *Reader) { r.Uint() },
		"a text longer than all":    func(r *Reader) { r.Text() },
		"too many things":           func(r *Reader) { r.Count(1) },
		"more than 16 bits":         func(r *Reader) { r.Uint16() },
		"an address of 255 bytes":   func(r *Reader) { r.Address() },
		"a time before its begin":   func(r *Reader) { r.Time(0) },
		"more bytes than there are": func(r *Reader) { r.Bytes(1 << 40) },
	} {
		r := NewReader(strings.Repeat("\xff", 11))
		read(r)
		if !errors.Is(r.Err(), ErrFormat) || r.Byte() != 0 || r.Uint() != 0 || r.Text() != "" {
			t.Errorf("%s is taken", what)
		}
	}
	r := NewReader("ab")
	r.Byte()
	if r.Err() != nil || !errors.Is(r.Close(), ErrFormat) {
		t.Error("what is left is no fault")
	}
}

// TestNumbersAreReadInPlace: what follows a number is not copied for each of them.
func TestNumbersAreReadInPlace(t *testing.T) {
	text := strings.Repeat("\x01", 1<<20)
	if n := testing.AllocsPerRun(100, func() {
		r := Reader{rest: text}
		r.Uint()
		r.Int()
	}); n != 0 {
		t.Errorf("%v allocations for two numbers", n)
	}
}

// FuzzReader: no bytes make it fail otherwise than by its error. A number that is taken is the same when it is written again.
func FuzzReader(f *testing.F) {
	f.Add(AppendText(AppendInt(AppendUint(nil, 300), -5), "abc"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")) // beyond 64 bits
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(string(b))
		if n := r.Uint(); r.Err() == nil && NewReader(string(AppendUint(nil, n))).Uint() != n {
			t.Errorf("%d comes back as another one", n)
		}
		r.Address()
		r.Time(0)
		_ = r.Text()
		_ = r.Rest()
		if r.Close() == nil && len(b) == 0 {
			t.Error("nothing is taken for something")
		}
	})
}
