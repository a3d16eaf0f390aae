package humanize

import "testing"

func TestCount(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 clients", 1: "1 client", 2: "2 clients", 999: "999 clients", 1000: "1,000 clients", 718_627_758: "718,627,758 clients",
		-1: "-1 clients", -100: "-100 clients", -1000: "-1,000 clients",
	} {
		if got := Count(n, "client"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
