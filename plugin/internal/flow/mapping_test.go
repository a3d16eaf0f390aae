package flow

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/detect"
)

func custom() *Mapping {
	return &Mapping{
		Time: Paths{"ts"}, TimeFormat: "ms",
		Client: Paths{"net.client.v4", "net.client.v6"}, ClientPort: Paths{"net.client.port"},
		Registrar: Paths{"net.server.v4", "net.server.v6"}, RegistrarPort: Paths{"net.server.port"},
		Protocol: Paths{"transport"}, Status: Paths{"sip.code"}, CSeq: Paths{"sip.cseq"}, To: Paths{"sip.to"},
		UserAgent: Paths{"sip.agent"}, Probe: Paths{"probe.name"},
	}
}

// A format of one's own: nested maps or keys with dots, two candidates for an address, the ends by their roles.
func TestCustomMapping(t *testing.T) {
	d := newDecoder(t, Options{Format: "custom", Custom: custom()})
	want := rejection
	want.Probe = "edge-1"
	for name, line := range map[string]string{
		"nested": `{"ts":1795340436790,"net":{"client":{"v4":"198.18.1.13","port":5062},"x":[1],"server":{"v4":"198.18.0.10","port":5060}},"transport":"udp","sip":{"code":"401","cseq":"1 REGISTER","to":"\"300\" <sip:300@198.18.0.10>;tag=x","agent":null},"probe":{"name":"edge-1"}}`,
		"flat":   `{"probe.name":"edge-1","sip.to":"sip:300@198.18.0.10","sip.cseq":"1 REGISTER","sip.code":401,"transport":17,"net.server.port":5060,"net.server.v6":"::ffff:198.18.0.10","net.client.v4":"198.18.1.13","net.client.port":"5062","ts":1795340436790}`,
		"both":   `{"sip":null,"net":{},"probe":"edge-1","probe.name":"edge-1","sip.to":"sip:300@198.18.0.10","sip.cseq":"1 REGISTER","sip.code":401,"transport":17,"net.server.port":5060,"net.server.v6":"::ffff:198.18.0.10","net.client.v4":"198.18.1.13","net.client.port":"5062","ts":1795340436790}`,
	} {
		for round := range 2 {
			var b Batch
			d.Line(&b, []byte(line))
			if diff := cmp.Diff([]detect.Flow{want}, b.Flows, compareFlows); diff != "" {
				t.Errorf("%s, round %d (-want +got):\n%s\n%+v", name, round, diff, b.Stats)
			}
		}
	}
}

// A map that another record of the same keys does not have must not be passed over, nor the other way round.
func TestMapThatIsNotAlwaysThere(t *testing.T) {
	d := newDecoder(t, Options{Format: "custom", Custom: &Mapping{
		Time: Paths{"ts"}, Source: Paths{"src"}, Destination: Paths{"dst"}, Status: Paths{"sip.code", "code"}, CSeq: Paths{"cseq"}, To: Paths{"to"},
	}})
	var b Batch
	for range 3 {
		d.Line(&b, []byte(`{"ts":1795340436790,"src":"198.18.0.10","dst":"198.18.1.13","cseq":"1 REGISTER","to":"1","sip":null,"code":404}`))
		d.Line(&b, []byte(`{"ts":1795340436790,"src":"198.18.0.10","dst":"198.18.1.13","cseq":"1 REGISTER","to":"1","sip":{"code":401},"code":404}`))
	}
	var got []uint16
	for _, f := range b.Flows {
		got = append(got, f.Status)
	}
	if diff := cmp.Diff([]uint16{404, 401, 404, 401, 404, 401}, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

// With "auto" records of several exporters may come mixed; with a name only that exporter's are read.
func TestFormats(t *testing.T) {
	if diff := cmp.Diff([]string{"auto", "asterisk", "hep", "ipfixcol2", "ipfixprobe", "packetbeat", "suricata", "tshark", "zeek", "custom"}, Formats()); diff != "" {
		t.Errorf("formats (-want +got):\n%s", diff)
	}
	for format, want := range map[string]uint64{"": 4, "auto": 4, "ipfixcol2": 2, "ipfixprobe": 2} {
		d := newDecoder(t, Options{Format: format})
		var b Batch
		for range 2 {
			d.Line(&b, []byte(response))
			d.Line(&b, []byte(unirec))
		}
		if b.Stats.Relevant != want || b.Stats.Dropped[NotSIP] != 4-want {
			t.Errorf("%q: %+v, want %d of the 4 read", format, b.Stats, want)
		}
	}
}

func TestFaultyOptions(t *testing.T) {
	wants := func(int) bool { return true }
	for want, o := range map[string]Options{
		`format: "netflow" is none: write one of auto, asterisk, hep, ipfixcol2, ipfixprobe, packetbeat, suricata, tshark, zeek, custom`: {Format: "netflow", Wants: wants},
		`format: "custom" needs a table that names the fields`:                                                                           {Format: "custom", Wants: wants},
		`extension_by: "domain" is none: write "user@domain" or "user"`:                                                                  {ExtensionBy: "domain", Wants: wants},
		`methods: "2 REGISTER" is no SIP method: write for example ["REGISTER"]`:                                                         {Methods: []string{"2 REGISTER"}, Wants: wants},
		`flow: Options.Wants is missing`:                                                                                                 {},
		`status: is missing: name the field with the status code of answers, for example stat`:                                           {Format: "custom", Custom: &Mapping{}, Wants: wants},
	} {
		if _, err := NewDecoder(o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestFaultyMappings(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Mapping)
		want   string
	}{
		"time_format": {func(m *Mapping) { m.TimeFormat = "days" }, `time_format: "days" is none: write "auto", "s", "ms", "us" or "ns" (strings in RFC 3339 are read with any)`},
		"status":      {func(m *Mapping) { m.Status = nil }, `status: is missing: name the field with the status code of answers, for example status = "sip.code"`},
		"cseq":        {func(m *Mapping) { m.CSeq = nil }, `cseq: is missing, and so is method: name the field that tells REGISTER from INVITE, for example cseq = "sip.cseq"`},
		"ends":        {func(m *Mapping) { m.Client = nil }, `source: source and destination are not both given, nor client and registrar: name the fields with the two addresses, for example source = "src_ip" and destination = "dest_ip"`},
		"account":     {func(m *Mapping) { m.To = nil }, `to: is missing, and so is from: name the field with the account, for example to = "sip.to"`},
		"empty path":  {func(m *Mapping) { m.To = Paths{""} }, `to: "" is no path: write the record's keys joined by dots, for example "sip.code"`},
		"dots":        {func(m *Mapping) { m.From = Paths{".from"} }, `from: ".from" is no path: write the record's keys joined by dots, for example "sip.code"`},
		"twice":       {func(m *Mapping) { m.From = m.To }, `from: "sip.to" is to already: a field has one meaning`},
	} {
		m := custom()
		must(t, m.Validate())
		test.change(m)
		if err := m.Validate(); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v\nwant %s", name, err, test.want)
		}
	}
}

func TestPathsInTOML(t *testing.T) {
	for _, test := range []struct {
		value any
		want  Paths
		fault string
	}{
		{value: "sip.code", want: Paths{"sip.code"}},
		{value: []any{"v4", "v6"}, want: Paths{"v4", "v6"}},
		{value: int64(401), fault: `401 is no field path: write a string like "sip.code", or an array of them`},
		{value: []any{"v4", true}, fault: `true is no field path: write a string like "sip.code", or an array of them`},
	} {
		var got Paths
		err := got.UnmarshalTOML(test.value)
		if test.fault != "" {
			if err == nil || err.Error() != test.fault {
				t.Errorf("%v: %v, want %s", test.value, err, test.fault)
			}
		} else if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%v: %v (-want +got):\n%s", test.value, err, diff)
		}
	}
}

// Each field has its name and its paths in one order, and each built-in table is a valid mapping.
func TestTables(t *testing.T) {
	for _, table := range tables {
		if err := table.Validate(); err != nil {
			t.Errorf("%s: %v", table.name, err)
		}
	}
	for f, name := range fieldNames {
		var m Mapping
		v := reflect.ValueOf(&m).Elem()
		for i := range v.NumField() {
			if paths, ok := v.Field(i).Addr().Interface().(*Paths); ok && slices.Contains([]string{v.Type().Field(i).Tag.Get("toml"), strings.ToLower(v.Type().Field(i).Name)}, name) {
				*paths = Paths{"x"}
			}
		}
		if len(m.paths()[f]) != 1 {
			t.Errorf("the key %q is not field %d", name, f)
		}
	}
}
