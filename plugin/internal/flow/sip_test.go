package flow

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const answer = "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 198.18.1.13:5060;branch=z9hG4bK-3998719092;rport=5060;received=198.18.1.13\r\n" +
	"To: \"300\" <sip:300@198.18.0.10>;tag=7f2931b690c8a316.3a88fe9a\r\nFrom: \"300\" <sip:300@198.18.0.10>;tag=3206210844\r\nCall-ID: 998570976\r\n" +
	"CSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm=\"198.18.0.10\", nonce=\"awK5wGsCuJTnwd+UU2pvKOml/fsWe20s\", qop=\"auth\"\r\n" +
	"Server: kamailio (5.6.3 (x86_64/linux))\r\nContent-Length: 0\r\n\r\n"

const register = "REGISTER sip:198.18.0.10 SIP/2.0\r\nv: SIP/2.0/UDP 198.18.1.13:5060;rport\r\nt: <sip:300@198.18.0.10>\r\nf: <sip:300@198.18.0.10>;tag=32\r\n" +
	"User-Agent: friendly-scanner\r\ni: 998570976\r\nCSeq: 1 REGISTER\r\nl: 0\r\n\r\n"

func TestSIPText(t *testing.T) {
	whole := sipText{
		status: 401, cseq: "1 REGISTER", to: `"300" <sip:300@198.18.0.10>;tag=7f2931b690c8a316.3a88fe9a`,
		from: `"300" <sip:300@198.18.0.10>;tag=3206210844`, callID: "998570976",
	}
	request := sipText{
		method: "REGISTER", cseq: "1 REGISTER", to: "<sip:300@198.18.0.10>", from: "<sip:300@198.18.0.10>;tag=32", callID: "998570976",
		userAgent: "friendly-scanner",
	}
	without := func(s sipText, change func(*sipText)) sipText {
		change(&s)
		return s
	}
	invite := strings.Replace(strings.Replace(register, "REGISTER", "INVITE", 2), "l: 0\r\n\r\n", "l: 20\r\n\r\nSIP/2.0 200 OK\r\nm=1\n", 1)
	for name, test := range map[string]struct {
		text string
		want []sipText
	}{
		"an answer":            {answer, []sipText{whole}},
		"a request, compact":   {register, []sipText{request}},
		"two":                  {answer + register, []sipText{whole, request}},
		"keepalives between":   {"\r\n\r\n" + answer + "\r\n\r\n" + register, []sipText{whole, request}},
		"bare line feeds":      {strings.ReplaceAll(answer, "\r", ""), []sipText{whole}},
		"the end of another":   {"ength: 0\r\n\r\n" + answer, []sipText{whole}},
		"a body is passed by":  {invite + answer, []sipText{without(request, func(s *sipText) { s.method, s.cseq = "INVITE", "1 INVITE" }), whole}},
		"no length: all of it": {strings.Replace(invite, "l: 20\r\n", "", 1) + answer, []sipText{without(request, func(s *sipText) { s.method, s.cseq = "INVITE", "1 INVITE" })}},
		"lower case":           {strings.ToLower(answer), []sipText{without(whole, func(s *sipText) { s.cseq = "1 register" })}},
		"spaces": {"SIP/2.0 401 Unauthorized\r\nTo :  <sip:300@x> \r\nCSeq\t: 7 \t REGISTER\r\n\r\n", []sipText{
			{status: 401, to: "<sip:300@x> ", cseq: "7 \t REGISTER"}}},
		"folded": {"SIP/2.0 401 Unauthorized\r\nTo: \"300\"\r\n <sip:300@x>\r\n\t;tag=1\r\nFrom:\r\n <sip:1@x>\r\nCSeq: 1\r\n REGISTER\r\n\r\n", []sipText{
			{status: 401, to: "\"300\"\r\n <sip:300@x>\r\n\t;tag=1", from: "<sip:1@x>", cseq: "1\r\n REGISTER"}}},
		"a field that comes twice": {"SIP/2.0 401 Unauthorized\r\nTo: <sip:1@x>\r\nTo: <sip:2@x>\r\n\r\n", []sipText{{status: 401, to: "<sip:1@x>"}}},
		"cut in To":                {answer[:strings.Index(answer, "@198.18.0.10>;tag=7f")], []sipText{{status: 401}}},
		"cut behind the URI":       {answer[:strings.Index(answer, ";tag=7f")], []sipText{{status: 401, to: `"300" <sip:300@198.18.0.10>`}}},
		"cut in CSeq":              {answer[:strings.Index(answer, "ISTER\r\n")], []sipText{without(whole, func(s *sipText) { s.cseq = "1 REG" })}},
		"cut in Call-ID":           {answer[:strings.Index(answer, "0976")], []sipText{without(whole, func(s *sipText) { s.cseq, s.callID = "", "" })}},
		"cut in the first line":    {"SIP/2.0 401", []sipText{{status: 401}}},
		"a shorter first line":     {"SIP/2.0 40", nil},
		"a status of four digits":  {"SIP/2.0 4010 x\r\n\r\n", nil},
		"a status that is none":    {"SIP/2.0 0x1 x\r\n\r\n", nil},
		"another version":          {"SIP/3.0 401 x\r\n\r\nREGISTER sip:x SIP/1.0\r\n\r\n", nil},
		"HTTP":                     {"HTTP/1.1 401 Unauthorized\r\nTo: x\r\n\r\nGET / HTTP/1.1\r\n\r\n", nil},
		"prose":                    {"he said SIP/2.0\r\nis <b> SIP/2.0\r\n", []sipText{{method: "he"}}},
		"nothing":                  {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []sipText
			var s sipText
			for rest, found := s.read(test.text); found; rest, found = s.read(rest) {
				got = append(got, s)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(sipText{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the text is, reading comes to an end, and what is read is part of it.
func FuzzSIPText(f *testing.F) {
	for _, text := range []string{answer, register, answer + register, "SIP/2.0 401\nTo:\n x\nl: 99999999999\n\n", "a b SIP/2.0\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s sipText
		messages := 0
		for rest, found := s.read(text); found; rest, found = s.read(rest) {
			if messages++; messages > len(text)/8 {
				t.Fatalf("%d messages in %d bytes", messages, len(text))
			}
			for f := firstSIPField; f <= lastSIPField; f++ {
				if part := s.field(f); !strings.Contains(text, part) || f != fieldMethod && part != "" && part[0] <= ' ' {
					t.Errorf("%s = %q", fieldNames[f], part)
				}
			}
			if s.status != 0 && (s.status < 100 || s.status > 999 || s.method != "") || s.status == 0 && s.method == "" {
				t.Errorf("%+v", s)
			}
		}
	})
}

func BenchmarkSIPText(b *testing.B) {
	for name, text := range map[string]string{"answer": answer, "request": register} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var s sipText
			for b.Loop() {
				if _, found := s.read(text); !found || s.cseq == "" {
					b.Fatal("not read")
				}
			}
		})
	}
}
