package alert

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/tinylib/msgp/msgp"

	"github.com/siphunt/siphunt/detect"
)

func TestUnknownFormatNamesTheKnown(t *testing.T) {
	_, err := NewEncoder(Options{Format: "esc"})
	if err == nil || err.Error() != `unknown alert format "esc": use one of ecs, idea, ocsf` {
		t.Errorf("got %v", err)
	}
}

// fromJSON decodes one object, with numbers as int64 or float64 as they are written.
func fromJSON(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&m); err != nil || d.More() {
		t.Fatalf("no JSON object: %v: %s", err, data)
	}
	return numbers(m).(map[string]any)
}

// fromRecord decodes one log event into its time and its fields.
func fromRecord(t *testing.T, data []byte) (time.Time, map[string]any) {
	t.Helper()
	head := []byte{0x92, 0x92, 0xd7, 0x00}
	if !bytes.HasPrefix(data, head) || len(data) < 13 || data[12] != 0x80 {
		t.Fatalf("no [[EventTime, {}], ...: % x", data[:min(len(data), 16)])
	}
	at := time.Unix(int64(binary.BigEndian.Uint32(data[4:])), int64(binary.BigEndian.Uint32(data[8:])))
	v, rest, err := msgp.ReadMapStrIntfBytes(data[13:], nil)
	if err != nil || len(rest) > 0 {
		t.Fatalf("no MessagePack map: %v, %d bytes after it", err, len(rest))
	}
	return at, numbers(v).(map[string]any)
}

// numbers brings what both decoders give to the same types.
func numbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case uint64:
		return int64(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return value
}

func TestBothWritersAgree(t *testing.T) {
	for _, format := range Formats() {
		bothWritersAgree(t, encoderOf(t, format))
	}
}

func bothWritersAgree(t *testing.T, e *Encoder) {
	t.Helper()
	for name, a := range golden() {
		at, record := fromRecord(t, e.AppendRecord(nil, &a, created))
		if diff := cmp.Diff(fromJSON(t, e.AppendJSON(nil, &a, created)), record); diff != "" {
			t.Errorf("%s: JSON and record differ:\n%s", name, diff)
		}
		if at.UnixMilli() != a.Time {
			t.Errorf("%s: the record's time is %v, the report's %v", name, at, time.UnixMilli(a.Time))
		}
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	e, a := encoder(t), sampleScan()
	for name, encode := range map[string]func([]byte, *detect.Alert, time.Time) []byte{"JSON": e.AppendJSON, "record": e.AppendRecord} {
		alone := encode(nil, &a, created)
		two := encode(encode([]byte("before"), &a, created), &a, created)
		if want := "before" + string(alone) + string(alone); string(two) != want {
			t.Errorf("%s: got %q, want %q", name, two, want)
		}
	}
}

// A record's time has no room for times before 1970 and after 2106, and two of its values mean something else.
func TestRecordTimesAreTimes(t *testing.T) {
	for ms, want := range map[int64]uint64{
		-1:                     0,
		1_500:                  1<<32 | 500_000_000,
		(1<<32-2)*1000 - 1:     (1<<32-3)<<32 | 999_000_000,
		(1<<32 - 2) * 1000:     (1<<32-3)<<32 | 999_000_000,
		9_223_372_036_854_7758: (1<<32-3)<<32 | 999_000_000,
	} {
		if got := binary.BigEndian.Uint64(appendEventTime(nil, ms)[2:]); got != want {
			t.Errorf("%d ms: %x, want %x", ms, got, want)
		}
	}
}

func TestOnlyTheMomentAndTheHostDiffer(t *testing.T) {
	a := sampleDistributed()
	other := options
	other.Hostname = "probe2"
	e, err := NewEncoder(other)
	if err != nil {
		t.Fatal(err)
	}
	here := fromJSON(t, encoder(t).AppendJSON(nil, &a, created))
	there := fromJSON(t, e.AppendJSON(nil, &a, created.Add(time.Hour)))
	for _, m := range []map[string]any{here, there} {
		delete(m["event"].(map[string]any), "created")
		delete(m["observer"].(map[string]any), "hostname")
	}
	if diff := cmp.Diff(here, there); diff != "" {
		t.Error(diff)
	}
}

func TestEventID(t *testing.T) {
	a := sampleBruteForce()
	again, next := a, a
	again.Time += 1000
	next.Sequence++
	if eventID(&a) != eventID(&again) {
		t.Error("the same report delivered again has another id")
	}
	if eventID(&a) == eventID(&next) {
		t.Error("the next report of the incident has the same id")
	}
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(eventID(&a)) {
		t.Error(eventID(&a))
	}
}

// leaves calls f with the dotted path and the value of every field; lists count as their entries.
func leaves(path string, value any, f func(path string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		for k := range v {
			leaves(strings.TrimPrefix(path+"."+k, "."), v[k], f)
		}
	case []any:
		for i := range v {
			leaves(path, v[i], f)
		}
	default:
		f(path, v)
	}
}

func FuzzAlert(f *testing.F) {
	var encoders []*Encoder
	for _, format := range Formats() {
		encoders = append(encoders, encoderOf(f, format))
	}
	all := golden()
	samples := []detect.Alert{all["brute-force-success"], all["distributed-open"], all["spray-success"], all["horizontal-open"], all["outage-open"]}
	f.Add("300@198.18.0.10", "friendly-scanner", "probe-a", "fe80::1%eth0", 418)
	f.Add("", "", "", "", 0)
	f.Add("\x1b[2J\u202e\"@\xff", "<script>\\\r\n", "\x00", "198.18.1.13", -1)
	f.Fuzz(func(t *testing.T, extension, agent, other, client string, n int) {
		addr, _ := netip.ParseAddr(client)
		a := samples[uint(n)%uint(len(samples))] // one each time: an execution has to be short
		a.Extension, a.UserAgents, a.Probes = extension, []string{agent, other}, []string{other}
		a.ID, a.MergedInto, a.Client.Addr, a.Attempts = other, agent, addr, n
		a.Clients.Top = []detect.Member{{Client: addr, Attempts: n}}
		a.Registrars.Top, a.Registrar.Addr = a.Clients.Top, addr
		a.Tools, a.Campaign.ID = []string{agent}, other
		a.Extensions.Top = []detect.Member{{Extension: other}, {Extension: extension, Attempts: n}}
		if a.SuccessesN > 0 {
			a.Successes = []detect.Succeeded{{Extension: extension, Client: addr, Registrar: addr}}
		}
		for _, e := range encoders {
			checkHarmless(t, e, &a)
		}
	})
}

// checkHarmless checks that a record is whole, the same in both forms, and has no text in it that could do harm.
func checkHarmless(t *testing.T, e *Encoder, a *detect.Alert) {
	t.Helper()
	text := e.AppendJSON(nil, a, created)
	if !utf8.Valid(text) || bytes.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }) {
		t.Fatalf("not valid, or with control characters: %q", text)
	}
	fields := fromJSON(t, text)
	leaves("", fields, func(path string, value any) {
		if s, ok := value.(string); ok && (strings.ContainsFunc(s, unicode.IsControl) || utf8.RuneCountInString(s) > 1000) {
			t.Errorf("%s: %q", path, s)
		}
	})
	if _, record := fromRecord(t, e.AppendRecord(nil, a, created)); !cmp.Equal(fields, record) {
		t.Error(cmp.Diff(fields, record))
	}
}
