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
	const crowd, crowdedBits = 100, 14 // of a hash: the segment of an index, and where in it the search begins
	known := [16]byte{10: 0xff, 0xff, 198, 51, 100, 10}
	for name, hash := range map[string]func(n int) uint64{
		"clients": func(n int) uint64 {
			return hashClient(&known, &[16]byte{10: 0xff, 0xff, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		},
		"IPv6 clients": func(n int) uint64 {
			return hashClient(&known, &[16]byte{0x20, 1, 4: byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		},
		"hosts": func(n int) uint64 {
			return hashAddress(&[16]byte{0x20, 1, 4: byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		},
		"extensions": func(n int) uint64 { return hashExtension(&known, fmt.Sprint(n)) },
		"pairs":      func(n int) uint64 { return hashPair(hashClient(&known, &known), hashExtension(&known, fmt.Sprint(n))) },
		"identities": func(n int) uint64 { return identity(&known, fmt.Sprint(n)) },
	} {
		t.Run(name, func(t *testing.T) {
			mine, minesText := mixSeed, seed
			var chosen []int
			mixSeed, seed = [2]uint64{0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321}, maphash.MakeSeed()
			for n := 0; len(chosen) < crowd; n++ {
				if bits.LeadingZeros64(hash(n)) >= crowdedBits {
					chosen = append(chosen, n)
				}
			}
			mixSeed, seed = mine, minesText
			if most := fullest(chosen, crowdedBits, hash); most > 4 {
				t.Errorf("%d of %d are in one place", most, crowd)
			}
		})
	}
}

// fullest counts how many are in the place with the most, if a hash's first bits are the place.
func fullest(numbers []int, placeBits int, hash func(n int) uint64) (most int) {
	places := map[uint64]int{}
	for _, n := range numbers {
		place := hash(n) >> (64 - placeBits)
		places[place]++
		most = max(most, places[place])
	}
	return most
}

// Whatever the seeds, addresses and numbers in a row, as a network has them, are spread evenly.
func TestNeighboursAreSpread(t *testing.T) {
	mine, mines := mixSeed, seed
	defer func() { mixSeed, seed = mine, mines }()
	registrar := [16]byte{10: 0xff, 0xff, 198, 51, 100, 10}
	numbers := make([]int, 50_000)
	for n := range numbers {
		numbers[n] = n
	}
	client := func(n int) uint64 {
		return hashClient(&registrar, &[16]byte{10: 0xff, 0xff, 10, byte(n >> 16), byte(n >> 8), byte(n)})
	}
	extension := func(n int) uint64 { return hashExtension(&registrar, fmt.Sprint(10_000+n)) }
	for round := range 20 {
		seed = maphash.MakeSeed()
		mixSeed = [2]uint64{maphash.String(seed, "high"), maphash.String(seed, "low")}
		for name, hash := range map[string]func(n int) uint64{
			"clients": client, "extensions": extension, "pairs": func(n int) uint64 { return hashPair(client(n), extension(n)) },
		} {
			if most := fullest(numbers, 16, hash); most > 14 { // by chance, 0.76 a place: 14 once in 10^10
				t.Errorf("round %d: %d %s are in one place", round, most, name)
			}
		}
	}
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
