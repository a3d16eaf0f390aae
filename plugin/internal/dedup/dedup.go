// Package dedup knows which chunks were counted, so that one that comes again after a crash is not counted again.
package dedup

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"

	"github.com/siphunt/siphunt/plugin/internal/journal"
)

// Chunks is how many chunks are remembered: Fluent Bit keeps one that all its outputs have not taken yet, and after
// a crash gives it to each of them again.
const Chunks = 1 << 14

// Dedup knows chunks by their fingerprints. Without a crash in between, the same bytes are another chunk.
type Dedup struct {
	key     [16]byte
	mac     cipher.AEAD
	recent  []journal.Fingerprint       // a ring
	next    int                         // where the oldest is once the ring is full
	earlier map[journal.Fingerprint]int // those of earlier processes that have not come again, how many of each
	news    int                         // chunks since the start, until earlier is forgotten
}

// Known is what another process has to be told of the chunks so far.
type Known struct {
	Key    [16]byte
	Recent []journal.Fingerprint // oldest first
}

// New returns one that knows no chunk.
func New() (*Dedup, error) {
	k := &Known{}
	_, _ = rand.Read(k.Key[:]) // never fails
	return Restore(k)
}

// Restore returns one that knows what an earlier one did.
func Restore(k *Known) (*Dedup, error) {
	block, err := aes.NewCipher(k.Key[:])
	if err != nil {
		return nil, err
	}
	mac, err := cipher.NewGCM(block)
	return &Dedup{key: k.Key, mac: mac, recent: k.Recent}, err
}

// Known returns a copy of what it knows.
func (d *Dedup) Known() *Known {
	return &Known{d.key, append(append([]journal.Fingerprint{}, d.recent[d.next:]...), d.recent[:d.next]...)}
}

// nonce may be the same for all: the tags stay secret, and nothing is encrypted.
var nonce [12]byte

// Fingerprint is the GMAC of a chunk (NIST SP 800-38D), as fast as memory on today's processors. Since nobody knows the
// key, nobody who sends packets can make two chunks look alike. It is safe for concurrent use.
func (d *Dedup) Fingerprint(chunk []byte) (f journal.Fingerprint) {
	d.mac.Seal(f[:0], nonce[:], nil, chunk)
	return f
}

// Counted remembers a chunk.
func (d *Dedup) Counted(f journal.Fingerprint) {
	if len(d.recent) < Chunks {
		d.recent = append(d.recent, f)
	} else {
		d.recent[d.next] = f
		d.next = (d.next + 1) % Chunks
	}
	if d.news++; d.news >= Chunks {
		d.earlier = nil
	}
}

// Restarted makes all chunks so far those of an earlier process.
func (d *Dedup) Restarted() {
	d.earlier, d.news = make(map[journal.Fingerprint]int, len(d.recent)), 0
	for _, f := range d.recent {
		d.earlier[f]++
	}
}

// Again tells whether an earlier process has counted a chunk. Each time it did makes it true once.
func (d *Dedup) Again(f journal.Fingerprint) bool {
	n := d.earlier[f]
	if n > 0 {
		d.earlier[f] = n - 1
	}
	return n > 0
}
