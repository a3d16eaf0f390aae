package feed

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// nft runs nft in a network namespace of its own; the test is left out where that cannot be.
func nft(t *testing.T, commands string) string {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil {
		missing(t, "nft is missing: apt-get install nftables")
	}
	if out, err := exec.Command("unshare", "-rn", "nft", "list", "ruleset").CombinedOutput(); err != nil {
		missing(t, "nft cannot be used here: "+string(out))
	}
	cmd := exec.Command("unshare", "-rn", "sh", "-ec", commands)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("SIPHUNT_NFT") != "" {
		t.Fatal(why)
	}
	t.Skip("NOTE: nobody has checked the feed with nft: " + why)
}

// rules are those of the README.
const rules = `nft add chain inet siphunt input '{ type filter hook input priority -10; }'
nft add rule inet siphunt input ip saddr @clients4 drop
`

// nft takes the file, also when rules refer to its sets already, and a packet filter has the clients in them, with the time that they
// have left.
func TestNftTakesTheFeed(t *testing.T) {
	c := everyone(t)
	c.Format = "nftables"
	f, _ := open(t, c)
	f.Write(start)
	nft(t, "nft -c -f "+c.File) // an empty one
	f.Add(attack("198.18.1.13", nil), start)
	f.Add(attack("198.18.1.14", nil), start)
	f.Add(attack("2001:db8:0:1::", nil), start)
	f.Write(start.Add(30 * time.Minute))
	got := nft(t, "nft -c -f "+c.File+"; nft -f "+c.File+"\n"+rules+"nft -f "+c.File+"; nft list ruleset")
	for _, want := range []string{"198.18.1.13 timeout 30m", "198.18.1.14 timeout 30m", "2001:db8:0:1::/64 timeout 30m", "table inet siphunt", "ip saddr @clients4 drop"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("not once %q in\n%s", want, got)
		}
	}
}
