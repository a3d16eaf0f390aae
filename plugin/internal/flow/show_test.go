package flow

import "testing"

func TestShow(t *testing.T) {
	const record = "\x92\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x00\x80\x82\xa3src\xa9192.0.2.1\xa1n\x05"
	for chunk, want := range map[string]string{
		record:                 `src="192.0.2.1" n=5`,
		"\xc0" + record:        `src="192.0.2.1" n=5`, // after what is no record
		record[:len(record)-1]: "",
		"":                     "",
		"\xc1":                 "",
	} {
		if got := Show([]byte(chunk)); got != want {
			t.Errorf("%q is shown as %q, want %q", chunk, got, want)
		}
	}
}
