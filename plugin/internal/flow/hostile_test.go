package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/sample"
	"github.com/tinylib/msgp/msgp"
)

// recordWith is the good record with more members before its own.
func recordWith(t testing.TB, more ...[]byte) []byte {
	t.Helper()
	good := recordOf(t, 1795341600, []byte(response))
	out := append(slices.Clone(good[:13]), 0xde, 0, byte(28+len(more)))
	for _, m := range more {
		out = append(out, m...)
	}
	return append(out, good[16:]...)
}

func TestHostileChunksCostOnlyTheBadRecord(t *testing.T) {
	good := recordOf(t, 1795341600, []byte(response))
	body := good[13:]
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	deep := bytes.Repeat([]byte{0x91}, 1_000_000)
	type want struct{ relevant, malformed, badType uint64 }
	for name, test := range map[string]struct {
		chunk []byte
		want  want
	}{
		"nothing":                            {nil, want{0, 0, 0}},
		"a map of 4 billion members":         {join(good, good[:13], []byte{0xdf, 0xff, 0xff, 0xff, 0xff}, good), want{1, 1, 0}},
		"an array of 4 billion records":      {join(good, []byte{0xdd, 0xff, 0xff, 0xff, 0xff}, good), want{1, 1, 0}},
		"a string of 4 GB":                   {join(good, recordWith(t, []byte{0xa1, 'x', 0xdb, 0xff, 0xff, 0xff, 0xff})), want{1, 1, 0}},
		"a key of 4 GB":                      {join(good, recordWith(t, []byte{0xdb, 0xff, 0xff, 0xff, 0xff})), want{1, 1, 0}},
		"a byte that msgpack never uses":     {join(good, []byte{0xc1}, good), want{1, 1, 0}},
		"a million arrays in one another":    {join(good, recordWith(t, join([]byte{0xa1, 'x'}, deep, []byte{0xc0})), good), want{3, 0, 0}},
		"the same, cut off":                  {join(good, deep), want{1, 1, 0}},
		"a million arrays as a status":       {join(good, recordWith(t, join(msgp.AppendString(nil, "cesnet:SIPStatusCode"), deep, []byte{0xc0})), good), want{3, 0, 0}},
		"numbers instead of records":         {join(good, []byte{1, 2, 3}, good), want{2, 3, 0}},
		"a record without a time":            {join(good, []byte{0x92, 0x90}, body, good), want{2, 1, 0}},
		"a record of three":                  {join(good, []byte{0x93, 1, 2, 3}, good), want{2, 1, 0}},
		"a record whose time is a string":    {join(good, []byte{0x92, 0xa1, 'x'}, body, good), want{2, 1, 0}},
		"a record whose body is a string":    {join(good, []byte{0x92, 1, 0xa1, 'x'}, good), want{2, 1, 0}},
		"a record whose body is nil":         {join(good, good[:13], []byte{0xc0}, good), want{2, 1, 0}},
		"keys of all types":                  {join(good, recordWith(t, []byte{1, 2}, []byte{0xc0, 2}, []byte{0x80, 2}, []byte{0x91, 0xa1, 'x', 2}, []byte{0xcb, 0, 0, 0, 0, 0, 0, 0, 0, 2}, []byte{0xa0, 2}), good), want{3, 0, 0}},
		"keys in binary":                     {join(good, recordWith(t, []byte{0xc4, 2, 0xff, 0xfe, 1}), good), want{3, 0, 0}},
		"a huge key":                         {join(good, recordWith(t, append(msgp.AppendString(nil, strings.Repeat("k", 100_000)), 1)), good), want{3, 0, 0}},
		"group markers, which are no record": {join(marker(-1), good, marker(-2), good), want{2, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(t, Options{})
			for range 2 {
				var b Batch
				d.Chunk(&b, test.chunk)
				got := want{b.Stats.Relevant, b.Stats.Dropped[Malformed], b.Stats.Dropped[BadType]}
				if got != test.want {
					t.Errorf("%+v, want %+v", got, test.want)
				}
				checkStats(t, &b, int(test.want.relevant+test.want.malformed+test.want.badType))
			}
		})
	}
}

// marker is what Fluent Bit writes before (-1) and after (-2) a group of records.
func marker(sec int32) []byte {
	return []byte{0x92, 0x92, 0xd7, 0, byte(sec >> 24), byte(sec >> 16), byte(sec >> 8), byte(sec), 0, 0, 0, 0, 0x80, 0x81, 0xa1, 'x', 1}
}

func TestTruncationCostsOnlyTheLastRecord(t *testing.T) {
	good := recordOf(t, 1795341600, []byte(response))
	d := newDecoder(t, Options{})
	for cut := 1; cut < len(good); cut++ {
		for _, cold := range []bool{true, false} {
			if cold {
				d = newDecoder(t, Options{})
			}
			chunk := append(slices.Clone(good), good[:cut]...)
			var b Batch
			d.Chunk(&b, chunk[:len(chunk):len(chunk)])
			if b.Stats.Relevant != 1 || b.Stats.Dropped[Malformed] != 1 || b.Stats.Records != 2 {
				t.Fatalf("cut to %d bytes: %+v", cut, b.Stats)
			}
		}
	}
}

func TestHostileLines(t *testing.T) {
	d := newDecoder(t, Options{})
	for line, want := range map[string]Reason{
		`{`: Malformed, `}`: Malformed, `[]`: Malformed, `"x"`: Malformed, `1`: Malformed, `null`: Malformed, `{"a":}`: Malformed,
		`{"a":1`: Malformed, `{"a":1}}`: Malformed, `{"a":1} {}`: Malformed, `{"a":tru}`: Malformed, `{"a":"\uZZZZ"}`: Malformed, "{\"a\":\"\x01\"}": Malformed,
		`{"a":1-2}`: Malformed, `{"a":--1}`: Malformed, `{1:2}`: Malformed, "\xff": Malformed, "\x00": Malformed,
		strings.Repeat(`{"a":`, 100_000): Malformed, strings.Repeat(`[`, 100_000): Malformed,
		`{"a":` + strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100) + `}`: Malformed,
		`{"a":1e999,"b":-1e999,"c":123456789012345678901234567890}`:         NotSIP,
		`{"a":"\ud800"}`: NotSIP, "{\"a\":\"\xff\"}": NotSIP,
		with(response, `:401`, `:1e999`): BadType,
	} {
		var b Batch
		d.Line(&b, []byte(line))
		if b.Stats.Dropped[want] != 1 {
			t.Errorf("%.60q: %+v, want it dropped as %s", line, b.Stats, want)
		}
		checkStats(t, &b, 1)
	}
	var b Batch
	for _, blank := range []string{"", " ", "\r\n"} {
		d.Line(&b, []byte(blank))
	}
	checkStats(t, &b, 0)
}

// Records whose keys are never the same twice must not grow memory, and are read right all the same.
func TestShapesAreBounded(t *testing.T) {
	d := newDecoder(t, Options{})
	random := rand.New(rand.NewPCG(1, 2))
	var b Batch
	for i := range 20_000 {
		key := msgp.AppendString(nil, fmt.Sprint(random.Uint64()))
		b.Reset()
		d.Chunk(&b, recordWith(t, append(key, 1), append(key, 2)))
		if len(b.Flows) != 1 || b.Flows[0] != rejection {
			t.Fatalf("record %d: %+v", i, b)
		}
		if len(d.tree.nodes) > maxNodes {
			t.Fatalf("record %d: %d nodes", i, len(d.tree.nodes))
		}
	}
	for _, n := range d.tree.nodes {
		tried := 1
		for alt := n.alt; alt != nil; alt = alt.alt {
			tried++
		}
		if tried > maxAlts {
			t.Fatalf("%d nodes to try at one place", tried)
		}
	}
	huge := newDecoder(t, Options{})
	huge.Chunk(&b, recordWith(t, append(msgp.AppendString(nil, strings.Repeat("k", maxBytes)), 1)))
	if n := len(huge.tree.nodes); n != 0 {
		t.Fatalf("a record with a huge key left %d nodes", n)
	}
	members := make([][]byte, 0, 28) // of a record, in any order, as exporters in Go write them
	rest := recordOf(t, 0, []byte(response))[16:]
	for len(rest) > 0 {
		end := skip(rest, skip(rest, 0))
		members, rest = append(members, rest[:end]), rest[end:]
	}
	for range 5000 {
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		b.Reset()
		d.Chunk(&b, append(append(recordOf(t, 0, []byte(response))[:13:13], 0xde, 0, 28), bytes.Join(members, nil)...))
		if len(b.Flows) != 1 || b.Flows[0] != rejection {
			t.Fatalf("shuffled: %+v", b)
		}
	}
	if len(d.tree.nodes) > maxNodes {
		t.Fatalf("%d nodes", len(d.tree.nodes))
	}
}

func TestChunkAllocatesNothing(t *testing.T) {
	chunk := sample.Mix().Bytes
	for _, line := range []string{ // each reason, and an extension that has to be rewritten
		`{"x":1}`, with(response, `:5062`, `:70000`), with(response, `"198.18.1.13"`, `"198.18.1.2000"`), with(response, `"2026-11-22T09:40:36.790Z"`, `"x"`),
		with(response, `packetDeltaCount@reverse":1`, `packetDeltaCount@reverse":0`), with(response, "300@198.18.0.10", "%41@PBX"), with(response, "300@198.18.0.10", "%41@PBX"),
		with(response, "sip:300@198.18.0.10", "", "sip:300@198.18.0.10", ""), with(unirec, `"PACKETS": 0`, `"PACKETS": 2`),
		with(response, `{"@type"`, `{"ipfix:odid":7,"ipfix:srcAddr":"127.0.0.1","@type"`),
	} {
		chunk = append(chunk, recordOf(t, 1, []byte(line))...)
	}
	chunk = append(chunk, 0x93, 1, 2, 3)
	d := newDecoder(t, Options{})
	var b Batch
	run := func() {
		b.Reset()
		d.Chunk(&b, chunk)
	}
	run()
	for r, n := range b.Stats.Dropped {
		if n != 1 {
			t.Errorf("%d dropped as %s, want one of each reason", n, Reason(r))
		}
	}
	if n := testing.AllocsPerRun(20, run); n > 1 { // the one is netip's error about an address
		t.Errorf("%v allocations", n)
	}
}

func TestExamplesAreShortAndHarmless(t *testing.T) {
	d := newDecoder(t, Options{})
	var b Batch
	evil := "\x1b[2J\n\xff\u202e" + strings.Repeat("x", 10_000)
	line, err := json.Marshal(map[string]string{evil: evil, "cesnet:SIPStatusCode": evil})
	must(t, err)
	d.Line(&b, line)                                            // bad_type
	d.Line(&b, []byte(`{"a":"`+strings.Repeat("\x1b", 10_000))) // malformed
	d.Line(&b, []byte(`{"SIP":"\u001b[2J","n":-1.5,"t":true,"z":null,"l":[1,2],"m":{"a":1}}`))
	d.Chunk(&b, recordOf(t, 0, line)[:200])
	for r, example := range b.Stats.Example {
		for _, c := range []byte(example) {
			if c < ' ' || c > '~' {
				t.Fatalf("%s: %q holds a control character", Reason(r), example)
			}
		}
		if len(example) > 2*exampleLength {
			t.Errorf("%s: %d bytes: %s", Reason(r), len(example), example)
		}
	}
	if got, want := b.Stats.Example[NotSIP], `SIP="\x1b[2J" n=-1.5 t="\xc3" z="\xc0" l="\xdd\x00\x00\x00\x02\x01\x02" m="\xdf\x00\x00\x00\x01\xa1a\x01"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestEventTimeIsTheFallback(t *testing.T) {
	body := recordOf(t, 0, []byte(with(response, `"iana:flowEndMicroseconds":"2026-11-22T09:40:36.790Z",`, "")))[13:]
	nilTime := recordOf(t, 0, []byte(with(response, `"2026-11-22T09:40:36.790Z"`, "null")))[13:]
	sec := []byte{0x6b, 2, 0x75, 0xd4} // 1795323348
	for name, head := range map[string][]byte{
		"as Fluent Bit writes it": slices.Concat([]byte{0x92, 0x92, 0xd7, 0}, sec, []byte{0x1d, 0xcd, 0x65, 0, 0x80}), // and half
		"older":                   slices.Concat([]byte{0x92, 0xd7, 0}, sec, []byte{0x1d, 0xcd, 0x65, 0}),
		"ext 8":                   slices.Concat([]byte{0x92, 0x92, 0xc7, 8, 0}, sec, []byte{0x1d, 0xcd, 0x65, 0, 0x80}),
		"with metadata":           slices.Concat([]byte{0x92, 0x92, 0xd7, 0}, sec, []byte{0x1d, 0xcd, 0x65, 0, 0x81, 0xa1, 'x', 1}),
		"integer":                 slices.Concat([]byte{0x92, 0xce}, sec),
		"float":                   msgp.AppendFloat64([]byte{0x92}, 1795323348.5),
	} {
		for _, body := range [][]byte{body, nilTime} {
			var b Batch
			newDecoder(t, Options{}).Chunk(&b, slices.Concat(head, body))
			want := int64(1795323348500)
			if name == "integer" {
				want -= 500
			}
			if len(b.Flows) != 1 || b.Flows[0].Time != want {
				t.Errorf("%s: %+v, want the time %d", name, b, want)
			}
		}
	}
	var b Batch
	newDecoder(t, Options{}).Line(&b, []byte(with(response, `"2026-11-22T09:40:36.790Z"`, "null")))
	if b.Stats.Dropped[NoTime] != 1 {
		t.Errorf("a line without a time: %+v", b.Stats)
	}
}

func TestMarksFoldWhatIsALittleLate(t *testing.T) {
	other := func(stamp string) []byte {
		return []byte(with(response, "2026-11-22T09:40:36.790Z", stamp, ":401", ":500"))
	}
	d := newDecoder(t, Options{})
	var b Batch
	for _, stamp := range []string{"2026-11-22T09:40:00Z", "2026-11-22T09:40:00Z", "2026-11-22T09:39:00Z", "2026-11-22T09:38:59.999Z", "2026-11-22T09:40:01Z"} {
		d.Line(&b, other(stamp))
	}
	d.Line(&b, []byte(response))
	d.Line(&b, other("2026-11-22T09:40:01Z"))
	want := []Mark{
		{at("2026-11-22T09:40:00Z"), 0, 3}, {at("2026-11-22T09:38:59.999Z"), 0, 1}, {at("2026-11-22T09:40:01Z"), 0, 1},
		{at("2026-11-22T09:40:01Z"), 1, 1},
	}
	if diff := cmp.Diff(want, b.Marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	b.Reset()
	checkStats(t, &b, 0)
}

// What a decoder has met before must not change what it reads, and every record is counted once.
func FuzzChunk(f *testing.F) {
	good := recordOf(f, 1795341600, []byte(response))
	f.Add(good)
	f.Add(append(recordOf(f, 1, []byte(unirec)), good...))
	f.Add(append(marker(-1), good[:100]...))
	for _, line := range []string{packetbeat, zeek, tshark, tsharkFull, luaEVE, homer, evePayload(f, answer+register), wrappedIn(f, "log", asterisk)} {
		f.Add(recordOf(f, 1, []byte(line)))
	}
	f.Add(recordWith(f, []byte{1, 2}, []byte{0xa1, 'x', 0xdf, 0xff, 0xff, 0xff, 0xff}))
	f.Add(recordOf(f, 1, []byte(`{"sip":{"code":["401"],"cseq":"1 REGISTER"},"src":"1.2.3.4","dst":"::1","sip.to":"a"}`)))
	nested := Mapping{Status: Paths{"sip.code"}, CSeq: Paths{"sip.cseq"}, Source: Paths{"src"}, Destination: Paths{"dst"}, To: Paths{"sip.to"}}
	config := detect.DefaultConfig()
	options := []Options{{Wants: config.Wants}, {Wants: config.Wants, Format: "custom", Custom: &nested}}
	warm := []*Decoder{newDecoder(f, options[0]), newDecoder(f, options[1])}
	for i := range warm {
		var b Batch
		warm[i].Chunk(&b, append(recordOf(f, 1, []byte(unirec)), good...))
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		for i, o := range options {
			var first, second, third Batch
			cold := newDecoder(t, o)
			cold.Chunk(&first, chunk)
			cold.Chunk(&second, chunk)
			warm[i].Chunk(&third, chunk)
			checkStats(t, &first, int(first.Stats.Records))
			for _, b := range []*Batch{&second, &third} {
				if !slices.Equal(first.Flows, b.Flows) || !slices.Equal(first.Marks, b.Marks) || first.Stats != b.Stats {
					t.Errorf("first %+v\nthen %+v", first, *b)
				}
			}
		}
	})
}

// wraps matches lines whose records may hold others, which may be malformed.
var wraps = regexp.MustCompile(strings.ReplaceAll(strings.Join(wrappings, "|"), ".", "|") + `|\\`)

func FuzzLine(f *testing.F) {
	for _, line := range []string{packetbeat, zeek, tshark, tsharkFull, luaEVE, homer, asterisk, evePayload(f, answer+register), wrappedIn(f, "payload", response)} {
		f.Add([]byte(line))
	}
	for _, line := range []string{response, unirec, `{"a":[1,-2.5e3,"\u00e4\n",null,true,{"b":{}}],"a":1}`, `{`, `[1]`, `{"a":1e999}`} {
		f.Add([]byte(line))
	}
	d := newDecoder(f, Options{})
	f.Fuzz(func(t *testing.T, line []byte) {
		var first, second Batch
		d.recent = recentTexts{} // of other inputs
		d.Line(&first, line)
		d.recent = recentTexts{}
		d.Line(&second, line)
		checkStats(t, &first, int(first.Stats.Records))
		if first.Stats.Records > maxMessages || !slices.Equal(first.Flows, second.Flows) || !slices.Equal(first.Marks, second.Marks) || first.Stats != second.Stats {
			t.Errorf("first %+v\nthen %+v", first, second)
		}
		shallow := bytes.Count(line, []byte("["))+bytes.Count(line, []byte("{")) <= maxDepth
		object := bytes.HasPrefix(bytes.TrimLeft(line, " \t\r\n"), []byte("{"))
		if json.Valid(line) && object && shallow && first.Stats.Dropped[Malformed] > 0 && !wraps.Match(line) {
			t.Errorf("valid JSON was dropped as malformed")
		}
	})
}
