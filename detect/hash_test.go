package detect

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever knew the seeds could choose names that all go to one place of an index. Under other seeds, which are the only
// ones to be had from outside, the same names are spread as any others.
func TestHashFloodingNeedsTheSeeds(t *testing.T) {
	const crowd, crowdedBits = 500, 14 // of a hash: the segment, and where in it the search begins
	known := [16]byte{10: 0xff, 0xff, 198, 51, 100, 10}
	for name, hash := range map[string]func(n int) uint64{
		"clients": func(n int) uint64 {
			return hashClient(&known, &[16]byte{10: 0xff, 0xff, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		},
		"IPv6 clients": func(n int) uint64 {
			return hashClient(&known, &[16]byte{0x20, 1, 4: byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		},
		"extensions": func(n int) uint64 { return hashExtension(&known, fmt.Sprint(n)) },
		"pairs":      func(n int) uint64 { return hashPair(hashClient(&known, &known), hashExtension(&known, fmt.Sprint(n))) },
	} {
		t.Run(name, func(t *testing.T) {
			mine, minesText := mixSeed, seed
			var chosen []int
			var crowded, spread index
			mixSeed, seed = [2]uint64{0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321}, maphash.MakeSeed()
			for n := 0; len(chosen) < crowd; n++ {
				if h := hash(n); bits.LeadingZeros64(h) >= crowdedBits {
					chosen = append(chosen, n)
					crowded.insert(h, uint32(len(chosen)))
				}
			}
			mixSeed, seed = mine, minesText
			for i, n := range chosen {
				spread.insert(hash(n), uint32(i+1))
			}
			if longest := longestProbe(&crowded); longest < crowd/2 {
				t.Errorf("with the seeds known a search takes %d steps only: this attack is none", longest)
			}
			if longest := longestProbe(&spread); longest > 20 {
				t.Errorf("a search takes %d steps", longest)
			}
		})
	}
}

// Whatever the seeds, addresses and numbers in a row, as a network has them, are spread evenly.
func TestNeighboursAreSpread(t *testing.T) {
	mine, mines := mixSeed, seed
	defer func() { mixSeed, seed = mine, mines }()
	registrar := [16]byte{10: 0xff, 0xff, 198, 51, 100, 10}
	for round := range 20 {
		seed = maphash.MakeSeed()
		mixSeed = [2]uint64{maphash.String(seed, "high"), maphash.String(seed, "low")}
		var clients, extensions, pairs index
		for n := range 50_000 {
			client := hashClient(&registrar, &[16]byte{10: 0xff, 0xff, 10, byte(n >> 16), byte(n >> 8), byte(n)})
			extension := hashExtension(&registrar, fmt.Sprint(10_000+n))
			clients.insert(client, uint32(n+1))
			extensions.insert(extension, uint32(n+1))
			pairs.insert(hashPair(client, extension), uint32(n+1))
		}
		for name, x := range map[string]*index{"clients": &clients, "extensions": &extensions, "pairs": &pairs} {
			if longest := longestProbe(x); longest > 40 {
				t.Errorf("round %d: a search among %s takes %d steps", round, name, longest)
			}
		}
	}
}

// longestProbe is how far from the place where the search for it begins a record is at most.
func longestProbe(x *index) (longest int) {
	for i := range x {
		s := &x[i]
		for at, c := range s.cells {
			if c.number() != 0 {
				longest = max(longest, (at-s.home(c.tag)+len(s.cells))%len(s.cells))
			}
		}
	}
	return longest
}

// The seeds are new in each process.
func TestSeedsDifferFromProcessToProcess(t *testing.T) {
	var address [16]byte
	mine := fmt.Sprintf("client %x\ntext %x\n", hashAddress(&address), maphash.String(seed, ""))
	const variable = "SIPHUNT_TELL_HASHES"
	if file := os.Getenv(variable); file != "" {
		if err := os.WriteFile(file, []byte(mine), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	file := filepath.Join(t.TempDir(), "hashes")
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), variable+"="+file)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	others, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(mine) {
		if strings.Contains(string(others), line) {
			t.Errorf("another process has the same hash: %s", line)
		}
	}
}
